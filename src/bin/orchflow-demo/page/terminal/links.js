// Links in plain text: web addresses, and places in files as compilers and grep print them.

const URL_START = /\b(?:https?|file):\/\/|\bmailto:/gi;
const URL_CHARACTER = /[^\s\x00-\x1f<>"'`{}|\\^]/;
const TRAILING = /[.,;:!?]/;
const PAIRS = { ")": "(", "]": "[" };

/** What follows a path: `:line`, `:line:col`, `(line)` or `(line,col)`. */
const POSITION = /:(\d{1,7})(?::(\d{1,5}))?|\((\d{1,7})(?:,\s?(\d{1,5}))?\)/g;
const PATH_CHARACTER = /[\w.+@~/-]/;
const PATH_MAX = 512;

/** Python's form of a place. */
const PYTHON = /File "([^"\n]{1,1024})", line (\d{1,7})/g;

/** The longest text that is searched: a wrapped line of many rows is not worth a pause. */
const TEXT_MAX = 16_384;

/** [{ start, end, uri }] or [{ start, end, path, line, col }], in order, none inside another. */
export function findLinks(text) {
  const searched = text.slice(0, TEXT_MAX);
  const named = [...webLinks(searched), ...pythonPlaces(searched)].sort((a, b) => a.start - b.start);
  const links = [];
  let next = 0;
  for (const place of places(searched)) {
    while (next < named.length && named[next].end <= place.start) links.push(named[next++]);
    if (next === named.length || place.end <= named[next].start) links.push(place);
  }
  return links.concat(named.slice(next));
}

function pythonPlaces(text) {
  return [...text.matchAll(PYTHON)].map((match) => {
    const start = match.index + 'File "'.length;
    return { start, end: start + match[1].length, path: match[1], line: Number(match[2]), col: null };
  });
}

function places(text) {
  const found = [];
  let last = 0;
  for (const match of text.matchAll(POSITION)) {
    // Back from the number: a search for paths would look at each part of a long line again and again.
    let start = match.index;
    while (start > last && match.index - start < PATH_MAX && PATH_CHARACTER.test(text[start - 1])) start -= 1;
    const path = text.slice(start, match.index);
    if (!isPath(path)) continue;
    const col = match[2] ?? match[4] ?? null;
    last = match.index + match[0].length;
    found.push({ start, end: last, path, line: Number(match[1] ?? match[3]), col: col && Number(col) });
  }
  return found;
}

/** The link that covers `index`, or null. */
export function linkAt(text, index) {
  return findLinks(text).find((link) => link.start <= index && index < link.end) ?? null;
}

function webLinks(text) {
  const links = [];
  let end = 0;
  for (const match of text.matchAll(URL_START)) {
    if (match.index < end) continue;
    end = match.index + match[0].length;
    while (end < text.length && URL_CHARACTER.test(text[end])) end += 1;
    end = trimmedEnd(text, match.index, end);
    if (end > match.index + match[0].length) links.push({ start: match.index, end, uri: text.slice(match.index, end) });
  }
  return links;
}

/** Without the punctuation of the sentence around it, and without brackets that it does not open. */
function trimmedEnd(text, start, last) {
  const unopened = {};
  for (const [closing, opening] of Object.entries(PAIRS)) {
    unopened[closing] = count(text, start, last, closing) - count(text, start, last, opening);
  }
  let end = last;
  while (end > start) {
    const character = text[end - 1];
    if (unopened[character] > 0) unopened[character] -= 1;
    else if (!TRAILING.test(character)) break;
    end -= 1;
  }
  return end;
}

function count(text, start, end, character) {
  let sum = 0;
  for (let index = start; index < end; index++) if (text[index] === character) sum += 1;
  return sum;
}

/** A path has a directory or an extension; `12:30` and `localhost:80` have neither. */
function isPath(text) {
  if (/^[\d.]*$/.test(text) || /[./@]$/.test(text)) return false;
  if (text.includes("/")) return true;
  return /\.[A-Za-z][\w+-]{0,9}$/.test(text) || /^(?:Makefile|Dockerfile|Kconfig)$/.test(text);
}

/** Only these are opened: a program's output must not run scripts in the page. */
export function isOpenable(uri) {
  return /^(?:https?|mailto|file):/i.test(uri);
}

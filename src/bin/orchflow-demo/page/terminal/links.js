// Links in plain text: web addresses, and places in files as compilers and grep print them.

const URL_START = /\b(?:https?|ftp|file):\/\/|\bmailto:/gi;
const URL_CHARACTER = /[^\s\x00-\x1f<>"'`{}|\\^]/;
const TRAILING = /[.,;:!?]/;
const PAIRS = { ")": "(", "]": "[" };

/** `path:line`, `path:line:col`, and Python's `File "path", line N`. */
const PLACE = /((?:~|\.{1,2})?\/?(?:[\w.+@~-]+\/)*[\w.+@~-]*[\w+~-])(?::(\d{1,7})(?::(\d{1,5}))?|\((\d{1,7})(?:,\s?(\d{1,5}))?\))/g;
const PYTHON = /File "([^"\n]{1,1024})", line (\d{1,7})/g;

/** The longest text that is searched: a wrapped line of many rows is not worth a pause. */
const TEXT_MAX = 16_384;

/** [{ start, end, uri }] or [{ start, end, path, line, col }], in order, none inside another. */
export function findLinks(text) {
  const searched = text.slice(0, TEXT_MAX);
  const links = webLinks(searched);
  const add = (link) => {
    if (!links.some((other) => link.start < other.end && other.start < link.end)) links.push(link);
  };
  for (const match of searched.matchAll(PYTHON)) {
    const start = match.index + 'File "'.length;
    add({ start, end: start + match[1].length, path: match[1], line: Number(match[2]), col: null });
  }
  for (const match of searched.matchAll(PLACE)) {
    if (!isPath(match[1])) continue;
    const line = match[2] ?? match[4];
    const col = match[3] ?? match[5];
    add({ start: match.index, end: match.index + match[0].length, path: match[1],
      line: Number(line), col: col === undefined ? null : Number(col) });
  }
  return links.sort((a, b) => a.start - b.start);
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
  let end = last;
  while (end > start) {
    const character = text[end - 1];
    const opening = PAIRS[character];
    if (TRAILING.test(character)) end -= 1;
    else if (opening && count(text, start, end, opening) < count(text, start, end, character)) end -= 1;
    else break;
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
  if (/^[\d.]+$/.test(text)) return false;
  if (text.includes("/")) return true;
  return /\.[A-Za-z][\w+-]{0,9}$/.test(text) || /^(?:Makefile|Dockerfile|Kconfig)$/.test(text);
}

/** Only these are opened: a program's output must not run scripts in the page. */
export function isOpenable(uri) {
  return /^(?:https?|ftp|mailto|file):/i.test(uri);
}

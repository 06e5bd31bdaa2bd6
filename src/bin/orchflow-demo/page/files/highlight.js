// Light colouring of source text, row by row: comments, strings, numbers and keywords. No grammar: what it does not
// know stays plain.

/** Only this much of a row is looked at. */
const TEXT_MAX = 2000;

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const scanners = new Map();

/** One expression with a group for each kind of token, made once for each language. */
function scannerOf(language) {
  let scanner = scanners.get(language);
  if (scanner === undefined) {
    const spans = language.spans.map(([open]) => escape(open)).join("|") || "(?!)";
    // `#` and `--` begin a comment only where a word does not go on.
    const line = language.line ? `(?<![\\w$])${escape(language.line)}.*` : "(?!)";
    const strings = [...language.quotes].map((quote) => `${quote}(?:\\\\.|[^${quote}\\\\])*${quote}?`).join("|");
    const number = "(?<![\\w.])(?:0[xob][\\da-f_]+|\\d[\\d_]*(?:\\.\\d[\\d_]*)?(?:e[+-]?\\d+)?)\\w*";
    scanner = new RegExp(`(${spans})|(${line})|(${strings})|(${number})|([A-Za-z_$][\\w$-]*)`, "gi");
    scanners.set(language, scanner);
  }
  return scanner;
}

function isKeyword(word, language) {
  return language.keywords.has(language.ignoreCase ? word.toUpperCase() : word);
}

/**
 * The tokens of a row, `[start, end, class]` in order, and the state after it for the next row. The state is null, or
 * the span (a block comment or a string of several lines) that is open.
 */
export function tokenize(text, language, state = null) {
  const tokens = [];
  const scanned = text.length > TEXT_MAX ? text.slice(0, TEXT_MAX) : text;
  let at = 0;
  const close = (start, from, span) => {
    const end = scanned.indexOf(span[1], from);
    at = end < 0 ? scanned.length : end + span[1].length;
    if (at > start) tokens.push([start, at, span[2]]);
    return end < 0 ? span : null;
  };
  if (state !== null) state = close(0, 0, state);
  const scanner = scannerOf(language);
  while (state === null && at < scanned.length) {
    scanner.lastIndex = at;
    const found = scanner.exec(scanned);
    if (found === null) break;
    const [all, open, line, string, number, word] = found;
    at = found.index + all.length;
    if (open !== undefined) {
      const span = language.spans.find(([start]) => start === open);
      state = close(found.index, at, span);
    } else if (line !== undefined) {
      tokens.push([found.index, at, "comment"]);
    } else if (string !== undefined) {
      tokens.push([found.index, at, "string"]);
    } else if (number !== undefined) {
      tokens.push([found.index, at, "number"]);
    } else if (isKeyword(word, language)) {
      tokens.push([found.index, at, "keyword"]);
    }
  }
  return { tokens, state };
}

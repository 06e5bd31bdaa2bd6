// Where the rows of a text begin, in bounded memory: a model without a DOM.
//
// A row is a line, or a part of a line that is longer than `ROW_BYTES_MAX`. Only every so many rows has a checkpoint;
// the rows between two checkpoints are a page. When there are too many checkpoints, every second one is dropped.

export const ROW_BYTES_MAX = 8192;
const PAGE_ROWS = 256;
const PAGE_BYTES = 256 * 1024;
const CHECKPOINTS_MAX = 65_536;
const NEWLINE = 10;
/** Bytes that continue a UTF-8 character, after its first. */
const CONTINUATIONS_MAX = 3;

/**
 * The end of the row that continues at `from` and already has `length` bytes: after its newline, or where it has become
 * too long, but not within a character. -1 if the row goes on after the end of `bytes`.
 */
export function rowEnd(bytes, from, length) {
  const limit = from + ROW_BYTES_MAX - length;
  let end = Math.max(limit, from);
  while (end < bytes.length && (bytes[end] & 0xc0) === 0x80 && end - limit < CONTINUATIONS_MAX) end += 1;
  const newline = bytes.subarray(from, end + 1).indexOf(NEWLINE);
  if (newline >= 0) return from + newline + 1;
  return end < bytes.length ? end : -1;
}

export class LineIndex {
  #pageRows;
  #pageBytes;
  #max;
  /** Where pages begin: row, line (from 0), offset, and whether the line begins there, too. */
  #rows = [0];
  #lines = [0];
  #offsets = [0];
  #begins = [true];
  /** Rows that have ended, newlines so far, and the start of the row that has not. */
  #ended = 0;
  #newlines = 0;
  #start = 0;
  bytes = 0;

  constructor({ pageRows = PAGE_ROWS, pageBytes = PAGE_BYTES, checkpointsMax = CHECKPOINTS_MAX } = {}) {
    this.#pageRows = pageRows;
    this.#pageBytes = pageBytes;
    this.#max = checkpointsMax;
  }

  get rows() {
    return this.#ended + (this.bytes > this.#start ? 1 : 0);
  }

  get lines() {
    return this.#newlines + (this.bytes > this.#start ? 1 : 0);
  }

  get checkpoints() {
    return this.#rows.length;
  }

  /** The next bytes of the text. */
  feed(bytes) {
    let from = 0;
    let length = this.bytes - this.#start;
    for (;;) {
      const end = rowEnd(bytes, from, length);
      if (end < 0) break;
      const newline = end > from && bytes[end - 1] === NEWLINE;
      if (newline) this.#newlines += 1;
      this.#ended += 1;
      this.#start = this.bytes + end;
      this.#checkpoint(newline);
      from = end;
      length = 0;
    }
    this.bytes += bytes.length;
  }

  #checkpoint(begins) {
    const last = this.#rows.length - 1;
    const rows = this.#ended - this.#rows[last];
    if (rows < this.#pageRows && this.#start - this.#offsets[last] < this.#pageBytes) return;
    this.#rows.push(this.#ended);
    this.#lines.push(this.#newlines);
    this.#offsets.push(this.#start);
    this.#begins.push(begins);
    if (this.#rows.length <= this.#max) return;
    const everySecond = (_, at) => at % 2 === 0;
    this.#rows = this.#rows.filter(everySecond);
    this.#lines = this.#lines.filter(everySecond);
    this.#offsets = this.#offsets.filter(everySecond);
    this.#begins = this.#begins.filter(everySecond);
    this.#pageRows *= 2;
    this.#pageBytes *= 2;
  }

  /**
   * The page that has a row: its first `row`, that row's `line`, whether it `begins` there, and the bytes of the page
   * from `offset` to `end`.
   */
  pageOf(row) {
    return this.#page(lastNotAbove(this.#rows, row));
  }

  /**
   * The page of a row with as many of the pages after it as fit into `bytesMax`, as one; `next` is the row after it.
   */
  span(row, bytesMax) {
    const at = lastNotAbove(this.#rows, row);
    const last = Math.max(at, lastNotAbove(this.#offsets, this.#offsets[at] + bytesMax) - 1);
    return { ...this.#page(at), end: this.#page(last).end, next: this.#rows[last + 1] ?? this.rows };
  }

  /** The page in which a line (from 0) begins. */
  pageOfLine(line) {
    // Of several pages within one line, the first.
    let at = lastNotAbove(this.#lines, line);
    while (this.#lines[at] === line && !this.#begins[at]) at -= 1;
    return this.#page(at);
  }

  #page(at) {
    return {
      row: this.#rows[at], line: this.#lines[at], begins: this.#begins[at], offset: this.#offsets[at],
      end: this.#offsets[at + 1] ?? this.bytes,
    };
  }
}

/** The last place in a sorted list whose value is not above `value`. */
function lastNotAbove(sorted, value) {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

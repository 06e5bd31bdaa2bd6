// The rows of a text file for a view: an index that is built in the background, and the pages that are looked at.
// No DOM.

import { yieldToBrowser } from "./filter.js";
import { decoder, showControls } from "./content.js";
import { SLICE_BYTES } from "./file_document.js";
import { LineIndex, rowEnd } from "./line_index.js";

/** Pages that are kept, of at most 256 rows and 256 KB each until a file is very large. */
const PAGES_MAX = 24;
const LOADS_MAX = 2;
export const MATCHES_MAX = 10_000;
const SLICE_MS = 8;

export class TextModel {
  #decode;
  #pages = new Map();
  #loading = new Set();
  #wanted = [];
  #stopped = false;
  #isReading = false;
  #readAgain = false;
  complete = false;

  /** `changed()` is called when there are more rows, or a page has arrived; `failed(error)` when reading fails. */
  constructor(document, encoding, { changed, failed, pause = yieldToBrowser }) {
    this.document = document;
    this.encoding = encoding;
    this.index = new LineIndex();
    this.#decode = decoder(encoding);
    Object.assign(this, { changed, failed, pause });
  }

  get rows() {
    return this.index.rows;
  }

  stop() {
    this.#stopped = true;
  }

  /** Reads on to the end of the file. Called again while it runs, it looks for the end once more. */
  async readOn() {
    this.#readAgain = true;
    if (this.#isReading) return;
    this.#isReading = true;
    this.complete = false;
    try {
      while (this.#readAgain && !this.#stopped) {
        this.#readAgain = false;
        await this.#readToEnd();
      }
      this.complete = !this.#stopped;
    } finally {
      this.#isReading = false;
    }
    if (this.complete) this.changed();
  }

  async #readToEnd() {
    const { index, document } = this;
    for (;;) {
      const fresh = index.bytes === 0;
      const bytes = fresh && document.whole ? document.head : await document.bytes(index.bytes, SLICE_BYTES);
      if (this.#stopped) return;
      index.feed(bytes);
      document.taken(index.bytes, bytes);
      if (bytes.length < SLICE_BYTES) return;
      this.changed();
      await this.pause();
    }
  }

  /** A row, if it is here; otherwise it is read, and `changed` follows. */
  peek(row) {
    const page = this.index.pageOf(row);
    const known = this.#pages.get(page.row);
    // The last page goes on with what was read since.
    if (known?.end !== page.end) this.#want(page.row);
    if (known === undefined) return undefined;
    this.#pages.delete(page.row);
    this.#pages.set(page.row, known);
    return known.rows[row - page.row];
  }

  /** The rows of the page of a row from the page's first on, as far as they are here. */
  pageRows(row) {
    const page = this.index.pageOf(row);
    return { first: page.row, rows: this.#pages.get(page.row)?.rows ?? [] };
  }

  #want(first) {
    if (this.#loading.has(first)) return;
    // What was wanted last is what is looked at now.
    this.#wanted = [first, ...this.#wanted.filter((other) => other !== first)].slice(0, 4);
    this.#loadNext();
  }

  #loadNext() {
    while (this.#loading.size < LOADS_MAX && this.#wanted.length > 0) {
      const first = this.#wanted.shift();
      this.#loading.add(first);
      this.#load(first).then(() => {
        this.#loading.delete(first);
        if (!this.#stopped) this.#loadNext();
      });
    }
  }

  async #load(first) {
    try {
      const page = this.index.pageOf(first);
      const rows = await this.readPage(page);
      if (this.#stopped) return;
      this.#pages.set(page.row, { rows, end: page.end });
      if (this.#pages.size > PAGES_MAX) this.#pages.delete(this.#pages.keys().next().value);
      this.changed();
    } catch (error) {
      if (!this.#stopped) this.failed(error);
    }
  }

  /** The rows of a page: `{text, line, first}`; `first`: the line begins here. */
  async readPage(page) {
    return this.#split(page, await this.#pageBytes(page));
  }

  #pageBytes({ offset, end }) {
    const { document } = this;
    if (document.whole && end <= document.head.length) return document.head.subarray(offset, end);
    return document.bytes(offset, end - offset);
  }

  #split({ offset, line, begins }, bytes) {
    const rows = [];
    let first = begins;
    for (let from = 0; from < bytes.length;) {
      const found = rowEnd(bytes, from, 0);
      const to = found < 0 ? bytes.length : found;
      let text = this.#decode(bytes.subarray(from, to));
      const ended = text.endsWith("\n");
      if (ended) text = text.slice(0, text.endsWith("\r\n") ? -2 : -1);
      if (offset === 0 && from === 0 && text.startsWith("\ufeff")) text = text.slice(1);
      rows.push({ text: showControls(text), line, first });
      if (ended) line += 1;
      first = ended;
      from = to;
    }
    return rows;
  }

  /** The row in which a line (from 0) begins; that of the last line if there are fewer. */
  async rowOfLine(line) {
    const page = this.index.pageOfLine(Math.min(line, Math.max(0, this.index.lines - 1)));
    let row = page.row;
    for (let next = page; next.offset < next.end; next = this.index.pageOf(row)) {
      for (const one of await this.readPage(next)) {
        if (one.line >= line && one.first) return row;
        row += 1;
      }
      if (row >= this.rows) break;
    }
    return Math.max(0, Math.min(row, this.rows - 1));
  }

  /**
   * The rows that contain `text`, in order, in lists as they are found. Ends after `MATCHES_MAX` rows, or when the
   * `signal` says so. Slices that do not contain the text are not split into rows.
   */
  async *find(text, { matchCase = false, signal } = {}) {
    const fold = matchCase ? (other) => other : (other) => other.toLowerCase();
    const wanted = fold(text);
    let left = MATCHES_MAX;
    let start = performance.now();
    for (let row = 0; row < this.rows && left > 0;) {
      const span = this.index.span(row, SLICE_BYTES);
      const bytes = await this.#pageBytes(span);
      if (signal?.aborted || this.#stopped) return;
      if (fold(this.#decode(bytes)).includes(wanted)) {
        const found = this.#split(span, bytes)
          .flatMap((one, at) => (fold(one.text).includes(wanted) ? [span.row + at] : [])).slice(0, left);
        left -= found.length;
        if (found.length > 0) yield found;
      }
      row = span.next;
      if (performance.now() - start < SLICE_MS) continue;
      await this.pause();
      start = performance.now();
    }
  }
}

// The browser's selection as points of the terminal, which outlive the rows in the document: only the
// two rows at the ends stay there while the reader scrolls, the text of the others comes from the
// scrollback.

import { colOfIndex } from "./cells.js";
import { selectedText } from "./text.js";

/** More rows than this are not copied: it would be some ten megabytes. */
export const COPY_ROWS_MAX = 100_000;

/** So many rows are fetched for copying; then the cache must give up others. */
const COPY_FETCH_MAX = 3_500;

export class Selection {
  #view;
  #range = null;
  /** The row where a selection begins, or where a click with Shift would begin one. */
  #anchor = null;
  #listener = () => this.#changed();

  constructor(view) {
    this.#view = view;
    document.addEventListener("selectionchange", this.#listener);
  }

  dispose() {
    document.removeEventListener("selectionchange", this.#listener);
  }

  /** { start, end } with points { index, col }, or null if nothing of this terminal is selected. */
  get range() {
    return this.#range;
  }

  /** Whether the row must stay in the document. */
  pins(index) {
    return index === this.#anchor || index === this.#range?.start.index || index === this.#range?.end.index;
  }

  #changed() {
    const selection = getSelection();
    const { rows, rowsElement } = this.#view;
    this.#anchor = (selection?.anchorNode && rows.entryOf(selection.anchorNode)?.index) ?? null;
    const isInside = (node) => rowsElement.contains(node);
    if (!selection || selection.isCollapsed || !isInside(selection.anchorNode) || !isInside(selection.focusNode)) {
      this.#range = null;
      return;
    }
    const range = selection.getRangeAt(0);
    const start = this.#point(range.startContainer, range.startOffset);
    let end = this.#point(range.endContainer, range.endOffset);
    if (!start || !end) {
      this.#range = null;
      return;
    }
    // A triple click ends at the start of the next row.
    if (end.col === 0 && end.index > start.index) end = { index: end.index - 1, col: Infinity };
    this.#range = { start, end };
  }

  #point(node, offset) {
    const { rows, rowsElement } = this.#view;
    if (node === rowsElement) {
      const child = rowsElement.childNodes[offset];
      const entry = rows.entryOf(child ?? rowsElement.lastChild);
      return entry && { index: entry.index, col: child ? 0 : Infinity };
    }
    const entry = rows.entryOf(node);
    if (!entry) return null;
    const range = document.createRange();
    range.setStart(entry.element, 0);
    range.setEnd(node, offset);
    return { index: entry.index, col: colOfIndex(entry.row, range.toString().length) };
  }

  /** The selected text, or null if rows of it have to be fetched first. */
  text() {
    if (this.#range === null) return "";
    const { start, end } = this.#range;
    const rows = [];
    for (let index = start.index; index <= end.index; index++) {
      const row = this.#view.rowAt(index);
      if (!row) return null;
      rows.push(row);
    }
    return selectedText(rows, { row: 0, col: start.col }, { row: end.index - start.index, col: end.col });
  }

  /** The selected text, fetched as far as needed. */
  async fetchText() {
    const now = this.text();
    if (now !== null) return now;
    const { start, end } = this.#range;
    if (end.index - start.index > COPY_ROWS_MAX) throw new Error(`More than ${COPY_ROWS_MAX} rows are not copied.`);
    const rows = [];
    for (let from = start.index; from <= end.index; from += COPY_FETCH_MAX) {
      const to = Math.min(from + COPY_FETCH_MAX, end.index + 1);
      await this.#view.scrollback.load(from, to);
      for (let index = from; index < to; index++) {
        const row = this.#view.rowAt(index);
        if (!row) throw new Error("The selected rows are no longer kept.");
        rows.push(row);
      }
    }
    return selectedText(rows, { row: 0, col: start.col }, { row: end.index - start.index, col: end.col });
  }
}

// The rows in the document. Each stands at its index, so rows that scroll off the screen stay where
// they are and are the newest rows of the scrollback; only rows whose content differs are filled.

import { sameRow } from "./cells.js";
import { fillRow } from "./row-dom.js";

/** Rows that wait to be used again. */
const POOL_MAX = 256;

export class RowsView {
  #entries = new Map();
  #pool = [];
  #origin = 0;
  #unordered = false;

  constructor(element, metrics, palette) {
    this.element = element;
    this.metrics = metrics;
    this.palette = palette;
  }

  get origin() {
    return this.#origin;
  }

  /** The vertical position of a row. */
  y(index) {
    return (index - this.#origin) * this.metrics.cellHeight;
  }

  /** The row with this index becomes the topmost place of the canvas. */
  setOrigin(index) {
    if (index === this.#origin) return;
    this.#origin = index;
    this.#reposition();
  }

  /** Fonts, sizes or colours have changed: everything is filled again. */
  refill() {
    for (const entry of this.#entries.values()) fillRow(entry.element, entry.row, this.metrics, this.palette);
    this.#reposition();
  }

  #reposition() {
    for (const entry of this.#entries.values()) entry.element.style.top = `${this.y(entry.index)}px`;
  }

  get(index) {
    return this.#entries.get(index) ?? null;
  }

  /** The entry whose element contains `node`, or null. */
  entryOf(node) {
    const element = (node instanceof Element ? node : node?.parentElement)?.closest(".term-row");
    if (!element || element.parentElement !== this.element) return null;
    return this.#entries.get(Number(element.dataset.index)) ?? null;
  }

  /** Shows `row` at `index`. Returns the row that was shown there, null if none, or `row` if it is the same. */
  show(index, row) {
    let entry = this.#entries.get(index);
    if (entry) {
      const before = entry.row;
      const same = sameRow(before, row);
      entry.row = row;
      if (same) return row;
      fillRow(entry.element, row, this.metrics, this.palette);
      return before;
    }
    entry = { element: this.#pool.pop() ?? newRow(), row, index };
    fillRow(entry.element, row, this.metrics, this.palette);
    this.#put(entry, index);
    return null;
  }

  #put(entry, index) {
    entry.index = index;
    entry.element.dataset.index = String(index);
    entry.element.style.top = `${this.y(index)}px`;
    this.#entries.set(index, entry);
    this.#unordered = true;
  }

  /**
   * The screen moved: row `r` of it, at `top + r`, was row `sources[r]`, at `oldTop + sources[r]`.
   * Rows that left are given to `left(index, row)`, which says whether they stay in the document.
   */
  move(oldTop, oldCount, top, sources, left) {
    const taken = new Map();
    for (let row = 0; row < oldCount; row++) {
      const entry = this.#entries.get(oldTop + row);
      if (!entry) continue;
      taken.set(row, entry);
      this.#entries.delete(oldTop + row);
    }
    for (const [row, source] of sources.entries()) {
      const entry = taken.get(source);
      if (!entry) continue;
      taken.delete(source);
      if (entry.index === top + row) this.#entries.set(top + row, entry);
      else this.#put(entry, top + row);
    }
    for (const entry of taken.values()) {
      if (left(entry.index, entry.row) && !this.#entries.has(entry.index)) this.#entries.set(entry.index, entry);
      else this.#release(entry);
    }
  }

  /** Takes away what `keep(index)` does not want. */
  retain(keep) {
    for (const [index, entry] of this.#entries) {
      if (keep(index)) continue;
      this.#entries.delete(index);
      this.#release(entry);
    }
  }

  #release(entry) {
    entry.element.remove();
    if (this.#pool.length < POOL_MAX) this.#pool.push(entry.element);
  }

  /** Puts the elements into the order of the rows, which selecting and reading follow. */
  order() {
    if (!this.#unordered) return;
    this.#unordered = false;
    let next = this.element.firstElementChild;
    for (const index of [...this.#entries.keys()].sort((a, b) => a - b)) {
      const { element } = this.#entries.get(index);
      if (element === next) next = element.nextElementSibling;
      else this.element.insertBefore(element, next);
    }
  }
}

function newRow() {
  const element = document.createElement("div");
  element.className = "term-row";
  return element;
}

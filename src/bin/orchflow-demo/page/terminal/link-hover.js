// Links under the pointer: hyperlinks of the program (OSC 8), and addresses and places in files that
// the text contains. They are looked for in the line under the pointer alone.

import { cellAt, colOfIndex, indexOfCol, rowCols, rowText } from "./cells.js";
import { isOpenable, linkAt } from "./links.js";

/** A line is put together from at most this many rows above and below the pointer. */
const ROWS_MAX = 40;

export class Links {
  #view;
  #marks;
  #settings;
  #actions;
  #isMac;
  #shown = null;

  constructor({ view, marks, settings, actions, isMac }) {
    this.#view = view;
    this.#marks = marks;
    this.#settings = settings;
    this.#actions = actions;
    this.#isMac = isMac;
  }

  /** Underlines the link under the pointer; `event` is null when the pointer has left. */
  hover(event) {
    const found = event && event.buttons === 0 ? this.at(this.#view.cellOf(event)) : null;
    const { scroller } = this.#view;
    scroller.classList.toggle("over-link", found !== null && (event === null || this.#opens(event)));
    if (sameRange(found?.range ?? null, this.#shown)) return;
    this.#shown = found?.range ?? null;
    this.#marks.setLink(this.#shown);
    scroller.title = found ? this.#hint(found.link) : "";
  }

  #hint(link) {
    const target = link.uri ?? `${link.path}:${link.line}`;
    if (this.#settings.linkClick === "plain") return target;
    return `${target} (${this.#isMac ? "⌘" : "Ctrl"}+click)`;
  }

  #opens(event) {
    return this.#settings.linkClick === "plain" || (this.#isMac ? event.metaKey : event.ctrlKey);
  }

  /** Whether a click here opens a link and is not for the program. */
  wouldOpen(event) {
    return (this.#isMac ? event.metaKey : event.ctrlKey) && this.at(this.#view.cellOf(event)) !== null;
  }

  /** Opens the link under a click. Returns whether there was one to open. */
  open(event) {
    if (!this.#opens(event) || !(getSelection()?.isCollapsed ?? true)) return false;
    const found = this.at(this.#view.cellOf(event));
    if (found === null) return false;
    const { uri, path, line, col } = found.link;
    if (path !== undefined) this.#actions.openFile?.(path, line, col);
    else if (isOpenable(uri)) this.#actions.openLink?.(uri);
    else return false;
    return true;
  }

  /** { link, range } at a cell, or null. */
  at({ index, col }) {
    const row = this.#view.rowAt(index);
    const cell = row && cellAt(row, col);
    if (!cell) return null;
    return cell.run.link ? this.#hyperlink(index, cell) : this.#inText(index, col);
  }

  /** The cells around with the same address. */
  #hyperlink(index, cell) {
    const row = this.#view.rowAt(index);
    let at = 0;
    let start = null;
    let end = 0;
    for (const run of row.runs) {
      if (run.link === cell.run.link) {
        if (start === null) start = at;
        end = at + run.cols;
      } else if (end > cell.col) break;
      else start = null;
      at += run.cols;
    }
    return { link: { uri: cell.run.link }, range: { start: { index, col: start }, end: { index, col: end } } };
  }

  #inText(index, col) {
    const view = this.#view;
    let first = index;
    while (index - first < ROWS_MAX && view.rowAt(first - 1)?.wrapped) first -= 1;
    const rows = [];
    let text = "";
    let at = 0;
    for (let current = first; current < first + 2 * ROWS_MAX; current++) {
      const row = view.rowAt(current);
      if (!row) break;
      if (current === index) at = text.length + indexOfCol(row, col);
      rows.push({ index: current, row, start: text.length });
      text += rowText(row);
      if (!row.wrapped) break;
    }
    const link = linkAt(text, at);
    if (link === null) return null;
    return { link, range: { start: pointAt(rows, link.start), end: pointAt(rows, link.end, true) } };
  }
}

/** The cell at a position of the joined text; an end belongs to the row that it ends. */
function pointAt(rows, position, isEnd = false) {
  const found = rows.findLast((entry) => (isEnd ? entry.start < position : entry.start <= position)) ?? rows[0];
  const offset = position - found.start;
  const col = offset >= rowText(found.row).length ? rowCols(found.row) : colOfIndex(found.row, offset);
  return { index: found.index, col };
}

function sameRange(a, b) {
  if (a === null || b === null) return a === b;
  return samePoint(a.start, b.start) && samePoint(a.end, b.end);
}

function samePoint(a, b) {
  return a.index === b.index && a.col === b.col;
}

// Rows to text, for copying and for reading aloud.

import { indexOfCol, rowCols, rowText } from "./cells.js";

/**
 * The text between two points of `rows` ({ row: index, col }, the end exclusive): rows that wrap are
 * one line, and lines end at their last character that is no blank. Empty rows at the end are none.
 */
export function selectedText(rows, start, end) {
  const lines = [];
  let line = "";
  for (let index = start.row; index <= end.row; index++) {
    const row = rows[index];
    const text = rowText(row);
    const from = index === start.row ? indexOfCol(row, start.col) : 0;
    const isLast = index === end.row;
    // Blanks before a break that the terminal made are part of the text.
    const reachesEnd = !isLast || end.col >= rowCols(row);
    line += text.slice(from, isLast ? indexOfCol(row, end.col) : text.length);
    if (row.wrapped && !isLast) continue;
    lines.push(reachesEnd ? line.trimEnd() : line);
    line = "";
  }
  while (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines.join("\n");
}

/** Whether pasting this without brackets runs commands at once. */
export function runsWhenPasted(text) {
  return /[\r\n]/.test(text.replace(/(?:\r\n|\r|\n)$/, "")) || /[\r\n]$/.test(text);
}

/** Control characters that a program must not get from a clipboard; the server removes them too. */
export function pasteSummary(text) {
  const lines = text.replace(/(?:\r\n|\r|\n)$/, "").split(/\r\n|\r|\n/);
  return { lines: lines.length, first: lines[0].slice(0, 120) };
}

/**
 * What a screen reader hears: the new part of rows that changed. Text that the user has just typed
 * was spoken at the key, and a flood is cut to its newest lines.
 */
export class Announcer {
  #typed = "";
  #lines = [];
  #skipped = 0;

  constructor({ linesMax = 20 } = {}) {
    this.linesMax = linesMax;
  }

  typed(text) {
    this.#typed = (this.#typed + text).slice(-256);
  }

  /** A row that showed `before` (null: nothing of its own) shows `after` now. */
  changed(before, after) {
    const text = after.trimEnd();
    const old = before?.trimEnd() ?? "";
    let added = text.startsWith(old) ? text.slice(old.length) : text;
    // Blanks at the end of the old text may have been there already.
    const heard = added.trimStart();
    const typed = this.#typed.trimStart();
    if (old !== "" && added !== text && typed.startsWith(heard)) {
      this.#typed = typed.slice(heard.length);
      added = "";
    }
    if (added.trim() === "") return;
    this.#lines.push(added.trim());
    if (this.#lines.length > this.linesMax) {
      this.#lines.shift();
      this.#skipped += 1;
    }
  }

  /** The text to speak, or "" . */
  take() {
    const lines = this.#lines;
    const skipped = this.#skipped;
    this.#lines = [];
    this.#skipped = 0;
    this.#typed = "";
    if (skipped > 0) lines.unshift(`${skipped} more lines`);
    return lines.join("\n");
  }
}

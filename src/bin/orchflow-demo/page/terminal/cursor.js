// The cursor: a box over its cell, with the character in it for the block shape.

import { cellAt, rowCols } from "./cells.js";

const SHAPES = ["block", "underline", "bar"];

export class Cursor {
  constructor() {
    this.element = document.createElement("div");
    this.element.className = "term-cursor";
    this.element.setAttribute("aria-hidden", "true");
    this.element.hidden = true;
  }

  /**
   * cursor as in a message `screen`; `row` is the row of the screen under it, `y` its position.
   * `hidden` for the end of a program and while an input method shows its own text.
   */
  draw({ cursor, row, y, metrics, focused, secret, hidden }) {
    const { element } = this;
    element.hidden = hidden || !cursor?.visible || !row;
    if (element.hidden) return;
    const cell = cellAt(row, cursor.col) ?? { text: "", cols: 1, col: Math.max(cursor.col, rowCols(row)), run: null };
    const shape = SHAPES[cursor.shape] ?? "block";
    const attributes = cell.run?.attributes ?? 0;
    const classes = ["term-cursor", shape];
    if (!focused) classes.push("unfocused");
    if (cursor.blinking && focused) classes.push("blinking");
    if (secret) classes.push("secret");
    if (attributes & 1) classes.push("b");
    if (attributes & 4) classes.push("i");
    const name = classes.join(" ");
    if (element.className !== name) element.className = name;
    const text = shape === "block" && focused && !secret && !(attributes & 16) ? cell.text : "";
    if (element.textContent !== text) element.textContent = text;
    element.style.transform = `translate(${cell.col * metrics.cellWidth}px,${y}px)`;
    element.style.width = `${cell.cols * metrics.cellWidth}px`;
  }

  /** Typing shows the cursor: blinking starts again with the visible half. */
  wake() {
    for (const animation of this.element.getAnimations?.() ?? []) animation.currentTime = 0;
  }
}

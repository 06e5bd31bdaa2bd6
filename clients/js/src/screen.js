// An attachment in mode `screen`: the rows of a terminal as the server draws them.

import { Attachment } from "./attachment.js";

const BLANK = Object.freeze({ wrapped: false, runs: Object.freeze([]), version: 0 });

export class ScreenAttachment extends Attachment {
  cols = 0;
  rows = 0;
  /** The rows from the top: `{wrapped, runs, version}`. A row that changes is another object. */
  lines = [];
  cursor = { row: 0, col: 0, shape: 0, blinking: false, visible: false };
  modes = 0;
  title = "";
  /** Rows of scrollback. */
  history = 0;
  /** Place of the top row. */
  line = null;
  /** The screen contains all output up to this offset. */
  offset = 0;
  /** Rows above the top of the screen at which the view begins. */
  viewport = 0;
  #version = 0;

  /** The view begins so many rows above the top of the screen; 0 follows the output. */
  scroll(rows) {
    this.client.send({ type: "scroll", terminal: this.terminal, rows });
  }

  request() {
    return { mode: "screen" };
  }

  begin() {
    // The rows stay until the full message arrives. It shows the end; whoever looked at history goes on there.
    if (this.viewport > 0) this.scroll(this.viewport);
  }

  handle(message) {
    if (message.type !== "screen") return;
    const { full, scrolls, lines } = message;
    const isResized = message.cols !== this.cols || message.rows !== this.rows;
    if (full || isResized) this.lines = new Array(message.rows).fill(BLANK);
    for (const scroll of scrolls) this.#scroll(scroll);
    const changed = [];
    for (const { row, wrapped, runs } of lines) {
      if (row < 0 || row >= message.rows) continue;
      this.lines[row] = { wrapped, runs, version: ++this.#version };
      changed.push(row);
    }
    for (const name of ["offset", "cols", "rows", "history", "line", "cursor", "modes", "viewport"]) this[name] = message[name];
    this.title = message.title ?? this.title;
    this.emit("update", { full, scrolls, changed: changed.sort((a, b) => a - b) });
  }

  #scroll({ top, bottom, rows }) {
    const region = this.lines.slice(top, bottom);
    for (let row = top; row < bottom; row++) this.lines[row] = region[row - top + rows] ?? BLANK;
  }
}

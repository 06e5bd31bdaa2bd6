// The rows of a text: line numbers, light colours, marks of what was found.

import { h, setText } from "../dom.js";
import { tokenize } from "./highlight.js";
import { VirtualList } from "./virtual_list.js";

/** Marks in a row. */
const MARKS_MAX = 200;

export class TextView {
  #rowsAtEnd = -1;
  #follow = false;
  #find = null;
  #line = -1;
  #goal = null;

  /** `onFollow(on)` is called when scrolling ends or begins the following. */
  constructor({ host, label, model, language, onFollow }) {
    Object.assign(this, { model, language, onFollow });
    this.content = h("div", { class: "file-rows" });
    this.scroller = h("div", {
      class: "file-scroller", tabindex: "0", role: "region", "aria-label": label,
      on: { scroll: () => this.#scrolled() },
    }, this.content);
    host.append(this.scroller);
    this.list = new VirtualList({
      scroller: this.scroller, content: this.content, count: () => this.model.rows,
      create: createRow, draw: (element, row) => this.#draw(element, row),
    });
    this.changed();
  }

  dispose() {
    this.list.dispose();
    this.scroller.remove();
  }

  /** Shows another version of the file at the same place. */
  replace(model) {
    this.model = model;
    this.#rowsAtEnd = -1;
    this.changed();
  }

  /** There are more rows, or rows that were missing are here. */
  changed() {
    const digits = Math.max(3, String(this.model.index.lines).length);
    if (digits !== this.digits) {
      this.digits = digits;
      this.content.style.setProperty("--digits", digits);
    }
    if (this.#goal !== null) void this.#seek();
    if (this.#follow && this.model.rows !== this.#rowsAtEnd) this.#toEnd();
    else this.list.refresh();
  }

  get follow() {
    return this.#follow;
  }

  set follow(on) {
    this.#follow = on;
    if (on) this.#toEnd();
  }

  #toEnd() {
    this.#goal = null;
    this.#rowsAtEnd = this.model.rows;
    if (this.#rowsAtEnd > 0) this.list.show(this.#rowsAtEnd - 1, "end");
  }

  /** Scrolling away from the end ends the following. */
  #scrolled() {
    if (!this.#follow || this.model.rows !== this.#rowsAtEnd || this.list.atEnd) return;
    this.#follow = false;
    this.onFollow(false);
  }

  /** Shows a line (from 1), once it is known where it is. */
  goTo(line) {
    this.#goal = Math.max(0, line - 1);
    this.#follow = false;
    void this.#seek();
  }

  async #seek() {
    const goal = this.#goal;
    const { model } = this;
    if (!model.complete && model.index.lines <= goal + 1) return;
    this.#goal = null;
    if (model.rows === 0) return;
    this.#line = Math.min(goal, model.index.lines - 1);
    this.goToRow(await model.rowOfLine(goal));
  }

  goToRow(row) {
    this.list.show(row, "center");
    this.list.refresh();
  }

  /** Marks a text in all rows; `row` is the current one. Null: nothing. */
  set find(find) {
    this.#find = find;
    this.list.refresh();
  }

  #draw(element, row) {
    const line = this.model.peek(row);
    element.classList.toggle("loading", line === undefined);
    if (line === undefined) return;
    setText(element.number, line.first ? String(line.line + 1) : "");
    element.classList.toggle("current", line.line === this.#line && line.first);
    element.classList.toggle("found", row === this.#find?.row);
    const tokens = this.language ? this.#tokens(row) : [];
    const key = this.#find === null ? line : null;
    // The same row with the same colours stays as it is.
    if (key !== null && element.shown === key) return;
    element.shown = key;
    element.text.replaceChildren(...pieces(line.text, tokens, matches(line.text, this.#find)));
  }

  /** Tokens of a row. Those above it in its page are made first, because a comment may have begun there. */
  #tokens(row) {
    const { first, rows } = this.model.pageRows(row);
    const wanted = rows[row - first];
    if (wanted === undefined || wanted.tokens) return wanted?.tokens ?? [];
    let at = row - first;
    while (at > 0 && !rows[at - 1].tokens) at -= 1;
    let state = at > 0 ? rows[at - 1].state : this.#stateBefore(first);
    for (; at <= row - first; at += 1) {
      Object.assign(rows[at], tokenize(rows[at].text, this.language, state));
      state = rows[at].state;
    }
    return wanted.tokens;
  }

  #stateBefore(first) {
    if (first === 0) return null;
    return this.model.pageRows(first - 1).rows.at(-1)?.state ?? null;
  }
}

function createRow() {
  const row = h("div", { class: "file-row" });
  row.number = h("span", { class: "file-number", "aria-hidden": "true" });
  row.text = h("span", { class: "file-text" });
  row.append(row.number, row.text);
  return row;
}

/** Where a text is found in a row: `[start, end]` in order. */
function matches(text, find) {
  if (find === null || find.text === "") return [];
  const inside = find.matchCase ? text : text.toLowerCase();
  const wanted = find.matchCase ? find.text : find.text.toLowerCase();
  const found = [];
  let at = inside.indexOf(wanted);
  while (at >= 0 && found.length < MARKS_MAX) {
    found.push([at, at + wanted.length]);
    at = inside.indexOf(wanted, at + wanted.length);
  }
  return found;
}

/** The nodes of a row: texts, spans for tokens, and marks for matches, which may begin and end within tokens. */
function pieces(text, tokens, found) {
  const nodes = [];
  const spans = found.length === 0 ? tokens : cut(tokens, found);
  let done = 0;
  for (const [start, end, name] of spans) {
    if (start > done) nodes.push(text.slice(done, start));
    const part = text.slice(start, end);
    nodes.push(name === "mark" ? h("mark", {}, part) : h("span", { class: `token-${name}` }, part));
    done = end;
  }
  // A row without text keeps its height and is copied as an empty line.
  nodes.push(`${text.slice(done)}\n`);
  return nodes;
}

/** Tokens with the parts under marks replaced by the marks. */
function cut(tokens, found) {
  const spans = found.map(([start, end]) => [start, end, "mark"]);
  for (const [from, to, name] of tokens) {
    let at = from;
    for (const [start, end] of found) {
      if (end <= at || start >= to) continue;
      if (start > at) spans.push([at, start, name]);
      at = Math.max(at, end);
    }
    if (at < to) spans.push([at, to, name]);
  }
  return spans.sort(([a], [b]) => a - b);
}

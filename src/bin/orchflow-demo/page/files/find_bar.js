// Finding a text in a file: the bar, and going from one match to the next.

import { h, setAttribute, setText } from "../dom.js";
import { icon } from "./icons.js";
import { showNumber } from "./sizes.js";
import { MATCHES_MAX } from "./text_model.js";

/** Milliseconds after the last key before the search begins. */
const PAUSE_MS = 120;

export class FindBar {
  #rows = [];
  #at = -1;
  #search = null;
  #timer = 0;
  #matchCase = false;
  #searching = false;
  /** Whether the file could not be read to its end. */
  #failed = false;

  /** `view()` is the TextView that is searched; `leave()` gives the focus on when the bar closes with it. */
  constructor({ view, leave }) {
    Object.assign(this, { view, leave });
    this.input = h("input", {
      type: "search", placeholder: "Find", "aria-label": "Find in this file", autocomplete: "off", spellcheck: "false",
      on: { input: () => this.#typed(), keydown: (event) => this.#keydown(event) },
    });
    this.count = h("span", { class: "file-find-count", role: "status" });
    this.caseButton = button("Aa", "Match case", () => this.#toggleCase());
    setAttribute(this.caseButton, "aria-pressed", "false");
    this.element = h("div", { class: "file-find", role: "search", hidden: true },
      this.input, this.count, this.caseButton,
      button(icon("up"), "Previous match", () => this.next(-1)), button(icon("down"), "Next match", () => this.next(1)),
      button(icon("close"), "Close", () => this.close()));
  }

  get isOpen() {
    return !this.element.hidden;
  }

  open() {
    this.element.hidden = false;
    this.input.focus();
    this.input.select();
    if (this.input.value !== "") this.#start();
  }

  close() {
    if (!this.isOpen) return;
    this.#stop();
    const hadFocus = this.element.contains(document.activeElement);
    this.element.hidden = true;
    const view = this.view();
    if (view) view.find = null;
    if (hadFocus) this.leave();
  }

  /** The file has another content now. */
  restart() {
    this.#rows = [];
    this.#at = -1;
    if (this.isOpen && this.input.value !== "") this.#start();
  }

  /** The file can be read again. */
  retry() {
    if (this.#failed) this.restart();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#search?.abort();
    this.#search = null;
    this.#searching = this.#failed = false;
  }

  #typed() {
    this.#stop();
    this.#timer = setTimeout(() => this.#start(), PAUSE_MS);
  }

  #toggleCase() {
    this.#matchCase = !this.#matchCase;
    setAttribute(this.caseButton, "aria-pressed", String(this.#matchCase));
    this.#start();
  }

  async #start() {
    this.#stop();
    const view = this.view();
    const text = this.input.value;
    this.#rows = [];
    this.#at = -1;
    this.#show();
    if (!view || text === "") return;
    const search = (this.#search = new AbortController());
    const from = Math.floor(view.list.position);
    this.#searching = true;
    try {
      for await (const rows of view.model.find(text, { matchCase: this.#matchCase, signal: search.signal })) {
        if (search.signal.aborted) return;
        this.#rows.push(...rows);
        if (this.#at < 0) this.#goFrom(from);
        this.#show(false);
      }
    } catch {
      // The viewer starts this search again once there is another version, or the connection is back.
      this.#failed = !search.signal.aborted;
    }
    if (search.signal.aborted) return;
    this.#searching = false;
    if (this.#at < 0 && this.#rows.length > 0) this.#go(0);
    this.#show(false);
  }

  /** Goes to the first match from a row on. */
  #goFrom(row) {
    const at = this.#rows.findIndex((found) => found >= row);
    if (at >= 0) this.#go(at);
  }

  next(step) {
    const count = this.#rows.length;
    if (count === 0) return;
    this.#go((this.#at + step + count) % count);
    this.#show(false);
  }

  #go(at) {
    this.#at = at;
    this.#mark();
    this.view().goToRow(this.#rows[at]);
  }

  #mark() {
    const view = this.view();
    const text = this.input.value;
    if (view) view.find = text === "" ? null : { text, matchCase: this.#matchCase, row: this.#rows[this.#at] };
  }

  #show(mark = true) {
    if (mark) this.#mark();
    const { length } = this.#rows;
    const more = length >= MATCHES_MAX || this.#searching ? "+" : "";
    const text = this.input.value === "" ? "" : length > 0
      ? `${showNumber(this.#at + 1)} of ${showNumber(length)}${more}` : this.#searching ? "…" : "None";
    setText(this.count, text);
  }

  #keydown(event) {
    if (event.key === "Enter") this.next(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function button(content, label, click) {
  return h("button", { type: "button", "aria-label": label, title: label, on: { click } }, content);
}

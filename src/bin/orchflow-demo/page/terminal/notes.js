// What is said beside the screen: that output came below, the size if another window chose it, the
// end of the program, progress.

import { endText } from "../names.js";

export class Notes {
  #restart;
  #close;
  #ended = false;

  constructor({ toEnd, restart, close }) {
    this.#restart = restart;
    this.#close = close;
    this.newer = document.createElement("button");
    this.newer.type = "button";
    this.newer.className = "term-newer";
    this.newer.hidden = true;
    this.newer.addEventListener("click", toEnd);
    this.sizeNote = line("term-size");
    this.end = line("term-end");
    this.end.setAttribute("role", "status");
    this.bar = line("term-progress");
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", "Progress of the program");
    this.elements = [this.bar, this.newer, this.sizeNote, this.end];
  }

  followed(following) {
    this.newer.hidden = following;
    this.newer.classList.remove("news");
    this.newer.textContent = "↓";
    this.newer.setAttribute("aria-label", "To the end");
  }

  output(following) {
    if (following || this.newer.classList.contains("news")) return;
    this.newer.hidden = false;
    this.newer.classList.add("news");
    this.newer.textContent = "New output ↓";
    this.newer.setAttribute("aria-label", "New output, to the end");
  }

  /** { cols, rows } of a size that another window chose, or null. */
  size(size) {
    this.sizeNote.hidden = size === null;
    if (size) this.sizeNote.textContent = `${size.cols}×${size.rows}, sized by another window`;
  }

  ended(exit) {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#restart && !this.#close) return;
    this.end.hidden = false;
    this.end.replaceChildren(`${endText(exit)}.`);
    if (this.#restart) this.end.append(this.#button("Start again", "Enter", this.#restart));
    if (this.#close) this.end.append(this.#button("Close", null, this.#close));
  }

  detached(reason) {
    this.end.hidden = false;
    this.end.replaceChildren(reason === "replaced" ? "Shown in another pane." : "The terminal is closed.");
  }

  #button(text, key, action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    if (key) button.setAttribute("aria-keyshortcuts", key);
    button.addEventListener("click", () => action());
    return button;
  }

  /** { state, percent }, or null. */
  progress(progress) {
    const { bar } = this;
    bar.hidden = !progress;
    if (!progress) return;
    bar.className = `term-progress ${progress.state}`;
    bar.style.setProperty("--share", String(progress.percent / 100));
    if (progress.state === "indeterminate") bar.removeAttribute("aria-valuenow");
    else bar.setAttribute("aria-valuenow", String(progress.percent));
  }
}

function line(name) {
  const element = document.createElement("div");
  element.className = name;
  element.hidden = true;
  return element;
}

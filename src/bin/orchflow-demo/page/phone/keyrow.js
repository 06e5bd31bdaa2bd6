// On a narrow screen, or with a finger for a pointer: a row of the keys that such keyboards lack. Ctrl and Alt stay down
// for the next key, also if that comes from the keyboard of the screen.

import { h, setAttribute } from "../dom.js";
import { icon } from "../icons.js";

const keys = [
  ["Escape", "Esc"],
  ["Tab", "Tab"],
  ["Control", "Ctrl"],
  ["Alt", "Alt"],
  ["ArrowLeft", null, "left", "Left"],
  ["ArrowDown", null, "down", "Down"],
  ["ArrowUp", null, "up", "Up"],
  ["ArrowRight", null, "right", "Right"],
  ["|", "|"],
  ["/", "/"],
  ["-", "-"],
  ["~", "~"],
];

export class KeyRow {
  #app;
  #element;
  #down = new Set();
  #buttons = new Map();
  #coarse;

  constructor(app, element, coarse) {
    this.#app = app;
    this.#coarse = coarse;
    this.#element = element;
    const buttons = keys.map(([key, label, picture, name]) => {
      const button = h("button", { type: "button", class: "key", "aria-label": name ?? label }, picture ? icon(picture) : label);
      // The focus stays in the terminal, else the keyboard of the screen would go away.
      button.addEventListener("pointerdown", (event) => event.preventDefault());
      button.addEventListener("click", () => this.#press(key));
      this.#buttons.set(key, button);
      return button;
    });
    element.append(...buttons);
    this.#showModifiers();
    app.workspace.addEventListener("change", () => this.render());
    this.#coarse.addEventListener("change", () => this.render());
    app.narrow.addEventListener("change", () => this.render());
    addEventListener("beforeinput", (event) => this.#typed(event), { capture: true });
    addEventListener("keydown", (event) => this.#keydown(event), { capture: true });
    this.render();
  }

  render() {
    const isWanted = this.#app.narrow.matches || this.#coarse.matches;
    this.#element.hidden = !isWanted || this.#app.workspace.focusedTerminal === null;
  }

  #press(key) {
    if (key === "Control" || key === "Alt") {
      if (this.#down.has(key)) this.#down.delete(key);
      else this.#down.add(key);
      this.#showModifiers();
      return;
    }
    this.#send(key);
  }

  #send(key) {
    const view = this.#app.area.terminalView(this.#app.workspace.focusedPane?.id);
    view?.keys([...this.#down, key].join("+"));
    this.#down.clear();
    this.#showModifiers();
  }

  // A character of the screen's keyboard while a modifier is down.
  #typed(event) {
    const isCharacter = event.inputType === "insertText" && [...(event.data ?? "")].length === 1;
    if (this.#down.size === 0 || !isCharacter || !event.target.closest?.(".pane-content")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#send(event.data);
  }

  // A hardware keyboard says which key it is.
  #keydown(event) {
    if (this.#down.size === 0 || !event.isTrusted || event.isComposing || event.key === "Unidentified") return;
    if (["Alt", "Control", "Meta", "Shift"].includes(event.key) || !event.target.closest?.(".pane-content")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#send(event.key);
  }

  #showModifiers() {
    for (const key of ["Control", "Alt"]) setAttribute(this.#buttons.get(key), "aria-pressed", String(this.#down.has(key)));
  }
}

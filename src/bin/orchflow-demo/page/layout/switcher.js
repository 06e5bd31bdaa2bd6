// On a narrow screen: the bar with the panes of the session, of which one is shown.

import { h, setAttribute, setChildren, setText } from "../dom.js";
import { paneName } from "../names.js";
import { terminalOf } from "../workspace.js";

export class Switcher {
  #app;
  #buttons = new Map();

  constructor(app) {
    this.#app = app;
    this.element = h("nav", { class: "switcher", "aria-label": "Panes of the session", hidden: true });
  }

  render(panes, current) {
    const { workspace, marks } = this.#app;
    this.element.hidden = panes.length < 2;
    const buttons = panes.map((id) => {
      if (!this.#buttons.has(id)) {
        const button = h("button", { type: "button", class: "switch", on: { click: () => workspace.reveal(id) } });
        this.#buttons.set(id, button);
      }
      const button = this.#buttons.get(id);
      const terminal = terminalOf(workspace.pane(id));
      setText(button, paneName(workspace.pane(id), workspace.terminal(terminal)));
      setAttribute(button, "aria-current", id === current ? "true" : null);
      button.classList.toggle("has-mark", marks.of(terminal).bell || marks.of(terminal).activity);
      return button;
    });
    for (const id of this.#buttons.keys()) {
      if (!panes.includes(id)) this.#buttons.delete(id);
    }
    setChildren(this.element, buttons);
  }
}

// The list of notifications: what programs and the page have said, newest first.

import { button, h, setChildren } from "../dom.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export class NotificationsPanel {
  #app;
  #host;
  #listen;
  // By entry, so that what arrives takes the focus from nobody.
  #rows = new Map();
  #list = h("ul", { class: "list" });
  #none = h("p", { class: "empty-note" }, "Nothing has been notified.");
  #clear;

  constructor(app, host) {
    this.#app = app;
    this.#host = host;
    this.#clear = button("Clear the list", () => app.log.clear(), "is-small");
    this.#listen = () => this.render();
    app.log.addEventListener("change", this.#listen);
    this.render();
  }

  dispose() {
    this.#app.log.removeEventListener("change", this.#listen);
  }

  render() {
    const { log } = this.#app;
    log.read();
    this.#rows = new Map(log.entries.map((entry) => [entry.id, this.#rows.get(entry.id) ?? this.#row(entry)]));
    setChildren(this.#list, [...this.#rows.values()]);
    setChildren(this.#host, this.#rows.size > 0 ? [this.#list, this.#clear] : [this.#none]);
  }

  #row({ title, body, time, terminal, kind }) {
    const { workspace } = this.#app;
    const show = () => {
      const pane = workspace.paneOf(terminal);
      if (pane) workspace.reveal(pane.id);
    };
    const content = [
      h("span", { class: "list-name" }, title),
      h("span", { class: "list-more" }, clock.format(time), body ? ` · ${body}` : ""),
    ];
    const main = terminal !== undefined && workspace.paneOf(terminal)
      ? h("button", { type: "button", class: "list-main", on: { click: show } }, content)
      : h("div", { class: "list-main" }, content);
    return h("li", { class: `list-row is-${kind}` }, main);
  }
}

// The list of notifications: what programs and the page have said, newest first.

import { h } from "../dom.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export class NotificationsPanel {
  #app;
  #host;
  #listen;

  constructor(app, host) {
    this.#app = app;
    this.#host = host;
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
    if (log.entries.length === 0) {
      this.#host.replaceChildren(h("p", { class: "empty-note" }, "Nothing has been notified."));
      return;
    }
    const clear = h("button", { type: "button", class: "button is-small", on: { click: () => log.clear() } }, "Clear the list");
    this.#host.replaceChildren(h("ul", { class: "list" }, log.entries.map((entry) => this.#row(entry))), clear);
  }

  #row({ title, body, time, terminal, kind }) {
    const pane = terminal !== undefined ? this.#app.workspace.paneOf(terminal) : null;
    const content = [
      h("span", { class: "list-name" }, title),
      h("span", { class: "list-more" }, clock.format(time), body ? ` · ${body}` : ""),
    ];
    const main = pane
      ? h("button", { type: "button", class: "list-main", on: { click: () => this.#app.workspace.reveal(pane.id) } }, content)
      : h("div", { class: "list-main" }, content);
    return h("li", { class: `list-row is-${kind}` }, main);
  }
}

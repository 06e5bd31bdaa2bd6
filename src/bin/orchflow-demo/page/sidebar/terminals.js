// All terminals: those of each session, and those that no pane shows.

import { h } from "../dom.js";
import { iconButton } from "../icons.js";
import { exitText, paneName, shortPath, terminalName, text } from "../names.js";
import { terminalOf } from "../workspace.js";

export class TerminalsPanel {
  #app;
  #host;
  #shown = "";
  #listen;

  constructor(app, host) {
    this.#app = app;
    this.#host = host;
    this.#listen = () => this.render();
    app.workspace.addEventListener("change", this.#listen);
    this.render();
  }

  dispose() {
    this.#app.workspace.removeEventListener("change", this.#listen);
  }

  render() {
    const { workspace } = this.#app;
    const groups = workspace.sessions().map((session) => ({
      title: session.name || session.id,
      rows: session.panes.map((id) => this.#ofPane(workspace.pane(id))).filter(Boolean),
    }));
    const detached = workspace.detached().map((terminal) => this.#ofTerminal(terminal));
    const note = "No pane shows these. Choose one to show it here.";
    if (detached.length > 0) groups.push({ title: "Detached terminals", note, rows: detached });
    // Elements that stay keep the focus.
    const seen = JSON.stringify(groups);
    if (seen === this.#shown) return;
    this.#shown = seen;
    this.#host.replaceChildren(...groups.filter(({ rows }) => rows.length > 0).map((group) => this.#group(group)));
    if (!this.#host.hasChildNodes()) this.#host.append(h("p", { class: "empty-note" }, "There are no terminals."));
  }

  #ofPane(pane) {
    if (!pane) return null;
    const terminal = this.#app.workspace.terminal(terminalOf(pane));
    if (!terminal) return null;
    return { pane: pane.id, terminal: terminal.id, name: paneName(pane, terminal), more: more(terminal) };
  }

  #ofTerminal(terminal) {
    return { pane: null, terminal: terminal.id, name: terminalName(terminal), more: more(terminal) };
  }

  #group({ title, note, rows }) {
    return h("section", { class: "list-group" }, h("h3", {}, title), note && h("p", { class: "note" }, note),
      h("ul", { class: "list" }, rows.map((row) => this.#row(row))));
  }

  #row({ pane, terminal, name, more: detail }) {
    const { workspace, commands } = this.#app;
    const show = () => (pane ? workspace.reveal(pane) : void workspace.showTerminal(terminal));
    const close = () => {
      if (!pane) return void commands.closeTerminal(terminal);
      workspace.reveal(pane);
      return commands.run("pane.close");
    };
    return h("li", { class: "list-row" },
      h("button", { type: "button", class: "list-main", on: { click: show } },
        h("span", { class: "list-name" }, name), h("span", { class: "list-more" }, detail)),
      iconButton("close", `Close ${name}`, close));
  }
}

function more(terminal) {
  const program = text(terminal.program);
  const other = program !== terminalName(terminal) && program;
  return [exitText(terminal), other, shortPath(terminal.cwd)].filter(Boolean).join(" · ");
}

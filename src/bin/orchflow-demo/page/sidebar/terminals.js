// All terminals: those of each session, and those that no pane shows.

import { h, setAttribute, setChildren, setText } from "../dom.js";
import { iconButton } from "../icons.js";
import { exitText, paneName, shortPath, terminalName, text } from "../names.js";
import { terminalOf } from "../workspace.js";

const DETACHED = "Detached terminals";
const NOTE = "No pane shows these. Choose one to show it here.";

export class TerminalsPanel {
  #app;
  #host;
  #none = h("p", { class: "empty-note" }, "There are no terminals.");
  // By key, so that what changes beside a row takes the focus from nobody.
  #groups = new Map();
  #rows = new Map();
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
      key: `session ${session.id}`,
      title: session.name || session.id,
      rows: session.panes.map((id) => this.#ofPane(workspace.pane(id))).filter(Boolean),
    }));
    const detached = workspace.detached().map((terminal) => this.#ofTerminal(terminal));
    groups.push({ key: "detached", title: DETACHED, note: NOTE, rows: detached });
    const shown = groups.filter(({ rows }) => rows.length > 0);
    keep(this.#groups, shown);
    keep(this.#rows, shown.flatMap(({ rows }) => rows));
    setChildren(this.#host, shown.length > 0 ? shown.map((group) => this.#group(group)) : [this.#none]);
  }

  #ofPane(pane) {
    if (!pane) return null;
    const terminal = this.#app.workspace.terminal(terminalOf(pane));
    if (!terminal) return null;
    const key = `pane ${pane.id} ${terminal.id}`;
    return { key, pane: pane.id, terminal: terminal.id, name: paneName(pane, terminal), more: more(terminal) };
  }

  #ofTerminal(terminal) {
    const key = `terminal ${terminal.id}`;
    return { key, pane: null, terminal: terminal.id, name: terminalName(terminal), more: more(terminal) };
  }

  #group({ key, title, note, rows }) {
    if (!this.#groups.has(key)) {
      const [heading, list] = [h("h3"), h("ul", { class: "list" })];
      const element = h("section", { class: "list-group" }, heading, note && h("p", { class: "note" }, note), list);
      this.#groups.set(key, { element, heading, list });
    }
    const { element, heading, list } = this.#groups.get(key);
    setText(heading, title);
    setChildren(list, rows.map((row) => this.#row(row)));
    return element;
  }

  #row({ key, pane, terminal, name, more: detail }) {
    if (!this.#rows.has(key)) this.#rows.set(key, this.#create(pane, terminal));
    const row = this.#rows.get(key);
    setText(row.name, name);
    setText(row.more, detail);
    setAttribute(row.close, "aria-label", `Close ${name}`);
    setAttribute(row.close, "title", `Close ${name}`);
    return row.element;
  }

  #create(pane, terminal) {
    const { workspace, commands } = this.#app;
    const show = () => (pane ? workspace.reveal(pane) : void workspace.showTerminal(terminal));
    const end = () => {
      if (!pane) return void commands.closeTerminal(terminal);
      workspace.reveal(pane);
      return commands.run("pane.close");
    };
    const name = h("span", { class: "list-name" });
    const detail = h("span", { class: "list-more" });
    const close = iconButton("close", "Close", end);
    const main = h("button", { type: "button", class: "list-main", on: { click: show } }, name, detail);
    return { element: h("li", { class: "list-row" }, main, close), name, more: detail, close };
  }
}

// Forgets what is not among the wanted.
function keep(known, wanted) {
  const keys = new Set(wanted.map(({ key }) => key));
  for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
}

function more(terminal) {
  const program = text(terminal.program);
  const other = program !== terminalName(terminal) && program;
  return [exitText(terminal), other, shortPath(terminal.cwd)].filter(Boolean).join(" · ");
}

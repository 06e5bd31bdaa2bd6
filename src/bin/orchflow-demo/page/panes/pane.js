// One pane: a header and its content, which is a terminal, a file, or nothing yet.

import { h } from "../dom.js";
import { loadStyle } from "../styles.js";
import { terminalOf } from "../workspace.js";
import { emptyPane } from "./empty.js";
import { PaneHeader } from "./header.js";

export class PaneView {
  #app;
  #id;
  #header;
  // It has the focus while the content is loaded, so that what is typed then goes to no other terminal.
  #body = h("div", { class: "pane-body", tabindex: "-1" });
  #content = { key: null, view: null };
  #isBehind = false;

  constructor(app, id) {
    this.#app = app;
    this.#id = id;
    this.#header = new PaneHeader(app, id);
    this.element = h("section", {
      class: "pane",
      id: `pane-${id}`,
      data: { pane: id },
      "aria-labelledby": `pane-name-${id}`,
      on: { focusin: () => app.workspace.focus(id) },
    }, this.#header.element, this.#body);
    // A press beside the content, or on what takes no focus itself, still makes the pane the one in use.
    this.#body.addEventListener("pointerdown", () => app.workspace.focus(id));
    this.#body.addEventListener("focus", () => this.#content.view && this.focus());
  }

  get terminalView() {
    return this.#content.kind === "terminal" ? this.#content.view : null;
  }

  get header() {
    return this.#header;
  }

  update(state) {
    const { workspace } = this.#app;
    const pane = workspace.pane(this.#id);
    if (!pane) return;
    const terminal = workspace.terminal(terminalOf(pane));
    this.element.classList.toggle("is-focused", state.isFocused);
    this.#header.update(pane, terminal, state);
    this.#showContent(pane);
  }

  focus() {
    const { view } = this.#content;
    if (view) view.focus?.();
    else (this.#body.querySelector("button") ?? this.#body).focus();
  }

  dispose() {
    this.#dropContent();
    this.element.remove();
  }

  // Leaves the document. Returns whether the view is worth keeping: a terminal keeps its last rows.
  suspend() {
    const { terminalView } = this;
    terminalView?.suspend();
    this.element.remove();
    return Boolean(terminalView);
  }

  // Is in the document again.
  resume() {
    this.terminalView?.resume();
  }

  // Stays in the document, where another pane covers it: the terminal does not follow what nobody sees.
  setBehind(isBehind) {
    if (isBehind === this.#isBehind) return;
    this.#isBehind = isBehind;
    this.element.classList.toggle("is-behind", isBehind);
    if (isBehind) this.terminalView?.suspend();
    else this.terminalView?.resume();
  }

  #dropContent() {
    this.#content.view?.dispose?.();
    this.#content = { key: null, kind: null, view: null };
    this.#body.replaceChildren();
  }

  #showContent(pane) {
    const [kind, value] = contentOf(pane);
    // After a restart of the engine, the same number is another terminal.
    const { epoch } = this.#app.client.state.version;
    const key = `${epoch}:${kind}:${JSON.stringify(value)}:${pane.metadata.line ?? ""}`;
    if (this.#content.key === key) return;
    const hadFocus = this.#body.contains(document.activeElement);
    this.#dropContent();
    const content = { key, kind, view: null };
    this.#content = content;
    if (kind === "empty") {
      this.#body.append(emptyPane(this.#app, this.#id));
    } else if (kind === "custom") {
      this.#body.append(h("p", { class: "empty" }, `This pane shows "${value}", which this page does not know.`));
    } else {
      void this.#load(content, kind, value, pane);
    }
    if (hadFocus) this.focus();
  }

  // The modules of the views are loaded when a pane needs them.
  async #load(content, kind, value, pane) {
    const host = h("div", { class: "pane-content" });
    try {
      const view = await create(this.#app, this.#actions(), { kind, value, host, pane });
      if (this.#content !== content) {
        view.dispose?.();
        return;
      }
      content.view = view;
      this.#body.replaceChildren(host);
      view.fit?.();
      if (document.activeElement === this.#body) this.focus();
    } catch (error) {
      if (this.#content !== content) return;
      this.#body.replaceChildren(h("p", { class: "empty" }, `This pane cannot be shown: ${error.message}`));
    }
  }

  // What the content may ask of the page; about an ended terminal it asks for its own pane.
  #actions() {
    const { workspace, commands, viewActions } = this.#app;
    const run = (name) => () => {
      workspace.focus(this.#id);
      commands.run(name);
    };
    return { ...viewActions, restart: run("terminal.restart"), close: run("pane.close") };
  }
}

function contentOf(pane) {
  const { content } = pane;
  if (typeof content === "string" || content === null) return ["empty", ""];
  const [kind, value] = Object.entries(content)[0];
  return [kind, value];
}

async function create({ client, settings }, actions, { kind, value, host, pane }) {
  if (kind === "terminal") {
    const [{ TerminalView }] = await Promise.all([import("../terminal/view.js"), loadStyle("/style/terminal.css")]);
    return new TerminalView({ client, terminal: value, host, settings, actions });
  }
  if (kind === "file") {
    const [{ FileViewer }] = await Promise.all([import("../files/viewer.js"), loadStyle("/style/files.css")]);
    return new FileViewer({ client, path: value, line: Number(pane.metadata.line) || undefined, host, actions });
  }
  throw new Error("its content is of a kind that this page does not know");
}

// The panel of files: the tree, what the filter finds, and what changed in the last minutes.

import { announce, h, setAttribute, setText } from "../dom.js";
import { Changes } from "./changes.js";
import { ChangesView } from "./changes_view.js";
import { Filter } from "./filter.js";
import { ResultsView } from "./results_view.js";
import { treeOf } from "./tree.js";
import { TreeView } from "./tree_view.js";

const changesOf = new WeakMap();

/**
 * What changed since the page was opened. It is collected from the first call on, so that a panel that is opened later
 * shows what was before.
 */
export function collectChanges(client) {
  let changes = changesOf.get(client);
  if (changes === undefined) {
    const tree = treeOf(client);
    changes = new Changes();
    changes.take({ full: true }, tree);
    tree.onChange((event) => changes.take(event, tree));
    changesOf.set(client, changes);
  }
  return changes;
}

export class FilesPanel {
  #ends = [];

  /** `actions`: `openFile(path)`, and if the page can do it `newTerminal(directory)` and `typePath(path)`. */
  constructor({ client, host, actions }) {
    this.changes = collectChanges(client);
    this.tree = treeOf(client);
    this.filter = new Filter(this.tree, () => this.results.refresh());
    this.#build();
    host.append(this.element);
    const reveal = (path) => this.reveal(path);
    this.view = new TreeView({ host: this.pages.tree, tree: this.tree, actions });
    this.results = new ResultsView({ host: this.pages.results, tree: this.tree, filter: this.filter, actions, reveal });
    const { tree, changes } = this;
    this.changesView = new ChangesView({ host: this.pages.changes, tree, changes, actions, reveal });
    this.#ends.push(this.tree.onChange((event) => {
      this.filter.follow(event);
      this.changesView.refresh();
      this.#updateEmpty();
    }));
    this.#ends.push(client.on("status", () => this.#updateEmpty()));
    this.client = client;
    this.#updateEmpty();
    this.show("tree");
  }

  dispose() {
    for (const end of this.#ends) end();
    this.view.dispose();
    this.results.dispose();
    this.changesView.dispose();
    this.element.remove();
  }

  #build() {
    this.input = h("input", {
      type: "search", class: "files-filter", placeholder: "Find files", "aria-label": "Find files", autocomplete: "off",
      spellcheck: "false", on: { input: () => this.#filtered(), keydown: (event) => this.#inputKey(event) },
    });
    this.tabs = {
      tree: h("button", { type: "button", on: { click: () => this.show("tree") } }, "Tree"),
      changes: h("button", { type: "button", on: { click: () => this.show("changes") } }, "Changes"),
    };
    this.empty = h("p", { class: "files-empty" });
    this.pages = {
      tree: h("div", { class: "files-page" }, this.empty),
      results: h("div", { class: "files-page" }),
      changes: h("div", { class: "files-page" }),
    };
    // The browser's own search would only see the rows in the document.
    const findKey = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== "f") return;
      event.preventDefault();
      event.stopPropagation();
      this.focusFilter();
    };
    this.element = h("section", { class: "files", "aria-label": "Files", on: { keydown: findKey } },
      h("div", { class: "files-head" }, this.input,
        h("div", { class: "files-switch", role: "group", "aria-label": "View" }, ...Object.values(this.tabs))),
      ...Object.values(this.pages));
  }

  #updateEmpty() {
    const text = this.tree.roots.length > 0 ? "" : this.client.status === "open"
      ? "No directory is served." : "The files appear once the page is connected.";
    setText(this.empty, text);
    this.empty.hidden = text === "";
  }

  /** Shows "tree" or "changes". */
  show(name) {
    this.name = name;
    for (const [other, tab] of Object.entries(this.tabs)) setAttribute(tab, "aria-pressed", String(other === name));
    this.#showPage(this.filter.active ? "results" : name);
  }

  #showPage(name) {
    for (const [other, page] of Object.entries(this.pages)) page.hidden = other !== name;
    if (name === "changes") this.changesView.refresh();
    if (name === "tree") this.view.list.refresh();
  }

  #filtered() {
    void this.filter.set(this.input.value);
    this.results.refresh();
    this.#showPage(this.filter.active ? "results" : this.name);
  }

  #inputKey(event) {
    const down = event.key === "ArrowDown";
    if (event.key === "Escape" && this.input.value !== "") {
      this.input.value = "";
      this.#filtered();
    } else if (this.filter.active && event.key === "Enter" && this.results.length > 0) {
      this.results.open(0);
    } else if (down && this.filter.active) {
      this.results.list.focus();
    } else if (down) {
      this.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** Shows and focuses a path in the tree. False if it is not there. */
  reveal(path) {
    this.input.value = "";
    this.#filtered();
    this.show("tree");
    const found = this.view.reveal(path);
    if (!found) announce("The tree does not have this file");
    return found;
  }

  focus() {
    if (this.name === "changes") this.changesView.focus();
    else this.view.focus();
  }

  focusFilter() {
    this.input.focus();
    this.input.select();
  }
}

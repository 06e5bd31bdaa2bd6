// What the filter finds, best first.

import { h, setAttribute, setText } from "../dom.js";
import { fileMenu } from "./file_actions.js";
import { RESULTS_MAX } from "./filter.js";
import { setShape, shapeOf } from "./icons.js";
import { baseName, showName } from "./names.js";
import { RowList } from "./row_list.js";
import { showNumber } from "./sizes.js";
import { createFileRow } from "./tree_view.js";

export class ResultsView {
  #results = [];
  #rowOf = new Map();

  /** `reveal(path)` shows a file in the tree. */
  constructor({ host, tree, filter, actions, reveal }) {
    Object.assign(this, { tree, filter, actions, reveal });
    this.count = h("p", { class: "files-count", role: "status" });
    host.append(this.count);
    this.list = new RowList({
      host, label: "Found files", role: "listbox", itemRole: "option",
      rows: {
        count: () => this.#results.length,
        key: (row) => this.#results[row]?.key,
        rowOf: (key) => this.#rowOf.get(key) ?? -1,
        create: createFileRow,
        draw: (element, row) => this.#draw(element, this.#results[row], row),
        texts: (first) => this.#results.slice(first).map(({ name }) => showName(name)),
        open: (row) => this.open(row),
        menu: (row, point) => this.#menu(this.#results[row], point),
      },
    });
  }

  dispose() {
    this.list.dispose();
  }

  /** Takes what the filter has now. */
  refresh() {
    this.#results = this.filter.results();
    this.#rowOf = new Map(this.#results.map((node, row) => [node.key, row]));
    const { count, complete } = this.filter;
    const shown = count > RESULTS_MAX ? `, the best ${showNumber(RESULTS_MAX)} are shown` : "";
    setText(this.count, complete ? `${showNumber(count)} found${shown}` : "Searching …");
    this.list.refresh();
  }

  get length() {
    return this.#results.length;
  }

  open(row) {
    const node = this.#results[row];
    if (!node) return;
    const path = this.tree.path(node);
    if (node.directory) this.reveal(path);
    else this.actions.openFile(path);
  }

  #draw(element, node, row) {
    const above = this.tree.parentRow(node);
    const directory = above ? this.tree.pathInRoot(above) : "";
    setAttribute(element, "aria-setsize", this.#results.length);
    setAttribute(element, "aria-posinset", row + 1);
    element.classList.toggle("ignored", node.entry.ignored);
    setAttribute(element, "title", showName(this.tree.path(node)));
    setShape(element.icon, shapeOf({ ...node, expanded: false }));
    element.name.replaceChildren(...marked(showName(above ? node.name : baseName(node.name)), this.filter.words));
    setText(element.note, showName(directory));
  }

  #menu(node, point) {
    const path = this.tree.path(node);
    fileMenu({
      path, directory: node.directory, actions: this.actions, owner: this.list.scroller,
      reveal: () => this.reveal(path),
    }, point);
  }
}

/** A name with the first place of each word marked. */
function marked(name, words) {
  const lower = name.toLowerCase();
  const ranges = words.map((word) => [lower.indexOf(word), word.length]).filter(([at]) => at >= 0);
  ranges.sort(([a], [b]) => a - b);
  const parts = [];
  let done = 0;
  for (const [at, length] of ranges) {
    if (at < done) continue;
    parts.push(name.slice(done, at), h("mark", {}, name.slice(at, at + length)));
    done = at + length;
  }
  parts.push(name.slice(done));
  return parts;
}

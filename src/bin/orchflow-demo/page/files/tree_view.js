// The tree of files.

import { h, setAttribute, setText } from "../dom.js";
import { fileMenu } from "./file_actions.js";
import { icon, setShape, shapeOf } from "./icons.js";
import { baseName, showName } from "./names.js";
import { RowList } from "./row_list.js";

const KINDS = { symlink: ", symbolic link", other: ", special file" };

/** An element for a file: twisty, icon, name, and a button for the menu. */
export function createFileRow() {
  const row = h("div");
  row.twisty = icon("twisty", "files-twisty");
  row.icon = icon("file", "files-icon");
  row.name = h("span", { class: "files-name" });
  row.note = h("span", { class: "files-note" });
  row.more = h("span", { class: "files-more", "aria-hidden": "true" }, icon("more"));
  row.append(row.twisty, row.icon, row.name, row.note, row.more);
  return row;
}

export class TreeView {
  #top = null;
  #end;

  constructor({ host, tree, actions }) {
    this.tree = tree;
    this.actions = actions;
    this.list = new RowList({
      host, label: "Files", role: "tree", itemRole: "treeitem",
      rows: {
        count: () => tree.length,
        key: (row) => tree.at(row)?.key,
        rowOf: (key) => {
          const node = tree.get(key);
          return node ? tree.rowOf(node) : -1;
        },
        create: createFileRow,
        draw: (element, row) => this.#draw(element, row),
        texts: (first) => this.#texts(first),
        open: (row) => this.open(tree.at(row)),
        menu: (row, point) => this.#menu(tree.at(row), point),
        keydown: (event, row) => this.#keydown(event, tree.at(row)),
        drawn: () => this.#drawn(),
      },
    });
    this.#end = tree.onChange(() => this.#changed());
  }

  dispose() {
    this.#end();
    this.list.dispose();
  }

  #name(node) {
    return showName(this.tree.parentRow(node) === null ? baseName(node.name) : node.name);
  }

  *#texts(first) {
    for (const node of this.tree.from(first)) yield this.#name(node);
  }

  #draw(element, row) {
    const { tree } = this;
    const node = tree.at(row);
    const name = this.#name(node);
    const { place, of } = tree.position(node);
    const level = tree.level(node);
    if (element.level !== level) {
      element.level = level;
      element.style.setProperty("--level", level);
    }
    setAttribute(element, "aria-level", level);
    setAttribute(element, "aria-posinset", place);
    setAttribute(element, "aria-setsize", of);
    setAttribute(element, "aria-expanded", node.directory ? String(node.expanded) : null);
    setAttribute(element, "aria-label", KINDS[node.entry.kind] ? name + KINDS[node.entry.kind] : null);
    setAttribute(element, "aria-description", node.entry.ignored ? "ignored" : null);
    element.classList.toggle("ignored", node.entry.ignored);
    setAttribute(element, "title", name.length > 24 ? name : null);
    setShape(element.icon, shapeOf(node));
    setText(element.name, name);
    setText(element.note, level === 1 ? showName(node.name) : "");
  }

  /** Opens a file; expands or collapses a directory. */
  open(node) {
    if (!node.directory) {
      this.actions.openFile(this.tree.path(node));
      return;
    }
    if (node.expanded) this.tree.collapse(node);
    else this.tree.expand(node);
    this.list.list.refreshNow();
  }

  #menu(node, point) {
    fileMenu({
      path: this.tree.path(node), directory: node.directory, actions: this.actions, owner: this.list.scroller,
    }, point);
  }

  #keydown({ key }, node) {
    if (!node) return false;
    if (key === "ArrowRight" && node.directory) {
      if (!node.expanded) this.open(node);
      else if (node.ordered.count > 0) this.#go(node.ordered.first());
    } else if (key === "ArrowLeft") {
      if (node.expanded) this.open(node);
      else if (this.tree.parentRow(node) !== null) this.#go(node.parent);
    } else if (key === "*") {
      this.tree.expandSiblings(node);
      this.#go(node);
    } else if (key === " ") {
      this.open(node);
    } else {
      return false;
    }
    return true;
  }

  #go(node) {
    this.list.go(this.tree.rowOf(node));
  }

  /** Shows and focuses a path. False if it is not in the tree. */
  reveal(path, { focus = true } = {}) {
    const node = this.tree.find(path);
    if (!node) return false;
    this.tree.reveal(node);
    const row = this.tree.rowOf(node);
    this.list.list.refreshNow();
    this.list.go(row, { place: "center", focus });
    return true;
  }

  focus() {
    this.list.focus();
  }

  #drawn() {
    const row = Math.floor(this.list.list.position);
    const node = this.tree.at(row);
    this.#top = node ? { node, row } : null;
  }

  /** Rows that come and go above the viewport do not move what is in it. */
  #changed() {
    const { list } = this.list;
    if (this.#top?.node.entry && this.#top.row > 0) {
      const now = this.tree.rowOf(this.#top.node);
      if (now >= 0 && now !== this.#top.row) {
        list.position += now - this.#top.row;
        this.#top.row = now;
        return;
      }
    }
    list.refresh();
  }
}

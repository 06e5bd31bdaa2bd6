// What changed in the last minutes, as a list. The words for the ages change only while someone can see them.

import { h, setAttribute, setText } from "../dom.js";
import { age } from "./ages.js";
import { placeOf, rowsOf, summary } from "./changes.js";
import { fileMenu } from "./file_actions.js";
import { icon, setShape } from "./icons.js";
import { baseName, showName } from "./names.js";
import { RowList } from "./row_list.js";
import { watchVisibility } from "./visibility.js";

export class ChangesView {
  #rows = [];
  #rowOf = new Map();
  #expanded = new Set();
  #timer = 0;
  #frame = 0;
  #visible = false;
  #endVisibility;

  /** `reveal(path)` shows a file in the tree. */
  constructor({ host, tree, changes, actions, reveal }) {
    Object.assign(this, { tree, changes, actions, reveal });
    this.empty = h("p", { class: "files-empty" }, "Nothing has changed in the last 15 minutes.");
    host.append(this.empty);
    this.list = new RowList({
      host, label: "Changes", role: "tree", itemRole: "treeitem",
      rows: {
        count: () => this.#rows.length,
        key: (row) => this.#rows[row]?.key,
        rowOf: (key) => this.#rowOf.get(key) ?? -1,
        create: createChangeRow,
        draw: (element, row) => this.#draw(element, this.#rows[row]),
        texts: (first) => this.#rows.slice(first).map((row) => this.#name(row)),
        open: (row) => this.#open(this.#rows[row]),
        menu: (row, point) => this.#menu(this.#rows[row], point),
        keydown: (event, row) => this.#keydown(event, row),
      },
    });
    this.#endVisibility = watchVisibility(host, (visible) => {
      this.#visible = visible;
      this.refresh();
    });
  }

  dispose() {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#endVisibility();
    this.list.dispose();
  }

  focus() {
    this.list.focus();
  }

  /** The records have changed, or time has passed: the list follows with the next frame. */
  refresh() {
    if (this.#visible && this.#frame === 0) this.#frame = requestAnimationFrame(() => this.refreshNow());
  }

  refreshNow() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    clearTimeout(this.#timer);
    if (!this.#visible) return;
    this.#rows = rowsOf(this.changes.records(), this.#expanded);
    this.#rowOf = new Map(this.#rows.map(({ key }, row) => [key, row]));
    this.empty.hidden = this.#rows.length > 0;
    this.list.scroller.hidden = this.#rows.length === 0;
    this.list.refresh();
    const now = this.changes.now();
    const next = Math.min(...this.#rows.map((row) => age(now - (row.time ?? row.record.time)).next));
    if (next < Infinity) this.#timer = setTimeout(() => this.refresh(), next + 20);
  }

  #name(row) {
    if (row.record) return showName(baseName(row.record.path));
    return `${placeOf(row.directory, this.tree)}/${showName(baseName(row.directory))}`.replace(/^\//, "");
  }

  #draw(element, row) {
    const { record, records, level, key } = row;
    const kind = record ? record.kind : "group";
    const { text } = age(this.changes.now() - (row.time ?? record.time));
    element.style.setProperty("--level", level);
    element.dataset.kind = kind;
    setAttribute(element, "aria-level", level);
    setAttribute(element, "aria-expanded", records ? String(this.#expanded.has(key)) : null);
    setShape(element.icon, record ? record.kind : "directory");
    setText(element.name, this.#name(row));
    setText(element.note, record ? this.#note(record, level) : summary(records));
    setText(element.age, text);
    setText(element.kind, record ? kind : "");
    setAttribute(element, "title", showName(record ? record.path : row.directory));
  }

  #note(record, level) {
    if (record.from) return `was ${showName(baseName(record.from))}`;
    return level === 1 ? placeOf(record.path, this.tree) : "";
  }

  #open({ record, key, records }) {
    if (records) {
      if (!this.#expanded.delete(key)) this.#expanded.add(key);
      this.refreshNow();
    } else if (record.kind !== "removed") {
      if (record.directory) this.reveal(record.path);
      else this.actions.openFile(record.path);
    }
  }

  #keydown({ key }, at) {
    const row = this.#rows[at];
    if (!row) return false;
    const open = this.#expanded.has(row.key);
    if (key === "ArrowRight" && row.records) {
      if (!open) this.#open(row);
      else this.list.go(at + 1);
    } else if (key === "ArrowLeft" && open) {
      this.#open(row);
    } else if (key === "ArrowLeft" && row.level === 2) {
      this.list.go(this.#rows.findLastIndex((other, before) => before < at && other.level === 1));
    } else {
      return false;
    }
    return true;
  }

  #menu({ record, directory }, point) {
    const path = record ? record.path : directory;
    fileMenu({
      path, directory: record ? record.directory : true, exists: record?.kind !== "removed", actions: this.actions,
      reveal: () => this.reveal(path), owner: this.list.scroller,
    }, point);
  }
}

function createChangeRow() {
  const row = h("div", { class: "change" });
  row.icon = icon("written", "files-icon");
  // For screen readers, what the icon says.
  row.kind = h("span", { class: "files-unseen" });
  row.name = h("span", { class: "files-name" });
  row.note = h("span", { class: "files-note" });
  row.age = h("span", { class: "files-age" });
  row.append(row.icon, row.name, row.kind, row.note, row.age);
  return row;
}

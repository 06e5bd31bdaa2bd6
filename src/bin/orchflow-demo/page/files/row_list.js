// A virtual list with a current row: roving focus, arrows, type-ahead, a menu. The tree, the results of the filter and
// the changes are such lists.

import { h, setAttribute } from "../dom.js";
import { VirtualList } from "./virtual_list.js";

/** Letters that follow each other faster than this are one word. */
const TYPE_AHEAD_MS = 800;

export class RowList {
  #typed = "";
  #typedAt = 0;
  #row = 0;

  /**
   * `rows` is `{count(), key(row), rowOf(key), create(), draw(element, row), texts(first), open(row), menu(row, point),
   * keydown(event, row), drawn()}`; the last two may be missing, and `keydown` is true if it has handled the key. `key`
   * identifies a row while it moves; `texts` gives the texts of the rows from `first` on, for the type-ahead.
   */
  constructor({ host, label, role, itemRole, rows }) {
    this.rows = rows;
    this.current = null;
    this.itemRole = itemRole;
    this.content = h("div", { role: "presentation" });
    this.scroller = h("div", {
      class: "files-list", role, "aria-label": label, tabindex: "0",
      on: {
        keydown: (event) => this.#keydown(event),
        click: (event) => this.#click(event),
        contextmenu: (event) => this.#contextMenu(event),
        focusin: (event) => this.#focusIn(event),
      },
    }, this.content);
    host.append(this.scroller);
    this.list = new VirtualList({
      scroller: this.scroller, content: this.content, count: () => rows.count(),
      create: () => this.#create(), draw: (element, row) => this.#draw(element, row),
      drawn: (first, end) => this.#drawn(first, end),
    });
  }

  dispose() {
    this.list.dispose();
    this.scroller.remove();
  }

  refresh() {
    this.list.refresh();
  }

  #create() {
    const element = this.rows.create();
    element.classList.add("files-row");
    element.setAttribute("role", this.itemRole);
    element.tabIndex = -1;
    return element;
  }

  #draw(element, row) {
    const current = this.rows.key(row) === this.current;
    setAttribute(element, "aria-selected", String(current));
    element.tabIndex = current ? 0 : -1;
    this.rows.draw(element, row);
  }

  /**
   * The focus stays with the current row while rows come and go. The list itself takes it while that row is not in the
   * document.
   */
  #drawn(first, end) {
    const row = this.#currentRow();
    const here = row >= first && row < end;
    this.scroller.tabIndex = here ? -1 : 0;
    this.rows.drawn?.();
    const target = here ? this.list.element(row) : this.scroller;
    const { activeElement } = document;
    if (activeElement !== target && this.scroller.contains(activeElement)) target.focus({ preventScroll: true });
  }

  /** The row of the current key. If it is gone, the row that took its place becomes current. */
  #currentRow() {
    if (this.current === null) return -1;
    const row = this.rows.rowOf(this.current);
    if (row >= 0) {
      this.#row = row;
      return row;
    }
    const last = this.rows.count() - 1;
    if (last < 0) return -1;
    this.#row = Math.min(this.#row, last);
    this.current = this.rows.key(this.#row);
    this.list.refresh();
    return this.#row;
  }

  get currentRow() {
    return this.#currentRow();
  }

  focus() {
    const row = this.#currentRow();
    if (row >= 0 || this.rows.count() > 0) this.go(Math.max(row, 0));
    else this.scroller.focus({ preventScroll: true });
  }

  /** Makes a row current, shows and focuses it. */
  go(row, { place = "nearest", focus = true } = {}) {
    const last = this.rows.count() - 1;
    if (last < 0) return;
    this.#row = Math.min(Math.max(row, 0), last);
    this.current = this.rows.key(this.#row);
    this.list.show(this.#row, place);
    if (focus) this.list.element(this.#row)?.focus({ preventScroll: true });
  }

  #keydown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = this.#currentRow();
    if (!this.rows.keydown?.(event, row) && !this.#move(event, row) && !this.#typeAhead(event, row)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #move({ key, shiftKey }, row) {
    const page = this.list.pageRows;
    const to = {
      ArrowDown: row + 1, ArrowUp: row - 1, PageDown: row + page, PageUp: row - page, Home: 0,
      End: this.rows.count() - 1,
    }[key];
    if (to !== undefined) this.go(to);
    else if (key === "Enter" && row >= 0) this.rows.open(row);
    else if (key === "ContextMenu" || (key === "F10" && shiftKey)) this.#menuOf(row);
    else return false;
    return true;
  }

  #typeAhead({ key, timeStamp }, row) {
    const again = timeStamp - this.#typedAt < TYPE_AHEAD_MS;
    if ([...key].length !== 1 || (key === " " && !again)) return false;
    this.#typed = (again ? this.#typed : "") + key.toLowerCase();
    this.#typedAt = timeStamp;
    // The same letter again goes to the next row that begins with it.
    const same = [...this.#typed].every((letter) => letter === this.#typed[0]);
    const wanted = same ? this.#typed[0] : this.#typed;
    const from = same ? row + 1 : Math.max(row, 0);
    const found = this.#find(wanted, from);
    if (found >= 0) this.go(found);
    return true;
  }

  /** The first row from `from` on whose text begins so; after the last row come those before it. */
  #find(wanted, from) {
    const count = this.rows.count();
    const search = (first, end) => {
      let row = first;
      for (const text of this.rows.texts(first)) {
        if (row >= end) return -1;
        if (text.toLowerCase().startsWith(wanted)) return row;
        row += 1;
      }
      return -1;
    };
    const found = search(from, count);
    return found >= 0 ? found : search(0, Math.min(from, count));
  }

  #rowAt(target) {
    const element = target.closest?.(".files-row");
    return element ? this.list.rowOf(element) : -1;
  }

  #click(event) {
    const row = this.#rowAt(event.target);
    if (row < 0) return;
    this.go(row);
    if (event.target.closest(".files-more")) this.#menuOf(row);
    else this.rows.open(row);
  }

  #contextMenu(event) {
    const row = this.#rowAt(event.target);
    if (row < 0) return;
    event.preventDefault();
    this.go(row);
    this.rows.menu(row, { x: event.clientX, y: event.clientY });
  }

  #menuOf(row) {
    const box = this.list.element(row)?.getBoundingClientRect();
    if (box) this.rows.menu(row, { x: box.left + 24, y: box.bottom });
  }

  #focusIn({ target }) {
    if (target !== this.scroller) return;
    const row = this.#currentRow();
    // The first time, the row at the top becomes current.
    if (row < 0) this.go(Math.ceil(this.list.position));
    else this.list.element(row)?.focus({ preventScroll: true });
  }
}

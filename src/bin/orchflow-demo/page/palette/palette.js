// The palette: all actions, found by a few letters.

import { h, setAttribute } from "../dom.js";
import { keyList } from "../dialogs/help.js";
import { iconButton } from "../icons.js";
import { ofBrowser } from "../storage.js";
import { entriesOf } from "./entries.js";
import { search } from "./fuzzy.js";

const RECENT_KEY = "orchflow.recent";
const RECENT_MAX = 12;

function recentIds() {
  const ids = ofBrowser.json(RECENT_KEY);
  return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
}

function remember(id) {
  const ids = [id, ...recentIds().filter((each) => each !== id)].slice(0, RECENT_MAX);
  ofBrowser.set(RECENT_KEY, JSON.stringify(ids));
}

// Opens the palette. `scope` limits it: "pane" to actions for the pane in use, "move" to sessions to move it to.
export function openPalette(app, scope = null) {
  document.querySelector(".palette")?.close();
  new Palette(app, scope).open();
}

class Palette {
  #entries;
  #found = [];
  #selected = 0;
  #input = h("input", {
    class: "palette-input",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "palette-list",
    "aria-autocomplete": "list",
    "aria-label": "Action",
    autocomplete: "off",
    spellcheck: "false",
  });
  #list = h("ul", { class: "palette-list", id: "palette-list", role: "listbox", "aria-label": "Actions" });
  #none = h("p", { class: "palette-none", role: "status" });
  #dialog;

  constructor(app, scope) {
    this.#entries = entriesOf(app, scope);
    setAttribute(this.#input, "placeholder", { pane: "Action for this pane", move: "Move the pane to" }[scope] ?? "What to do");
    const close = iconButton("close", "Close", () => this.#dialog.close(), { class: "icon-button palette-close" });
    const head = h("div", { class: "palette-head" }, this.#input, close);
    this.#dialog = h("dialog", { class: "palette", "aria-label": "Actions" }, head, this.#list, this.#none);
  }

  open() {
    const dialog = this.#dialog;
    this.#input.addEventListener("input", () => this.#search());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("pointerdown", (event) => {
      if (event.target === dialog) dialog.close();
    });
    document.body.append(dialog);
    dialog.showModal();
    this.#input.focus();
    this.#search();
  }

  #search() {
    this.#found = search(this.#input.value, this.#entries, recentIds());
    this.#list.replaceChildren(...this.#found.map((match, index) => this.#row(match, index)));
    this.#none.textContent = this.#found.length === 0 ? "Nothing is called so." : "";
    this.#select(0);
  }

  #row({ entry, at }, index) {
    return h("li", {
      class: "palette-row",
      role: "option",
      id: `palette-${index}`,
      on: {
        click: () => this.#run(index),
        pointermove: () => this.#select(index, false),
      },
    }, h("span", { class: "palette-group" }, entry.group), h("span", { class: "palette-title" }, marked(entry.title, at)),
    entry.keys?.length > 0 && keyList(entry.keys.slice(0, 1)));
  }

  #select(index, scrolls = true) {
    const rows = this.#list.children;
    setAttribute(rows[this.#selected] ?? this.#none, "aria-selected", null);
    this.#selected = index;
    const row = rows[index];
    setAttribute(this.#input, "aria-activedescendant", row ? row.id : null);
    if (!row) return;
    setAttribute(row, "aria-selected", "true");
    if (scrolls) row.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    const count = this.#found.length;
    const page = 8;
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    if (event.isComposing) return;
    if (event.key === "Enter") this.#run(this.#selected);
    else if (event.key === "F1") this.#dialog.close();
    else if (event.key in moves && count > 0) {
      const next = this.#selected + moves[event.key];
      const isStep = Math.abs(moves[event.key]) === 1;
      this.#select(isStep ? (next + count) % count : Math.min(count - 1, Math.max(0, next)));
    } else return;
    event.preventDefault();
  }

  #run(index) {
    const entry = this.#found[index]?.entry;
    if (!entry) return;
    this.#dialog.close();
    remember(entry.id);
    // The focus is back where it was before the action runs.
    queueMicrotask(entry.run);
  }
}

// The title with the letters that matched.
function marked(title, at) {
  const positions = new Set(at);
  const parts = [];
  for (let index = 0; index < title.length; ) {
    const isMatch = positions.has(index);
    let end = index;
    while (end < title.length && positions.has(end) === isMatch) end += 1;
    const part = title.slice(index, end);
    parts.push(isMatch ? h("mark", {}, part) : part);
    index = end;
  }
  return parts;
}

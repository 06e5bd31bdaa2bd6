// The area of the panes: places the panes of the current session by its tree of splits, with separators between them.
// Panes are placed absolutely and never change their parent, so that a new layout neither redraws a terminal nor takes
// the focus away. On a narrow screen one pane is shown at a time, with a bar to choose it.

import { announce, isEditing, setChildren } from "../dom.js";
import { paneName } from "../names.js";
import { PaneView } from "../panes/pane.js";
import { emptySession, waiting } from "../panes/empty.js";
import { Separator } from "./separator.js";
import { Switcher } from "./switcher.js";
import * as trees from "./tree.js";

// So many panes of other sessions keep their last rows, which are all that can be shown without a connection.
const SUSPENDED_MAX = 16;

export class PaneArea {
  #app;
  #element;
  #views = new Map();
  // Views of panes that are not shown, the one that was shown last at the end.
  #suspended = new Map();
  #separators = new Map();
  #switcher;
  #placeholder = null;
  #revealed = null;
  #session = null;

  constructor(app, element) {
    this.#app = app;
    this.#element = element;
    this.#switcher = new Switcher(app);
    element.before(this.#switcher.element);
    app.workspace.addEventListener("change", () => this.render());
    app.workspace.addEventListener("reveal", (event) => this.#reveal(event.detail.pane));
    app.narrow.addEventListener("change", () => this.render());
  }

  render() {
    const { workspace } = this.#app;
    const hadFocus = this.#element.contains(document.activeElement);
    const session = workspace.current;
    const tree = session ? workspace.tree(session) : null;
    if (session?.id !== this.#session) this.#clear(session);
    const shown = this.#shown(tree);
    this.#showPlaceholder(session, tree);
    this.#drawPanes(tree, shown);
    this.#drawSeparators(shown.size > 1 ? tree : null);
    this.#order(tree);
    this.#switcher.render(this.#app.narrow.matches ? trees.leaves(tree) : [], workspace.focusedPane?.id);
    if (this.#revealed && this.#views.has(this.#revealed)) {
      if (!isEditing()) this.#views.get(this.#revealed).focus();
      this.#revealed = null;
    }
    // What had the focus may be gone, by the hand of somebody else: what is typed goes on into the pane in use.
    if (hadFocus && document.activeElement === document.body) this.#focusCurrent();
  }

  #focusCurrent() {
    const view = this.#views.get(this.#app.workspace.focusedPane?.id);
    if (view) view.focus();
    else this.#placeholder?.element.querySelector("button")?.focus();
  }

  // The terminal view of a pane, or null.
  terminalView(pane) {
    return this.#views.get(pane)?.terminalView ?? null;
  }

  view(pane) {
    return this.#views.get(pane) ?? null;
  }

  // The focus goes to what can be done where nothing is shown.
  focusEmpty() {
    this.render();
    this.#focusCurrent();
  }

  // Which panes are visible now.
  #shown(tree) {
    const { workspace, narrow } = this.#app;
    const single = workspace.zoomed ?? (narrow.matches ? workspace.focusedPane?.id : null);
    return new Set(single ? [single] : trees.leaves(tree));
  }

  #clear(session) {
    for (const id of [...this.#views.keys()]) this.#drop(id);
    this.#separators.clear();
    this.#element.replaceChildren();
    this.#placeholder = null;
    this.#session = session?.id ?? null;
  }

  // A pane that is shown no more.
  #drop(id) {
    const view = this.#views.get(id);
    this.#views.delete(id);
    if (!this.#app.workspace.pane(id) || !view.suspend()) {
      view.dispose();
      return;
    }
    this.#suspended.set(id, view);
    if (this.#suspended.size > SUSPENDED_MAX) this.#forget(this.#suspended.keys().next().value);
  }

  #forget(id) {
    this.#suspended.get(id).dispose();
    this.#suspended.delete(id);
  }

  #viewOf(id) {
    const suspended = this.#suspended.get(id);
    this.#suspended.delete(id);
    suspended?.resume();
    return suspended ?? new PaneView(this.#app, id);
  }

  #showPlaceholder(session, tree) {
    const { workspace } = this.#app;
    const detached = workspace.detached().map((each) => each.id);
    const kind = tree !== null ? null : workspace.isLoaded ? `empty ${session?.id} ${detached}` : "waiting";
    if (this.#placeholder?.kind === kind) return;
    this.#placeholder?.element.remove();
    this.#placeholder = null;
    if (kind === null) return;
    const element = kind === "waiting" ? waiting() : emptySession(this.#app);
    this.#placeholder = { kind, element };
    this.#element.append(element);
  }

  #drawPanes(tree, shown) {
    const { workspace, narrow } = this.#app;
    const { panes } = trees.measure(tree);
    for (const id of [...this.#suspended.keys()]) {
      if (!workspace.pane(id)) this.#forget(id);
    }
    for (const id of [...this.#views.keys()]) {
      if (!panes.has(id) || (narrow.matches && !shown.has(id))) this.#drop(id);
    }
    const focused = workspace.focusedPane?.id;
    for (const [id, rect] of panes) {
      if (narrow.matches && !shown.has(id)) continue;
      if (!this.#views.has(id)) this.#views.set(id, this.#viewOf(id));
      const view = this.#views.get(id);
      const isWhole = shown.size === 1 && shown.has(id);
      place(view.element, isWhole ? { x: 0, y: 0, width: 1, height: 1 } : rect);
      view.setBehind(!shown.has(id));
      view.update({ isFocused: id === focused, isZoomed: id === workspace.zoomed, isAlone: panes.size === 1 });
    }
  }

  #drawSeparators(tree) {
    const wanted = tree ? trees.measure(tree).separators : [];
    const keys = new Set(wanted.map(keyOf));
    for (const [key, separator] of this.#separators) {
      if (keys.has(key)) continue;
      separator.element.remove();
      this.#separators.delete(key);
    }
    for (const each of wanted) {
      const key = keyOf(each);
      if (!this.#separators.has(key)) this.#separators.set(key, new Separator(this.#app, this.#element));
      this.#separators.get(key).update(this.#session, tree, each);
    }
  }

  // The order of the elements is that of reading, so that Tab goes through the panes as they are seen.
  #order(tree) {
    const panes = trees.leaves(tree).flatMap((id) => this.#views.get(id)?.element ?? []);
    const separators = [...this.#separators.values()].map((each) => each.element);
    const placeholder = this.#placeholder ? [this.#placeholder.element] : [];
    setChildren(this.#element, [...panes, ...separators, ...placeholder]);
  }

  #reveal(id) {
    const { workspace, narrow } = this.#app;
    // On a phone the focus calls the keyboard of the screen: only if that is there already.
    if (!narrow.matches || this.#element.contains(document.activeElement)) this.#revealed = id;
    const pane = workspace.pane(id);
    announce(`Pane ${paneName(pane, workspace.terminal(pane?.content?.terminal))}`);
    workspace.changed();
  }
}

function keyOf(separator) {
  return [...separator.path, separator.index].join(".");
}

function place(element, rect) {
  for (const [property, share] of [["left", rect.x], ["top", rect.y], ["width", rect.width], ["height", rect.height]]) {
    const value = `${(share * 100).toFixed(4)}%`;
    if (element.style[property] !== value) element.style[property] = value;
  }
}

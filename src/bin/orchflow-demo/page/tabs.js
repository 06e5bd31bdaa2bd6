// The sessions as tabs: choose, rename in place, close, and reorder by dragging.

import { followPointer } from "./drag.js";
import { h, setAttribute, setChildren, setText } from "./dom.js";
import { iconButton } from "./icons.js";
import { plural } from "./names.js";
import { terminalOf } from "./workspace.js";

const THRESHOLD_PX = 6;

export class SessionTabs {
  #app;
  #list = h("ul", { class: "tabs" });
  #tabs = new Map();

  constructor(app, element) {
    this.#app = app;
    const add = iconButton("plus", "New session", () => app.commands.run("session.new"));
    element.append(this.#list, add);
    app.workspace.addEventListener("change", () => this.render());
  }

  render() {
    const { workspace } = this.#app;
    const sessions = workspace.sessions();
    const current = workspace.current?.id;
    for (const id of this.#tabs.keys()) {
      if (!workspace.session(id)) this.#tabs.delete(id);
    }
    setChildren(this.#list, sessions.map((session) => this.#update(session, session.id === current).element));
  }

  async rename(id) {
    const tab = this.#tabs.get(id);
    if (!tab) return;
    const { workspace } = this.#app;
    const before = document.activeElement;
    const { editInPlace } = await import("./inline-edit.js");
    const name = await editInPlace(tab.button, workspace.session(id).name, {
      name: "Name of the session",
      back: () => (before?.isConnected && before !== document.body ? before : tab.button).focus(),
    });
    if (name) await workspace.renameSession(id, name);
  }

  #update(session, isCurrent) {
    if (!this.#tabs.has(session.id)) this.#tabs.set(session.id, this.#create(session.id));
    const tab = this.#tabs.get(session.id);
    const name = session.name || session.id;
    const marks = this.#marksOf(session);
    setText(tab.name, name);
    setText(tab.count, session.panes.length > 1 ? String(session.panes.length) : "");
    setAttribute(tab.button, "aria-current", isCurrent ? "page" : null);
    setText(tab.more, moreOf(session.panes.length, marks));
    setAttribute(tab.close, "aria-label", `Close session ${name}`);
    tab.element.classList.toggle("has-bell", marks.bell);
    tab.element.classList.toggle("has-activity", marks.activity);
    if (isCurrent && !tab.element.classList.contains("is-current")) {
      requestAnimationFrame(() => tab.element.scrollIntoView?.({ block: "nearest", inline: "nearest" }));
    }
    tab.element.classList.toggle("is-current", isCurrent);
    return tab;
  }

  #marksOf(session) {
    const marks = { bell: false, activity: false };
    for (const id of session.panes) {
      const { bell, activity } = this.#app.marks.of(terminalOf(this.#app.workspace.pane(id)));
      marks.bell ||= bell;
      marks.activity ||= activity;
    }
    return marks;
  }

  #create(id) {
    const name = h("span", { class: "tab-name" });
    const count = h("span", { class: "tab-count" });
    const more = h("span", { class: "visually-hidden" });
    const mark = h("span", { class: "tab-mark", "aria-hidden": "true" });
    const button = h("button", {
      type: "button",
      class: "tab",
      title: "Double click or F2 to rename, drag to reorder",
      on: {
        click: (event) => this.#show(event, id),
        dblclick: () => void this.rename(id),
        keydown: (event) => this.#key(event, id),
        pointerdown: (event) => this.#drag(event, id),
      },
    }, mark, name, " ", count, more);
    const closeSession = () => void this.#app.commands.closeSession(id);
    const close = iconButton("close", "Close the session", closeSession, { class: "tab-close" });
    const element = h("li", { class: "tab-item", data: { session: id } }, button, close);
    return { element, button, close, name, count, more };
  }

  // A click of the mouse goes on to the pane, where the user wants to type. With the keyboard the focus stays here, and
  // on a phone the keyboard of the screen stays away.
  #show(event, id) {
    const { workspace, narrow } = this.#app;
    workspace.show(id);
    const pane = workspace.focusedPane;
    if (event.detail > 0 && !narrow.matches && pane) workspace.reveal(pane.id);
  }

  #key(event, id) {
    if (event.key === "F2") void this.rename(id);
    else if (event.key === "Delete") void this.#app.commands.closeSession(id);
    else return;
    event.preventDefault();
  }

  #drag(event, id) {
    if (event.button !== 0) return;
    const startX = event.clientX;
    let before;
    const mark = (target, isAfter) => {
      for (const { element } of this.#tabs.values()) element.classList.remove("drop-before", "drop-after");
      target?.classList.add(isAfter ? "drop-after" : "drop-before");
    };
    const move = (now) => {
      if (Math.abs(now.clientX - startX) < THRESHOLD_PX && before === undefined) return;
      const items = [...this.#list.children].filter((item) => item.dataset.session !== id);
      const next = items.find((item) => now.clientX < middle(item));
      before = next?.dataset.session ?? null;
      mark(next ?? items.at(-1), !next);
    };
    const end = (isDropped) => {
      mark(null);
      if (isDropped && before !== undefined) void this.#app.workspace.moveSession(id, before);
    };
    followPointer(event, { move, end });
  }
}

// What a screen reader says after the name and the number of panes, which is shown only if there are several.
function moreOf(count, { bell, activity }) {
  const panes = count > 1 ? " panes" : `, ${plural(count, "pane")}`;
  return [panes, bell && "bell", activity && "activity"].filter(Boolean).join(", ");
}

function middle(item) {
  const { left, width } = item.getBoundingClientRect();
  return left + width / 2;
}

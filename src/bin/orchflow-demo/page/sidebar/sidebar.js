// The side bar: files, terminals, figures, notifications. Closed unless the user has opened it; what it
// shows is loaded then.

import { followPointer } from "../drag.js";
import { h, setAttribute } from "../dom.js";
import { iconButton } from "../icons.js";
import { OPEN_KEY } from "../later.js";
import { ofBrowser, ofTab } from "../storage.js";
import { loadStyle } from "../styles.js";

const WIDTH_KEY = "orchflow.sidebar.width";
const WIDTH_MIN = 200;
const WIDTH_MAX = 720;
const WIDTH = 280;
const STEP_PX = 16;

const views = [
  { name: "files", title: "Files", picture: "files", load: (app, host) => panel(app, host, "files", "FilesPanel") },
  { name: "terminals", title: "Terminals", picture: "terminal", load: async (app, host) => {
    const { TerminalsPanel } = await import("./terminals.js");
    return new TerminalsPanel(app, host);
  } },
  { name: "figures", title: "Figures", picture: "figures", load: (app, host) => panel(app, host, "figures", "FiguresPanel") },
  { name: "notifications", title: "Notifications", picture: "bell", load: async (app, host) => {
    const { NotificationsPanel } = await import("./notifications.js");
    return new NotificationsPanel(app, host);
  } },
];

async function panel({ client, health, viewActions }, host, part, name) {
  const [module] = await Promise.all([import(`../${part}/panel.js`), loadStyle(`/style/${part}.css`)]);
  return new module[name]({ client, health, host, actions: viewActions });
}

export class Sidebar {
  #app;
  #element;
  #tabs = new Map();
  #host = h("div", { class: "sidebar-body" });
  #title = h("h2", { class: "sidebar-title" });
  #shown = null;
  #panel = null;
  #last = "files";
  #edge;

  constructor(app, element) {
    this.#app = app;
    this.#element = element;
    for (const { name, title, picture } of views) {
      this.#tabs.set(name, iconButton(picture, title, () => void this.show(name)));
    }
    const close = iconButton("close", "Close the side bar", () => this.hide(), { class: "icon-button sidebar-close" });
    this.#edge = h("div", {
      class: "sidebar-edge",
      role: "separator",
      tabindex: "0",
      "aria-orientation": "vertical",
      "aria-label": "Width of the side bar",
      "aria-valuemin": WIDTH_MIN,
      "aria-valuemax": WIDTH_MAX,
      on: {
        pointerdown: (event) => this.#drag(event),
        keydown: (event) => this.#key(event),
        dblclick: () => this.#chooseWidth(WIDTH),
      },
    });
    const tabs = h("div", { class: "sidebar-tabs", role: "toolbar", "aria-label": "Views" }, [...this.#tabs.values()]);
    element.append(h("header", { class: "sidebar-head" }, this.#title, tabs, close), this.#host, this.#edge);
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && app.narrow.matches) this.hide();
    });
    this.#setWidth(Number(ofBrowser.get(WIDTH_KEY)) || WIDTH);
  }

  get shown() {
    return this.#shown;
  }

  // Shows a view, or hides the side bar if it shows that view already. Without a name: shows or hides it.
  toggle(name = this.#shown ?? this.#last) {
    if (this.#shown === name) this.hide();
    else void this.show(name);
  }

  async show(name, { takesFocus = true } = {}) {
    if (!this.#tabs.has(name)) return;
    this.#element.hidden = false;
    if (takesFocus) this.#tabs.get(name).focus();
    if (this.#shown !== name) await this.#load(name);
  }

  // The files that changed are a part of the view of files.
  async showChanges() {
    await this.show("files");
    this.#panel?.show("changes");
  }

  hide() {
    const hadFocus = this.#element.contains(document.activeElement);
    this.#drop();
    this.#shown = null;
    this.#element.hidden = true;
    ofTab.remove(OPEN_KEY);
    this.#changed();
    if (hadFocus) this.#app.focusPane(this.#app.workspace.focusedPane?.id);
  }

  #drop() {
    this.#panel?.dispose?.();
    this.#panel = null;
    this.#host.replaceChildren();
  }

  async #load(name) {
    this.#drop();
    this.#shown = this.#last = name;
    ofTab.set(OPEN_KEY, name);
    const view = views.find((each) => each.name === name);
    this.#title.textContent = view.title;
    setAttribute(this.#element, "aria-label", `Side bar: ${view.title}`);
    for (const [each, tab] of this.#tabs) setAttribute(tab, "aria-pressed", String(each === name));
    this.#changed();
    const isOwn = name === "terminals" || name === "notifications";
    const host = h("div", { class: isOwn ? "sidebar-view is-padded" : "sidebar-view" });
    this.#host.append(host);
    try {
      const loaded = await view.load(this.#app, host);
      if (host.isConnected) this.#panel = loaded;
      else loaded.dispose?.();
    } catch (error) {
      host.replaceChildren(h("p", { class: "empty-note" }, `This view cannot be shown: ${error.message}`));
    }
  }

  #changed() {
    this.#app.tools.render();
  }

  #setWidth(width) {
    const chosen = Math.round(Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, width)));
    this.#element.style.setProperty("--sidebar-width", `${chosen}px`);
    setAttribute(this.#edge, "aria-valuenow", chosen);
    return chosen;
  }

  // Also for the next time.
  #chooseWidth(width) {
    ofBrowser.set(WIDTH_KEY, String(this.#setWidth(width)));
  }

  #key(event) {
    const width = this.#element.offsetWidth;
    if (event.key === "ArrowLeft") this.#chooseWidth(width - STEP_PX);
    else if (event.key === "ArrowRight") this.#chooseWidth(width + STEP_PX);
    else return;
    event.preventDefault();
  }

  #drag(event) {
    event.preventDefault();
    const { left } = this.#element.getBoundingClientRect();
    this.#edge.setPointerCapture(event.pointerId);
    followPointer(event, {
      move: (now) => this.#setWidth(now.clientX - left),
      end: () => this.#chooseWidth(this.#element.offsetWidth),
    });
  }
}

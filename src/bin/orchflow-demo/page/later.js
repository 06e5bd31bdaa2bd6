// What is loaded later than the first paint: the view of terminals, which comes while the connection is made. Later than
// the first screen: the side bar, what is done about notices, the keys for phones. Once the page has nothing else to do,
// it loads the rest of the small parts, so that they are there without a connection, too.

// After the start, the first screens have the connection for themselves.
const START_MS = 2000;

import { ofTab } from "./storage.js";

export const OPEN_KEY = "orchflow.sidebar";

export function loadLater(app, byId) {
  let sidebar = null;
  app.loadSidebar = () => {
    sidebar ??= import("./sidebar/sidebar.js").then(({ Sidebar }) => {
      app.sidebar = new Sidebar(app, byId("sidebar"));
      return app.sidebar;
    });
    return sidebar;
  };
  app.client.on("notice", (message) => void handleNotice(app, message));
  loadKeyRow(app, byId("keyrow"));
  void reopenSidebar(app);
}

// The links in a template load nothing until they are in the document, here: once the page has painted.
export function preloadTerminals({ content }) {
  requestAnimationFrame(() => setTimeout(() => document.head.append(content)));
}

async function reopenSidebar(app) {
  const open = ofTab.get(OPEN_KEY);
  if (open === null || app.narrow.matches) return;
  const sidebar = await app.loadSidebar();
  await sidebar.show(open, { takesFocus: false });
}

async function handleNotice(app, message) {
  const { Notices } = await import("./notices.js");
  app.notices ??= new Notices(app);
  app.notices.handle(message);
}

// A finger for a pointer, or a narrow screen: there may be no keyboard but that of the screen.
function loadKeyRow(app, element) {
  const coarse = matchMedia("(pointer: coarse)");
  const load = async () => {
    if (app.keyrow !== null || !(coarse.matches || app.narrow.matches)) return;
    const { KeyRow } = await import("./phone/keyrow.js");
    app.keyrow ??= new KeyRow(app, element, coarse);
  };
  coarse.addEventListener("change", load);
  app.narrow.addEventListener("change", load);
  void load();
}

export function loadWhenIdle(app) {
  const whenIdle = globalThis.requestIdleCallback ?? ((callback) => callback());
  const load = async () => {
    const parts = [
      "./terminal/view.js", "./palette/palette.js", "./notices.js", "./sidebar/terminals.js", "./sidebar/notifications.js",
      "./dialogs/new-terminal.js", "./dialogs/settings.js", "./dialogs/token.js", "./inline-edit.js", "./layout/pane-drag.js",
    ];
    try {
      await Promise.all([app.commands.load(), app.loadSidebar(), ...parts.map((part) => import(part))]);
      // Files that change are listed from now on, also before the list is opened.
      const { collectChanges } = await import("./files/panel.js");
      collectChanges(app.client);
    } catch {
      // They are loaded when they are needed.
    }
  };
  setTimeout(() => whenIdle(load), START_MS);
}

// The entry of the page: makes the parts and connects them.

import { Client } from "/client/index.js";
import { takeAddress } from "./address.js";
import { Commands } from "./commands.js";
import { ConnectionView } from "./connection/connection.js";
import { announce } from "./dom.js";
import { CountedWebSocket } from "./figures/traffic.js";
import { EngineHealth } from "./health.js";
import { Keyboard } from "./keys/keyboard.js";
import { loadLater, loadWhenIdle, preloadTerminals } from "./later.js";
import { PaneArea } from "./layout/area.js";
import { Marks } from "./marks.js";
import { paneName, paneNote } from "./names.js";
import { NotificationLog } from "./notifications.js";
import { followViewport } from "./phone/viewport.js";
import { Settings, applySettings } from "./settings.js";
import { SessionTabs } from "./tabs.js";
import { Toasts } from "./toasts.js";
import { Tools } from "./tools.js";
import { Workspace, terminalOf } from "./workspace.js";

const NARROW = "(max-width: 640px)";
const notices = ["bell", "notification", "clipboard", "progress", "command"];

const byId = (id) => document.getElementById(id);

// What the views of terminals and files may ask of the page.
function viewActionsOf(app) {
  return {
    announce,
    openFile: (path, line) => void app.commands.openFile(path, line),
    openLink: async (uri) => (await import("./open-link.js")).openLink(app, uri),
    newTerminal: (cwd) => {
      const pane = app.workspace.focusedPane;
      void app.commands.startTerminal({ cwd, place: { session: pane?.session, target: pane?.id, edge: "right" } });
    },
    typePath: (path) => void typePath(app, path),
    toast: (text) => app.toasts.show(text),
    confirm: async ({ title, text, action }) => (await import("./dialogs/dialog.js")).ask(title, text, { confirm: action }),
  };
}

// Types a path as one word for a shell into the terminal in use.
async function typePath({ client, workspace, focusPane }, path) {
  const { focusedTerminal, focusedPane } = workspace;
  if (focusedTerminal === null) return;
  const { shellWord } = await import("./files/names.js");
  client.input(focusedTerminal, `${shellWord(path)} `);
  focusPane(focusedPane.id);
}

// The title of the window says where the user is, and that a bell has rung.
function followTitle(app) {
  const update = () => {
    const { workspace, marks } = app;
    const pane = workspace.focusedPane;
    const terminal = workspace.terminal(terminalOf(pane));
    const names = pane ? [paneName(pane, terminal), pane.title && paneNote(pane, terminal)] : [];
    const hasBell = [...workspace.client.state.terminals.keys()].some((id) => marks.of(id).bell);
    const title = [...names, workspace.current?.name, "OrchFlow"].filter(Boolean).join(" – ");
    document.title = hasBell ? `• ${title}` : title;
  };
  app.workspace.addEventListener("change", update);
}

// An address that is entered while the page is open only changes the fragment: its token is taken, too.
function followAddress(app) {
  addEventListener("hashchange", () => {
    const before = app.address;
    app.address = takeAddress();
    if (app.address.url !== before.url) location.reload();
    else if (app.address.isGiven) void app.connection.useToken(app.address.token);
  });
}

// What the user looks at is seen.
function followFocus(app) {
  const seen = () => {
    const { focusedTerminal } = app.workspace;
    const isLooking = document.visibilityState === "visible" && document.hasFocus();
    if (focusedTerminal !== null && isLooking) app.marks.seen(focusedTerminal);
  };
  addEventListener("focus", seen);
  app.workspace.addEventListener("change", seen);
  app.workspace.addEventListener("change", () => app.marks.keep(app.client.state.terminals));
  app.marks.addEventListener("change", () => app.workspace.changed());
}

// The first pane gets the focus once it is there.
function focusFirst(app) {
  const focus = () => {
    const pane = app.workspace.focusedPane;
    if (!pane) return;
    app.workspace.removeEventListener("change", focus);
    if (document.activeElement === document.body && !document.querySelector("dialog[open]")) app.workspace.reveal(pane.id);
  };
  app.workspace.addEventListener("change", focus);
}

function main() {
  const address = takeAddress();
  const { url, token } = address;
  const app = { address, narrow: matchMedia(NARROW), sidebar: null, keyrow: null, notices: null };
  app.settings = new Settings();
  app.log = new NotificationLog();
  app.marks = new Marks();
  applySettings(app.settings);
  followViewport();
  app.toasts = new Toasts(byId("toasts"), app.log);
  app.client = new Client({
    url, token, name: "orchflow page", notices, compress: "DecompressionStream" in globalThis, WebSocket: CountedWebSocket,
  });
  app.health = new EngineHealth(app.client, (text) => app.toasts.show(text));
  app.workspace = new Workspace(app.client, (text) => app.toasts.error(text));
  app.viewActions = viewActionsOf(app);
  app.openPalette = async (scope) => (await import("./palette/palette.js")).openPalette(app, scope);
  app.focusPane = (id) => id && app.area.view(id)?.focus();
  app.commands = new Commands(app);
  app.keyboard = new Keyboard(app.commands);
  app.tabs = new SessionTabs(app, byId("sessions"));
  app.area = new PaneArea(app, byId("panes"));
  app.connection = new ConnectionView(app, byId("banner"));
  app.tools = new Tools(app, byId("tools"));
  loadLater(app, byId);
  followAddress(app);
  followFocus(app);
  followTitle(app);
  focusFirst(app);
  app.workspace.changed();
  void app.connection.start(token).then(() => loadWhenIdle(app));
  preloadTerminals(byId("terminals"));
}

main();

// What each action of keys/actions.js does. Loaded with the first action.

import { fromBytes } from "/client/index.js";
import { announce } from "../dom.js";
import { shareAddress } from "../address.js";
import * as trees from "../layout/tree.js";
import { joinPath, toBytes, toName } from "../files/names.js";
import { busyProgram, plural, shortId } from "../names.js";
import { Closing } from "./closing.js";

const STEP = 0.02;
const sides = { Left: "left", Right: "right", Up: "up", Down: "down" };

export class AllCommands {
  #app;
  #run;
  #closing;

  constructor(app) {
    this.#app = app;
    this.#closing = new Closing(app);
    this.#run = new Map(Object.entries({
      ...this.#general(),
      ...this.#ofTerminals(),
      ...this.#ofPanes(),
      ...this.#ofSessions(),
    }));
    for (const view of ["files", "terminals", "figures", "notifications"]) {
      this.#run.set(`sidebar.${view}`, () => this.#sidebar("toggle", view));
    }
  }

  run(id) {
    void this.#run.get(id)?.();
  }

  // Starts a terminal; a failure is shown, not thrown.
  async startTerminal(options) {
    try {
      return await this.#app.workspace.startTerminal(options);
    } catch (error) {
      this.#app.toasts.error(`The terminal was not started: ${error.message}`);
      return null;
    }
  }

  closeSession(id) {
    return this.#closing.session(id);
  }

  closeTerminal(id) {
    return this.#closing.terminal(id);
  }

  // Shows a file in a pane: in one of the session that shows a file already, else to the right of the pane in use.
  async openFile(path, line) {
    const { workspace } = this.#app;
    const session = workspace.current;
    const focused = workspace.focusedPane;
    const file = absolute(path, workspace.terminal(workspace.focusedTerminal)?.cwd);
    const metadata = line ? { line: String(line) } : {};
    const shown = session?.panes.map((id) => workspace.pane(id)).find((pane) => pane?.content?.file !== undefined);
    if (shown) {
      if (await workspace.changePane(shown.id, { content: { file }, metadata })) workspace.reveal(shown.id);
      return;
    }
    const id = shortId("file", (each) => workspace.pane(each));
    const place = { session: session?.id ?? (await workspace.newSession()), target: focused?.id, edge: "right" };
    if (await workspace.addPane({ id, content: { file }, metadata }, place)) workspace.reveal(id);
  }

  #general() {
    const app = this.#app;
    return {
      palette: () => app.openPalette(),
      help: async () => (await import("../dialogs/help.js")).showHelp(),
      settings: async () => (await import("../dialogs/settings.js")).showSettings(app.settings),
      leave: () => app.area.view(app.workspace.focusedPane?.id)?.header.focus(),
      passKey: () => {
        app.keyboard.passNext();
        announce("The next key goes to the terminal");
      },
      copyAddress: () => this.#copyAddress(),
      reconnect: () => app.connection.reconnect(),
      enterToken: () => app.connection.askToken("Enter another token."),
      "sidebar.toggle": () => this.#sidebar("toggle"),
      "sidebar.changes": () => this.#sidebar("showChanges"),
    };
  }

  async #sidebar(method, ...values) {
    const sidebar = await this.#app.loadSidebar();
    await sidebar[method](...values);
  }

  async #copyAddress() {
    try {
      await navigator.clipboard.writeText(shareAddress());
      this.#app.toasts.show("The address was copied. It contains the token: whoever has it can type into the terminals.");
    } catch {
      (await import("../dialogs/dialog.js")).tell("The address of this page", shareAddress());
    }
  }

  #ofTerminals() {
    const app = this.#app;
    const view = () => app.area.terminalView(app.workspace.focusedPane?.id);
    const terminal = () => app.workspace.focusedTerminal;
    return {
      "terminal.new": async () => (await import("../dialogs/new-terminal.js")).newTerminal(app),
      "terminal.copy": () => view()?.copy(),
      "terminal.paste": () => view()?.paste(),
      "terminal.find": () => view()?.find.open(),
      "terminal.end": () => view()?.scrollToEnd(),
      "terminal.clear": () => view()?.clear(),
      "terminal.interrupt": () => this.#try(() => app.client.interrupt(terminal())),
      "terminal.restart": () => this.#restart(),
    };
  }

  async #try(operation) {
    try {
      await operation();
    } catch (error) {
      this.#app.toasts.error(error.message);
    }
  }

  async #restart() {
    const { workspace } = this.#app;
    const pane = workspace.focusedPane;
    const old = workspace.terminal(workspace.focusedTerminal);
    const isThere = workspace.stillThere();
    if (busyProgram(old) && !(await this.#closing.confirm([old], "Start a new terminal in this pane?"))) return;
    if (!isThere() || !workspace.pane(pane.id)) return;
    const place = { session: workspace.pane(pane.id).session, replace: pane.id };
    const started = await this.startTerminal({ near: old?.cwd, place });
    if (started !== null && old && isThere()) await this.#try(() => this.#app.client.closeTerminal(old.id));
  }

  #ofPanes() {
    const app = this.#app;
    const { workspace } = app;
    const commands = {
      "pane.menu": () => app.openPalette("pane"),
      "pane.splitRight": () => this.#split("right"),
      "pane.splitDown": () => this.#split("down"),
      "pane.close": () => this.#closing.pane(workspace.focusedPane.id),
      "pane.detach": () => this.#closing.detach(workspace.focusedPane.id),
      "pane.zoom": () => workspace.toggleZoom(workspace.focusedPane.id),
      "pane.rename": () => app.area.view(workspace.focusedPane.id)?.header.rename(),
      "pane.move": () => app.openPalette("move"),
      "pane.even": () => workspace.changeTree(workspace.current.id, trees.evenAll),
    };
    for (const [side, edge] of Object.entries(sides)) {
      commands[`pane.focus${side}`] = () => this.#toNeighbour(edge, (id) => workspace.reveal(id));
      commands[`pane.swap${side}`] = () => this.#toNeighbour(edge, (id, own, session) =>
        void workspace.changeTree(session, (tree) => trees.swap(tree, own, id)));
      commands[`pane.edge${side}`] = () => {
        const { id, session } = workspace.focusedPane;
        void workspace.changeTree(session, (tree) => trees.moveToEdge(tree, id, edge));
      };
      commands[`pane.resize${side}`] = () => {
        const { id, session } = workspace.focusedPane;
        workspace.adjust(session, (tree) => trees.resizePane(tree, id, edge, STEP));
      };
    }
    return commands;
  }

  #toNeighbour(edge, then) {
    const { workspace } = this.#app;
    const { id, session } = workspace.focusedPane;
    const next = trees.neighbour(workspace.tree(workspace.current), id, edge);
    if (next !== null) then(next, id, session);
  }

  // A new terminal beside the pane in use, in the directory of its terminal.
  #split(edge) {
    const { workspace } = this.#app;
    const pane = workspace.focusedPane;
    const near = workspace.terminal(workspace.focusedTerminal)?.cwd;
    return this.startTerminal({ near, place: { session: pane?.session, target: pane?.id, edge } });
  }

  #ofSessions() {
    const { workspace } = this.#app;
    const step = (by) => {
      const sessions = workspace.sessions();
      const index = sessions.findIndex((each) => each.id === workspace.current.id);
      const next = sessions[(index + by + sessions.length) % sessions.length];
      workspace.show(next.id);
      announce(`Session ${next.name}, ${plural(next.panes.length, "pane")}`);
      const pane = workspace.focusedPane;
      if (pane) workspace.reveal(pane.id);
    };
    const move = (by) => {
      const sessions = workspace.sessions();
      const { id } = workspace.current;
      const index = sessions.findIndex((each) => each.id === id);
      const to = index + by;
      if (to < 0 || to >= sessions.length) return;
      const before = by < 0 ? sessions[to].id : (sessions[to + 1]?.id ?? null);
      void workspace.moveSession(id, before);
    };
    return {
      "session.new": () => this.#newSession(),
      "session.rename": () => this.#app.tabs.rename(workspace.current.id),
      "session.close": () => this.#closing.session(workspace.current.id),
      "session.next": () => step(1),
      "session.previous": () => step(-1),
      "session.moveLeft": () => move(-1),
      "session.moveRight": () => move(1),
    };
  }

  // A session without a terminal is of no use, so it begins with one.
  async #newSession() {
    const { workspace } = this.#app;
    const near = workspace.terminal(workspace.focusedTerminal)?.cwd;
    const session = await workspace.newSession();
    if (session) await this.startTerminal({ near, place: { session } });
  }
}

// A path, in any form in which bytes are held, as the state has it.
function absolute(path, cwd) {
  const name = toName(path);
  const isAbsolute = toBytes(name)[0] === 0x2f;
  return fromBytes(isAbsolute || !cwd ? name : joinPath(toName(cwd), name));
}

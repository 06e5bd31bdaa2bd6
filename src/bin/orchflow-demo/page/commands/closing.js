// Closing of panes, sessions and terminals. What only waits for input is closed at once and can be taken back for a
// while: until then its terminals run on. What is busy is asked about first.

import { busyProgram, paneName, terminalName } from "../names.js";
import * as trees from "../layout/tree.js";
import { terminalOf } from "../workspace.js";

const UNDO_MS = 8000;

export class Closing {
  #app;

  constructor(app) {
    this.#app = app;
  }

  async pane(id) {
    const { workspace } = this.#app;
    const pane = workspace.pane(id);
    const terminal = workspace.terminal(terminalOf(pane));
    const name = paneName(pane, terminal);
    const isThere = workspace.stillThere();
    if (busyProgram(terminal) && !(await this.confirm([terminal], `Close "${name}"?`))) return;
    // Somebody else may have closed it while the question was open, or moved it.
    const now = isThere() ? workspace.pane(id) : null;
    if (!now || terminalOf(now) !== terminalOf(pane)) return;
    const saved = this.#saved(now.session);
    const next = this.#nextTo(now);
    if (!(await workspace.removePane(id))) return;
    this.#focusNext(next);
    const undo = () => this.#putBack(saved, [now]);
    this.#offerUndo(`"${name}" was closed.`, undo, this.#onlyHere([terminal]));
  }

  // Closes a pane; its terminal runs on without one.
  async detach(id) {
    const { workspace } = this.#app;
    const pane = workspace.pane(id);
    const next = this.#nextTo(pane);
    const saved = this.#saved(pane.session);
    if (!(await workspace.removePane(id))) return;
    this.#focusNext(next);
    const isThere = workspace.stillThere();
    const undo = () => (isThere() ? void this.#putBack(saved, [pane]) : this.#tooLate());
    const actions = [{ label: "Undo", run: undo }];
    this.#app.toasts.show("The pane was closed. Its terminal runs on; it is listed under Terminals.", { actions, ms: UNDO_MS });
  }

  async session(id) {
    const { workspace } = this.#app;
    const isThere = workspace.stillThere();
    const partsOf = (session) => {
      const panes = session.panes.map((each) => workspace.pane(each)).filter(Boolean);
      return { panes, terminals: panes.map((pane) => workspace.terminal(terminalOf(pane))).filter(Boolean) };
    };
    const asked = new Set();
    let session = workspace.session(id);
    // What has come into the session while the question was open is asked about, too.
    for (let busy; ;) {
      busy = session ? partsOf(session).terminals.filter((each) => busyProgram(each) && !asked.has(each.id)) : [];
      if (busy.length === 0) break;
      if (!(await this.confirm(busy, `Close the session "${session.name}"?`))) return;
      for (const each of busy) asked.add(each.id);
      session = isThere() ? workspace.session(id) : null;
    }
    if (!session) return;
    const { panes, terminals } = partsOf(session);
    const saved = this.#saved(id);
    if (!(await workspace.removeSession(id))) return;
    const undo = () => this.#putBack(saved, panes);
    this.#offerUndo(`The session "${session.name}" was closed.`, undo, this.#onlyHere(terminals));
  }

  // Closes a terminal that no pane shows.
  async terminal(id) {
    const { workspace, client, toasts } = this.#app;
    const terminal = workspace.terminal(id);
    const isThere = workspace.stillThere();
    if (busyProgram(terminal) && !(await this.confirm([terminal], `Close "${terminalName(terminal)}"?`))) return;
    if (!isThere() || !workspace.terminal(id)) return;
    await client.closeTerminal(id).catch((error) => toasts.error(error.message));
  }

  // Asks before programs are ended.
  async confirm(terminals, title) {
    const { ask } = await import("../dialogs/dialog.js");
    const programs = terminals.map((each) => {
      const [program, name] = [busyProgram(each), terminalName(each)];
      return program === name ? program : `${program} (${name})`;
    });
    const list = programs.length === 1 ? programs[0] : `${programs.slice(0, -1).join(", ")} and ${programs.at(-1)}`;
    return ask(title, `${list} will be ended.`, { confirm: "Close", isDangerous: true });
  }

  // The terminals that no other pane shows; called once the panes are gone.
  #onlyHere(terminals) {
    return terminals.filter((each) => each && this.#app.workspace.paneOf(each.id) === null);
  }

  #saved(sessionId) {
    const { workspace } = this.#app;
    const session = workspace.session(sessionId);
    return { session, tree: workspace.tree(session) };
  }

  // The pane that gets the focus when this one goes.
  #nextTo(pane) {
    const { workspace } = this.#app;
    const open = trees.leaves(workspace.tree(workspace.session(pane.session)));
    const index = open.indexOf(pane.id);
    return open[index + 1] ?? open[index - 1] ?? null;
  }

  #focusNext(next) {
    if (next) this.#app.workspace.reveal(next);
    else this.#app.area.focusEmpty();
  }

  #offerUndo(text, undo, terminals) {
    const { client, toasts, workspace } = this.#app;
    const ids = terminals.map(({ id }) => id);
    const isThere = workspace.stillThere();
    const close = () => {
      workspace.setLeaving(ids, false);
      if (!isThere()) return;
      for (const id of ids) {
        // Somebody may have shown it elsewhere meanwhile.
        if (workspace.terminal(id) && workspace.paneOf(id) === null) client.closeTerminal(id).catch(() => {});
      }
    };
    const takeBack = () => {
      workspace.setLeaving(ids, false);
      if (isThere()) void undo();
      else this.#tooLate();
    };
    workspace.setLeaving(ids, true);
    toasts.show(text, { actions: [{ label: "Undo", run: takeBack }], ms: UNDO_MS, onGone: close });
  }

  #tooLate() {
    this.#app.toasts.show("This cannot be taken back: the engine was restarted since.");
  }

  // Puts panes back where they were, as far as their session still looks as it did.
  async #putBack({ session, tree }, panes) {
    const { workspace } = this.#app;
    const isDone = await workspace.restore(session, tree, panes);
    if (isDone && panes.length > 0) workspace.reveal(panes[0].id);
  }
}

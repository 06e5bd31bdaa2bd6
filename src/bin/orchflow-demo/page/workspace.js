// What the page does with sessions, panes and terminals. Everything that two browsers share is in the engine's state;
// here are only the choices of this browser: the current session, the pane in use, the zoomed pane.
//
// Fires `change` when something to be shown has changed, `reveal` when a pane is to get the focus.

import { Intentions, orderOf, putPane, putSession, sorted } from "./intentions.js";
import { Adjustments } from "./layout/adjustments.js";
import * as trees from "./layout/tree.js";
import { shortId } from "./names.js";
import { ofTab } from "./storage.js";

const CURRENT_KEY = "orchflow.session";
// The pane in use is a hint for other clients: it is written once it has stayed the same for this long.
const ACTIVE_MS = 1500;

export class Workspace extends EventTarget {
  #intentions;
  #focused = new Map();
  #zoomed = new Map();
  #parsed = new WeakMap();
  #adjustments = new Adjustments(this);
  // While a terminal is being started: the panes before that. Its pane appears with its place, not before it.
  #before = null;
  #current = ofTab.get(CURRENT_KEY);
  #leaving = new Set();
  #queued = false;
  #activeTimer = null;

  constructor(client, onRefused) {
    super();
    this.client = client;
    this.#intentions = new Intentions(client, onRefused);
    client.state.subscribe(() => this.changed());
  }

  // Tells the views, once for all that happens in this turn.
  changed() {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.dispatchEvent(new Event("change"));
    });
  }

  get isLoaded() {
    return this.client.state.version !== null && this.client.state.version !== undefined;
  }

  // A function that says whether ids still name what they name now: after a restart of the engine they name others.
  stillThere() {
    const { state } = this.client;
    const epoch = state.version?.epoch;
    return () => state.version?.epoch === epoch && (this.client.welcome?.version.epoch ?? epoch) === epoch;
  }

  session(id) {
    return this.client.state.sessions.get(id);
  }

  pane(id) {
    return this.client.state.panes.get(id);
  }

  terminal(id) {
    return this.client.state.terminals.get(id);
  }

  // The sessions in the order of their tabs.
  sessions() {
    return sorted([...this.client.state.sessions.values()]);
  }

  get current() {
    const known = this.session(this.#current);
    return known ?? this.sessions()[0] ?? null;
  }

  show(session) {
    this.#current = session;
    ofTab.set(CURRENT_KEY, session);
    this.changed();
  }

  // The layout of a session, as it is shown.
  tree(session) {
    return this.#adjustments.apply(session.id, this.#sharedTree(session));
  }

  #sharedTree(session) {
    const { layout } = session.metadata;
    if (this.#before) return trees.parse(layout, session.panes.filter((id) => this.#before.has(id)));
    if (!this.#parsed.has(session)) this.#parsed.set(session, trees.parse(layout, session.panes));
    return this.#parsed.get(session);
  }

  get focusedPane() {
    const session = this.current;
    if (!session) return null;
    const open = trees.leaves(this.tree(session));
    const wanted = [this.#focused.get(session.id), session.metadata.active];
    const id = wanted.find((each) => open.includes(each)) ?? open[0];
    return id === undefined ? null : (this.pane(id) ?? null);
  }

  get focusedTerminal() {
    return terminalOf(this.focusedPane);
  }

  // Makes a pane the one in use, in its session.
  focus(id) {
    const pane = this.pane(id);
    if (!pane) return;
    const isNew = this.#focused.get(pane.session) !== id;
    this.#focused.set(pane.session, id);
    if (this.#zoomed.has(pane.session)) this.#zoomed.set(pane.session, id);
    if (!isNew) return;
    this.changed();
    clearTimeout(this.#activeTimer);
    this.#activeTimer = setTimeout(() => this.#writeActive(id), ACTIVE_MS);
  }

  #writeActive(id) {
    const manages = this.client.status === "open" && this.client.welcome.scopes.includes("manage");
    const pane = this.pane(id);
    const session = pane && this.session(pane.session);
    if (!manages || !session || session.panes.length < 2 || session.metadata.active === id) return;
    void this.intend((view) => {
      const now = view.session(session.id);
      return now ? [putSession(now, { metadata: { ...now.metadata, active: id } })] : [];
    });
  }

  // Shows a pane wherever it is.
  reveal(id) {
    const pane = this.pane(id);
    if (!pane) return;
    this.focus(id);
    this.show(pane.session);
    this.dispatchEvent(new CustomEvent("reveal", { detail: { pane: id } }));
  }

  get zoomed() {
    const session = this.current;
    const id = session && this.#zoomed.get(session.id);
    return id && trees.leaves(this.tree(session)).includes(id) ? id : null;
  }

  toggleZoom(id) {
    const { session } = this.pane(id);
    if (this.#zoomed.has(session)) this.#zoomed.delete(session);
    else this.#zoomed.set(session, id);
    this.focus(id);
    this.changed();
  }

  // The pane that shows a terminal.
  paneOf(terminal) {
    for (const pane of this.client.state.panes.values()) {
      if (terminalOf(pane) === terminal) return pane;
    }
    return null;
  }

  // The terminals that no pane shows, without those that are about to be closed.
  detached() {
    const shown = new Set([...this.client.state.panes.values()].map(terminalOf));
    const isLeft = ({ id, closing }) => !shown.has(id) && !closing && !this.#leaving.has(id);
    return [...this.client.state.terminals.values()].filter(isLeft);
  }

  // Terminals leave when their panes are closed and that can still be taken back.
  setLeaving(terminals, isLeaving) {
    for (const id of terminals) {
      if (isLeaving) this.#leaving.add(id);
      else this.#leaving.delete(id);
    }
    this.changed();
  }

  intend(build) {
    return this.#intentions.run(build);
  }

  // Changes the layout of a session by a function from tree to tree.
  changeTree(sessionId, change) {
    return this.intend((view) => {
      const session = view.session(sessionId);
      if (!session) return [];
      const before = trees.parse(session.metadata.layout, session.panes);
      const after = change(before);
      return after === before ? [] : [putSession(session, { tree: after })];
    });
  }

  // Changes the layout as part of something continuous, such as a drag: shown at once, shared a little later.
  adjust(sessionId, change) {
    this.#adjustments.add(sessionId, change);
  }

  // --- sessions

  async newSession(name) {
    const id = shortId("session", (each) => this.session(each));
    const last = this.sessions().at(-1);
    const order = last ? orderOf(last) + 1 : 0;
    const taken = new Set(this.sessions().map((each) => each.name));
    let number = this.sessions().length + 1;
    while (taken.has(`Session ${number}`)) number += 1;
    const session = { id, name: name ?? `Session ${number}`, panes: [], metadata: { order: String(order) } };
    const isDone = await this.intend(() => [{ change: { put_session: session } }]);
    if (isDone) this.show(id);
    return isDone ? id : null;
  }

  renameSession(id, name) {
    return this.intend((view) => {
      const session = view.session(id);
      return session && session.name !== name ? [putSession(session, { name })] : [];
    });
  }

  // Moves a tab so that it stands before another one, or last.
  moveSession(id, before) {
    return this.intend((view) => {
      const session = view.session(id);
      const others = view.sessions().filter((each) => each.id !== id);
      const index = before === null ? others.length : others.findIndex((each) => each.id === before);
      if (!session || index < 0) return [];
      const wanted = [...others.slice(0, index), session, ...others.slice(index)];
      return wanted.flatMap((each, order) =>
        each.metadata.order === String(order)
          ? []
          : [putSession(each, { metadata: { ...each.metadata, order: String(order) } })],
      );
    });
  }

  removeSession(id) {
    return this.intend((view) => {
      const session = view.session(id);
      return session ? [{ change: { remove_session: { id } } }] : [];
    });
  }

  // --- panes

  // Puts a pane into a session at a place: { target, edge } beside a pane, { replace } in place of one, or at the end.
  addPane(pane, place) {
    return this.intend((view) => {
      const session = view.session(place.session);
      if (!session) return [];
      const before = trees.parse(session.metadata.layout, session.panes.filter((each) => each !== pane.id));
      const tree = placed(before, pane.id, place);
      const gone = place.replace && view.pane(place.replace) ? place.replace : null;
      const panes = [...session.panes.filter((each) => each !== pane.id && each !== gone), pane.id];
      const known = view.pane(pane.id);
      const metadata = { ...known?.metadata, ...pane.metadata };
      // What takes the place of a pane has the name that the user gave to it.
      const title = known?.title || (gone && view.pane(gone).title) || "";
      return [
        { change: { put_pane: { ...pane, title, metadata, session: session.id } } },
        ...(gone ? [{ change: { remove_pane: { id: gone } } }] : []),
        putSession(session, { panes, tree }),
      ];
    });
  }

  removePane(id) {
    return this.intend((view) => {
      const pane = view.pane(id);
      const session = pane && view.session(pane.session);
      if (!session) return [];
      const tree = trees.remove(trees.parse(session.metadata.layout, session.panes), id);
      return [
        { change: { remove_pane: { id } } },
        putSession(session, { panes: session.panes.filter((each) => each !== id), tree }),
      ];
    });
  }

  // Puts back panes that were removed, and their session if that is gone, too. The tree is used if the session has
  // the same panes as then.
  restore(session, tree, panes) {
    return this.intend((view) => {
      const now = view.session(session.id);
      const ids = [...(now?.panes ?? []), ...panes.map((pane) => pane.id).filter((id) => !now?.panes.includes(id))];
      const isSame = trees.leaves(tree).toSorted().join() === ids.toSorted().join();
      const present = now ? trees.parse(now.metadata.layout, now.panes) : null;
      const grown = panes.reduce((each, pane) => trees.append(each, pane.id), present);
      const change = { panes: ids, tree: isSame ? tree : grown };
      const puts = panes.map((pane) => putPane(pane, {}));
      const put = putSession(now ?? session, change);
      // A pane needs its session first; a session names only panes that exist once all is applied.
      return [put, ...puts];
    });
  }

  changePane(id, changes) {
    return this.intend((view) => {
      const pane = view.pane(id);
      return pane ? [putPane(pane, changes)] : [];
    });
  }

  // Moves a pane beside another one, or to the end of another session.
  async movePane(id, place) {
    const from = this.pane(id)?.session;
    if (from === place.session) {
      return this.changeTree(from, (tree) => trees.move(tree, id, place.target, place.edge));
    }
    const isDone = await this.intend((view) => {
      const pane = view.pane(id);
      const source = pane && view.session(pane.session);
      const session = view.session(place.session);
      if (!source || !session) return [];
      const rest = trees.remove(trees.parse(source.metadata.layout, source.panes), id);
      const tree = placed(trees.parse(session.metadata.layout, session.panes), id, place);
      return [
        putPane(pane, { session: session.id }),
        putSession(source, { panes: source.panes.filter((each) => each !== id), tree: rest }),
        putSession(session, { panes: [...session.panes, id], tree }),
      ];
    });
    if (isDone) this.reveal(id);
    return isDone;
  }

  // --- terminals

  // Starts a program and shows it at a place. The directory is bytes or text, or null for that of the profile. `near` is
  // the directory of the terminal beside it, which is taken if the engine grants it.
  async startTerminal({ profile, cwd = null, near = null, place }) {
    const [first] = this.client.welcome?.profiles ?? [];
    const name = profile ?? first;
    this.#before ??= new Set(this.client.state.panes.keys());
    try {
      const terminal = await this.client.spawn({ profile: name, cwd: cwd ?? near }).catch((error) => {
        if (cwd !== null || near === null) throw error;
        return this.client.spawn({ profile: name, cwd: null });
      });
      return await this.showTerminal(terminal, place);
    } finally {
      this.#before = null;
      this.changed();
    }
  }

  // Shows a terminal that no pane of interest shows yet. Its pane has the name that hosts give to such panes.
  async showTerminal(terminal, place) {
    const id = `terminal-${terminal}`;
    const target = { ...place, session: place?.session ?? (await this.#someSession()) };
    const isDone = await this.addPane({ id, content: { terminal } }, target);
    this.#before = null;
    if (isDone) this.reveal(id);
    return isDone ? terminal : null;
  }

  async #someSession() {
    return this.current?.id ?? (await this.newSession());
  }
}

export function terminalOf(pane) {
  return pane?.content?.terminal ?? null;
}

function placed(tree, id, { target, edge, replace }) {
  if (replace) {
    const open = trees.leaves(tree);
    return open.includes(replace) ? trees.replace(tree, replace, id) : trees.append(tree, id);
  }
  return target ? trees.insert(tree, target, edge, id) : trees.append(tree, id);
}

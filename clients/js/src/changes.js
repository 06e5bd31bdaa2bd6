// What a change does to sessions and panes, as the server carries it out (docs/PROTOCOL.md, "Changes").

/** The name of the change of an operation, and its fields. */
export const partsOf = (op) => Object.entries(op.change)[0];

const collectionOf = (name) => (name.endsWith("session") ? "sessions" : "panes");

/** The collection, the id and the version of the entry that an operation names; the version is 0 if there is none. */
export function target(op, view) {
  const [name, { id }] = partsOf(op);
  const collection = collectionOf(name);
  return { collection, id, version: view[collection].get(id)?.version ?? 0 };
}

/** Sessions and panes on top of others: what is put here hides what is below. */
class Draft {
  constructor(below) {
    this.sessions = new Map(below.sessions);
    this.panes = new Map(below.panes);
    this.joined = [];
  }

  setPanes(id, panes) {
    const session = this.sessions.get(id);
    if (session) this.sessions.set(id, { ...session, panes });
  }

  leave(pane) {
    const panes = this.sessions.get(pane.session)?.panes;
    if (panes?.includes(pane.id)) this.setPanes(pane.session, panes.filter((id) => id !== pane.id));
  }

  put_session({ id, name, panes, metadata }) {
    const old = this.sessions.get(id);
    const kept = old ? old.panes.filter((pane) => !panes.includes(pane)) : [];
    this.sessions.set(id, { id, version: old?.version ?? 0, name, panes: [...panes, ...kept], metadata });
  }

  remove_session({ id }) {
    for (const pane of this.panes.values()) if (pane.session === id) this.panes.delete(pane.id);
    this.sessions.delete(id);
  }

  put_pane({ id, session, title = "", content = "empty", metadata = {} }) {
    const old = this.panes.get(id);
    if (old?.session !== session) {
      if (old) this.leave(old);
      this.joined.push(id);
    }
    this.panes.set(id, { id, version: old?.version ?? 0, session, title, content, metadata });
  }

  remove_pane({ id }) {
    const pane = this.panes.get(id);
    if (!pane) return;
    this.leave(pane);
    this.panes.delete(id);
  }

  /** Panes that came to a session which does not list them are its last. */
  finish() {
    const isLast = (id, at) => this.joined.lastIndexOf(id) === at;
    for (const id of this.joined.filter(isLast)) {
      const pane = this.panes.get(id);
      const listed = pane && this.sessions.get(pane.session)?.panes;
      if (listed && !listed.includes(id)) this.setPanes(pane.session, [...listed, id]);
    }
  }
}

/** Sessions and panes as they are after the operations. */
export function apply(ops, below) {
  const draft = new Draft(below);
  for (const op of ops) {
    const [name, fields] = partsOf(op);
    draft[name](fields);
  }
  draft.finish();
  return { sessions: draft.sessions, panes: draft.panes };
}

/** The entries that operations change, those of their effects included, as `collection id`. */
export function touched(ops, view) {
  const keys = new Set();
  for (const op of ops) {
    const [name, fields] = partsOf(op);
    keys.add(`${collectionOf(name)} ${fields.id}`);
    if (name === "remove_session") {
      for (const pane of view.sessions.get(fields.id)?.panes ?? []) keys.add(`panes ${pane}`);
    } else if (name.endsWith("pane")) {
      for (const session of [view.panes.get(fields.id)?.session, fields.session]) {
        if (session !== undefined) keys.add(`sessions ${session}`);
      }
    }
  }
  return keys;
}

/** Whether the present entry is what an operation makes of it: `null` or none after a removal. */
export function hasEffect(op, entry) {
  const [name, fields] = partsOf(op);
  if (name.startsWith("remove")) return !entry;
  if (!entry) return false;
  const wanted = name === "put_pane" ? { title: "", content: "empty", metadata: {}, ...fields } : fields;
  // Whoever made the change from an entry may have left the entry's version in it.
  return Object.entries(wanted).every(([field, value]) => field === "version" || isEqual(value, entry[field]));
}

/** Compares values of JSON; the order of names in an object does not count. */
function isEqual(left, right) {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => isEqual(left[name], right[name]));
}

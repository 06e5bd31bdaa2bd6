// Changes of the shared state. An intention is a function from the state to operations: the client shows its effect at
// once, and if the state has changed underneath, calls it again with the state as it is then.

import { serialise } from "./layout/tree.js";

export class Intentions {
  #client;
  #onRefused;

  // `onRefused` gets a sentence for the user when an intention could not be carried out.
  constructor(client, onRefused) {
    this.#client = client;
    this.#onRefused = onRefused;
  }

  // Carries out an intention: `build(view)` gives the operations, none if there is nothing to do. Resolves with
  // whether it was carried out; it never rejects.
  async run(build) {
    try {
      const ops = (state) => build(viewOf(state));
      if (ops(this.#client.state).length > 0) await this.#client.change(ops);
      return true;
    } catch (error) {
      this.#onRefused(sentence(error));
      return false;
    }
  }
}

function sentence(error) {
  if (error.code === "conflict") return "Somebody else changes this at the same time. Nothing was changed here.";
  if (error.code === "forbidden") return "This token does not allow changes.";
  if (error.code === "disconnected") return "There is no connection. Nothing was changed.";
  return `The change failed: ${error.message}`;
}

function viewOf(state) {
  return {
    session: (id) => state.sessions.get(id),
    pane: (id) => state.panes.get(id),
    sessions: () => sorted([...state.sessions.values()]),
  };
}

// The operation that puts a session with some fields changed. `tree` goes into the metadata as its text. The client
// adds the version that the operation is based on.
export function putSession(session, { tree, ...changes }) {
  const { id, name, panes, metadata } = { ...session, ...changes };
  const put = { id, name, panes, metadata: { ...metadata } };
  if (tree !== undefined) {
    const text = serialise(tree);
    if (text === null) delete put.metadata.layout;
    else put.metadata.layout = text;
  }
  return { change: { put_session: put } };
}

export function putPane(pane, changes) {
  const { id, session, title, content, metadata } = { ...pane, ...changes };
  return { change: { put_pane: { id, session, title, content, metadata } } };
}

export function orderOf(session) {
  const order = Number(session.metadata.order ?? Number.NaN);
  return Number.isFinite(order) ? order : 0;
}

// By `order` of the metadata, then by id.
export function sorted(sessions) {
  return sessions.sort((a, b) => orderOf(a) - orderOf(b) || (a.id < b.id ? -1 : 1));
}

// The mirror of the server's state, with own changes that are not confirmed yet on top of it.
//
// A diff comes in parts. They are kept until the last one has arrived, so nobody sees a state between two versions
// and a connection that breaks in between leaves the complete one. A full diff fills fresh maps as its parts arrive.
//
// Maps of sessions, panes and terminals are never changed, only replaced; the map of files may hold very many
// entries and is changed in place. Entries are never changed, and one that is the same as before is the same object.

import { DigestSum, digest } from "./digest.js";
import { Emitter } from "./events.js";

export const COLLECTIONS = ["sessions", "panes", "terminals", "files"];
const SMALL = ["sessions", "panes", "terminals"];

const keyOf = (collection, entry) => (collection === "files" ? `${entry.watch}:${entry.id}` : entry.id);

/** The collection and the key of an entry that was removed. */
function removedKey(key) {
  const [kind, value] = Object.entries(key)[0];
  return kind === "file" ? ["files", keyOf("files", value)] : [`${kind}s`, value];
}

const emptyCopy = () => ({ ...Object.fromEntries(COLLECTIONS.map((name) => [name, new Map()])), sum: new DigestSum() });

function remove(copy, collection, key) {
  const old = copy[collection].get(key);
  if (old === undefined) return;
  copy.sum.subtract(digest(collection, old));
  copy[collection].delete(key);
}

function put(copy, collection, entry) {
  const key = keyOf(collection, entry);
  const old = copy[collection].get(key);
  if (old !== undefined) copy.sum.subtract(digest(collection, old));
  copy.sum.add(digest(collection, entry));
  copy[collection].set(key, entry);
}

function applyPart(copy, part) {
  for (const key of part.removed) remove(copy, ...removedKey(key));
  for (const name of COLLECTIONS) for (const entry of part[name]) put(copy, name, entry);
}

export class State {
  /** What the server has sent. */
  #confirmed = emptyCopy();
  /** The parts of a diff that is not complete; `copy` is what a full one has filled so far. */
  #partial = null;
  /** Sessions and panes with own changes on top; replaced by `setOverlay`. */
  #overlay = null;
  /** The last complete diff, until the listeners know of it. */
  #diff = null;
  #emitter = new Emitter();
  #computed = new WeakMap();
  #revision = 0;
  #filesRevision = 0;

  /** `{epoch, n}` of the last complete diff, `null` before the first. */
  version = null;

  get sessions() {
    return (this.#overlay ?? this.#confirmed).sessions;
  }

  get panes() {
    return (this.#overlay ?? this.#confirmed).panes;
  }

  get terminals() {
    return this.#confirmed.terminals;
  }

  get files() {
    return this.#confirmed.files;
  }

  /** Goes up with every change of anything. */
  get revision() {
    return this.#revision;
  }

  /** Goes up with every change of the files, whose map stays the same. */
  get filesRevision() {
    return this.#filesRevision;
  }

  /** The state without own changes that are not confirmed. */
  get confirmed() {
    return this.#confirmed;
  }

  /**
   * `subscribe(listener)` calls the listener after every change; `subscribe(selector, listener, {equals})` with
   * the new and the old value when that of the selector has changed. Returns a function that ends it.
   */
  subscribe = (selector, listener, { equals = Object.is } = {}) => {
    if (listener === undefined) return this.#emitter.on("change", selector);
    let value = selector(this);
    return this.#emitter.on("change", () => {
      const old = value;
      value = selector(this);
      if (!equals(old, value)) listener(value, old);
    });
  };

  /** The value of a selector, computed once for each state of the mirror. */
  get = (selector) => {
    const known = this.#computed.get(selector);
    if (known?.revision === this.#revision) return known.value;
    const value = selector(this);
    this.#computed.set(selector, { revision: this.#revision, value });
    return value;
  };

  /** Calls the listener after each complete diff, with all that was in it. */
  onChanges = (listener) => this.#emitter.on("diff", listener);

  /** The hash of the server's state as the mirror has it. */
  get hash() {
    return this.#confirmed.sum.toString();
  }

  /** Own changes have other effects now. For the client. */
  setOverlay(overlay) {
    this.#overlay = overlay;
  }

  /** The connection broke: what is not complete is forgotten. For the client. */
  dropPartial() {
    this.#partial = null;
  }

  /**
   * Takes a part of a diff. For the client.
   *
   * Returns "more", "complete", or "lost" if the part does not follow what the mirror has.
   */
  take(part) {
    if (part.full || this.#partial === null) this.#partial = this.#begin(part);
    const partial = this.#partial;
    if (!part.full && (part.epoch !== partial.epoch || part.from !== partial.to)) {
      this.#partial = null;
      return "lost";
    }
    partial.parts.push(part);
    partial.to = part.to;
    if (partial.copy) {
      this.#reuse(part);
      applyPart(partial.copy, part);
    }
    if (part.more) return "more";
    this.#partial = null;
    this.#complete(partial, part);
    return "complete";
  }

  #begin({ full, epoch }) {
    if (full) return { epoch, to: 0, parts: [], copy: emptyCopy() };
    return { epoch: this.version?.epoch, to: this.version?.n, parts: [], copy: null };
  }

  /** Puts the objects that the mirror has in place of equal ones. */
  #reuse(part) {
    if (this.version?.epoch !== part.epoch) return;
    for (const name of COLLECTIONS) {
      part[name] = part[name].map((entry) => {
        const old = this.#confirmed[name].get(keyOf(name, entry));
        return old?.version === entry.version ? old : entry;
      });
    }
  }

  #complete({ parts, copy }, { epoch, to }) {
    const diff = { full: copy !== null, removed: parts.flatMap((part) => part.removed) };
    for (const name of COLLECTIONS) diff[name] = parts.flatMap((part) => part[name]);
    const removedFrom = new Set(diff.removed.map((key) => removedKey(key)[0]));
    const has = (name) => diff.full || diff[name].length > 0 || removedFrom.has(name);
    if (has("files")) this.#filesRevision++;
    if (copy) {
      this.#confirmed = copy;
    } else {
      for (const name of SMALL) if (has(name)) this.#confirmed[name] = new Map(this.#confirmed[name]);
      for (const part of parts) applyPart(this.#confirmed, part);
    }
    this.version = { epoch, n: to };
    this.#diff = diff;
  }

  /** Calls the listeners. For the client. */
  notify() {
    this.#revision++;
    const diff = this.#diff;
    this.#diff = null;
    if (diff) this.#emitter.emit("diff", diff);
    this.#emitter.emit("change");
  }
}

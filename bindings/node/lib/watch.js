// A watch of an engine: a tree of files that equals the disk, and batches of what changes in it.

"use strict";

const { EventEmitter } = require("node:events");
const { EVENT, FILE_EVENT, FILE_TYPE, WATCH_PROBLEM, numberOf } = require("./names.js");

const FLAGS = {
  noGitignore: 1, gitDir: 2, noHidden: 4, followDevices: 8, noDebounce: 16, noSummaries: 32,
};

function watchOptions(roots, { kinds, ...options }) {
  let flags = 0;
  for (const [name, flag] of Object.entries(FLAGS)) if (options[name]) flags += flag;
  const since = Array.isArray(options.since) ? Buffer.concat(options.since) : options.since;
  let wanted = 0;
  for (const kind of kinds ?? []) wanted += 1 << numberOf(FILE_EVENT, kind, "kinds");
  return { ...options, since, roots: Array.isArray(roots) ? roots : [roots], flags, kinds: wanted };
}

function batchOf({ events, ...batch }) {
  for (const event of events) {
    event.kind = FILE_EVENT[event.kind];
    event.type = FILE_TYPE[event.type];
  }
  return { ...batch, events };
}

class Watch extends EventEmitter {
  #native;
  #hold;
  #removed;
  #isClosed = false;
  #syncs = new Map();
  #lastSync = 0;
  #resolveReady;

  constructor({ id, native, hold, removed }) {
    super();
    this.id = id;
    this.#native = native;
    this.#hold = hold;
    this.#removed = removed;
    /** Resolves once the tree has been read, or with `null` if the watch is closed before. */
    this.ready = new Promise((resolve) => { this.#resolveReady = resolve; });
    hold(this, true);
  }

  get isClosed() {
    return this.#isClosed;
  }

  /** Resolves once everything that happened to the files before this call has been reported. */
  sync() {
    const tag = ++this.#lastSync;
    this.#native.syncWatch(this.id, tag);
    return new Promise((resolve, reject) => this.#syncs.set(tag, { resolve, reject }));
  }

  /** What changed since `cursor`; everything without one. Call it again with the returned cursor while `more`. */
  changes(cursor, max = 0) {
    const changes = this.#native.watchChanges(this.id, cursor, max);
    for (const entry of changes.entries) entry.type = FILE_TYPE[entry.type];
    return changes;
  }

  /** All entries of the tree now. */
  entries() {
    const entries = new Map();
    let changes = { cursor: undefined, more: true };
    while (changes.more) {
      changes = this.changes(changes.cursor);
      for (const id of changes.removed) entries.delete(id);
      for (const entry of changes.entries) entries.set(entry.id, entry);
    }
    return [...entries.values()];
  }

  state() {
    const { problem, ...state } = this.#native.watchState(this.id);
    return { ...state, problem: WATCH_PROBLEM[problem] };
  }

  /** The tree as bytes, for `since` of a later watch. */
  save() {
    return Buffer.concat(this.#native.saveWatch(this.id));
  }

  close() {
    if (this.#isClosed) return;
    this.#native.removeWatch(this.id);
    this._destroyed();
  }

  ref() {
    if (!this.#isClosed) this.#hold(this, true);
    return this;
  }

  unref() {
    this.#hold(this, false);
    return this;
  }

  [Symbol.dispose]() {
    this.close();
  }

  _event(kind, value) {
    if (kind === EVENT.WATCH_BATCH) {
      this.emit("batch", batchOf(value));
    } else if (kind === EVENT.WATCH_READY) {
      this.#resolveReady(value);
      this.emit("ready", value);
    } else if (kind === EVENT.WATCH_SYNCED) {
      this.#syncs.get(value.tag)?.resolve(value.version);
      this.#syncs.delete(value.tag);
    } else if (kind === EVENT.WATCH_WARNING) {
      this.emit("warning", { problem: WATCH_PROBLEM[value.problem], path: value.path });
    }
  }

  _destroyed() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#removed();
    this.#hold(this, false);
    this.#resolveReady(null);
    for (const { reject } of this.#syncs.values()) reject(new Error("the watch is closed"));
    this.#syncs.clear();
    this.emit("close");
  }
}

module.exports = { Watch, watchOptions };

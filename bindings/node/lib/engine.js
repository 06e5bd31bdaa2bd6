// An engine on the loop of this thread: it makes terminals and watches, and brings each event to what it is about.
//
// An engine keeps the process alive as long as one of its terminals or watches does: a terminal until no program
// holds it any more or it is closed, a watch until it is closed; each has `unref`.

"use strict";

const { EventEmitter } = require("node:events");
const native = require("./native.js");
const { EVENT, HEALTH, LOG_LEVEL, PART } = require("./names.js");
const { Terminal, adoptOptions, spawnOptions } = require("./terminal.js");
const { Watch, watchOptions } = require("./watch.js");

const TEXT = { dump: 1, flightRecord: 2, metrics: 3 };
const DEFAULT_GRACE_MS = 1000;

function healthOf({ part, status, ...rest }) {
  return { part: PART[part], status: HEALTH[status], ...rest };
}

class Engine extends EventEmitter {
  #native;
  #terminals = new Map();
  #watches = new Map();
  /** What keeps the process alive. */
  #holders = new Set();
  #shutdown = null;
  #destroyed = false;

  constructor({ limits } = {}) {
    super();
    this.#native = new native.Engine(limits, (kind, source, value, reader, offset) => {
      this.#dispatch(kind, source, value, reader, offset);
    });
  }

  get destroyed() {
    return this.#destroyed;
  }

  get terminals() {
    return [...this.#terminals.values()];
  }

  get watches() {
    return [...this.#watches.values()];
  }

  spawn(file, args = [], options = {}) {
    return this.#addTerminal(this.#native.spawn(spawnOptions(file, args, options)), options, file);
  }

  adopt(fd, options = {}) {
    return this.#addTerminal(this.#native.adopt(fd, adoptOptions(options)), options, "");
  }

  watch(roots, options = {}) {
    const id = this.#native.addWatch(watchOptions(roots, options));
    const watch = new Watch({ id, native: this.#native, hold: this.#hold, removed: () => this.#watches.delete(id) });
    this.#watches.set(id, watch);
    return watch;
  }

  /** Types the same into many terminals; the ones that did not take it, with the code of the error. */
  writeMany(terminals, data) {
    const statuses = this.#native.writeMany(terminals.map(({ id }) => id), data);
    return terminals.flatMap((terminal, at) => (statuses[at] === "ORCH_OK" ? [] : [{ terminal, code: statuses[at] }]));
  }

  stats() {
    return this.#native.stats();
  }

  memory() {
    return this.#native.memory();
  }

  health() {
    const { status, parts } = this.#native.health();
    return { status: HEALTH[status], parts: parts.map(healthOf) };
  }

  /** What the engine says of itself: "dump", "flightRecord" or "metrics" (for Prometheus). */
  text(kind) {
    if (!Object.hasOwn(TEXT, kind)) throw new TypeError(`kind must be one of ${Object.keys(TEXT).join(", ")}`);
    return this.#native.text(TEXT[kind]);
  }

  /** Closes all terminals, waits for their ends, and destroys the engine. */
  shutdown(graceMs = DEFAULT_GRACE_MS) {
    if (this.#destroyed) return Promise.resolve();
    this.#native.shutdown(graceMs);
    if (!this.#shutdown) {
      this.#hold(this, true);
      this.#shutdown = Promise.withResolvers?.() ?? deferred();
    }
    return this.#shutdown.promise;
  }

  /** Ends at once what runs in the engine, and frees everything. */
  destroy() {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#native.destroy();
    const gone = [...this.#terminals.values(), ...this.#watches.values()];
    this.#terminals.clear();
    this.#watches.clear();
    this.#holders.clear();
    for (const one of gone) one._destroyed();
    this.#shutdown?.resolve();
    this.emit("close");
  }

  [Symbol.asyncDispose]() {
    return this.shutdown();
  }

  #addTerminal(id, options, file) {
    const terminal = new Terminal({ id, native: this.#native, hold: this.#hold, delivery: options.delivery, file, engine: this });
    this.#terminals.set(id, terminal);
    return terminal;
  }

  #hold = (holder, yes) => {
    const before = this.#holders.size > 0;
    if (yes) this.#holders.add(holder);
    else this.#holders.delete(holder);
    const now = this.#holders.size > 0;
    if (now !== before && !this.#destroyed) this.#native.setRef(now);
  };

  /** A program that is started again gets a terminal of its own. */
  #restarted(terminal, value) {
    if (value.terminal === 0) return null;
    return this.#addTerminal(value.terminal, { delivery: terminal.delivery }, terminal.file);
  }

  #dispatch(kind, source, value, reader, offset) {
    const terminal = this.#terminals.get(source);
    if (terminal && kind !== EVENT.HEALTH) {
      if (kind === EVENT.CLOSED) this.#terminals.delete(source);
      const next = kind === EVENT.RESTART ? this.#restarted(terminal, value) : null;
      terminal._event(kind, value, reader, offset, next);
      return;
    }
    const watch = this.#watches.get(source);
    if (watch && kind !== EVENT.HEALTH) watch._event(kind, value);
    else this.#own(kind, value);
  }

  #own(kind, value) {
    if (kind === EVENT.LOG) this.emit("log", { level: LOG_LEVEL[value.level], text: value.text });
    else if (kind === EVENT.SLOW_TURN) this.emit("slowTurn", value);
    else if (kind === EVENT.HEALTH) this.emit("health", healthOf(value));
    else if (kind === EVENT.SHUTDOWN_COMPLETE) this.destroy();
    else if (kind === EVENT.FAILURE) this.emit("error", value);
  }
}

// Promise.withResolvers is there from Node 22 on.
function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

let shared = null;

/** The engine of this thread that `spawn` uses; made when it is first asked for, and anew after it was destroyed. */
function defaultEngine() {
  if (!shared || shared.destroyed) shared = new Engine();
  return shared;
}

module.exports = { Engine, defaultEngine };

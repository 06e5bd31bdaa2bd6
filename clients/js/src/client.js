// The client: one connection at a time, the mirror of the state, attachments and operations.

import { fromBytes, toBytes } from "./bytes.js";
import { Connection } from "./connection.js";
import { OrchflowError } from "./errors.js";
import { Emitter } from "./events.js";
import { inputFrame } from "./frames.js";
import { PendingChanges } from "./pending.js";
import { RawAttachment } from "./raw.js";
import { readFile } from "./read.js";
import { ScreenAttachment } from "./screen.js";
import { COLLECTIONS, State } from "./state.js";
import { Watches } from "./watches.js";

const GRACE_MS = 1_000;
const failed = ({ code, message }, details) => new OrchflowError(code, message, details);

/**
 * A client of one server. `options` are those of `ClientOptions` in index.d.ts, which describes all public members;
 * here are comments on what they do inside.
 */
export class Client {
  state = new State();
  #options;
  #connection;
  #emitter = new Emitter();
  #nextId = 1;
  #changes = new PendingChanges(this.state, (ops) => this.#sendChange(ops));
  #requests = new Map();
  #pings = new Map();
  #attachments = new Map();
  #collections;
  #watches = new Watches((message) => this.#request(message), {
    renewed: (watch, previous) => this.#emitter.emit("watch", { watch, previous }),
    failure: (error) => this.#emitter.emit("failure", error),
  });
  /** Who waits for the full diffs that were asked for, in order. */
  #fullDiffs = [];
  /** Whether the copy turned out wrong, and a whole one is on its way. */
  #isRepairing = false;
  #isInFullDiff = false;
  #isHashChecked = true;
  /** What of the engine itself is observed: the message that asks for it. */
  #observed = null;

  constructor({
    url, token, codec = "json", name = "", collections = COLLECTIONS, notices = [], compress = false,
    reconnect = true, WebSocket = globalThis.WebSocket,
  }) {
    this.#options = { name, notices, compress };
    this.#collections = collections;
    this.#connection = new Connection({ url, token, codec, compress, reconnect, WebSocket }, {
      hello: () => this.#hello(),
      opened: (welcome) => this.#opened(welcome),
      message: (message) => this.#take(message),
      output: (output) => this.#output(output),
      broken: (error, isFinal) => this.#broken(error, isFinal),
      status: (status) => this.#emitter.emit("status", status),
    });
  }

  get status() {
    return this.#connection.status;
  }

  get welcome() {
    return this.#connection.welcome;
  }

  get retryAt() {
    return this.#connection.retryAt;
  }

  get lastError() {
    return this.#connection.lastError;
  }

  get watches() {
    return this.#watches.list;
  }

  on(name, listener) {
    return this.#emitter.on(name, listener);
  }

  /** Resolves with the welcome once the mirror is complete. Rejects when no further attempt will be made. */
  async connect() {
    for (;;) {
      const welcome = await this.#connection.connect();
      const [waiters] = this.#fullDiffs;
      if (!waiters) return welcome;
      try {
        await new Promise((resolve, reject) => waiters.push({ resolve, reject }));
        return welcome;
      } catch (error) {
        // The connection broke before the mirror was complete; the next one may be better.
        if (this.status === "closed") throw error;
      }
    }
  }

  retryNow() {
    this.#connection.retryNow();
  }

  setToken(token) {
    this.#connection.setToken(token);
  }

  close() {
    return this.#connection.close();
  }

  /** Sends a message of the protocol. It is dropped while there is no connection. */
  send(message) {
    this.#connection.send(message);
  }

  // The state

  /** Subscribes to these collections instead of the earlier ones; resolves when the mirror has them. */
  async subscribeTo(collections) {
    // What cannot be written fails here, and is not kept for the next connection.
    this.send({ type: "subscribe", collections });
    this.#collections = collections;
    if (this.status !== "open") throw this.#offline();
    await new Promise((resolve, reject) => this.#fullDiffs.push([{ resolve, reject }]));
  }

  /**
   * Changes sessions and panes: operations `{change, base}`, or a function that makes them of the state and is
   * called again after a conflict. The effect is in the state at once.
   */
  change(ops) {
    if (this.status !== "open") return Promise.reject(this.#offline());
    const promise = this.#changes.add(ops);
    this.state.notify();
    return promise;
  }

  /** The notices that are wanted from now on. */
  subscribeToNotices(kinds) {
    this.send({ type: "notices", kinds });
    this.#options.notices = kinds;
  }

  /** Figures each so many milliseconds (0: never), and the health when it changes; also after a reconnect. */
  observe({ figuresMs = 0, health = false } = {}) {
    if (!Number.isInteger(figuresMs) || figuresMs < 0 || figuresMs > 60_000) {
      throw new RangeError("figuresMs is a whole number from 0 to 60,000");
    }
    const message = { type: "observe", figures_ms: figuresMs, health };
    this.send(message);
    this.#observed = figuresMs > 0 || health ? message : null;
  }

  // Operations

  async spawn({ profile, cwd, cols, rows }) {
    const outcome = await this.#request({ type: "spawn", profile, cwd: cwd && fromBytes(cwd), cols, rows });
    return outcome.spawned.terminal;
  }

  /** Operations in order; resolves with a failure or `null` for each. */
  async batch(ops) {
    return (await this.#request({ type: "batch", ops })).statuses;
  }

  /** Types into a terminal. Returns whether there was a connection to send it on. */
  input(terminal, data) {
    return this.#connection.sendFrame(inputFrame(terminal, toBytes(data)));
  }

  paste(terminal, text) {
    return this.#operate(terminal, { paste: fromBytes(text) });
  }

  resize(terminal, cols, rows) {
    return this.#operate(terminal, { resize: { cols, rows } });
  }

  interrupt(terminal) {
    return this.#operate(terminal, "interrupt");
  }

  eof(terminal) {
    return this.#operate(terminal, "eof");
  }

  signal(terminal, number) {
    return this.#operate(terminal, { signal: number });
  }

  clear(terminal) {
    return this.#operate(terminal, "clear");
  }

  closeTerminal(terminal, graceMs = GRACE_MS) {
    return this.#operate(terminal, { close: { grace_ms: graceMs } });
  }

  async search(terminal, pattern, { regex, ignoreCase, max, signal } = {}) {
    const request = { type: "search", terminal, pattern, regex, ignore_case: ignoreCase, max };
    return (await this.#request(request, { terminal }, signal)).found;
  }

  async rows(terminal, { from = null, above, max }) {
    return (await this.#request({ type: "rows", terminal, from, above, max }, { terminal })).rows;
  }

  async query(terminal) {
    return (await this.#request({ type: "query", terminal }, { terminal })).terminal;
  }

  async stats() {
    return (await this.#request({ type: "stats" })).stats;
  }

  /** The time that a message and its reply take, in milliseconds. */
  async ping() {
    const start = performance.now();
    await this.#ask(this.#pings, { type: "ping" });
    return performance.now() - start;
  }

  /** A slice of a file; its `data` is a Uint8Array. */
  async read(path, { offset, max, base } = {}) {
    const { slice } = await this.#request({ type: "read", path: fromBytes(path), offset, max, base });
    return { ...slice, data: toBytes(slice.data) };
  }

  readFile(path, options) {
    return readFile(this, path, options);
  }

  watch(path) {
    return this.#watches.add(fromBytes(path));
  }

  // Attachments

  attachScreen(terminal, options) {
    return this.#attach(new ScreenAttachment(this, terminal, options));
  }

  attachRaw(terminal, options) {
    return this.#attach(new RawAttachment(this, terminal, options));
  }

  /** Ends an attachment at the server. For attachments. */
  detach(attachment) {
    this.send({ type: "detach", terminal: attachment.terminal });
    this.forget(attachment);
  }

  /** For attachments. */
  forget(attachment) {
    if (this.#attachments.get(attachment.terminal) === attachment) this.#attachments.delete(attachment.terminal);
  }

  #attach(attachment) {
    const earlier = this.#attachments.get(attachment.terminal);
    // What cannot be written fails here, and the earlier one goes on.
    if (this.status === "open") attachment.attach(earlier?.awaited);
    this.#attachments.set(attachment.terminal, attachment);
    earlier?.finish("replaced");
    return attachment;
  }

  #attachAgain(attachment) {
    try {
      attachment.attach();
    } catch (error) {
      this.forget(attachment);
      attachment.emit("failure", error);
      attachment.finish("failed");
    }
  }

  /** Calls `then` once the replies to all that was sent so far are here, never if the connection breaks. For attachments. */
  afterReplies(then) {
    const id = this.#nextId++;
    this.send({ type: "ping", id });
    this.#pings.set(id, { resolve: then, reject: () => {} });
  }

  // The connection

  #hello() {
    const { name, notices, compress } = this.#options;
    const resume = this.state.version;
    const hello = { type: "hello", client: name, collections: this.#collections, compress, notices };
    return resume === null ? hello : { ...hello, resume };
  }

  #opened({ version, resumed, scopes }) {
    // The server may have started anew: numbers of terminals and versions mean other things then.
    const isOther = this.state.version !== null && this.state.version.epoch !== version.epoch;
    const isSubscribed = this.#collections.length > 0 && scopes.includes("observe");
    this.#fullDiffs = !resumed && isSubscribed ? [[]] : [];
    const lost = isOther ? [...this.#attachments.values()] : [];
    if (isOther) {
      this.#attachments.clear();
      this.#changes.broken(new OrchflowError("disconnected", "the server has started anew"), true);
    }
    this.#changes.opened();
    this.#watches.opened();
    if (this.#observed !== null) this.send(this.#observed);
    for (const attachment of [...this.#attachments.values()]) this.#attachAgain(attachment);
    // Last, since a listener may attach to a terminal of the new server.
    for (const attachment of lost) attachment.finish("closed");
  }

  #broken(error, isFinal) {
    this.state.dropPartial();
    this.#isRepairing = this.#isInFullDiff = false;
    this.#isHashChecked = true;
    const waiting = [...this.#requests.values(), ...this.#pings.values(), ...this.#fullDiffs.flat()];
    this.#requests.clear();
    this.#pings.clear();
    this.#fullDiffs = [];
    for (const { reject } of waiting) reject(error);
    this.#watches.broken();
    this.#changes.broken(error, isFinal);
    for (const attachment of this.#attachments.values()) attachment.broken();
    this.state.notify();
  }

  #offline() {
    return new OrchflowError("disconnected", "there is no connection");
  }

  // Requests. All ids come from one counter, so an error names one message only.

  #sendChange(ops) {
    const mutation = this.#nextId++;
    this.send({ type: "change", mutation, ops });
    return mutation;
  }

  #ask(waiting, message, details) {
    if (this.status !== "open") return Promise.reject(this.#offline());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.send({ ...message, id });
      waiting.set(id, { resolve, reject, details });
    });
  }

  async #request(message, details, signal) {
    signal?.throwIfAborted();
    const id = this.#nextId;
    const cancel = () => this.send({ type: "cancel", id });
    signal?.addEventListener("abort", cancel);
    try {
      return await this.#ask(this.#requests, message, details);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  async #operate(terminal, op) {
    const [failure] = await this.batch([{ terminal, op }]);
    if (failure) throw failed(failure, { terminal });
  }

  #settle(waiting, id, settle) {
    const request = waiting.get(id);
    waiting.delete(id);
    if (request) settle(request);
    return request !== undefined;
  }

  // Messages

  #take(message) {
    this.#emitter.emit("message", message);
    switch (message.type) {
      case "diff": return this.#diff(message);
      case "rejected": return this.#rejected(message);
      case "result": return this.#result(message);
      case "pong": return void this.#settle(this.#pings, message.id, ({ resolve }) => resolve());
      case "notice":
      case "figures":
      case "health": return void this.#emitter.emit(message.type, message);
      case "error": return this.#error(message);
      default: return this.#attachments.get(message.terminal)?.take(message);
    }
  }

  #output(output) {
    const attachment = this.#attachments.get(output.terminal);
    if (attachment instanceof RawAttachment) attachment.output(output);
  }

  #diff(message) {
    if (message.full) this.#isInFullDiff = true;
    if (this.#isRepairing && !this.#isInFullDiff) return this.#advance(message);
    const taken = this.state.take(message);
    if (taken === "lost") this.#repair();
    if (taken !== "complete") return undefined;
    this.send({ type: "ack", version: message.to });
    const isFull = this.#isInFullDiff;
    if (isFull) this.#isInFullDiff = this.#isRepairing = false;
    if (message.hash !== null && message.hash !== this.state.hash) this.#differs(isFull);
    this.#advance(message);
    if (isFull) for (const { resolve } of this.#fullDiffs.shift() ?? []) resolve();
    return undefined;
  }

  #advance({ applied }) {
    this.#changes.advanced(applied);
    this.state.notify();
  }

  /** The copy has another hash than the server's. */
  #differs(isFull) {
    if (!isFull) {
      this.#repair();
    } else if (this.#isHashChecked) {
      // A fresh copy is wrong, too: asking again would not help.
      this.#isHashChecked = false;
      this.#emitter.emit("failure", new OrchflowError("protocol", "the hash of the state differs"));
    }
  }

  /** Asks for a whole copy, unless it is on its way or would be as wrong. */
  #repair() {
    if (this.#isRepairing || !this.#isHashChecked) return;
    this.#isRepairing = true;
    this.send({ type: "snapshot" });
    this.#fullDiffs.push([]);
  }

  #rejected(message) {
    const ops = this.#changes.rejected(message);
    this.state.notify();
    if (ops) this.#emitter.emit("rejected", { ...message, ops });
  }

  #result({ id, outcome }) {
    this.#settle(this.#requests, id, ({ resolve, reject, details }) => {
      if (outcome.failed) reject(failed(outcome.failed, details));
      else resolve(outcome);
    });
  }

  /** A message failed. Requests, pings and changes have ids of their own. */
  #error(message) {
    const error = failed(message, { terminal: message.terminal ?? undefined });
    const id = message.id ?? 0;
    const reject = (request) => request.reject(error);
    if (this.#settle(this.#requests, id, reject) || this.#settle(this.#pings, id, reject)) return;
    if (this.#changes.failed(id, error)) return this.state.notify();
    this.#attachments.get(message.terminal)?.failed(error);
    this.#emitter.emit("failure", error);
  }
}

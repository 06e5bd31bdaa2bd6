// Connecting and connecting again: the life of the client's connections, one after the other.

import { OrchflowError } from "./errors.js";
import * as json from "./json.js";
import { Link } from "./link.js";

const PROTOCOL = 1;
const TOKEN = /^[\w-]+$/;
/** A handshake that takes longer has failed. */
const CONNECT_MS = 10_000;
/** The server answers a close frame at once; this is for one that does not. */
const CLOSE_MS = 1_000;
const DELAY_MS = 500;
const DELAY_MAX_MS = 30_000;
/** A connection that lasted so long was a good one: waiting begins with the shortest time again. */
const STEADY_MS = 5_000;

/** What the close codes say, and whether another attempt makes sense (docs/PROTOCOL.md, "Closing"). */
const CLOSED = new Map([
  [1000, ["closed", "the server has closed the connection", false]],
  [1001, ["disconnected", "the server shuts down", true]],
  [1002, ["protocol", "a violation of WebSocket", false]],
  [1007, ["protocol", "a text that is not UTF-8", false]],
  [1009, ["protocol", "a message that is too large", false]],
  [4001, ["unauthorized", "the token is missing, unknown, expired or revoked", false]],
  [4002, ["disconnected", "the handshake took too long", true]],
  [4003, ["protocol", "malformed messages", false]],
  [4004, ["disconnected", "the client was too slow", true]],
  [4006, ["disconnected", "too many clients", true]],
  [4007, ["protocol", "the schema of the messages differs", false]],
]);

/** The address of the WebSocket, and the token that an address of the demo ends with. */
export function parseAddress(text) {
  const url = new URL(text, globalThis.location?.href);
  const token = new URLSearchParams(url.hash.slice(1)).get("token");
  url.hash = "";
  if (url.protocol.startsWith("http")) url.protocol = url.protocol.replace("http", "ws");
  return { url: url.href, token };
}

/** A time before attempt `attempt` (from 0), with full jitter: those that lost a server do not return together. */
export const delayBefore = (attempt, random = Math.random) =>
  random() * Math.min(DELAY_MAX_MS, DELAY_MS * 2 ** attempt);

export class Connection {
  status = "idle";
  /** When the next attempt is made, as `Date.now()` counts; `null` if none is planned. */
  retryAt = null;
  lastError = null;
  welcome = null;
  token;
  #options;
  #handlers;
  #link = null;
  #codec = null;
  #attempt = 0;
  #openedAt = 0;
  #timer = null;
  #waiters = [];
  /** While `close` waits for the end of the connection: `{promise, resolve}`. */
  #closing = null;

  /** @param handlers `{hello(), opened(welcome), message(message), output(output), broken(error, isFinal), status()}` */
  constructor(options, handlers) {
    const { url, token } = parseAddress(options.url);
    this.#options = { ...options, url };
    this.token = options.token ?? token;
    this.#handlers = handlers;
  }

  /** Resolves with the welcome; rejects once no further attempt will be made. */
  async connect() {
    if (this.#closing) await this.#closing.promise;
    if (this.status === "open") return this.welcome;
    const promise = new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    if (this.status === "idle" || this.status === "closed") this.#start();
    return promise;
  }

  retryNow() {
    if (this.status === "waiting") this.#start();
  }

  /** The token from the next attempt on, which is made at once if the last one failed over the token. */
  setToken(token) {
    this.token = token;
    if (this.status === "closed" && this.lastError?.code === "unauthorized") this.#start();
  }

  send(message) {
    if (this.status === "open") this.#link.send(message);
  }

  sendFrame(frame) {
    if (this.status === "open") this.#link.sendFrame(frame);
    return this.status === "open";
  }

  /** Resolves when the connection is closed. */
  close() {
    if (this.#closing) return this.#closing.promise;
    const error = new OrchflowError("closed", "the client was closed");
    if (this.#link === null) {
      this.#finish(error);
      return Promise.resolve();
    }
    const link = this.#link;
    const closing = {};
    closing.promise = new Promise((resolve) => { closing.resolve = resolve; });
    this.#closing = closing;
    const timer = setTimeout(() => link.abandon(error), CLOSE_MS);
    closing.promise.then(() => clearTimeout(timer));
    link.close();
    return closing.promise;
  }

  async #start() {
    clearTimeout(this.#timer);
    this.#become("connecting");
    try {
      this.#codec ??= this.#options.codec === "bincode" ? await import("./bincode.js") : json;
      // The client may have been closed meanwhile, and connected again.
      if (this.status !== "connecting" || this.#link !== null) return;
      this.#open();
    } catch (error) {
      if (this.status !== "connecting") return;
      // Without a constructor of WebSocket, or with an address that it does not take, no attempt can succeed.
      this.#finish(new OrchflowError("unreachable", error.message, { cause: error }));
    }
  }

  #open() {
    const { url, WebSocket, compress } = this.#options;
    const protocols = [this.#codec.subprotocol];
    if (this.token) {
      if (!TOKEN.test(this.token)) {
        this.#finish(new OrchflowError("unauthorized", "a token consists of letters, digits, - and _"));
        return;
      }
      protocols.push(`orchflow.token.${this.token}`);
    }
    const link = new Link({ url, protocols, codec: this.#codec, WebSocket, compress }, {
      onOpen: () => this.#greet(link),
      onMessage: (message) => (this.status === "open" ? this.#handlers.message(message) : this.#welcomed(message)),
      onOutput: (output) => this.#handlers.output(output),
      onClose: (code, reason, failure) => this.#closed(code, reason, failure),
    });
    this.#link = link;
    const late = () => link.abandon(new OrchflowError("unreachable", "no answer within 10 s"));
    this.#timer = setTimeout(late, CONNECT_MS);
  }

  /** Sends the first message. One that cannot be written now cannot be written later. */
  #greet(link) {
    try {
      link.send(this.#handlers.hello());
    } catch (error) {
      link.abandon(new OrchflowError("invalid", `the first message: ${error.message}`, { cause: error }));
    }
  }

  #welcomed(message) {
    if (message.type !== "welcome" || this.#closing) return;
    clearTimeout(this.#timer);
    if (message.protocol !== PROTOCOL) {
      this.#link.abandon(new OrchflowError("protocol", `the server speaks version ${message.protocol}`));
      return;
    }
    this.#openedAt = performance.now();
    this.welcome = message;
    this.lastError = null;
    // Whoever hears of the status finds everything ready.
    this.#become("open", () => this.#handlers.opened(message));
    for (const { resolve } of this.#waiters.splice(0)) resolve(message);
  }

  #closed(code, reason, failure) {
    clearTimeout(this.#timer);
    const wasOpen = this.status === "open";
    this.#link = null;
    const lost = [wasOpen ? "disconnected" : "unreachable", wasOpen ? "the connection broke" : "no connection", true];
    const [name, meaning, isTemporary] = CLOSED.get(code) ?? lost;
    const error = failure ?? new OrchflowError(name, reason || meaning, { closeCode: code });
    const isFinal = failure?.code === "protocol" || failure?.code === "invalid" || !isTemporary;
    if (isFinal || this.#closing || !this.#options.reconnect) {
      this.#finish(this.#closing ? new OrchflowError("closed", "the client was closed") : error);
      return;
    }
    if (wasOpen && performance.now() - this.#openedAt >= STEADY_MS) this.#attempt = 0;
    const delay = delayBefore(this.#attempt++);
    this.lastError = error;
    this.retryAt = Date.now() + delay;
    this.#timer = setTimeout(() => this.#start(), delay);
    this.#become("waiting", () => wasOpen && this.#handlers.broken(error, false));
  }

  #finish(error) {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.lastError = error;
    // Taken first: a listener may connect again, and that is another attempt.
    const waiters = this.#waiters.splice(0);
    const closing = this.#closing;
    this.#closing = null;
    this.#become("closed", () => this.#handlers.broken(error, true));
    for (const { reject } of waiters) reject(error);
    closing?.resolve();
  }

  /** Takes a status: first what goes with it inside, then the listeners hear of it. */
  #become(status, inside = () => {}) {
    const isNew = this.status !== status;
    this.status = status;
    if (status !== "waiting") this.retryAt = null;
    inside();
    if (isNew && this.status === status) this.#handlers.status(status);
  }
}

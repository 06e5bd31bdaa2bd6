// A server whose every message the test writes: for what a real one does only at unlikely times.

import { once } from "node:events";
import WebSocket, { WebSocketServer } from "ws";
import { Client } from "../../src/index.js";
import { soon } from "./events.mjs";

export const EPOCH = 77;
export const LIMITS = {
  message_bytes: 1 << 20, inflated_bytes: 4 << 20, messages_per_second: 2000, bytes_per_second: 16 << 20,
  attachments: 256, window_bytes: 1 << 20,
};

export const diff = (fields) => ({
  type: "diff", epoch: EPOCH, from: 0, to: 1, full: false, more: false, removed: [], sessions: [], panes: [],
  terminals: [], files: [], applied: [], hash: null, ...fields,
});
export const session = (fields) => ({ id: "s", version: 1, name: "", panes: [], metadata: {}, ...fields });

/** One connection: what it receives comes from `receive`. */
class Peer {
  #messages = [];
  #wake = () => {};

  constructor(socket) {
    this.socket = socket;
    socket.on("message", (data, isBinary) => {
      this.#messages.push(isBinary ? data : JSON.parse(data));
      this.#wake();
    });
  }

  send(message) {
    const isFrame = message instanceof Uint8Array;
    this.socket.send(isFrame ? message : JSON.stringify(message));
  }

  /** The next message of a type; what comes before it is dropped. */
  async receive(type) {
    for (;;) {
      while (this.#messages.length === 0) {
        await soon(new Promise((resolve) => { this.#wake = resolve; }), `no ${type}`);
      }
      const message = this.#messages.shift();
      if (message.type === type) return message;
    }
  }

  /** Takes the hello and answers it. */
  async welcome(fields = {}) {
    const hello = await this.receive("hello");
    this.send({
      type: "welcome", protocol: 1, server: "fake", client: 1, scopes: ["observe", "type", "manage"],
      version: { epoch: EPOCH, n: 1 }, resumed: false, profiles: [], limits: LIMITS, ...fields,
    });
    return hello;
  }
}

export class Fake {
  #server;

  static async start() {
    const fake = new Fake();
    fake.#server = new WebSocketServer({
      host: "127.0.0.1", port: 0, handleProtocols: (offered) => [...offered][0],
    });
    await once(fake.#server, "listening");
    return fake;
  }

  get url() {
    return `ws://127.0.0.1:${this.#server.address().port}/`;
  }

  /** The next connection. */
  async peer() {
    const [socket] = await once(this.#server, "connection");
    return new Peer(socket);
  }

  client(options) {
    return new Client({ url: this.url, WebSocket, token: "t", ...options });
  }

  /** A client whose mirror is complete, and the connection that it came over. */
  async connected(options, entries = {}) {
    const client = this.client(options);
    const accepted = this.peer();
    const connected = client.connect();
    const peer = await accepted;
    await peer.welcome();
    peer.send(diff({ full: true, ...entries }));
    await connected;
    await peer.receive("ack");
    return { client, peer };
  }

  async close() {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }
}

// A real server: `orchflow-demo serve` behind a port that can break.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { Client, parseAddress } from "../../src/index.js";

const DEMO = process.env.ORCHFLOW_DEMO ??
  fileURLToPath(new URL("../../../../target/debug/orchflow-demo", import.meta.url));

/** A port that passes connections on to another one until they are broken. */
async function breakable() {
  const sockets = new Set();
  let target = null;
  const server = createServer((near) => {
    if (target === null) return near.destroy();
    const far = connect(target, "127.0.0.1");
    for (const [one, other] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    return undefined;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: server.address().port,
    pointTo: (port) => { target = port; },
    breakAll: () => sockets.forEach((socket) => socket.destroy()),
    close: () => server.close(),
  };
}

export class Server {
  token = randomBytes(32).toString("base64url");
  root = realpathSync(mkdtempSync(join(tmpdir(), "orchflow-client-")));
  /** The port that can break, and that of the program. */
  #port;
  #target;
  #process;
  #options;
  #clients = [];

  constructor(options) {
    this.#options = options;
  }

  /** @param options `{origin}`: a page that may connect */
  static async start(options = {}) {
    const server = new Server(options);
    server.#port = await breakable();
    await server.run();
    return server;
  }

  /** Starts the program, again after `end`. */
  async run() {
    const through = `127.0.0.1:${this.#port.port}`;
    const args = ["serve", "--listen", "0", "--root", this.root, "--shell", "/bin/sh", "--host", through];
    if (this.#options.origin) args.push("--origin", this.#options.origin);
    const env = { ...process.env, ORCHFLOW_TOKEN: this.token, PS1: "$ ", ENV: "" };
    this.#process = spawn(DEMO, args, { env, stdio: ["ignore", "pipe", "ignore"] });
    for await (const line of createInterface({ input: this.#process.stdout })) {
      const address = line.match(/(?:ws|http):\/\/\S+/);
      if (!address) continue;
      this.#target = Number(new URL(parseAddress(address[0]).url).port);
      this.back();
      // What it says later must not fill the pipe.
      this.#process.stdout.resume();
      return;
    }
    throw new Error("the server has not started");
  }

  async end() {
    this.#process.kill("SIGKILL");
    await once(this.#process, "exit");
  }

  breakConnections() {
    this.#port.breakAll();
  }

  /** While it is away, connections come to nothing. */
  leave() {
    this.#port.pointTo(null);
    this.#port.breakAll();
  }

  back() {
    this.#port.pointTo(this.#target);
  }

  get address() {
    return `ws://127.0.0.1:${this.#port.port}/#token=${this.token}`;
  }

  /** A client that is not connected yet. */
  client(options = {}) {
    const client = new Client({ url: this.address, WebSocket, name: "test", ...options });
    this.#clients.push(client);
    return client;
  }

  async connect(options) {
    const client = this.client(options);
    await client.connect();
    return client;
  }

  async close() {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.end();
    this.#port.close();
    rmSync(this.root, { recursive: true });
  }
}

/** The terminal that the server has started. */
export const firstTerminal = (client) => [...client.state.terminals.keys()][0];

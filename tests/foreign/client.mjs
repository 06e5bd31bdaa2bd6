// A client of the server in JavaScript: checks the vectors, then talks to a server in both codecs.
//
//     client.mjs VECTORS
//     client.mjs VECTORS HOST:PORT TOKEN

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import WebSocket from "ws";
import { CLIENT, SCHEMA, SERVER, decode, digest, encode, inputFrame } from "./orchflow.mjs";

const TIMEOUT = 60_000;
const COLLECTIONS = ["sessions", "panes", "terminals", "files"];

const hex = (bytes) => Buffer.from(bytes, "hex");

/** Whether a double holds every number in it. */
const isSafe = (value) =>
  typeof value === "number" ? Number.isSafeInteger(value)
    : value === null || typeof value !== "object" || Object.values(value).every(isSafe);

function checkVectors(path) {
  const vectors = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(parseInt(vectors.schema, 16), SCHEMA);
  const sides = { client: CLIENT, server: SERVER };
  const messages = vectors.messages.filter(({ name }) => !name.endsWith("_max"));
  for (const { name, from, json, bincode } of messages) {
    assert.deepEqual(decode("bincode", sides[from], hex(bincode)), json, name);
    assert.equal(encode("bincode", sides[from], json).toString("hex"), bincode, name);
  }
  for (const vector of vectors.deflated) {
    const side = sides[vector.from];
    for (const codec of ["json", "bincode"]) {
      assert.deepEqual(decode(codec, side, hex(vector[`${codec}_deflated`])), vector.json, vector.name);
      assert.deepEqual(decode(codec, side, encode(codec, side, vector.json, true)), vector.json, vector.name);
    }
  }
  for (const { name, from, terminal, offset, bytes, frame } of vectors.frames) {
    if (name.endsWith("_max")) continue;
    if (from === "server") {
      assert.deepEqual(decode("bincode", SERVER, hex(frame)), { terminal, offset, bytes: hex(bytes) }, name);
    } else {
      assert.equal(inputFrame(terminal, hex(bytes)).toString("hex"), frame, name);
    }
  }
  let total = 0n;
  for (const { collection, entry, digest: wanted } of vectors.digests) {
    if (isSafe(entry)) {
      assert.equal(digest(collection, entry).toString(16).padStart(16, "0"), wanted);
    }
    total += BigInt(`0x${wanted}`);
  }
  assert.equal(BigInt.asUintN(64, total), BigInt(`0x${vectors.hash}`));
  return messages.length;
}

/** A connection with a copy of the state, which may be that of an earlier connection. */
class Client {
  mutation = 0;
  isCompressed = false;
  #frames = [];
  #wake = () => {};
  #closed = null;

  static async connect(codec, address, token, earlier = null, attach = []) {
    const client = new Client();
    client.codec = codec;
    client.entries = earlier?.entries ?? new Map();
    client.version = earlier?.version ?? null;
    // The token goes both ways: beside the one codec, and in the hello of the other.
    const protocols = [`orchflow.v1.${codec}`];
    const hello = { client: "foreign javascript", compress: true, resume: client.version };
    if (codec === "bincode") protocols.unshift(`orchflow.token.${token}`);
    else hello.token = token;
    client.socket = new WebSocket(`ws://${address}/`, protocols, { perMessageDeflate: false });
    client.socket.on("message", (data, isBinary) => client.#push(isBinary ? data : data.toString()));
    client.socket.on("close", (code) => {
      client.#closed = code;
      client.#wake();
    });
    await once(client.socket, "open");
    assert.equal(client.socket.protocol, `orchflow.v1.${codec}`);
    client.send({ type: "hello", collections: COLLECTIONS, attach, ...hello });
    client.welcome = await client.receive();
    assert.equal(client.welcome.type, "welcome");
    assert.equal(client.welcome.protocol, 1);
    return client;
  }

  #push(frame) {
    this.#frames.push(frame);
    this.#wake();
  }

  send(message, packed = false) {
    this.socket.send(encode(this.codec, CLIENT, message, packed));
  }

  async receive() {
    while (this.#frames.length === 0) {
      assert.equal(this.#closed, null, "closed");
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("nothing came")), TIMEOUT);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const frame = this.#frames.shift();
    if (typeof frame !== "string" && frame[0] <= 2 && frame[1] === 1) this.isCompressed = true;
    const message = decode(this.codec, SERVER, frame);
    if (message.type === "diff") this.#apply(message);
    return message;
  }

  #apply(diff) {
    if (diff.full) this.entries.clear();
    else assert.deepEqual([diff.epoch, diff.from], [this.version.epoch, this.version.n]);
    const name = (collection, id, watch) => (collection === "files" ? `files ${watch} ${id}` : `${collection} ${id}`);
    for (const removed of diff.removed) {
      const [[kind, id]] = Object.entries(removed);
      this.entries.delete(kind === "file" ? name("files", id.id, id.watch) : name(`${kind}s`, id));
    }
    for (const collection of COLLECTIONS) {
      for (const entry of diff[collection]) {
        this.entries.set(name(collection, entry.id, entry.watch), { collection, entry });
      }
    }
    if (diff.more) return;
    this.version = { epoch: diff.epoch, n: diff.to };
    if (diff.hash !== null) assert.equal(diff.hash, this.hash());
    this.send({ type: "ack", version: diff.to });
  }

  hash() {
    let sum = 0n;
    for (const { collection, entry } of this.entries.values()) sum += digest(collection, entry);
    return BigInt.asUintN(64, sum).toString(16).padStart(16, "0");
  }

  entry(name) {
    return this.entries.get(name)?.entry;
  }

  /** Reads until something fits. */
  async wait(wanted) {
    for (;;) {
      const message = await this.receive();
      if (wanted(message)) return message;
    }
  }

  waitType(type) {
    return this.wait((message) => message.type === type);
  }

  async ask(request) {
    this.send({ ...request, id: 7 });
    const result = await this.waitType("result");
    assert.equal(result.id, 7);
    return result.outcome;
  }

  /** What answered a change: `rejected`, or the diff with its effect. */
  change(ops, packed = false) {
    this.mutation += 1;
    const mutation = this.mutation;
    this.send({ type: "change", mutation, ops }, packed);
    return this.wait((message) =>
      (message.type === "rejected" && message.mutation === mutation) ||
      (message.applied ?? []).some((one) => one.mutation === mutation));
  }

  /** Output from `at` on until it ends with `wanted`: the offset behind it, and the bytes. */
  async readOutput(terminal, at, wanted) {
    let data = Buffer.alloc(0);
    while (!data.subarray(-wanted.length).equals(wanted)) {
      const message = await this.receive();
      if (message.type === "diff") continue;
      assert.deepEqual([message.terminal, message.offset], [terminal, at]);
      data = Buffer.concat([data, message.bytes]);
      at += message.bytes.length;
      this.send({ type: "credit", terminal, offset: at });
    }
    return [at, data];
  }

  async close() {
    this.socket.close(1000);
    await once(this.socket, "close");
  }
}

const putSession = (id, name) => ({ put_session: { id, name, panes: [], metadata: { "é": "1", a: "" } } });
const putPane = (id, session, more) => ({ change: { put_pane: { id, session, ...more } } });
const twice = (bytes) => Buffer.concat([bytes, bytes]);

async function typeAndSee(client, terminal, at, line) {
  const shown = twice(Buffer.concat([line, Buffer.from("\r\n")]));
  const [end, data] = await client.readOutput(terminal, at, shown);
  assert.deepEqual(data, shown);
  return end;
}

async function changes(client, name, plain) {
  assert.equal((await client.change([{ change: putSession(name, "one"), base: 0 }])).type, "diff");
  const mine = client.entry(`sessions ${name}`);
  const rejected = await client.change([{ change: putSession(name, "two"), base: 0 }]);
  assert.equal(rejected.code, "conflict");
  assert.deepEqual(rejected.session, mine);
  const done = await client.change([
    { change: putSession(name, "x".repeat(1000)), base: mine.version },
    putPane(`${name}:1`, name, { content: { terminal: plain } }),
    putPane(`${name}:2`, name, { content: { file: { bytes: "L/8=" } } }),
    putPane(`${name}:3`, name, { title: "ü".repeat(500) }),
  ], true);
  assert.equal(done.type, "diff");
  assert(client.isCompressed);
  assert.deepEqual(client.entry(`sessions ${name}`).panes, [1, 2, 3].map((n) => `${name}:${n}`));
  const invalid = await client.change([{ change: putSession("no id", "") }]);
  assert.equal(invalid.code, "invalid");
}

async function questions(client, plain, drawn, at) {
  const { terminal: detail } = await client.ask({ type: "query", terminal: plain });
  assert.deepEqual([detail.terminal, detail.log_end], [plain, at]);
  const ops = [
    { terminal: drawn, op: { resize: { cols: 90, rows: 30 } } },
    { terminal: 2 ** 40, op: "eof" },
    { terminal: 2 ** 40, op: "eof" },
  ];
  const { statuses } = await client.ask({ type: "batch", ops });
  assert.deepEqual(statuses.map((status) => status?.code), [undefined, "not_found", "skipped"]);
  const { found } = await client.ask({ type: "search", terminal: drawn, pattern: "needle" });
  assert.deepEqual([found.matches.length, found.complete], [1, true]);
  const { failed } = await client.ask({ type: "search", terminal: plain, pattern: "x" });
  assert.equal(failed.code, "no_screen");
  client.send({ type: "ping", id: 2 ** 40 });
  assert.equal((await client.waitType("pong")).id, 2 ** 40);
  // A screen in cells, then as control sequences.
  client.send({ type: "attach", terminal: drawn, mode: "screen" });
  const screen = await client.waitType("screen");
  const text = screen.lines.map((line) => line.runs.map((run) => run.text).join("")).join("\n");
  assert(screen.full && text.includes("needle"), text);
  client.send({ type: "detach", terminal: drawn });
  await client.waitType("detached");
  client.send({ type: "attach", terminal: drawn, start: { snapshot: 10 }, cols: 95, rows: 31 });
  await client.waitType("attached");
  const snapshot = await client.waitType("terminal_snapshot");
  assert(snapshot.data.includes("needle") && !snapshot.more);
  assert.deepEqual([snapshot.cols, snapshot.rows], [95, 31]);
}

async function talk(codec, address, token) {
  const client = await Client.connect(codec, address, token);
  assert.equal(client.welcome.resumed, false);
  assert.deepEqual(client.welcome.scopes, ["observe", "type", "manage"]);
  assert.equal((await client.waitType("diff")).full, true);
  const terminals = [...client.entries.values()].filter((known) => known.collection === "terminals");
  const [plain, drawn] = [false, true].map((screen) => terminals.find(({ entry }) => entry.screen === screen).entry.id);

  client.send({ type: "attach", terminal: plain, start: "now" });
  let at = (await client.waitType("attached")).offset;
  const line = Buffer.from(`héllo ${codec}`);
  client.socket.send(inputFrame(plain, `${line}\n`));
  at = await typeAndSee(client, plain, at, line);
  client.send({ type: "input", terminal: plain, data: { bytes: "eP94Cg==" } });
  at = await typeAndSee(client, plain, at, Buffer.from([0x78, 0xff, 0x78]));

  const name = `javascript-${codec}`;
  await changes(client, name, plain);
  await questions(client, plain, drawn, at);
  const isFull = (message) => message.type === "diff" && message.full;
  client.send({ type: "snapshot" });
  await client.wait(isFull);

  // Away, while somebody else does something, and back.
  await client.close();
  const other = await Client.connect(codec, address, token);
  await other.waitType("diff");
  assert.equal((await other.change([{ change: { remove_session: { id: name } } }])).type, "diff");
  other.socket.send(inputFrame(plain, "meanwhile\n"));
  const attach = [{ terminal: plain, start: { offset: at } }];
  const back = await Client.connect(codec, address, token, client, attach);
  assert.equal(back.welcome.resumed, true);
  assert.equal((await back.waitType("attached")).offset, at);
  await typeAndSee(back, plain, at, Buffer.from("meanwhile"));
  while (back.entry(`sessions ${name}`)) await back.receive();
  assert(![...back.entries.values()].some((known) => known.collection === "panes"));
  back.send({ type: "snapshot" });
  await back.wait(isFull);
  await Promise.all([other.close(), back.close()]);
}

const [vectors, address, token] = process.argv.slice(2);
console.log(`javascript: ${checkVectors(vectors)} messages of the vectors`);
if (address !== undefined) {
  for (const codec of ["json", "bincode"]) {
    await talk(codec, address, token);
    console.log(`javascript: a session in ${codec}`);
  }
}

// The client in `clients/js` against the vectors, then against a server in both codecs.
//
//     client.mjs VECTORS
//     client.mjs VECTORS HOST:PORT TOKEN

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import WebSocket from "../../clients/js/node_modules/ws/wrapper.mjs";
import * as bincode from "../../clients/js/src/bincode.js";
import { DigestSum, digest } from "../../clients/js/src/digest.js";
import { deflate, inflate, inputFrame, outputOf } from "../../clients/js/src/frames.js";
import { Client, toText } from "../../clients/js/src/index.js";
import * as json from "../../clients/js/src/json.js";
import { SCHEMA } from "../../clients/js/src/messages.js";

const TIMEOUT = 60_000;

const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (of) => Buffer.from(of).toString("hex");
const halves = (of) => [of.slice(0, 8), of.slice(8)].map((half) => parseInt(half, 16));

/** Whether a double holds every number in it. */
const isSafe = (value) =>
  typeof value === "number" ? Number.isSafeInteger(value)
    : value === null || typeof value !== "object" || Object.values(value).every(isSafe);

async function checkVectors(path) {
  const vectors = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(SCHEMA, parseInt(vectors.schema, 16));
  const messages = vectors.messages.filter(({ name }) => !name.endsWith("_max"));
  for (const { name, from, json: message, bincode: frame } of messages) {
    const side = `${from}_message`;
    assert.equal(hex(bincode.plainFrame(bincode.encodeAs(side, message))), frame, name);
    assert.deepEqual(bincode.decodeAs(side, bytes(frame).subarray(12)), message, name);
    assert.deepEqual(json.open(json.plainFrame(json.encode(message))).message, message, name);
  }
  for (const vector of vectors.deflated) await checkDeflated(vector);
  for (const { name, from, terminal, offset, bytes: inside, frame } of vectors.frames) {
    if (name.endsWith("_max")) continue;
    if (from === "server") assert.deepEqual(outputOf(bytes(frame)), { terminal, offset, bytes: bytes(inside) }, name);
    else assert.equal(hex(inputFrame(terminal, bytes(inside))), frame, name);
  }
  const sum = new DigestSum();
  for (const { collection, entry, digest: wanted } of vectors.digests) {
    if (isSafe(entry)) assert.deepEqual(digest(collection, entry), halves(wanted));
    sum.add(halves(wanted));
  }
  assert.equal(String(sum), vectors.hash);
  return messages.length;
}

async function checkDeflated({ name, from, json: message, ...frames }) {
  const side = `${from}_message`;
  const codecs = [
    [json, frames.json_deflated, json.encode(message), json.decode],
    [bincode, frames.bincode_deflated, bincode.encodeAs(side, message), (payload) => bincode.decodeAs(side, payload)],
  ];
  for (const [codec, frame, payload, decode] of codecs) {
    const plain = codec.bytesOf(payload);
    for (const packed of [bytes(frame), codec.compressedFrame(await deflate(plain), plain.length)]) {
      const { deflated, length } = codec.open(packed);
      assert.deepEqual(decode(await inflate(deflated, length)), message, name);
    }
  }
}

/** Rejects if it takes so long that something must be wrong. */
function soon(promise, what) {
  const timeout = AbortSignal.timeout(TIMEOUT);
  const late = new Promise((_, reject) => timeout.addEventListener("abort", () => reject(new Error(what))));
  return Promise.race([promise, late]);
}

/** Resolves once the state is so. */
async function until(client, isSo) {
  let off;
  await soon(new Promise((resolve) => {
    const look = () => isSo(client.state) && resolve();
    off = client.state.subscribe(look);
    look();
  }), `never: ${isSo}`);
  off();
}

const next = (emitter, name) => soon(new Promise((resolve) => emitter.on(name, resolve)), `no ${name}`);

async function connect(codec, address, token) {
  const client = new Client({ url: `ws://${address}/`, token, codec, compress: true, name: "foreign", WebSocket });
  client.on("failure", (error) => assert.fail(error));
  await client.connect();
  assert.equal(client.welcome.resumed, false);
  assert.deepEqual(client.welcome.scopes.slice(0, 3), ["observe", "type", "manage"]);
  return client;
}

/** The bytes of a terminal from now on; `until` resolves once they end with what is wanted. */
async function follow(client, terminal) {
  const raw = client.attachRaw(terminal, { start: "now" });
  let seen = Buffer.alloc(0);
  let look = () => {};
  raw.on("data", (data) => {
    seen = Buffer.concat([seen, data]);
    look();
  });
  // The reply to the ping comes after `attached`.
  await client.ping();
  assert.equal(raw.status, "attached");
  const has = (wanted) => soon(new Promise((resolve) => {
    look = () => seen.includes(wanted) && resolve();
    look();
  }), `never: ${wanted}`);
  return { raw, has };
}

async function changes(client, name, terminal) {
  const session = { id: name, name: "Näme", panes: [`${name}.a`], metadata: { key: "välue" } };
  const pane = { id: `${name}.a`, session: name, content: { terminal } };
  await client.change([{ change: { put_session: session }, base: 0 }, { change: { put_pane: pane }, base: 0 }]);
  const { version } = client.state.sessions.get(name);
  await client.change([{ change: { put_session: { ...session, name: "x".repeat(1000) } }, base: version }]);
  const late = client.change([{ change: { put_session: session }, base: version }]);
  await assert.rejects(late, ({ code, session: present }) => code === "conflict" && present.version > version);
  const invalid = client.change([{ change: { put_session: { ...session, id: "no id" } } }]);
  await assert.rejects(invalid, { code: "invalid" });
  assert.equal(client.state.panes.get(`${name}.a`).content.terminal, terminal);
}

async function questions(client, plain, drawn) {
  assert.equal((await client.query(plain)).terminal, plain);
  const ops = [
    { terminal: drawn, op: { resize: { cols: 90, rows: 30 } } },
    { terminal: 2 ** 40, op: "eof" },
    { terminal: 2 ** 40, op: "eof" },
  ];
  const statuses = await client.batch(ops);
  assert.deepEqual(statuses.map((status) => status?.code), [undefined, "not_found", "skipped"]);
  const found = await client.search(drawn, "needle");
  assert.deepEqual([found.matches.length, found.complete], [1, true]);
  await assert.rejects(client.search(plain, "x"), { code: "no_screen" });
  // A screen in cells, then as control sequences.
  const screen = client.attachScreen(drawn);
  await next(screen, "update");
  const text = screen.lines.map((line) => line.runs.map((run) => run.text).join("")).join("\n");
  assert(text.includes("needle"), text);
  screen.detach();
  const raw = client.attachRaw(drawn, { start: { snapshot: 10 }, cols: 95, rows: 31 });
  const snapshot = await next(raw, "snapshot");
  assert(toText(snapshot.data).includes("needle") && snapshot.first && snapshot.last);
  assert.deepEqual([snapshot.cols, snapshot.rows], [95, 31]);
  raw.detach();
}

/** The mirror is that of the server: the hash of a whole copy is the one that the server sends with it. */
async function compareHash(client) {
  let compared = false;
  const off = client.on("message", ({ type, hash }) => { compared ||= type === "diff" && typeof hash === "string"; });
  await client.subscribeTo(["sessions", "panes", "terminals", "files"]);
  off();
  assert(compared);
  await client.ping();
}

async function talk(codec, address, token) {
  const client = await connect(codec, address, token);
  const terminals = [...client.state.terminals.values()];
  const [plain, drawn] = [false, true].map((screen) => terminals.find((entry) => entry.screen === screen).id);
  const { raw, has } = await follow(client, plain);
  client.input(plain, `héllo ${codec}\n`);
  await has(Buffer.from(`héllo ${codec}\r\n`));
  client.input(plain, new Uint8Array([0x78, 0xff, 0x78, 0x0a]));
  await has(Buffer.from([0x78, 0xff, 0x78, 0x0d, 0x0a]));

  const name = `javascript-${codec}`;
  await changes(client, name, plain);
  await questions(client, plain, drawn);
  await compareHash(client);

  // Away, while somebody else does something, and back.
  const { offset } = raw;
  await client.close();
  const other = await connect(codec, address, token);
  await other.change([{ change: { remove_session: { id: name } } }]);
  other.input(plain, "meanwhile\n");
  await client.connect();
  assert.equal(client.welcome.resumed, true);
  await has(Buffer.from("meanwhile\r\n"));
  assert(raw.offset > offset);
  await until(client, (state) => !state.sessions.has(name) && !state.panes.has(`${name}.a`));
  await compareHash(client);
  await Promise.all([other.close(), client.close()]);
}

const [vectors, address, token] = process.argv.slice(2);
console.log(`javascript: ${await checkVectors(vectors)} messages of the vectors`);
if (address !== undefined) {
  for (const codec of ["json", "bincode"]) {
    await talk(codec, address, token);
    console.log(`javascript: a session in ${codec}`);
  }
}
process.exit(0);

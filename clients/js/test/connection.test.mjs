// Connecting, closing, trying again, and the order of messages.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import WebSocket from "ws";
import { Client, parseAddress } from "../src/index.js";
import { delayBefore } from "../src/connection.js";
import { Emitter } from "../src/events.js";
import { Fake, diff, session } from "./support/fake.mjs";
import { next, until } from "./support/events.mjs";

const TOKEN = "t";

async function start(t) {
  const fake = await Fake.start();
  t.after(() => fake.close());
  return fake;
}

/** A client, and the error with which its first connection is closed. */
async function refused(t, code, reason = "") {
  const fake = await start(t);
  const client = fake.client();
  const accepted = fake.peer();
  const connecting = client.connect();
  const error = assert.rejects(connecting, (reported) => (fake.error = reported, true));
  const peer = await accepted;
  peer.socket.close(code, reason);
  await error;
  return { fake, client, error: fake.error };
}

test("addresses", () => {
  assert.deepEqual(parseAddress("ws://127.0.0.1:1/#token=abc"), { url: "ws://127.0.0.1:1/", token: "abc" });
  assert.deepEqual(parseAddress("http://localhost:7070/"), { url: "ws://localhost:7070/", token: null });
  assert.equal(parseAddress("https://example.org/").url, "wss://example.org/");
});

test("the times between attempts", () => {
  const longest = Array.from({ length: 9 }, (_, attempt) => delayBefore(attempt, () => 1));
  assert.deepEqual(longest, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  assert.equal(delayBefore(3, () => 0.5), 2000);
  assert.equal(delayBefore(3, () => 0), 0);
});

test("a client says hello, and is connected once its mirror is complete", async (t) => {
  const fake = await start(t);
  const client = fake.client({ name: "me", collections: ["panes"], notices: ["bell"], compress: true });
  const statuses = [];
  client.on("status", (status) => statuses.push(status));
  assert.equal(client.status, "idle");
  const accepted = fake.peer();
  let isConnected = false;
  const connecting = client.connect().then((welcome) => (isConnected = true, welcome));
  const peer = await accepted;
  assert.equal(peer.socket.protocol, "orchflow.v1.json");
  const hello = await peer.welcome();
  assert.deepEqual(hello, {
    type: "hello", client: "me", collections: ["panes"], compress: true, notices: ["bell"],
  });
  await next(client, "status");
  assert.deepEqual([isConnected, client.status], [false, "open"]);
  peer.send(diff({ full: true }));
  assert.equal((await connecting).server, "fake");
  assert.equal(await client.connect(), client.welcome);
  await client.close();
  assert.deepEqual(statuses, ["connecting", "open", "closed"]);
  assert.equal(client.lastError.code, "closed");
});

test("a connection that breaks before the mirror is complete", async (t) => {
  const fake = await start(t);
  const client = fake.client();
  let accepted = fake.peer();
  const connecting = client.connect();
  const first = await accepted;
  await first.welcome();
  await next(client, "status", (status) => status === "open");
  accepted = fake.peer();
  first.socket.terminate();
  const second = await accepted;
  await second.welcome({ client: 2 });
  second.send(diff({ full: true, sessions: [session()] }));
  assert.equal((await connecting).client, 2);
  assert.equal(client.state.sessions.size, 1);
  await client.close();

  const impatient = fake.client({ reconnect: false });
  accepted = fake.peer();
  const failing = impatient.connect();
  const last = await accepted;
  await last.welcome();
  last.socket.terminate();
  await assert.rejects(failing, { code: "disconnected" });
});

test("what waiting does not mend", async (t) => {
  for (const [code, name] of [[4001, "unauthorized"], [4003, "protocol"], [4007, "protocol"], [1000, "closed"]]) {
    const { client, error } = await refused(t, code, "the reason");
    assert.deepEqual([error.code, error.message, error.closeCode], [name, "the reason", code]);
    assert.deepEqual([client.status, client.retryAt, client.lastError], ["closed", null, error]);
  }
});

test("another token", async (t) => {
  const { fake, client } = await refused(t, 4001);
  const accepted = fake.peer();
  client.setToken("other");
  await (await accepted).welcome();
  await client.close();
  client.setToken("third");
  assert.equal(client.status, "closed");
  const spoiled = new Client({ url: fake.url, WebSocket, token: "a b" });
  await assert.rejects(spoiled.connect(), { code: "unauthorized" });
});

test("a server that is not there", async (t) => {
  const fake = await start(t);
  const { url } = fake;
  await fake.close();
  const once = new Client({ url, WebSocket, token: TOKEN, reconnect: false });
  await assert.rejects(once.connect(), { code: "unreachable" });
  const patient = new Client({ url, WebSocket, token: TOKEN });
  const waiting = next(patient, "status", (status) => status === "waiting");
  const connecting = assert.rejects(patient.connect(), { code: "closed" });
  await waiting;
  assert(patient.retryAt >= Date.now() - 1000 && patient.retryAt <= Date.now() + 500);
  assert.equal(patient.lastError.code, "unreachable");
  await patient.close();
  await connecting;
  await assert.rejects(new Client({ url, WebSocket: undefined, token: TOKEN }).connect(), { code: "unreachable" });
});

test("another version of the protocol", async (t) => {
  const fake = await start(t);
  const client = fake.client();
  const accepted = fake.peer();
  const connecting = client.connect();
  await (await accepted).welcome({ protocol: 2 });
  await assert.rejects(connecting, { code: "protocol" });
  assert.equal(client.status, "closed");
});

test("requests fail when the connection breaks, and without one", async (t) => {
  const fake = await start(t);
  const { client, peer } = await fake.connected();
  const requests = [client.query(1), client.ping(), client.subscribeTo(["panes"])];
  await peer.receive("subscribe");
  peer.socket.terminate();
  for (const request of requests) await assert.rejects(request, { code: "disconnected" });
  await assert.rejects(client.stats(), { code: "disconnected" });
  assert.equal(client.input(1, "x"), false);
  await client.close();
});

test("a break in a diff keeps the complete state, from which the client resumes", async (t) => {
  const fake = await start(t);
  const { client, peer } = await fake.connected({}, { sessions: [session()] });
  peer.send(diff({ from: 1, to: 1, more: true, removed: [{ session: "s" }] }));
  const accepted = fake.peer();
  peer.socket.terminate();
  const back = await accepted;
  const hello = await back.welcome({ resumed: true });
  assert.deepEqual(hello.resume, { epoch: 77, n: 1 });
  assert.equal(client.state.sessions.size, 1);
  back.send(diff({ from: 1, to: 2, removed: [{ session: "s" }] }));
  await until(client, (state) => state.sessions.size === 0);
  await client.close();
});

test("errors find the request that they answer", async (t) => {
  const fake = await start(t);
  const { client, peer } = await fake.connected();
  const failed = client.rows(5, { max: 1 });
  const { id } = await peer.receive("rows");
  peer.send({ type: "error", code: "invalid", message: "no", id, terminal: 5 });
  await assert.rejects(failed, { code: "invalid", terminal: 5 });
  const failure = next(client, "failure");
  peer.send({ type: "error", code: "ended", message: "gone", id: null, terminal: 5 });
  assert.deepEqual([(await failure).code, (await failure).terminal], ["ended", 5]);
  const search = new AbortController();
  const searching = client.search(5, "x", { signal: search.signal });
  const request = await peer.receive("search");
  search.abort();
  assert.equal((await peer.receive("cancel")).id, request.id);
  peer.send({ type: "result", id: request.id, outcome: { failed: { code: "cancelled", message: "" } } });
  await assert.rejects(searching, { code: "cancelled" });
  await assert.rejects(client.search(5, "x", { signal: search.signal }), { name: "AbortError" });
  await client.close();
});

test("compressed messages keep their order with others, both ways", async (t) => {
  const fake = await start(t);
  const { client, peer } = await fake.connected({ compress: true });
  const seen = [];
  client.on("message", ({ type, n }) => type === "mark" && seen.push(n));
  const packed = (message) => {
    const text = Buffer.from(JSON.stringify(message));
    const header = Buffer.from([2, 1, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32LE(text.length, 4);
    return Buffer.concat([header, deflateRawSync(text)]);
  };
  const last = next(client, "message", ({ n }) => n === 9);
  for (let n = 0; n < 10; n++) {
    const mark = { type: "mark", n, pad: "x".repeat(n * 10_000) };
    peer.send(n % 2 === 0 ? packed(mark) : mark);
  }
  await last;
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

  const frames = [];
  const all = new Promise((resolve) => {
    peer.socket.on("message", (data, isBinary) => {
      frames.push(isBinary && data[0] === 2 ? inflateRawSync(data.subarray(8)).length : data.length);
      if (frames.length === 3) resolve();
    });
  });
  client.send({ type: "mark", pad: "x".repeat(100_000) });
  client.input(1, "abc");
  client.send({ type: "x" });
  await all;
  assert.deepEqual(frames, [100_024, 13, 12]);
  await client.close();
});

test("a frame that cannot be read ends the connection for good", async (t) => {
  const fake = await start(t);
  for (const frame of [Buffer.from([9, 9]), Buffer.from([2, 1, 0, 0, 9, 0, 0, 0, 1, 2, 3]), Buffer.from("0102", "hex")]) {
    const { client, peer } = await fake.connected();
    const closed = next(client, "status", (status) => status === "closed");
    peer.socket.send(frame);
    await closed;
    assert.equal(client.lastError.code, "protocol");
  }
});

test("a change of the token's mind while the connection closes", async (t) => {
  const fake = await start(t);
  const { client, peer } = await fake.connected();
  const closed = next(client, "status", (status) => status === "closed");
  peer.socket.close(4001, "expired");
  await closed;
  assert.equal(client.lastError.code, "unauthorized");
  const accepted = fake.peer();
  client.setToken("fresh");
  const hello = await (await accepted).welcome({ resumed: true });
  assert.deepEqual(hello.resume, { epoch: 77, n: 1 });
  await client.close();
});

test("whole files", async (t) => {
  const fake = await start(t);
  const { client, peer } = await fake.connected();
  const version = (size) => ({ device: "1", inode: "2", size, changed_ns: "3" });
  const answer = async (data, fields) => {
    const request = await peer.receive("read");
    const slice = { data, offset: request.offset, version: version(6), changed: false, end: false, ...fields };
    peer.send({ type: "result", id: request.id, outcome: { slice } });
    return request;
  };
  const reading = client.readFile("/f", { limit: 100 });
  assert.deepEqual((await answer("abc")).base, null);
  const second = await answer({ bytes: "/w==" }, { end: true });
  assert.deepEqual([second.base, second.offset, second.max], [version(6), 3, 97]);
  const file = await reading;
  assert.deepEqual([[...file.bytes], file.truncated, file.changed], [[97, 98, 99, 255], false, false]);

  const restless = client.readFile("/f", { limit: 6 });
  for (let attempt = 0; attempt < 2; attempt++) {
    await answer("abc");
    await answer("x", { changed: true });
  }
  await answer("abc");
  await answer("def", { changed: true });
  const { bytes, changed, truncated } = await restless;
  assert.deepEqual([bytes.length, changed, truncated], [6, true, true]);
  await client.close();
});

test("closing twice, and connecting while it closes", async (t) => {
  const fake = await start(t);
  const { client } = await fake.connected();
  const accepted = fake.peer();
  const closings = [client.close(), client.close()];
  const connecting = client.connect();
  await Promise.all(closings);
  const peer = await accepted;
  await peer.welcome();
  peer.send(diff({ full: true }));
  assert.equal((await connecting).server, "fake");
  // While the handshake runs.
  const other = fake.client();
  const late = fake.peer();
  const failing = assert.rejects(other.connect(), { code: "closed" });
  const second = await late;
  await second.receive("hello");
  await Promise.all([other.close(), other.close(), failing]);
  await client.close();
  await client.close();
});

test("what listeners find when they hear of a status", async (t) => {
  const fake = await start(t);
  const client = fake.client();
  const found = [];
  let subscribed = null;
  client.on("status", (status) => {
    found.push([status, client.status, client.retryAt !== null]);
    // Sends while there is nothing to send on are dropped, and fail nothing.
    client.send({ type: "mark" });
    if (status === "open" && subscribed === null) subscribed = client.subscribeTo(["panes"]);
  });
  client.state.subscribe(() => client.send({ type: "mark" }));
  const accepted = fake.peer();
  const connecting = client.connect();
  const peer = await accepted;
  await peer.welcome();
  await peer.receive("subscribe");
  peer.send(diff({ full: true }));
  peer.send(diff({ full: true }));
  await Promise.all([connecting, subscribed]);
  const waiting = next(client, "status", (status) => status === "waiting");
  peer.socket.terminate();
  await waiting;
  const closed = next(client, "status", (status) => status === "closed");
  const again = fake.peer();
  let connected = null;
  // The attempt that a listener makes is another one than that which has ended.
  client.on("status", (status) => { if (status === "closed") connected ??= client.connect(); });
  const ending = client.close();
  await Promise.all([ending, closed]);
  await (await again).welcome({ resumed: true });
  await connected;
  assert.deepEqual(found.slice(0, 4), [
    ["connecting", "connecting", false], ["open", "open", false], ["waiting", "waiting", true], ["closed", "closed", false],
  ]);
  await client.close();
});

test("what cannot be written fails where it was asked for", async (t) => {
  const fake = await start(t);
  const unspeakable = fake.client({ name: 1n });
  await assert.rejects(unspeakable.connect(), { code: "invalid" });
  assert.equal(unspeakable.status, "closed");

  const { client, peer } = await fake.connected();
  const put = (id, name) => [{ change: { put_session: session({ id, name }) } }];
  await assert.rejects(client.change(put("s", 1n)), TypeError);
  await assert.rejects(client.subscribeTo([1n]), TypeError);
  assert.throws(() => client.subscribeToNotices([1n]), TypeError);
  await assert.rejects(client.search(1, 1n), TypeError);
  assert.equal(client.state.sessions.size, 0);
  const changed = client.change(put("s", "after"));
  const { mutation } = await peer.receive("change");
  peer.send(diff({ from: 1, to: 2, sessions: [session({ name: "after", version: 2 })], applied: [{ mutation, version: 2 }] }));
  assert.deepEqual(await changed, { version: 2 });
  const accepted = fake.peer();
  peer.socket.terminate();
  const hello = await (await accepted).welcome({ resumed: true });
  assert.deepEqual(hello.collections, ["sessions", "panes", "terminals", "files"]);
  await client.close();
});

test("listeners come and go", () => {
  const emitter = new Emitter();
  const seen = [];
  const listener = () => seen.push("twice");
  const offs = [emitter.on("x", listener), emitter.on("x", listener)];
  offs[0]();
  offs[0]();
  emitter.emit("x");
  assert.deepEqual(seen, ["twice"]);
  offs[1]();
  assert.deepEqual(emitter.emit("x"), []);
  // One that another has removed is not called any more.
  let off = null;
  emitter.on("y", () => off());
  off = emitter.on("y", () => seen.push("removed"));
  emitter.emit("y");
  assert.deepEqual(seen, ["twice"]);
});

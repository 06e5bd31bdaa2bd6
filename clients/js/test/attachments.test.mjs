// Attachments: credit, replacement, modes, and what they do after a break.

import assert from "node:assert/strict";
import { test } from "node:test";
import { writeU64 } from "../src/frames.js";
import { Fake, diff } from "./support/fake.mjs";
import { next, textOf } from "./support/events.mjs";

const T = 7;
const RUN = { cols: 1, wide: false, fg: "default", bg: "default", attributes: 0, underline: 0, link: null };
const line = (row, text) => ({ row, wrapped: false, runs: [{ ...RUN, text, cols: text.length }] });
const attached = (mode, offset = 0) => ({ type: "attached", terminal: T, mode, offset });
const screen = (fields) => ({
  type: "screen", terminal: T, offset: 0, full: false, cols: 4, rows: 4, history: 0, line: { line: 0, col: 0 },
  cursor: { row: 0, col: 0, shape: 0, blinking: false, visible: true }, modes: 0, title: null, scrolls: [], lines: [],
  viewport: 0, ...fields,
});

function output(offset, text) {
  const frame = new Uint8Array(18 + text.length);
  const view = new DataView(frame.buffer);
  frame[0] = 0x10;
  writeU64(view, 2, T);
  writeU64(view, 10, offset);
  frame.set(Buffer.from(text), 18);
  return frame;
}

async function connected(t) {
  const fake = await Fake.start();
  t.after(() => fake.close());
  const { client, peer } = await fake.connected();
  t.after(() => client.close());
  /** Resolves once the client has processed what was sent before. */
  const settled = async () => {
    const seen = next(client, "message", ({ type }) => type === "mark");
    peer.send({ type: "mark" });
    await seen;
  };
  /** Breaks the connection; the next one. */
  const broken = async (fields = { resumed: true }) => {
    const accepted = fake.peer();
    peer.socket.terminate();
    const back = await accepted;
    await back.welcome(fields);
    return back;
  };
  return { client, peer, settled, broken };
}

test("rows of a screen: full, scrolled, changed", async (t) => {
  const { client, peer, settled } = await connected(t);
  const view = client.attachScreen(T, { cols: 4, rows: 4 });
  const request = await peer.receive("attach");
  assert.deepEqual(request, { type: "attach", terminal: T, mode: "screen", cols: 4, rows: 4 });
  const updates = [];
  view.on("update", (update) => updates.push(update));
  peer.send(screen({ full: true, lines: [line(0, "old")] }));
  peer.send(attached("screen"));
  peer.send(screen({ full: true, title: "t", lines: [line(0, "a"), line(1, "b"), line(2, "c"), line(3, "d")] }));
  await settled();
  assert.deepEqual([textOf(view), view.title, view.status], [["a", "b", "c", "d"], "t", "attached"]);
  const [, , c] = view.lines;
  const up = { top: 0, bottom: 4, rows: 1 };
  const down = { top: 1, bottom: 3, rows: -1 };
  peer.send(screen({ scrolls: [up, down], lines: [line(3, "f"), line(1, "e")], cursor: { row: 3 }, history: 1 }));
  await settled();
  assert.deepEqual(textOf(view), ["b", "e", "c", "f"]);
  assert.deepEqual([view.lines[2], view.title, view.history, view.cursor.row], [c, "t", 1, 3]);
  assert.deepEqual(updates[1], { full: false, scrolls: [up, down], changed: [1, 3] });
  assert.equal(updates.length, 2, "nothing from before `attached`");
  peer.send(screen({ full: true, cols: 9, rows: 2, lines: [] }));
  await settled();
  assert.deepEqual([textOf(view), view.cols], [["", ""], 9]);
});

test("a screen stays while the connection is away, and its view is where it was", async (t) => {
  const { client, peer, settled, broken } = await connected(t);
  const view = client.attachScreen(T);
  peer.send(attached("screen"));
  peer.send(screen({ full: true, history: 9, lines: [line(0, "kept")] }));
  view.scroll(3);
  assert.deepEqual(await peer.receive("scroll"), { type: "scroll", terminal: T, rows: 3 });
  peer.send(screen({ full: true, history: 9, viewport: 3, lines: [line(0, "kept")] }));
  await settled();
  const back = await broken();
  assert.equal((await back.receive("attach")).mode, "screen");
  assert.deepEqual([textOf(view)[0], view.status], ["kept", "attaching"]);
  back.send(attached("screen"));
  assert.equal((await back.receive("scroll")).rows, 3);
  const update = next(view, "update");
  back.send(screen({ full: true, history: 9, viewport: 3, lines: [line(0, "new")] }));
  await update;
  assert.deepEqual([textOf(view)[0], view.viewport, view.status], ["new", 3, "attached"]);
});

test("credit follows what the listeners have consumed", async (t) => {
  const { client, peer, settled } = await connected(t);
  const raw = client.attachRaw(T, { window: 8, start: "now" });
  assert.deepEqual(await peer.receive("attach"), {
    type: "attach", terminal: T, mode: "lossless", start: "now", window: 8, cols: 0, rows: 0,
  });
  const seen = [];
  let consume;
  raw.on("data", (bytes, offset) => {
    seen.push([offset, String.fromCharCode(...bytes)]);
    return new Promise((resolve) => { consume = resolve; });
  });
  peer.send(attached("lossless", 100));
  peer.send(output(100, "abcd"));
  await settled();
  const first = consume;
  peer.send(output(106, "ef"));
  await settled();
  assert.deepEqual([seen, raw.offset], [[[100, "abcd"], [106, "ef"]], 108]);
  client.send({ type: "none" });
  await peer.receive("none");
  first();
  assert.equal((await peer.receive("credit")).offset, 104);
  consume();
  assert.equal((await peer.receive("credit")).offset, 108);
});

test("a listener that fails does not stop the credit", async (t) => {
  const { client, peer } = await connected(t);
  const uncaught = [];
  process.setUncaughtExceptionCaptureCallback((error) => uncaught.push(error.message));
  t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  const raw = client.attachRaw(T, { window: 8 });
  raw.on("data", () => { throw new Error("now"); });
  raw.on("data", () => Promise.reject(new Error("later")));
  peer.send(attached("lossless"));
  peer.send(output(0, "abcd"));
  assert.equal((await peer.receive("credit")).offset, 4);
  peer.send(output(4, "abcd"));
  assert.equal((await peer.receive("credit")).offset, 8);
  assert.deepEqual(uncaught, ["now", "later", "now", "later"]);
});

test("gaps and snapshots count as credit, and are where output goes on", async (t) => {
  const { client, peer, settled, broken } = await connected(t);
  const raw = client.attachRaw(T, { window: 8 });
  const seen = [];
  raw.on("gap", (gap) => seen.push(gap));
  raw.on("snapshot", ({ data, first, last, cols }) => seen.push([String.fromCharCode(...data), first, last, cols]));
  const part = (data, more) => ({
    type: "terminal_snapshot", terminal: T, offset: 50, cols: 80, rows: 24, line: { line: 0, col: 0 }, data, more,
  });
  peer.send(attached("lossless"));
  peer.send({ type: "gap", terminal: T, from: 0, to: 20 });
  peer.send(output(20, "abc"));
  peer.send(part("x", true));
  peer.send(part("y", false));
  peer.send(output(50, "abcd"));
  assert.equal((await peer.receive("credit")).offset, 54);
  assert.deepEqual(seen, [{ from: 0, to: 20 }, ["x", true, false, 80], ["y", false, true, 80]]);
  peer.send(part("z", true));
  await settled();
  const back = await broken();
  assert.equal((await back.receive("attach")).start, "default", "the snapshot was not complete");
});

test("bytes go on at the same offset after a break", async (t) => {
  const { client, peer, settled, broken } = await connected(t);
  const raw = client.attachRaw(T, { start: "oldest", cols: 80, rows: 24 });
  let text = "";
  raw.on("data", (bytes) => { text += String.fromCharCode(...bytes); });
  peer.send(attached("lossless", 5));
  peer.send(output(5, "hel"));
  await settled();
  raw.resize(90, 30);
  const back = await broken();
  const { start, cols } = await back.receive("attach");
  assert.deepEqual([start, cols], [{ offset: 8 }, 90]);
  back.send(attached("lossless", 8));
  const data = next(raw, "data");
  back.send(output(8, "lo"));
  await data;
  assert.equal(text, "hello");
});

test("a listener that was too slow gets bytes again once it has caught up", async (t) => {
  const { client, peer, settled } = await connected(t);
  const raw = client.attachRaw(T, { window: 8 });
  const modes = [];
  raw.on("mode", ({ mode }) => modes.push(mode));
  let consume;
  raw.on("data", () => new Promise((resolve) => { consume = resolve; }));
  await peer.receive("attach");
  peer.send(attached("lossless"));
  peer.send(output(0, "abcdefgh"));
  const lag = next(raw, "lag");
  peer.send({ type: "lag_warning", terminal: T, remaining_ms: 9 });
  assert.deepEqual(await lag, { remainingMs: 9 });
  peer.send(attached("screen", 8));
  peer.send(screen({ full: true }));
  await settled();
  assert.deepEqual(modes, ["screen"]);
  consume();
  assert.deepEqual((await peer.receive("attach")).start, { offset: 8 });
  peer.send(attached("lossless", 8));
  await settled();
  assert.deepEqual(modes, ["screen", "lossless"]);
});

test("a later attachment takes the place of an earlier one", async (t) => {
  const { client, peer, settled } = await connected(t);
  const earlier = client.attachRaw(T);
  const detached = next(earlier, "detached");
  const later = client.attachRaw(T, { start: "now" });
  assert.deepEqual(await detached, { reason: "replaced" });
  const seen = [];
  later.on("data", (bytes, offset) => seen.push(offset));
  peer.send(attached("lossless", 0));
  peer.send(output(0, "old"));
  peer.send(attached("lossless", 3));
  peer.send(output(3, "new"));
  await settled();
  assert.deepEqual(seen, [3]);
  later.detach();
  await peer.receive("detach");
  const again = client.attachScreen(T);
  peer.send({ type: "detached", terminal: T, reason: "asked" });
  peer.send(attached("screen"));
  await settled();
  assert.equal(again.status, "attached");
});

test("how attachments end", async (t) => {
  const { client, peer, settled, broken } = await connected(t);
  const view = client.attachScreen(T);
  const log = [];
  for (const name of ["ended", "detached", "failure"]) view.on(name, (event) => log.push([name, event]));
  const ended = { type: "ended", terminal: T, final_offset: 0, exit: { code: 3 } };
  peer.send(attached("screen"));
  peer.send(ended);
  await settled();
  assert.deepEqual([view.status, view.exit], ["ended", { code: 3 }]);
  const back = await broken();
  const reattached = next(view, "update");
  for (const message of [attached("screen"), screen({ full: true }), ended]) back.send(message);
  await reattached;
  const closed = next(view, "detached");
  back.send({ type: "detached", terminal: T, reason: "closed" });
  await closed;
  assert.deepEqual(log, [["ended", { exit: { code: 3 } }], ["detached", { reason: "closed" }]]);

  const failing = client.attachScreen(8);
  const [failure, gone] = [next(failing, "failure"), next(failing, "detached")];
  await back.receive("attach");
  back.send({ type: "error", code: "no_screen", message: "none", id: null, terminal: 8 });
  assert.equal((await failure).code, "no_screen");
  back.send({ type: "pong", id: (await back.receive("ping")).id });
  assert.deepEqual(await gone, { reason: "failed" });
});

test("an error about what was typed does not end an attachment that is on its way", async (t) => {
  const { client, peer, settled } = await connected(t);
  const error = { type: "error", code: "ended", message: "gone", id: null, terminal: T };
  const pong = async () => peer.send({ type: "pong", id: (await peer.receive("ping")).id });
  client.input(T, "x");
  const view = client.attachScreen(T);
  await peer.receive("attach");
  peer.send(error);
  peer.send(attached("screen"));
  await pong();
  await settled();
  assert.equal(view.status, "attached");

  // The earlier of two attachments has failed; the reply to the later one was taken for that of the earlier.
  const [earlier, later] = [client.attachRaw(T), client.attachRaw(T)];
  for (const _ of [earlier, later]) await peer.receive("attach");
  peer.send({ ...error, code: "limit" });
  peer.send(attached("lossless"));
  await pong();
  await peer.receive("attach");
  peer.send(attached("lossless"));
  await settled();
  assert.deepEqual([earlier.status, later.status], ["detached", "attached"]);

  // Asked for again while it is not known what the error was about.
  const third = client.attachRaw(T);
  await peer.receive("attach");
  peer.send(error);
  const { id } = await peer.receive("ping");
  third.attach();
  await peer.receive("attach");
  peer.send({ type: "pong", id });
  peer.send(attached("lossless"));
  await settled();
  assert.equal(third.status, "attached");
});

test("an attachment that cannot be written leaves the earlier one, and the connection", async (t) => {
  const { client, peer, settled, broken } = await connected(t);
  const view = client.attachScreen(T);
  assert.throws(() => client.attachScreen(T, { cols: 1n }), TypeError);
  peer.send(attached("screen"));
  await settled();
  assert.equal(view.status, "attached");
  const failure = next(view, "failure");
  view.resize(1n, 1);
  assert.equal((await failure).name, "TypeError");
  const detached = next(view, "detached");
  await broken();
  assert.deepEqual(await detached, { reason: "failed" });
  assert.equal(client.status, "open");
});

test("a server that has started anew has other terminals", async (t) => {
  const { client, peer, broken } = await connected(t);
  const view = client.attachScreen(T);
  const heard = [];
  client.on("status", (status) => heard.push([status, view.status]));
  // Whoever hears that it is gone may attach to a terminal of the new server.
  view.on("detached", () => client.attachScreen(T));
  const detached = next(view, "detached");
  peer.send(attached("screen"));
  const back = await broken({ version: { epoch: 1, n: 1 } });
  assert.deepEqual(await detached, { reason: "closed" });
  await back.receive("attach");
  back.send(diff({ epoch: 1, full: true }));
  assert.equal((await back.receive("ack")).version, 1);
  assert.deepEqual(heard, [["waiting", "attaching"], ["connecting", "attaching"], ["open", "detached"]]);
});

// The mirror: diffs in parts, identity, subscriptions, repairs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DigestSum, digest } from "../src/digest.js";
import { COLLECTIONS, State } from "../src/state.js";
import { Fake, EPOCH, diff, session } from "./support/fake.mjs";
import { next, until } from "./support/events.mjs";

const file = (id, version = 1, watch = 1) => ({
  watch, id, version, parent: "0", name: `f${id}`, kind: "file", size: 1, modified_us: 1, mode: 0o644, ignored: false,
});

/** A mirror that has taken complete diffs. */
function mirror(...diffs) {
  const state = new State();
  for (const part of diffs) take(state, part);
  return state;
}

function take(state, fields) {
  const result = state.take(diff(fields));
  if (result === "complete") state.notify();
  return result;
}

function wholeHash(state) {
  const sum = new DigestSum();
  for (const name of COLLECTIONS) for (const entry of state.confirmed[name].values()) sum.add(digest(name, entry));
  return String(sum);
}

test("nothing of a diff is seen before its last part", () => {
  const state = mirror({ full: true, sessions: [session()], files: [file("1"), file("2")] });
  const seen = [];
  state.onChanges((change) => seen.push(change));
  assert.equal(take(state, { from: 1, to: 1, more: true, removed: [{ file: { watch: 1, id: "1" } }] }), "more");
  assert.equal(take(state, { from: 1, to: 1, more: true, files: [file("3", 2)] }), "more");
  assert.deepEqual([state.files.size, state.files.has("1:1"), seen.length], [2, true, 0]);
  assert.equal(take(state, { from: 1, to: 2, files: [file("4", 2)] }), "complete");
  assert.deepEqual([...state.files.keys()].sort(), ["1:2", "1:3", "1:4"]);
  assert.deepEqual(state.version, { epoch: EPOCH, n: 2 });
  assert.equal(state.hash, wholeHash(state));
  assert.equal(seen.length, 1);
  assert.deepEqual(seen[0].files.map(({ id }) => id), ["3", "4"]);
  assert.deepEqual(seen[0].removed, [{ file: { watch: 1, id: "1" } }]);
});

test("a full diff leaves the old state until it is complete", () => {
  const state = mirror({ full: true, sessions: [session(), session({ id: "t" })] });
  const [kept] = state.sessions.values();
  take(state, { full: true, to: 0, more: true, sessions: [session()] });
  assert.equal(state.sessions.size, 2);
  state.dropPartial();
  assert.deepEqual(state.version, { epoch: EPOCH, n: 1 });
  take(state, { full: true, to: 0, more: true, sessions: [session()] });
  take(state, { to: 5, sessions: [session({ id: "u", version: 5 })] });
  assert.deepEqual([...state.sessions.keys()], ["s", "u"]);
  assert.equal(state.sessions.get("s"), kept, "an entry that is the same is the same object");
  assert.equal(state.hash, wholeHash(state));
});

test("a part that does not follow is lost", () => {
  const state = mirror({ full: true });
  assert.equal(take(state, { from: 2, to: 3 }), "lost");
  assert.equal(take(state, { from: 1, to: 3, epoch: EPOCH + 1 }), "lost");
  assert.equal(take(state, { from: 1, to: 1, more: true }), "more");
  assert.equal(take(state, { from: 2, to: 3 }), "lost");
  assert.equal(take(new State(), { from: 0, to: 3 }), "lost");
});

test("maps are replaced, and only those that change; files count", () => {
  const state = mirror({ full: true, sessions: [session()], files: [file("1")] });
  const { sessions, panes, files, filesRevision } = state;
  take(state, { from: 1, to: 2, sessions: [session({ version: 2, name: "new" })] });
  assert.notEqual(state.sessions, sessions);
  assert.equal(sessions.get("s").name, "");
  assert.equal(state.panes, panes);
  assert.equal(state.filesRevision, filesRevision);
  take(state, { from: 2, to: 3, removed: [{ file: { watch: 1, id: "1" } }, { pane: "none" }] });
  assert.equal(state.files, files);
  assert.equal(state.filesRevision, filesRevision + 1);
});

test("subscriptions by selector", () => {
  const state = mirror({ full: true, sessions: [session()] });
  const calls = [];
  const off = state.subscribe((of) => of.sessions.get("s")?.name, (value, old) => calls.push([value, old]));
  const { get, subscribe } = state;
  let changes = 0;
  subscribe(() => changes++);
  take(state, { from: 1, to: 2, files: [file("1")] });
  take(state, { from: 2, to: 3, sessions: [session({ version: 3, name: "a" })] });
  off();
  take(state, { from: 3, to: 4, sessions: [session({ version: 4, name: "b" })] });
  assert.deepEqual(calls, [["a", ""]]);
  assert.equal(changes, 3);
  let computed = 0;
  const names = (of) => (computed++, [...of.sessions.values()].map(({ name }) => name));
  assert.equal(get(names), get(names));
  take(state, { from: 4, to: 5, sessions: [session({ version: 5, name: "c" })] });
  assert.deepEqual([get(names), computed], [["c"], 2]);
  const long = [];
  const equals = (a, b) => a.length === b.length;
  state.subscribe((of) => [...of.sessions.keys()], (value) => long.push(value), { equals });
  take(state, { from: 5, to: 6, sessions: [session({ version: 6 })] });
  take(state, { from: 6, to: 7, sessions: [session({ id: "t", version: 7 })] });
  assert.deepEqual(long, [["s", "t"]]);
});

test("a client asks for the whole state when a diff is missing", async (t) => {
  const fake = await Fake.start();
  t.after(() => fake.close());
  const { client, peer } = await fake.connected({}, { sessions: [session()] });
  peer.send(diff({ from: 4, to: 5 }));
  await peer.receive("snapshot");
  peer.send(diff({ from: 5, to: 6 }));
  peer.send(diff({ full: true, to: 6, sessions: [session({ version: 6, name: "whole" })] }));
  await until(client, (state) => state.version.n === 6 && state.sessions.get("s").name === "whole");
  assert.equal((await peer.receive("ack")).version, 6);
  await client.close();
});

test("a wrong hash: asks once, then says so", async (t) => {
  const fake = await Fake.start();
  t.after(() => fake.close());
  const { client, peer } = await fake.connected();
  const wrong = "00000000000000ff";
  peer.send(diff({ from: 1, to: 2, hash: wrong }));
  await peer.receive("snapshot");
  const failure = next(client, "failure");
  peer.send(diff({ full: true, to: 2, hash: wrong }));
  assert.equal((await failure).code, "protocol");
  peer.send(diff({ from: 2, to: 3, hash: wrong, sessions: [session({ version: 3 })] }));
  await until(client, (state) => state.sessions.has("s"));
  peer.send(diff({ from: 3, to: 4 }));
  client.send({ type: "ping", id: 1 });
  await peer.receive("ping");
  await client.close();
});

test("another subscription", async (t) => {
  const fake = await Fake.start();
  t.after(() => fake.close());
  const { client, peer } = await fake.connected();
  const subscribed = client.subscribeTo(["sessions"]);
  assert.deepEqual((await peer.receive("subscribe")).collections, ["sessions"]);
  peer.send(diff({ from: 1, to: 2 }));
  peer.send(diff({ full: true, to: 2, sessions: [session()] }));
  await subscribed;
  assert.equal(client.state.sessions.size, 1);
  await client.close();
});

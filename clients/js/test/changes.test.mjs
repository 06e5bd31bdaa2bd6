// Own changes: shown at once, confirmed, rejected, made anew.

import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../src/changes.js";
import { Fake, diff, session } from "./support/fake.mjs";
import { next, until } from "./support/events.mjs";

const rename = (name, base) => [{ change: { put_session: { ...session(), name } }, base }];
const nameOf = (client) => client.state.sessions.get("s")?.name;
const conflict = (mutation, entry) => ({
  type: "rejected", mutation, code: "conflict", message: "changed", op: 0, session: entry, pane: null,
});

async function connected(t, options) {
  const fake = await Fake.start();
  t.after(() => fake.close());
  return { fake, ...await fake.connected(options, { sessions: [session()] }) };
}

test("what operations do", () => {
  const view = apply([
    { change: { put_session: { id: "s", name: "S", panes: ["b"], metadata: {} } } },
    { change: { put_pane: { id: "a", session: "s" } } },
    { change: { put_pane: { id: "b", session: "s", content: { terminal: 1 } } } },
    { change: { put_session: { id: "t", name: "T", panes: [], metadata: {} } } },
    { change: { put_pane: { id: "c", session: "t" } } },
  ], { sessions: new Map(), panes: new Map() });
  assert.deepEqual(view.sessions.get("s").panes, ["b", "a"]);
  const moved = apply([{ change: { put_pane: { id: "b", session: "t" } } }], view);
  assert.deepEqual([moved.sessions.get("s").panes, moved.sessions.get("t").panes], [["a"], ["c", "b"]]);
  const shorter = apply([{ change: { put_session: { id: "t", name: "", panes: ["b"], metadata: {} } } }], moved);
  assert.deepEqual(shorter.sessions.get("t").panes, ["b", "c"], "panes that are left out stay at the end");
  const removed = apply([{ change: { remove_session: { id: "t" } } }, { change: { remove_pane: { id: "a" } } }], shorter);
  assert.deepEqual([[...removed.sessions.keys()], removed.panes.size], [["s"], 0]);
  assert.equal(view.panes.get("b").session, "s", "what is below stays");
});

test("a change is seen at once, and stays when it is applied", async (t) => {
  const { client, peer } = await connected(t);
  const seen = [];
  client.state.subscribe(() => nameOf(client), (value) => seen.push(value));
  const changed = client.change(rename("new", 1));
  assert.equal(nameOf(client), "new");
  assert.equal(client.state.confirmed.sessions.get("s").name, "");
  const { mutation, ops } = await peer.receive("change");
  assert.equal(ops[0].base, 1);
  peer.send(diff({ from: 1, to: 2, sessions: [session({ version: 2, name: "new" })], applied: [{ mutation, version: 2 }] }));
  assert.deepEqual(await changed, { version: 2 });
  assert.equal(client.state.sessions, client.state.confirmed.sessions);
  assert.deepEqual(seen, ["new"]);
  await client.close();
});

test("a rejected change is taken back", async (t) => {
  const { client, peer } = await connected(t);
  const rejection = next(client, "rejected");
  const changed = client.change(rename("mine", 1));
  const { mutation } = await peer.receive("change");
  const theirs = session({ version: 2, name: "theirs" });
  peer.send(conflict(mutation, theirs));
  await assert.rejects(changed, { code: "conflict", session: theirs, pane: null, op: 0 });
  assert.equal(nameOf(client), "");
  assert.equal((await rejection).ops[0].change.put_session.name, "mine");
  peer.send(diff({ from: 1, to: 2, sessions: [theirs] }));
  await until(client, () => nameOf(client) === "theirs");
  await client.close();
});

test("a change on top of another one waits for it, and is based on it", async (t) => {
  const { client, peer } = await connected(t);
  const first = client.change(rename("one", 1));
  const second = client.change(rename("two", 1));
  const apart = client.change([{ change: { put_session: session({ id: "t" }) }, base: 0 }]);
  assert.equal(nameOf(client), "two");
  const { mutation } = await peer.receive("change");
  const other = await peer.receive("change");
  assert.equal(other.ops[0].change.put_session.id, "t", "what is apart does not wait");
  // In the same diff somebody else's change of the entry: the second must not overwrite it.
  const applied = [{ mutation, version: 2 }, { mutation: other.mutation, version: 4 }];
  const sessions = [session({ version: 3, name: "theirs" }), session({ id: "t", version: 4 })];
  peer.send(diff({ from: 1, to: 4, sessions, applied }));
  assert.deepEqual(await Promise.all([first, apart]), [{ version: 2 }, { version: 4 }]);
  const held = await peer.receive("change");
  assert.equal(held.ops[0].base, 2);
  peer.send(conflict(held.mutation, sessions[0]));
  await assert.rejects(second, { code: "conflict" });
  assert.equal(nameOf(client), "theirs");
  await client.close();
});

test("a function is called again after a conflict, with the entry that it met", async (t) => {
  const { client, peer } = await connected(t);
  const append = (state) => {
    const session = state.sessions.get("s");
    return session ? [{ change: { put_session: { ...session, name: `${session.name}!` } } }] : [];
  };
  const changed = client.change(append);
  const first = await peer.receive("change");
  assert.deepEqual([first.ops[0].base, nameOf(client)], [1, "!"]);
  const theirs = session({ version: 5, name: "theirs" });
  peer.send(conflict(first.mutation, theirs));
  const again = await peer.receive("change");
  assert.deepEqual([again.ops[0].base, again.ops[0].change.put_session.name], [5, "theirs!"]);
  assert.equal(nameOf(client), "theirs!");
  peer.send(diff({ from: 1, to: 5, sessions: [theirs] }));
  peer.send(conflict(again.mutation, null));
  const last = await peer.receive("change");
  assert.deepEqual(last.ops, []);
  peer.send(diff({ from: 5, to: 6, removed: [{ session: "s" }], applied: [{ mutation: last.mutation, version: 6 }] }));
  assert.deepEqual(await changed, { version: 6 });
  assert.equal(nameOf(client), undefined);
  await client.close();
});

test("a function that never wins is given up", async (t) => {
  const { client, peer } = await connected(t);
  const changed = client.change((state) => rename("mine", state.sessions.get("s").version));
  for (let attempt = 0; attempt < 32; attempt++) {
    const { mutation } = await peer.receive("change");
    peer.send(conflict(mutation, session({ version: 2 + attempt })));
  }
  await assert.rejects(changed, { code: "conflict" });
  assert.equal(nameOf(client), "");
  await client.close();
});

test("after a break a change is sent again, and its own effect is no conflict", async (t) => {
  const { fake, client, peer } = await connected(t);
  const safe = client.change(rename("safe", 1));
  const unsafe = client.change([{ change: { put_session: session({ id: "t" }) } }]);
  await peer.receive("change");
  await peer.receive("change");
  const accepted = fake.peer();
  peer.socket.terminate();
  await assert.rejects(unsafe, { code: "disconnected" });
  assert.deepEqual([nameOf(client), client.state.sessions.has("t")], ["safe", false]);
  const back = await accepted;
  const hello = await back.welcome({ resumed: true, version: { epoch: 77, n: 2 } });
  assert.deepEqual(hello.resume, { epoch: 77, n: 1 });
  const { mutation, ops } = await back.receive("change");
  assert.equal(ops[0].base, 1);
  back.send(conflict(mutation, session({ version: 2, name: "safe" })));
  assert.deepEqual(await safe, { version: 2 });
  await client.close();
});

test("a server that has started anew has lost what was pending", async (t) => {
  const { fake, client, peer } = await connected(t);
  const lost = client.change(rename("lost", 1));
  const waiting = assert.rejects(lost, { code: "disconnected" });
  const accepted = fake.peer();
  peer.socket.terminate();
  const back = await accepted;
  await back.welcome({ version: { epoch: 78, n: 1 } });
  await waiting;
  back.send(diff({ epoch: 78, full: true, sessions: [session({ name: "other" })] }));
  await until(client, () => nameOf(client) === "other");
  await client.close();
});

test("changes that cannot be", async (t) => {
  const { client, peer } = await connected(t);
  await assert.rejects(client.change([{ change: { put_nothing: {} } }]), TypeError);
  await assert.rejects(client.change(() => { throw new Error("mine"); }), /mine/);
  const malformed = client.change(rename("x", 1));
  const { mutation } = await peer.receive("change");
  peer.send({ type: "error", code: "invalid", message: "malformed", id: mutation, terminal: null });
  await assert.rejects(malformed, { code: "invalid" });
  assert.equal(nameOf(client), "");
  await client.close();
  await assert.rejects(client.change(rename("x", 1)), { code: "disconnected" });
});

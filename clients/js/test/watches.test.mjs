// Watches: whose number is whose, also when replies and breaks come at unlikely times.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Fake } from "./support/fake.mjs";
import { next } from "./support/events.mjs";

async function connected(t) {
  const fake = await Fake.start();
  t.after(() => fake.close());
  const { client, peer } = await fake.connected();
  t.after(() => client.close());
  const broken = async (from) => {
    const accepted = fake.peer();
    from.socket.terminate();
    const back = await accepted;
    await back.welcome({ resumed: true });
    return back;
  };
  return { client, peer, broken };
}

/** Answers the next `watch` of a peer with a number, or a failure. */
async function answer(peer, number, path) {
  const request = await peer.receive("watch");
  if (path) assert.equal(request.path, path);
  const outcome = typeof number === "number" ? { watching: { watch: number } } : { failed: number };
  peer.send({ type: "result", id: request.id, outcome });
}

/** Answers the next `unwatch`; its number. */
async function unwatched(peer, outcome = "done") {
  const { id, watch } = await peer.receive("unwatch");
  peer.send({ type: "result", id, outcome });
  return watch;
}

async function watch(client, peer, path, number) {
  const watching = client.watch(path);
  await answer(peer, number, path);
  return watching;
}

test("two watches of a path: the server hears of the end of the last", async (t) => {
  const { client, peer } = await connected(t);
  const first = await watch(client, peer, "/a", 1);
  const second = await watch(client, peer, "/a", 1);
  assert.deepEqual(client.watches, [first, second]);
  await first.end();
  assert.deepEqual([first.isEnded, second.isEnded, client.watches.length], [true, false, 1]);
  // The end is asked for while a further watch is on its way.
  const watching = client.watch("/a");
  const ending = second.end();
  await answer(peer, 1);
  const third = await watching;
  await ending;
  const last = third.end();
  assert.equal(await unwatched(peer), 1);
  await last;
  await third.end();
});

test("after a reconnect, a number that was another watch's is not ended for it", async (t) => {
  const { client, peer, broken } = await connected(t);
  const a = await watch(client, peer, "/a", 1);
  const b = await watch(client, peer, "/b", 2);
  const renewed = [];
  client.on("watch", ({ watch: one, previous }) => renewed.push([one.path, previous, one.number]));
  const back = await broken(peer);
  await answer(back, 3, "/a");
  const seen = next(client, "watch", ({ watch: one }) => one === b);
  await answer(back, 1, "/b");
  await seen;
  assert.deepEqual(renewed, [["/a", 1, 3], ["/b", 2, 1]]);
  const ending = a.end();
  assert.equal(await unwatched(back), 3);
  await ending;
  const other = b.end();
  assert.equal(await unwatched(back, { failed: { code: "not_found", message: "" } }), 1);
  await other;
});

test("the end of a watch while there is no connection, and while it is watched again", async (t) => {
  const { client, peer, broken } = await connected(t);
  const a = await watch(client, peer, "/a", 1);
  const b = await watch(client, peer, "/b", 2);
  const waiting = next(client, "status", (status) => status === "waiting");
  const reconnected = broken(peer);
  await waiting;
  await a.end();
  const back = await reconnected;
  const request = await back.receive("watch");
  assert.equal(request.path, "/b");
  const ending = b.end();
  back.send({ type: "result", id: request.id, outcome: { watching: { watch: 1 } } });
  assert.equal(await unwatched(back), 1);
  await ending;
  assert.equal(client.watches.length, 0);
});

test("a break while it is watched again is no end, a refusal is one", async (t) => {
  const { client, peer, broken } = await connected(t);
  const one = await watch(client, peer, "/a", 1);
  const back = await broken(peer);
  await back.receive("watch");
  const third = await broken(back);
  assert.equal(one.isEnded, false);
  const failure = next(client, "failure");
  await answer(third, { code: "not_found", message: "gone" });
  assert.equal((await failure).code, "not_found");
  assert.deepEqual([one.isEnded, client.watches.length], [true, 0]);
  await one.end();
});

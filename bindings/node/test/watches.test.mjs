// Watches: batches that can be applied in order, sync points, the tree, renames, saving, ends.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { engineFor, folderFor } from "./support/wait.mjs";

/** The events of all batches up to a sync point. */
async function changesOf(watch, action) {
  const events = [];
  const collect = (batch) => events.push(...batch.events);
  watch.on("batch", collect);
  action();
  await watch.sync();
  watch.off("batch", collect);
  return events;
}

async function watched(t, options) {
  const folder = folderFor(t);
  const watch = engineFor(t).watch(folder, options);
  await watch.ready;
  return { folder, watch };
}

test("files that are made, changed, renamed and deleted", async (t) => {
  const { folder, watch } = await watched(t);
  const a = join(folder, "a"), b = join(folder, "b");
  const [created] = await changesOf(watch, () => writeFileSync(a, "1"));
  assert.deepEqual([created.kind, created.type, created.path], ["create", "file", a]);
  const [modified] = await changesOf(watch, () => writeFileSync(a, "22"));
  assert.deepEqual([modified.kind, modified.path, modified.id], ["modify", a, created.id]);
  const [renamed] = await changesOf(watch, () => renameSync(a, b));
  assert.deepEqual([renamed.kind, renamed.from, renamed.path, renamed.id], ["rename", a, b, created.id]);
  const [deleted] = await changesOf(watch, () => rmSync(b));
  assert.deepEqual([deleted.kind, deleted.path, deleted.id], ["delete", b, created.id]);
});

test("the tree and what changed since a cursor", async (t) => {
  const { folder, watch } = await watched(t);
  mkdirSync(join(folder, "d"));
  writeFileSync(join(folder, "d/f"), "12345");
  await watch.sync();
  const entries = watch.entries();
  assert.deepEqual(entries.map(({ path }) => path).sort(), [folder, join(folder, "d"), join(folder, "d/f")]);
  const file = entries.find(({ path }) => path.endsWith("d/f"));
  assert.deepEqual([file.type, file.bytes, typeof file.inode], ["file", 5, "bigint"]);
  assert(Math.abs(file.modifiedMs - Date.now()) < 86_400_000);
  let { cursor } = watch.changes();
  writeFileSync(join(folder, "new"), "");
  rmSync(join(folder, "d/f"));
  await watch.sync();
  const changes = watch.changes(cursor);
  assert.deepEqual(changes.entries.map(({ path }) => path).filter((path) => path.endsWith("/new")).length, 1);
  assert.deepEqual(changes.removed, [file.id]);
  ({ cursor } = changes);
  assert.deepEqual([watch.changes(cursor).entries, watch.changes(cursor).removed], [[], []]);
});

test("many changes in a directory are counted", async (t) => {
  const { folder, watch } = await watched(t, { summaryThreshold: 10 });
  const batches = [];
  watch.on("batch", (batch) => batches.push(batch));
  for (let i = 0; i < 500; i++) writeFileSync(join(folder, `f${i}`), "");
  await watch.sync();
  const total = batches.reduce((sum, { originalEvents }) => sum + originalEvents, 0);
  assert.equal(total, 500);
  const counted = batches.flatMap(({ summaries }) => summaries).reduce((sum, { created }) => sum + created, 0);
  const listed = batches.flatMap(({ events }) => events).length;
  assert.equal(counted + listed, 500);
  assert(counted > 0);
});

test("what .gitignore and globs exclude stays out; kinds choose", async (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, ".gitignore"), "*.log\n");
  const watch = engineFor(t).watch([folder], { ignore: ["*.tmp"], kinds: ["create", "delete"] });
  await watch.ready;
  const events = await changesOf(watch, () => {
    for (const name of ["x.log", "x.tmp", "x.txt"]) writeFileSync(join(folder, name), "");
  });
  assert.deepEqual(events.map(({ path }) => path), [join(folder, "x.txt")]);
  assert.deepEqual(await changesOf(watch, () => writeFileSync(join(folder, "x.txt"), "more")), []);
});

test("a name that is not UTF-8 is a Buffer", async (t) => {
  const { folder, watch } = await watched(t);
  const name = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff])]);
  const [event] = await changesOf(watch, () => writeFileSync(name, ""));
  assert(Buffer.isBuffer(event.path));
  assert.deepEqual(event.path, name);
});

test("a saved tree reports what changed while nobody watched", async (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, "kept"), "");
  writeFileSync(join(folder, "gone"), "");
  const engine = engineFor(t);
  const first = engine.watch(folder);
  await first.ready;
  const saved = first.save();
  first.close();
  rmSync(join(folder, "gone"));
  writeFileSync(join(folder, "new"), "");
  const second = engine.watch(folder, { since: saved });
  const events = [];
  second.on("batch", (batch) => events.push(...batch.events));
  await second.ready;
  const seen = events.filter(({ type }) => type === "file").map(({ kind, path }) => `${kind} ${path.slice(folder.length + 1)}`);
  assert.deepEqual(seen.sort(), ["create new", "delete gone"]);
});

test("a root that goes is a warning, and the watch stays", async (t) => {
  const { folder, watch } = await watched(t);
  const warned = once(watch, "warning");
  rmSync(folder, { recursive: true });
  const [{ problem, path }] = await warned;
  assert.deepEqual([problem, path], ["rootGone", folder]);
  mkdirSync(folder);
});

test("close: no more events, and a sync that waits is rejected", async (t) => {
  const { folder, watch } = await watched(t);
  watch.on("batch", () => assert.fail("a batch after the end"));
  writeFileSync(join(folder, "x"), "");
  const waiting = watch.sync();
  watch.close();
  watch.close();
  await assert.rejects(waiting, /closed/);
  assert.throws(() => watch.entries(), { code: "ORCH_E_STALE_ID" });
  assert.equal(watch.isClosed, true);
});

test("a path that is not there", (t) => {
  const engine = engineFor(t);
  assert.throws(() => engine.watch("/no/such"), { code: "ORCH_E_NOT_FOUND", message: /no\/such/ });
  assert.throws(() => engine.watch("/tmp", { kinds: ["made"] }), /kinds must be one of create/);
});

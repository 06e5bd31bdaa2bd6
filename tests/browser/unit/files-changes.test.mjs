import assert from "node:assert/strict";
import { test } from "node:test";
import { age } from "../../../src/bin/orchflow-demo/page/files/ages.js";
import { Changes, RECORDS_MAX, WINDOW_MS, placeOf, rowsOf, summary } from "../../../src/bin/orchflow-demo/page/files/changes.js";
import { FileTree } from "../../../src/bin/orchflow-demo/page/files/tree.js";

const START = 1_700_000_000_000;
const LATER = START + 60_000;

const entry = (id, parent, name, kind = "file", more = {}) => ({
  watch: 1, id: String(id), parent: String(parent), name, kind, size: 0, modified_us: START * 1000, mode: 0,
  ignored: false, version: 1, ...more,
});
const gone = (id) => ({ file: { watch: 1, id: String(id) } });

function start() {
  const clock = { now: START };
  const tree = new FileTree();
  const changes = new Changes(() => clock.now);
  tree.onChange((event) => changes.take(event, tree));
  tree.apply({ full: true, files: [
    entry(1, 0, "/r", "directory"), entry(2, 1, "src", "directory"), entry(3, 2, "a"), entry(4, 2, "b"),
    entry(5, 1, "target", "directory", { ignored: true }),
  ] });
  clock.now = LATER;
  const shown = () => changes.records().map(({ kind, key }) => `${kind} ${key}`);
  return { clock, tree, changes, shown };
}

test("what is there at first is no change", () => {
  assert.deepEqual(start().shown(), []);
});

test("kinds of changes, newest first, one for each path", () => {
  const { tree, shown } = start();
  tree.apply({ files: [entry(3, 2, "a", "file", { size: 5 })] });
  tree.apply({ files: [entry(6, 2, "new"), entry(4, 2, "c")] });
  tree.apply({ files: [entry(6, 2, "new", "file", { size: 9 })] });
  assert.deepEqual(shown(), ["added /r/src/new", "renamed /r/src/c", "written /r/src/a"]);
  tree.apply({ files: [entry(3, 2, "a", "file", { size: 6 })] });
  assert.equal(shown()[0], "written /r/src/a");
  tree.apply({ removed: [gone(6), gone(4)] });
  assert.deepEqual(shown(), ["removed /r/src/c", "written /r/src/a"]);
});

test("a program that saves by a second file has written the file", () => {
  const { tree, shown } = start();
  tree.apply({ files: [entry(7, 2, "a.tmp")] });
  tree.apply({ removed: [gone(3)], files: [entry(7, 2, "a")] });
  assert.deepEqual(shown(), ["written /r/src/a"]);
});

test("a file that is renamed twice was what it was called first, and nothing if it is called that again", () => {
  const { tree, shown, changes } = start();
  tree.apply({ files: [entry(3, 2, "x")] });
  tree.apply({ files: [entry(3, 2, "y")] });
  assert.deepEqual(shown(), ["renamed /r/src/y"]);
  assert.equal(changes.records()[0].from, "/r/src/a");
  tree.apply({ files: [entry(3, 2, "a")] });
  assert.deepEqual(shown(), []);
});

test("of a removed directory only the directory is named, and ignored files are left out", () => {
  const { tree, shown } = start();
  tree.apply({ files: [entry(8, 5, "out.o", "file", { ignored: true })] });
  tree.apply({ removed: [gone(2), gone(3), gone(4)] });
  assert.deepEqual(shown(), ["removed /r/src"]);
});

test("the reading of a root that was just published is no change, a new file in it is", () => {
  const { tree, shown } = start();
  tree.apply({ files: [entry(20, 0, "/s", "directory")] });
  tree.apply({ files: [entry(21, 20, "old"), entry(22, 20, "new", "file", { modified_us: (LATER + 5) * 1000 })] });
  assert.deepEqual(shown(), ["added /s/new"]);
});

test("old records and too many of them are forgotten", () => {
  const { clock, tree, changes } = start();
  tree.apply({ files: Array.from({ length: 700 }, (_, at) => entry(100 + at, 2, `x${at}`)) });
  clock.now += 1000;
  tree.apply({ files: Array.from({ length: 700 }, (_, at) => entry(1000 + at, 2, `y${at}`)) });
  assert.equal(changes.size, RECORDS_MAX);
  assert.equal(changes.records()[0].key, "/r/src/y699");
  clock.now += WINDOW_MS - 500;
  assert.equal(changes.records().length, 700);
  clock.now += 1000;
  assert.equal(changes.records().length, 0);
});

test("a directory with many is one row that opens", () => {
  const { tree, changes } = start();
  tree.apply({ files: [entry(3, 2, "a", "file", { size: 1 }), ...Array.from({ length: 6 }, (_, at) => entry(30 + at, 2, `n${at}`))] });
  tree.apply({ files: [entry(9, 1, "top")] });
  const closed = rowsOf(changes.records(), new Set());
  assert.deepEqual(closed.map(({ key }) => key), ["/r/top", "/r/src/"]);
  assert.equal(summary(closed[1].records), "6 added, 1 written");
  const open = rowsOf(changes.records(), new Set(["/r/src/"]));
  assert.equal(open.length, 9);
  assert.ok(open.slice(2).every(({ level }) => level === 2));
  assert.equal(placeOf("/r/src/n1", tree), "src");
  assert.equal(placeOf("/r/top", tree), "");
});

test("ages change when their words do", () => {
  for (const ms of [0, 9999, 10_000, 34_000, 59_999, 60_000, 119_000, 600_000]) {
    const { text, next } = age(ms);
    assert.equal(age(ms + next - 1).text, text);
    assert.notEqual(age(ms + next).text, text);
  }
});

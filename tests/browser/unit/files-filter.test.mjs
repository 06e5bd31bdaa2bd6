import assert from "node:assert/strict";
import { test } from "node:test";
import { Filter, RESULTS_MAX, score } from "../../../src/bin/orchflow-demo/page/files/filter.js";
import { FileTree } from "../../../src/bin/orchflow-demo/page/files/tree.js";

const entry = (id, parent, name, kind = "file") => ({
  watch: 1, id: String(id), parent: String(parent), name, kind, size: 0, modified_us: 0, mode: 0, ignored: false, version: 1,
});

test("better matches score higher", () => {
  const order = ["src/main", "src/main.rs", "src/the_main.rs", "src/domain.rs", "main/lib.rs", "src/m_a_i_n.rs"];
  const scores = order.map((path) => score(path, ["main"]));
  assert.deepEqual(scores, [...scores].sort((a, b) => b - a));
  assert.ok(scores.at(-1) > 0);
  assert.equal(score("src/lib.rs", ["main"]), 0);
  assert.equal(score("src/main.rs", ["src", "nothing"]), 0);
});

function build(count) {
  const tree = new FileTree();
  const files = [entry(1, 0, "/r", "directory"), entry(2, 1, "Dir", "directory")];
  for (let id = 3; id < count + 3; id += 1) files.push(entry(id, 2, `file${id}.txt`));
  tree.apply({ full: true, files });
  return tree;
}

test("a scan of 100,000 gives way every 8 milliseconds", async () => {
  let clock = 0;
  let slice = 0;
  let pauses = 0;
  const tree = build(100_000);
  const filter = new Filter(tree, () => {}, {
    // Each look at the clock finds half a millisecond gone.
    now: () => (clock += 0.5),
    pause: async () => {
      assert.ok(clock - slice <= 8.5, `${clock - slice} ms in a slice`);
      slice = clock;
      pauses += 1;
    },
  });
  await filter.set("file99");
  assert.ok(pauses > 10);
  // Also those with the characters apart from each other.
  assert.ok(filter.count > 1111);
  assert.equal(filter.results().length, RESULTS_MAX);
  assert.equal(filter.results()[0].name, "file99.txt");
});

test("results follow what changes", async () => {
  const tree = build(10);
  const filter = new Filter(tree, () => {}, { pause: async () => {} });
  tree.onChange((event) => filter.follow(event));
  await filter.set("dir file5");
  assert.deepEqual(filter.results().map(({ name }) => name), ["file5.txt"]);
  tree.apply({ files: [entry(6, 2, "file55.txt"), entry(5, 2, "other")] });
  assert.deepEqual(filter.results().map(({ name }) => name), ["file55.txt"]);
  tree.apply({ removed: [{ file: { watch: 1, id: "6" } }] });
  assert.equal(filter.count, 0);
});

test("a newer text ends the scan of the older one", async () => {
  const tree = build(5000);
  let release;
  const filter = new Filter(tree, () => {}, { now: (() => { let time = 0; return () => (time += 5); })(), pause: () => new Promise((resolve) => {
    release = resolve;
  }) });
  const first = filter.set("file1");
  const stuck = release;
  filter.pause = async () => {};
  await filter.set("file77.txt");
  stuck();
  await first;
  assert.equal(filter.results()[0].name, "file77.txt");
  assert.ok(filter.results().every(({ name }) => name.includes("7")));
});

/** A filter whose scan waits for `step` after each file that it looks at. */
function stepped(tree) {
  const waiting = [];
  let clock = 0;
  const filter = new Filter(tree, () => {}, {
    now: () => (clock += 100),
    pause: () => new Promise((resolve) => waiting.push(resolve)),
  });
  tree.onChange((event) => filter.follow(event));
  const step = async () => {
    waiting.shift()();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { filter, step, isWaiting: () => waiting.length > 0 };
}

test("a scan ends although files change all the time, and has what changed", async () => {
  const tree = build(1000);
  const { filter, step, isWaiting } = stepped(tree);
  const scan = filter.set("file");
  for (let change = 0; isWaiting(); change += 1) {
    assert.ok(change < 100, "the scan begins again and again");
    // One that was looked at, one that was not, and one that goes.
    tree.apply({
      files: [entry(3, 2, `file-${change}`), entry(900, 2, `other-${change}`)],
      removed: [{ file: { watch: 1, id: String(10 + change) } }],
    });
    await step();
  }
  await scan;
  assert.ok(filter.complete);
  const names = new Set(filter.results().map(({ name }) => name));
  assert.ok(names.has("file-4") && !names.has("file-3") && !names.has("other-4") && !names.has("file10.txt"));
  assert.ok(filter.results().every(({ entry: known }) => known !== null));
  assert.equal(filter.count, 1000 - 1 - 5);
});

test("after a directory was renamed during a scan, one more scan follows it", async () => {
  const tree = build(1000);
  const { filter, step, isWaiting } = stepped(tree);
  const scan = filter.set("dir");
  tree.apply({ files: [entry(2, 1, "other", "directory")] });
  tree.apply({ files: [entry(2, 1, "another", "directory")] });
  while (isWaiting()) await step();
  await scan;
  assert.deepEqual([filter.complete, filter.count], [true, 0]);
  // What the server has read anew is other nodes.
  await filter.set("");
  const again = filter.set("file7");
  while (isWaiting()) await step();
  await again;
  const count = filter.count;
  tree.apply({ full: true, files: [{ ...entry(1, 0, "/r", "directory"), watch: 2 }] });
  assert.ok(count > 100 && filter.count === 0, "nothing that is gone is found");
});

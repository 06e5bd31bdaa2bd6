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

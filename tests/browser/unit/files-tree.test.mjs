// The tree of files beside a naive model: sorted from scratch after every change.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FileTree, keyOf } from "../../../src/bin/orchflow-demo/page/files/tree.js";
import { joinPath, showName } from "../../../src/bin/orchflow-demo/page/files/names.js";

const entry = (id, parent, name, kind = "file", more = {}) => ({
  watch: 1, id: String(id), parent: String(parent), name, kind, size: 0, modified_us: 0, mode: 0, ignored: false,
  version: 1, ...more,
});
const gone = (id) => ({ file: { watch: 1, id: String(id) } });
const rows = (tree) => tree.slice(0, tree.length).map((node) => `${"  ".repeat(tree.level(node) - 1)}${showName(node.name)}`);

function sample() {
  const tree = new FileTree();
  // Children before their parents, as a diff may have them.
  tree.apply({ full: true, files: [
    entry(4, 2, "file10"), entry(3, 2, "file9"), entry(2, 1, "src", "directory"), entry(5, 1, "README"),
    entry(1, 0, "/home/me", "directory"),
  ] });
  return tree;
}

test("roots are expanded, directories come first, numbers count by value", () => {
  const tree = sample();
  assert.deepEqual(rows(tree), ["/home/me", "  src", "  README"]);
  tree.expand(tree.get("1:2"));
  assert.deepEqual(rows(tree), ["/home/me", "  src", "    file9", "    file10", "  README"]);
  assert.deepEqual(tree.position(tree.get("1:4")), { place: 2, of: 2 });
  assert.equal(tree.rowOf(tree.get("1:4")), 3);
  assert.equal(tree.path(tree.get("1:4")), "/home/me/src/file10");
  tree.collapse(tree.get("1:2"));
  assert.equal(tree.rowOf(tree.get("1:4")), -1);
});

test("a renamed directory stays expanded, and moves with what is in it", () => {
  const tree = sample();
  tree.expand(tree.get("1:2"));
  const node = tree.get("1:2");
  const events = [];
  tree.onChange((event) => events.push(event));
  tree.apply({ files: [entry(2, 1, "zoo", "directory")] });
  assert.equal(tree.get("1:2"), node);
  assert.deepEqual(rows(tree), ["/home/me", "  zoo", "    file9", "    file10", "  README"]);
  assert.equal(events[0].renamed[0].from, "/home/me/src");
});

test("two directories that change places within each other do not loop", () => {
  const tree = sample();
  tree.apply({ files: [entry(6, 2, "inner", "directory")] });
  tree.expand(tree.get("1:2"));
  tree.expand(tree.get("1:6"));
  tree.apply({ files: [entry(2, 6, "src", "directory"), entry(6, 1, "inner", "directory")] });
  assert.deepEqual(rows(tree), ["/home/me", "  inner", "    src", "      file9", "      file10", "  README"]);
  // A mistake of a server: 2 within 6 within 2.
  tree.apply({ files: [entry(6, 2, "inner", "directory")] });
  assert.deepEqual(rows(tree), ["/home/me", "  README"]);
});

test("a child is moved out of a directory that is removed in the same diff", () => {
  const tree = sample();
  const events = [];
  tree.onChange((event) => events.push(event));
  tree.apply({ removed: [gone(2), gone(4)], files: [entry(3, 1, "file9")] });
  assert.deepEqual(rows(tree), ["/home/me", "  file9", "  README"]);
  assert.equal(tree.size, 3);
  assert.deepEqual(events[0].removed.map(({ path }) => path), ["/home/me/src"]);
  assert.deepEqual(events[0].renamed.map(({ from }) => from), ["/home/me/src/file9"]);
});

test("a full diff keeps what is expanded, by number and by path", () => {
  const tree = sample();
  tree.expand(tree.get("1:2"));
  const files = tree.slice(0, 9).map((node) => node.entry);
  tree.apply({ full: true, files });
  assert.equal(rows(tree).length, 5);
  tree.apply({ full: true, files: files.map((file) => ({ ...file, watch: 7 })) });
  assert.equal(tree.size, 5);
  assert.equal(rows(tree).length, 5);
});

test("paths are found, also within nested roots and with names that are not UTF-8", () => {
  const tree = sample();
  const odd = Uint8Array.of(0x61, 0xff);
  tree.apply({ files: [
    entry(8, 2, odd), entry(9, 8, "below"), entry(20, 0, "/home/me/src", "directory"), entry(21, 20, "file9"),
  ] });
  assert.equal(tree.find("/home/me/src/file9").key, "1:21");
  assert.equal(tree.find("/home/me/src/file10").key, "1:4");
  assert.equal(tree.find(joinPath("/home/me/src", odd)).key, "1:8");
  assert.equal(tree.find("/home/me/nothing"), undefined);
  assert.equal(tree.find("/home"), undefined);
});

/** A model that sorts everything anew each time it is asked. */
class Naive {
  entries = new Map();
  expanded = new Set(["1:1"]);

  rows(parent = "0", level = 1) {
    const children = [...this.entries.values()].filter((one) => one.parent === parent);
    const rank = (one) => [one.kind === "directory" ? 0 : 1, Number(one.name.replace(/\D/g, "")), one.name];
    children.sort((a, b) => {
      const [x, y] = [rank(a), rank(b)];
      return x[0] - y[0] || x[1] - y[1] || (x[2] < y[2] ? -1 : x[2] > y[2] ? 1 : keyOf(a) < keyOf(b) ? -1 : 1);
    });
    return children.flatMap((one) => [
      [keyOf(one), level], ...(this.expanded.has(keyOf(one)) ? this.rows(one.id, level + 1) : []),
    ]);
  }

  below(id) {
    return [...this.entries.values()].filter((one) => one.parent === id).flatMap((one) => [one, ...this.below(one.id)]);
  }
}

function random(seed) {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}

function step(pick, naive, tree, state) {
  const all = [...naive.entries.values()];
  const directories = all.filter((one) => one.kind === "directory");
  const diff = { removed: [], files: [] };
  const put = (one) => {
    naive.entries.set(keyOf(one), one);
    diff.files = diff.files.filter((other) => other.id !== one.id).concat(one);
  };
  for (let times = 1 + pick(6); times > 0; times -= 1) {
    const one = all[1 + pick(all.length - 1)];
    const into = directories[pick(directories.length)];
    const known = one && naive.entries.has(keyOf(one));
    const action = pick(5);
    if (!naive.entries.has(keyOf(into))) continue;
    if (action < 2 || !known) {
      put(entry(state.next++, into.id, `n${pick(40)}`, pick(3) ? "file" : "directory"));
    } else if (action === 2) {
      for (const each of [one, ...naive.below(one.id)]) {
        naive.entries.delete(keyOf(each));
        naive.expanded.delete(keyOf(each));
        diff.removed.push(gone(each.id));
        diff.files = diff.files.filter((other) => other.id !== each.id);
      }
    } else if (into.id !== one.id && !naive.below(one.id).some((each) => each.id === into.id)) {
      put({ ...one, parent: into.id, name: `n${pick(40)}` });
    }
  }
  if (pick(2)) diff.files.reverse();
  tree.apply(diff);
  const node = [...tree.nodes()][pick(tree.size)];
  if (node.directory && pick(2)) {
    tree.expand(node);
    naive.expanded.add(node.key);
  } else if (pick(3) === 0) {
    tree.collapse(node);
    naive.expanded.delete(node.key);
  }
}

test("random changes give the rows of a naive model", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const pick = random(seed);
    const naive = new Naive();
    const tree = new FileTree();
    naive.entries.set("1:1", entry(1, 0, "/r", "directory"));
    tree.apply({ full: true, files: [...naive.entries.values()] });
    const state = { next: 2 };
    for (let round = 0; round < 60; round += 1) {
      step(pick, naive, tree, state);
      const expected = naive.rows();
      const nodes = tree.slice(0, tree.length);
      assert.deepEqual(nodes.map((node) => [node.key, tree.level(node)]), expected, `seed ${seed} round ${round}`);
      assert.equal(tree.size, naive.entries.size);
      nodes.forEach((node, row) => assert.equal(tree.rowOf(node), row));
      assert.equal(tree.at(expected.length), undefined);
    }
  }
});

test("a change of one among 100,000 touches few nodes", () => {
  const tree = new FileTree();
  const files = [entry(1, 0, "/r", "directory")];
  for (let id = 2; id <= 100_001; id += 1) files.push(entry(id, 1, `file${id}`));
  tree.apply({ full: true, files });
  assert.equal(tree.length, 100_001);
  let compared = 0;
  const { ordered } = tree.get("1:1");
  const isBefore = ordered.isBefore;
  ordered.isBefore = (a, b) => {
    compared += 1;
    return isBefore(a, b);
  };
  for (let times = 0; times < 100; times += 1) {
    tree.apply({ files: [entry(50_000, 1, `renamed${times}`)] });
  }
  assert.ok(compared < 100 * 80, `${compared} comparisons for 100 renamed files`);
});

test("a file that is watched by itself is found, and is no root", () => {
  const tree = sample();
  tree.apply({ files: [entry(9, 0, "/etc/hosts", "file", { watch: 2 })] });
  assert.deepEqual(tree.roots.map(({ name }) => name), ["/home/me"]);
  assert.equal(tree.find("/etc/hosts").key, "2:9");
  assert.equal(rows(tree).length, 3);
});

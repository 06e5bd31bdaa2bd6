// The tree of splits: cases by hand, and random operations against what must always be true.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as trees from "../../../src/bin/orchflow-demo/page/layout/tree.js";

const row = (sizes, ...children) => ({ split: "row", sizes, children });
const column = (sizes, ...children) => ({ split: "column", sizes, children });

test("a session without a layout has its panes side by side", () => {
  assert.equal(trees.parse(undefined, []), null);
  assert.equal(trees.parse(undefined, ["a"]), "a");
  const three = trees.parse(undefined, ["a", "b", "c"]);
  assert.deepEqual(trees.leaves(three), ["a", "b", "c"]);
  for (const size of three.sizes) assert.ok(Math.abs(size - 1 / 3) < 1e-9);
});

test("malformed text counts as none", () => {
  const texts = [
    "", "{", "5", "null", "[]", "{}", '{"split":"row"}', '{"split":"stack","sizes":[1],"children":["a"]}',
    '{"split":"row","sizes":[1],"children":["a","b"]}', '{"split":"row","sizes":[1,0],"children":["a","b"]}',
    '{"split":"row","sizes":[1,-1],"children":["a","b"]}', '{"split":"row","sizes":[1,"1"],"children":["a","b"]}',
    '{"split":"row","sizes":[1,1e999],"children":["a","b"]}', '{"split":"row","sizes":[1,1],"children":["a",7]}',
    '{"split":"column","sizes":[1,1],"children":["b","a"]}'.padEnd(trees.TEXT_MAX + 1),
  ];
  for (const text of texts) assert.deepEqual(trees.parse(text, ["a", "b"]), row([0.5, 0.5], "a", "b"), text);
});

test("unknown panes are dropped, missing ones come last in the root, and each is shown once", () => {
  const text = JSON.stringify(column([1, 3], row([1, 1], "a", "gone"), row([1, 1], "b", "a")));
  assert.deepEqual(trees.parse(text, ["a", "b"]), column([0.25, 0.75], "a", "b"));
  const grown = trees.parse(text, ["a", "b", "c"]);
  assert.deepEqual(grown, row([0.5, 0.5], column([0.25, 0.75], "a", "b"), "c"));
});

test("a split in the direction of its parent is merged with it", () => {
  const text = JSON.stringify(row([1, 1], "a", row([1, 3], "b", "c")));
  assert.deepEqual(trees.parse(text, ["a", "b", "c"]), row([0.5, 0.125, 0.375], "a", "b", "c"));
});

test("panes are put at each edge of another one", () => {
  assert.deepEqual(trees.insert("a", "a", "right", "b"), row([0.5, 0.5], "a", "b"));
  assert.deepEqual(trees.insert("a", "a", "left", "b"), row([0.5, 0.5], "b", "a"));
  assert.deepEqual(trees.insert("a", "a", "down", "b"), column([0.5, 0.5], "a", "b"));
  assert.deepEqual(trees.insert("a", "a", "up", "b"), column([0.5, 0.5], "b", "a"));
  const flat = trees.insert(row([0.5, 0.5], "a", "b"), "b", "right", "c");
  assert.deepEqual(flat, row([0.5, 0.25, 0.25], "a", "b", "c"));
  assert.deepEqual(trees.leaves(trees.insert("a", "gone", "left", "b")), ["a", "b"]);
});

test("a pane that is closed leaves its place to the others of its split", () => {
  const tree = row([0.5, 0.5], "a", column([0.25, 0.75], "b", "c"));
  assert.deepEqual(trees.remove(tree, "b"), row([0.5, 0.5], "a", "c"));
  assert.deepEqual(trees.remove(tree, "a"), column([0.25, 0.75], "b", "c"));
  assert.equal(trees.remove("a", "a"), null);
});

test("panes move and swap", () => {
  const tree = row([0.5, 0.5], "a", column([0.25, 0.75], "b", "c"));
  assert.deepEqual(trees.move(tree, "a", "c", "left"), column([0.25, 0.75], "b", row([0.5, 0.5], "a", "c")));
  assert.equal(trees.move(tree, "a", "a", "left"), tree);
  assert.equal(trees.move(tree, "a", "gone", "left"), tree);
  assert.deepEqual(trees.moveToEdge(tree, "c", "left"), row([0.5, 0.25, 0.25], "c", "a", "b"));
  assert.deepEqual(trees.moveToEdge(tree, "a", "down"), column([0.125, 0.375, 0.5], "b", "c", "a"));
  assert.equal(trees.moveToEdge("a", "a", "left"), "a");
  assert.equal(trees.moveToEdge(tree, "gone", "left"), tree);
  assert.deepEqual(trees.swap(tree, "a", "c"), row([0.5, 0.5], "c", column([0.25, 0.75], "b", "a")));
});

test("separators move within the two parts beside them, and even out", () => {
  const tree = row([0.2, 0.3, 0.5], "a", "b", "c");
  const moved = trees.resizeTo(tree, [], 1, 0.6);
  assert.ok(Math.abs(moved.sizes[1] - 0.4) < 1e-9 && Math.abs(moved.sizes[2] - 0.4) < 1e-9);
  const far = trees.resize(tree, [], 0, 5);
  assert.ok(far.sizes[1] > 0 && far.sizes[1] < 0.05);
  assert.deepEqual(trees.even(tree, []).sizes, [1 / 3, 1 / 3, 1 / 3]);
  assert.equal(trees.resize(tree, [4], 0, 0.1), tree);
  assert.equal(trees.resize("a", [], 0, 0.1), "a");
});

test("an arrow moves the separator of the pane in that direction", () => {
  const tree = row([0.5, 0.5], "a", column([0.5, 0.5], "b", "c"));
  assert.deepEqual(trees.resizePane(tree, "a", "right", 0.1).sizes, [0.6, 0.4]);
  assert.deepEqual(trees.resizePane(tree, "c", "left", 0.1).sizes, [0.4, 0.6]);
  assert.deepEqual(trees.at(trees.resizePane(tree, "b", "down", 0.1), [1]).sizes, [0.6, 0.4]);
  assert.equal(trees.resizePane(tree, "a", "up", 0.1), tree);
});

test("the neighbour in a direction is the one that shares most of the edge", () => {
  const tree = row([0.5, 0.5], "a", column([0.3, 0.7], "b", "c"));
  assert.equal(trees.neighbour(tree, "a", "right"), "c");
  assert.equal(trees.neighbour(tree, "b", "left"), "a");
  assert.equal(trees.neighbour(tree, "b", "down"), "c");
  assert.equal(trees.neighbour(tree, "c", "up"), "b");
  assert.equal(trees.neighbour(tree, "a", "left"), null);
  assert.equal(trees.neighbour(tree, "gone", "left"), null);
});

test("a layout that would be too long is written with fewer digits, or not at all", () => {
  const ids = (count, length) => Array.from({ length: count }, (_, index) => `${index}`.padEnd(length, "x"));
  const fine = trees.parse(undefined, ids(200, 10));
  assert.ok(new TextEncoder().encode(trees.serialise(fine)).length <= trees.TEXT_MAX);
  assert.equal(trees.serialise(trees.parse(undefined, ids(100, 64))), null);
  assert.equal(trees.serialise(null), null);
});

// A generator of numbers that is the same in every run of a seed.
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function check(tree, panes) {
  assert.deepEqual([...trees.leaves(tree)].sort(), [...panes].sort());
  const visit = (node, parent) => {
    if (node === null || typeof node === "string") return;
    assert.ok(node.children.length >= 2);
    assert.equal(node.sizes.length, node.children.length);
    assert.notEqual(node.split, parent);
    assert.ok(node.sizes.every((size) => size > 0));
    assert.ok(Math.abs(node.sizes.reduce((sum, size) => sum + size, 0) - 1) < 1e-6);
    for (const child of node.children) visit(child, node.split);
  };
  visit(tree, null);
  const area = [...trees.measure(tree).panes.values()].reduce((sum, { width, height }) => sum + width * height, 0);
  assert.ok(panes.size === 0 || Math.abs(area - 1) < 1e-6);
}

const sides = ["left", "right", "up", "down"];

function randomStep(tree, panes, random, number) {
  const open = [...panes];
  const pick = () => open[random(open.length)];
  const paths = trees.measure(tree).separators;
  switch (open.length === 0 ? 0 : random(9)) {
    case 0: {
      if (open.length >= 24) return tree;
      const id = `p${number}`;
      panes.add(id);
      return open.length === 0 ? trees.append(tree, id) : trees.insert(tree, pick(), sides[random(4)], id);
    }
    case 1: {
      const id = pick();
      panes.delete(id);
      return trees.remove(tree, id);
    }
    case 2: return trees.move(tree, pick(), pick(), sides[random(4)]);
    case 7: return trees.moveToEdge(tree, pick(), sides[random(4)]);
    case 3: return trees.swap(tree, pick(), pick());
    case 4: return trees.resizePane(tree, pick(), sides[random(4)], random(100) / 100 - 0.5);
    case 5: {
      const place = paths[random(paths.length)];
      return place ? trees.resizeTo(tree, place.path, place.index, random(120) / 100) : tree;
    }
    case 6: return random(2) ? trees.evenAll(tree) : trees.even(tree, paths[random(paths.length)]?.path ?? []);
    default: {
      const text = trees.serialise(tree);
      return text === null ? tree : trees.parse(text, open);
    }
  }
}

test("random operations keep the tree well formed", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = generator(seed);
    const panes = new Set();
    let tree = null;
    for (let number = 0; number < 120; number += 1) {
      const before = JSON.stringify(tree);
      const old = tree;
      tree = randomStep(tree, panes, random, number);
      assert.equal(JSON.stringify(old), before, "an operation changed its argument");
      check(tree, panes);
    }
  }
});

test("from every pane, going to a neighbour and back comes to a pane at that edge", () => {
  for (let seed = 100; seed < 130; seed += 1) {
    const random = generator(seed);
    const panes = new Set();
    let tree = null;
    for (let number = 0; number < 30; number += 1) tree = randomStep(tree, panes, random, number);
    for (const id of panes) {
      for (const [edge, back] of [["left", "right"], ["right", "left"], ["up", "down"], ["down", "up"]]) {
        const next = trees.neighbour(tree, id, edge);
        if (next !== null) assert.notEqual(trees.neighbour(tree, next, back), null);
      }
    }
  }
});

test("any text gives a tree with exactly the panes of the session", () => {
  const random = generator(7);
  const pieces = ['{"split":"row","sizes":[1,2],"children":[', '{"split":"column","sizes":[1],"children":[', '"a"', '"b"', '"zz"', ",", "]}", "[", "null", "1", "{", "}"];
  for (let round = 0; round < 3000; round += 1) {
    const text = Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join("");
    check(trees.parse(text, ["a", "b", "c"]), new Set(["a", "b", "c"]));
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { RowChanges } = await load("terminal/rows.js");

function drawn(count) {
  const changes = new RowChanges(count);
  changes.drawn(count);
  return changes;
}

test("nothing changed", () => {
  assert.ok(drawn(5).isEmpty);
  assert.ok(!new RowChanges(5).isEmpty);
});

test("a scroll moves rows and what had changed in them", () => {
  const changes = drawn(5);
  changes.change([2]);
  changes.scroll({ top: 0, bottom: 5, rows: 2 });
  assert.deepEqual(changes.sources, [2, 3, 4, -1, -1]);
  assert.deepEqual([...changes.dirty].sort(), [0, 3, 4]);
  assert.equal(changes.shift(), 2);
});

test("a scroll stays in its region", () => {
  const changes = drawn(5);
  changes.scroll({ top: 1, bottom: 4, rows: -1 });
  assert.deepEqual(changes.sources, [0, -1, 1, 2, 4]);
  assert.deepEqual([...changes.dirty], [1]);
  assert.equal(changes.shift(), 0);
});

test("scrolls add up, and a region may exceed the screen", () => {
  const changes = drawn(4);
  changes.scroll({ top: 0, bottom: 65_535, rows: 1 });
  changes.scroll({ top: 0, bottom: 4, rows: 1 });
  assert.deepEqual(changes.sources, [2, 3, -1, -1]);
  changes.scroll({ top: 0, bottom: 4, rows: -32_768 });
  assert.deepEqual(changes.sources, [-1, -1, -1, -1]);
});

test("follows a screen that applies every scroll", () => {
  let seed = 7;
  const random = (below) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  for (let round = 0; round < 200; round++) {
    const count = 1 + random(12);
    const before = Array.from({ length: count }, (_, index) => `old ${index}`);
    const screen = before.slice();
    const changes = drawn(count);
    for (let step = 0; step < 8; step++) {
      if (random(2) === 0) {
        const at = random(count);
        screen[at] = `new ${step}`;
        changes.change([at]);
        continue;
      }
      const top = random(count);
      const bottom = top + 1 + random(count - top);
      const rows = random(2 * count + 1) - count;
      const region = screen.slice(top, bottom);
      for (let at = top; at < bottom; at++) screen[at] = region[at - top + rows] ?? "blank";
      changes.scroll({ top, bottom, rows });
    }
    for (const [at, text] of screen.entries()) {
      if (!changes.dirty.has(at)) assert.equal(before[changes.sources[at]], text);
    }
  }
});

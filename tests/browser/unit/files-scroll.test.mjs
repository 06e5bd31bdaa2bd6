import assert from "node:assert/strict";
import { test } from "node:test";
import { ScrollMap } from "../../../src/bin/orchflow-demo/page/files/scroll_map.js";

function map(rows, more = {}) {
  return Object.assign(new ScrollMap(), { rows, rowHeight: 20, viewport: 400, ...more });
}

test("what a browser can lay out scrolls as it is", () => {
  const few = map(1000);
  assert.ok(few.exact);
  few.scrolled(130);
  assert.equal(few.position, 6.5);
  assert.equal(few.positionMax, 980);
  assert.equal(few.show(100), 100 * 20 + 20 - 400);
  assert.equal(few.show(99), few.scrollTop);
  assert.equal(few.show(10), 200);
});

test("ten million rows: small steps move by pixels, every row can be reached", () => {
  const many = map(10_000_000);
  assert.ok(!many.exact);
  assert.equal(many.height, 8_000_000);
  many.scrolled(100);
  assert.equal(many.position, 5);
  // A jump goes to the share.
  many.scrolled(4_000_000);
  assert.ok(Math.abs(many.position - 5_000_000) < 600);
  const before = many.position;
  many.scrolled(4_000_030);
  assert.equal(many.position, before + 1.5);
  // The bar comes back to the share, the position stays.
  const top = many.settle();
  assert.equal(many.position, before + 1.5);
  assert.ok(Math.abs(top - 4_000_000) < 100);
  many.scrolled(8_000_000 - 400);
  assert.equal(many.position, many.positionMax);
});

test("a bar that reaches its end by small steps is put back while there is more", () => {
  const many = map(10_000_000);
  many.position = 5;
  many.settle();
  assert.ok(many.scrollTop < 10);
  many.position = 30;
  assert.ok(many.scrolled(0));
  assert.ok(many.position > 29);
});

test("rows of different heights", () => {
  const wrapped = map(100, { heights: new Map([[0, 60], [1, 20], [99, 300], [98, 200]]) });
  wrapped.scrolled(70);
  assert.equal(wrapped.position, 1.5);
  wrapped.scrolled(30);
  assert.equal(wrapped.position, 0.5);
  assert.equal(wrapped.positionMax, 98.5);
  assert.equal(map(3, { heights: new Map() }).positionMax, 0);
});

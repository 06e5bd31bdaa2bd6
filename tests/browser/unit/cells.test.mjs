import assert from "node:assert/strict";
import { test } from "node:test";
import { load, row, run } from "./page.mjs";

const { cellAt, colOfIndex, indexOfCol, rowCols, rowText, runCells, sameRow } = await load("terminal/cells.js");

const mixed = row("ab", run("漢字", { cols: 4, wide: true }), run("e\u0301", { cols: 1 }), "c");

test("a run has a character in each cell, or is one cell", () => {
  assert.deepEqual(runCells(run("ab")), [{ text: "a", cols: 1 }, { text: "b", cols: 1 }]);
  assert.deepEqual(runCells(run("漢字", { cols: 4, wide: true })), [{ text: "漢", cols: 2 }, { text: "字", cols: 2 }]);
  assert.deepEqual(runCells(run("e\u0301", { cols: 1 })), [{ text: "e\u0301", cols: 1 }]);
  assert.deepEqual(runCells(run("😀", { cols: 2, wide: true })), [{ text: "😀", cols: 2 }]);
});

test("columns and indices of text lead to each other", () => {
  assert.equal(rowText(mixed), "ab漢字e\u0301c");
  assert.equal(rowCols(mixed), 8);
  const indices = [0, 1, 2, 2, 3, 3, 4, 6, 7, 7];
  for (const [col, index] of indices.entries()) assert.equal(indexOfCol(mixed, col), index, `column ${col}`);
  const cols = [0, 1, 2, 4, 6, 6, 7, 8];
  for (const [index, col] of cols.entries()) assert.equal(colOfIndex(mixed, index), col, `index ${index}`);
  assert.equal(indexOfCol(row("abc"), 9), 3);
  assert.equal(colOfIndex(row("abc"), 2), 2);
});

test("a cell covers all of its columns", () => {
  assert.equal(cellAt(mixed, 3).text, "漢");
  assert.equal(cellAt(mixed, 3).col, 2);
  assert.equal(cellAt(mixed, 6).text, "e\u0301");
  assert.equal(cellAt(mixed, 8), null);
});

test("rows are the same if they look the same", () => {
  const base = run("x", { fg: { indexed: 3 }, bg: { rgb: [1, 2, 3] } });
  assert.ok(sameRow(row(base), row(structuredClone(base))));
  const others = [{ text: "y" }, { fg: { indexed: 4 } }, { fg: "default" }, { fg: { rgb: [0, 0, 3] } }, { bg: { rgb: [1, 2, 4] } },
    { attributes: 1 }, { underline: 3 }, { underline_color: { indexed: 1 } }, { link: "https://example.org/" }];
  for (const other of others) assert.ok(!sameRow(row(base), row({ ...base, ...other })), JSON.stringify(other));
  assert.ok(!sameRow(row(base), { ...row(base), wrapped: true }));
  assert.ok(!sameRow(row(base), row(base, base)));
});

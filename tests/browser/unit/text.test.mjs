import assert from "node:assert/strict";
import { test } from "node:test";
import { load, row, run, wrapped } from "./page.mjs";

const { Announcer, pasteSummary, runsWhenPasted, selectedText } = await load("terminal/text.js");

const rows = [row("first  "), wrapped("second ro"), row("w", "   "), row(), row(run("漢字", { cols: 4, wide: true }), "x")];
const cases = [
  ["a whole row without its blanks", [0, 0], [0, Infinity], "first"],
  ["a part of a row", [0, 1], [0, 3], "ir"],
  ["blanks that were selected inside a row", [0, 3], [0, 6], "st "],
  ["rows that wrap are one line", [1, 0], [2, Infinity], "second row"],
  ["a part of a wrapped line", [1, 7], [2, 1], "row"],
  ["lines and empty lines", [0, 0], [4, Infinity], "first\nsecond row\n\n漢字x"],
  ["half a wide character is none of it at the end", [4, 0], [4, 3], "漢"],
  ["half a wide character is all of it at the start", [4, 3], [4, 5], "字x"],
  ["empty rows at the end are none", [2, 0], [3, Infinity], "w"],
];

for (const [name, [startRow, startCol], [endRow, endCol], expected] of cases) {
  test(`copied: ${name}`, () => {
    assert.equal(selectedText(rows, { row: startRow, col: startCol }, { row: endRow, col: endCol }), expected);
  });
}

test("what runs at once when it is pasted", () => {
  assert.ok(!runsWhenPasted("ls -l"));
  for (const text of ["ls\n", "a\nb", "a\r\nb", "\n"]) assert.ok(runsWhenPasted(text), JSON.stringify(text));
  assert.deepEqual(pasteSummary("a\nb\r\nc\n"), { lines: 3, first: "a" });
});

function announced(...steps) {
  const announcer = new Announcer({ linesMax: 3 });
  for (const [kind, ...values] of steps) announcer[kind](...values);
  return announcer.take();
}

test("a screen reader hears what is new", () => {
  assert.equal(announced(["changed", "", "hello  "]), "hello");
  assert.equal(announced(["changed", "50 %", "50 % done"]), "done");
  assert.equal(announced(["changed", "$ ", "other"]), "other");
  assert.equal(announced(["changed", "same", "same  "]), "");
});

test("a screen reader does not hear its own typing twice", () => {
  assert.equal(announced(["typed", "ls"], ["changed", "$", "$ l"], ["changed", "$ l", "$ ls"]), "");
  assert.equal(announced(["typed", "ls"], ["changed", "$ x", "$ xl"], ["changed", "$ xl", "$ xls"]), "");
  assert.equal(announced(["typed", "ls"], ["changed", "$ ls", "$ ls"], ["changed", null, "file"]), "file");
  assert.equal(announced(["typed", "a b"], ["changed", "$", "$ a"], ["changed", "$ a", "$ a b"]), "");
});

test("a flood is announced by its newest lines", () => {
  const steps = Array.from({ length: 10 }, (_, n) => ["changed", "", `line ${n}`]);
  assert.equal(announced(...steps), "7 more lines\nline 7\nline 8\nline 9");
});

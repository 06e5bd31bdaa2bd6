import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { terminalShortcut } = await load("terminal/shortcuts.js");

const context = { isMac: false, hasSelection: false, isAlternate: false, scrollKeys: true };

function event(description) {
  const words = description.split(" ");
  return { key: words.at(-1), ctrlKey: words.includes("ctrl"), shiftKey: words.includes("shift"),
    altKey: words.includes("alt"), metaKey: words.includes("meta") };
}

const cases = [
  ["ctrl shift C", {}, "copy"], ["ctrl shift V", {}, "paste"], ["ctrl shift F", {}, "find"], ["ctrl shift A", {}, "selectAll"],
  ["ctrl c", {}, null], ["ctrl c", { hasSelection: true }, null], ["ctrl v", {}, null], ["ctrl f", {}, null], ["c", {}, null],
  ["ctrl shift alt C", {}, null],
  ["shift Insert", {}, "paste"], ["ctrl Insert", {}, null], ["ctrl Insert", { hasSelection: true }, "copy"], ["Insert", {}, null],
  ["shift PageUp", {}, "pageUp"], ["shift PageDown", {}, "pageDown"], ["shift Home", {}, "start"], ["shift End", {}, "end"],
  ["ctrl shift ArrowUp", {}, "lineUp"], ["ctrl shift ArrowDown", {}, "lineDown"],
  ["shift PageUp", { isAlternate: true }, null], ["shift PageUp", { scrollKeys: false }, null], ["PageUp", {}, null],
  ["shift alt PageUp", {}, null],
  ["meta c", { isMac: true }, null], ["meta c", { isMac: true, hasSelection: true }, "copy"], ["meta v", { isMac: true }, "paste"],
  ["meta f", { isMac: true }, "find"], ["meta c", {}, null],
];

for (const [description, more, expected] of cases) {
  test(`${description} ${JSON.stringify(more)}`, () => assert.equal(terminalShortcut(event(description), { ...context, ...more }), expected));
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { decoder, encodingOf, imageType, showControls } from "../../../src/bin/orchflow-demo/page/files/content.js";
import { tokenize } from "../../../src/bin/orchflow-demo/page/files/highlight.js";
import { languageOf } from "../../../src/bin/orchflow-demo/page/files/languages.js";
import { showSize } from "../../../src/bin/orchflow-demo/page/files/sizes.js";

const bytes = (text) => Uint8Array.from(text, (unit) => unit.charCodeAt(0));

test("encodings", () => {
  const utf8 = new TextEncoder().encode("Grüße 漢");
  assert.equal(encodingOf(utf8, true), "utf-8");
  // The slice ends within a character.
  assert.equal(encodingOf(utf8.subarray(0, -1), false), "utf-8");
  assert.equal(encodingOf(utf8.subarray(0, -1), true), "latin1");
  assert.equal(encodingOf(bytes("Gr\u00fc\u00dfe"), true), "latin1");
  assert.equal(encodingOf(bytes("a\u0000b"), true), "binary");
  assert.equal(encodingOf(bytes("\u0001\u0002\u0003abc"), true), "binary");
  assert.equal(encodingOf(bytes("\u001b[31mred\u001b[0m\r\n"), true), "utf-8");
  assert.equal(encodingOf(bytes(""), true), "utf-8");
  assert.equal(decoder("latin1")(Uint8Array.of(0x80, 0xfc)), "\u0080ü");
});

test("images are known by their content", () => {
  const table = [
    ["\u0089PNG\r\n", "image/png"], ["\u00ff\u00d8\u00ff\u00e0", "image/jpeg"], ["GIF89a", "image/gif"],
    ["RIFF1234WEBPVP8 ", "image/webp"], ["RIFF1234WAVE", null], ["<svg xmlns=''>", "image/svg+xml"],
    ["<?xml version='1.0'?>\n<!-- a -->\n<svg>", "image/svg+xml"], ["<html><svg>", null], ["", null],
  ];
  for (const [head, type] of table) assert.equal(imageType(bytes(head)), type, head);
});

test("control characters are seen", () => {
  assert.equal(showControls("a\u001b[1m\u202eb\tc"), "a␛[1m⟨202e⟩b\tc");
});

const classes = (text, name, state) => tokenize(text, languageOf(name), state).tokens
  .map(([start, end, token]) => `${token}:${text.slice(start, end)}`);

test("tokens", () => {
  const table = [
    ["let x = 0x1f; // \"no\"", "a.rs", ["keyword:let", "number:0x1f", "comment:// \"no\""]],
    ["fn f<'a>(s: &'a str)", "a.rs", ["keyword:fn", "keyword:str"]],
    ["x = \"a \\\" # b\" # c", "a.py", ["string:\"a \\\" # b\"", "comment:# c"]],
    ["const url = 'http://x'", "a.js", ["keyword:const", "string:'http://x'"]],
    ["a1 = v2.0 + 5.5e3", "a.js", ["number:5.5e3"]],
    ["select name from t -- x", "a.sql", ["keyword:select", "keyword:from", "comment:-- x"]],
    ["if [ $# -gt 0 ]; then", "run.sh", ["keyword:if", "number:0", "keyword:then"]],
    ["all: build # x", "Makefile", ["comment:# x"]],
    ["<!-- a --><b c=\"d\">", "a.html", ["comment:<!-- a -->", "string:\"d\""]],
  ];
  for (const [text, name, expected] of table) assert.deepEqual(classes(text, name), expected, text);
  assert.equal(languageOf("unknown"), null);
  assert.equal(languageOf(Uint8Array.of(0xff)), null);
});

test("comments and strings of several rows", () => {
  const language = languageOf("a.js");
  const open = tokenize("a /* b", language);
  assert.deepEqual(open.tokens, [[2, 6, "comment"]]);
  const middle = tokenize("return 5", language, open.state);
  assert.deepEqual(middle.tokens, [[0, 8, "comment"]]);
  const closed = tokenize("*/ return `x", language, middle.state);
  assert.deepEqual(closed.tokens, [[0, 2, "comment"], [3, 9, "keyword"], [10, 12, "string"]]);
  assert.equal(tokenize("` + 1", language, closed.state).state, null);
});

test("a hostile row takes no time worth mentioning", () => {
  for (const text of ["\"".repeat(100_000), "\\".repeat(100_000), "/*".repeat(50_000), "1".repeat(100_000), "'a\\".repeat(30_000)]) {
    const { tokens } = tokenize(text, languageOf("a.js"));
    assert.ok(tokens.every(([start, end], at) => start < end && (at === 0 || tokens[at - 1][1] <= start)));
  }
});

test("sizes", () => {
  const table = [[0, "0 B"], [999, "999 B"], [1000, "0.98 KB"], [1536, "1.50 KB"], [52_428_800, "50.0 MB"], [1e12, "931 GB"]];
  for (const [size, shown] of table) assert.equal(showSize(size), shown);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { findLinks, isOpenable, linkAt } = await load("terminal/links.js");

const uris = [
  ["see https://example.org/a.", ["https://example.org/a"]],
  ["(https://example.org/a_(b))", ["https://example.org/a_(b)"]],
  ["<https://example.org/?q=1&r=2#x>", ["https://example.org/?q=1&r=2#x"]],
  ["\"http://localhost:8080/\", then", ["http://localhost:8080/"]],
  ["https://a.example https://b.example", ["https://a.example", "https://b.example"]],
  ["[text](https://example.org/x)", ["https://example.org/x"]],
  ["mailto:someone@example.org!", ["mailto:someone@example.org"]],
  ["file:///etc/hosts", ["file:///etc/hosts"]],
  ["https:// nothing", []],
  ["javascript:alert(1)", []],
];

for (const [text, expected] of uris) {
  test(`addresses in ${text}`, () => {
    assert.deepEqual(findLinks(text).filter((link) => link.uri).map((link) => link.uri), expected);
  });
}

const places = [
  ["src/main.rs:12:3: error", ["src/main.rs", 12, 3]],
  [" --> src/lib.rs:7:21", ["src/lib.rs", 7, 21]],
  ["./a/b.c:9: warning", ["./a/b.c", 9, null]],
  ["/usr/include/stdio.h:100", ["/usr/include/stdio.h", 100, null]],
  ["~/notes.md:4", ["~/notes.md", 4, null]],
  ["../x/Makefile:3: *** stop", ["../x/Makefile", 3, null]],
  ["Makefile:3: *** stop", ["Makefile", 3, null]],
  ["at run (lib/a.js:10:5)", ["lib/a.js", 10, 5]],
  ["Program.cs(12,8): error", ["Program.cs", 12, 8]],
  ["  File \"/tmp/a b.py\", line 3, in <module>", ["/tmp/a b.py", 3, null]],
  ["it is 12:30:45 now", null],
  ["localhost:8080", null],
  ["127.0.0.1:7070", null],
  ["error: 3", null],
  ["key:12", null],
];

for (const [text, expected] of places) {
  test(`places in ${text}`, () => {
    const link = findLinks(text).find((found) => found.path !== undefined);
    assert.deepEqual(link ? [link.path, link.line, link.col] : null, expected);
  });
}

test("the port of an address is no line", () => {
  assert.deepEqual(findLinks("http://127.0.0.1:7070/x.js:3").map((link) => link.uri), ["http://127.0.0.1:7070/x.js:3"]);
});

test("the link under a position", () => {
  const text = "a src/x.rs:1 b";
  assert.equal(linkAt(text, 1), null);
  assert.equal(linkAt(text, 2).path, "src/x.rs");
  assert.equal(linkAt(text, 11).path, "src/x.rs");
  assert.equal(linkAt(text, 12), null);
});

test("only addresses that run nothing are opened", () => {
  for (const uri of ["https://example.org", "HTTP://x", "mailto:a@b", "file:///x"]) assert.ok(isOpenable(uri), uri);
  for (const uri of ["javascript:alert(1)", "data:text/html,x", " javascript:x", "vbscript:x", "/x"]) assert.ok(!isOpenable(uri), uri);
});

test("long lines are searched to a limit", () => {
  const path = `${"a/".repeat(200)}b.rs:7`;
  assert.equal(findLinks(path)[0].path, path.slice(0, -2));
  assert.deepEqual(findLinks(`${"x ".repeat(8_192)}https://example.org/`), []);
  assert.deepEqual(findLinks("(".repeat(200_000)), []);
  assert.deepEqual(findLinks("a.b-".repeat(100_000)), []);
  const brackets = `https://x${"(".repeat(4_000)}${")".repeat(8_000)}`;
  assert.equal(findLinks(brackets)[0].uri.length, "https://x".length + 8_000);
});

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import * as names from "../../../src/bin/orchflow-demo/page/files/names.js";

test("names are shown without anything that hides or reorders", () => {
  const table = [
    ["plain ä 漢", "plain ä 漢"], ["a\nb\u001b[2J", "a\\nb\\e[2J"], ["\u202egnp.exe", "\\u{202e}gnp.exe"],
    [Uint8Array.of(0x61, 0xff, 0xc3, 0xa4, 0xe2, 0x82), "a\\xffä\\xe2\\x82"],
  ];
  for (const [name, shown] of table) assert.equal(names.showName(name), shown);
});

test("every form of bytes becomes one name", () => {
  assert.equal(names.toName({ bytes: btoa("abc") }), "abc");
  assert.equal(names.toName(Uint8Array.of(0xc3, 0xa4)), "ä");
  assert.deepEqual(names.toName({ bytes: "/w==" }), Uint8Array.of(0xff));
});

test("paths are joined and taken apart", () => {
  const odd = Uint8Array.of(0xff);
  assert.equal(names.joinPath("/", "a"), "/a");
  assert.equal(names.joinPath("/a", "b"), "/a/b");
  assert.deepEqual(names.joinPath("/a", odd), Uint8Array.of(0x2f, 0x61, 0x2f, 0xff));
  assert.deepEqual(names.components(Uint8Array.of(0x2f, 0x61, 0x2f, 0xff)), ["a", odd]);
  assert.equal(names.baseName("/a/b"), "b");
  assert.equal(names.baseName("/"), "/");
  assert.equal(names.parentPath("/a/b"), "/a");
  assert.equal(names.parentPath("/a"), "/");
});

test("a shell reads a word as exactly the path", () => {
  const paths = ["/a/b-c.d", "a b", "it's", "$HOME `id` \"x\" \\", "~", "-n", "new\nline", "tab\t'\\", Uint8Array.of(0x61, 0xff, 0x62)];
  for (const path of paths) {
    const word = names.shellWord(path);
    assert.doesNotMatch(word, /[\u0000-\u001f]/);
    const printed = execFileSync("bash", ["-c", `printf '[%s]' ${word}`]);
    assert.deepEqual(new Uint8Array(printed).slice(1, -1), new Uint8Array(names.toBytes(path)), String(path));
  }
});

test("names sort as people expect", () => {
  const sorted = ["_x", "a", "file1", "file02", "file9", "file10", "file99999999999", "file100000000000", "Über", "zebra"];
  const shuffled = [...sorted].reverse();
  shuffled.sort((a, b) => (names.sortKey(a) < names.sortKey(b) ? -1 : 1));
  assert.deepEqual(shuffled, sorted);
});

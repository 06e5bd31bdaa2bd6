// The other pure parts of the page's shell: addresses, chords, the search of the palette, names.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFragment, serverUrl, tokenIn } from "../../../src/bin/orchflow-demo/page/address.js";
import { actions } from "../../../src/bin/orchflow-demo/page/keys/actions.js";
import { Adjustments } from "../../../src/bin/orchflow-demo/page/layout/adjustments.js";
import { targetOf } from "../../../src/bin/orchflow-demo/page/open-link.js";
import { ofTab } from "../../../src/bin/orchflow-demo/page/storage.js";
import { matches } from "../../../src/bin/orchflow-demo/page/keys/chords.js";
import { busyProgram, endText, exitText, paneName, paneNote, shortPath } from "../../../src/bin/orchflow-demo/page/names.js";
import { score, search } from "../../../src/bin/orchflow-demo/page/palette/fuzzy.js";

const token = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE";

test("a token is found in an address and alone, and in nothing else", () => {
  assert.equal(parseFragment(`#token=${token}`).token, token);
  assert.equal(tokenIn(`  http://127.0.0.1:7070/#token=${token}\n`), token);
  assert.equal(tokenIn(`ws://127.0.0.1:7070/#token=${token}`), token);
  assert.equal(tokenIn(token), token);
  for (const text of ["", "short", "http://127.0.0.1:7070/", "two words that are long enough", "#token="]) assert.equal(tokenIn(text), null, text);
});

test("another server than the page's own has to be on this machine", () => {
  const page = new URL("http://127.0.0.1:7070/");
  assert.equal(serverUrl(page, null), "ws://127.0.0.1:7070/");
  assert.equal(serverUrl(page, "ws://127.0.0.1:7071/"), "ws://127.0.0.1:7071/");
  assert.equal(serverUrl(page, "ws://localhost:7071/"), "ws://localhost:7071/");
  for (const server of ["ws://example.org/", "http://127.0.0.1:7071/", "nonsense", "ws://127.0.0.1.example.org/"]) {
    assert.equal(serverUrl(page, server), "ws://127.0.0.1:7070/", server);
  }
  assert.equal(serverUrl(new URL("https://example.org/"), null), "wss://example.org/");
});

const press = (key, code, ...held) => ({
  key, code, ctrlKey: held.includes("Ctrl"), altKey: held.includes("Alt"), shiftKey: held.includes("Shift"), metaKey: false,
  getModifierState: (name) => held.includes(name),
});

test("a chord is recognised by what the key types, else by its place", () => {
  assert.ok(matches(press("P", "KeyP", "Ctrl", "Shift"), "Ctrl+Shift+P"));
  assert.ok(!matches(press("p", "KeyP", "Ctrl"), "Ctrl+Shift+P"));
  assert.ok(matches(press("Z", "KeyY", "Alt", "Shift"), "Alt+Shift+Z"), "a German keyboard");
  assert.ok(!matches(press("Y", "KeyZ", "Alt", "Shift"), "Alt+Shift+Z"), "a German keyboard");
  assert.ok(matches(press("Я", "KeyZ", "Alt", "Shift"), "Alt+Shift+Z"), "a Russian keyboard");
  assert.ok(matches(press("ArrowLeft", "ArrowLeft", "Alt", "Shift"), "Alt+Shift+ArrowLeft"));
  assert.ok(!matches(press("ArrowLeft", "ArrowLeft", "Ctrl", "Alt", "Shift"), "Alt+Shift+ArrowLeft"));
  assert.ok(!matches(press("Q", "KeyQ", "Ctrl", "Alt", "Shift", "AltGraph"), "Ctrl+Alt+Shift+Q"));
});

test("no two actions have the same key or the same id, and each key is out of the way of programs", () => {
  const keys = actions.flatMap((action) => action.keys ?? []);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(new Set(actions.map((action) => action.id)).size, actions.length);
  for (const key of keys) assert.ok(key === "F1" || /^(Ctrl\+Shift|Alt\+Shift|Ctrl\+Alt\+Shift)\+/.test(key), key);
});

test("the palette finds by words, by beginnings of words and by letters in order", () => {
  const entries = ["Split to the right", "Split downwards", "Settings", "Show all keys"].map((title, id) => ({ id, group: "Pane", title }));
  const titles = (query, recent = []) => search(query, entries, recent).map(({ entry }) => entry.title);
  assert.deepEqual(titles("split d"), ["Split downwards"]);
  assert.equal(titles("str")[0], "Split to the right");
  assert.equal(titles("sak")[0], "Show all keys");
  assert.deepEqual(titles("xyz"), []);
  assert.equal(titles("").length, 4);
  assert.equal(titles("", [2])[0], "Settings");
  assert.deepEqual(titles("split", [1]), ["Split downwards", "Split to the right"]);
  assert.equal(titles("pane split").length, 2);
  assert.deepEqual(score("spl", "Split").at, [0, 1, 2]);
});

test("panes are called by the user's name, the title, the program", () => {
  const terminal = { id: 7, title: "", program: "vim", running: true, exit: null };
  const pane = { title: "", content: { terminal: 7 }, metadata: {} };
  assert.equal(paneName(pane, terminal), "vim");
  assert.equal(paneName(pane, { ...terminal, title: "notes.md" }), "notes.md");
  assert.equal(paneName({ ...pane, title: "Notes" }, terminal), "Notes");
  assert.equal(paneName({ ...pane, metadata: { number: "3" } }, { ...terminal, program: "" }), "Terminal 3");
  assert.equal(paneName({ title: "", content: { file: "/a/b.rs" }, metadata: {} }, null), "b.rs");
  assert.equal(paneName({ title: "", content: "empty", metadata: {} }, null), "Empty pane");
});

test("beside the name stands the title, else the program", () => {
  const terminal = { id: 7, title: "notes.md", program: "/usr/bin/vim" };
  const pane = { title: "", content: { terminal: 7 }, metadata: {} };
  assert.equal(paneNote(pane, terminal), "vim");
  assert.equal(paneNote({ ...pane, title: "Notes" }, terminal), "notes.md");
  assert.equal(paneNote({ ...pane, title: "Notes" }, { ...terminal, title: "" }), "vim");
  assert.equal(paneNote(pane, { id: 7, title: "vim", program: "vim" }), "");
  assert.equal(paneNote(pane, { id: 7, title: "" }), "");
  assert.equal(paneNote(pane, undefined), "");
});

test("what is busy, how it ended, where it is", () => {
  const terminal = { running: true, program: "vim", exit: null };
  assert.equal(busyProgram(terminal), "vim");
  for (const program of ["bash", "-zsh", "/bin/sh", "", undefined]) assert.equal(busyProgram({ ...terminal, program }), null);
  assert.equal(busyProgram({ ...terminal, running: false }), null);
  assert.equal(exitText(terminal), null);
  assert.equal(exitText({ running: false, exit: { code: 0 } }), "Exited");
  assert.equal(exitText({ running: false, exit: { code: 3 } }), "Exited with 3");
  assert.equal(exitText({ running: false, exit: { signal: 9 } }), "Ended by SIGKILL");
  assert.equal(endText({ signal: 64 }), "Ended by signal 64");
  assert.equal(endText("unknown"), "Ended");
  assert.equal(shortPath("/home/me/work/site"), "work/site");
  assert.equal(shortPath("/tmp"), "/tmp");
  assert.equal(shortPath("/"), "/");
  assert.equal(shortPath(null), "");
});

test("what is kept holds for the page where the browser keeps nothing", (t) => {
  assert.equal(ofTab.get("a"), null);
  ofTab.set("a", "[1]");
  assert.deepEqual([ofTab.get("a"), ofTab.json("a"), ofTab.json("b")], ["[1]", [1], null]);
  ofTab.remove("a");
  assert.equal(ofTab.get("a"), null);
  // A browser that keeps it, until it is full.
  const kept = new Map();
  let isFull = false;
  globalThis.sessionStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, text) => { if (isFull) throw new Error("full"); kept.set(key, text); },
    removeItem: (key) => kept.delete(key),
  };
  t.after(() => delete globalThis.sessionStorage);
  ofTab.set("a", "kept");
  isFull = true;
  ofTab.set("a", "{");
  assert.deepEqual([kept.get("a"), ofTab.get("a"), ofTab.json("a")], ["kept", "{", null]);
});

test("what links in terminals lead to", () => {
  const target = (uri) => targetOf(uri, "box");
  assert.deepEqual(target("https://example.org/a b"), { href: "https://example.org/a%20b" });
  assert.deepEqual(target("file:///tmp/a%20b"), { path: "/tmp/a b", host: null });
  assert.deepEqual(target("file://localhost/tmp"), { path: "/tmp", host: null });
  assert.deepEqual(target("file://box/tmp"), { path: "/tmp", host: null });
  assert.deepEqual(target("file://other/tmp"), { path: "/tmp", host: "other" });
  assert.deepEqual(target("file:///%ff%41/x"), { path: Uint8Array.from([0x2f, 0xff, 0x41, 0x2f, 0x78]), host: null });
  for (const uri of ["file:///100%", "ftp://example.org/", "javascript:alert(1)", "no address", `x${"y".repeat(9000)}`]) {
    const { problem } = target(uri);
    assert.ok(problem.length > 0 && problem.length < 300, problem);
  }
});

test("a layout that is adjusted: shared in turn, for the session that it is of, and refused once", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const shared = [];
  const workspace = {
    changed() {},
    changeTree(session, change) {
      return new Promise((done) => shared.push({ session, tree: change("t"), done }));
    },
  };
  const adjustments = new Adjustments(workspace);
  const add = (session, letter) => adjustments.add(session, (tree) => tree + letter);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  add("a", "1");
  add("a", "2");
  assert.deepEqual([adjustments.apply("a", "t"), adjustments.apply("b", "t")], ["t12", "t"]);
  // Another session: what is not shared yet stays with the first.
  add("b", "3");
  assert.deepEqual(shared.map(({ session, tree }) => [session, tree]), [["a", "t12"]]);
  assert.deepEqual([adjustments.apply("a", "t"), adjustments.apply("b", "t")], ["t", "t3"]);
  t.mock.timers.tick(1000);
  assert.equal(shared.length, 1, "one after the other");
  shared[0].done(true);
  await turn();
  t.mock.timers.tick(1000);
  assert.deepEqual([shared[1].session, shared[1].tree], ["b", "t3"]);
  add("b", "4");
  shared[1].done(false);
  await turn();
  // Refused: what belongs to the same drag is neither shown nor shared.
  add("b", "5");
  t.mock.timers.tick(1000);
  assert.deepEqual([shared.length, adjustments.apply("b", "t")], [2, "t"]);
});

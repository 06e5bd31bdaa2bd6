// Screens: text, rows with styles, updates, snapshots, search, and what programs say.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Output, engineFor, eventual } from "./support/wait.mjs";

/** A terminal with a screen that shows what the script writes. */
async function shown(t, script, options = {}) {
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", `${script}; printf '\\033]0;over\\007'; read x`], {
    cols: 40, rows: 6, screen: true, ...options,
  });
  await eventual(terminal, "title", (title) => title === "over");
  return terminal;
}

test("text and scrollback", async (t) => {
  const terminal = await shown(t, "seq 8");
  assert.equal(terminal.text(), "4\n5\n6\n7\n8\n\n");
  assert.equal(terminal.text({ scrollback: 2 }), "2\n3\n4\n5\n6\n7\n8\n\n");
  assert.equal(terminal.state().history, 3);
});

test("rows with their styles, links and places", async (t) => {
  const terminal = await shown(
    t, "printf '\\033[1;31mred\\033[0m \\033[4:3;38;2;1;2;3mcurly\\033[0m\\r\\n\\033]8;;http://x/\\033\\\\link\\033]8;;\\033\\\\ 漢'",
  );
  const [first, second] = terminal.lines(0, 2);
  assert.deepEqual(first.runs.map(({ text }) => text), ["red", " ", "curly"]);
  assert.deepEqual(first.runs[0], {
    text: "red", cols: 3, wide: false, fg: { indexed: 1 }, bg: "default", attributes: 1, underline: 0,
    underlineColor: "default", link: null,
  });
  assert.deepEqual(first.runs[2].fg, { rgb: [1, 2, 3] });
  assert.equal(first.runs[2].underline, 3);
  assert.equal(second.runs[0].link, "http://x/");
  assert.equal(second.runs.at(-1).wide, true);
  assert.equal(second.runs.at(-1).text, "漢");
  assert.deepEqual([first.row, second.row, first.wrapped], [0, 1, false]);
  assert.deepEqual(first.place, { line: 0, col: 0 });
});

test("what changed since a generation", async (t) => {
  const terminal = await shown(t, "echo one");
  const all = terminal.screen();
  assert.equal(all.full, true);
  assert.equal(all.lines.length, 6);
  assert.deepEqual([all.cols, all.rows, all.title], [40, 6, "over"]);
  const none = terminal.screen(all.generation);
  assert.deepEqual([none.full, none.lines, none.scrolls], [false, [], []]);
});

test("a reader with the delivery screen gets updates, and a view of its own in the scrollback", async (t) => {
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", "stty -echo; seq 20; read x; echo typed; read x"], {
    cols: 40, rows: 6, screen: true, delivery: "screen",
  });
  const rows = [];
  terminal.on("update", ({ scrolls, lines, full }) => {
    if (full) rows.length = 0;
    for (const { top, bottom, rows: by } of scrolls) {
      const moved = rows.slice(top, bottom);
      for (let at = top; at < bottom; at++) rows[at] = moved[at - top + by] ?? "";
    }
    for (const { row, runs } of lines) rows[row] = runs.map(({ text }) => text).join("");
  });
  await eventual(terminal, "update", () => rows.includes("20"));
  assert.deepEqual(rows, ["16", "17", "18", "19", "20", ""]);
  const back = terminal.attach({ delivery: "screen", intervalMs: 0 });
  back.scroll(3);
  const update = await eventual(back, "update", ({ viewport }) => viewport === 3);
  assert.deepEqual(update.lines.map(({ runs }) => runs[0]?.text), ["13", "14", "15", "16", "17", "18"]);
  terminal.write("\n");
  await eventual(terminal, "update", () => rows.includes("typed"));
});

test("a snapshot shows the same in another terminal", async (t) => {
  const terminal = await shown(t, "printf '\\033[7mstyled\\033[0m'; seq 9; printf '\\033[2;5H'");
  const { data, cols, rows, offset } = terminal.snapshot({ scrollback: 100 });
  assert.equal(offset, terminal.state().logEnd);
  const engine = terminal.engine;
  const other = engine.spawn("/bin/sh", ["-c", "stty raw -echo; echo ready; cat"], { cols, rows, screen: true });
  await new Output(other).until(/ready/);
  other.write(data);
  other.write("\x1b]0;shown\x07");
  await eventual(other, "title", (title) => title === "shown");
  assert.equal(other.text({ scrollback: 100 }), terminal.text({ scrollback: 100 }));
  const plain = (lines) => lines.map(({ runs }) => runs);
  assert.deepEqual(plain(other.lines()), plain(terminal.lines()));
});

test("a reader asks for a snapshot in place of bytes", async (t) => {
  const terminal = await shown(t, "echo hello");
  const reader = terminal.attach({ start: "snapshot" });
  const [snapshot] = await once(reader, "snapshot");
  assert.match(snapshot.data.toString(), /hello/);
  assert.deepEqual([snapshot.cols, snapshot.rows], [40, 6]);
  const next = once(reader, "snapshot");
  reader.requestSnapshot();
  await next;
});

test("search, with a place to go on from", async (t) => {
  const terminal = await shown(t, "seq -f 'Line %g' 50");
  const { matches, next } = terminal.search("line 1\\d", { regex: true, ignoreCase: true, matchesMax: 4 });
  assert.deepEqual(matches.map(({ start }) => start.line), [9, 10, 11, 12]);
  assert.equal(matches[0].endCol, 7);
  const rest = terminal.search("line 1\\d", { regex: true, ignoreCase: true, from: next });
  assert.deepEqual(rest.matches.map(({ start }) => start.line), [13, 14, 15, 16, 17, 18]);
  assert.equal(rest.next, null);
  assert.throws(() => terminal.search("(", { regex: true }), { code: "ORCH_E_INVALID" });
});

test("what programs say: title, directory, bell, notification, progress, commands", async (t) => {
  const script = [
    "printf '\\033]0;a title\\007\\033]7;file://localhost/tmp\\007\\007'",
    "printf '\\033]777;notify;Head;Body\\007\\033]9;4;1;42\\007'",
    "printf '\\033]133;A\\007$ \\033]133;B\\007make\\r\\n\\033]133;C\\007output\\r\\n\\033]133;D;3\\007\\033]0;over\\007'; read x",
  ].join("; ");
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", script], { screen: true });
  const said = {};
  const names = ["title", "cwd", "bell", "notification", "progress", "commandStarted", "commandFinished"];
  await Promise.all(names.map(async (name) => { [said[name]] = await once(terminal, name); }));
  assert.match(said.title, /a title|over/);
  assert.equal(said.cwd, "/tmp");
  assert.equal(said.bell, 1);
  assert.deepEqual(said.notification, { title: "Head", body: "Body" });
  assert.deepEqual(said.progress, { state: "normal", percent: 42 });
  assert.equal(said.commandFinished.exitCode, 3);
  assert.equal(terminal.state().lastExitCode, 3);
  const kinds = terminal.marks().map(({ kind }) => kind);
  assert.deepEqual(kinds, ["promptStart", "commandStart", "outputStart", "outputEnd"]);
});

test("a program that queries a colour gets the window's", async (t) => {
  const script = "stty raw -echo; echo ready; read go; printf '\\033]11;?\\033\\\\'; head -c 24 | tr -d '\\033'";
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", script], { screen: { background: [255, 255, 255] } });
  const output = new Output(terminal);
  await output.until(/ready/);
  terminal.setColors({ background: [0x12, 0x34, 0x56] });
  terminal.write("\n");
  await output.until(/rgb:1212\/3434\/5656/);
});

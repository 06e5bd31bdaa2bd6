// The examples, run as a person runs them: in a terminal.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Output, engineFor, folderFor } from "./support/wait.mjs";

const EXAMPLES = fileURLToPath(new URL("../examples", import.meta.url));

test("shell.mjs: typing, sizes and the exit code go through", async (t) => {
  // The program says when a size has arrived.
  const script = 'trap "stty size" WINCH; stty size; while [ "$x" != typed ]; do read x; done; echo got $x; exit 7';
  const outer = engineFor(t).spawn(process.execPath, [join(EXAMPLES, "shell.mjs"), "/bin/sh", "-c", script], { cols: 90, rows: 20 });
  const output = new Output(outer);
  await output.until(/20 90/);
  outer.resize(70, 10);
  await output.until(/10 70/);
  outer.write("typed\r");
  await output.until(/got typed/);
  assert.equal((await outer.exited).exitCode, 7);
});

test("shell.mjs: a signal of the program becomes an exit code", async (t) => {
  const outer = engineFor(t).spawn(process.execPath, [join(EXAMPLES, "shell.mjs"), "/bin/sh", "-c", "kill -TERM $$"]);
  assert.equal((await outer.exited).exitCode, 128 + 15);
});

test("rerun.mjs: a change runs the command again", async (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, "value"), "one");
  const outer = engineFor(t).spawn(process.execPath, [join(EXAMPLES, "rerun.mjs"), folder, "cat value; exit 2"]);
  const output = new Output(outer);
  await output.until(/one\r\n--- exit code 2/);
  writeFileSync(join(folder, "value"), "two");
  await output.until(/modify \S+\/value\r\n[^]*two\r\n--- exit code 2/);
});

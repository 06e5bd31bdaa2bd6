// Terminals of an engine: programs, input, sizes, signals, readers, backpressure, errors, ends.

import assert from "node:assert/strict";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Engine, OrchflowError } from "orchflow";
import { Output, engineFor, folderFor, gone, runNode } from "./support/wait.mjs";

const FLOOD = "while :; do echo 0123456789012345678901234567890123456789; done";

test("a program: output as Buffers with offsets, input, exit code", async (t) => {
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", 'stty -echo; echo ready; read x; echo "<$x>"; exit 3']);
  const output = new Output(terminal);
  let next = 0;
  terminal.on("data", (data, offset) => {
    assert(Buffer.isBuffer(data));
    assert.equal(offset, next);
    next += data.length;
  });
  await output.until(/ready/);
  assert.equal(terminal.write("typed ä\n"), true);
  const exit = await terminal.exited;
  assert.deepEqual(exit, { exitCode: 3, signal: null, coreDumped: false, end: next });
  assert.equal(output.text, "ready\r\n<typed ä>\r\n");
  assert.deepEqual(terminal.exit, exit);
});

test("every byte comes in order, and the exit after the last one", async (t) => {
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", "stty raw; seq 200000"]);
  const output = new Output(terminal);
  let exited = false;
  terminal.on("data", () => assert.equal(exited, false));
  terminal.on("exit", () => { exited = true; });
  await terminal.exited;
  const lines = output.text.split("\n");
  assert.equal(lines.length, 200001);
  for (let i = 0; i < 200000; i++) if (lines[i] !== String(i + 1)) assert.fail(`line ${i}: ${lines[i]}`);
});

test("arguments, environment, directory and size reach the program", async (t) => {
  const cwd = folderFor(t);
  const script = 'echo "$1|$OWN|${HOME-none}|$PWD|$TERM"; stty size';
  const options = { cwd, cols: 101, rows: 33, env: { OWN: "mine", HOME: null, PWD: null } };
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", script, "sh", "an argument"], options);
  const output = new Output(terminal);
  await terminal.exited;
  assert.equal(output.text, `an argument|mine|none|${cwd}|xterm-256color\r\n33 101\r\n`);
});

test("clearEnv starts from nothing", async (t) => {
  const terminal = engineFor(t).spawn("/usr/bin/env", [], { clearEnv: true, env: { ONLY: "this" } });
  const output = new Output(terminal);
  await terminal.exited;
  assert.deepEqual(output.text.trim().split("\r\n").sort(), ["COLORTERM=truecolor", "ONLY=this", "TERM=xterm-256color"]);
});

test("arguments that are bytes and not UTF-8", async (t) => {
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", 'printf %s "$1"', "sh", Buffer.from([0xff, 0x41])]);
  const output = new Output(terminal);
  await terminal.exited;
  assert.deepEqual([...output.bytes], [0xff, 0x41]);
});

test("a resize reaches the program", async (t) => {
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", 'trap "stty size; exit" WINCH; echo ready; while :; do read x; done']);
  const output = new Output(terminal);
  await output.until(/ready/);
  terminal.resize(120, 40);
  assert.deepEqual([terminal.cols, terminal.rows], [120, 40]);
  await output.until(/40 120/);
  const { cols, rows } = terminal.state();
  assert.deepEqual([cols, rows], [120, 40]);
});

test("a signal ends the program, and its number is reported", async (t) => {
  const terminal = engineFor(t).spawn("/bin/cat");
  terminal.signal("SIGTERM");
  const { exitCode, signal } = await terminal.exited;
  assert.deepEqual([exitCode, signal], [null, constants.signals.SIGTERM]);
});

test("the end of input", async (t) => {
  const terminal = engineFor(t).spawn("/bin/cat");
  terminal.write("line\n");
  terminal.end();
  assert.equal((await terminal.exited).exitCode, 0);
});

test("more input than the engine takes waits, and arrives whole", async (t) => {
  const size = 3 << 20;
  const engine = engineFor(t, { limits: { inputBytes: 1 << 16 } });
  const terminal = engine.spawn("/bin/sh", ["-c", `stty raw -echo; echo ready; head -c ${size} | cksum`]);
  const output = new Output(terminal);
  await output.until(/ready/);
  const sent = Buffer.alloc(size, "0123456789abcdef\n");
  assert.equal(terminal.write(sent), false);
  assert.equal(terminal.write("after"), false);
  // The caller's memory is its own again.
  const bytes = Buffer.from(sent);
  sent.fill(0);
  await once(terminal, "drain");
  const [, sum] = await output.until(/ready\s+(\d+ \d+)\s/);
  const check = engine.spawn("/bin/sh", ["-c", `stty raw -echo; echo ready; head -c ${size} | cksum`]);
  const expected = new Output(check);
  await expected.until(/ready/);
  for (let at = 0; at < size;) {
    const end = Math.min(size, at + 4096);
    if (!check.write(bytes.subarray(at, end))) await once(check, "drain");
    at = end;
  }
  assert.equal(sum, (await expected.until(/ready\s+(\d+ \d+)\s/))[1]);
});

test("a paused terminal gives nothing and is not read, and nothing is lost", async (t) => {
  const engine = engineFor(t);
  const terminal = engine.spawn("/bin/sh", ["-c", "stty raw -echo; echo start; read go; seq 300000; echo end"]);
  const output = new Output(terminal);
  await output.until(/start/);
  terminal.pause();
  let paused = true;
  terminal.on("data", () => assert.equal(paused, false));
  terminal.write("go\n");
  const before = terminal.state().logEnd;
  // Meanwhile another one writes as much.
  await engine.spawn("/bin/sh", ["-c", "seq 300000"]).exited;
  const state = terminal.state();
  assert.equal(state.logEnd, before);
  assert.equal(state.pausedByHost, true);
  assert.equal(state.readers[0].paused, true);
  assert.equal(terminal.exit, null);
  paused = false;
  terminal.resume();
  await terminal.exited;
  assert(output.text.endsWith("299999\n300000\nend\n"), output.text.slice(-40));
});

test("a stream with backpressure: a slow consumer stops the program and gets every byte", async (t) => {
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", "stty raw; seq 100000"]);
  let text = "";
  for await (const part of terminal.readable({ highWaterMark: 1024 })) {
    text += part;
    await new Promise(setImmediate);
  }
  assert.equal(text.split("\n").length, 100001);
  assert(text.endsWith("99999\n100000\n"));
});

test("readers: each at its own pace, from where it asks", async (t) => {
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", "stty raw -echo; echo one; read x; echo two; read x; echo three"]);
  const output = new Output(terminal);
  await output.until(/one/);
  const oldest = terminal.attach({ start: "oldest" });
  const now = terminal.attach({ start: "now" });
  const detached = terminal.attach({ start: "oldest" });
  const outputs = [oldest, now, detached].map((reader) => new Output(reader));
  detached.detach();
  now.pause();
  terminal.write("\n");
  await outputs[0].until(/two/);
  assert.equal(outputs[1].text, "");
  now.resume();
  await outputs[1].until(/two/);
  terminal.write("\n");
  await terminal.exited;
  assert.equal(output.text, "one\ntwo\nthree\n");
  assert.deepEqual(outputs.map(({ text }) => text), ["one\ntwo\nthree\n", "two\nthree\n", ""]);
});

test("a lossy reader of a flood learns what it has lost", async (t) => {
  const engine = engineFor(t, { limits: { logBytes: 1 << 16 } });
  const terminal = engine.spawn("/bin/sh", ["-c", FLOOD]);
  const lossy = terminal.attach({ delivery: "lossy" });
  lossy.pause();
  let lostTo = 0;
  const went = new Promise((resolve) => {
    lossy.on("data", (data, offset) => {
      assert.equal(offset, lostTo);
      resolve();
      lossy.detach();
    });
  });
  lossy.on("gap", (gap) => {
    assert.equal(gap.start, 0);
    lostTo = gap.end;
  });
  while (terminal.state().logStart === 0) await once(terminal, "data");
  lossy.resume();
  await went;
  assert(lostTo > 0);
});

test("writeMany: the same to all, and who did not take it", async (t) => {
  const engine = engineFor(t);
  const cats = [1, 2, 3].map(() => engine.spawn("/bin/cat"));
  const outputs = cats.map((cat) => new Output(cat));
  const over = engine.spawn("/bin/true");
  await over.close(0);
  assert.deepEqual(engine.writeMany([...cats, over], "hello\n"), [{ terminal: over, code: "ORCH_E_STALE_ID" }]);
  await Promise.all(outputs.map((output) => output.until(/hello\r\nhello\r\n/)));
});

test("errors have the engine's code and words", (t) => {
  const engine = engineFor(t);
  const failing = [
    [() => engine.spawn("/no/such/program"), "ORCH_E_NO_PROGRAM", /\/no\/such\/program/],
    [() => engine.spawn("/etc/passwd"), "ORCH_E_NOT_EXECUTABLE", /passwd/],
    [() => engine.spawn("/bin/true", [], { cwd: "/no/such" }), "ORCH_E_NO_DIRECTORY", /no\/such/],
    [() => engine.spawn("/bin/true", ["a\0b"]), "ORCH_E_INVALID", /./],
    [() => engine.spawn("/bin/cat").text(), "ORCH_E_NO_SCREEN", /screen/],
  ];
  for (const [call, code, message] of failing) {
    assert.throws(call, (error) => {
      assert(error instanceof OrchflowError && error instanceof Error);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  }
});

test("wrong types are TypeErrors that name what is wrong", (t) => {
  const engine = engineFor(t);
  assert.throws(() => engine.spawn(7), /TypeError.*argv must be a string/s);
  assert.throws(() => engine.spawn("/bin/true", "x"), /args must be an array/);
  assert.throws(() => engine.spawn("/bin/true", [], { cols: "x" }), /cols must be a number/);
  assert.throws(() => engine.spawn("/bin/true", [], { cols: 65536 }), /cols must be a whole number from 0 to 65535/);
  assert.throws(() => engine.spawn("/bin/true", [], { delivery: "fast" }), /delivery must be one of lossless/);
  assert.throws(() => engine.spawn("/bin/cat").signal("SIGNONE"), /Unknown signal: SIGNONE/);
  assert.throws(() => engine.spawn("/bin/cat").write(7), /TypeError/);
  assert.throws(() => new Engine({ limits: { terminal: 3 } }), /terminal must be the name of a limit/);
  assert.throws(() => new Engine({ limits: { terminals: -1 } }), /terminals must be a whole number/);
});

test("a limit refuses one more, and says which", (t) => {
  const engine = engineFor(t, { limits: { terminals: 1 } });
  engine.spawn("/bin/cat");
  assert.throws(() => engine.spawn("/bin/cat"), { code: "ORCH_E_LIMIT", message: /terminals/ });
});

test("an exception in a listener is an uncaught exception, and the next event still comes", () => {
  const { status, stdout } = runNode(`
    const { Engine } = require("orchflow");
    const terminal = new Engine().spawn("/bin/sh", ["-c", "stty -echo; echo one; read x; echo two"]);
    process.on("uncaughtException", (error) => { console.log(error.message); terminal.write("\\n"); });
    terminal.once("data", () => { throw new Error("of a listener"); });
    terminal.on("data", (data) => console.log(String(data).trim()));
  `);
  assert.deepEqual([status, stdout], [0, "of a listener\ntwo\n"]);
});

test("without a handler it ends the process with 1, and the program is hung up on", async () => {
  const { status, stdout, stderr } = runNode(`
    const terminal = new (require("orchflow").Engine)().spawn("/bin/cat");
    console.log(terminal.pid);
    terminal.once("data", () => { throw new Error("of a listener"); });
    terminal.write("x\\n");
  `);
  assert.equal(status, 1);
  assert.match(stderr, /of a listener/);
  await gone(Number(stdout));
});

test("paste brackets text where the program asked for that, and takes its controls out", async (t) => {
  const script = "stty raw -echo; printf '\\033[?2004hready'; head -c 20 | tr '\\033' E";
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", script], { screen: true });
  const output = new Output(terminal);
  await output.until(/ready/);
  terminal.paste("two\nli\x1bnes");
  assert.match((await output.until(/ready(.*E\[201)/s))[1], /^E\[200~two\rlines?E\[201$/);
});

test("setMode changes the line discipline", async (t) => {
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", "echo ready; read x; stty -a; read y"]);
  const output = new Output(terminal);
  await output.until(/ready/);
  terminal.setMode("noEcho");
  terminal.write("\n");
  await output.until(/ -echo /);
  assert.throws(() => terminal.setMode("loud"), /mode must be one of raw, cooked, echo, noEcho/);
});

test("a line that is too long for the kernel is reported", async (t) => {
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", "stty -echo; echo ready; read x; read y"]);
  await new Output(terminal).until(/ready/);
  const truncated = once(terminal, "inputTruncated");
  terminal.write(`${"x".repeat(5000)}\n`);
  await truncated;
});

test("a PTY master is adopted, and what is none is not", async (t) => {
  const engine = engineFor(t);
  const terminal = engine.adopt(openSync("/dev/ptmx", "r+"), { cols: 50, rows: 7, screen: true });
  assert.deepEqual([terminal.cols, terminal.rows, terminal.pid], [50, 7, 0]);
  await terminal.close(0);
  const file = openSync("/dev/null", "r");
  assert.throws(() => engine.adopt(file), { code: "ORCH_E_INVALID" });
  closeSync(file);
});

test("slow turns and the health of the loop are reported", async (t) => {
  const engine = engineFor(t, { limits: { turnTimeWarnUs: 1000 } });
  const events = Promise.all([once(engine, "slowTurn"), once(engine, "health")]);
  // Thousands of files: turns that use all of their 2 ms.
  engine.watch(fileURLToPath(new URL("../node_modules", import.meta.url)));
  const [[slow], [health]] = await events;
  assert(slow.count > 0 && slow.stage.length > 0);
  assert.deepEqual([health.part, health.status, health.reason], ["loop", "degraded", "slow_turns"]);
  assert.equal(engine.health().status, "degraded");
});

test("restart: a program that ends is started again, in a terminal of its own", async (t) => {
  const terminal = engineFor(t).spawn("/bin/sh", ["-c", "echo run $$; read x; exit 1"], { restart: true });
  const output = new Output(terminal);
  const [, first] = await output.until(/run (\d+)/);
  const steps = [];
  const started = new Promise((resolve) => {
    terminal.on("restart", (event) => {
      steps.push(event.step);
      if (event.terminal) resolve(event.terminal);
    });
  });
  terminal.write("\n");
  const next = await started;
  const [, second] = await new Output(next).until(/run (\d+)/);
  assert.notEqual(first, second);
  assert.equal(Number(second), next.pid);
  assert.deepEqual(steps, ["waiting", "started"]);
});

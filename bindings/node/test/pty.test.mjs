// What takes node-pty's place: its documented examples, and its contract beyond its own tests (node-pty.mjs).

import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { constants, homedir } from "node:os";
import { PassThrough } from "node:stream";
import { after, test } from "node:test";
import { defaultEngine, spawn } from "orchflow";
import { Output, engineFor, runNode } from "./support/wait.mjs";

after(() => defaultEngine().destroy());

/** What a terminal writes, as text; and how it ends. */
function follow(pty) {
  const seen = { text: "" };
  seen.until = (pattern) => new Promise((resolve) => {
    const check = () => pattern.test(seen.text) && (sub.dispose(), resolve());
    const sub = pty.onData(check);
    check();
  });
  pty.onData((data) => { seen.text += data; });
  seen.exit = new Promise((resolve) => pty.onExit(resolve));
  return seen;
}

test("the example of node-pty's README", async () => {
  const pty = createRequire(import.meta.url)("orchflow");
  const ptyProcess = pty.spawn("bash", ["--norc", "--noprofile"], {
    name: "xterm-color", cols: 80, rows: 30, cwd: homedir(), env: process.env,
  });
  const seen = follow(ptyProcess);
  ptyProcess.write("stty size; echo in $PWD as $TERM\r");
  await seen.until(new RegExp(`30 80\r\nin ${homedir()} as xterm-color\r\n`));
  ptyProcess.resize(100, 40);
  ptyProcess.write("stty size\r");
  await seen.until(/40 100\r\n/);
  ptyProcess.write("exit 5\r");
  assert.deepEqual(await seen.exit, { exitCode: 5, signal: 0 });
});

test("text is whole characters, however the program writes them", async () => {
  const script = "stty raw -echo; printf '1\\303'; read x; printf '\\2442\\342\\202'; read x; printf '\\2543\\303'";
  const pty = spawn("/bin/sh", ["-c", script]);
  const seen = follow(pty);
  await seen.until(/^1$/);
  pty.write("\n");
  await seen.until(/^1ä2$/);
  pty.write("\n");
  await seen.exit;
  assert.equal(seen.text, "1ä2€3\ufffd");
});

test("encoding null gives Buffers, base64 takes and gives base64", async () => {
  const raw = spawn("/bin/echo", ["ä"], { encoding: null });
  const parts = [];
  raw.onData((data) => parts.push(data));
  await new Promise((resolve) => raw.onExit(resolve));
  assert(parts.every(Buffer.isBuffer));
  assert.equal(Buffer.concat(parts).toString(), "ä\r\n");
  const coded = spawn("/bin/sh", ["-c", "stty raw -echo; echo ready; read x; echo $x"], { encoding: "base64" });
  const text = follow(coded);
  await text.until(new RegExp(Buffer.from("ready\n").toString("base64")));
  coded.write(Buffer.from("hallo\n").toString("base64"));
  await text.exit;
  assert.equal(Buffer.from(text.text.slice(-8), "base64").toString(), "hallo\n");
});

test("the environment is the given one and no other", async () => {
  const pty = spawn("/usr/bin/env", [], { env: { A: "1", B: undefined, TERM: "dumb" }, cwd: "/" });
  const seen = follow(pty);
  await seen.exit;
  assert.deepEqual(seen.text.trim().split("\r\n").sort(), ["A=1", "PWD=/", "TERM=dumb"]);
});

test("a program that cannot be started, or a directory that is not there: a message and exit code 1", async () => {
  for (const [file, options] of [["/no/such/program", {}], ["/etc/passwd", {}], ["/bin/true", { cwd: "/no/such" }]]) {
    const pty = spawn(file, [], options);
    assert(pty.pid > 0);
    const seen = follow(pty);
    assert.deepEqual(await seen.exit, { exitCode: 1, signal: 0 });
    assert.match(seen.text, /\S/);
  }
});

test("kill: SIGHUP unless another one is asked for, and nothing after the end", async () => {
  const pty = spawn("/bin/cat");
  const seen = follow(pty);
  pty.kill();
  assert.deepEqual(await seen.exit, { exitCode: 0, signal: constants.signals.SIGHUP });
  pty.kill("SIGKILL");
  pty.write("too late");
  pty.resize(10, 10);
  pty.pause();
  pty.resume();
  pty.clear();
  pty.destroy();
  const other = spawn("/bin/cat");
  const end = follow(other).exit;
  other.kill("SIGTERM");
  assert.equal((await end).signal, constants.signals.SIGTERM);
  assert.throws(() => spawn("/bin/true").resize(0, 10), /positive cols and rows/);
  assert.throws(() => spawn("/bin/true").resize(Infinity, 10), /positive cols and rows/);
});

test("nothing comes after the exit, also when a background program holds the terminal", async () => {
  const pty = spawn("/bin/sh", ["-c", "trap '' HUP; (while :; do echo more; done) & echo $! first; exit 2"]);
  let exits = 0;
  pty.onData(() => assert.equal(exits, 0));
  pty.onExit(() => exits++);
  const seen = follow(pty);
  assert.deepEqual(await seen.exit, { exitCode: 2, signal: 0 });
  assert.equal(exits, 1);
  // It got an error from its terminal and ended, or ends now.
  process.kill(Number(seen.text.match(/(\d+) first/)[1]), "SIGKILL");
});

test("handleFlowControl: the messages pause and resume, and do not reach the program", async () => {
  const options = { handleFlowControl: true, flowControlPause: "PAUSE", flowControlResume: "GO" };
  const pty = spawn("/bin/sh", ["-c", "stty raw -echo; echo ready; head -c 4; echo; echo over"], options);
  const seen = follow(pty);
  await seen.until(/ready/);
  pty.write("PAUSE");
  assert.equal(pty.terminal.state().pausedByHost, true);
  pty.write("ab");
  pty.write("GO");
  assert.equal(pty.terminal.state().pausedByHost, false);
  pty.handleFlowControl = false;
  pty.write("GO");
  await seen.exit;
  assert.equal(seen.text, "ready\nabGO\nover\n");
});

test("process names the program in the foreground", async () => {
  const pty = spawn("/bin/sh", ["-c", 'set -m; echo ready; /bin/cat; echo "then"; read x']);
  const seen = follow(pty);
  await seen.until(/ready/);
  pty.write("echoed\r");
  await seen.until(/echoed\r\nechoed/);
  assert.equal(pty.process, "/bin/cat");
  pty.end();
  await seen.until(/then/);
  assert.equal(pty.process, "/bin/sh");
  assert.match(pty.ptsName, /^\/dev\/pts\/\d+$/);
  pty.kill();
  await seen.exit;
  assert.equal(pty.process, "/bin/sh");
});

test("events by name, once, off, and listeners that are disposed", async () => {
  const pty = spawn("/bin/sh", ["-c", "echo one; read x; echo two; exit 6"]);
  let named = "", disposed = 0;
  const end = once(pty, "exit");
  pty.on("data", (data) => { named += data; });
  const subscription = pty.onData(() => {
    disposed++;
    subscription.dispose();
    pty.write("\r");
  });
  assert.deepEqual(await end, [6, 0]);
  assert.match(named, /one\r\n[^]*two\r\n/);
  assert.equal(disposed, 1);
});

test("pipe", async () => {
  const through = new PassThrough();
  const pty = spawn("/bin/sh", ["-c", "seq 20000"]);
  pty.pipe(through);
  let text = "";
  for await (const part of through) text += part;
  assert.equal(text.split("\r\n").length, 20001);
});

test("wrong options are said", () => {
  assert.throws(() => spawn("/bin/true", "a b"), /args as a string is not supported/);
  assert.throws(() => spawn("/bin/true", [], { cwd: 7 }), /cwd must be a string/);
  assert.throws(() => spawn("/bin/true", [], { name: {} }), /name must be a string \(not a object\)/);
  assert.throws(() => spawn("/bin/true", [], { uid: 0 }), /uid and gid are not supported/);
});

test("what node-pty does not have: a screen, a second reader, an engine of one's own", async (t) => {
  const engine = engineFor(t);
  const pty = spawn("/bin/sh", ["-c", "echo hello; read x"], { screen: true, engine });
  const seen = follow(pty);
  await seen.until(/hello/);
  assert.equal(pty.terminal.engine, engine);
  assert.match(pty.terminal.text(), /^hello\n/);
  const second = new Output(pty.terminal.attach({ start: "oldest" }));
  await second.until(/hello/);
  pty.clear();
  assert.doesNotMatch(pty.terminal.text(), /hello/);
});

test("terminals that have ended leave nothing behind in the engine", async () => {
  const ends = Array.from({ length: 20 }, () => follow(spawn("/bin/true")).exit);
  await Promise.all(ends);
  const left = defaultEngine().terminals.filter(({ file }) => file === "/bin/true");
  assert.deepEqual(left, []);
});

test("it runs beside child_process: each gets the exits of its own", () => {
  const { stdout } = runNode(`
    const { exec } = require("node:child_process");
    const { spawn } = require("orchflow");
    const codes = [];
    for (let code = 1; code <= 8; code++) {
      spawn("/bin/sh", ["-c", "exit " + code]).onExit(({ exitCode }) => codes.push("pty " + code + " " + exitCode));
      exec("exit " + code, (error) => codes.push("child " + code + " " + error.code));
    }
    process.on("exit", () => console.log(codes.sort().join("\\n")));
  `);
  const expected = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((code) => [`child ${code} ${code}`, `pty ${code} ${code}`]);
  assert.equal(stdout, `${expected.sort().join("\n")}\n`);
});

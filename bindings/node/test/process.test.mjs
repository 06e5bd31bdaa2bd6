// An engine in a process: it sleeps when idle, ends with the process, and lives in worker threads.

import assert from "node:assert/strict";
import { spawn as spawnChild } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Engine, defaultEngine, spawn } from "orchflow";
import { Output, engineFor, folderFor, gone, runNode } from "./support/wait.mjs";

const PRELUDE = 'const { Engine, spawn, defaultEngine } = require("orchflow");';

test("idle: no turn, no wakeup of the addon, none of the loop", () => {
  // 50 terminals with programs that wait, and a watch. The one event in between is the end of another process, which
  // takes its time; the loop may wake for that and for what follows from it.
  const { status, stdout, stderr } = runNode(`${PRELUDE}
    const { exec } = require("node:child_process");
    const { readFileSync } = require("node:fs");
    const switches = () => Number(readFileSync("/proc/self/status", "latin1").match(/^voluntary_ctxt_switches:\\s+(\\d+)/m)[1]);
    const engine = new Engine();
    const terminals = Array.from({ length: 50 }, () => engine.spawn("/bin/cat", [], { screen: true }));
    const watch = engine.watch(process.cwd() + "/lib");
    let echoes = 0;
    const quiet = new Promise((resolve) => {
      for (const terminal of terminals) {
        terminal.on("data", (data) => { if (String(data).endsWith("x\\r\\n")) { if (++echoes === 100) resolve(); } });
        terminal.write("x\\n");
      }
    });
    // Of a terminal both lines may come as one event.
    const both = new Promise((resolve) => {
      const check = () => {
        if (terminals.every((terminal) => terminal.text() === "x\\nx\\n" + "\\n".repeat(22))) resolve();
      };
      for (const terminal of terminals) terminal.on("data", check);
    });
    Promise.all([Promise.race([quiet, both]), watch.ready]).then(async () => {
      // What was going on may take a few spans to end; what goes on for ever is in all of them.
      const spans = [];
      do {
        const before = [engine.stats(), switches()];
        await new Promise((resolve) => exec("sleep 1", resolve));
        const after = [engine.stats(), switches()];
        spans.push({
          turns: after[0].turns - before[0].turns, wakeups: after[0].wakeups - before[0].wakeups,
          switches: after[1] - before[1],
        });
      } while (spans.length < 10 && (spans.at(-1).turns > 0 || spans.at(-1).switches >= 40));
      console.log(JSON.stringify(spans));
      engine.destroy();
    });
  `);
  assert.equal(status, 0, stderr);
  const { turns, wakeups, switches } = JSON.parse(stdout).at(-1);
  assert.deepEqual([turns, wakeups], [0, 0], stdout);
  assert(switches < 40, stdout);
});

test("living terminals and watches keep the process alive, and unref lets it go", async () => {
  const { status, stdout } = runNode(`${PRELUDE}
    const engine = new Engine();
    const terminal = engine.spawn("/bin/cat").unref();
    engine.watch(process.cwd() + "/lib").unref();
    console.log(terminal.pid);
  `);
  assert.equal(status, 0);
  await gone(Number(stdout));
  const alive = runNode(`${PRELUDE}
    const terminal = new Engine().spawn("/bin/sh", ["-c", "echo once; exit"]);
    terminal.on("data", (data) => console.log(String(data).trim()));
  `);
  assert.deepEqual([alive.status, alive.stdout], [0, "once\n"]);
});

test("an engine without anything in it does not keep the process alive", () => {
  assert.equal(runNode(`${PRELUDE} new Engine(); defaultEngine();`).status, 0);
});

// By process.exit Node frees nothing; at the end of its loop it frees all that there is.
for (const [way, end] of [
  ["process.exit", "process.exit(9)"],
  ["the end of the loop", "process.exitCode = 9; for (const terminal of all) terminal.unref()"],
]) {
  test(`${way} with living terminals neither hangs nor crashes, and programs are hung up on`, async (t) => {
    const saved = join(folderFor(t), "saved");
    // The program takes its time to save when it is hung up on, as shells do that save their history.
    const save = `head -c 1000000 /dev/zero | cksum > ${saved}.part; mv ${saved}.part ${saved}; exit`;
    const script = `trap '${save}' HUP; echo ready; while :; do read x; done`;
    const { status, stdout, signal } = runNode(`${PRELUDE}
      const flood = spawn("/bin/sh", ["-c", "while :; do echo flood; done"]);
      const paused = spawn("/bin/sh", ["-c", "while :; do echo flood; done"]);
      paused.pause();
      const cat = new Engine().spawn("/bin/cat");
      const pty = spawn("/bin/sh", ["-c", ${JSON.stringify(script)}]);
      const all = [flood.terminal, paused.terminal, cat, pty.terminal];
      pty.onData((data) => {
        if (!data.includes("ready")) return;
        console.log(JSON.stringify(all.map(({ pid }) => pid)));
        ${end};
      });
    `);
    assert.deepEqual([status, signal], [9, null]);
    for (const pid of JSON.parse(stdout)) await gone(pid);
    assert(existsSync(saved));
  });
}

test("exit handlers can still kill", async () => {
  const { status, stdout } = runNode(`${PRELUDE}
    const pty = spawn("/bin/sh", ["-c", "trap '' HUP; echo ready; while :; do read x; done"]);
    process.on("exit", () => pty.kill("SIGKILL"));
    pty.onData(() => { console.log(pty.pid); process.exit(0); });
  `);
  assert.equal(status, 0);
  await gone(Number(stdout));
});

test("a process that is killed leaves no program behind", async () => {
  const child = spawnChild(process.execPath, ["-e", `${PRELUDE}
    const pty = spawn("/bin/cat");
    console.log(pty.pid);
  `], { cwd: join(import.meta.dirname, ".."), stdio: ["ignore", "pipe", "inherit"] });
  const output = new Output(child.stdout);
  const [pid] = await output.until(/\d+\n/);
  child.kill("SIGKILL");
  await once(child, "exit");
  await gone(Number(pid));
});

const WORKER = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { Engine, spawn, defaultEngine } = require("orchflow");
`;

function startWorker(code, options) {
  return new Worker(WORKER + code, { eval: true, ...options });
}

test("worker threads have engines of their own, at the same time", async () => {
  const texts = await Promise.all([1, 2, 3].map(async (number) => {
    const worker = startWorker(`
      const pty = spawn("/bin/sh", ["-c", "seq 20000; exit " + workerData]);
      let text = "";
      pty.onData((data) => { text += data; });
      pty.onExit(({ exitCode }) => parentPort.postMessage({ exitCode, lines: text.split("\\r\\n").length }));
    `, { workerData: number });
    // Both may come in the same moment.
    const [[message], [code]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
    assert.deepEqual(message, { exitCode: number, lines: 20001 });
    assert.equal(code, 0);
    return message;
  }));
  assert.equal(texts.length, 3);
  const pty = spawn("/bin/true");
  await new Promise((resolve) => pty.onExit(resolve));
});

test("the end of a worker ends its programs, also while they flood", async () => {
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const cycle = async () => {
    const worker = startWorker(`
      const engine = new Engine();
      const quiet = engine.spawn("/bin/cat");
      const watch = engine.watch(process.cwd() + "/lib");
      const flood = spawn("/bin/sh", ["-c", "while :; do echo flood; done"]);
      flood.onData(() => {});
      watch.ready.then(() => parentPort.postMessage([quiet.pid, flood.pid]));
    `);
    const [pids] = await once(worker, "message");
    await worker.terminate();
    for (const pid of pids) await gone(pid);
  };
  await cycle();
  const before = descriptors();
  for (let i = 0; i < 5; i++) await cycle();
  // A program that was not dead at once leaves a descriptor until it is reaped, which making an engine does.
  new Engine().destroy();
  assert(descriptors() <= before, `${descriptors()} descriptors, ${before} before`);
});

test("a worker's environment is its own", async () => {
  const worker = startWorker(`
    process.env.ONLY_HERE = "yes";
    const pty = spawn("/bin/sh", ["-c", "echo [$ONLY_HERE] [$ONLY_THERE]"]);
    pty.onData((data) => parentPort.postMessage(data));
  `, { env: { PATH: process.env.PATH } });
  process.env.ONLY_THERE = "yes";
  const [text] = await once(worker, "message");
  delete process.env.ONLY_THERE;
  assert.equal(text, "[yes] []\r\n");
  await worker.terminate();
});

test("destroy: everything ends, calls say so, and a listener may call it", async (t) => {
  const engine = new Engine();
  const terminal = engine.spawn("/bin/cat");
  const watch = engine.watch(folderFor(t));
  const ends = [terminal.closed, terminal.exited, once(watch, "close"), once(engine, "close")];
  terminal.on("data", () => engine.destroy());
  terminal.write("x\n");
  await Promise.all(ends);
  assert.equal(engine.destroyed, true);
  assert.deepEqual([engine.terminals, engine.watches], [[], []]);
  engine.destroy();
  for (const call of [() => engine.spawn("/bin/true"), () => terminal.write("x"), () => engine.stats()]) {
    assert.throws(call, { code: "ORCH_E_GONE" });
  }
  await terminal.close();
  await gone(terminal.pid);
});

test("shutdown: programs may end in their own way, then the engine is gone", async (t) => {
  const engine = engineFor(t);
  const script = "trap 'echo bye; exit 0' HUP; echo ready; while :; do read x; done";
  const terminal = engine.spawn("/bin/sh", ["-c", script]);
  const output = new Output(terminal);
  await output.until(/ready/);
  const stubborn = engine.spawn("/bin/sh", ["-c", "trap '' HUP; echo ready; while :; do read x; done"]);
  await new Output(stubborn).until(/ready/);
  stubborn.on("exit", ({ signal }) => assert.equal(signal, 9));
  terminal.on("exit", () => assert.match(output.text, /bye/));
  await engine.shutdown(2000);
  assert.equal(engine.destroyed, true);
  assert.equal(terminal.exit.exitCode, 0);
  assert.equal(stubborn.exit.signal, 9);
  await engine.shutdown();
});

test("the default engine is made anew after it was destroyed", async () => {
  const first = defaultEngine();
  assert.equal(defaultEngine(), first);
  first.destroy();
  const pty = spawn("/bin/sh", ["-c", "exit 3"]);
  assert.notEqual(pty.terminal.engine, first);
  assert.equal((await new Promise((resolve) => pty.onExit(resolve))).exitCode, 3);
});

test("what an engine says of itself", (t) => {
  const engine = engineFor(t);
  engine.spawn("/bin/cat");
  assert.deepEqual(engine.health(), { status: "ok", parts: [] });
  assert(engine.memory().limit > 0);
  assert.match(engine.text("dump"), /terminal/);
  assert.match(engine.text("metrics"), /^# HELP orchflow_/m);
  assert.equal(engine.stats().invariantsBroken, 0);
  assert.throws(() => engine.text("all"), /kind must be one of dump/);
});

test("engines that are made and destroyed leave no descriptor and no handle", async () => {
  const round = async () => {
    const engine = new Engine();
    const terminal = engine.spawn("/bin/true");
    await terminal.exited;
    engine.destroy();
    await new Promise(setImmediate);
  };
  await round();
  const before = [readdirSync("/proc/self/fd").length, process.getActiveResourcesInfo().length];
  for (let i = 0; i < 50; i++) await round();
  assert.deepEqual([readdirSync("/proc/self/fd").length, process.getActiveResourcesInfo().length], before);
});

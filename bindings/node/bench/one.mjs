// One measurement of one peer in a process of its own: `node one.mjs PEER WHAT [FILE]`. Prints figures as JSON.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [peer, what, file] = process.argv.slice(2);
const pty = createRequire(import.meta.url)(peer);

const KEYS = 300;
const KEY_INTERVAL_MS = 10;
const SPAWNS = 100;
const TERMINALS = 50;
const FLOOD = "stty raw -echo; exec yes 0123456789012345678901234567890123456789012345678901234567890123456789";

function percentile(values, part) {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

function elapsedMs(since) {
  return Number(process.hrtime.bigint() - since) / 1e6;
}

function exitOf(terminal) {
  return new Promise((resolve) => terminal.onExit(resolve));
}

/** A terminal whose output contains `text`. */
function ready(terminal, text) {
  return new Promise((resolve) => {
    let seen = "";
    const subscription = terminal.onData((data) => {
      seen += data;
      if (!seen.includes(text)) return;
      subscription.dispose();
      resolve();
    });
  });
}

async function flood(encoding) {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const terminal = pty.spawn("/bin/cat", [file], { encoding });
  let size = 0;
  terminal.onData((data) => { size += data.length; });
  await exitOf(terminal);
  const seconds = elapsedMs(start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  // The terminal writes a carriage return before each line feed.
  const written = readFileSync(file);
  let expected = written.length;
  for (const byte of written) if (byte === 10) expected++;
  return { lost: expected - size, mbPerSecond: size / 1e6 / seconds, cpuSecondsPerGb: (user + system) / 1e6 / (size / 1e9) };
}

async function echo() {
  const noise = pty.spawn("/bin/sh", ["-c", FLOOD], { encoding: null });
  let noiseBytes = 0;
  noise.onData((data) => { noiseBytes += data.length; });
  const terminal = pty.spawn("/bin/sh", ["-c", "stty raw -echo; echo ready; exec cat"]);
  await ready(terminal, "ready");
  const times = [];
  const start = process.hrtime.bigint();
  const before = noiseBytes;
  for (let key = 0; key < KEYS; key++) {
    await new Promise((resolve) => setTimeout(resolve, KEY_INTERVAL_MS));
    const typed = process.hrtime.bigint();
    const echoed = ready(terminal, "x");
    terminal.write("x");
    await echoed;
    times.push(elapsedMs(typed));
  }
  const seconds = elapsedMs(start) / 1000;
  noise.kill("SIGKILL");
  terminal.kill("SIGKILL");
  return {
    p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99), floodMbPerSecond: (noiseBytes - before) / 1e6 / seconds,
  };
}

async function spawning() {
  const calls = [], exits = [];
  for (let i = 0; i < SPAWNS; i++) {
    const start = process.hrtime.bigint();
    const terminal = pty.spawn("/bin/true", []);
    calls.push(elapsedMs(start));
    await exitOf(terminal);
    exits.push(elapsedMs(start));
  }
  return { callMs: percentile(calls, 0.5), exitMs: percentile(exits, 0.5) };
}

async function memory() {
  // What the module itself takes is no terminal's.
  const first = pty.spawn("/bin/true", []);
  await exitOf(first);
  global.gc();
  const before = process.memoryUsage.rss();
  const terminals = Array.from({ length: TERMINALS }, () => pty.spawn("/bin/sh", ["-c", "stty raw -echo; echo ready; read x; seq 300000; echo over; read x"]));
  await Promise.all(terminals.map((terminal) => ready(terminal, "ready")));
  global.gc();
  const idle = process.memoryUsage.rss() - before;
  for (const terminal of terminals) {
    const over = new Promise((resolve) => {
      const subscription = terminal.onData((data) => {
        if (!data.includes("over")) return;
        subscription.dispose();
        resolve();
      });
    });
    terminal.write("\n");
    await over;
  }
  global.gc();
  const used = process.memoryUsage.rss() - before;
  for (const terminal of terminals) terminal.kill("SIGKILL");
  return { idleMib: idle / 2 ** 20, usedMib: used / 2 ** 20 };
}

const measurements = {
  text: () => flood("utf8"), bytes: () => flood(null), echo, spawning, memory,
};
console.log(JSON.stringify(await measurements[what]()));
process.exit(0);

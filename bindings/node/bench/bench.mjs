// This package beside node-pty in one run: `bindings/node/test.sh bench [RUNS]`. Prints a table of medians.
//
// Each figure is measured in a process of its own; the two take turns, and which of them begins alternates.

import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RUNS = Number(process.argv[2] ?? 5);
const HERE = fileURLToPath(new URL("..", import.meta.url));
const PEERS = ["orchflow", "node-pty"];
const FLOOD_MIB = 200;
const ROWS = [
  ["text", "mbPerSecond", "flood as strings, MB/s", 0],
  ["text", "cpuSecondsPerGb", "processor time of Node for it, s/GB", 2],
  ["bytes", "mbPerSecond", "flood as Buffers, MB/s", 0],
  ["bytes", "cpuSecondsPerGb", "processor time of Node for it, s/GB", 2],
  ["echo", "p50Ms", "echo of a key while another terminal floods, p50, ms", 2],
  ["echo", "p99Ms", "the same, p99, ms", 2],
  ["echo", "floodMbPerSecond", "that flood, MB/s", 0],
  ["spawning", "callMs", "`spawn` returns after, ms", 2],
  ["spawning", "exitMs", "from `spawn` to the exit of `true`, ms", 2],
  ["memory", "idleMib", "50 idle terminals, MiB", 1],
  ["memory", "usedMib", "the same after 2 MB of output in each, MiB", 1],
];

function measure(peer, what, file) {
  const args = ["--expose-gc", join(HERE, "bench/one.mjs"), peer, what, file];
  const done = spawnSync(process.execPath, args, { encoding: "utf8", cwd: HERE, stdio: ["ignore", "pipe", "inherit"] });
  if (done.status !== 0) throw new Error(`${peer} ${what} has failed: ${done.status ?? done.signal}`);
  return JSON.parse(done.stdout);
}

function makeFlood(folder) {
  const file = join(folder, "flood.txt");
  const lines = Array.from({ length: 16384 }, (_, i) => `${String(i).padStart(6)} 012345678901234567890123456789012345678901234567890123456`);
  const part = `${lines.join("\n")}\n`;
  const fd = openSync(file, "w");
  for (let size = 0; size < FLOOD_MIB << 20; size += part.length) writeSync(fd, part);
  closeSync(fd);
  return file;
}

function median(values) {
  const sorted = values.toSorted((left, right) => left - right);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

const folder = mkdtempSync(join(tmpdir(), "orchflow-bench-"));
const results = { orchflow: {}, "node-pty": {} };
try {
  const file = makeFlood(folder);
  for (let run = 0; run < RUNS; run++) {
    for (const what of new Set(ROWS.map(([name]) => name))) {
      for (const peer of run % 2 ? PEERS.toReversed() : PEERS) (results[peer][what] ??= []).push(measure(peer, what, file));
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`Node ${process.version}, ${cpus().length} cores, ${RUNS} runs, medians\n`);
console.log(`| | ${PEERS.join(" | ")} |\n|---|---|---|`);
for (const [what, figure, label, digits] of ROWS) {
  const cells = PEERS.map((peer) => median(results[peer][what].map((result) => result[figure])).toFixed(digits));
  console.log(`| ${label} | ${cells.join(" | ")} |`);
}
const cells = PEERS.map((peer) => {
  const lost = [...results[peer].text, ...results[peer].bytes].map((result) => result.lost);
  return `${lost.filter((bytes) => bytes === 0).length} of ${lost.length}`;
});
console.log(`| floods that arrived whole | ${cells.join(" | ")} |`);

// Runs a command in a terminal, and again whenever a file below a directory changes; shows what its screen shows.
//
//     node examples/rerun.mjs DIRECTORY COMMAND

import { Engine } from "orchflow";

const [directory, command] = process.argv.slice(2);
const engine = new Engine();
const watch = engine.watch(directory);
let terminal = null;

async function run() {
  terminal?.close();
  const own = engine.spawn("/bin/sh", ["-c", command], { cwd: directory, screen: true });
  terminal = own;
  const { exitCode, signal } = await own.exited;
  // A later run has taken its place.
  if (own !== terminal) return;
  const lines = own.text({ scrollback: 1000 }).trimEnd();
  console.log(`${lines}\n--- ${signal === null ? `exit code ${exitCode}` : `signal ${signal}`}`);
}

watch.on("warning", ({ problem, path }) => console.error(`${problem}: ${path}`));
await watch.ready;
watch.on("batch", ({ events, summaries }) => {
  for (const { kind, path } of events) console.log(`${kind} ${path}`);
  for (const { dir, created, modified, deleted } of summaries) {
    console.log(`${dir}: ${created} created, ${modified} modified, ${deleted} deleted`);
  }
  run();
});
await run();

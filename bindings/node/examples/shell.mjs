// A shell, or the program of the command line, in a terminal of the engine, wired to this terminal.
//
//     node examples/shell.mjs [PROGRAM [ARGUMENT...]]

import { spawn } from "orchflow";

const { stdin, stdout } = process;
const [file = process.env.SHELL ?? "/bin/sh", ...args] = process.argv.slice(2);
const terminal = spawn(file, args, {
  name: process.env.TERM, cols: stdout.columns, rows: stdout.rows, env: process.env, encoding: null,
});

terminal.onData((data) => {
  if (stdout.write(data)) return;
  // This terminal is slower than the program: it waits.
  terminal.pause();
  stdout.once("drain", () => terminal.resume());
});
terminal.onExit(({ exitCode, signal }) => {
  stdin.setRawMode?.(false);
  process.exitCode = signal ? 128 + signal : exitCode;
  stdin.destroy();
});

stdin.setRawMode?.(true);
stdin.on("data", (data) => terminal.write(data));
stdin.on("end", () => terminal.end());
stdout.on("resize", () => terminal.resize(stdout.columns, stdout.rows));

// Compiled, not run: the interface as its users write it, and that it takes node-pty's place.

import * as pty from "node-pty";
import * as orchflow from "orchflow";
import { Engine, type ScreenUpdate, type Terminal, defaultEngine, spawn } from "orchflow";

// Wherever a program has node-pty's objects and functions, ours fit.
const place: pty.IPty = spawn("bash", [], { name: "xterm-color", cols: 80, rows: 30, cwd: "/", env: process.env });
const start: (file: string, args: string[], options: pty.IPtyForkOptions & orchflow.PtyOptions) => pty.IPty = orchflow.spawn;
const data: pty.IDisposable = place.onData((text: string) => place.write(text));
data.dispose();
place.onExit(({ exitCode, signal }) => console.log(exitCode.toFixed(), signal?.toFixed()));
start("sh", [], { encoding: null });

async function use(): Promise<void> {
  await using engine = new Engine({ limits: { terminals: 10 } });
  const terminal: Terminal = engine.spawn("make", ["-j2"], { screen: { scrollback: 500 }, env: { CC: "gcc", TMUX: null } });
  terminal.on("data", (bytes, offset) => console.log(bytes.toString("hex"), offset + bytes.length));
  terminal.on("update", (update: ScreenUpdate) => console.log(update.lines.flatMap(({ runs }) => runs.map(({ text }) => text))));
  terminal.on("commandFinished", ({ exitCode, durationMs }) => console.log(exitCode ?? 0, durationMs));
  terminal.attach({ delivery: "screen", intervalMs: 0 }).on("gap", ({ start, end }) => end - start);
  const { exitCode } = await terminal.exited;
  const watch = engine.watch(["/tmp"], { kinds: ["create"] });
  watch.on("batch", ({ events }) => events.map(({ path }) => path.toString()));
  console.log(exitCode, (await watch.sync()).n, defaultEngine().stats().turns, terminal.state().progress === "normal");
  // @ts-expect-error there is no such event
  terminal.on("dat", () => {});
  // @ts-expect-error a delivery has a name
  terminal.attach({ delivery: "fast" });
  // @ts-expect-error terminals are made by engines
  new orchflow.Terminal();
}
void use();

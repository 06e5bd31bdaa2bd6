// What tests wait for: events, never a time.

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Engine } from "orchflow";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
/** Ends what hangs. */
const WATCHDOG_MS = 240_000;

/** An engine that is destroyed with its test. */
export function engineFor(t, options) {
  const engine = new Engine(options);
  t.after(() => engine.destroy());
  return engine;
}

/** A folder that is removed with its test. */
export function folderFor(t) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "orchflow-node-")));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Collects what a terminal or reader emits as "data"; `until` resolves once the text matches. */
export class Output {
  #bytes = [];
  #waiting = new Set();

  constructor(source) {
    source.on("data", (data) => {
      this.#bytes.push(Buffer.from(data));
      for (const check of this.#waiting) check();
    });
  }

  get bytes() {
    return Buffer.concat(this.#bytes);
  }

  get text() {
    return this.bytes.toString();
  }

  until(pattern) {
    return new Promise((resolve) => {
      const check = () => {
        const match = this.text.match(pattern);
        if (!match) return;
        this.#waiting.delete(check);
        resolve(match);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** The first event for which `accepts` is true. */
export async function eventual(emitter, name, accepts) {
  for (;;) {
    const [value] = await once(emitter, name);
    if (accepts(value)) return value;
  }
}

/** Runs a script in a process of its own, in which `orchflow` is this package. */
export function runNode(script, { env = {}, flags = [] } = {}) {
  const done = spawnSync(process.execPath, [...flags, "-e", script], {
    cwd: PACKAGE, encoding: "utf8", env: { ...process.env, ...env }, timeout: WATCHDOG_MS, killSignal: "SIGKILL",
  });
  if (done.error) throw done.error;
  return done;
}

/** Resolves once a process that nobody here waits for has ended. */
export async function gone(pid) {
  for (;;) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      if (stat[stat.lastIndexOf(")") + 2] === "Z") return;
    } catch {
      return;
    }
    await new Promise(setImmediate);
  }
}

// What takes node-pty's place: `spawn(file, args, options)` and the object that it returns.
//
// The methods, events and defaults are node-pty's; README.md lists what differs. What node-pty does not have is on
// `terminal`, the terminal of the engine.

"use strict";

const { EventEmitter } = require("node:events");
const { readFileSync } = require("node:fs");
const { StringDecoder } = require("node:string_decoder");
const { isMainThread } = require("node:worker_threads");
const { defaultEngine } = require("./engine.js");
const { OVER } = require("./terminal.js");

const DEFAULT_COLS = 80;
const DEFAULT_ROWS = 24;
const DEFAULT_FILE = "sh";
const DEFAULT_NAME = "xterm";
const FLOW_CONTROL_PAUSE = "\x13";
const FLOW_CONTROL_RESUME = "\x11";
/** One reader that is never far behind needs no long history. A shorter one would come in smaller parts. */
const DEFAULT_LOG_BYTES = 1 << 18;
/** First major device number of pseudo terminals, and how many numbers each of them has. */
const PTS_MAJOR = 136;
const PTS_MINORS = 256;
/** Describe the terminal or multiplexer in which this process itself runs. */
const HOST_VARIABLES = ["TMUX", "TMUX_PANE", "STY", "WINDOW", "WINDOWID", "TERMCAP", "COLUMNS", "LINES"];
/** Failures to start that node-pty reports as an exit. */
const NOT_STARTED = new Set(["ORCH_E_NO_PROGRAM", "ORCH_E_NOT_EXECUTABLE", "ORCH_E_NO_DIRECTORY"]);
const EXIT_UNKNOWN = -1;

const TYPES = {
  name: "string", cols: "number", rows: "number", cwd: "string", env: "object", uid: "number", gid: "number",
  encoding: "string",
};

function checkTypes(options) {
  for (const [name, type] of Object.entries(TYPES)) {
    const value = options[name];
    if (value && typeof value !== type) throw new TypeError(`${name} must be a ${type} (not a ${typeof value})`);
  }
  if (options.uid !== undefined || options.gid !== undefined) {
    throw new Error("uid and gid are not supported: start the program by setpriv or su");
  }
}

/**
 * The program's whole environment, or with `env` undefined in the main thread: that of this process, from which the
 * engine removes what describes the host's terminal. A worker thread has an environment of its own.
 */
function environment({ env, name }, cwd) {
  const inherits = (env === undefined || env === null || env === process.env) && isMainThread;
  const base = env ?? process.env;
  const own = { PWD: cwd ?? process.cwd(), TERM: name || base.TERM || DEFAULT_NAME };
  if (inherits) return { env: own, clearEnv: false };
  const whole = { ...base };
  if (base === process.env) for (const variable of HOST_VARIABLES) delete whole[variable];
  if (whole.COLORTERM === undefined) whole.COLORTERM = null;
  for (const key of Object.keys(whole)) if (whole[key] === undefined) delete whole[key];
  return { env: { ...whole, ...own }, clearEnv: true };
}

/** As with node-pty, a program that cannot be started is one that says so and exits with 1. */
function start(engine, file, args, options) {
  try {
    return engine.spawn(file, args, options);
  } catch (error) {
    if (!NOT_STARTED.has(error.code)) throw error;
    const script = 'printf "%s\\n" "$1"; exit 1';
    return engine.spawn("/bin/sh", ["-c", script, "sh", error.message], { ...options, cwd: "/" });
  }
}

/** An event as node-pty has them: a function that takes a listener and returns what ends it. */
function subscribe(emitter, name) {
  return (listener) => {
    emitter.on(name, listener);
    return { dispose: () => emitter.off(name, listener) };
  };
}

class Pty extends EventEmitter {
  #file;
  #encoding;
  #decoder = null;
  #ptsName;
  #isDestroyed = false;
  #events = new EventEmitter();
  /** Set once the terminal is gone; then writes, sizes and signals do nothing. */
  #isOver = false;

  constructor(file, args, options) {
    super();
    if (typeof args === "string") throw new Error("args as a string is not supported on unix.");
    const { cwd, cols, rows, screen, logBytes = DEFAULT_LOG_BYTES, engine = defaultEngine(), ...rest } = options ?? {};
    checkTypes(options ?? {});
    this.#file = file || DEFAULT_FILE;
    this.#encoding = rest.encoding === undefined ? "utf8" : rest.encoding;
    this.setEncoding(this.#encoding);
    this.handleFlowControl = Boolean(rest.handleFlowControl);
    this._flowControlPause = rest.flowControlPause || FLOW_CONTROL_PAUSE;
    this._flowControlResume = rest.flowControlResume || FLOW_CONTROL_RESUME;
    this.onData = subscribe(this.#events, "data");
    this.onExit = subscribe(this.#events, "exit");
    this.terminal = start(engine, this.#file, args ?? [], {
      ...environment(rest, cwd), cwd, cols: cols || DEFAULT_COLS, rows: rows || DEFAULT_ROWS, screen, logBytes,
    });
    this.terminal.on("data", (data) => this.#onData(data));
    // Everything that the program wrote has been read. What still holds the terminal is hung up on.
    this.terminal.on("exit", () => this.terminal.close(0));
    this.terminal.on("close", () => this.#onClose());
  }

  get pid() {
    return this.terminal.pid;
  }

  get cols() {
    return this.terminal.cols;
  }

  get rows() {
    return this.terminal.rows;
  }

  /** What the program in the foreground was started as, such as "vim". */
  get process() {
    if (this.#isOver) return this.#file;
    const { foregroundPid, foregroundName } = this.terminal.state();
    try {
      const [name] = readFileSync(`/proc/${foregroundPid}/cmdline`, "latin1").split("\0");
      return Buffer.from(name, "latin1").toString() || String(foregroundName) || this.#file;
    } catch {
      return String(foregroundName) || this.#file;
    }
  }

  /** The path of the terminal as its programs have it, such as "/dev/pts/3"; empty once the program has ended. */
  get ptsName() {
    this.#ptsName ??= readPtsName(this.pid);
    return this.#ptsName ?? "";
  }

  write(data) {
    if (this.handleFlowControl && data === this._flowControlPause) return this.pause();
    if (this.handleFlowControl && data === this._flowControlResume) return this.resume();
    const bytes = typeof data === "string" ? Buffer.from(data, this.#encoding ?? "utf8") : data;
    this.#unlessOver(() => this.terminal.write(bytes));
  }

  /** Writes, if there is something to write, and ends the input (Ctrl-D). */
  end(data) {
    if (data !== undefined) this.write(data);
    this.#unlessOver(() => this.terminal.end());
  }

  resize(cols, rows, pixelSize) {
    if (!(cols > 0 && rows > 0 && Number.isFinite(cols) && Number.isFinite(rows))) {
      throw new Error("resizing must be done using positive cols and rows");
    }
    this.#unlessOver(() => this.terminal.resize(Math.trunc(cols), Math.trunc(rows), pixelSize));
  }

  clear() {
    if (!this.#isOver && this.terminal.state().screen) this.terminal.clear();
  }

  kill(signal = "SIGHUP") {
    this.#unlessOver(() => this.terminal.signal(signal));
  }

  pause() {
    this.#unlessOver(() => this.terminal.pause());
    this.emit("pause");
    return this;
  }

  resume() {
    this.#unlessOver(() => this.terminal.resume());
    this.emit("resume");
    return this;
  }

  setEncoding(encoding) {
    this.#decoder = encoding ? new StringDecoder(encoding) : null;
  }

  /** Drops what has not been read, and hangs up. */
  destroy() {
    if (this.#isOver) return;
    this.#isDestroyed = true;
    this.#unlessOver(() => this.terminal.close());
  }

  pipe(destination, options) {
    return this.terminal.readable().pipe(destination, options);
  }

  #onData(data) {
    if (this.#isDestroyed) return;
    const value = this.#decoder ? this.#decoder.write(data) : data;
    if (value.length > 0) this.#both("data", value);
  }

  #onClose() {
    const rest = this.#isDestroyed ? "" : this.#decoder?.end();
    if (rest) this.#both("data", rest);
    this.#isOver = true;
    const { exitCode = null, signal = null } = this.terminal.exit ?? {};
    const code = exitCode ?? (signal === null ? EXIT_UNKNOWN : 0);
    this.emit("exit", code, signal ?? 0);
    this.#events.emit("exit", { exitCode: code, signal: signal ?? 0 });
    this.emit("close");
  }

  #both(name, value) {
    this.emit(name, value);
    this.#events.emit(name, value);
  }

  /** The program may end at any time: what comes too late does nothing. */
  #unlessOver(action) {
    if (this.#isOver) return;
    try {
      action();
    } catch (error) {
      if (!OVER.has(error.code)) throw error;
    }
  }
}

function readPtsName(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // After the name in parentheses: state, parent, group, session, and the device of the terminal.
    const device = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[4]);
    const major = (device >> 8) & 0xfff;
    const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
    return device > 0 ? `/dev/pts/${(major - PTS_MAJOR) * PTS_MINORS + minor}` : undefined;
  } catch {
    return undefined;
  }
}

function spawn(file, args, options) {
  return new Pty(file, args, options);
}

module.exports = { Pty, spawn };

// A terminal of an engine: a PTY with a program, its output for any number of readers, and on request its screen.

"use strict";

const { EventEmitter } = require("node:events");
const { Readable } = require("node:stream");
const {
  BREAKER, DELIVERY, EVENT, MARK, MODE, PROGRESS, RESTART_STEP, SAID, START, TERMINAL_FLAG, numberOf, signalNumber,
} = require("./names.js");

const OPTION_PAUSED = 1;
const OPTION_MODE = 2;
const READER_PAUSED = 1;
const READER_DELIVERY = 2;
const READER_SCROLL = 3;
const CONTROL_EOF = 1;
const CONTROL_CLEAR = 2;
const SIGNAL_FOREGROUND = 0;
const SIGNAL_LEADER = 1;
const EXIT_CODE = 1;
const EXIT_SIGNAL = 2;
const ATTACH_NO_INTERVAL = 1;
const SEARCH_REGEX = 1;
const SEARCH_IGNORE_CASE = 2;
const SCREEN_FLAGS = { noReplies: 1, clipboard: 2, readback: 4, noScrollback: 8 };
const RESTART_ALWAYS = 1;
const RESTART_CLOSE_ENDED = 2;
const COLOR_RGB = 0x02000000;
const DEFAULT_GRACE_MS = 1000;
/** The program may end at any time, so these are no mistakes of a caller that only stops or types. */
const OVER = new Set(["ORCH_E_ENDED", "ORCH_E_CLOSING", "ORCH_E_STALE_ID", "ORCH_E_GONE"]);

function colorNumber(color) {
  return color === undefined ? undefined : COLOR_RGB + (color[0] << 16) + (color[1] << 8) + color[2];
}

function screenOptions(screen) {
  if (!screen) return undefined;
  const options = screen === true ? {} : screen;
  let flags = 0;
  for (const [name, flag] of Object.entries(SCREEN_FLAGS)) if (options[name]) flags += flag;
  return {
    scrollback: options.scrollback, flags, foreground: colorNumber(options.foreground),
    background: colorNumber(options.background), cursor: colorNumber(options.cursor),
  };
}

function restartOptions(restart) {
  if (!restart) return undefined;
  const options = restart === true ? {} : restart;
  const flags = (options.always ? RESTART_ALWAYS : 0) + (options.closeEnded ? RESTART_CLOSE_ENDED : 0);
  return { flags, keepEnded: options.keepEnded, stableAfterMs: options.stableAfterMs };
}

function common({ cols, rows, pixelWidth, pixelHeight, delivery = "lossless", logBytes, screen }) {
  return {
    cols, rows, pixelWidth, pixelHeight, logBytes,
    delivery: numberOf(DELIVERY, delivery, "delivery"), screen: screenOptions(screen),
  };
}

/** `NAME=VALUE` sets a variable, `NAME` unsets it. */
function environment(env) {
  return Object.entries(env).map(([name, value]) => (value === null || value === undefined ? name : `${name}=${value}`));
}

function spawnOptions(file, args, options) {
  if (!Array.isArray(args)) throw new TypeError("args must be an array");
  return {
    ...common(options),
    argv: file === undefined || file === null ? [] : [file, ...args],
    env: environment(options.env ?? {}),
    envClear: options.clearEnv ? 1 : 0,
    cwd: options.cwd,
    restart: restartOptions(options.restart),
  };
}

function adoptOptions(options) {
  return { ...common(options), pid: options.pid };
}

function exitOf({ kind, value, coreDumped, end }) {
  return {
    exitCode: kind === EXIT_CODE ? value : null, signal: kind === EXIT_SIGNAL ? value : null, coreDumped, end,
  };
}

/** What gets output of a terminal: the terminal itself for the first reader, a Reader for each other one. */
function emitOutput(target, kind, value, offset) {
  if (kind === EVENT.OUTPUT) target.emit("data", value, offset);
  else if (kind === EVENT.SCREEN) target.emit("update", value);
  else if (kind === EVENT.GAP) target.emit("gap", value);
  else if (kind === EVENT.SNAPSHOT) target.emit("snapshot", value);
  else if (kind === EVENT.CLEARED) target.emit("cleared", offset);
  else if (kind === EVENT.DELIVERY_CHANGED) target.emit("delivery", DELIVERY[value]);
}

/** One more reader of a terminal, with a delivery and a pace of its own. */
class Reader extends EventEmitter {
  #native;
  #removed;

  constructor({ id, native, removed }) {
    super();
    this.id = id;
    this.#native = native;
    this.#removed = removed;
  }

  pause() {
    this.#native.setReader(this.id, READER_PAUSED, 1);
  }

  resume() {
    this.#native.setReader(this.id, READER_PAUSED, 0);
  }

  setDelivery(delivery) {
    this.#native.setReader(this.id, READER_DELIVERY, numberOf(DELIVERY, delivery, "delivery"));
  }

  /** For the delivery "screen": so many rows above the screen the view begins. */
  scroll(rows) {
    this.#native.setReader(this.id, READER_SCROLL, rows);
  }

  requestSnapshot(scrollback = 0) {
    this.#native.requestSnapshot(this.id, scrollback);
  }

  detach() {
    this.#native.detach(this.id);
    this.#removed();
  }
}

class Terminal extends EventEmitter {
  #native;
  #hold;
  #readers = new Map();
  /** The reader that was made with the terminal. */
  #first;
  /** Parts of input that the engine has no room for. */
  #waiting = [];
  #isClosed = false;
  /** Whether it keeps the process alive while something can come from it: the host's wish, and the two reasons. */
  #isRef = true;
  #isOpen = true;
  #waitsForStart = false;
  #resolveExited;
  #resolveClosed;

  constructor({ id, native, hold, delivery = "lossless", file, engine }) {
    super();
    this.id = id;
    this.engine = engine;
    this.file = file;
    this.delivery = delivery;
    this.#native = native;
    this.#hold = hold;
    const { pid, cols, rows, readers } = native.state(id);
    this.pid = pid;
    this.cols = cols;
    this.rows = rows;
    this.#first = readers[0]?.reader;
    /** How the program ended; `null` while it runs. */
    this.exit = null;
    this.exited = new Promise((resolve) => { this.#resolveExited = resolve; });
    this.closed = new Promise((resolve) => { this.#resolveClosed = resolve; });
    hold(this, true);
  }

  get isClosed() {
    return this.#isClosed;
  }

  /** Types. False: some of it waits for room; "drain" follows. */
  write(data) {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (this.#waiting.length > 0) {
      this.#waiting.push(Buffer.from(bytes));
      return false;
    }
    const accepted = this.#native.write(this.id, bytes);
    if (accepted === bytes.length) return true;
    // A copy: the caller may use its memory again.
    this.#waiting.push(Buffer.from(bytes.subarray(accepted)));
    return false;
  }

  /** Types text as a person pastes it. */
  paste(text) {
    this.#native.paste(this.id, text);
  }

  /** Ends the input as a person would (Ctrl-D). */
  end() {
    this.#native.control(this.id, CONTROL_EOF);
  }

  resize(cols, rows, pixelSize) {
    const { width: pixelWidth, height: pixelHeight } = pixelSize ?? {};
    this.#native.resize(this.id, { cols, rows, pixelWidth, pixelHeight });
    this.cols = cols;
    this.rows = rows;
  }

  /** Sends a signal to the group of the program, or to the group in the foreground. */
  signal(signal = "SIGHUP", { foreground = false } = {}) {
    this.#native.signal(this.id, signalNumber(signal), foreground ? SIGNAL_FOREGROUND : SIGNAL_LEADER);
  }

  /** The line discipline: "raw", "cooked", "echo", "noEcho". */
  setMode(mode) {
    this.#native.set(this.id, OPTION_MODE, numberOf(MODE, mode, "mode"));
  }

  /** No more "data", and the program waits once the kernel's buffer is full. */
  pause() {
    this.#setPaused(1);
  }

  resume() {
    this.#setPaused(0);
  }

  clear() {
    this.#native.control(this.id, CONTROL_CLEAR);
  }

  attach({ delivery = "lossless", start = "default", intervalMs, ...rest } = {}) {
    const id = this.#native.attach(this.id, {
      ...rest, delivery: numberOf(DELIVERY, delivery, "delivery"), start: numberOf(START, start, "start"),
      intervalUs: intervalMs ? Math.round(intervalMs * 1000) : undefined, flags: intervalMs === 0 ? ATTACH_NO_INTERVAL : 0,
    });
    const reader = new Reader({ id, native: this.#native, removed: () => this.#readers.delete(id) });
    this.#readers.set(id, reader);
    return reader;
  }

  /** The output from now on as a stream with backpressure. It ends with the terminal's output. */
  readable(options) {
    const stream = new Readable({
      ...options, read: () => this.#quietly(() => this.resume()),
      destroy: (error, done) => {
        this.off("data", onData);
        this.#quietly(() => this.resume());
        done(error);
      },
    });
    const onData = (data) => {
      if (!stream.push(data)) this.#quietly(() => this.pause());
    };
    this.on("data", onData);
    const onEnd = () => stream.push(null);
    this.once("end", onEnd);
    this.once("close", () => {
      this.off("end", onEnd);
      if (!stream.readableEnded && !stream.destroyed) stream.push(null);
    });
    return stream;
  }

  state() {
    const { flags, exitKind, exitValue, coreDumped, readers, progress, ...rest } = this.#native.state(this.id);
    const state = { ...rest, exit: exitKind === 0 ? null : exitOf({ kind: exitKind, value: exitValue, coreDumped, end: rest.logEnd }) };
    for (const [name, flag] of Object.entries(TERMINAL_FLAG)) state[name] = (flags & flag) !== 0;
    state.readers = readers.map(({ delivery, ...reader }) => ({ ...reader, delivery: DELIVERY[delivery] }));
    if (state.screen) state.progress = PROGRESS[progress];
    return state;
  }

  /** The screen as text, a line for each row, with at most so many rows of scrollback above it. */
  text({ scrollback = 0 } = {}) {
    return this.#native.screenText(this.id, scrollback);
  }

  /** Rows with their styles: 0 is the top of the screen, -1 the newest row of the scrollback. */
  lines(first = 0, count = this.rows) {
    return this.#native.rows(this.id, first, count);
  }

  /** What changed on the screen since the update with this `generation`; all of it for 0. */
  screen(generation = 0) {
    return this.#native.screen(this.id, generation);
  }

  /** Control sequences that make another terminal of this size show the same. */
  snapshot({ scrollback = 0 } = {}) {
    return this.#native.snapshot(this.id, scrollback);
  }

  search(pattern, { regex, ignoreCase, ...rest } = {}) {
    const flags = (regex ? SEARCH_REGEX : 0) + (ignoreCase ? SEARCH_IGNORE_CASE : 0);
    return this.#native.search(this.id, { ...rest, pattern, flags });
  }

  /** Prompts, commands and outputs that the shell has marked. */
  marks() {
    return this.#native.marks(this.id).map(({ kind, place }) => ({ kind: MARK[kind], place }));
  }

  /** The colours of the window that shows the terminal, for programs that query them: [red, green, blue]. */
  setColors({ foreground, background, cursor } = {}) {
    const colors = { foreground, background, cursor };
    for (const name of Object.keys(colors)) colors[name] = colorNumber(colors[name]);
    this.#native.setColors(this.id, colors);
  }

  /** Hangs up, kills after the grace what has not ended, and resolves once the terminal is gone. */
  close(graceMs = DEFAULT_GRACE_MS) {
    if (!this.#isClosed) this.#native.close(this.id, graceMs);
    return this.closed;
  }

  /** The terminal keeps the process alive, as at first. */
  ref() {
    this.#isRef = true;
    this.#updateHold();
    return this;
  }

  unref() {
    this.#isRef = false;
    this.#updateHold();
    return this;
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }

  _event(kind, value, reader, offset, next) {
    if (reader !== 0) {
      const target = reader === this.#first ? this : this.#readers.get(reader);
      if (target) emitOutput(target, kind, value, offset);
    } else if (SAID[kind]) {
      this.emit(SAID[kind], value);
    } else {
      this.#lifeEvent(kind, value, next);
    }
  }

  #lifeEvent(kind, value, next) {
    if (kind === EVENT.INPUT_READY) {
      this.#flush();
    } else if (kind === EVENT.EXITED) {
      this.exit = exitOf(value);
      this.#resolveExited(this.exit);
      this.emit("exit", this.exit);
    } else if (kind === EVENT.EOF) {
      this.#isOpen = false;
      this.#updateHold();
      this.emit("end", value);
    } else if (kind === EVENT.CLOSED) {
      this._destroyed();
    } else if (kind === EVENT.PROGRESS) {
      this.emit("progress", { state: PROGRESS[value.state], percent: value.percent });
    } else if (kind === EVENT.RESTART) {
      const { step, breaker, startInMs, attempts, error } = value;
      this.#waitsForStart = RESTART_STEP[step] === "waiting";
      this.#updateHold();
      this.emit("restart", {
        step: RESTART_STEP[step], breaker: BREAKER[breaker], terminal: next, startInMs, attempts, error,
      });
    }
  }

  /** The terminal is gone, with its engine or alone. */
  _destroyed() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = [];
    this.#updateHold();
    this.#readers.clear();
    this.#resolveExited(this.exit ?? { exitCode: null, signal: null, coreDumped: false, end: null });
    this.#resolveClosed();
    this.emit("close");
  }

  #updateHold() {
    this.#hold(this, this.#isRef && !this.#isClosed && (this.#isOpen || this.#waitsForStart));
  }

  #setPaused(value) {
    // What was read already stays with the reader; what was not stays in the kernel.
    if (this.#first !== undefined) this.#native.setReader(this.#first, READER_PAUSED, value);
    this.#quietly(() => this.#native.set(this.id, OPTION_PAUSED, value));
  }

  #flush() {
    while (this.#waiting.length > 0) {
      const [bytes] = this.#waiting;
      let accepted = bytes.length;
      this.#quietly(() => { accepted = this.#native.write(this.id, bytes); });
      if (accepted < bytes.length) {
        this.#waiting[0] = bytes.subarray(accepted);
        return;
      }
      this.#waiting.shift();
    }
    this.emit("drain");
  }

  #quietly(action) {
    try {
      action();
    } catch (error) {
      if (!OVER.has(error.code)) throw error;
    }
  }
}

module.exports = { OVER, Reader, Terminal, adoptOptions, spawnOptions };

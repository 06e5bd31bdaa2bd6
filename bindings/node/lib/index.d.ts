/// <reference types="node" />
// The whole interface. What takes node-pty's place is at the end.

import { EventEmitter } from "node:events";
import type { Readable, ReadableOptions } from "node:stream";

/** The version of the library, such as "0.1.0". */
export const version: string;

/** What the engine refuses. `code` is the name of the status in orchflow.h. */
export class OrchflowError extends Error {
  constructor(code: string, message: string, errno?: number);
  /** Such as "ORCH_E_STALE_ID". */
  readonly code: string;
  /** The error number of the system, 0 if it had no part in it. */
  readonly errno: number;
}

/** Bytes of a path or a name: a string if they are UTF-8. */
export type Text = string | Buffer;
export type Bytes = string | Uint8Array;
/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

// ---------------------------------------------------------------------------------------------------- Engine

/** Limits as orch_config in orchflow.h explains them; what is left out has its default. */
export interface Limits {
  /** The least serious log lines that are emitted: 1 error, 2 warn (default), 3 info. */
  logLevel?: number;
  terminals?: number;
  readersPerTerminal?: number;
  logBytes?: number;
  logBytesMax?: number;
  logBytesTotal?: number;
  inputBytes?: number;
  events?: number;
  turnBytesPerTerminal?: number;
  turnBytes?: number;
  turnTimeUs?: number;
  turnTimeTypingUs?: number;
  typingWindowMs?: number;
  resizeIntervalMs?: number;
  screenCells?: number;
  scrollbackRows?: number;
  screenBytesTotal?: number;
  watches?: number;
  watchEntries?: number;
  watchDirtyNames?: number;
  watchBatchEvents?: number;
  watchReadBytes?: number;
  watchTombstones?: number;
  turnTimeWarnUs?: number;
  recorderEvents?: number;
  memoryBytesTotal?: number;
}

export interface EngineStats {
  turns: number;
  unfinishedTurns: number;
  /** How often the loop of Node has called the engine. */
  wakeups: number;
  logBytes: number;
  screenBytes: number;
  /** Anything but 0 is a bug in the library. */
  invariantsBroken: number;
  cpuP50Ms: number;
  cpuP99Ms: number;
  cpuMaxMs: number;
}

export interface Memory {
  logs: number;
  screens: number;
  input: number;
  watches: number;
  total: number;
  limit: number;
  full: boolean;
}

export type HealthStatus = "ok" | "degraded" | "failed";

export interface PartHealth {
  part: "loop" | "memory" | "spawning" | "terminal" | "watch" | "listener" | "client" | "peer";
  status: HealthStatus;
  id: number;
  /** A stable name such as "out_of_descriptors"; empty if there is none. */
  reason: string;
  /** For people. */
  sentence: string;
  lastsMs: number;
}

export interface EngineEvents {
  log: [line: { level: "error" | "warn" | "info"; text: string }];
  slowTurn: [turns: { count: number; stage: string; cpuMs: number; wallMs: number }];
  health: [part: PartHealth];
  /** The engine itself has failed: only `destroy` is left. */
  error: [error: OrchflowError];
  /** The engine is destroyed. */
  close: [];
}

/** An engine belongs to the thread that made it. */
export class Engine extends EventEmitter<EngineEvents> {
  constructor(options?: { limits?: Limits });
  readonly destroyed: boolean;
  readonly terminals: Terminal[];
  readonly watches: Watch[];
  /** Starts a program in a new terminal. Without a file: the user's shell. */
  spawn(file?: Bytes | null, args?: readonly Bytes[], options?: SpawnOptions): Terminal;
  /** Takes over the master of a PTY. Do not use or close the descriptor any more. */
  adopt(fd: number, options?: AdoptOptions): Terminal;
  watch(roots: Bytes | readonly Bytes[], options?: WatchOptions): Watch;
  /** Types the same into many terminals, all or nothing into each; returns those that did not take it. */
  writeMany(terminals: readonly Terminal[], data: Bytes): { terminal: Terminal; code: string }[];
  stats(): EngineStats;
  memory(): Memory;
  health(): { status: HealthStatus; parts: PartHealth[] };
  /** What the engine says of itself: its state, its last events, or its figures for Prometheus. */
  text(kind: "dump" | "flightRecord" | "metrics"): string;
  /** Closes all terminals, waits for their ends, and destroys the engine. Default grace: 1,000 ms. */
  shutdown(graceMs?: number): Promise<void>;
  /** Ends at once what runs in the engine, and frees everything. */
  destroy(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The engine of this thread that `spawn` uses. */
export function defaultEngine(): Engine;

// -------------------------------------------------------------------------------------------------- Terminal

export interface ScreenOptions {
  /** Rows of scrollback. Default 1,000. */
  scrollback?: number;
  noScrollback?: boolean;
  /** The engine does not reply to queries of the program: another terminal that gets the output does. */
  noReplies?: boolean;
  /** Programs may ask to set the clipboard. */
  clipboard?: boolean;
  /** Programs may read the screen and the title back; off unless all of them are trusted. */
  readback?: boolean;
  /** The colours that are reported to programs. */
  foreground?: Rgb;
  background?: Rgb;
  cursor?: Rgb;
}

export interface RestartOptions {
  /** Also after exit code 0. */
  always?: boolean;
  /** A start closes the terminal of the run before. */
  closeEnded?: boolean;
  /** So many ended terminals stay. Default 1. */
  keepEnded?: number;
  /** How long a run lasts before the failures before it are forgotten. Default 10,000. */
  stableAfterMs?: number;
}

export type Delivery = "lossless" | "lossy" | "screen";

interface TerminalOptions {
  cols?: number;
  rows?: number;
  pixelWidth?: number;
  pixelHeight?: number;
  /** How output reaches the reader that is made with the terminal. Default "lossless". */
  delivery?: Delivery | "none";
  /** Bytes of output to keep, at least 65,536. Default: `logBytes` of the engine. */
  logBytes?: number;
  /** Keeps what the terminal shows. */
  screen?: boolean | ScreenOptions;
}

export interface SpawnOptions extends TerminalOptions {
  cwd?: Bytes;
  /** Changes to the environment of this process; `null` unsets. */
  env?: { [name: string]: string | null | undefined };
  /** Starts from an empty environment. */
  clearEnv?: boolean;
  /** Starts the program again after it has ended. */
  restart?: boolean | RestartOptions;
}

export interface AdoptOptions extends TerminalOptions {
  /** The program in the terminal, if it is known. */
  pid?: number;
}

export interface Exit {
  /** `null` if a signal killed the program, or its status is not known. */
  exitCode: number | null;
  signal: number | null;
  coreDumped: boolean;
  /** Offset after the last byte of the program; `null` if the engine was destroyed before. */
  end: number | null;
}

export interface Gap {
  /** Offset of the first byte that is lost. */
  start: number;
  /** Offset of the next byte that comes. */
  end: number;
}

/** A place in the text that stays when rows scroll away and when the size changes. */
export interface Place {
  line: number;
  col: number;
}

export type Color = "default" | { indexed: number } | { rgb: [number, number, number] };

/** Adjacent characters that look the same. */
export interface Run {
  text: string;
  cols: number;
  wide: boolean;
  fg: Color;
  bg: Color;
  /** Sum of 1 bold, 2 dim, 4 italic, 8 inverse, 16 hidden, 32 struck out, 64 blinking. */
  attributes: number;
  /** 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed. */
  underline: number;
  underlineColor: Color;
  /** Where a link (OSC 8) leads. Do not open it unasked. */
  link: string | null;
}

export interface Line {
  /** 0 is the top of the screen, -1 the newest row of the scrollback. */
  row: number;
  place: Place | null;
  wrapped: boolean;
  runs: Run[];
}

export interface Cursor {
  row: number;
  col: number;
  /** 0 block, 1 underline, 2 bar. */
  shape: number;
  visible: boolean;
  blinking: boolean;
}

/** Each row `r` of `top` up to, but not including, `bottom` moves to `r - rows`. */
export interface Scroll {
  top: number;
  bottom: number;
  rows: number;
}

/** What has to be drawn: the scrolls in their order, then the lines. */
export interface ScreenUpdate {
  generation: number;
  offset: number;
  /** `lines` is all that is seen. */
  full: boolean;
  /** Sum of ORCH_SCREEN_MODE_*. */
  modes: number;
  cols: number;
  rows: number;
  history: number;
  /** How far the reader has scrolled back. */
  viewport: number;
  cursor: Cursor;
  /** `null` if it has not changed. */
  title: string | null;
  scrolls: Scroll[];
  lines: Line[];
  place: Place | null;
}

export interface Snapshot {
  /** Control sequences that reset a terminal of this size and make it show the same. */
  data: Buffer;
  /** Offset of the output that follows. */
  offset: number;
  cols: number;
  rows: number;
  place: Place | null;
}

export interface SearchOptions {
  /** In the syntax of Rust's crate regex. */
  regex?: boolean;
  ignoreCase?: boolean;
  rowsMax?: number;
  matchesMax?: number;
  /** `next` of the search before. */
  from?: SearchNext;
}

export interface SearchNext {
  row: number;
  col: number;
  place: Place | null;
}

export interface Match {
  startRow: number;
  startCol: number;
  endRow: number;
  endCol: number;
  start: Place | null;
  end: Place | null;
}

export interface ReaderState {
  reader: number;
  delivery: Delivery;
  paused: boolean;
  offset: number;
  backlog: number;
}

export type ProgressState = "none" | "normal" | "failed" | "indeterminate" | "paused";

export interface TerminalState {
  pid: number;
  foregroundPid: number;
  foregroundName: Text;
  /** Directory of the foreground process; empty if unknown. */
  cwd: Text;
  cols: number;
  rows: number;
  exit: Exit | null;
  logStart: number;
  logEnd: number;
  inputBytes: number;
  inputWaiting: number;
  sinceInputMs: number | null;
  sinceOutputMs: number | null;
  readers: ReaderState[];
  running: boolean;
  hungUp: boolean;
  closing: boolean;
  pausedByHost: boolean;
  pausedByReader: boolean;
  pausedByMemory: boolean;
  /** It has a screen, and the optional fields are there. */
  screen: boolean;
  /** Probably a password is asked for. */
  hiddenInput: boolean;
  restarts: boolean;
  givenUp: boolean;
  title?: string;
  reportedCwd?: Text;
  modes?: number;
  history?: number;
  commandForMs?: number | null;
  lastExitCode?: number | null;
  progress?: ProgressState;
  progressPercent?: number;
}

export interface ReaderEvents {
  data: [data: Buffer, offset: number];
  /** A lossy reader has lost output. */
  gap: [gap: Gap];
  /** The screen in place of the bytes before it. */
  snapshot: [snapshot: Snapshot];
  /** For the delivery "screen". */
  update: [update: ScreenUpdate];
  /** The host has cleared the screen. */
  cleared: [offset: number];
  /** A lossless reader has lagged too much. */
  delivery: [delivery: Delivery];
}

export interface RestartEvent {
  step: "waiting" | "started" | "givenUp";
  breaker: "closed" | "open" | "halfOpen";
  /** Where the program runs now. */
  terminal: Terminal | null;
  startInMs: number | null;
  attempts: number;
  /** Why the last start failed. */
  error: string | null;
}

export interface TerminalEvents extends ReaderEvents {
  /** After the last byte of the program. */
  exit: [exit: Exit];
  /** No program holds the terminal any more. */
  end: [offset: number];
  /** The terminal is gone. */
  close: [];
  /** What `write` could not hand over has been taken. */
  drain: [];
  /** The kernel has dropped the end of a line that was too long for it. */
  inputTruncated: [];
  restart: [event: RestartEvent];
  // What programs say; only with a screen.
  title: [title: string];
  cwd: [path: Text];
  bell: [count: number];
  notification: [message: { title: string; body: string }];
  clipboard: [request: { text: string; primary: boolean }];
  progress: [progress: { state: ProgressState; percent: number }];
  commandStarted: [command: string];
  commandFinished: [end: { exitCode: number | null; durationMs: number }];
}

export interface AttachOptions {
  /** Default "lossless". */
  delivery?: Delivery;
  /** Default: the oldest byte that is kept. */
  start?: "default" | "oldest" | "now" | "offset" | "resume" | "snapshot";
  /** For "offset" and "resume". */
  offset?: number;
  /** For "snapshot": rows of scrollback. */
  scrollback?: number;
  /** For the delivery "screen": the shortest time between updates. Default 16; 0 for none. */
  intervalMs?: number;
  /** A lossless reader that lags so long, or so much, gets the screen in place of bytes. */
  downgradeAgeMs?: number;
  downgradeBytes?: number;
}

/** One more reader of a terminal, with a delivery and a pace of its own. */
export class Reader extends EventEmitter<ReaderEvents> {
  private constructor();
  readonly id: number;
  /** It gets nothing. A lossless one then stops the program once the log is full. */
  pause(): void;
  resume(): void;
  setDelivery(delivery: Delivery): void;
  /** For the delivery "screen": so many rows above the screen its view begins. */
  scroll(rows: number): void;
  /** Its next event is a snapshot. */
  requestSnapshot(scrollback?: number): void;
  detach(): void;
}

/** A terminal. Once its program has ended it stays, with its log, until it is closed. */
export class Terminal extends EventEmitter<TerminalEvents> {
  private constructor();
  readonly id: number;
  readonly engine: Engine;
  readonly file: Bytes | null | undefined;
  readonly delivery: Delivery | "none";
  /** The program that was started, 0 if it is not known. */
  readonly pid: number;
  readonly cols: number;
  readonly rows: number;
  /** How the program ended; `null` while it runs. */
  readonly exit: Exit | null;
  readonly exited: Promise<Exit>;
  readonly closed: Promise<void>;
  readonly isClosed: boolean;
  /** Types. False: a part waits for room, and "drain" follows. */
  write(data: Bytes): boolean;
  /** Types text as a person pastes it. All of it or nothing. */
  paste(text: Bytes): void;
  /** Ends the input as a person would (Ctrl-D). */
  end(): void;
  resize(cols: number, rows: number, pixelSize?: { width: number; height: number }): void;
  /** To the group of the program; with `foreground` to the group in the foreground. Default SIGHUP. */
  signal(signal?: NodeJS.Signals | number, options?: { foreground?: boolean }): void;
  setMode(mode: "raw" | "cooked" | "echo" | "noEcho"): void;
  /** No more "data", and the program waits once the kernel's buffer is full. */
  pause(): void;
  resume(): void;
  /** Clears the screen. */
  clear(): void;
  attach(options?: AttachOptions): Reader;
  /** The output from now on, with backpressure. */
  readable(options?: ReadableOptions): Readable;
  state(): TerminalState;
  /** The screen as text, a line for each row. */
  text(options?: { scrollback?: number }): string;
  /** Rows with their styles. */
  lines(first?: number, count?: number): Line[];
  /** What changed since the update with this generation; all for 0. */
  screen(generation?: number): ScreenUpdate;
  snapshot(options?: { scrollback?: number }): Snapshot;
  search(pattern: Bytes, options?: SearchOptions): { matches: Match[]; next: SearchNext | null };
  /** What the shell has marked (OSC 133 or 633). */
  marks(): { kind: "promptStart" | "commandStart" | "outputStart" | "outputEnd"; place: Place }[];
  setColors(colors?: { foreground?: Rgb; background?: Rgb; cursor?: Rgb }): void;
  /** Hangs up, kills after the grace (default 1,000 ms) what has not ended; resolves once the terminal is gone. */
  close(graceMs?: number): Promise<void>;
  /** The terminal keeps the process alive, as at first. */
  ref(): this;
  unref(): this;
  [Symbol.asyncDispose](): Promise<void>;
}

// ----------------------------------------------------------------------------------------------------- Watch

export type FileType = "file" | "directory" | "symlink" | "other";
export type FileEventKind = "create" | "modify" | "metadata" | "touch" | "delete" | "rename";

export interface WatchOptions {
  /** Globs in the syntax of `.gitignore`. */
  ignore?: readonly Bytes[];
  /** How long a name has to be quiet before it is looked at. Default 50. */
  windowMs?: number;
  /** When a name that is never quiet is looked at. Default 500. */
  maxWaitMs?: number;
  /** Default: all. */
  kinds?: readonly FileEventKind[];
  /** A batch with more events is shortened by summaries. Default 100. */
  summaryThreshold?: number;
  maxDepth?: number;
  entryLimit?: number;
  pollIntervalMs?: number;
  gitWaitMs?: number;
  noGitignore?: boolean;
  gitDir?: boolean;
  noHidden?: boolean;
  followDevices?: boolean;
  noDebounce?: boolean;
  noSummaries?: boolean;
  /** What `save` of an earlier watch has returned. */
  since?: Uint8Array;
}

export interface FileVersion {
  epoch: number;
  n: number;
}

export interface FileEvent {
  kind: FileEventKind;
  type: FileType;
  path: Text;
  /** For "rename". */
  from?: Text;
  id: number;
  /** Another file has taken the place. */
  replaced?: true;
  ignored?: true;
}

export interface FileSummary {
  dir: Text;
  created: number;
  modified: number;
  deleted: number;
  renamed: number;
  recursive: boolean;
}

export interface FileBatch {
  version: FileVersion;
  /** The tree equals the disk as far as events are known. */
  complete: boolean;
  events: FileEvent[];
  summaries: FileSummary[];
  originalEvents: number;
  vanished: number;
}

export interface FileEntry {
  id: number;
  /** 0 for a root. */
  parent: number;
  path: Text;
  type: FileType;
  bytes: number;
  modifiedMs: number;
  inode: bigint;
  mode: number;
  ignored: boolean;
}

export interface FileCursor {
  epoch: number;
  base: number;
  position: number;
}

export interface FileChanges {
  version: FileVersion;
  /** This begins with an empty tree. */
  full: boolean;
  more: boolean;
  removed: number[];
  entries: FileEntry[];
  cursor: FileCursor;
}

export type WatchProblem =
  | "unreadable" | "outOfWatches" | "tooManyEntries" | "eventsLost" | "rootGone" | "refused" | "tooManyRules"
  | "rootsOverlap" | "saveUnusable" | "outOfMemory";

export interface WatchState {
  version: FileVersion;
  roots: Text[];
  ready: boolean;
  complete: boolean;
  healthy: boolean;
  problem: WatchProblem | null;
  entries: number;
  directories: number;
  kernelWatches: number;
  polledDirectories: number;
  batches: number;
  overflows: number;
}

export interface WatchEvents {
  ready: [version: FileVersion];
  batch: [batch: FileBatch];
  warning: [warning: { problem: WatchProblem; path: Text }];
  close: [];
}

export class Watch extends EventEmitter<WatchEvents> {
  private constructor();
  readonly id: number;
  readonly isClosed: boolean;
  /** Resolves once the tree has been read; with `null` if the watch is closed before. */
  readonly ready: Promise<FileVersion | null>;
  /** Resolves once everything that happened to the files before has been reported. */
  sync(): Promise<FileVersion>;
  /** What changed since a cursor; everything without one. Again with the returned one while `more`. */
  changes(cursor?: FileCursor, max?: number): FileChanges;
  /** The whole tree. */
  entries(): FileEntry[];
  state(): WatchState;
  /** The tree as bytes, for `since` of a later watch. Not before `ready`. */
  save(): Buffer;
  close(): void;
  ref(): this;
  unref(): this;
  [Symbol.dispose](): void;
}

// ------------------------------------------------------------------------------------------ In node-pty's place

export interface IDisposable {
  dispose(): void;
}

export interface IEvent<T> {
  (listener: (event: T) => any): IDisposable;
}

export interface PtyOptions {
  /** TERM of the program. Default: that of `env`, else "xterm". */
  name?: string;
  cols?: number;
  rows?: number;
  cwd?: string;
  /** The whole environment. Default: that of this process. */
  env?: { [name: string]: string | undefined };
  /** Default "utf8"; `null` for Buffers. */
  encoding?: string | null;
  handleFlowControl?: boolean;
  flowControlPause?: string;
  flowControlResume?: string;
  // Not in node-pty:
  screen?: boolean | ScreenOptions;
  /** Bytes of output that are kept for further readers. Default 262,144. */
  logBytes?: number;
  /** Default: `defaultEngine()`. */
  engine?: Engine;
}

export interface PtyEvents {
  data: [data: any];
  exit: [exitCode: number, signal: number];
  close: [];
  pause: [];
  resume: [];
}

export class Pty extends EventEmitter<PtyEvents> {
  constructor(file?: string, args?: string[], options?: PtyOptions);
  /** The terminal of the engine: readers, screen, state. */
  readonly terminal: Terminal;
  readonly pid: number;
  readonly cols: number;
  readonly rows: number;
  readonly process: string;
  readonly ptsName: string;
  handleFlowControl: boolean;
  readonly onData: IEvent<string>;
  readonly onExit: IEvent<{ exitCode: number; signal?: number }>;
  resize(columns: number, rows: number, pixelSize?: { width: number; height: number }): void;
  clear(): void;
  write(data: string | Buffer): void;
  end(data?: string | Buffer): void;
  /** Default SIGHUP. */
  kill(signal?: string): void;
  pause(): this;
  resume(): this;
  setEncoding(encoding: string | null): void;
  destroy(): void;
  pipe<Destination extends NodeJS.WritableStream>(destination: Destination, options?: { end?: boolean }): Destination;
}

export function spawn(file?: string, args?: string[], options?: PtyOptions): Pty;

import type {
  Bytes, ChangeOp, Collection, Cursor, ErrorCode, Exit, Failure, Figures, File, FileVersion, Found, Health, Key, Notice,
  NoticeKind, Pane, Place, Rejected, Rows, Run, Scroll, Session, Stats, Terminal, TerminalDetail, TerminalOp, Version, Welcome,
} from "./protocol.js";

export type * from "./protocol.js";

/** Ends what it was returned by. */
export type Off = () => void;

/** The bytes of a value of the type `bytes`. */
export function toBytes(value: Bytes | Uint8Array): Uint8Array;
/** Bytes as text for people: what is not UTF-8 becomes U+FFFD. */
export function toText(value: Bytes | Uint8Array): string;
/** Bytes as the protocol writes them in JSON. */
export function fromBytes(value: Bytes | Uint8Array): Bytes;
/** The address of the WebSocket in an address that the demo prints, and its token. */
export function parseAddress(text: string): { url: string; token: string | null };

/** Codes of the client itself, beside those of the protocol. */
export type ClientErrorCode = "unauthorized" | "unreachable" | "disconnected" | "closed" | "protocol";

export class OrchflowError extends Error {
  constructor(code: ErrorCode | ClientErrorCode, message?: string, details?: object);
  readonly code: ErrorCode | ClientErrorCode;
  /** The terminal that the operation was about. */
  readonly terminal?: number;
  /** The code of the close frame that ended the connection. */
  readonly closeCode?: number;
  /** Of a change: the operation that failed, from 0. */
  readonly op?: number;
  /** Of a conflict: the present entry, `null` if there is none. */
  readonly session?: Session | null;
  readonly pane?: Pane | null;
}

/** The constructor of WebSockets: that of the browser, of Node 22, or that of the package `ws`. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => object;

export interface ClientOptions {
  /** `ws://`, `http://` or the whole address that the demo prints. */
  url: string;
  /** Without it, the one at the end of `url` (`#token=`). */
  token?: string;
  /** Default "json". "bincode" is smaller and loads a further module. */
  codec?: "json" | "bincode";
  /** A name for the server's logs. */
  name?: string;
  /** What the mirror contains; all by default. */
  collections?: Collection[];
  /** The notices that are wanted; none by default. */
  notices?: NoticeKind[];
  /** Compress large messages both ways; worth it on slow connections. Default false. */
  compress?: boolean;
  /** Connect again after a break. Default true. */
  reconnect?: boolean;
  /** Default `globalThis.WebSocket`, which Node has from version 22 on. */
  WebSocket?: WebSocketConstructor;
}

export type Status =
  | "idle" | "connecting" | "open"
  /** Until the next attempt, at `retryAt`. */
  | "waiting"
  /** No further attempt is made; `lastError` says why. */
  | "closed";

export interface ClientEvents {
  status(status: Status): void;
  notice(notice: Notice): void;
  /** Figures of the engine; see `observe`. */
  figures(figures: Figures): void;
  /** The health of the engine, when it changes; see `observe`. */
  health(health: Health): void;
  /** Every message of the server, as it came. */
  message(message: { type: string; [field: string]: unknown }): void;
  /** What failed without a promise that says so. */
  failure(error: OrchflowError): void;
  /** A change was rejected; its promise says so, too. */
  rejected(rejection: Rejected): void;
  /** After a reconnect, a path is watched again. Its number may be the same as before, or that of another watch before. */
  watch(event: { watch: Watch; previous: number }): void;
}

/** What own changes are made of: operations, or a function that is called again after a conflict. */
export type Changes = ChangeOp[] | ((state: Pick<State, "sessions" | "panes">) => ChangeOp[]);

export class Client {
  constructor(options: ClientOptions);
  readonly state: State;
  readonly status: Status;
  /** The welcome of the present or last connection. */
  readonly welcome: Welcome | null;
  /** When the next attempt is made, as `Date.now()` counts. */
  readonly retryAt: number | null;
  readonly lastError: OrchflowError | null;
  /** The watches that have not ended. */
  readonly watches: readonly Watch[];

  on<Name extends keyof ClientEvents>(name: Name, listener: ClientEvents[Name]): Off;
  /**
   * Resolves with the welcome once the mirror is complete; rejects when no further attempt will be made. With
   * `reconnect` that is after failures which waiting does not mend, such as a wrong token.
   */
  connect(): Promise<Welcome>;
  /** Does not wait for `retryAt`. */
  retryNow(): void;
  /** The token from the next attempt on, which is made at once if the last one failed over the token. */
  setToken(token: string): void;
  close(): Promise<void>;
  /** Sends a message of the protocol as it is; it is dropped while there is no connection. */
  send(message: { type: string; [field: string]: unknown }): void;

  subscribeTo(collections: Collection[]): Promise<void>;
  subscribeToNotices(kinds: NoticeKind[]): void;
  /**
   * Asks for the event `figures` each so many milliseconds (250 to 60,000; 0: never), and for `health` at once and when
   * it changes. It takes the place of an earlier call, and holds after a reconnect.
   */
  observe(options?: { figuresMs?: number; health?: boolean }): void;
  /**
   * Changes sessions and panes; the effect is in `state` at once, and taken back if the server rejects the change.
   * An operation of an array without `base` overwrites what others did; one of a function is based on what the
   * function was given, and the function is called again after a conflict.
   */
  change(ops: Changes): Promise<{ version: number }>;

  spawn(options: { profile: string; cwd?: Bytes | Uint8Array; cols?: number; rows?: number }): Promise<number>;
  /** Operations in order; a failure or `null` for each. */
  batch(ops: TerminalOp[]): Promise<(Failure | null)[]>;
  /** Types. There is no reply; returns whether there was a connection to send it on. */
  input(terminal: number, data: Bytes | Uint8Array): boolean;
  paste(terminal: number, text: Bytes | Uint8Array): Promise<void>;
  /** Reports the grid of an attachment's window, or sets the size if there is no attachment. */
  resize(terminal: number, cols: number, rows: number): Promise<void>;
  interrupt(terminal: number): Promise<void>;
  eof(terminal: number): Promise<void>;
  signal(terminal: number, number: number): Promise<void>;
  clear(terminal: number): Promise<void>;
  closeTerminal(terminal: number, graceMs?: number): Promise<void>;

  search(
    terminal: number, pattern: string,
    options?: { regex?: boolean; ignoreCase?: boolean; max?: number; signal?: AbortSignal },
  ): Promise<Found>;
  /** Rows from `from` on, and up to `above` rows above it. Default of `from`: the top row of the screen. */
  rows(terminal: number, options: { from?: Place | null; above?: number; max: number }): Promise<Rows>;
  query(terminal: number): Promise<TerminalDetail>;
  stats(): Promise<Stats>;
  /** The time that a message and its reply take, in milliseconds. */
  ping(): Promise<number>;

  read(path: Bytes | Uint8Array, options?: { offset?: number; max?: number; base?: FileVersion | null }): Promise<Slice>;
  /** Reads up to `limit` bytes (default 16 MiB). */
  readFile(path: Bytes | Uint8Array, options?: { limit?: number; signal?: AbortSignal }): Promise<WholeFile>;
  /** Watches a path; the files appear in the state under the number of the watch. Each call has a handle of its own. */
  watch(path: Bytes | Uint8Array): Promise<Watch>;

  attachScreen(terminal: number, options?: Grid): ScreenAttachment;
  attachRaw(terminal: number, options?: RawOptions): RawAttachment;
}

/** One call of `watch`. It survives reconnects. */
export class Watch {
  private constructor();
  readonly path: Bytes;
  /** The same for all watches of a path; after a reconnect another one. */
  readonly number: number;
  /** `end` was called, or the path could not be watched again after a reconnect, which `failure` reports. */
  readonly isEnded: boolean;
  /** Ends it. The files leave the state with the last watch of their path. */
  end(): Promise<void>;
}

export interface Slice {
  data: Uint8Array;
  offset: number;
  version: FileVersion;
  /** `base` was given, and the file is another one or has changed. */
  changed: boolean;
  /** Nothing follows. */
  end: boolean;
}

export interface WholeFile {
  bytes: Uint8Array;
  version: FileVersion;
  /** It changed each time that it was read. */
  changed: boolean;
  /** There is more than the limit. */
  truncated: boolean;
}

/** A complete diff. Own changes that are not confirmed are not in it. */
export interface Diff {
  full: boolean;
  removed: Key[];
  sessions: Session[];
  panes: Pane[];
  terminals: Terminal[];
  files: File[];
}

/**
 * The mirror of the server's state, own changes included. Maps and entries are never changed, only replaced; the
 * map of files alone is changed in place. Its functions need no `this`.
 */
export class State {
  private constructor();
  readonly sessions: ReadonlyMap<string, Session>;
  readonly panes: ReadonlyMap<string, Pane>;
  readonly terminals: ReadonlyMap<number, Terminal>;
  /** By `watch:id`. */
  readonly files: ReadonlyMap<string, File>;
  /** `null` before the first complete diff. */
  readonly version: Version | null;
  /** Goes up with every change of anything. */
  readonly revision: number;
  /** Goes up with every change of the files. */
  readonly filesRevision: number;
  /** What the server has confirmed. */
  readonly confirmed: Pick<State, "sessions" | "panes" | "terminals" | "files">;
  /** The protocol's hash of what the server has confirmed. */
  readonly hash: string;

  subscribe(listener: () => void): Off;
  subscribe<Value>(
    selector: (state: State) => Value,
    listener: (value: Value, old: Value) => void,
    options?: { equals?: (left: Value, right: Value) => boolean },
  ): Off;
  /** The value of a selector, computed once for each state of the mirror. */
  get<Value>(selector: (state: State) => Value): Value;
  /** Calls the listener after each complete diff. */
  onChanges(listener: (diff: Diff) => void): Off;
}

/** The grid of the window; without it the attachment does not take part in the terminal's size. */
export interface Grid {
  cols?: number;
  rows?: number;
}

/** For good: the client asked, the terminal is closed, another attachment took its place, or it came to nothing. */
export type DetachReason = "asked" | "closed" | "replaced" | "failed";

export interface AttachmentEvents {
  ended(event: { exit: Exit }): void;
  detached(event: { reason: DetachReason }): void;
  failure(error: OrchflowError): void;
}

/** The connection of the client to the output of a terminal. It survives reconnects. */
export class Attachment<Events extends AttachmentEvents = AttachmentEvents> {
  protected constructor();
  readonly terminal: number;
  readonly status: "attaching" | "attached" | "ended" | "detached";
  readonly exit: Exit | null;
  on<Name extends keyof Events>(name: Name, listener: Events[Name]): Off;
  /** Reports the grid of the window. */
  resize(cols: number, rows: number): void;
  detach(): void;
}

/** A row that changes is another object, with another version. */
export interface Line {
  readonly wrapped: boolean;
  readonly runs: readonly Run[];
  readonly version: number;
}

export interface ScreenEvents extends AttachmentEvents {
  /** `changed` are the numbers of the rows that are new after the scrolls, ascending. */
  update(event: { full: boolean; scrolls: Scroll[]; changed: number[] }): void;
}

export class ScreenAttachment extends Attachment<ScreenEvents> {
  private constructor();
  readonly cols: number;
  readonly rows: number;
  readonly lines: readonly Line[];
  readonly cursor: Cursor;
  readonly modes: number;
  readonly title: string;
  /** Rows of scrollback. */
  readonly history: number;
  /** Place of the top row of the view; `null` on the alternate screen. */
  readonly line: Place | null;
  readonly offset: number;
  /** Rows above the top of the screen at which the view begins. */
  readonly viewport: number;
  /** Moves the view; 0 follows the output. */
  scroll(rows: number): void;
}

export interface RawOptions extends Grid {
  start?: "oldest" | "now" | "default" | { offset: number } | { snapshot: number };
  /** "lossless" (default): the program waits for this client; "lossy": it never waits. */
  mode?: "lossless" | "lossy";
  /** Bytes that may be in flight. */
  window?: number;
}

export interface RawEvents extends AttachmentEvents {
  /** A promise holds credit back until it is fulfilled. */
  data(bytes: Uint8Array, offset: number): void | Promise<unknown>;
  /** Reset the emulator at the first part, give it this size, and write the data of all parts. */
  snapshot(part: {
    cols: number; rows: number; line: Place; data: Uint8Array; first: boolean; last: boolean;
  }): void | Promise<unknown>;
  /** This output is lost: reset the emulator or show a mark. */
  gap(event: { from: number; to: number }): void;
  /** "screen": no bytes come until the listeners have caught up. */
  mode(event: { mode: "lossless" | "lossy" | "screen" }): void;
  /** The program waits for this client, which has so much time left. */
  lag(event: { remainingMs: number }): void;
}

export class RawAttachment extends Attachment<RawEvents> {
  private constructor();
  readonly mode: "lossless" | "lossy";
  /** Everything before it has been given to the listeners. */
  readonly offset: number;
}

// The structures of the protocol (docs/PROTOCOL.md), as they are in JSON.

/** A string if the bytes are UTF-8, else base64. See `toBytes`, `toText` and `fromBytes`. */
export type Bytes = string | { bytes: string };
/** A number of 64 bits as decimal text. */
export type Decimal = string;
export type Metadata = Readonly<Record<string, string>>;

export type Collection = "sessions" | "panes" | "terminals" | "files";
export type Scope = "observe" | "type" | "manage" | "clipboard";
export type NoticeKind = "bell" | "notification" | "clipboard" | "progress" | "command" | "title" | "cwd";
export type ErrorCode =
  | "invalid" | "forbidden" | "not_found" | "limit" | "conflict" | "refused" | "ended" | "skipped" | "no_screen"
  | "system" | "cancelled";

export interface Version {
  readonly epoch: number;
  readonly n: number;
}

/** A position in the text of a terminal that stays with its text. */
export interface Place {
  line: number;
  col: number;
}

export interface Session {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly panes: readonly string[];
  readonly metadata: Metadata;
}

export type Content = "empty" | { terminal: number } | { file: Bytes } | { custom: string };

export interface Pane {
  readonly id: string;
  readonly version: number;
  readonly session: string;
  readonly title: string;
  readonly content: Content;
  readonly metadata: Metadata;
}

export type Exit = { code: number } | { signal: number } | "unknown";

export interface Terminal {
  readonly id: number;
  readonly version: number;
  readonly title: string;
  readonly cwd: Bytes | null;
  readonly cols: number;
  readonly rows: number;
  readonly pid: number | null;
  readonly running: boolean;
  readonly exit: Exit | null;
  readonly closing: boolean;
  readonly screen: boolean;
  /** Name of the program in the foreground, empty if unknown. */
  readonly program: Bytes;
  /** Exit code of the last command, by the marks of the shell. */
  readonly last_exit: number | null;
  /** A password is asked: input is not echoed. */
  readonly hidden_input: boolean;
  readonly size_policy: "latest" | "smallest" | "fixed";
}

export interface File {
  readonly watch: number;
  readonly id: Decimal;
  readonly version: number;
  /** "0" for the root of the watch. */
  readonly parent: Decimal;
  /** For a root the absolute path. */
  readonly name: Bytes;
  readonly kind: "file" | "directory" | "symlink" | "other";
  readonly size: number;
  readonly modified_us: number;
  readonly mode: number;
  readonly ignored: boolean;
}

export type Key =
  | { session: string } | { pane: string } | { terminal: number } | { file: { watch: number; id: Decimal } };

export type Change =
  | { put_session: { id: string; name: string; panes: readonly string[]; metadata: Metadata } }
  | { remove_session: { id: string } }
  | { put_pane: { id: string; session: string; title?: string; content?: Content; metadata?: Metadata } }
  | { remove_pane: { id: string } };

export interface ChangeOp {
  change: Change;
  /** The version that the operation is based on; 0: the entry does not exist yet; `null`: the last writer wins. */
  base?: number | null;
}

export type Op =
  | { input: Bytes } | { paste: Bytes } | { resize: { cols: number; rows: number } } | "interrupt" | "eof"
  | { signal: number } | "clear" | { close: { grace_ms: number } };

export interface TerminalOp {
  terminal: number;
  op: Op;
}

export interface Failure {
  code: ErrorCode;
  message: string;
}

export interface Limits {
  message_bytes: number;
  inflated_bytes: number;
  messages_per_second: number;
  bytes_per_second: number;
  attachments: number;
  window_bytes: number;
}

export interface Welcome {
  type: "welcome";
  protocol: number;
  server: string;
  client: number;
  scopes: Scope[];
  version: Version;
  resumed: boolean;
  profiles: string[];
  limits: Limits;
}

export type Color = "default" | { indexed: number } | { rgb: [number, number, number] };

/** Adjacent characters that look the same. */
export interface Run {
  text: string;
  cols: number;
  wide: boolean;
  fg: Color;
  bg: Color;
  attributes: number;
  underline: number;
  underline_color: Color;
  link: string | null;
}

export interface Cursor {
  row: number;
  col: number;
  /** 0 block, 1 underline, 2 bar. */
  shape: number;
  blinking: boolean;
  visible: boolean;
}

/** Each row `r` of `top` up to, but not including, `bottom` moves to `r - rows`. */
export interface Scroll {
  top: number;
  bottom: number;
  rows: number;
}

export interface Match {
  start_row: number;
  start_col: number;
  end_row: number;
  end_col: number;
  line: number | null;
  col: number;
  cols: number;
}

export interface Found {
  matches: Match[];
  complete: boolean;
}

export interface PlacedLine {
  /** 0 is the top row of the screen, -1 the newest row of scrollback. */
  row: number;
  place: Place | null;
  wrapped: boolean;
  runs: Run[];
}

export interface Rows {
  lines: PlacedLine[];
  kept_from: Place | null;
  kept_to: Place | null;
  history: number;
  cols: number;
}

export interface TerminalDetail {
  terminal: number;
  foreground_pid: number | null;
  foreground_name: Bytes;
  cwd: Bytes | null;
  log_start: number;
  log_end: number;
  input_bytes: number;
  input_waiting: number;
  since_input_ms: number | null;
  since_output_ms: number | null;
  paused: boolean;
  history: number;
}

export interface FileVersion {
  device: Decimal;
  inode: Decimal;
  size: number;
  changed_ns: Decimal;
}

export interface Stats {
  uptime_ms: number;
  turns: number;
  longest_turn_us: number;
  clients: number;
  terminals: number;
  watches: number;
  queued_bytes: number;
}

/** A distribution of times since the engine was made. */
export interface Times {
  count: number;
  sum_us: number;
  p50_us: number;
  p95_us: number;
  p99_us: number;
  max_us: number;
}

/** Counters and distributions since the engine was made; see "figures" in docs/PROTOCOL.md. */
export interface Figures {
  type: "figures";
  uptime_ms: number;
  turns: number;
  unfinished_turns: number;
  pty_read_bytes: number;
  pty_written_bytes: number;
  received_bytes: number;
  sent_bytes: number;
  received_messages: number;
  sent_messages: number;
  file_events: number;
  rescans: number;
  gap_bytes: number;
  errors: number;
  turn: Times;
  lag: Times;
  response: Times;
  file_latency: Times;
  diff_age: Times;
  round_trip: Times;
  memory: { name: string; bytes: number }[];
  /** 0: none. */
  memory_limit: number;
  /** Bytes that wait to be sent to this client. */
  queued_bytes: number;
  terminals: number;
  clients: number;
  watches: number;
  peers: number;
}

export type HealthStatus = "ok" | "degraded" | "failed";

export interface PartHealth {
  /** `terminal`, `watch`, `listener`, `client`, `peer`, `spawning`, `loop`, `memory`. */
  part: string;
  id: number;
  status: HealthStatus;
  /** A name for programs. */
  reason: string;
  /** A sentence for people. */
  message: string;
  /** How long it has been so. */
  since_ms: number;
}

export interface Health {
  type: "health";
  /** That of the worst part. */
  status: HealthStatus;
  /** Every part that is not well. */
  parts: PartHealth[];
  /** Parts that are not well and not listed. */
  more: number;
}

export interface Progress {
  state: "normal" | "failed" | "indeterminate" | "paused";
  percent: number;
}

export type NoticeContent =
  | { bell: { count: number } }
  | { notification: { title: string; body: string } }
  | { clipboard: { selection: boolean; text: string } }
  | { progress: { progress: Progress | null } }
  | { command_started: { command: string } }
  | { command_finished: { exit_code: number | null; duration_ms: number } }
  | { title: { title: string } }
  | { cwd: { path: Bytes } };

export interface Notice {
  type: "notice";
  terminal: number;
  /** Counts the notices of a terminal; a jump means that some were dropped, or of kinds that are not wanted. */
  seq: number;
  notice: NoticeContent;
}

export interface Rejected {
  type: "rejected";
  mutation: number;
  code: ErrorCode;
  message: string;
  op: number;
  session: Session | null;
  pane: Pane | null;
  /** The operations that were rejected. */
  ops: ChangeOp[];
}

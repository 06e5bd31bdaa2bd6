//! What the server sends.

use serde::{Deserialize, Serialize};

use super::client::Mode;
use super::entry::{Exit, FileEntry, Key, PaneEntry, SessionEntry, TerminalEntry, Version};
use super::figures::{Figures, Health};
use super::file::FileSlice;
use super::screen::{RowsReply, Screen, TerminalSnapshot};
use super::values::{Hex, Octets};

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ServerMessage {
    /// The answer to `Hello`.
    Welcome(Welcome),
    /// What changed in the state.
    Diff(Diff),
    /// A change set was refused.
    Rejected(Rejected),
    /// A terminal's output comes from this offset on.
    Attached { terminal: u64, mode: Mode, offset: u64 },
    /// It comes no longer.
    Detached { terminal: u64, reason: DetachReason },
    /// Output that is lost to this client.
    Gap { terminal: u64, from: u64, to: u64 },
    /// The screen instead of the bytes before its offset.
    TerminalSnapshot(TerminalSnapshot),
    /// What changed on a screen.
    Screen(Box<Screen>),
    /// The program has ended and every byte of it was sent.
    Ended { terminal: u64, final_offset: u64, exit: Exit },
    /// What became of an operation.
    Result { id: u64, outcome: Outcome },
    /// A message was not understood or not allowed; the connection goes on.
    Error { code: ErrorCode, message: String, id: Option<u64>, terminal: Option<u64> },
    /// The answer to `Ping`.
    Pong { id: u64 },
    /// The client holds a program back by not giving credit; in so many ms its attachment changes.
    LagWarning { terminal: u64, remaining_ms: u32 },
    /// Something happened in a terminal that its rows do not show.
    Notice { terminal: u64, seq: u64, notice: Notice },
    /// Figures of the engine, which the client has subscribed to.
    Figures(Box<Figures>),
    /// How the parts of the engine are.
    Health(Health),
}

/// See [`ServerMessage::Welcome`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Welcome {
    /// [`PROTOCOL`].
    pub(crate) protocol: u32,
    /// Name and version of the engine.
    pub(crate) server: String,
    /// Names this connection in logs.
    pub(crate) client: u64,
    pub(crate) scopes: Vec<Scope>,
    /// The state as it is now; its epoch counts.
    pub(crate) version: Version,
    /// The state goes on from the version that the client has.
    pub(crate) resumed: bool,
    /// Profiles that it may spawn.
    pub(crate) profiles: Vec<String>,
    pub(crate) limits: Bounds,
}

/// What a client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bounds {
    /// Bytes of one message.
    pub(crate) message_bytes: u64,
    /// Bytes of one message when inflated.
    pub(crate) inflated_bytes: u64,
    /// Messages in a second, on average.
    pub(crate) messages_per_second: u64,
    /// Bytes in a second, on average.
    pub(crate) bytes_per_second: u64,
    /// Terminals attached at once.
    pub(crate) attachments: u64,
    /// The largest window of an attachment.
    pub(crate) window_bytes: u64,
}

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    Observe,
    Type,
    Manage,
    Clipboard,
}

/// What changed between two versions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Diff {
    pub(crate) epoch: u64,
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// What was known before does not count: this begins with an empty state.
    pub(crate) full: bool,
    /// The next diff belongs to this one.
    pub(crate) more: bool,
    /// Entries that are gone; before the others.
    pub(crate) removed: Vec<Key>,
    pub(crate) sessions: Vec<SessionEntry>,
    pub(crate) panes: Vec<PaneEntry>,
    pub(crate) terminals: Vec<TerminalEntry>,
    pub(crate) files: Vec<FileEntry>,
    /// Change sets of this client whose effect is in here.
    pub(crate) applied: Vec<Applied>,
    /// Hash of what the client has after it.
    pub(crate) hash: Option<Hex>,
}

/// A change set of this client was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Applied {
    pub(crate) mutation: u64,
    /// The version it made.
    pub(crate) version: u64,
}

/// See [`ServerMessage::Rejected`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rejected {
    pub(crate) mutation: u64,
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    /// Of a conflict: the operation that met it.
    pub(crate) op: u32,
    /// Of a conflict: the entry as it is; nothing when it is gone.
    pub(crate) session: Option<SessionEntry>,
    pub(crate) pane: Option<PaneEntry>,
}

/// Why an attachment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DetachReason {
    /// It was asked for.
    Asked,
    /// The terminal is gone.
    Closed,
}

/// What an operation gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It is done.
    Done,
    /// It was refused.
    Failed(Failure),
    /// Of a batch: one for each operation, `None` for a success.
    Statuses(Vec<Option<Failure>>),
    /// Of `Spawn`.
    Spawned { terminal: u64 },
    /// Of `Watch`.
    Watching { watch: u64 },
    /// Of `Search`.
    Found { matches: Vec<Match>, complete: bool },
    /// Of `Query`.
    Terminal(Box<TerminalDetail>),
    /// Of `Rows`.
    Rows(RowsReply),
    /// Of `Read`.
    Slice(FileSlice),
    /// Of `Stats`.
    Stats(Stats),
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

/// A match of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Match {
    /// Row of its first character; 0 is the top of the screen, -1 the newest row of the scrollback.
    pub(crate) start_row: i32,
    pub(crate) start_col: u16,
    /// The column after its last character, and the row that this is in.
    pub(crate) end_row: i32,
    pub(crate) end_col: u16,
    /// The line of its first character, and the columns of the line before that; none on the alternate screen.
    pub(crate) line: Option<u64>,
    pub(crate) col: u64,
    /// Columns of the match; 0 if it ends in another line.
    pub(crate) cols: u64,
}

/// See [`ClientMessage::Query`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TerminalDetail {
    pub(crate) terminal: u64,
    pub(crate) foreground_pid: Option<i32>,
    pub(crate) foreground_name: Octets,
    pub(crate) cwd: Option<Octets>,
    pub(crate) log_start: u64,
    pub(crate) log_end: u64,
    pub(crate) input_bytes: u64,
    pub(crate) input_waiting: u64,
    pub(crate) since_input_ms: Option<u64>,
    pub(crate) since_output_ms: Option<u64>,
    pub(crate) paused: bool,
    pub(crate) history: u32,
}

/// What went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorCode {
    /// A message that is malformed or makes no sense here.
    Invalid,
    /// The token does not allow it.
    Forbidden,
    /// What was named does not exist (any more).
    NotFound,
    /// A bound was reached.
    Limit,
    /// The entry has changed since the version that the change was made from.
    Conflict,
    /// The host refused it.
    Refused,
    /// The terminal has ended or is being closed.
    Ended,
    /// An operation before it failed.
    Skipped,
    /// The terminal has no screen.
    NoScreen,
    /// The system refused.
    System,
    /// The client ended it before it was done.
    Cancelled,
}

impl ErrorCode {
    /// As it is in JSON, for counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ErrorCode::Invalid => "invalid",
            ErrorCode::Forbidden => "forbidden",
            ErrorCode::NotFound => "not_found",
            ErrorCode::Limit => "limit",
            ErrorCode::Conflict => "conflict",
            ErrorCode::Refused => "refused",
            ErrorCode::Ended => "ended",
            ErrorCode::Skipped => "skipped",
            ErrorCode::NoScreen => "no_screen",
            ErrorCode::System => "system",
            ErrorCode::Cancelled => "cancelled",
        }
    }
}

/// See [`ServerMessage::Notice`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Notice {
    /// The program rang the bell so often.
    Bell { count: u32 },
    /// The program wants something to be shown to the user.
    Notification { title: String, body: String },
    /// The program asks to set the clipboard, or the primary selection.
    Clipboard { selection: bool, text: String },
    /// The program reports progress of its work, or none any more.
    Progress { progress: Option<Progress> },
    /// A command began.
    CommandStarted { command: String },
    /// A command ended.
    CommandFinished { exit_code: Option<i32>, duration_ms: u64 },
    /// The program set the title.
    Title { title: String },
    /// The program reported its working directory.
    Cwd { path: Octets },
}

/// Progress of a program's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) state: ProgressState,
    pub(crate) percent: u8,
}

/// How the work goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProgressState {
    Normal,
    Failed,
    Indeterminate,
    Paused,
}

/// Figures of the engine, and of the connection that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stats {
    pub(crate) uptime_ms: u64,
    pub(crate) turns: u64,
    /// Processor time.
    pub(crate) longest_turn_us: u64,
    pub(crate) clients: u32,
    pub(crate) terminals: u32,
    pub(crate) watches: u32,
    /// Bytes that wait to be sent to this client.
    pub(crate) queued_bytes: u64,
}

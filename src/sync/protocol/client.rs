//! What a client sends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entry::{Collection, Content, Version};
use super::file::FileVersion;
use super::screen::LinePosition;
use super::values::{Octets, unique};

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientMessage {
    /// The first message: who it is and what it knows.
    Hello(Hello),
    /// The state of this version has been applied.
    Ack { version: u64 },
    /// Wants the output of a terminal.
    Attach(Attach),
    /// No longer wants it.
    Detach { terminal: u64 },
    /// Output before this offset has been consumed: more may be sent.
    Credit { terminal: u64, offset: u64 },
    /// Types into a terminal; there is no answer but an error.
    Input { terminal: u64, data: Octets },
    /// Operations on terminals; the answer is a `Result` with a status for each.
    Batch { id: u64, ops: Vec<TerminalOp> },
    /// Starts a program by a granted profile.
    Spawn(Spawn),
    /// Changes sessions and panes, all or nothing.
    Change { mutation: u64, ops: Vec<ChangeOp> },
    /// Which collections of the state it wants from now on.
    Subscribe { collections: Vec<Collection> },
    /// Watches a directory or a file inside the granted directories.
    Watch { id: u64, path: Octets },
    /// Ends a watch that it began.
    Unwatch { id: u64, watch: u64 },
    /// Searches a screen and its scrollback.
    Search(Search),
    /// Everything that is known of a terminal.
    Query { id: u64, terminal: u64 },
    /// Wants the whole state anew: its hash differs.
    Snapshot,
    /// Wants a pong.
    Ping { id: u64 },
    /// Ends its own search with this id; the answer is that of the search.
    Cancel { id: u64 },
    /// Rows of a screen and its scrollback.
    Rows(RowsRequest),
    /// Moves what it sees in mode `Screen` up into the scrollback.
    Scroll { terminal: u64, rows: u32 },
    /// Which notices it wants from now on.
    Notices { kinds: Vec<NoticeKind> },
    /// A part of a file inside the granted directories.
    Read(Read),
    /// Figures of the engine.
    Stats { id: u64 },
    /// How often it wants figures from now on (0: never), and whether it wants the health of the engine.
    Observe {
        #[serde(default)]
        figures_ms: u32,
        #[serde(default)]
        health: bool,
    },
}

/// See [`ClientMessage::Hello`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// The token, unless it came as a subprotocol.
    #[serde(default)]
    pub(crate) token: Option<String>,
    /// A name for logs, at most 64 bytes.
    #[serde(default)]
    pub(crate) client: String,
    /// The state that it still has.
    #[serde(default)]
    pub(crate) resume: Option<Version>,
    /// What of the state it wants.
    #[serde(default)]
    pub(crate) collections: Vec<Collection>,
    /// Terminals whose output it wants.
    #[serde(default)]
    pub(crate) attach: Vec<Attach>,
    /// It inflates compressed messages.
    #[serde(default)]
    pub(crate) compress: bool,
    /// Which notices it wants.
    #[serde(default)]
    pub(crate) notices: Vec<NoticeKind>,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoticeKind {
    Bell,
    Notification,
    /// Needs a scope of its own.
    Clipboard,
    Progress,
    /// The start and the end of a command.
    Command,
    Title,
    Cwd,
}

/// See [`ClientMessage::Attach`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attach {
    pub(crate) terminal: u64,
    #[serde(default)]
    pub(crate) mode: Mode,
    #[serde(default)]
    pub(crate) start: Start,
    /// Bytes that may be in flight unacknowledged; 0 for the server's default.
    #[serde(default)]
    pub(crate) window: u64,
    /// The grid of the client's window; 0 and 0: not reported.
    #[serde(default)]
    pub(crate) cols: u16,
    #[serde(default)]
    pub(crate) rows: u16,
}

/// How output is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Every byte; the program waits for the client as long as the client keeps nobody else waiting.
    #[default]
    Lossless,
    /// The program never waits; what the client cannot follow is a gap.
    Lossy,
    /// What changed on the screen.
    Screen,
}

/// Where output begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Start {
    /// At the oldest byte that there is.
    Oldest,
    /// At the next byte.
    Now,
    /// At this offset if it is still there, else with a snapshot or a gap.
    Offset(u64),
    /// With the screen and at most so many rows of scrollback; without a screen at the oldest byte.
    Snapshot(u32),
    /// As `Snapshot` with 1,000 rows.
    #[default]
    Default,
}

/// One operation on a terminal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TerminalOp {
    pub(crate) terminal: u64,
    pub(crate) op: Op,
}

/// What to do with a terminal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Op {
    /// Types bytes, all or none.
    Input(Octets),
    /// Types text as pasted.
    Paste(Octets),
    /// Reports the grid of the client's window; without an attachment, changes the size.
    Resize { cols: u16, rows: u16 },
    /// Sends the terminal's interrupt character and drops output that was not sent yet.
    Interrupt,
    /// Ends the input.
    Eof,
    /// Sends a signal to the foreground group.
    Signal(i32),
    /// Drops the scrollback.
    Clear,
    /// Hangs up; SIGKILL after so many milliseconds.
    Close { grace_ms: u32 },
}

/// See [`ClientMessage::Spawn`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spawn {
    pub(crate) id: u64,
    /// The name of a profile that the host granted.
    pub(crate) profile: String,
    /// Working directory, inside the granted directories; else that of the profile.
    #[serde(default)]
    pub(crate) cwd: Option<Octets>,
    /// 0: 80.
    #[serde(default)]
    pub(crate) cols: u16,
    /// 0: 24.
    #[serde(default)]
    pub(crate) rows: u16,
}

/// One change of the layout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ChangeOp {
    pub(crate) change: Change,
    /// The version of the entry that it was made from: 0 for none. Without it the last writer wins.
    #[serde(default)]
    pub(crate) base: Option<u64>,
}

/// What to change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    PutSession {
        id: String,
        name: String,
        panes: Vec<String>,
        #[serde(deserialize_with = "unique")]
        metadata: BTreeMap<String, String>,
    },
    RemoveSession {
        id: String,
    },
    PutPane(PutPane),
    RemovePane {
        id: String,
    },
}

/// See [`Change::PutPane`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PutPane {
    pub(crate) id: String,
    pub(crate) session: String,
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) content: Content,
    #[serde(default, deserialize_with = "unique")]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// See [`ClientMessage::Search`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Search {
    pub(crate) id: u64,
    pub(crate) terminal: u64,
    pub(crate) pattern: String,
    /// The pattern is a regular expression.
    #[serde(default)]
    pub(crate) regex: bool,
    #[serde(default)]
    pub(crate) ignore_case: bool,
    /// 0: 1,000; at most 10,000.
    #[serde(default)]
    pub(crate) max: u32,
}

/// See [`ClientMessage::Rows`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RowsRequest {
    pub(crate) id: u64,
    pub(crate) terminal: u64,
    /// The top row of the screen, unless it is given.
    #[serde(default)]
    pub(crate) from: Option<LinePosition>,
    /// Rows above the row that shows `from`.
    #[serde(default)]
    pub(crate) above: u32,
    /// Rows from that row on.
    #[serde(default)]
    pub(crate) max: u32,
}

/// See [`ClientMessage::Read`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Read {
    pub(crate) id: u64,
    pub(crate) path: Octets,
    #[serde(default)]
    pub(crate) offset: u64,
    /// 0: 64 KiB; at most 256 KiB.
    #[serde(default)]
    pub(crate) max: u32,
    /// What the file was at an earlier slice.
    #[serde(default)]
    pub(crate) base: Option<FileVersion>,
}

//! The entries of the state, and what names them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::values::{Decimal, Octets, unique};

/// A version of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) epoch: u64,
    pub(crate) n: u64,
}

/// The parts of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Collection {
    Sessions,
    Panes,
    Terminals,
    Files,
}

/// Names an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Key {
    Session(String),
    Pane(String),
    Terminal(u64),
    File { watch: u64, id: Decimal },
}

/// A session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionEntry {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) name: String,
    pub(crate) panes: Vec<String>,
    #[serde(deserialize_with = "unique")]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// A pane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PaneEntry {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) session: String,
    pub(crate) title: String,
    pub(crate) content: Content,
    #[serde(deserialize_with = "unique")]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// What a pane shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    #[default]
    Empty,
    Terminal(u64),
    File(Octets),
    Custom(String),
}

/// A terminal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TerminalEntry {
    pub(crate) id: u64,
    pub(crate) version: u64,
    pub(crate) title: String,
    pub(crate) cwd: Option<Octets>,
    pub(crate) cols: u16,
    pub(crate) rows: u16,
    pub(crate) pid: Option<i32>,
    pub(crate) running: bool,
    pub(crate) exit: Option<Exit>,
    pub(crate) closing: bool,
    /// It has a screen: attach with `Screen` and `Snapshot`, search.
    pub(crate) screen: bool,
    /// Name of the program in the foreground; empty if unknown.
    pub(crate) program: Octets,
    /// Exit code of the last command, by the marks of the shell.
    pub(crate) last_exit: Option<i32>,
    /// What is typed is not shown: a password is asked for.
    pub(crate) hidden_input: bool,
    pub(crate) size_policy: SizePolicy,
}

/// Who decides the size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SizePolicy {
    /// The viewer that typed last.
    Latest,
    /// The smallest viewer.
    Smallest,
    /// The host.
    Fixed,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Exit {
    Code(i32),
    Signal(i32),
    Unknown,
}

/// A file or a directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileEntry {
    pub(crate) watch: u64,
    pub(crate) id: Decimal,
    pub(crate) version: u64,
    /// The directory that it is in; 0 for a root.
    pub(crate) parent: Decimal,
    /// Its name; of a root the absolute path.
    pub(crate) name: Octets,
    pub(crate) kind: FileKind,
    pub(crate) size: u64,
    /// Last change of the content, in microseconds since 1970.
    pub(crate) modified_us: i64,
    pub(crate) mode: u16,
    pub(crate) ignored: bool,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FileKind {
    File,
    Directory,
    Symlink,
    Other,
}

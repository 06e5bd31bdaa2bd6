//! What `state` prints: JSON objects or lines of text.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use orchflow::{
    FileKind, Metadata, PaneContent, StateEntry, StateKey, StateSizePolicy, StateTerminal,
    StateView, TerminalExit,
};
use serde::Serialize;

use crate::escape::push_escaped;
use crate::show::{JsonPath, to_json};
use crate::state_changes::{Changes, Difference, path};

#[derive(Default, Serialize)]
struct JsonChanges<'a> {
    version: [u64; 2],
    full: bool,
    removed: Vec<JsonKey<'a>>,
    sessions: Vec<JsonSession<'a>>,
    panes: Vec<JsonPane<'a>>,
    terminals: Vec<JsonTerminal<'a>>,
    files: Vec<JsonFile<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum JsonKey<'a> {
    Session(&'a str),
    Pane(&'a str),
    Terminal(u64),
    File { watch: u64, id: String },
}

#[derive(Serialize)]
struct JsonSession<'a> {
    id: &'a str,
    version: u64,
    name: &'a str,
    panes: &'a [String],
    metadata: &'a Metadata,
}

#[derive(Serialize)]
struct JsonPane<'a> {
    id: &'a str,
    version: u64,
    session: &'a str,
    title: &'a str,
    content: JsonContent<'a>,
    metadata: &'a Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum JsonContent<'a> {
    Empty,
    Terminal(u64),
    File(JsonPath<'a>),
    Custom(&'a str),
}

#[derive(Serialize)]
struct JsonTerminal<'a> {
    id: u64,
    version: u64,
    title: &'a str,
    cwd: Option<JsonPath<'a>>,
    cols: u16,
    rows: u16,
    pid: Option<i32>,
    running: bool,
    exit: Option<JsonExit>,
    closing: bool,
    screen: bool,
    program: JsonPath<'a>,
    last_exit: Option<i32>,
    hidden_input: bool,
    size_policy: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum JsonExit {
    Code(i32),
    Signal(i32),
    Unknown,
}

/// File ids are strings: they can exceed the exact range of JSON numbers.
#[derive(Serialize)]
struct JsonFile<'a> {
    watch: u64,
    id: String,
    version: u64,
    parent: String,
    name: JsonPath<'a>,
    kind: &'static str,
    size: u64,
    modified_us: i64,
    mode: u16,
    ignored: bool,
    /// The previous path of a renamed file.
    #[serde(skip_serializing_if = "Option::is_none")]
    renamed_from: Option<JsonPath<'a>>,
}

/// The changes as a line of JSON.
pub(crate) fn json(changes: &Changes<'_>) -> Vec<u8> {
    let version = [changes.version.epoch, changes.version.n];
    let removed = changes.removed.iter().map(|(key, _)| json_key(key)).collect();
    let mut out = JsonChanges { version, full: changes.full, removed, ..JsonChanges::default() };
    for (entry, how) in &changes.entries {
        push_json(&mut out, *entry, how);
    }
    let mut line = to_json(&out).into_bytes();
    line.push(b'\n');
    line
}

fn json_key(key: &StateKey) -> JsonKey<'_> {
    match key {
        StateKey::Session(id) => JsonKey::Session(id),
        StateKey::Pane(id) => JsonKey::Pane(id),
        StateKey::Terminal(id) => JsonKey::Terminal(*id),
        StateKey::File(key) => JsonKey::File { watch: key.watch, id: key.id.to_string() },
    }
}

fn push_json<'a>(out: &mut JsonChanges<'a>, entry: StateEntry<'a>, how: &'a Difference) {
    match entry {
        StateEntry::Session(id, session, version) => out.sessions.push(JsonSession {
            id,
            version,
            name: &session.name,
            panes: &session.panes,
            metadata: &session.metadata,
        }),
        StateEntry::Pane(id, pane, version) => out.panes.push(JsonPane {
            id,
            version,
            session: &pane.session,
            title: &pane.title,
            content: match &pane.content {
                PaneContent::Empty => JsonContent::Empty,
                PaneContent::Terminal(id) => JsonContent::Terminal(*id),
                PaneContent::File(path) => JsonContent::File(json_path(path)),
                PaneContent::Custom(name) => JsonContent::Custom(name),
            },
            metadata: &pane.metadata,
        }),
        StateEntry::Terminal(id, metadata, version) => {
            out.terminals.push(json_terminal(id, metadata, version));
        }
        StateEntry::File(key, file, version) => out.files.push(JsonFile {
            watch: key.watch,
            id: key.id.to_string(),
            version,
            parent: file.parent.to_string(),
            name: json_path(&file.name),
            kind: kind_name(file.kind),
            size: file.size,
            modified_us: file.modified_us,
            mode: file.mode,
            ignored: file.ignored,
            renamed_from: match how {
                Difference::Renamed(from) => Some(json_path(from)),
                _ => None,
            },
        }),
    }
}

fn json_terminal(id: u64, metadata: &StateTerminal, version: u64) -> JsonTerminal<'_> {
    JsonTerminal {
        id,
        version,
        title: &metadata.title,
        cwd: metadata.cwd.as_deref().map(json_path),
        cols: metadata.cols,
        rows: metadata.rows,
        pid: metadata.pid,
        running: metadata.running,
        exit: metadata.exit.map(|exit| match exit {
            TerminalExit::Code(code) => JsonExit::Code(code),
            TerminalExit::Signal(signal) => JsonExit::Signal(signal),
            TerminalExit::Unknown => JsonExit::Unknown,
        }),
        closing: metadata.closing,
        screen: metadata.screen,
        program: json_path(&metadata.program),
        last_exit: metadata.last_exit,
        hidden_input: metadata.hidden_input,
        size_policy: match metadata.size_policy {
            StateSizePolicy::Latest => "latest",
            StateSizePolicy::Smallest => "smallest",
            StateSizePolicy::Fixed => "fixed",
        },
    }
}

fn json_path(bytes: &[u8]) -> JsonPath<'_> {
    JsonPath(Path::new(OsStr::from_bytes(bytes)).into())
}

fn kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::File => "file",
        FileKind::Directory => "directory",
        FileKind::Symlink => "symlink",
        FileKind::Other => "other",
    }
}

/// The changes as lines of text. A full state has no column for the kind of change.
pub(crate) fn text(changes: &Changes<'_>, view: &StateView) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line = Vec::new();
    for (key, path) in &changes.removed {
        line.extend_from_slice(b"removed  ");
        // Writing to memory cannot fail.
        let _ = match key {
            StateKey::Session(id) => write!(line, "session   {id}"),
            StateKey::Pane(id) => write!(line, "pane      {id}"),
            StateKey::Terminal(id) => write!(line, "terminal  {id}"),
            StateKey::File(_) => {
                line.extend_from_slice(b"file      ");
                line.extend_from_slice(path);
                Ok(())
            }
        };
        end_line(&mut out, &mut line);
    }
    for (entry, how) in &changes.entries {
        if !changes.full {
            line.extend_from_slice(match how {
                Difference::New => b"new      ",
                Difference::Changed => b"changed  ",
                Difference::Renamed(_) => b"renamed  ",
            });
        }
        push_text(&mut line, *entry, view);
        if let Difference::Renamed(from) = how {
            line.extend_from_slice(b", was ");
            line.extend_from_slice(from);
        }
        end_line(&mut out, &mut line);
    }
    out
}

/// Appends a line, escaped as a whole, because it contains titles, names and ids from others.
fn end_line(out: &mut Vec<u8>, line: &mut Vec<u8>) {
    push_escaped(out, line);
    out.push(b'\n');
    line.clear();
}

fn push_text(out: &mut Vec<u8>, entry: StateEntry<'_>, view: &StateView) {
    match entry {
        StateEntry::Session(id, session, _) => {
            let _ = write!(out, "session   {id} \"");
            out.extend_from_slice(session.name.as_bytes());
            let _ = write!(out, "\": {}", session.panes.join(", "));
        }
        StateEntry::Pane(id, pane, _) => {
            let _ = write!(out, "pane      {id} \"");
            out.extend_from_slice(pane.title.as_bytes());
            let _ = write!(out, "\" in {}: ", pane.session);
            match &pane.content {
                PaneContent::Empty => out.extend_from_slice(b"empty"),
                PaneContent::Terminal(id) => drop(write!(out, "terminal {id}")),
                PaneContent::File(path) => out.extend_from_slice(path),
                PaneContent::Custom(name) => out.extend_from_slice(name.as_bytes()),
            }
        }
        StateEntry::Terminal(id, metadata, _) => {
            let _ = write!(
                out,
                "terminal  {id} {}x{} {}",
                metadata.cols,
                metadata.rows,
                status(metadata)
            );
            if !metadata.program.is_empty() {
                out.push(b' ');
                out.extend_from_slice(&metadata.program);
            }
            if metadata.hidden_input {
                out.extend_from_slice(b" (hides input)");
            }
            if !metadata.title.is_empty() {
                out.extend_from_slice(b" \"");
                out.extend_from_slice(metadata.title.as_bytes());
                out.push(b'"');
            }
            if let Some(cwd) = &metadata.cwd {
                out.extend_from_slice(b" in ");
                out.extend_from_slice(cwd);
            }
        }
        StateEntry::File(key, file, _) => {
            let _ = write!(out, "{:<9} ", kind_name(file.kind));
            out.extend_from_slice(&path(view, key));
            if file.kind == FileKind::File {
                let _ = write!(out, " ({} bytes)", file.size);
            }
        }
    }
}

/// The status of a terminal's program.
pub(crate) fn status(metadata: &StateTerminal) -> String {
    match metadata.exit {
        _ if metadata.running && metadata.closing => "closing".into(),
        _ if metadata.running => "running".into(),
        Some(TerminalExit::Code(code)) => format!("ended: status {code}"),
        Some(TerminalExit::Signal(signal)) => format!("ended: signal {signal}"),
        Some(TerminalExit::Unknown) | None => "ended".into(),
    }
}

//! From the types of the wire to the engine's own, for what a peer sends; and its change sets back.

use std::time::Duration;

use super::options::{RemoteAttach, RemoteMode, RemoteStart};
use super::rows::RemoteRows;
use crate::state::{
    self, ChangeSet, FileKey, OwnedEntry, Pane, PaneContent, Session, StateFile, StateSizePolicy,
    StateTerminal, TerminalExit,
};
use crate::sync::Scopes;
use crate::sync::protocol::values::Octets;
use crate::sync::protocol::{
    self, Attach, Change, ChangeOp, Collection, Color, Content, Exit, FileEntry, FileKind, Key,
    Match, Mode, Notice, NoticeKind, PaneEntry, ProgressState, PutPane, RowsReply, Run, Screen,
    SessionEntry, SizePolicy, Start, TerminalEntry,
};
use crate::terminal::{
    self, Attributes, Cursor, CursorShape, ExitStatus, Modes, NoticeKinds, Position, Rgb, Rows,
    ScreenUpdate, Style, TerminalNotice, Underline,
};

// State.

pub(super) fn key(key: &Key) -> state::KeyRef<'_> {
    match key {
        Key::Session(id) => state::KeyRef::Session(id),
        Key::Pane(id) => state::KeyRef::Pane(id),
        Key::Terminal(id) => state::KeyRef::Terminal(*id),
        Key::File { watch, id } => state::KeyRef::File(FileKey { watch: *watch, id: id.0 }),
    }
}

pub(super) fn session(entry: SessionEntry) -> OwnedEntry {
    let SessionEntry { id, version, name, panes, metadata } = entry;
    OwnedEntry::Session(id, Session { name, panes, metadata }, version)
}

pub(super) fn pane(entry: PaneEntry) -> OwnedEntry {
    let PaneEntry { id, version, session, title, content, metadata } = entry;
    let content = match content {
        Content::Empty => PaneContent::Empty,
        Content::Terminal(id) => PaneContent::Terminal(id),
        Content::File(path) => PaneContent::File(path.0),
        Content::Custom(name) => PaneContent::Custom(name),
    };
    OwnedEntry::Pane(id, Pane { session, title, content, metadata }, version)
}

pub(super) fn terminal(entry: TerminalEntry) -> OwnedEntry {
    let metadata = StateTerminal {
        title: entry.title,
        cwd: entry.cwd.map(|cwd| cwd.0),
        cols: entry.cols,
        rows: entry.rows,
        pid: entry.pid,
        running: entry.running,
        exit: entry.exit.map(|exit| match exit {
            Exit::Code(code) => TerminalExit::Code(code),
            Exit::Signal(signal) => TerminalExit::Signal(signal),
            Exit::Unknown => TerminalExit::Unknown,
        }),
        closing: entry.closing,
        screen: entry.screen,
        program: entry.program.0,
        last_exit: entry.last_exit,
        hidden_input: entry.hidden_input,
        size_policy: match entry.size_policy {
            SizePolicy::Latest => StateSizePolicy::Latest,
            SizePolicy::Smallest => StateSizePolicy::Smallest,
            SizePolicy::Fixed => StateSizePolicy::Fixed,
        },
    };
    OwnedEntry::Terminal(entry.id, metadata, entry.version)
}

pub(super) fn file(entry: FileEntry) -> OwnedEntry {
    let metadata = StateFile {
        parent: entry.parent.0,
        name: entry.name.0.into(),
        kind: match entry.kind {
            FileKind::File => state::FileKind::File,
            FileKind::Directory => state::FileKind::Directory,
            FileKind::Symlink => state::FileKind::Symlink,
            FileKind::Other => state::FileKind::Other,
        },
        size: entry.size,
        modified_us: entry.modified_us,
        mode: entry.mode,
        ignored: entry.ignored,
    };
    OwnedEntry::File(FileKey { watch: entry.watch, id: entry.id.0 }, metadata, entry.version)
}

/// A set of collections as it is asked for.
pub(super) fn collections(set: state::Collections) -> Vec<Collection> {
    let each = state::Collection::EACH.into_iter().filter(|each| set.contains(*each));
    each.map(|each| match each {
        state::Collection::Sessions => Collection::Sessions,
        state::Collection::Panes => Collection::Panes,
        state::Collection::Terminals => Collection::Terminals,
        state::Collection::Files => Collection::Files,
    })
    .collect()
}

/// Kinds of notices as they are asked for.
pub(super) fn notice_kinds(kinds: NoticeKinds) -> Vec<NoticeKind> {
    let each = terminal::NoticeKind::EACH.into_iter().filter(|each| kinds.contains(*each));
    each.map(|each| match each {
        terminal::NoticeKind::Bell => NoticeKind::Bell,
        terminal::NoticeKind::Notification => NoticeKind::Notification,
        terminal::NoticeKind::Clipboard => NoticeKind::Clipboard,
        terminal::NoticeKind::Progress => NoticeKind::Progress,
        terminal::NoticeKind::Command => NoticeKind::Command,
        terminal::NoticeKind::Title => NoticeKind::Title,
        terminal::NoticeKind::Cwd => NoticeKind::Cwd,
    })
    .collect()
}

/// A notice of a terminal.
pub(super) fn notice(notice: Notice) -> TerminalNotice {
    match notice {
        Notice::Bell { count } => TerminalNotice::Bell { count },
        Notice::Notification { title, body } => TerminalNotice::Notification { title, body },
        Notice::Clipboard { selection, text } => TerminalNotice::Clipboard { selection, text },
        Notice::Progress { progress } => TerminalNotice::Progress {
            progress: progress.map(|progress| terminal::Progress {
                state: match progress.state {
                    ProgressState::Normal => terminal::ProgressState::Normal,
                    ProgressState::Failed => terminal::ProgressState::Failed,
                    ProgressState::Indeterminate => terminal::ProgressState::Indeterminate,
                    ProgressState::Paused => terminal::ProgressState::Paused,
                },
                percent: progress.percent,
            }),
        },
        Notice::CommandStarted { command } => TerminalNotice::CommandStarted { command },
        Notice::CommandFinished { exit_code, duration_ms } => TerminalNotice::CommandFinished {
            exit_code,
            duration: Duration::from_millis(duration_ms),
        },
        Notice::Title { title } => TerminalNotice::Title { title },
        Notice::Cwd { path } => TerminalNotice::Cwd { path: path.0 },
    }
}

pub(super) fn scopes(list: &[protocol::Scope]) -> Scopes {
    let bits = list.iter().fold(0, |bits, scope| {
        bits | match scope {
            protocol::Scope::Observe => Scopes::OBSERVE.bits(),
            protocol::Scope::Type => Scopes::TYPE.bits(),
            protocol::Scope::Manage => Scopes::MANAGE.bits(),
            protocol::Scope::Clipboard => Scopes::CLIPBOARD.bits(),
        }
    });
    Scopes::from_bits(bits).unwrap_or(Scopes::NONE)
}

/// A change set as it travels.
pub(super) fn change_ops(changes: &ChangeSet) -> Vec<ChangeOp> {
    let ops = changes.ops.iter();
    ops.map(|op| ChangeOp { change: change(&op.change), base: op.base }).collect()
}

fn change(change: &state::Change) -> Change {
    match change {
        state::Change::PutSession { id, session } => Change::PutSession {
            id: id.clone(),
            name: session.name.clone(),
            panes: session.panes.clone(),
            metadata: session.metadata.clone(),
        },
        state::Change::RemoveSession { id } => Change::RemoveSession { id: id.clone() },
        state::Change::PutPane { id, pane } => Change::PutPane(PutPane {
            id: id.clone(),
            session: pane.session.clone(),
            title: pane.title.clone(),
            content: match &pane.content {
                PaneContent::Empty => Content::Empty,
                PaneContent::Terminal(id) => Content::Terminal(*id),
                PaneContent::File(path) => Content::File(Octets(path.clone())),
                PaneContent::Custom(name) => Content::Custom(name.clone()),
            },
            metadata: pane.metadata.clone(),
        }),
        state::Change::RemovePane { id } => Change::RemovePane { id: id.clone() },
    }
}

// Terminals.

/// The mode of an attachment, as the host knows it.
pub(super) fn mode(mode: Mode) -> RemoteMode {
    match mode {
        Mode::Lossless => RemoteMode::Lossless,
        Mode::Lossy => RemoteMode::Lossy,
        Mode::Screen => RemoteMode::Screen,
    }
}

pub(super) fn attach(terminal: u64, options: &RemoteAttach) -> Attach {
    Attach {
        terminal,
        mode: match options.mode {
            RemoteMode::Lossless => Mode::Lossless,
            RemoteMode::Lossy => Mode::Lossy,
            RemoteMode::Screen => Mode::Screen,
        },
        start: match options.start {
            RemoteStart::Default => Start::Default,
            RemoteStart::Oldest => Start::Oldest,
            RemoteStart::Now => Start::Now,
            RemoteStart::Offset(offset) => Start::Offset(offset),
            RemoteStart::Snapshot(rows) => Start::Snapshot(rows),
        },
        window: options.window,
        cols: options.grid.map_or(0, |grid| grid.cols),
        rows: options.grid.map_or(0, |grid| grid.rows),
    }
}

pub(super) fn exit(exit: Exit) -> ExitStatus {
    match exit {
        Exit::Code(code) => ExitStatus::Code(code),
        Exit::Signal(signal) => ExitStatus::Signal { signal, core_dumped: false },
        Exit::Unknown => ExitStatus::Unknown,
    }
}

pub(super) fn found(found: &Match) -> terminal::Match {
    terminal::Match {
        start: Position { row: found.start_row, col: found.start_col },
        end: Position { row: found.end_row, col: found.end_col },
        in_line: found.line.filter(|_| found.cols > 0).map(|line| {
            let at = |col| terminal::LinePosition { line, col };
            (at(found.col), at(found.col.saturating_add(found.cols)))
        }),
    }
}

pub(super) fn line_position(position: protocol::LinePosition) -> terminal::LinePosition {
    terminal::LinePosition { line: position.line, col: position.col }
}

/// An update of a screen, as of a terminal of one's own.
pub(super) fn screen(screen: &Screen, generation: u64) -> ScreenUpdate {
    let scroll = |scroll: &protocol::Scroll| terminal::Scroll {
        top: scroll.top,
        bottom: scroll.bottom,
        rows: scroll.rows,
    };
    let mut rows = Rows::default();
    for line in &screen.lines {
        let index = line.row.saturating_sub_unsigned(screen.viewport);
        rows.begin(index, None, line.wrapped);
        push_runs(&mut rows, &line.runs);
    }
    ScreenUpdate {
        generation,
        offset: screen.offset,
        full: screen.full,
        cols: screen.cols,
        height: screen.rows,
        history: screen.history,
        viewport: screen.viewport,
        line: screen.line.map(line_position),
        cursor: Cursor {
            row: screen.cursor.row,
            col: screen.cursor.col,
            shape: match screen.cursor.shape {
                1 => CursorShape::Underline,
                2 => CursorShape::Bar,
                _ => CursorShape::Block,
            },
            blinking: screen.cursor.blinking,
            visible: screen.cursor.visible,
        },
        modes: Modes::from_bits(screen.modes),
        title: screen.title.clone(),
        scrolls: screen.scrolls.iter().map(scroll).collect(),
        rows,
    }
}

/// Rows that were asked for, with their places.
pub(super) fn rows(reply: &RowsReply) -> RemoteRows {
    let mut rows = Rows::default();
    for line in &reply.lines {
        rows.begin(line.row, line.place.map(line_position), line.wrapped);
        push_runs(&mut rows, &line.runs);
    }
    RemoteRows {
        rows,
        kept_from: reply.kept_from.map(line_position),
        kept_to: reply.kept_to.map(line_position),
        history: reply.history,
        cols: reply.cols,
    }
}

fn push_runs(rows: &mut Rows, runs: &[Run]) {
    for run in runs {
        let style = Style {
            foreground: color(run.fg),
            background: color(run.bg),
            underline_color: color(run.underline_color),
            underline: Underline::from_number(run.underline),
            attributes: Attributes::from_bits(run.attributes),
        };
        rows.push_run(&run.text, run.cols, run.wide, style, run.link.as_deref());
    }
}

fn color(color: Color) -> terminal::Color {
    match color {
        Color::Default => terminal::Color::Default,
        Color::Indexed(index) => terminal::Color::Indexed(index),
        Color::Rgb(r, g, b) => terminal::Color::Rgb(Rgb { r, g, b }),
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;
    use crate::sync::convert as server;

    #[test]
    fn notices_come_out_as_they_went_in() {
        let text = || String::from("text");
        let progress = |state, percent| Some(terminal::Progress { state, percent });
        let started = TerminalNotice::CommandStarted { command: text() };
        let mut each = vec![
            TerminalNotice::Bell { count: 7 },
            TerminalNotice::Notification { title: text(), body: "body".into() },
            TerminalNotice::Clipboard { selection: true, text: text() },
            TerminalNotice::Progress { progress: None },
            started,
            TerminalNotice::CommandFinished { exit_code: None, duration: Duration::from_secs(2) },
            TerminalNotice::CommandFinished { exit_code: Some(-3), duration: Duration::ZERO },
            TerminalNotice::Title { title: text() },
            TerminalNotice::Cwd { path: b"/\xff".to_vec() },
        ];
        for state in [
            terminal::ProgressState::Normal,
            terminal::ProgressState::Failed,
            terminal::ProgressState::Indeterminate,
            terminal::ProgressState::Paused,
        ] {
            each.push(TerminalNotice::Progress { progress: progress(state, 42) });
        }
        for sent in &each {
            assert_eq!(&notice(server::notice(sent)), sent);
        }
        for bits in 0..=NoticeKinds::ALL.bits() {
            let kinds = NoticeKinds::from_bits(bits).unwrap();
            assert_eq!(server::notice_kinds(&notice_kinds(kinds)), kinds);
        }
    }

    fn parse<T: DeserializeOwned>(entry: &Value) -> T {
        serde_json::from_value(entry.clone()).unwrap()
    }

    /// The digests that clients in other languages are tested against are those of the state.
    #[test]
    fn digests_are_those_of_the_vectors() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/messages.json");
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let list = vectors["digests"].as_array().unwrap();
        assert!(list.len() > 10);
        let mut sum = 0_u64;
        for vector in list {
            let entry = &vector["entry"];
            let owned = match vector["collection"].as_str().unwrap() {
                "sessions" => session(parse(entry)),
                "panes" => pane(parse(entry)),
                "terminals" => terminal(parse(entry)),
                _ => file(parse(entry)),
            };
            let digest = owned.as_entry().digest();
            assert_eq!(format!("{digest:016x}"), vector["digest"], "{entry}");
            sum = sum.wrapping_add(digest);
        }
        assert_eq!(format!("{sum:016x}"), vectors["hash"]);
    }
}

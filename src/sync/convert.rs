//! Between the engine's types and those of the wire.

use std::os::unix::ffi::OsStrExt;

use crate::state::{
    self, Entry, KeyRef, Pane, PaneContent, Session, StateFile, StateSizePolicy, TerminalExit,
};
use crate::sync::protocol::values::{Decimal, Octets};
use crate::sync::protocol::{
    Change, ChangeOp, Color, Content, Cursor, Exit, FileEntry, FileKind, Key, Line, LinePosition,
    Match, Mode, Notice, NoticeKind, PaneEntry, Progress, ProgressState, Run, Screen, Scroll,
    SessionEntry, SizePolicy, TerminalDetail, TerminalEntry,
};
use crate::terminal::{
    self, Delivery, ExitStatus, Matches, NoticeKinds, ScreenUpdate, TerminalNotice, TerminalState,
};

pub(crate) fn octets(bytes: &[u8]) -> Octets {
    Octets(bytes.to_vec())
}

/// How a program ended, for clients.
pub(crate) fn exit(status: ExitStatus) -> Exit {
    match status {
        ExitStatus::Code(code) => Exit::Code(code),
        ExitStatus::Signal { signal, .. } => Exit::Signal(signal),
        ExitStatus::Unknown => Exit::Unknown,
    }
}

fn exit_of_state(exit: TerminalExit) -> Exit {
    match exit {
        TerminalExit::Code(code) => Exit::Code(code),
        TerminalExit::Signal(signal) => Exit::Signal(signal),
        TerminalExit::Unknown => Exit::Unknown,
    }
}

/// How output reaches a client.
pub(crate) fn delivery(mode: Mode) -> Delivery {
    match mode {
        Mode::Lossless => Delivery::Lossless,
        Mode::Lossy => Delivery::Lossy,
        Mode::Screen => Delivery::Screen,
    }
}

// Out.

pub(crate) fn key(key: KeyRef<'_>) -> Key {
    match key {
        KeyRef::Session(id) => Key::Session(id.into()),
        KeyRef::Pane(id) => Key::Pane(id.into()),
        KeyRef::Terminal(id) => Key::Terminal(id),
        KeyRef::File(file) => Key::File { watch: file.watch, id: Decimal(file.id) },
    }
}

pub(crate) fn session(id: &str, session: &Session, version: u64) -> SessionEntry {
    SessionEntry {
        id: id.into(),
        version,
        name: session.name.clone(),
        panes: session.panes.clone(),
        metadata: session.metadata.clone(),
    }
}

pub(crate) fn pane(id: &str, pane: &Pane, version: u64) -> PaneEntry {
    PaneEntry {
        id: id.into(),
        version,
        session: pane.session.clone(),
        title: pane.title.clone(),
        content: match &pane.content {
            PaneContent::Empty => Content::Empty,
            PaneContent::Terminal(id) => Content::Terminal(*id),
            PaneContent::File(path) => Content::File(octets(path)),
            PaneContent::Custom(name) => Content::Custom(name.clone()),
        },
        metadata: pane.metadata.clone(),
    }
}

fn terminal(id: u64, metadata: &state::StateTerminal, version: u64) -> TerminalEntry {
    TerminalEntry {
        id,
        version,
        title: metadata.title.clone(),
        cwd: metadata.cwd.as_deref().map(octets),
        cols: metadata.cols,
        rows: metadata.rows,
        pid: metadata.pid,
        running: metadata.running,
        exit: metadata.exit.map(exit_of_state),
        closing: metadata.closing,
        screen: metadata.screen,
        program: octets(&metadata.program),
        last_exit: metadata.last_exit,
        hidden_input: metadata.hidden_input,
        size_policy: match metadata.size_policy {
            StateSizePolicy::Latest => SizePolicy::Latest,
            StateSizePolicy::Smallest => SizePolicy::Smallest,
            StateSizePolicy::Fixed => SizePolicy::Fixed,
        },
    }
}

fn file(key: state::FileKey, metadata: &StateFile, version: u64) -> FileEntry {
    FileEntry {
        watch: key.watch,
        id: Decimal(key.id),
        version,
        parent: Decimal(metadata.parent),
        name: octets(&metadata.name),
        kind: match metadata.kind {
            state::FileKind::File => FileKind::File,
            state::FileKind::Directory => FileKind::Directory,
            state::FileKind::Symlink => FileKind::Symlink,
            state::FileKind::Other => FileKind::Other,
        },
        size: metadata.size,
        modified_us: metadata.modified_us,
        mode: metadata.mode,
        ignored: metadata.ignored,
    }
}

impl state::ChangeSink for crate::sync::protocol::Diff {
    fn removed(&mut self, removed: KeyRef<'_>) {
        self.removed.push(key(removed));
    }

    fn set(&mut self, entry: Entry<'_>) {
        match entry {
            Entry::Session(id, value, version) => self.sessions.push(session(id, value, version)),
            Entry::Pane(id, value, version) => self.panes.push(pane(id, value, version)),
            Entry::Terminal(id, value, version) => {
                self.terminals.push(terminal(id, value, version));
            }
            Entry::File(key, value, version) => self.files.push(file(key, value, version)),
        }
    }
}

pub(crate) fn line_position(position: terminal::LinePosition) -> LinePosition {
    LinePosition { line: position.line, col: position.col }
}

/// A notice of a terminal.
pub(crate) fn notice(notice: &TerminalNotice) -> Notice {
    match notice {
        TerminalNotice::Bell { count } => Notice::Bell { count: *count },
        TerminalNotice::Notification { title, body } => {
            Notice::Notification { title: title.clone(), body: body.clone() }
        }
        TerminalNotice::Clipboard { selection, text } => {
            Notice::Clipboard { selection: *selection, text: text.clone() }
        }
        TerminalNotice::Progress { progress } => Notice::Progress {
            progress: progress.map(|progress| Progress {
                state: match progress.state {
                    terminal::ProgressState::Normal => ProgressState::Normal,
                    terminal::ProgressState::Failed => ProgressState::Failed,
                    terminal::ProgressState::Indeterminate => ProgressState::Indeterminate,
                    terminal::ProgressState::Paused => ProgressState::Paused,
                },
                percent: progress.percent,
            }),
        },
        TerminalNotice::CommandStarted { command } => {
            Notice::CommandStarted { command: command.clone() }
        }
        TerminalNotice::CommandFinished { exit_code, duration } => Notice::CommandFinished {
            exit_code: *exit_code,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        },
        TerminalNotice::Title { title } => Notice::Title { title: title.clone() },
        TerminalNotice::Cwd { path } => Notice::Cwd { path: octets(path) },
    }
}

/// The kinds of notices in a list.
pub(crate) fn notice_kinds(list: &[NoticeKind]) -> NoticeKinds {
    list.iter().fold(NoticeKinds::NONE, |kinds, kind| {
        kinds.with(match kind {
            NoticeKind::Bell => terminal::NoticeKind::Bell,
            NoticeKind::Notification => terminal::NoticeKind::Notification,
            NoticeKind::Clipboard => terminal::NoticeKind::Clipboard,
            NoticeKind::Progress => terminal::NoticeKind::Progress,
            NoticeKind::Command => terminal::NoticeKind::Command,
            NoticeKind::Title => terminal::NoticeKind::Title,
            NoticeKind::Cwd => terminal::NoticeKind::Cwd,
        })
    })
}

/// What changed on a screen.
pub(crate) fn screen_update(terminal: u64, update: &ScreenUpdate) -> Screen {
    let scroll = |scroll: &terminal::Scroll| Scroll {
        top: scroll.top,
        bottom: scroll.bottom,
        rows: scroll.rows,
    };
    let line = |row: terminal::Row<'_>| Line {
        // Counted from the top of the view.
        row: row.index().saturating_add_unsigned(update.viewport),
        wrapped: row.is_wrapped(),
        runs: row.runs().map(|run| style_run(&run)).collect(),
    };
    Screen {
        terminal,
        offset: update.offset,
        full: update.full,
        cols: update.cols,
        rows: update.height,
        history: update.history,
        line: update.line.map(line_position),
        cursor: Cursor {
            row: update.cursor.row,
            col: update.cursor.col,
            shape: update.cursor.shape as u8,
            blinking: update.cursor.blinking,
            visible: update.cursor.visible,
        },
        modes: update.modes.bits(),
        title: update.title.clone(),
        scrolls: update.scrolls.iter().map(scroll).collect(),
        lines: update.rows.iter().map(line).collect(),
        viewport: update.viewport,
    }
}

pub(crate) fn style_run(run: &terminal::Run<'_>) -> Run {
    Run {
        text: run.text.into(),
        cols: run.cols,
        wide: run.wide,
        fg: color(run.style.foreground),
        bg: color(run.style.background),
        attributes: run.style.attributes.bits(),
        underline: run.style.underline as u8,
        underline_color: color(run.style.underline_color),
        link: run.link.map(|link| link.uri.clone()),
    }
}

fn color(color: terminal::Color) -> Color {
    match color {
        terminal::Color::Default => Color::Default,
        terminal::Color::Indexed(index) => Color::Indexed(index),
        terminal::Color::Rgb(rgb) => Color::Rgb(rgb.r, rgb.g, rgb.b),
    }
}

/// What a search found.
pub(crate) fn matches(found: &Matches) -> Vec<Match> {
    let one = |found: &terminal::Match| {
        let in_line = found.in_line;
        let is_one_line = |(start, end): &(terminal::LinePosition, terminal::LinePosition)| {
            start.line == end.line
        };
        Match {
            start_row: found.start.row,
            start_col: found.start.col,
            end_row: found.end.row,
            end_col: found.end.col,
            line: in_line.map(|(start, _)| start.line),
            col: in_line.map_or(0, |(start, _)| start.col),
            cols: in_line.filter(is_one_line).map_or(0, |(start, end)| end.col - start.col),
        }
    };
    found.matches.iter().map(one).collect()
}

/// What is known of a terminal at the moment.
pub(crate) fn detail(state: &TerminalState) -> TerminalDetail {
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let foreground = state.foreground.as_ref();
    TerminalDetail {
        terminal: state.id.to_u64(),
        foreground_pid: foreground.map(|process| process.pid),
        foreground_name: octets(foreground.map_or(&[][..], |process| process.name.as_bytes())),
        cwd: state.cwd.as_ref().map(|cwd| octets(cwd.as_os_str().as_bytes())),
        log_start: state.log_start,
        log_end: state.log_end,
        input_bytes: state.input_bytes,
        input_waiting: state.input_waiting as u64,
        since_input_ms: state.since_input.map(millis),
        since_output_ms: state.since_output.map(millis),
        paused: state.paused_by_host || state.paused_by_reader || state.paused_by_memory,
        history: state.screen.as_ref().map_or(0, |screen| screen.history as u32),
    }
}

// In.

pub(crate) fn place(position: LinePosition) -> terminal::LinePosition {
    terminal::LinePosition { line: position.line, col: position.col }
}

/// A client's operations as the state takes them; the state checks them.
pub(crate) fn change_set(ops: Vec<ChangeOp>) -> state::ChangeSet {
    let ops =
        ops.into_iter().map(|op| state::ChangeOp { change: change(op.change), base: op.base });
    state::ChangeSet { ops: ops.collect() }
}

fn change(change: Change) -> state::Change {
    match change {
        Change::PutSession { id, name, panes, metadata } => {
            state::Change::PutSession { id, session: Session { name, panes, metadata } }
        }
        Change::RemoveSession { id } => state::Change::RemoveSession { id },
        Change::PutPane(pane) => state::Change::PutPane {
            id: pane.id,
            pane: Pane {
                session: pane.session,
                title: pane.title,
                content: match pane.content {
                    Content::Empty => PaneContent::Empty,
                    Content::Terminal(id) => PaneContent::Terminal(id),
                    Content::File(path) => PaneContent::File(path.0),
                    Content::Custom(name) => PaneContent::Custom(name),
                },
                metadata: pane.metadata,
            },
        },
        Change::RemovePane { id } => state::Change::RemovePane { id },
    }
}

//! State queries: what is known about a terminal right now.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use super::child::{Child, ExitStatus};
use super::options::Delivery;
use super::pty::Pty;
use super::restart_report::RestartState;
use super::screen::{Cursor, Modes, Progress, Screen};
use super::size::{Size, SizePolicy};
use super::{Terminal, procfs};
use crate::id::{ReaderId, TerminalId};
use crate::reactor::Reactor;

/// Which terminals a query is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminalFilter {
    /// Every terminal that has an id.
    All,
    /// Those whose program is running and that are not being closed.
    Active,
}

/// A process in a terminal, as /proc shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its process id: the leader of the foreground process group. Once the leader has ended, as the first
    /// program of a pipeline may, the living member of the group that the shell started last.
    pub pid: i32,
    /// Its name, at most 15 bytes; empty when it cannot be read.
    pub name: OsString,
}

/// A reader as a state query shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderState {
    /// Its id.
    pub id: ReaderId,
    /// How output reaches it.
    pub delivery: Delivery,
    /// Whether the host paused it.
    pub paused: bool,
    /// Offset of the next byte that it gets.
    pub offset: u64,
    /// Bytes between that and the newest one.
    pub backlog: u64,
}

/// Everything that is known about a terminal at the moment of the query.
#[derive(Clone, Debug)]
pub struct TerminalState {
    /// Its id.
    pub id: TerminalId,
    /// The host's own number.
    pub tag: u64,
    /// The process that was started in it; `None` for an adopted PTY without one.
    pub pid: Option<i32>,
    /// The process that has the terminal now, if it is known.
    pub foreground: Option<Process>,
    /// The working directory of the foreground process, else of the leader, if it can be read. `None` when
    /// the directory has been removed.
    pub cwd: Option<PathBuf>,
    /// What is typed is taken line by line and not shown: probably a password is asked for.
    pub hidden_input: bool,
    /// The size, counting a change that is still held back.
    pub size: Size,
    /// Who decides the size.
    pub size_policy: SizePolicy,
    /// The program is running; for an adopted PTY without a known program, it has not hung up.
    pub running: bool,
    /// How the program ended, as soon as that is known.
    pub exit: Option<ExitStatus>,
    /// The kernel reported that nobody holds the terminal any more.
    pub hung_up: bool,
    /// `close` was called.
    pub closing: bool,
    /// Not read because the host paused the terminal.
    pub paused_by_host: bool,
    /// Not read because a lossless reader lags.
    pub paused_by_reader: bool,
    /// Not read because all logs together have used up their budget.
    pub paused_by_memory: bool,
    /// Offset of the oldest byte that the log has.
    pub log_start: u64,
    /// Offset after the newest byte: bytes that came out, ever.
    pub log_end: u64,
    /// Bytes that the program's side took in, ever.
    pub input_bytes: u64,
    /// Bytes that wait for the program to read.
    pub input_waiting: usize,
    /// Time since the last input; `None` if there was none.
    pub since_input: Option<Duration>,
    /// Time since the last output; `None` if there was none.
    pub since_output: Option<Duration>,
    /// Every reader, in the order of their attaching.
    pub readers: Vec<ReaderState>,
    /// What the screen knows, if there is one.
    pub screen: Option<ScreenState>,
    /// How it stands with the restarts of its program. `None` without a [`RestartPolicy`](crate::RestartPolicy), when the
    /// program ended as it was to, once the terminal is closed, and when another terminal has taken its place.
    pub restart: Option<RestartState>,
}

/// What a terminal's screen knows.
#[derive(Clone, Debug)]
pub struct ScreenState {
    /// The title that the program set; empty if none.
    pub title: String,
    /// The working directory that the program reported, on whatever machine it runs.
    pub cwd: Option<PathBuf>,
    /// The cursor.
    pub cursor: Cursor,
    /// Modes, the alternate screen among them.
    pub modes: Modes,
    /// Rows of scrollback.
    pub history: usize,
    /// A command of the shell runs since so long, by its marks.
    pub command_for: Option<Duration>,
    /// Exit code of the last command, if the shell reported it.
    pub last_exit_code: Option<i32>,
    /// Progress of the program's work, if it reports one (OSC 9;4).
    pub progress: Option<Progress>,
    /// Bytes of its cells, about.
    pub bytes: usize,
    /// Times that the model failed and was built anew from the log.
    pub failures: u32,
}

impl Terminal {
    pub(crate) fn is_active(&self) -> bool {
        self.is_running() && !self.ending.closing
    }

    /// Costs some ten system calls, for the process and its directory. When the leader of the foreground group
    /// has ended, up to a few hundred processes are looked at.
    pub(crate) fn state(&self, reactor: &Reactor) -> TerminalState {
        let foremost = self.foremost();
        let foreground =
            foremost.map(|pid| Process { pid, name: procfs::name(pid).unwrap_or_default() });
        let cwd = self.cwd_of(foremost);
        let since = |at| reactor.now().saturating_duration_since(at);
        TerminalState {
            id: self.id,
            tag: self.tag,
            pid: self.child.as_ref().map(Child::pid),
            foreground,
            cwd,
            hidden_input: self.pty.as_ref().is_some_and(Pty::hides_input),
            size: self.resizer.target(),
            size_policy: self.size_policy,
            running: self.is_running(),
            exit: self.child.as_ref().and_then(Child::status),
            hung_up: self.ending.hung_up,
            closing: self.ending.closing,
            paused_by_host: self.flow.by_host,
            paused_by_reader: self.flow.by_reader,
            paused_by_memory: self.flow.by_memory,
            log_start: self.log.start(),
            log_end: self.log.end(),
            input_bytes: self.input.written(),
            input_waiting: self.input.len(),
            since_input: self.last_input.map(since),
            since_output: self.last_output.map(since),
            readers: self.reader_states().collect(),
            screen: self.screen.as_ref().map(|screen| self.screen_state(screen, reactor)),
            restart: self.series.as_ref().map(|series| series.state(reactor.now())),
        }
    }

    /// The process that started in the terminal, as long as it runs.
    fn leader(&self) -> Option<i32> {
        self.child.as_ref().filter(|child| child.status().is_none()).map(Child::pid)
    }

    /// The process that has the terminal now.
    pub(super) fn foremost(&self) -> Option<i32> {
        let pty = self.pty.as_ref()?;
        let group = pty.foreground_group()?;
        Some(procfs::foremost(group, pty.session().or(self.leader())))
    }

    /// The working directory of that process, else of the one that started in the terminal.
    pub(super) fn cwd_of(&self, foremost: Option<i32>) -> Option<PathBuf> {
        foremost.and_then(procfs::cwd).or_else(|| self.leader().and_then(procfs::cwd))
    }

    fn screen_state(&self, screen: &Screen, reactor: &Reactor) -> ScreenState {
        let now = reactor.now().saturating_duration_since(self.started);
        let metadata = screen.metadata();
        let path = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
        ScreenState {
            title: screen.title().to_owned(),
            cwd: metadata.cwd().map(path),
            cursor: screen.cursor(),
            modes: screen.modes(),
            history: screen.history(),
            command_for: metadata.command_since().map(|since| now.saturating_sub(since)),
            last_exit_code: metadata.last_exit(),
            progress: screen.progress(),
            bytes: screen.bytes(),
            failures: screen.failures(),
        }
    }

    fn reader_states(&self) -> impl Iterator<Item = ReaderState> + '_ {
        self.readers.iter().map(|reader| ReaderState {
            id: reader.id,
            delivery: reader.consumer.delivery(),
            paused: reader.paused,
            offset: reader.consumer.cursor(),
            backlog: reader.consumer.backlog(self.log.end()),
        })
    }
}

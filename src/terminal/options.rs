//! What a terminal is made from.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::screen::ScreenOptions;
use super::size::Size;
use crate::policy::RestartPolicy;

/// How output reaches a reader that is slower than the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// Every byte. While too much is unread the PTY is not read and the program blocks in its write.
    Lossless,
    /// The program never waits. A reader that falls behind the log skips ahead, which is reported by a
    /// [`Gap`](crate::TerminalEvent::Gap).
    Lossy,
    /// No bytes: what changed on the screen, at the reader's own pace. For a terminal with a screen.
    Screen,
}

/// How far a reader may lag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// Unread bytes. More than the log can keep unread counts as that much.
    pub bytes: u64,
    /// Time without reading anything while there was something.
    pub age: Duration,
}

/// How a reader is attached.
#[derive(Clone, Debug)]
pub struct ReaderOptions {
    pub(crate) delivery: Delivery,
    pub(crate) start: Start,
    pub(crate) interval: Duration,
    pub(crate) downgrade: Option<Lag>,
    pub(crate) without_queries: bool,
}

impl ReaderOptions {
    /// A reader that starts at the oldest byte.
    pub fn new(delivery: Delivery) -> Self {
        ReaderOptions {
            delivery,
            start: Start::Oldest,
            interval: Duration::from_millis(16),
            downgrade: None,
            without_queries: false,
        }
    }

    /// Where it starts; of no meaning with [`Delivery::Screen`], which starts with all of the screen.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// The shortest time between two updates with [`Delivery::Screen`]; by default 16 ms.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Leaves out the program's queries that the engine answers (see
    /// [`ScreenOptions::replies`](crate::ScreenOptions)), so that a terminal that shows the bytes does
    /// not answer them again. Offsets count what is left out. By default only the output before a
    /// [`Start::Resume`] is delivered so: every query in it has its reply already.
    pub fn without_queries(mut self) -> Self {
        self.without_queries = true;
        self
    }

    /// Makes a lossless reader a viewer of the screen ([`Delivery::Screen`]) once it lags this much,
    /// instead of stopping the program.
    /// [`DeliveryChanged`](crate::TerminalEvent::DeliveryChanged) reports it. For a terminal with a
    /// screen.
    pub fn downgrade(mut self, lag: Lag) -> Self {
        self.downgrade = Some(lag);
        self
    }
}

/// How to start a program in a new terminal.
///
/// The child leads a session of its own with the terminal as its controlling terminal, has default
/// signal dispositions and an empty signal mask, and inherits no descriptor of the host.
///
/// Its environment is the host's with `TERM=xterm-256color` and `COLORTERM=truecolor`, and without the
/// variables that describe the terminal, multiplexer or editor that the host itself runs in (such as
/// `TMUX`, `TERM_PROGRAM`, `VTE_VERSION`, `VSCODE_*`, `NVIM`) or that are a secret of the host's
/// (`ORCHFLOW_TOKEN`). `docs/ENVIRONMENT.md` lists them all. [`env`](Self::env) and
/// [`env_remove`](Self::env_remove) come last and win.
#[derive(Clone, Debug)]
pub struct SpawnOptions {
    pub(crate) argv: Vec<OsString>,
    pub(crate) env_clear: bool,
    /// In the order given; `None` unsets.
    pub(crate) env: Vec<(OsString, Option<OsString>)>,
    pub(crate) cwd: Option<PathBuf>,
    /// The directory that `cwd` was the name of; see [`SpawnOptions::inside`].
    pub(crate) directory: Option<Arc<OwnedFd>>,
    pub(crate) size: Size,
    pub(crate) log_bytes: Option<usize>,
    pub(crate) reader: Option<Delivery>,
    pub(crate) screen: Option<ScreenOptions>,
    pub(crate) tag: u64,
    pub(crate) restart: Option<RestartPolicy>,
}

impl SpawnOptions {
    /// The user's shell: `$SHELL` when it is an absolute path to a program, else the one of the
    /// password database, else `/bin/sh`.
    pub fn shell() -> Self {
        SpawnOptions {
            argv: Vec::new(),
            env_clear: false,
            env: Vec::new(),
            cwd: None,
            directory: None,
            size: Size::default(),
            log_bytes: None,
            reader: Some(Delivery::Lossless),
            screen: None,
            tag: 0,
            restart: None,
        }
    }

    /// A program, looked up in the child's `PATH` unless it contains a slash. A relative path is
    /// relative to the child's working directory.
    pub fn program(program: impl Into<OsString>) -> Self {
        let mut options = SpawnOptions::shell();
        options.argv.push(program.into());
        options
    }

    /// One more argument for the program. Without a program it is refused at spawn.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        if self.argv.is_empty() {
            // An empty program name is refused with a clear message; nothing is guessed here.
            self.argv.push(OsString::new());
        }
        self.argv.push(arg.into());
        self
    }

    /// More arguments for the program.
    pub fn args(self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        args.into_iter().fold(self, SpawnOptions::arg)
    }

    /// Sets a variable of the child's environment.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), Some(value.into())));
        self
    }

    /// Unsets a variable of the child's environment.
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.env.push((name.into(), None));
        self
    }

    /// Starts from an empty environment instead of the host's. `TERM` and `COLORTERM` are still set.
    pub fn env_clear(mut self) -> Self {
        self.env_clear = true;
        self
    }

    /// The child's working directory; by default the host's.
    pub fn cwd(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = Some(cwd.into());
        self.directory = None;
        self
    }

    /// The child's working directory as a descriptor, wherever its name leads by then. `name` is for
    /// people.
    pub(crate) fn inside(mut self, directory: OwnedFd, name: PathBuf) -> Self {
        (self.cwd, self.directory) = (Some(name), Some(Arc::new(directory)));
        self
    }

    /// The terminal's size; by default 80 by 24.
    pub fn size(mut self, size: Size) -> Self {
        self.size = size;
        self
    }

    /// Bytes of output to keep, 64 KiB to [`Limits::log_bytes_max`](crate::Limits); by default
    /// [`Limits::log_bytes`](crate::Limits).
    pub fn log_bytes(mut self, bytes: usize) -> Self {
        self.log_bytes = Some(bytes);
        self
    }

    /// The delivery of the reader that is made with the terminal and sees its first byte; `None`
    /// for no reader. By default [`Delivery::Lossless`].
    pub fn reader(mut self, delivery: Option<Delivery>) -> Self {
        self.reader = delivery;
        self
    }

    /// Keeps the screen; by default it is not kept.
    pub fn screen(mut self, screen: ScreenOptions) -> Self {
        self.screen = Some(screen);
        self
    }

    /// A number of the host's own, handed back in every event of the terminal. By default 0.
    pub fn tag(mut self, tag: u64) -> Self {
        self.tag = tag;
        self
    }

    /// Starts the program again after it has ended, as the policy says, in a new terminal with these options and the
    /// size of the ended one. [`TerminalEvent::Restart`](crate::TerminalEvent::Restart) reports what happens; panes of
    /// the state that show the ended terminal show the new one. A program that cannot be started is a failure like
    /// one that ends at once. Whatever closes the terminal ends the restarts. By default it is not started again.
    pub fn restart(mut self, policy: RestartPolicy) -> Self {
        self.restart = Some(policy);
        self
    }

    /// What the options take in memory, about: their bytes and the elements that hold them, since many
    /// empty ones are memory too.
    pub(crate) fn bytes(&self) -> usize {
        let argv: usize = self.argv.iter().map(|arg| size_of_val(arg) + arg.len()).sum();
        let env: usize = self
            .env
            .iter()
            .map(|pair| {
                let value = pair.1.as_ref().map_or(0, |value| value.len());
                size_of_val(pair) + pair.0.len() + value
            })
            .sum();
        let cwd = self.cwd.as_ref().map_or(0, |cwd| cwd.as_os_str().len());
        size_of::<Self>() + argv + env + cwd
    }
}

/// How to take over a PTY master that the host opened.
#[derive(Clone, Debug)]
pub struct AdoptOptions {
    pub(crate) pid: Option<i32>,
    pub(crate) size: Option<Size>,
    pub(crate) log_bytes: Option<usize>,
    pub(crate) reader: Option<Delivery>,
    pub(crate) screen: Option<ScreenOptions>,
    pub(crate) tag: u64,
}

impl AdoptOptions {
    /// No known child, the size as it is, a lossless reader.
    pub fn new() -> Self {
        AdoptOptions {
            pid: None,
            size: None,
            log_bytes: None,
            reader: Some(Delivery::Lossless),
            screen: None,
            tag: 0,
        }
    }

    /// The session leader in the terminal. The engine waits for it and reaps it when it is a child
    /// of this process; otherwise its end is reported with
    /// [`ExitStatus::Unknown`](crate::ExitStatus::Unknown).
    pub fn pid(mut self, pid: i32) -> Self {
        self.pid = Some(pid);
        self
    }

    /// Sets the size at adoption.
    pub fn size(mut self, size: Size) -> Self {
        self.size = Some(size);
        self
    }

    /// See [`SpawnOptions::log_bytes`].
    pub fn log_bytes(mut self, bytes: usize) -> Self {
        self.log_bytes = Some(bytes);
        self
    }

    /// See [`SpawnOptions::reader`].
    pub fn reader(mut self, delivery: Option<Delivery>) -> Self {
        self.reader = delivery;
        self
    }

    /// See [`SpawnOptions::screen`].
    pub fn screen(mut self, screen: ScreenOptions) -> Self {
        self.screen = Some(screen);
        self
    }

    /// See [`SpawnOptions::tag`].
    pub fn tag(mut self, tag: u64) -> Self {
        self.tag = tag;
        self
    }
}

impl Default for AdoptOptions {
    fn default() -> Self {
        AdoptOptions::new()
    }
}

/// Where a new reader starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// At the oldest byte that the log still has.
    Oldest,
    /// At the next byte that the program writes.
    Now,
    /// At this offset, counted in bytes since the terminal's start. Bytes that the log no longer has
    /// are reported as a [`Gap`](crate::TerminalEvent::Gap); an offset past the end is refused.
    Offset(u64),
    /// At this offset if the log still has it, else with a snapshot of the screen
    /// ([`Snapshot`](crate::TerminalEvent::Snapshot)): for a reader that was here before and has
    /// read up to there. Queries that were answered meanwhile are left out. Without a screen as
    /// [`Offset`](Self::Offset).
    Resume(u64),
    /// With a snapshot of the screen and at most this many rows of its scrollback.
    Snapshot(usize),
}

/// What a terminal does with the characters that pass through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Bytes pass unchanged both ways, as by `cfmakeraw`.
    Raw,
    /// Lines are edited and signals come from keys, as by `stty sane`.
    Cooked,
    /// Input is echoed.
    Echo,
    /// Input is not echoed, as for passwords.
    NoEcho,
}

/// Who gets a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalTarget {
    /// The terminal's foreground process group, as a key like Ctrl-C would do; the leader's group
    /// when there is none.
    Foreground,
    /// The process group of the program that was started.
    Leader,
}

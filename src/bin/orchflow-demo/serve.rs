//! `serve`: an engine for clients, with a session, a pane that shows a shell, and the files of a
//! directory.
//!
//! Stdout gets one line, the address, which shows the page in a browser; events are reported on stderr. Both may be
//! left unread. A
//! shell that has ended stays in the state, and a new one replaces it in the pane, after a delay
//! that grows while shells end quickly. One timer is used for both: while a shell runs it fires
//! when the shell counts as stable, otherwise when the next one is started. Nothing is started
//! before all addresses are bound.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orchflow::{
    Config, Engine, Event, ExitStatus, ListenAddress, ListenerOptions, LogLevel, Retry,
    RetryPolicy, Scopes, ScreenOptions, SpawnOptions, TerminalEvent, TerminalId, TokenOptions,
    WatchEvent,
};

use crate::address::{Address, Place};
use crate::args::{SHELL_PROFILE, ServeOptions};
use crate::browser;
use crate::failure::Failure;
use crate::host::{Signals, Timer};
use crate::messages::report_plain;
use crate::nesting;
use crate::output::Output;
use crate::page;
use crate::panes::Panes;
use crate::report;
use crate::run::describe_exit;
use crate::token::{self, TOKEN_VARIABLE, Token};
use crate::watch::describe;

/// The grace period of programs after the request to end.
const GRACE: Duration = Duration::from_secs(2);

/// A shell that has run this long is stable: the next one is started with the shortest delay.
const STABLE: Duration = Duration::from_secs(10);

/// The number of terminals with ended programs that are kept until somebody closes them: the page shows how each
/// ended.
const ENDED_KEPT: usize = 32;

/// Serves until interrupted.
pub(crate) fn main(options: &ServeOptions) -> ExitCode {
    let outcome = Server::start(options).and_then(|mut server| server.run());
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

struct Server {
    engine: Engine,
    signals: Signals,
    timer: Timer,
    output: Output,
    /// The program of the pane, and of terminals that clients start.
    shell: SpawnOptions,
    /// The running shell; `None` while the timer waits to start the next one.
    running: Option<TerminalId>,
    panes: Panes,
    retry: Retry,
    /// Terminals with ended programs, the oldest first.
    ended: VecDeque<TerminalId>,
    /// What the browser was given; it goes with the server.
    opened: Option<browser::Opened>,
    is_ending: bool,
}

impl Server {
    fn start(options: &ServeOptions) -> Result<Self, Failure> {
        let signals = Signals::catch().map_err(|e| Failure::Host("signalfd", e))?;
        let timer = Timer::new().map_err(|e| Failure::Host("timerfd", e))?;
        let config = Config { log_level: LogLevel::Info, ..Config::default() };
        let mut engine = Engine::new(config)?;
        let root = absolute(options.root.as_deref().unwrap_or(Path::new(".")))?;
        let epoch = engine.application_state()?.version().epoch;
        let common = |program: SpawnOptions| {
            shown(program, options).cwd(&root).env(nesting::VARIABLE, nesting::value(epoch))
        };
        let shell = common(options.shell.as_deref().map_or_else(SpawnOptions::shell, command));
        engine.grant_directory(&root)?;
        engine.grant_profile(SHELL_PROFILE, &shell)?;
        for (name, text) in &options.profiles {
            engine.grant_profile(name, &common(command(text)))?;
        }
        let watch = engine.add_watch(&orchflow::WatchOptions::new(&root))?;
        engine.set_watch_published(watch, true)?;
        let retry = RetryPolicy::default().start();
        let (running, ended) = (None, VecDeque::new());
        let panes = Panes::new(options.name.as_deref());
        let mut server = Server {
            engine,
            signals,
            timer,
            output: Output::new(),
            shell,
            running,
            panes,
            retry,
            ended,
            opened: None,
            is_ending: false,
        };
        let address = server.listen(options)?;
        let shell = server.open_shell()?;
        if !is_for_a_person() {
            report_started(shell);
        }
        server.announce(options, &address)?;
        Ok(server)
    }

    /// Binds all addresses; returns the first one.
    fn listen(&mut self, options: &ServeOptions) -> Result<Announced, Failure> {
        let (secret, is_shown) = match given_token(options).map_err(Failure::Remote)? {
            Some(token) => (Some(token.secret), false),
            None => (None, true),
        };
        let mut scopes = Scopes::OBSERVE | Scopes::TYPE | Scopes::MANAGE;
        if options.clipboard {
            scopes = scopes | Scopes::CLIPBOARD;
        }
        let token = TokenOptions { scopes, secret, ..TokenOptions::default() };
        let (_, token) = self.engine.add_token(token)?;
        let mut places = Vec::new();
        if options.listen.is_some() || options.unix.is_none() {
            let address = options.listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
            let listener =
                self.engine.add_listener(&listening(ListenerOptions::tcp(address), options)?)?;
            if let ListenAddress::Tcp(address) = self.engine.listener_address(listener)? {
                places.push(Place::Tcp(address));
            }
        }
        if let Some(path) = &options.unix {
            let path = std::path::absolute(path).map_err(Failure::File)?;
            self.engine.add_listener(&listening(ListenerOptions::unix(&path), options)?)?;
            places.push(Place::Unix(path));
        }
        // A person reads the first one as the address.
        let said = usize::from(is_for_a_person());
        places.iter().skip(said).for_each(|place| report(&format!("listening on {place}")));
        let first = places.into_iter().next().ok_or(Failure::Remote("no address".into()))?;
        let with_token = Address::new(first.clone(), Some(token.clone()));
        Ok(Announced { printed: Address::new(first, is_shown.then_some(token)), with_token })
    }

    /// Prints the address, and for a person what to do next.
    fn announce(&mut self, options: &ServeOptions, address: &Announced) -> Result<(), Failure> {
        let printed = address.printed.text();
        self.output.write(&[&printed, &b"\n"[..]].concat())?;
        // The log of a service must not contain the token.
        if is_for_a_person() {
            let demo = invoked_as();
            let mut attach = format!("{demo} attach ");
            if let Some(file) = &options.token_file {
                attach += &format!("--token-file {} ", quoted_path(file));
            }
            attach += &quoted(&printed);
            report_plain(&format!("  to attach from another terminal: {attach}"));
            report_plain("  to stop: Ctrl-C");
            report_plain(&format!("  for help: {demo} help"));
        }
        if options.open {
            let address = String::from_utf8_lossy(&address.with_token.text()).into_owned();
            self.opened = browser::open(&address);
        }
        Ok(())
    }

    fn run(&mut self) -> Result<ExitCode, Failure> {
        loop {
            self.wait()?;
            self.output.flush()?;
            while let Some(signal) =
                self.signals.next().map_err(|e| Failure::Host("signalfd", e))?
            {
                match signal {
                    libc::SIGWINCH => {}
                    _ if self.is_ending => return Ok(ExitCode::from(128 + signal as u8)),
                    _ => self.end()?,
                }
            }
            if self.timer.has_fired().map_err(|e| Failure::Host("timerfd", e))? {
                self.on_timer()?;
            }
            self.engine.turn(Some(Duration::ZERO))?;
            while let Some(action) = self.read_event()? {
                match action {
                    Action::None => {}
                    Action::Ended(id, status) => self.on_ended(id, status)?,
                    Action::Closed(id) => self.on_closed(id)?,
                    Action::ShutDown => return Ok(ExitCode::SUCCESS),
                }
            }
            if !self.is_ending {
                self.panes.update(&mut self.engine)?;
            }
        }
    }

    fn wait(&self) -> Result<(), Failure> {
        let mut fds = vec![
            PollFd::new(self.engine.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.timer.as_fd(), PollFlags::POLLIN),
        ];
        if !self.output.pending.is_empty() {
            fds.push(PollFd::new(self.output.as_fd(), PollFlags::POLLOUT));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(Failure::Host("poll", errno)),
        }
    }

    fn end(&mut self) -> Result<(), Failure> {
        report("shutting down; repeat to exit at once");
        self.is_ending = true;
        Ok(self.engine.shutdown(GRACE)?)
    }

    /// Reads the next event. Batches are read because they advance the published tree.
    fn read_event(&mut self) -> Result<Option<Action>, Failure> {
        let Some(event) = self.engine.next_event()? else { return Ok(None) };
        Ok(Some(match event {
            Event::Terminal { id, event: TerminalEvent::Exited { status, .. }, .. } => {
                Action::Ended(id, status)
            }
            Event::Terminal { id, event: TerminalEvent::Closed, .. } => Action::Closed(id),
            Event::Watch { event: WatchEvent::Warning { problem, path }, .. } => {
                report(&format!("{}: {}", path.display(), describe(problem)));
                Action::None
            }
            Event::Log { text, .. } => {
                report(text);
                Action::None
            }
            Event::ShutdownComplete => Action::ShutDown,
            _ => Action::None,
        }))
    }

    fn on_ended(&mut self, id: TerminalId, status: ExitStatus) -> Result<(), Failure> {
        report(&format!("terminal {} ended: {}", id.to_u64(), describe_exit(status)));
        self.ended.push_back(id);
        while self.ended.len() > ENDED_KEPT {
            if let Some(oldest) = self.ended.pop_front() {
                self.engine.close(oldest, Duration::ZERO)?;
            }
        }
        self.replace_shell(id)
    }

    fn on_closed(&mut self, id: TerminalId) -> Result<(), Failure> {
        self.ended.retain(|ended| *ended != id);
        self.replace_shell(id)
    }

    /// Schedules the next shell, if this was the shell.
    fn replace_shell(&mut self, id: TerminalId) -> Result<(), Failure> {
        if self.running != Some(id) || self.is_ending {
            return Ok(());
        }
        self.running = None;
        self.start_later()
    }

    fn start_later(&mut self) -> Result<(), Failure> {
        // Without random numbers the longest delay is used.
        let delay = self.retry.next_delay(getrandom::u64().unwrap_or(u64::MAX));
        let delay = delay.unwrap_or(STABLE);
        self.timer.set(delay).map_err(|e| Failure::Host("timerfd", e))
    }

    fn on_timer(&mut self) -> Result<(), Failure> {
        if self.is_ending {
            return Ok(());
        }
        if self.running.is_some() {
            self.retry.reset();
            return Ok(());
        }
        match self.open_shell() {
            Ok(shell) => {
                report_started(shell);
                Ok(())
            }
            Err(Failure::Engine(error)) => {
                report(&format!("cannot start a shell: {error}"));
                self.start_later()
            }
            Err(failure) => Err(failure),
        }
    }

    /// Starts a shell and shows it in the pane, unless a client has put something else there.
    fn open_shell(&mut self) -> Result<TerminalId, Failure> {
        let id = self.engine.spawn(&self.shell)?;
        self.running = Some(id);
        self.timer.set(STABLE).map_err(|e| Failure::Host("timerfd", e))?;
        self.panes.show_shell(&mut self.engine, id)?;
        Ok(id)
    }
}

/// The address of a server.
struct Announced {
    /// With the token if it was generated.
    printed: Address,
    with_token: Address,
}

/// Whether somebody reads what is printed, and not the log of a service.
fn is_for_a_person() -> bool {
    std::io::stderr().is_terminal()
}

fn report_started(shell: TerminalId) {
    report(&format!("terminal {} started", shell.to_u64()));
}

/// The command that runs this program again, from any directory.
fn invoked_as() -> String {
    match std::env::args_os().next() {
        Some(path) if path.as_bytes().contains(&b'/') => quoted_path(Path::new(&path)),
        _ => "orchflow-demo".to_owned(),
    }
}

/// A path for a shell in any directory.
fn quoted_path(path: &Path) -> String {
    let absolute = std::path::absolute(path);
    quoted(absolute.as_deref().unwrap_or(path).as_os_str().as_bytes())
}

/// What the server does about an event.
enum Action {
    None,
    Ended(TerminalId, ExitStatus),
    Closed(TerminalId),
    ShutDown,
}

/// A command for a shell.
fn command(text: &OsStr) -> SpawnOptions {
    let mut script = OsString::from("exec ");
    script.push(text);
    SpawnOptions::program("/bin/sh").arg("-c").arg(script)
}

/// The server reads no output itself: clients do, and the screen.
fn shown(program: SpawnOptions, options: &ServeOptions) -> SpawnOptions {
    let screen = ScreenOptions { clipboard: options.clipboard, ..ScreenOptions::default() };
    program.reader(None).screen(screen).env_remove(TOKEN_VARIABLE)
}

/// The token from a file or from the environment.
fn given_token(options: &ServeOptions) -> Result<Option<Token>, String> {
    let Some(file) = &options.token_file else { return token::from_environment() };
    let (token, is_new) = token::from_file_or_new(file)?;
    if is_new {
        report(&format!("created a new token in {}", file.display()));
    }
    Ok(Some(token))
}

/// Adds the hosts and origins from the command line, and the page.
fn listening(listen: ListenerOptions, options: &ServeOptions) -> Result<ListenerOptions, Failure> {
    let listen = options.hosts.iter().fold(listen, |listen, host| listen.host(host));
    let listen = options.origins.iter().fold(listen, |listen, origin| listen.origin(origin));
    page::with_page(listen, &options.page).map_err(Failure::File)
}

/// Quotes a word for a shell.
fn quoted(word: &[u8]) -> String {
    let word = String::from_utf8_lossy(word);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=#,@+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize().map_err(|error| {
        let text = format!("{}: {error}", path.display());
        Failure::File(std::io::Error::new(error.kind(), text))
    })
}

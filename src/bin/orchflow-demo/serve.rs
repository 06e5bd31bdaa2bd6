//! `serve`: an engine for clients, with a session, a pane that shows a shell, and the files of a
//! directory.
//!
//! Stdout gets one line, the address, which shows the page in a browser; events are logged on stderr. Both may be
//! left unread. Under a service manager it listens on the sockets that it gets from it, and reports to it. A shell that
//! has ended stays in the state, and the engine replaces it by a new one, in the pane, too ([`RestartPolicy`]). A shell
//! that somebody closes is followed by another one at once. Nothing is started before all addresses are bound.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orchflow::{
    BreakerState, Config, Engine, Event, ExitStatus, ListenAddress, ListenerOptions, PartHealth,
    RestartEvent, RestartPolicy, Scopes, ScreenOptions, SlowTurn, SpawnOptions, TerminalEvent,
    TerminalId, TokenOptions, WatchEvent,
};

use crate::address::{Address, Place};
use crate::args::{SHELL_PROFILE, ServeOptions};
use crate::browser;
use crate::failure::Failure;
use crate::host::{Signals, Timer};
use crate::log::{Level, Log};
use crate::messages::report_plain;
use crate::nesting;
use crate::output::Output;
use crate::page;
use crate::panes::Panes;
use crate::run::describe_exit;
use crate::service::{self, Notifier};
use crate::token::{self, TOKEN_VARIABLE, Token};
use crate::watch::describe;

/// The grace period of programs after the request to end.
const GRACE: Duration = Duration::from_secs(2);

/// The number of terminals with ended programs that are kept until somebody closes them: the page shows how each
/// ended.
const ENDED_KEPT: usize = 32;

/// Serves until interrupted.
pub(crate) fn main(options: &ServeOptions) -> ExitCode {
    let log = Log::new(options.log_level, options.log);
    // First of all: what is opened later must not have their numbers.
    let sockets = service::sockets();
    let outcome = sockets.and_then(|sockets| Ok((sockets, Notifier::new()?)));
    let outcome = outcome.and_then(|(sockets, notifier)| {
        let outcome = Server::start(options, sockets, log).and_then(|(mut server, status)| {
            notifier.ready(&status);
            server.run(&notifier)
        });
        if let Err(text) = outcome.as_ref().map_err(|failure| failure.text().unwrap_or_default()) {
            notifier.failed(&text);
        }
        outcome
    });
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            failure.text().iter().for_each(|text| log.error(text));
            failure.status()
        }
    }
}

struct Server {
    engine: Engine,
    signals: Signals,
    output: Output,
    /// The program of the pane, and of terminals that clients start.
    shell: SpawnOptions,
    /// The terminal of the shell, which may have ended and wait for the next one.
    shown: Option<TerminalId>,
    panes: Panes,
    /// Terminals with ended programs, the oldest first.
    ended: VecDeque<TerminalId>,
    /// What the browser was given; it goes with the server.
    opened: Option<browser::Opened>,
    is_ending: bool,
    log: Log,
}

impl Server {
    /// Starts; also returns where it listens, for whoever supervises it.
    fn start(
        options: &ServeOptions,
        sockets: Vec<OwnedFd>,
        log: Log,
    ) -> Result<(Self, String), Failure> {
        let signals = Signals::catch().map_err(|e| Failure::Host("signalfd", e))?;
        let config = Config { log_level: options.log_level.of_engine(), ..Config::default() };
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
        let panes = Panes::new(options.name.as_deref(), log);
        let mut server = Server {
            engine,
            signals,
            output: Output::new(),
            // Which ended ones are kept is decided for all terminals together.
            shell: shell.restart(RestartPolicy::always().keep_ended(usize::MAX)),
            shown: None,
            panes,
            ended: VecDeque::new(),
            opened: None,
            is_ending: false,
            log,
        };
        let address = server.listen(options, sockets)?;
        let shell = server.open_shell()?;
        if !log.is_for_a_person() {
            server.log_started(shell);
        }
        server.announce(options, &address)?;
        Ok((server, address.status))
    }

    /// Binds all addresses; returns the first one.
    fn listen(
        &mut self,
        options: &ServeOptions,
        sockets: Vec<OwnedFd>,
    ) -> Result<Announced, Failure> {
        let (secret, is_shown) = match given_token(options, self.log).map_err(Failure::Remote)? {
            Some(token) => (Some(token.secret), false),
            None => (None, true),
        };
        let mut scopes = Scopes::OBSERVE | Scopes::TYPE | Scopes::MANAGE;
        if options.clipboard {
            scopes = scopes | Scopes::CLIPBOARD;
        }
        let token = TokenOptions { scopes, secret, ..TokenOptions::default() };
        let (_, token) = self.engine.add_token(token)?;
        let is_free = sockets.is_empty() && options.unix.is_none();
        let mut wanted: Vec<_> = sockets.into_iter().map(ListenerOptions::adopted).collect();
        if options.listen.is_some() || is_free {
            let address = options.listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
            wanted.push(ListenerOptions::tcp(address));
        }
        if let Some(path) = &options.unix {
            wanted.push(ListenerOptions::unix(std::path::absolute(path).map_err(Failure::File)?));
        }
        let mut places = Vec::new();
        for listen in wanted {
            let listener = self.engine.add_listener(&listening(listen, options)?)?;
            places.extend(place_of(self.engine.listener_address(listener)?));
        }
        self.listen_for_metrics(options)?;
        let lines: Vec<_> = places.iter().map(|place| format!("listening on {place}")).collect();
        // A person reads the first one as the address.
        let said = usize::from(self.log.is_for_a_person());
        lines.iter().skip(said).for_each(|line| self.log.info(line));
        let first = places.into_iter().next().ok_or(Failure::Remote("no address".into()))?;
        let with_token = Address::new(first.clone(), Some(token.clone()));
        let printed = Address::new(first, is_shown.then_some(token));
        Ok(Announced { printed, with_token, status: lines.join(", ") })
    }

    /// Binds the port for the figures, if there is to be one.
    fn listen_for_metrics(&mut self, options: &ServeOptions) -> Result<(), Failure> {
        let Some(address) = options.metrics else { return Ok(()) };
        let listen = ListenerOptions::tcp(address).metrics(true).clients(false);
        let listener = self.engine.add_listener(&accepting(listen, options))?;
        if let ListenAddress::Tcp(address) = self.engine.listener_address(listener)? {
            self.log.info(&format!("metrics on http://{address}/metrics"));
        }
        Ok(())
    }

    /// Prints the address, and for a person what to do next.
    fn announce(&mut self, options: &ServeOptions, address: &Announced) -> Result<(), Failure> {
        let printed = address.printed.text();
        self.output.write(&[&printed, &b"\n"[..]].concat())?;
        // The log of a service must not contain the token.
        if self.log.is_for_a_person() {
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
            self.opened = browser::open(&address, self.log);
        }
        Ok(())
    }

    fn run(&mut self, notifier: &Notifier) -> Result<ExitCode, Failure> {
        let alive = Alive::new(notifier).map_err(|e| Failure::Host("timerfd", e))?;
        loop {
            self.wait(&alive)?;
            self.output.flush()?;
            alive.notify(notifier).map_err(|e| Failure::Host("timerfd", e))?;
            while let Some(signal) =
                self.signals.next().map_err(|e| Failure::Host("signalfd", e))?
            {
                match signal {
                    libc::SIGWINCH => {}
                    _ if self.is_ending => return Ok(ExitCode::from(128 + signal as u8)),
                    _ => {
                        notifier.stopping();
                        self.end()?;
                    }
                }
            }
            self.engine.turn(Some(Duration::ZERO))?;
            while let Some(action) = self.read_event()? {
                match action {
                    Action::None => {}
                    Action::Ended(id, status) => self.on_ended(id, status)?,
                    Action::Closed(id) => self.on_closed(id)?,
                    Action::Replaced(old, new) => self.on_replaced(old, new),
                    Action::ShutDown => return Ok(ExitCode::SUCCESS),
                }
            }
            if !self.is_ending {
                self.panes.update(&mut self.engine)?;
            }
        }
    }

    fn wait(&self, alive: &Alive) -> Result<(), Failure> {
        let mut fds = vec![
            PollFd::new(self.engine.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        fds.extend(alive.timer.as_ref().map(|timer| PollFd::new(timer.as_fd(), PollFlags::POLLIN)));
        if !self.output.pending.is_empty() {
            fds.push(PollFd::new(self.output.as_fd(), PollFlags::POLLOUT));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(Failure::Host("poll", errno)),
        }
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.log.info("shutting down; repeat to exit at once");
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
            Event::Terminal { id, event: TerminalEvent::Restart(restart), .. } => match restart {
                RestartEvent::Started { terminal, .. } => Action::Replaced(id, terminal),
                restart => {
                    log_waiting(&self.log, restart);
                    Action::None
                }
            },
            Event::Watch { id, event: WatchEvent::Warning { problem, path }, .. } => {
                let text = format!("{}: {}", path.display(), describe(problem));
                self.log.write(Level::Warn, &text, &[("watch", id.to_u64().into())]);
                Action::None
            }
            Event::Watch { id, event: WatchEvent::Ready { .. }, .. } => {
                let watch = ("watch", id.to_u64().into());
                self.log.write(Level::Debug, "the files have been read", &[watch]);
                Action::None
            }
            Event::Watch { id, event: WatchEvent::Batch { batch }, .. } => {
                if self.log.has(Level::Debug) {
                    let text = format!("{} changes of files", batch.events().len());
                    self.log.write(Level::Debug, &text, &[("watch", id.to_u64().into())]);
                }
                Action::None
            }
            Event::Log { level, client, text, .. } => {
                let client = client.map(|client| ("client", client.to_u64().into()));
                self.log.write(level.into(), text, client.as_slice());
                Action::None
            }
            Event::SlowTurn(SlowTurn { longest, .. }) => {
                let ms = longest.cpu.as_millis();
                let stage = longest.stage.name();
                self.log.warn(&format!("a turn took {ms} ms, most of it in the stage {stage}"));
                Action::None
            }
            Event::Health(health) => {
                self.log_health(&health);
                Action::None
            }
            Event::ShutdownComplete => Action::ShutDown,
            _ => Action::None,
        }))
    }

    fn on_ended(&mut self, id: TerminalId, status: ExitStatus) -> Result<(), Failure> {
        let text = format!("terminal {} ended: {}", id.to_u64(), describe_exit(status));
        self.log.write(Level::Info, &text, &[("terminal", id.to_u64().into())]);
        self.ended.push_back(id);
        while self.ended.len() > ENDED_KEPT {
            if let Some(oldest) = self.ended.pop_front() {
                self.engine.close(oldest, Duration::ZERO)?;
            }
        }
        Ok(())
    }

    fn on_closed(&mut self, id: TerminalId) -> Result<(), Failure> {
        let text = format!("terminal {} closed", id.to_u64());
        self.log.write(Level::Debug, &text, &[("terminal", id.to_u64().into())]);
        self.ended.retain(|ended| *ended != id);
        if self.shown != Some(id) || self.is_ending {
            return Ok(());
        }
        match self.open_shell() {
            Ok(shell) => self.log_started(shell),
            Err(Failure::Engine(error)) => {
                self.log.error(&format!("cannot start a shell: {error}"));
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    fn on_replaced(&mut self, old: TerminalId, new: TerminalId) {
        self.log_started(new);
        self.panes.follow(old, new);
        self.shown = Some(new);
    }

    /// Starts a shell and shows it in the pane, unless a client has put something else there.
    fn open_shell(&mut self) -> Result<TerminalId, Failure> {
        let id = self.engine.spawn(&self.shell)?;
        self.shown = Some(id);
        self.panes.show_shell(&mut self.engine, id)?;
        Ok(id)
    }

    /// A part that is well again is worth a line as much as one that is not.
    fn log_health(&self, health: &PartHealth) {
        let (level, text) = match health.reason {
            Some(reason) => (Level::Warn, reason.sentence()),
            None => (Level::Info, "well again"),
        };
        let part = health.part.kind();
        let text = match health.part.id() {
            0 => format!("{part}: {text}"),
            id => format!("{part} {id}: {text}"),
        };
        self.log.write(level, &text, &[]);
    }

    fn log_started(&self, shell: TerminalId) {
        let text = format!("terminal {} started", shell.to_u64());
        self.log.write(Level::Info, &text, &[("terminal", shell.to_u64().into())]);
    }
}

/// The addresses of a server.
struct Announced {
    /// The first one, with the token if it was generated.
    printed: Address,
    with_token: Address,
    /// All of them for a supervisor, without the token.
    status: String,
}

/// The signs of life for a supervisor, if it wants them.
struct Alive {
    timer: Option<Timer>,
    interval: Duration,
}

impl Alive {
    fn new(notifier: &Notifier) -> nix::Result<Self> {
        let interval = notifier.interval.unwrap_or_default();
        let timer = notifier.interval.map(|_| Timer::new()).transpose()?;
        if let Some(timer) = &timer {
            timer.set(interval)?;
        }
        Ok(Alive { timer, interval })
    }

    /// Sends a sign if it is time.
    fn notify(&self, notifier: &Notifier) -> nix::Result<()> {
        let Some(timer) = &self.timer else { return Ok(()) };
        if timer.has_fired()? {
            notifier.alive();
            timer.set(self.interval)?;
        }
        Ok(())
    }
}

fn place_of(address: ListenAddress) -> Option<Place> {
    match address {
        ListenAddress::Tcp(address) => Some(Place::Tcp(address)),
        ListenAddress::Unix(path) => Some(Place::Unix(path)),
        _ => None,
    }
}

/// What keeps a shell from being started at once.
fn log_waiting(log: &Log, restart: RestartEvent<'_>) {
    match restart {
        RestartEvent::Waiting { error: Some(error), .. } => {
            log.error(&format!("cannot start a shell: {error}"));
        }
        RestartEvent::Waiting { start_in, breaker: BreakerState::Open, .. } => {
            let seconds = start_in.as_secs_f64().ceil();
            let text = format!("shells end at once: the next one starts in {seconds} s");
            log.write(Level::Warn, &text, &[]);
        }
        _ => {}
    }
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
    /// A new shell in place of another one.
    Replaced(TerminalId, TerminalId),
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
    let program = program.reader(None).screen(screen).env_remove(TOKEN_VARIABLE);
    service::VARIABLES.iter().fold(program, |program, variable| program.env_remove(*variable))
}

/// The token from a file or from the environment.
fn given_token(options: &ServeOptions, log: Log) -> Result<Option<Token>, String> {
    let Some(file) = &options.token_file else { return token::from_environment() };
    let (token, is_new) = token::from_file_or_new(file)?;
    if is_new {
        log.info(&format!("created a new token in {}", file.display()));
    }
    Ok(Some(token))
}

/// Adds the hosts and origins from the command line, the figures and the health of the engine, and the page.
fn listening(listen: ListenerOptions, options: &ServeOptions) -> Result<ListenerOptions, Failure> {
    let listen = accepting(listen, options).metrics(true).health(true);
    page::with_page(listen, &options.page).map_err(Failure::File)
}

/// Adds the hosts and origins from the command line.
fn accepting(listen: ListenerOptions, options: &ServeOptions) -> ListenerOptions {
    let listen = options.hosts.iter().fold(listen, |listen, host| listen.host(host));
    options.origins.iter().fold(listen, |listen, origin| listen.origin(origin))
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

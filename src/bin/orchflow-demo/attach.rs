//! `attach`: shows a terminal of a server; also lists, starts and closes its terminals.
//!
//! The outer terminal becomes raw only when the terminal was found, so that Ctrl-C works before.
//! Output is read from the engine only when the previous output has been written: a slow stdout
//! delays the server's delivery and uses no more memory. Input is dropped while the connection is
//! broken, because the screen it was meant for may have changed.
//!
//! [`target`] carries out the request of the command line once the state has arrived.

mod fitting;
mod target;

use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orchflow::{Collection, Collections, Engine, Event, ExitStatus, PeerEvent, PeerId, Scopes};

use self::fitting::Fit;
use crate::args::AttachOptions;
use crate::failure::Failure;
use crate::host::{RawMode, Signals, window_size};
use crate::link::{self, Link};
use crate::messages::report_plain;
use crate::report;
use crate::run::{describe_exit, exit_code};
use crate::typing::{How, Typed, Typing};
use crate::window::Window;
use target::{Found, Stage};

/// The maximum number of messages that are kept for the end.
const REMARKS_MAX: usize = 16;

/// Attaches, lists or closes, and returns the exit status.
pub(crate) fn main(options: &AttachOptions) -> ExitCode {
    let mut session = match Session::start(options) {
        Ok(session) => session,
        Err(failure) => return failure.report(),
    };
    let outcome = session.run();
    session.restore();
    link::close(&mut session.engine);
    let remarks = std::mem::take(&mut session.remarks);
    let is_typed = session.raw_mode.is_some();
    // The terminal is restored before anything is reported.
    drop(session);
    remarks.iter().for_each(|remark| report(remark));
    match outcome {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Detached) => {
            if is_typed {
                report_plain("[detached]");
            }
            ExitCode::SUCCESS
        }
        Ok(End::Signal(signal)) => ExitCode::from(128 + signal as u8),
        Ok(End::Status(status)) => {
            if is_typed {
                report_plain(&format!("[ended: {}]", describe_exit(status)));
            }
            exit_code(status)
        }
        Err(failure) => failure.report(),
    }
}

/// How the session ended.
#[derive(Clone, Copy)]
enum End {
    /// Listed or closed.
    Done,
    Detached,
    Signal(i32),
    Status(ExitStatus),
}

struct Session<'a> {
    options: &'a AttachOptions,
    engine: Engine,
    peer: PeerId,
    link: Link,
    signals: Signals,
    window: Window,
    /// What is in progress.
    stage: Stage,
    /// The terminal, once it was found and attached to.
    attached: Option<u64>,
    found: Option<Found>,
    /// The scopes of the token.
    scopes: Scopes,
    /// The full state has not arrived yet, so terminals cannot be identified.
    awaits_state: bool,
    /// The offset after the last byte that was shown.
    shown: u64,
    /// How the terminal fits into the window.
    fit: Fit,
    typing: Option<Typing>,
    /// Ends when the pending output is written.
    end: Option<End>,
    /// Messages that are printed once the terminal is restored.
    remarks: Vec<String>,
    /// Restores the outer terminal; dropped last.
    raw_mode: Option<RawMode>,
}

impl<'a> Session<'a> {
    fn start(options: &'a AttachOptions) -> Result<Self, Failure> {
        let collections = Collections::LAYOUT.with(Collection::Terminals);
        let token_file = options.token_file.as_deref();
        let (engine, peer) = link::connect(&options.address, token_file, collections)?;
        Ok(Session {
            options,
            engine,
            peer,
            link: Link::default(),
            signals: Signals::catch().map_err(|e| Failure::Host("signalfd", e))?,
            window: Window::new(),
            stage: Stage::Waiting,
            attached: None,
            found: None,
            scopes: Scopes::NONE,
            awaits_state: true,
            shown: 0,
            fit: Fit::default(),
            typing: None,
            end: None,
            remarks: Vec::new(),
            raw_mode: None,
        })
    }

    fn run(&mut self) -> Result<End, Failure> {
        loop {
            self.wait()?;
            self.engine.turn(Some(Duration::ZERO))?;
            while let Some(signal) =
                self.signals.next().map_err(|e| Failure::Host("signalfd", e))?
            {
                match signal {
                    libc::SIGWINCH => self.resize()?,
                    _ => return Ok(End::Signal(signal)),
                }
            }
            self.window.output.flush()?;
            self.ask_again()?;
            while self.window.output.pending.is_empty() && self.end.is_none() {
                if !self.read_event()? {
                    break;
                }
            }
            if self.end.is_none() && self.move_input()? {
                return Ok(self.ended().map_or(End::Detached, End::Status));
            }
            self.check_ended()?;
            if let Some(end) = self.end
                && self.window.output.pending.is_empty()
            {
                return Ok(end);
            }
        }
    }

    /// Waits for an event. While stdout is blocked, events stay in the engine.
    fn wait(&mut self) -> Result<(), Failure> {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        if self.window.output.pending.is_empty() {
            fds.push(PollFd::new(self.engine.as_fd(), PollFlags::POLLIN));
        } else {
            fds.push(PollFd::new(stdout.as_fd(), PollFlags::POLLOUT));
        }
        let mut waits_for_stdin = false;
        if let Some(typing) = &self.typing {
            fds.push(PollFd::new(typing.timer.as_fd(), PollFlags::POLLIN));
            waits_for_stdin = typing.input.wants_more();
        }
        fds.extend(self.timer().map(|timer| PollFd::new(timer.as_fd(), PollFlags::POLLIN)));
        if waits_for_stdin {
            fds.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(Failure::Host("poll", errno)),
        }
        let is_readable = waits_for_stdin && fds.last().and_then(PollFd::any) == Some(true);
        drop(fds);
        if let Some(typing) = &mut self.typing {
            typing.input.readable = is_readable;
        }
        Ok(())
    }

    /// Handles the next event; returns whether there was one.
    fn read_event(&mut self) -> Result<bool, Failure> {
        let Some(event) = self.engine.next_event()? else { return Ok(false) };
        let event = match event {
            Event::Peer { event, .. } => event,
            Event::Log { text, .. } => {
                remark(&mut self.remarks, text);
                return Ok(true);
            }
            _ => return Ok(true),
        };
        if self.fit.is_old(&event) {
            return Ok(true);
        }
        match event {
            PeerEvent::Connected { resumed } => self.on_connected(resumed)?,
            PeerEvent::Disconnected { reason, retry_in } => {
                let address = &self.options.address;
                self.link.on_disconnected(address, reason, retry_in.is_none())?;
                self.window.on_broken();
                let hint = self.options.detach_key.hint();
                self.window.notice(&format!("connection lost, reconnecting{hint}"))?;
            }
            PeerEvent::State { .. } => {
                self.on_state()?;
                self.look_at_size()?;
            }
            PeerEvent::Attached { .. } => self.fit.on_attached(),
            PeerEvent::Output { offset, bytes, .. } => {
                self.shown = offset + bytes.len() as u64;
                self.window.show(bytes)?;
                self.note_output()?;
            }
            PeerEvent::Gap { to, .. } => self.shown = to,
            PeerEvent::Snapshot { offset, cols, rows, bytes, more, .. } => {
                self.shown = if more { self.shown } else { offset };
                if self.fit.takes_bytes((cols, rows)) {
                    self.window.show_snapshot(bytes, more)?;
                } else {
                    self.ask_for_output()?;
                }
                self.note_output()?;
            }
            PeerEvent::Screen { update, .. } => {
                let is_shown = self.fit.show(update, &mut self.window)?;
                if !is_shown {
                    self.ask_for_output()?;
                }
                self.note_output()?;
            }
            // The server stopped sending bytes because stdout was blocked for too long.
            PeerEvent::DeliveryChanged { .. } => self.ask_for_output()?,
            PeerEvent::Exited { status, .. } => self.on_ended(status)?,
            PeerEvent::Detached { .. } => self.on_detached()?,
            PeerEvent::Reply { request, outcome } => {
                let outcome = outcome.clone();
                self.on_answer(request, &outcome)?;
            }
            PeerEvent::Problem { message, .. } => remark(&mut self.remarks, message),
            PeerEvent::Rejected { message, .. } => {
                remark(&mut self.remarks, &format!("cannot name the terminal: {message}"));
            }
            _ => {}
        }
        Ok(true)
    }

    fn on_connected(&mut self, resumed: bool) -> Result<(), Failure> {
        self.link.on_connected();
        self.scopes = self.engine.peer_state(self.peer)?.scopes;
        if !self.scopes.contains(Scopes::OBSERVE) {
            return Err(Failure::Remote("the token does not allow observing".into()));
        }
        self.awaits_state = !resumed;
        if let Some(status) = self.ended().filter(|_| resumed) {
            self.end = Some(End::Status(status));
        }
        self.wait_for_shutdown()?;
        self.window.clear_notice()
    }

    /// Shows this terminal from now on.
    fn attach(&mut self, found: Found) -> Result<(), Failure> {
        let terminal = found.terminal;
        if self.typing.is_none() {
            self.begin(terminal)?;
        }
        if let Some(typing) = &mut self.typing {
            typing.terminal = terminal;
        }
        self.attached = Some(terminal);
        self.found = Some(found);
        self.stage = Stage::Attached;
        self.shown = 0;
        self.fit = Fit::default();
        self.ask_for_output()
    }

    /// Prepares the outer terminal.
    fn begin(&mut self, terminal: u64) -> Result<(), Failure> {
        if !self.options.read_only && !self.may_type() {
            report("the token only allows observing; attached read-only");
        }
        self.raw_mode =
            RawMode::enter().map_err(|e| Failure::Host("set the terminal to raw mode", e))?;
        self.window.begin(window_size())?;
        let how = How {
            detach_key: self.options.detach_key.clone(),
            read_only: !self.may_type(),
            send_eof: self.options.send_eof,
        };
        let typing = Typing::new(terminal, self.raw_mode.is_some(), how);
        self.typing = Some(typing.map_err(|e| Failure::Host("timerfd", e))?);
        Ok(())
    }

    fn may_type(&self) -> bool {
        self.scopes.contains(Scopes::TYPE) && !self.options.read_only
    }

    /// Sends input; returns whether to detach.
    fn move_input(&mut self) -> Result<bool, Failure> {
        let is_up = self.link.is_up && !self.awaits_state && self.ended().is_none();
        let Some(typing) = &mut self.typing else { return Ok(false) };
        match typing.pass_on(&mut self.engine, self.peer, is_up)? {
            Typed::Detach => Ok(true),
            Typed::Ended => self.on_stdin_end(),
            Typed::Passed => Ok(false),
            Typed::Dropped => {
                self.window.ring()?;
                Ok(false)
            }
        }
    }

    /// Restores the outer terminal.
    fn restore(&mut self) {
        // If stdout is closed, nobody sees it.
        let _ = self.window.end();
    }
}

/// Keeps a message for the end, once.
fn remark(remarks: &mut Vec<String>, line: &str) {
    if remarks.len() < REMARKS_MAX && remarks.iter().all(|known| known != line) {
        remarks.push(line.into());
    }
}

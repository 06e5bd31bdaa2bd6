//! `attach`: a terminal of another engine in ours; also lists, starts and closes its terminals.
//!
//! Our terminal becomes raw only when the other one is found, so that Ctrl-C works before. Output is
//! pulled from the engine only when the piece before it is written: a slow stdout slows the other engine's
//! delivery down, not our memory up. What is typed while the connection is broken is dropped: the screen
//! that it was meant for is not the one that will take it.
//!
//! What was asked for on the command line is carried out in [`target`], when the state is there.

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
use crate::complain;
use crate::failure::Failure;
use crate::host::{RawMode, Signals, window_size};
use crate::link::{self, Link};
use crate::run::{describe_exit, exit_code};
use crate::say::complain_plainly;
use crate::typing::{How, Typed, Typing};
use crate::window::Window;
use target::{Found, Stage};

/// Lines that are kept for the end.
const REMARKS_MAX: usize = 16;

/// Does what is asked for, and gives the status of a program that ended as ours.
pub(crate) fn main(options: &AttachOptions) -> ExitCode {
    let mut session = match Session::start(options) {
        Ok(session) => session,
        Err(failure) => return failure.report(),
    };
    let outcome = session.run();
    session.restore();
    link::leave(&mut session.engine);
    let remarks = std::mem::take(&mut session.remarks);
    let is_typed = session.raw_mode.is_some();
    // Our terminal is itself again before anything is said.
    drop(session);
    remarks.iter().for_each(|remark| complain(remark));
    match outcome {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Detached) => {
            if is_typed {
                complain_plainly("[detached]");
            }
            ExitCode::SUCCESS
        }
        Ok(End::Signal(signal)) => ExitCode::from(128 + signal as u8),
        Ok(End::Status(status)) => {
            if is_typed {
                complain_plainly(&format!("[ended: {}]", describe_exit(status)));
            }
            exit_code(status)
        }
        Err(failure) => failure.report(),
    }
}

/// How it ended.
#[derive(Clone, Copy)]
enum End {
    /// Listed, or closed.
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
    /// What is done at the moment.
    stage: Stage,
    /// The terminal, when it was found and asked for.
    attached: Option<u64>,
    found: Option<Found>,
    /// What the token allows.
    scopes: Scopes,
    /// The whole state is on its way: until then it is not known which terminal is which.
    awaits_state: bool,
    /// The offset after the last byte that was shown.
    shown: u64,
    /// How it fits into our window.
    fit: Fit,
    typing: Option<Typing>,
    /// What is left of the output is written, then we end.
    end: Option<End>,
    /// Said at the end, when our terminal is itself again.
    remarks: Vec<String>,
    /// Restores our own terminal; dropped last.
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

    /// Waits until something can be done. While stdout is stuck the engine is not asked: its events wait.
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

    /// Reads the next event, if there is one.
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
                self.window.notice(&format!("connection lost, trying again{hint}"))?;
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
            // We stood still for so long that we are sent no bytes any more.
            PeerEvent::ModeChanged { .. } => self.ask_for_output()?,
            PeerEvent::Ended { status, .. } => self.on_ended(status)?,
            PeerEvent::Detached { .. } => self.on_detached()?,
            PeerEvent::Answer { request, outcome } => {
                let outcome = outcome.clone();
                self.on_answer(request, &outcome)?;
            }
            PeerEvent::Problem { message } => remark(&mut self.remarks, message),
            PeerEvent::Rejected { message, .. } => {
                remark(&mut self.remarks, &format!("the terminal has no name: {message}"));
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

    /// Shows a terminal in ours from now on.
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

    /// Our terminal is made ready.
    fn begin(&mut self, terminal: u64) -> Result<(), Failure> {
        if !self.options.read_only && !self.may_type() {
            complain("the token allows no typing: attached read-only");
        }
        self.raw_mode = RawMode::enter().map_err(|e| Failure::Host("make the terminal raw", e))?;
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

    /// Passes on what was typed; whether it was to detach.
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

    /// Our terminal becomes itself again.
    fn restore(&mut self) {
        // A stdout that is closed has nobody to see it.
        let _ = self.window.end();
    }
}

/// Keeps a line for the end; each once.
fn remark(remarks: &mut Vec<String>, line: &str) {
    if remarks.len() < REMARKS_MAX && remarks.iter().all(|known| known != line) {
        remarks.push(line.into());
    }
}

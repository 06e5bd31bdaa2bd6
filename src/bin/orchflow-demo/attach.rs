//! `attach`: a terminal of another engine in ours, or a list of its terminals.
//!
//! Our terminal becomes raw only when the other one is found, so that Ctrl-C works before. Output is
//! pulled from the engine only when the piece before it is written: a slow stdout slows the other engine's
//! delivery down, not our memory up. What is typed while the connection is broken is dropped: the screen
//! that it was meant for is not the one that will take it.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orchflow::{
    Collection, Collections, Engine, Event, ExitStatus, PeerEvent, PeerId, RemoteAttach, RemoteOp,
    RemoteRequest, RemoteStart,
};

use crate::args::AttachOptions;
use crate::complain;
use crate::failure::Failure;
use crate::host::{RawMode, Signals, window_size};
use crate::link::{self, Link};
use crate::run::{describe_exit, exit_code};
use crate::say::complain_plainly;
use crate::state_text;
use crate::typing::{Typed, Typing, can_wait};
use crate::window::Window;

/// Lines that are kept for the end.
const REMARKS_MAX: usize = 16;

/// Shows the terminal and gives its program's exit status as ours.
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
        Ok(End::Listed) => ExitCode::SUCCESS,
        Ok(End::Detached) => {
            complain_plainly("[detached]");
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
    Listed,
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
    /// The terminal, when it was found and asked for.
    attached: Option<u64>,
    /// The offset after the last byte that was shown.
    shown: u64,
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
        let collections = Collections::NONE.with(Collection::Terminals);
        let (engine, peer) = link::connect(&options.address, collections)?;
        Ok(Session {
            options,
            engine,
            peer,
            link: Link::default(),
            signals: Signals::catch().map_err(|e| Failure::Host("signalfd", e))?,
            window: Window::new(),
            attached: None,
            shown: 0,
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
            while self.window.output.pending.is_empty() && self.end.is_none() {
                if !self.read_event()? {
                    break;
                }
            }
            if self.move_input()? {
                return Ok(End::Detached);
            }
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

    /// Works off the next event, if there is one.
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
        match event {
            PeerEvent::Connected { .. } => {
                self.link.on_connected();
                self.window.clear_notice()?;
                // The window may have another size by now.
                self.resize()?;
            }
            PeerEvent::Disconnected { reason, retry_in } => {
                let address = &self.options.address;
                self.link.on_disconnected(address, reason, retry_in.is_none())?;
                self.window.on_broken();
                self.window.notice("connection lost, trying again (Ctrl-] detaches)")?;
            }
            PeerEvent::State { .. } if self.attached.is_none() => self.on_state()?,
            PeerEvent::Output { offset, bytes, .. } => {
                self.shown = offset + bytes.len() as u64;
                self.window.show(bytes)?;
            }
            PeerEvent::Gap { to, .. } => self.shown = to,
            PeerEvent::Snapshot { offset, bytes, more, .. } => {
                self.shown = offset;
                self.window.show_snapshot(bytes, more)?;
            }
            PeerEvent::ModeChanged { .. } => self.attach_anew()?,
            PeerEvent::Ended { status, .. } => self.end = Some(End::Status(status)),
            PeerEvent::Detached { .. } => {
                return Err(Failure::Remote("the terminal was closed".into()));
            }
            PeerEvent::Answer { request, outcome } => {
                if let Some(typing) = &mut self.typing
                    && let Some(text) = typing.on_answer(request, outcome)?
                {
                    remark(&mut self.remarks, &text);
                }
            }
            PeerEvent::Problem { message } => remark(&mut self.remarks, message),
            _ => {}
        }
        Ok(true)
    }

    /// The terminals are known: lists them, or asks for the one that is wanted.
    fn on_state(&mut self) -> Result<(), Failure> {
        let terminals = self.engine.peer_replica(self.peer)?;
        let Some(wanted) = self.options.terminal else {
            let table = state_text::table(terminals);
            self.end = Some(End::Listed);
            return self.window.output.write(&table);
        };
        let Some((facts, _)) = terminals.terminal(wanted) else {
            return Err(Failure::Remote(format!("there is no terminal {wanted}")));
        };
        // A screen is for eyes; into a pipe goes what the program wrote.
        let start = match facts.screen && io::stdout().is_terminal() {
            true => RemoteStart::Snapshot(0),
            false => RemoteStart::Oldest,
        };
        self.raw_mode = RawMode::enter().map_err(|e| Failure::Host("make the terminal raw", e))?;
        self.window.begin(window_size())?;
        let typing = Typing::new(wanted, self.raw_mode.is_some());
        self.typing = Some(typing.map_err(|e| Failure::Host("timerfd", e))?);
        self.attached = Some(wanted);
        // First the size, so that what comes has it.
        self.resize()?;
        let options = RemoteAttach { start, ..RemoteAttach::default() };
        Ok(self.engine.peer_attach(self.peer, wanted, &options)?)
    }

    /// We stood still for so long that we are sent no bytes any more: asks for them again.
    fn attach_anew(&mut self) -> Result<(), Failure> {
        let Some(terminal) = self.attached else { return Ok(()) };
        let start = match io::stdout().is_terminal() {
            true => RemoteStart::Snapshot(0),
            false => RemoteStart::Offset(self.shown),
        };
        let options = RemoteAttach { start, ..RemoteAttach::default() };
        Ok(self.engine.peer_attach(self.peer, terminal, &options)?)
    }

    fn resize(&mut self) -> Result<(), Failure> {
        let (Some(size), Some(terminal)) = (window_size(), self.attached) else { return Ok(()) };
        let request = RemoteRequest::Batch(vec![(terminal, RemoteOp::Resize(size))]);
        can_wait(self.engine.peer_request(self.peer, &request)).map(drop)
    }

    /// Passes on what was typed; whether it was to detach.
    fn move_input(&mut self) -> Result<bool, Failure> {
        let Some(typing) = &mut self.typing else { return Ok(false) };
        let typed = typing.pass_on(&mut self.engine, self.peer, self.link.is_up)?;
        if typed == Typed::Dropped {
            self.window.ring()?;
        }
        Ok(typed == Typed::Detach)
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

//! The subscription: how a terminal's output reaches the clients of the server.
//!
//! A client is not a [`Reader`](super::output::Reader) but a [`Consumer`](super::output::Consumer) like it:
//! many of them share every frame, so the server keeps them itself. What the terminal has to know is only from
//! where on bytes are still needed, so that it keeps them and stops the program when they are too many.
//!
//! The table notes which terminals were touched in a turn (output, a new size, an exit ...), so that
//! whoever follows them looks at these alone.

use std::time::Instant;

use super::child::ExitStatus;
use super::options::Delivery;
use super::output::{Cleared, Due, Output, View};
use super::screen::ScreenUpdate;
use super::size::SizePolicy;
use super::table::Terminals;
use super::viewers::no_screen;
use super::viewport::{Look, Viewport};
use super::{Subscription, Terminal};
use crate::error::Result;
use crate::id::TerminalId;
use crate::reactor::Reactor;

/// What Ctrl-C types.
const ETX: u8 = 3;

/// What a follower wants to know of a terminal's output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutputState {
    /// Offset after the newest byte.
    pub(crate) end: u64,
    /// How the program ended and the offset after its last byte, when both are known.
    pub(crate) exit: Option<(ExitStatus, u64)>,
    /// The terminal goes as soon as its subscription is released.
    pub(crate) is_leaving: bool,
    /// A screen is kept.
    pub(crate) has_screen: bool,
    /// Nothing more waits to be read right now.
    pub(crate) is_quiet: bool,
    /// A reader of the host has everything so far, or the host has the terminal closed.
    pub(crate) host_waits: bool,
    /// The PTY stands still because somebody has not got enough of the output.
    pub(crate) stands: bool,
    /// Terminals stand still because the memory of all logs is used up by what is unread.
    pub(crate) starves: bool,
    /// Unread bytes at which the PTY is no longer read.
    pub(crate) unread_max: u64,
    /// The last time that the host cleared the screen.
    pub(crate) cleared: Cleared,
}

/// What a terminal shows of itself in the application state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TerminalMetadata<'a> {
    pub(crate) title: &'a str,
    pub(crate) cwd: Option<&'a [u8]>,
    pub(crate) cols: u16,
    pub(crate) rows: u16,
    pub(crate) pid: Option<i32>,
    pub(crate) running: bool,
    pub(crate) exit: Option<ExitStatus>,
    pub(crate) closing: bool,
    pub(crate) has_screen: bool,
    pub(crate) program: &'a [u8],
    pub(crate) last_exit: Option<i32>,
    pub(crate) hidden_input: bool,
    pub(crate) size_policy: SizePolicy,
}

impl Terminals {
    /// Notes that something about a terminal may be new.
    pub(super) fn touch(&mut self, id: TerminalId) {
        if let Ok(terminal) = self.table.get_mut(id)
            && !std::mem::replace(&mut terminal.touched, true)
        {
            self.touched.push(id);
        }
    }

    /// Whether a terminal was touched since the last look.
    pub(crate) fn has_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// The terminals that were touched since the last call; some may be gone.
    pub(crate) fn take_touched(&mut self, touched: &mut Vec<TerminalId>) {
        touched.clear();
        std::mem::swap(touched, &mut self.touched);
        for id in touched.iter() {
            if let Ok(terminal) = self.table.get_mut(*id) {
                terminal.touched = false;
            }
        }
    }

    /// What the application state holds of a terminal.
    pub(crate) fn metadata(&self, id: TerminalId) -> Result<TerminalMetadata<'_>> {
        Ok(self.get(id)?.metadata())
    }

    /// How far the output of a terminal is.
    pub(crate) fn output_state(&self, id: TerminalId) -> Result<OutputState> {
        Ok(OutputState { starves: self.has_starving(), ..self.get(id)?.output_state() })
    }

    /// The output of a terminal as consumers see it.
    pub(crate) fn output(&self, id: TerminalId) -> Result<Output<'_>> {
        Ok(self.get(id)?.output())
    }

    /// Looks whether a viewer is to be shown something of a terminal.
    pub(crate) fn observe_view(
        &mut self,
        id: TerminalId,
        view: &mut View,
        now: Instant,
    ) -> Result<Due> {
        Ok(self.table.get_mut(id)?.observe_view(view, now))
    }

    /// Moves the viewport of a viewer that is no reader.
    pub(crate) fn scroll_view(
        &mut self,
        id: TerminalId,
        viewport: &mut Viewport,
        back: usize,
    ) -> Result<()> {
        viewport.scroll_to(self.table.get_mut(id)?.open_screen()?.anchor(back));
        Ok(())
    }

    /// Writes what a viewer that is no reader needs, who knows the generation `known`.
    pub(crate) fn look_through(
        &mut self,
        id: TerminalId,
        viewport: &mut Viewport,
        known: u64,
        update: &mut ScreenUpdate,
    ) -> Result<Look> {
        let Terminal { screen, hasher, .. } = self.table.get_mut(id)?;
        let screen = screen.as_deref_mut().ok_or_else(no_screen)?;
        Ok(viewport.look(screen, hasher, known, update))
    }

    /// Follows a terminal, or goes on with it: bytes from `lossless` on are kept and hold the program
    /// back when they are too many.
    pub(crate) fn subscribe_to_output(
        &mut self,
        id: TerminalId,
        lossless: Option<u64>,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.set_subscription(id, Some(Subscription { lossless }), reactor)
    }

    /// Follows a terminal no longer.
    pub(crate) fn unsubscribe_from_output(
        &mut self,
        id: TerminalId,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.set_subscription(id, None, reactor)
    }

    /// Whether these bytes are nothing but the character that interrupts the program.
    pub(crate) fn is_interrupt(&self, id: TerminalId, bytes: &[u8]) -> bool {
        let &[byte] = bytes else { return false };
        // A printable character is not worth a system call.
        byte < 0x20 && self.get(id).is_ok_and(|t| t.interrupt_char() == Some(byte))
    }

    /// Types the character that interrupts the program.
    pub(crate) fn interrupt(&mut self, id: TerminalId, reactor: &mut Reactor) -> Result<()> {
        let byte = self.get(id)?.interrupt_char().unwrap_or(ETX);
        self.write_whole(id, &[byte], reactor)
    }

    fn set_subscription(
        &mut self,
        id: TerminalId,
        subscription: Option<Subscription>,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.command(id, reactor, |t, reactor| {
            t.subscription = subscription;
            t.update_flow(reactor);
            Ok(())
        })
    }
}

impl Terminal {
    /// Whether bytes are kept for clients.
    pub(super) fn keeps_for_clients(&self) -> bool {
        self.subscription.as_ref().is_some_and(|subscription| subscription.lossless.is_some())
    }

    fn interrupt_char(&self) -> Option<u8> {
        self.pty.as_ref().and_then(|pty| pty.interrupt_char())
    }

    /// Whether the host has everything and the PTY stands still all the same, for clients.
    pub(super) fn is_blocked_by_clients(&self) -> bool {
        let waits = self.host_waits() || self.ending.closing;
        self.subscription.is_some() && self.flow.by_reader && waits
    }

    /// Whether a reader of the host has everything so far.
    fn host_waits(&self) -> bool {
        let end = self.log.end();
        self.readers.iter().any(|reader| {
            let consumer = &reader.consumer;
            let is_lossless = consumer.delivery() == Delivery::Lossless;
            is_lossless && !reader.paused && consumer.cursor() == end
        })
    }

    fn output_state(&self) -> OutputState {
        let end = self.log.end();
        OutputState {
            end,
            exit: self.known_exit(),
            is_leaving: self.ending.closing && self.pty.is_none(),
            has_screen: self.screen.is_some(),
            is_quiet: !self.queued.is_queued(),
            host_waits: self.host_waits() || self.ending.closing,
            stands: self.flow.by_reader && self.pty.is_some(),
            starves: false,
            unread_max: self.log.unread_max(),
            cleared: self.cleared,
        }
    }

    /// How it ended, once every byte of it has been read; of an adopted PTY nothing but that it has.
    pub(super) fn known_exit(&self) -> Option<(ExitStatus, u64)> {
        match &self.child {
            Some(child) => child.status().zip(self.ending.final_offset),
            None if self.ending.hung_up => Some((ExitStatus::Unknown, self.log.end())),
            None => None,
        }
    }

    fn metadata(&self) -> TerminalMetadata<'_> {
        let size = self.resizer.target();
        let reported = self.screen.as_ref().map(|screen| screen.metadata());
        let found = &self.foreground.found;
        let is_running = self.is_running();
        TerminalMetadata {
            title: self.screen.as_ref().map_or("", |screen| screen.title()),
            cwd: reported.and_then(|reported| reported.cwd()).or(found.cwd.as_deref()),
            cols: size.cols,
            rows: size.rows,
            pid: self.child.as_ref().map(|child| child.pid()),
            running: is_running,
            exit: self.known_exit().map(|(status, _)| status),
            closing: self.ending.closing,
            has_screen: self.screen.is_some(),
            program: if is_running { &found.program } else { &[] },
            last_exit: reported.and_then(|reported| reported.last_exit()),
            hidden_input: is_running && found.hides_input,
            size_policy: self.size_policy,
        }
    }
}

//! How the terminal fits into our window.
//!
//! While both have the same size its bytes pass, as the program wrote them. Otherwise they would come to stand in
//! wrong places: then its screen is asked for in their place, and a [`Viewport`] draws what fits. Which of the two
//! it is follows from the sizes that come with the output itself; the state says when they change.
//!
//! To change over is to attach anew. Until that is answered, what comes is of the attachment before.

use std::io::{self, IsTerminal};

use orchflow::{PeerEvent, RemoteAttach, RemoteMode, RemoteStart, ScreenUpdate, Size};

use super::Session;
use crate::failure::Failure;
use crate::host::window_size;
use crate::typing::can_wait;
use crate::viewport::Viewport;
use crate::window::Window;

/// What clears a window, as the beginning of a snapshot does.
const FULL_RESET: &[u8] = b"\x1bc";

#[derive(Default)]
pub(super) struct Fit {
    /// The terminal has a screen, and our stdout shows it.
    is_drawn: bool,
    /// Draws the screen while the sizes differ.
    viewport: Option<Viewport>,
    /// The window shows what the viewport has drawn.
    is_cleared: bool,
    /// We have asked to be attached.
    is_asked: bool,
    /// We have to ask again: the window has another size, or there was no room to ask.
    is_stale: bool,
}

impl Fit {
    /// Whether an event is of an earlier attachment.
    pub(super) fn is_old(&self, event: &PeerEvent<'_>) -> bool {
        let is_output = matches!(
            event,
            PeerEvent::Output { .. }
                | PeerEvent::Gap { .. }
                | PeerEvent::Snapshot { .. }
                | PeerEvent::Screen { .. }
                | PeerEvent::ModeChanged { .. }
                | PeerEvent::Ended { .. }
        );
        is_output && (self.is_asked || self.is_stale)
    }

    /// Whether bytes of a terminal of this size may be shown. If not, its screen has to be asked for.
    pub(super) fn takes_bytes(&mut self, (cols, rows): (u16, u16)) -> bool {
        let Some(window) = window_size().filter(|_| self.is_drawn) else { return true };
        if self.viewport.is_none() && !is_equal(window, (cols, rows)) {
            self.viewport = Some(Viewport::new(window));
            self.is_cleared = false;
        }
        self.viewport.is_none()
    }

    /// The screen shows something else. If it has the size of our window, its bytes have to be asked for, which
    /// is `false`.
    pub(super) fn show(
        &mut self,
        update: &ScreenUpdate,
        window: &mut Window,
    ) -> Result<bool, Failure> {
        let Some(viewport) = &mut self.viewport else { return Ok(true) };
        if window_size().is_some_and(|size| is_equal(size, (update.cols, update.height))) {
            self.viewport = None;
            return Ok(false);
        }
        viewport.apply(update);
        self.draw(window)?;
        Ok(true)
    }

    /// We are attached: what comes from now on is of this attachment.
    pub(super) fn on_attached(&mut self) {
        self.is_asked = false;
    }

    fn draw(&mut self, window: &mut Window) -> Result<(), Failure> {
        let Some(viewport) = &mut self.viewport else { return Ok(()) };
        if !std::mem::replace(&mut self.is_cleared, true) {
            // Parts of a snapshot that have not come are of no use any more.
            window.on_broken();
            window.show_snapshot(FULL_RESET, false)?;
        }
        window.show(&viewport.draw())
    }
}

impl Session<'_> {
    /// Asks to be attached, or attached anew, with the size that our window has now.
    pub(super) fn ask_for_output(&mut self) -> Result<(), Failure> {
        let Some(terminal) = self.attached else { return Ok(()) };
        // A screen is for eyes; into a pipe goes what the program wrote.
        let start = match io::stdout().is_terminal() {
            true => RemoteStart::Snapshot(0),
            false => RemoteStart::Offset(self.shown),
        };
        let mode = match &self.fit.viewport {
            Some(_) => RemoteMode::Screen,
            None => RemoteMode::Lossless,
        };
        // Who only looks asks for no size.
        let grid = window_size().filter(|_| self.may_type());
        let options = RemoteAttach { mode, start, grid, ..RemoteAttach::default() };
        let asked = can_wait(self.engine.peer_attach(self.peer, terminal, &options))?;
        self.fit.is_asked = asked.is_some();
        self.fit.is_stale = asked.is_none();
        Ok(())
    }

    /// Asks for what could not be asked for before.
    pub(super) fn ask_again(&mut self) -> Result<(), Failure> {
        let is_due = self.fit.is_stale && !self.fit.is_asked;
        if is_due { self.ask_for_output() } else { Ok(()) }
    }

    /// Our window has another size.
    pub(super) fn resize(&mut self) -> Result<(), Failure> {
        if self.awaits_state {
            return Ok(());
        }
        let (Some(size), Some(terminal)) = (window_size(), self.attached) else { return Ok(()) };
        if let Some(viewport) = &mut self.fit.viewport {
            viewport.resize(size);
            self.fit.draw(&mut self.window)?;
        } else if self.fit.is_drawn {
            // The snapshot that comes with a new attachment tells whether the terminal follows.
            self.fit.is_stale = true;
            return self.ask_again();
        }
        if !self.may_type() {
            return Ok(());
        }
        can_wait(self.engine.peer_set_grid(self.peer, terminal, size)).map(drop)
    }

    /// The state is another one: perhaps the terminal has got another size.
    pub(super) fn look_at_size(&mut self) -> Result<(), Failure> {
        let terminals = self.engine.peer_replica(self.peer)?;
        let facts = self.attached.and_then(|terminal| terminals.terminal(terminal));
        let Some((facts, _)) = facts else { return Ok(()) };
        let size = (facts.cols, facts.rows);
        self.fit.is_drawn = facts.screen && io::stdout().is_terminal();
        let is_settled = !self.fit.is_asked && self.fit.viewport.is_none();
        if is_settled && !self.fit.takes_bytes(size) { self.ask_for_output() } else { Ok(()) }
    }
}

fn is_equal(window: Size, (cols, rows): (u16, u16)) -> bool {
    (window.cols, window.rows) == (cols, rows)
}

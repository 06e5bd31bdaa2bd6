//! Fits the terminal into the window.
//!
//! If both have the same size, the program's bytes are passed on. Otherwise they would be drawn in
//! wrong places: then the screen is requested instead, and a [`Viewport`] draws the part that fits.
//! The sizes that arrive with the output decide between the two; the state only reports that the
//! size changed.
//!
//! Changing between the two means attaching again. Until that is confirmed, output belongs to the
//! previous attachment.

use std::io::{self, IsTerminal};

use orchflow::{PeerEvent, RemoteAttach, RemoteMode, RemoteStart, ScreenUpdate, Size};

use super::Session;
use crate::failure::Failure;
use crate::host::window_size;
use crate::typing::can_wait;
use crate::viewport::Viewport;
use crate::window::Window;

/// Clears the window, as the beginning of a snapshot does.
const FULL_RESET: &[u8] = b"\x1bc";

#[derive(Default)]
pub(super) struct Fit {
    /// The terminal has a screen, and stdout is a terminal.
    is_drawn: bool,
    /// Draws the screen while the sizes differ.
    viewport: Option<Viewport>,
    /// The window shows what the viewport has drawn.
    is_cleared: bool,
    /// Attaching was requested and is not confirmed yet.
    is_asked: bool,
    /// Attaching has to be requested again: the window was resized, or there was no room for the
    /// request.
    is_stale: bool,
}

impl Fit {
    /// Whether an event belongs to a previous attachment.
    pub(super) fn is_old(&self, event: &PeerEvent<'_>) -> bool {
        let is_output = matches!(
            event,
            PeerEvent::Output { .. }
                | PeerEvent::Gap { .. }
                | PeerEvent::Snapshot { .. }
                | PeerEvent::Screen { .. }
                | PeerEvent::DeliveryChanged { .. }
                | PeerEvent::Exited { .. }
        );
        is_output && (self.is_asked || self.is_stale)
    }

    /// Whether bytes of a terminal of this size can be shown. If not, its screen has to be
    /// requested.
    pub(super) fn takes_bytes(&mut self, (cols, rows): (u16, u16)) -> bool {
        let Some(window) = window_size().filter(|_| self.is_drawn) else { return true };
        if self.viewport.is_none() && !is_equal(window, (cols, rows)) {
            self.viewport = Some(Viewport::new(window));
            self.is_cleared = false;
        }
        self.viewport.is_none()
    }

    /// Draws a changed screen. Returns false if it now has the size of the window, so that bytes
    /// have to be requested.
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

    /// Attached: from now on events belong to this attachment.
    pub(super) fn on_attached(&mut self) {
        self.is_asked = false;
    }

    fn draw(&mut self, window: &mut Window) -> Result<(), Failure> {
        let Some(viewport) = &mut self.viewport else { return Ok(()) };
        if !std::mem::replace(&mut self.is_cleared, true) {
            // The missing parts of a snapshot are not needed any more.
            window.on_broken();
            window.show_snapshot(FULL_RESET, false)?;
        }
        window.show(&viewport.draw())
    }
}

impl Session<'_> {
    /// Requests to attach, or to attach again, with the current size of the window.
    pub(super) fn ask_for_output(&mut self) -> Result<(), Failure> {
        let Some(terminal) = self.attached else { return Ok(()) };
        // A pipe gets the program's bytes, not a screen.
        let start = match io::stdout().is_terminal() {
            true => RemoteStart::Snapshot(0),
            false => RemoteStart::Offset(self.shown),
        };
        let mode = match &self.fit.viewport {
            Some(_) => RemoteMode::Screen,
            None => RemoteMode::Lossless,
        };
        // A read-only attachment requests no size.
        let grid = window_size().filter(|_| self.may_type());
        let options = RemoteAttach { mode, start, grid, ..RemoteAttach::default() };
        let asked = can_wait(self.engine.peer_attach(self.peer, terminal, &options))?;
        self.fit.is_asked = asked.is_some();
        self.fit.is_stale = asked.is_none();
        Ok(())
    }

    /// Repeats a request that had no room.
    pub(super) fn ask_again(&mut self) -> Result<(), Failure> {
        let is_due = self.fit.is_stale && !self.fit.is_asked;
        if is_due { self.ask_for_output() } else { Ok(()) }
    }

    /// The window was resized.
    pub(super) fn resize(&mut self) -> Result<(), Failure> {
        if self.awaits_state {
            return Ok(());
        }
        let (Some(size), Some(terminal)) = (window_size(), self.attached) else { return Ok(()) };
        if let Some(viewport) = &mut self.fit.viewport {
            viewport.resize(size);
            self.fit.draw(&mut self.window)?;
        } else if self.fit.is_drawn {
            // The snapshot of the new attachment shows whether the terminal follows.
            self.fit.is_stale = true;
            return self.ask_again();
        }
        if !self.may_type() {
            return Ok(());
        }
        can_wait(self.engine.peer_set_grid(self.peer, terminal, size)).map(drop)
    }

    /// The state changed, perhaps the size of the terminal.
    pub(super) fn look_at_size(&mut self) -> Result<(), Failure> {
        let terminals = self.engine.peer_replica(self.peer)?;
        let metadata = self.attached.and_then(|terminal| terminals.terminal(terminal));
        let Some((metadata, _)) = metadata else { return Ok(()) };
        let size = (metadata.cols, metadata.rows);
        self.fit.is_drawn = metadata.screen && io::stdout().is_terminal();
        let is_settled = !self.fit.is_asked && self.fit.viewport.is_none();
        if is_settled && !self.fit.takes_bytes(size) { self.ask_for_output() } else { Ok(()) }
    }
}

fn is_equal(window: Size, (cols, rows): (u16, u16)) -> bool {
    (window.cols, window.rows) == (cols, rows)
}

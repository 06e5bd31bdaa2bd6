//! Viewers of terminals: the grids that clients report, and the sizes that follow from them.
//!
//! The viewers of a terminal are its attachments; [`sizes`](super::sizes) chooses. What a client asks for has its
//! effect at once, so that what it types next meets the new size. When clients leave, or stall, the end of the turn
//! sees to it (`pump.rs`).

use std::time::{Duration, Instant};

use super::protocol::Attach;
use super::server::Server;
use super::sizes::{Grid, choose};
use crate::error::{Error, Result};
use crate::reactor::{ClientId, Reactor, TerminalId};
use crate::terminal::{SizePolicy, Terminals};

/// What is sent to a new viewer waits for the size that it asked for, if the change is held back, but no longer
/// than this.
const SIZE_WAIT_MAX: Duration = Duration::from_millis(100);

impl Server {
    /// The grid in an `attach`, if the terminal could have this size.
    pub(super) fn grid_of(
        attach: &Attach,
        terminal: TerminalId,
        terminals: &Terminals,
    ) -> Result<Option<Grid>> {
        let Attach { cols, rows, .. } = *attach;
        if (cols, rows) == (0, 0) {
            return Ok(None);
        }
        let grid = Grid { cols, rows };
        match check_grid(grid, terminal, terminals) {
            Ok(()) => Ok(Some(grid)),
            Err(error) => {
                let text = format!("terminal {}: {}", attach.terminal, error.message());
                Err(Error::new(error.kind(), text))
            }
        }
    }

    /// Whether a client is attached to a terminal.
    pub(crate) fn is_attached(&self, id: ClientId, terminal: TerminalId) -> bool {
        self.clients.get(id).is_ok_and(|client| client.attachment_of(terminal).is_some())
    }

    /// A client reports the grid of its window for a terminal that it is attached to.
    pub(crate) fn report_grid(
        &mut self,
        id: ClientId,
        terminal: TerminalId,
        (cols, rows): (u16, u16),
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let grid = Grid { cols, rows };
        check_grid(grid, terminal, terminals)?;
        let time = self.next_activity();
        if let Some(attachment) = self.clients.get_mut(id)?.attachment(terminal) {
            attachment.viewer.report(grid, time);
        }
        self.settle_size(terminal, terminals, reactor)
    }

    /// A client types into a terminal, which gets the size of its window by the policy `Latest`.
    pub(crate) fn note_typing(
        &mut self,
        id: ClientId,
        terminal: TerminalId,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) {
        let time = self.next_activity();
        let Ok(client) = self.clients.get_mut(id) else { return };
        let Some(attachment) = client.attachment(terminal) else { return };
        let is_news = attachment.viewer.wake();
        attachment.viewer.note_typing(time);
        let decides = terminals.size_policy(terminal).is_ok_and(|p| p == SizePolicy::Latest)
            && terminals.size(terminal).is_ok_and(|size| attachment.viewer.may_resize(size));
        if is_news || decides {
            self.settle_size_if_open(terminal, terminals, reactor);
        }
    }

    /// Gives a terminal the size that its viewers ask for by its policy, if it has another one.
    pub(crate) fn settle_size(
        &mut self,
        terminal: TerminalId,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let (policy, size) = (terminals.size_policy(terminal)?, terminals.size(terminal)?);
        let ids = self.pump.clients_of(terminal).iter();
        let clients = ids.filter_map(|id| self.clients.get(*id).ok());
        let counting = clients.filter(|client| client.may_type());
        let viewers = counting.filter_map(|client| client.attachment_of(terminal));
        match choose(policy, size, viewers.map(|attachment| attachment.viewer)) {
            Some(size) => terminals.resize(terminal, size, reactor),
            None => Ok(()),
        }
    }

    /// As [`settle_size`](Self::settle_size), of a terminal that may have ended: then its size matters no more.
    pub(crate) fn settle_size_if_open(
        &mut self,
        terminal: TerminalId,
        terminals: &mut Terminals,
        reactor: &mut Reactor,
    ) {
        // A size that is too large was refused when it was reported, so there is no other reason to fail.
        let _ = self.settle_size(terminal, terminals, reactor);
    }

    /// Counts up.
    pub(super) fn next_activity(&mut self) -> u64 {
        self.activity += 1;
        self.activity
    }
}

/// Whether a terminal can have the size that this grid makes of it.
fn check_grid(grid: Grid, terminal: TerminalId, terminals: &Terminals) -> Result<()> {
    if grid.cols == 0 || grid.rows == 0 {
        return Err(Error::invalid("a window has at least one column and one row"));
    }
    terminals.check_size(terminal, grid.largest())
}

/// Until when nothing is sent of a terminal to a client that has just reported a grid: its size is about to change.
pub(super) fn begins_at(
    terminal: TerminalId,
    terminals: &Terminals,
    now: Instant,
) -> Option<Instant> {
    let resized_at = terminals.resized_at(terminal)?;
    Some(resized_at.min(now + SIZE_WAIT_MAX))
}

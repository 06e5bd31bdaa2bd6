//! The sizes of terminals, from the grids that their viewers report.
//!
//! The viewers of a terminal are its attachments; [`size`](crate::sync::server::size) chooses. What a client asks for
//! has its effect at once, so that what it types next meets the new size. When clients leave, or stall, the end of
//! the turn sees to it.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::id::{ClientId, TerminalId};
use crate::reactor::Reactor;
use crate::sync::access::Action;
use crate::sync::protocol::Attach;
use crate::sync::server::clients::Clients;
use crate::sync::server::size::{Grid, choose};
use crate::terminal::Terminals;

/// What is sent to a new viewer waits for the size that it asked for, if the change is held back, but no longer
/// than this.
const SIZE_WAIT_MAX: Duration = Duration::from_millis(100);

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

/// Whether a terminal can have the size that this grid makes of it.
pub(super) fn check_grid(grid: Grid, terminal: TerminalId, terminals: &Terminals) -> Result<()> {
    if grid.cols == 0 || grid.rows == 0 {
        return Err(Error::invalid("a window has at least one column and one row"));
    }
    terminals.check_size(terminal, grid.largest())
}

/// Gives a terminal the size that its viewers ask for by its policy, if it has another one. `followers` are the
/// clients that are attached to it.
pub(super) fn resize(
    terminal: TerminalId,
    followers: &[ClientId],
    clients: &Clients,
    terminals: &mut Terminals,
    reactor: &mut Reactor,
) -> Result<()> {
    let (policy, size) = (terminals.size_policy(terminal)?, terminals.size(terminal)?);
    let followers = followers.iter().filter_map(|id| clients.get(*id).ok());
    let counting = followers.filter(|client| client.scopes().allow(Action::ChooseSize));
    let viewers = counting.filter_map(|client| client.attachment_of(terminal));
    match choose(policy, size, viewers.map(|attachment| attachment.viewer)) {
        Some(size) => terminals.resize(terminal, size, reactor),
        None => Ok(()),
    }
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

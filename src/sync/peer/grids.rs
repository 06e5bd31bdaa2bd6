//! The grids of our windows, which the other engine makes sizes of terminals from. Pure.
//!
//! A grid is reported when attaching, and later by a batch with a number that is no request of the host's. The
//! attachment keeps it, so that it is reported again when the connection is made anew.

use super::request::{RemoteOp, RemoteRequest};
use super::session::{Session, not_attached};
use crate::error::Result;
use crate::sync::protocol::{ClientMessage, Op, Outcome, TerminalOp};
use crate::terminal::Size;

/// The number of the requests that report grids: the host's own begin at 1.
pub(super) const GRID_NUMBER: u64 = 0;

impl Session {
    /// Reports the grid of our window for a terminal that we are attached to, now and on every connection that
    /// follows.
    pub(super) fn set_grid(
        &mut self,
        terminal: u64,
        grid: Size,
        out: &mut Vec<ClientMessage>,
    ) -> Result<()> {
        let follow = self.follow(terminal).ok_or_else(|| not_attached(terminal))?;
        follow.set_grid(grid);
        if self.is_open {
            let op = Op::Resize { cols: grid.cols, rows: grid.rows };
            let ops = vec![TerminalOp { terminal, op }];
            out.push(ClientMessage::Batch { id: GRID_NUMBER, ops });
        }
        Ok(())
    }

    /// A request says what grid our windows have: so will the attachments of the next connection.
    pub(super) fn note_grids(&mut self, request: &RemoteRequest) {
        let RemoteRequest::Batch(ops) = request else { return };
        for (terminal, op) in ops {
            if let (RemoteOp::Resize(grid), Some(follow)) = (op, self.follow(*terminal)) {
                follow.set_grid(*grid);
            }
        }
    }

    /// A grid that was refused is a problem without a number of the host's.
    pub(super) fn on_grid_answer(&mut self, outcome: Outcome) {
        let failures = match outcome {
            Outcome::Failed(failure) => vec![Some(failure)],
            Outcome::Statuses(statuses) => statuses,
            _ => Vec::new(),
        };
        for failure in failures.into_iter().flatten() {
            self.complain(failure.code, failure.message);
        }
    }
}

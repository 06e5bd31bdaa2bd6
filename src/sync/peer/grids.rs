//! The grids of our windows, which the other engine makes sizes of terminals from. Pure.
//!
//! A grid is reported when attaching, and later by a batch with a number that no request of the host has. The
//! attachment keeps it, so that it is reported again when the connection is made anew.

use super::request::{RemoteOp, RemoteRequest};
use crate::sync::protocol::{ClientMessage, Failure, Op, Outcome, TerminalOp};
use crate::terminal::Size;

/// The number of the requests that report grids: the host's own begin at 1.
pub(super) const GRID_NUMBER: u64 = 0;

/// Reports the grid of our window for a terminal.
pub(super) fn report(terminal: u64, grid: Size) -> ClientMessage {
    let op = Op::Resize { cols: grid.cols, rows: grid.rows };
    ClientMessage::Batch { id: GRID_NUMBER, ops: vec![TerminalOp { terminal, op }] }
}

/// The terminals and grids that a request of the host reports.
pub(super) fn reported(request: &RemoteRequest) -> impl Iterator<Item = (u64, Size)> + '_ {
    let ops = if let RemoteRequest::Batch(ops) = request { &ops[..] } else { &[] };
    ops.iter().filter_map(|(terminal, op)| match op {
        RemoteOp::Resize(grid) => Some((*terminal, *grid)),
        _ => None,
    })
}

/// The grids that the other engine refused.
pub(super) fn failures(outcome: Outcome) -> Vec<Failure> {
    match outcome {
        Outcome::Failed(failure) => vec![failure],
        Outcome::Statuses(statuses) => statuses.into_iter().flatten().collect(),
        _ => Vec::new(),
    }
}

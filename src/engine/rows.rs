//! Rows of screens and scrollbacks that clients ask for.
//!
//! A reply is one unit of work: as many rows as that allows. Only after a change of the width the scrollback is counted
//! first, over as many units as that takes; the client pays for them, as for its reply. Until it has that it is not read,
//! so it has at most one request here, and what it sent after it comes after it.

use super::Engine;
use super::client_work::{RowsJob, RowsJobs};
use crate::error::Result;
use crate::id::{ClientId, TerminalId};
use crate::policy::{Slice, UNIT_COST_MAX};
use crate::sync::protocol::{Outcome, RowsRequest};
use crate::sync::{convert, row_bytes, rows_reply};
use crate::terminal::{Row, RowsAround};

/// Rows of a reply, and what they may take in JSON. One row comes in any case.
const ROWS_MAX: usize = 1_000;
const BYTES_MAX: usize = 192 << 10;

/// Costs, estimated for a release build: a reply, and a byte of it that is made, encoded and compressed.
const REPLY_COST: u64 = 2_000;
const BYTE_COST: u64 = 3;

const _: () = assert!(
    REPLY_COST + RowsAround::COST_MAX + BYTES_MAX as u64 * BYTE_COST <= UNIT_COST_MAX,
    "a reply is one unit"
);

impl Engine {
    /// A client wants rows. It is not read before it has them.
    pub(super) fn begin_rows(&mut self, client: ClientId, request: RowsRequest) {
        self.server.pause_reading(client);
        self.rows.jobs.push_back(RowsJob { client, request });
    }

    /// Goes on with requests for rows, in turns.
    pub(super) fn work_on_rows(&mut self, slice: &mut Slice) {
        while let Some(job) = self.rows.jobs.pop_front() {
            self.advance_rows(job, slice);
            if self.rows.jobs.is_empty() {
                // Nobody waits, so there is nobody for whom to keep memory.
                self.rows = RowsJobs::default();
            }
            if slice.is_over() {
                return;
            }
        }
    }

    fn advance_rows(&mut self, job: RowsJob, slice: &mut Slice) {
        let (client, id) = (job.client, job.request.id);
        if !self.server.is_authenticated(client) {
            return slice.charge(REPLY_COST);
        }
        let terminal = TerminalId::from_u64(job.request.terminal);
        let cost = match self.terminals.count_history(terminal) {
            Ok(cost @ 1..) => {
                // The reply is a unit of its own.
                self.rows.jobs.push_back(job);
                cost
            }
            _ => {
                let mut cost = REPLY_COST;
                let outcome = self.read_rows(terminal, &job.request, &mut cost);
                self.result(client, id, outcome);
                self.server.resume_reading(client);
                cost
            }
        };
        slice.charge(cost);
        self.server.charge(client, cost, self.reactor.now());
    }

    fn read_rows(
        &mut self,
        terminal: TerminalId,
        request: &RowsRequest,
        cost: &mut u64,
    ) -> Result<Outcome> {
        let mut bytes = 0;
        let fits = |row: Row<'_>| {
            bytes += row_bytes(row);
            bytes <= BYTES_MAX
        };
        let wanted = RowsAround {
            from: request.from.map(convert::place),
            above: request.above as usize,
            max: request.max as usize,
            rows_max: ROWS_MAX,
        };
        let kept = self.terminals.rows_around(terminal, &wanted, &mut self.rows.rows, fits)?;
        *cost += kept.cost + bytes as u64 * BYTE_COST;
        Ok(Outcome::Rows(rows_reply(&self.rows.rows, &kept)))
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use crate::engine::Config;

    /// The slice that the last request ends keeps no memory either.
    #[test]
    fn memory_goes_with_the_last_request() {
        let mut engine = Engine::new(Config::default()).unwrap();
        let request = RowsRequest { id: 1, terminal: 1, from: None, above: 0, max: 1 };
        for _ in 0..2 {
            let job = RowsJob { client: ClientId::from_u64(1), request: request.clone() };
            engine.rows.jobs.push_back(job);
        }
        engine.rows.rows.text.reserve(1000);
        let one = || Slice::without_end().of_units(1);
        engine.work_on_rows(&mut one());
        assert!(engine.rows.rows.text.capacity() >= 1000, "another one waits");
        engine.work_on_rows(&mut one());
        assert_eq!((engine.rows.jobs.len(), engine.rows.rows.text.capacity()), (0, 0));
    }
}

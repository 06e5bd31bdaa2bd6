//! Batches of clients: operations on terminals that are carried out over several turns.
//!
//! A batch is one unit of work an operation. While one is under way its client is not read, so what the
//! client sent after it is done after it. A client that is gone takes its batch with it: the operations that
//! were not begun are not done.

use std::collections::BTreeSet;

use super::Engine;
use super::client_work::Batch;
use super::requests::failure;
use crate::error::{Error, ErrorKind};
use crate::id::{ClientId, TerminalId};
use crate::policy::Slice;
use crate::sync::protocol::{Op as WireOp, Outcome, TerminalOp};

/// Operations in one batch; a larger one is refused. The statuses of as many failures have to fit into the
/// queue of the client.
pub(super) const BATCH_OPS_MAX: usize = 16 << 10;
/// Failures of one batch that say in words what went wrong; those after them have only their code.
const EXPLAINED_MAX: usize = 1024;
/// What an operation costs, and each KiB of its input.
const OP_COST: u64 = 4_000;
const KIB_COST: u64 = 1_000;

impl Engine {
    /// Begins a batch. Its client is not read before it is done.
    pub(super) fn begin_batch(&mut self, client: ClientId, id: u64, ops: Vec<TerminalOp>) {
        if ops.len() > BATCH_OPS_MAX {
            let text = format!("a batch has at most {BATCH_OPS_MAX} operations");
            return self.result(client, id, Err(Error::limit(text)));
        }
        let bytes = ops.iter().map(|op| size_of::<TerminalOp>() + input_bytes(&op.op)).sum();
        if let Err(error) = self.admit(bytes) {
            return self.result(client, id, Err(error));
        }
        self.server.pause_reading(client);
        self.batches.push(Batch {
            client,
            bytes,
            id,
            statuses: Vec::with_capacity(ops.len()),
            ops: ops.into_iter(),
            failed: BTreeSet::new(),
            failures: 0,
        });
    }

    /// Goes on with batches, in turns.
    pub(super) fn work_on_batches(&mut self, slice: &mut Slice) {
        while let Some(mut batch) = self.batches.pop() {
            if !self.server.is_authenticated(batch.client) {
                continue;
            }
            let is_done = self.advance_batch(&mut batch, slice);
            if is_done {
                let Batch { client, id, statuses, .. } = batch;
                self.result(client, id, Ok(Outcome::Statuses(statuses)));
                self.server.resume_reading(client);
            } else {
                self.batches.push(batch);
            }
            if slice.is_over() {
                return;
            }
        }
    }

    /// Carries out operations until the slice is over. Whether all are done.
    fn advance_batch(&mut self, batch: &mut Batch, slice: &mut Slice) -> bool {
        for TerminalOp { terminal, op } in batch.ops.by_ref() {
            let cost = OP_COST + (input_bytes(&op) >> 10) as u64 * KIB_COST;
            let status = if batch.failed.contains(&terminal) {
                let why = "an earlier operation for this terminal failed";
                Err(Error::new(ErrorKind::Skipped, why))
            } else {
                self.operate_for(batch.client, TerminalId::from_u64(terminal), op)
            };
            let status = status.err().map(|error| failure(&error));
            if let Some(mut failure) = status {
                batch.failed.insert(terminal);
                batch.failures += 1;
                if batch.failures > EXPLAINED_MAX {
                    failure.message = String::new();
                }
                batch.statuses.push(Some(failure));
            } else {
                batch.statuses.push(None);
            }
            slice.charge(cost);
            self.server.charge(batch.client, cost, self.reactor.now());
            if slice.is_over() {
                break;
            }
        }
        batch.ops.as_slice().is_empty()
    }
}

fn input_bytes(op: &WireOp) -> usize {
    match op {
        WireOp::Input(bytes) | WireOp::Paste(bytes) => bytes.0.len(),
        _ => 0,
    }
}

//! Everything that one event lends.

use super::event_payload::Payload;
use super::event_peer::ReplyLoan;
use super::lent::Lent;
use super::state_loan::StateLoan;
use super::update::ShownLoan;
use super::watch_batch::BatchLoan;

/// What the last event has lent.
#[derive(Default)]
pub(super) struct EventLoan {
    pub(super) payload: Payload,
    pub(super) bytes: Lent,
    pub(super) update: ShownLoan,
    pub(super) batch: BatchLoan,
    pub(super) review: StateLoan,
    pub(super) reply: ReplyLoan,
}

impl EventLoan {
    /// Ends the loan.
    pub(super) fn end(&mut self) {
        self.payload.end();
        self.bytes.end();
        self.update.end();
        self.batch.end();
        self.review.end();
        self.reply.end();
    }
}

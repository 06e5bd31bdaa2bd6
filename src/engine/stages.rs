//! The stages that share the time of a turn.

use crate::observe::Stage;
use crate::policy::Shares;

/// Each with its weight.
pub(super) const SHARING: [(Stage, u64); 6] = [
    (Stage::Clients, 4),
    (Stage::Jobs, 2),
    (Stage::Peers, 3),
    (Stage::Reads, 6),
    (Stage::Watches, 3),
    (Stage::State, 2),
];
pub(super) const SHARERS: usize = SHARING.len();

/// Who has the next share of a turn.
pub(super) fn shares() -> Shares<SHARERS> {
    Shares::new(SHARING.map(|(_, weight)| weight))
}

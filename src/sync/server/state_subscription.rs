//! What a client has of the state, and what it lacks.

use super::pacer::Pacer;
use crate::state::{ApplicationState, Collections, StateCursor};
use crate::sync::protocol::Applied;

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct StateSubscription {
    pub(crate) collections: Collections,
    pub(crate) cursor: StateCursor,
    pub(crate) pacer: Pacer,
    /// It has been sent a part of a diff that is not the last.
    pub(crate) is_between: bool,
    /// Change sets of its own whose effect it has not been sent.
    pub(crate) applied: Vec<Applied>,
    /// Diffs since the last one with a hash.
    pub(crate) unhashed: u32,
}

impl StateSubscription {
    /// The client wants these collections, all of them anew: it may have thrown away what it had.
    pub(crate) fn restart(&mut self) {
        self.cursor = StateCursor::default();
        self.is_between = true;
    }

    /// Whether the client lacks something.
    pub(crate) fn is_behind(&self, state: &ApplicationState) -> bool {
        let wants = !self.collections.is_empty() || !self.applied.is_empty();
        wants
            && (self.is_between
                || !self.applied.is_empty()
                || state.has_changes(&self.cursor, self.collections))
    }
}

//! Commits: a change set is taken whole or not at all.

use super::change_set::{ChangeSet, Refusal};
use super::draft::Draft;
use super::store::ApplicationState;
use super::version::StateVersion;

impl ApplicationState {
    /// Takes a change set: all of it, as one version, or nothing. A set that changes nothing makes no
    /// version; the current one is returned. Pending metadata is committed before, as a version of their own,
    /// whatever becomes of the set.
    pub fn commit(&mut self, set: &ChangeSet) -> Result<StateVersion, Refusal> {
        self.commit_metadata();
        let plan = Draft::plan(self, set)?;
        Ok(self.apply(plan))
    }

    /// Whether [`commit`](Self::commit) would take a change set now, without effect.
    pub fn validate(&self, set: &ChangeSet) -> Result<(), Refusal> {
        Draft::plan(self, set).map(drop)
    }
}

//! What a subsystem notes of its parts: facts for their health, and events for the flight recorder. Each subsystem has
//! one list, which the engine empties before a call returns.

use super::flight::Recorded;
use super::health::{HealthPart, HealthReason, Reasons};

/// Something noted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Note {
    /// These facts, and no others, hold for a part now.
    Reasons(HealthPart, Reasons),
    /// Something happened to a part that counts for a while.
    Happened(HealthPart, HealthReason),
    /// A part is no more.
    Gone(HealthPart),
    /// Something for the flight recorder.
    Record(Recorded),
}

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Notes {
    list: Vec<Note>,
}

impl Notes {
    pub(crate) fn facts(&mut self, part: HealthPart, facts: Reasons) {
        self.list.push(Note::Reasons(part, facts));
    }

    pub(crate) fn happened(&mut self, part: HealthPart, reason: HealthReason) {
        self.list.push(Note::Happened(part, reason));
    }

    pub(crate) fn gone(&mut self, part: HealthPart) {
        self.list.push(Note::Gone(part));
    }

    pub(crate) fn record(&mut self, recorded: Recorded) {
        self.list.push(Note::Record(recorded));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes everything out and keeps the memory: give it back with [`reuse`](Self::reuse).
    pub(crate) fn take(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.list)
    }

    pub(crate) fn reuse(&mut self, mut list: Vec<Note>) {
        list.clear();
        if self.list.is_empty() {
            self.list = list;
        }
    }
}

//! What an engine knows of its health: the table of its parts, the flight recorder, and when it is looked again. Pure.

use std::time::Instant;

use crate::observe::{FlightRecorder, HealthTable, Note, Recorded};
use crate::reactor::TimerId;

/// The kind of the timer.
pub(super) const HEALTH: u8 = 15;

/// What an engine knows of its health.
pub(super) struct HealthRecord {
    pub(super) table: HealthTable,
    pub(super) flight: FlightRecorder,
    pub(super) timer: Option<(Instant, TimerId)>,
    /// When it is looked whether terminals can be made.
    pub(super) probe_at: Option<Instant>,
    /// A part has changed since clients were notified.
    pub(super) has_changed: bool,
}

impl HealthRecord {
    pub(super) fn new(recorder_events: usize) -> Self {
        HealthRecord {
            table: HealthTable::default(),
            flight: FlightRecorder::new(recorder_events),
            timer: None,
            probe_at: None,
            has_changed: false,
        }
    }

    /// Whether an event is unread.
    pub(super) fn has_event(&self) -> bool {
        self.table.has_unreported()
    }

    /// Takes in what a part has noted.
    pub(super) fn apply(&mut self, note: Note, now: Instant) {
        let part = match note {
            Note::Record(recorded) => return self.flight.record(recorded, now),
            Note::Reasons(part, _) | Note::Happened(part, _) | Note::Gone(part) => part,
        };
        let before = self.table.of(part);
        match note {
            Note::Reasons(part, facts) => self.table.observe(part, facts, now),
            Note::Happened(part, reason) => self.table.happened(part, reason, now),
            Note::Gone(part) => self.table.forget(part),
            Note::Record(_) => {}
        }
        let health = self.table.of(part);
        if health.reason != before.reason {
            self.has_changed = true;
            self.flight.record(Recorded::Health { health }, now);
        }
    }

    /// Time has passed.
    pub(super) fn expire(&mut self, now: Instant) {
        for health in self.table.expire(now) {
            self.has_changed = true;
            self.flight.record(Recorded::Health { health }, now);
        }
    }
}

//! What is counted and measured of connections. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::observe::{Distribution, Gaps, KindCounts, Percentiles, Sizes, Times, Traffic, nanos};

/// Versions of the state of which it is remembered when they were noticed.
const VERSIONS_MAX: usize = 32;

/// Of one client.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) received_messages: u64,
    pub(super) gaps: Gaps,
    /// What is in the totals already.
    counted: Traffic,
    diffs: Option<Box<DiffFigures>>,
}

/// Made with the first diff.
#[derive(Default)]
pub(super) struct DiffFigures {
    round_trip: Times,
    age: Times,
    bytes: Sizes,
}

/// Of all connections.
pub(super) struct Totals {
    /// Whether times and sizes are recorded.
    pub(super) is_on: bool,
    pub(super) accepted: u64,
    /// Requests that were refused, by status; connections that were closed, by code; errors, by code.
    pub(super) refused: KindCounts,
    pub(super) closed: KindCounts,
    pub(super) errors: KindCounts,
    pub(super) traffic: Traffic,
    /// Of those that are gone.
    pub(super) gaps: Gaps,
    /// Versions of the state, and when they were noticed.
    versions: VecDeque<(u64, Instant)>,
    pub(super) round_trip: Percentiles,
    pub(super) diff_age: Percentiles,
    pub(super) diff_bytes: Percentiles,
}

impl Totals {
    pub(super) fn new() -> Self {
        Totals {
            is_on: true,
            accepted: 0,
            refused: KindCounts::default(),
            closed: KindCounts::default(),
            errors: KindCounts::default(),
            traffic: Traffic::default(),
            gaps: Gaps::default(),
            versions: VecDeque::new(),
            round_trip: Percentiles::of_times(),
            diff_age: Percentiles::of_times(),
            diff_bytes: Percentiles::of_sizes(),
        }
    }

    /// What went over a connection so far, a part of which may be counted already.
    pub(super) fn count(&mut self, figures: &mut Figures, traffic: Traffic) {
        self.traffic.add_since(&mut figures.counted, traffic);
    }

    /// The state has this version now.
    pub(super) fn on_version(&mut self, version: u64, now: Instant) {
        if !self.is_on {
            return self.versions.clear();
        }
        if self.versions.len() == VERSIONS_MAX {
            self.versions.pop_front();
        }
        self.versions.push_back((version, now));
    }

    /// A part of a diff is queued. `from`: the version that the client has, if this is the last part; `None` also if it
    /// gets everything anew.
    pub(super) fn on_diff(
        &mut self,
        figures: &mut Figures,
        from: Option<u64>,
        bytes: usize,
        now: Instant,
    ) {
        if !self.is_on {
            return;
        }
        let diffs = figures.diffs.get_or_insert_default();
        self.diff_bytes.record(bytes as u64);
        diffs.bytes.record(bytes as u64);
        let oldest =
            from.and_then(|from| self.versions.iter().find(|(version, _)| *version > from));
        if let Some((_, at)) = oldest {
            let age = nanos(now.saturating_duration_since(*at));
            self.diff_age.record(age);
            diffs.age.record(age);
        }
    }

    /// A client has acknowledged a diff so long after it was queued.
    pub(super) fn on_acknowledged(&mut self, figures: &mut Figures, after: Duration) {
        if self.is_on {
            self.round_trip.record(nanos(after));
            figures.diffs.get_or_insert_default().round_trip.record(nanos(after));
        }
    }
}

impl Figures {
    /// Round trip, age and size of diffs.
    pub(super) fn diffs(&self) -> [Distribution; 3] {
        let Some(diffs) = &self.diffs else { return [Distribution::default(); 3] };
        [diffs.round_trip.distribution(), diffs.age.distribution(), diffs.bytes.distribution()]
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_is_as_old_as_its_oldest_change() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let (mut totals, mut figures) = (Totals::new(), Figures::default());
        for (version, ms) in [(4, 10), (5, 20), (9, 30)] {
            totals.on_version(version, at(ms));
        }
        for (from, age) in [
            (Some(3), Some(90)),
            (Some(4), Some(80)),
            (Some(6), Some(70)),
            (Some(9), None),
            (None, None),
        ] {
            let before = totals.diff_age.distribution();
            totals.on_diff(&mut figures, from, 100, at(100));
            let after = totals.diff_age.distribution();
            let found = (after.count > before.count).then(|| (after.sum - before.sum) / 1_000_000);
            assert_eq!(found, age, "{from:?}");
        }
        let [_, age, bytes] = figures.diffs();
        assert_eq!((age.count, bytes.count, bytes.sum), (3, 5, 500));
        for version in 10..100 {
            totals.on_version(version, at(200));
        }
        assert_eq!(totals.versions.len(), VERSIONS_MAX);
        totals.is_on = false;
        totals.on_version(100, at(200));
        totals.on_diff(&mut figures, Some(0), 100, at(300));
        assert!(totals.versions.is_empty() && figures.diffs()[2].count == 5);
    }

    #[test]
    fn traffic_is_counted_once() {
        let (mut totals, mut figures) = (Totals::new(), Figures::default());
        for bytes in [10, 10, 25] {
            let traffic =
                Traffic { received_bytes: bytes, sent_messages: bytes / 5, ..Traffic::default() };
            totals.count(&mut figures, traffic);
            assert_eq!(totals.traffic, traffic);
        }
    }
}

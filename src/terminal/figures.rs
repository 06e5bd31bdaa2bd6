//! What is measured of terminals beside what their logs and input queues count anyway. Pure.

use crate::observe::{Distribution, Gaps, Percentiles, Times};
use crate::tick::Tick;

/// Of one terminal.
#[derive(Default)]
pub(super) struct Figures {
    /// Since when input waits for output.
    awaits_output: Option<Tick>,
    response: Option<Box<Times>>,
    pub(super) reader_gaps: Gaps,
}

/// Of all terminals.
pub(super) struct Totals {
    /// Whether times are recorded.
    pub(super) is_on: bool,
    pub(super) started: u64,
    /// Of those that are gone.
    pub(super) output_bytes: u64,
    pub(super) input_bytes: u64,
    pub(super) reader_gaps: Gaps,
    response: Percentiles,
}

impl Totals {
    pub(super) fn new() -> Self {
        Totals {
            is_on: true,
            started: 0,
            output_bytes: 0,
            input_bytes: 0,
            reader_gaps: Gaps::default(),
            response: Percentiles::of_times(),
        }
    }

    /// Output came; if input waits for it, it is the response.
    pub(super) fn on_output(&mut self, figures: &mut Figures, now: Tick) {
        let Some(since) = figures.awaits_output.take() else { return };
        if self.is_on {
            let time = now.since(since);
            self.response.record(time);
            figures.response.get_or_insert_default().record(time);
        }
    }

    pub(super) fn response(&self) -> Distribution {
        self.response.distribution()
    }
}

impl Figures {
    /// Input was accepted.
    pub(super) fn on_input(&mut self, now: Tick) {
        self.awaits_output.get_or_insert(now);
    }

    pub(super) fn response(&self) -> Distribution {
        self.response.as_ref().map(|times| times.distribution()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_output_after_the_first_input_is_the_response() {
        let at = |ms| Tick::from_nanos(0) + Duration::from_millis(ms);
        let (mut totals, mut figures) = (Totals::new(), Figures::default());
        totals.on_output(&mut figures, at(0));
        assert_eq!(figures.response().count, 0);
        figures.on_input(at(10));
        figures.on_input(at(12));
        totals.on_output(&mut figures, at(15));
        totals.on_output(&mut figures, at(20));
        let found = figures.response();
        assert_eq!((found.count, found.sum, found.max), (1, 5_000_000, 5_000_000));
        assert_eq!(totals.response(), Distribution { p50: found.max, ..found });
        // Nothing is recorded while it is off, also not of what began before.
        figures.on_input(at(30));
        totals.is_on = false;
        totals.on_output(&mut figures, at(40));
        assert_eq!((figures.response().count, totals.response().count), (1, 1));
    }
}

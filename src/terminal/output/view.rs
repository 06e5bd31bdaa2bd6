//! A viewer of the screen: what it has seen, and when it is shown more.
//!
//! A viewer is shown at most one update per interval. The first change after a pause is shown at once, and
//! so is what it needs anew. Between two looks at the screen it costs nothing.

use std::time::{Duration, Instant};

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct View {
    /// The screen's generation that it knows; 0 is none.
    generation: u64,
    interval: Duration,
    next_at: Instant,
    /// It needs everything anew, and does not have to wait for it.
    is_urgent: bool,
    due: Due,
}

/// When a viewer is shown something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// It has seen everything.
    Nothing,
    /// There may be something then.
    At(Instant),
    /// An update waits to be taken.
    Now,
}

/// What a look at a screen finds.
pub(crate) trait Shown {
    /// The generation of what the last look found.
    fn generation(&self) -> u64;
    /// Whether another look could find something else.
    fn is_stale(&self) -> bool;
    /// Looks; the generation of what is there now.
    fn look(&mut self) -> u64;
}

impl View {
    pub(super) fn new(interval: Duration, now: Instant) -> Self {
        View { generation: 0, interval, next_at: now, is_urgent: true, due: Due::Nothing }
    }

    pub(crate) fn due(&self) -> Due {
        self.due
    }

    /// The generation of which it needs the changes; 0 when it needs everything.
    pub(crate) fn knows(&self) -> u64 {
        if self.is_urgent { 0 } else { self.generation }
    }

    /// Looks whether it is to be shown something. `held`: until then the program holds its screen back.
    /// `at_once`: whatever the interval says, since nothing will follow.
    pub(crate) fn observe(
        &mut self,
        screen: &mut impl Shown,
        held: Option<Instant>,
        at_once: bool,
        now: Instant,
    ) -> Due {
        let held = held.filter(|held| *held > now && !at_once);
        if self.due == Due::Now && held.is_none() {
            return Due::Now;
        }
        let is_behind = |generation| self.is_urgent || self.generation != generation;
        let earliest = if self.is_urgent { now } else { self.next_at };
        let earliest = held.map_or(earliest, |held| held.max(earliest));
        self.due = if !screen.is_stale() && !is_behind(screen.generation()) {
            Due::Nothing
        } else if earliest > now && !at_once {
            Due::At(earliest)
        } else if is_behind(screen.look()) {
            Due::Now
        } else {
            Due::Nothing
        };
        self.due
    }

    /// It was shown this generation.
    pub(crate) fn shown(&mut self, generation: u64, now: Instant) {
        self.generation = generation;
        // An interval past the end of time is a year.
        self.next_at = now.checked_add(self.interval).unwrap_or(now + YEAR);
        (self.is_urgent, self.due) = (false, Due::Nothing);
    }

    /// It looks at something else from now on.
    pub(crate) fn turn(&mut self) {
        self.is_urgent = true;
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    struct Screen {
        there: u64,
        found: u64,
        looks: u32,
    }

    impl Shown for Screen {
        fn generation(&self) -> u64 {
            self.found
        }

        fn is_stale(&self) -> bool {
            self.found != self.there
        }

        fn look(&mut self) -> u64 {
            self.looks += 1;
            self.found = self.there;
            self.found
        }
    }

    #[test]
    fn at_most_one_update_per_interval_and_the_first_at_once() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut screen = Screen { there: 1, found: 0, looks: 0 };
        let mut view = View::new(Duration::from_millis(16), start);
        // (time, generation, held until, nothing will follow, due, looks at the screen so far)
        let table = [
            (0, 1, None, false, Due::Now, 1),
            (1, 1, None, false, Due::Nothing, 1),
            (2, 2, None, false, Due::At(at(16)), 1),
            (9, 3, None, false, Due::At(at(16)), 1),
            (16, 3, None, false, Due::Now, 2),
            (17, 4, None, true, Due::Now, 3),
            (50, 4, None, false, Due::Nothing, 3),
            (50, 5, Some(60), false, Due::At(at(60)), 3),
            (55, 6, Some(60), true, Due::Now, 4),
            (60, 6, Some(60), false, Due::Nothing, 4),
            (71, 7, Some(60), false, Due::Now, 5),
        ];
        for (now, generation, held, at_once, due, looks) in table {
            screen.there = generation;
            assert_eq!(view.observe(&mut screen, held.map(at), at_once, at(now)), due, "{now}");
            assert_eq!(screen.looks, looks, "{now}");
            if due == Due::Now {
                assert_eq!(view.observe(&mut screen, held.map(at), at_once, at(now)), due);
                view.shown(generation, at(now));
            }
        }
        view.turn();
        assert_eq!(view.observe(&mut screen, None, false, at(72)), Due::Now);
        assert_eq!(view.knows(), 0);
    }

    #[test]
    fn the_longest_interval_is_a_year() {
        let start = Instant::now();
        let mut screen = Screen { there: 1, found: 0, looks: 0 };
        let mut view = View::new(Duration::MAX, start);
        view.observe(&mut screen, None, false, start);
        view.shown(1, start);
        screen.there = 2;
        assert_eq!(view.observe(&mut screen, None, false, start), Due::At(start + YEAR));
        assert_eq!(view.knows(), 1);
    }
}

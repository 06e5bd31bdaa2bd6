//! A slice: how much a stage of the turn may do before the others have their share.
//!
//! Work is done in *units*, the steps between which it can stop and go on in a later turn. After each unit
//! the stage charges its cost and asks whether the slice is over. Two things end a slice: a deadline, and,
//! while somebody types, the number of units. So between two looks at the clock lies one unit, and how long
//! that can be is a bound beside the code that does it.
//!
//! A **cost** is an estimate of processor time in nanoseconds that is the same for the same work on every
//! machine: bytes inflated, elements decoded, rows searched, entries removed, each times a constant. Tests
//! can hold costs where times are noise.

use std::time::Duration;

use crate::tick::Tick;

/// The most that one unit of any stage may cost.
pub(crate) const UNIT_COST_MAX: u64 = 1_000_000;

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    clock: fn() -> Tick,
    deadline: Tick,
    units_left: u32,
    charged: u64,
    largest: u64,
}

impl Slice {
    /// A slice that lasts until `deadline`, by this clock.
    pub(crate) fn until(deadline: Tick, clock: fn() -> Tick) -> Slice {
        Slice { clock, deadline, units_left: u32::MAX, charged: 0, largest: 0 }
    }

    /// A slice that no time ends.
    #[cfg(test)]
    pub(crate) fn without_end() -> Slice {
        Slice::until(Tick::from_nanos(1), || Tick::from_nanos(0))
    }

    /// The same, and at most so many units.
    pub(crate) fn of_units(self, units: u32) -> Slice {
        Slice { units_left: units, ..self }
    }

    /// A unit of work was done and cost so much.
    pub(crate) fn charge(&mut self, cost: u64) {
        self.units_left = self.units_left.saturating_sub(1);
        self.charged = self.charged.saturating_add(cost);
        self.largest = self.largest.max(cost);
    }

    /// Whether the stage has to stop. Reads the clock.
    pub(crate) fn is_over(&self) -> bool {
        self.units_left == 0 || (self.clock)() >= self.deadline
    }

    /// What the units of the slice have cost so far.
    pub(crate) fn charged(&self) -> u64 {
        self.charged
    }

    /// What the most expensive unit of the slice has cost.
    pub(crate) fn largest(&self) -> u64 {
        self.largest
    }

    /// A part of what is left of the time, for one of `parts` that are served one after the other; it is
    /// [joined](Self::join) again when that one is through.
    pub(crate) fn part(&self, parts: usize) -> Slice {
        let now = (self.clock)();
        let share = self.deadline.since(now) / (parts as u64).max(1);
        Slice {
            deadline: now + Duration::from_nanos(share),
            charged: 0,
            largest: 0,
            ..self.clone()
        }
    }

    /// Counts in what a part was charged.
    pub(crate) fn join(&mut self, part: &Slice) {
        self.units_left = self.units_left.min(part.units_left);
        self.charged = self.charged.saturating_add(part.charged);
        self.largest = self.largest.max(part.largest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_by_time_or_by_units() {
        let mut slice = Slice::without_end().of_units(2);
        slice.charge(10);
        assert!(!slice.is_over());
        slice.charge(30);
        assert!(slice.is_over());
        assert_eq!((slice.charged(), slice.largest()), (40, 30));
        let at = |nanos| Slice::until(Tick::from_nanos(nanos), || Tick::from_nanos(100));
        assert!(at(100).is_over() && !at(101).is_over());
    }

    #[test]
    fn parts_count_for_the_whole() {
        let mut slice = Slice::until(Tick::from_nanos(300), || Tick::from_nanos(100)).of_units(3);
        let mut part = slice.part(2);
        assert_eq!(part.deadline, Tick::from_nanos(200));
        part.charge(7);
        part.charge(5);
        slice.join(&part);
        assert_eq!((slice.charged(), slice.largest(), slice.units_left), (12, 7, 1));
    }
}

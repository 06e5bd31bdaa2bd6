//! Shares: which of several stages goes next, so that each gets its weight of the time.
//!
//! Each stage has a *pass*: the time that it has used, divided by its weight. The busy stage with the least
//! pass goes next, so over any stretch in which they are all busy each gets time in proportion to its
//! weight, and nobody starves. A stage that was idle begins at the pass of those that were not: what it did
//! not use went to the others and is not owed.

/// Stages by index, each with a weight. See the module's documentation.
#[derive(Clone, Debug)]
pub(crate) struct Shares<const N: usize> {
    weights: [u64; N],
    passes: [u64; N],
    was_busy: [bool; N],
    /// The pass of the stage that went last.
    level: u64,
}

/// A pass is counted in so many parts of a nanosecond, so that dividing by a weight loses little.
const SCALE: u64 = 64;

impl<const N: usize> Shares<N> {
    /// Stages with these weights, each at least 1.
    pub(crate) fn new(weights: [u64; N]) -> Self {
        debug_assert!(weights.iter().all(|weight| *weight > 0));
        Shares { weights, passes: [0; N], was_busy: [false; N], level: 0 }
    }

    /// The stage to go next among those that are busy.
    pub(crate) fn next(&mut self, busy: [bool; N]) -> Option<usize> {
        for (stage, is_busy) in busy.iter().enumerate() {
            if *is_busy && !self.was_busy[stage] {
                self.passes[stage] = self.passes[stage].max(self.level);
            }
        }
        self.was_busy = busy;
        let next = (0..N).filter(|stage| busy[*stage]).min_by_key(|stage| self.passes[*stage])?;
        self.level = self.level.max(self.passes[next]);
        Some(next)
    }

    /// A stage has used so much time, in nanoseconds.
    pub(crate) fn charge(&mut self, stage: usize, time: u64) {
        let pass = time.max(1).saturating_mul(SCALE) / self.weights[stage].max(1);
        self.passes[stage] = self.passes[stage].saturating_add(pass.max(1));
        if self.passes[stage] > u64::MAX / 2 {
            // After some years: what counts is how they differ.
            let least = self.passes.iter().copied().min().unwrap_or(0);
            self.passes.iter_mut().for_each(|pass| *pass -= least);
            self.level = self.level.saturating_sub(least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WEIGHTS: [u64; 5] = [4, 4, 2, 1, 1];

    proptest! {
        /// All are busy all the time, with units of any length up to a bound: each has its share, to
        /// within one unit of each.
        #[test]
        fn each_has_its_share(
            units in prop::collection::vec(1..1000u64, 500..2000),
        ) {
            let mut shares = Shares::new(WEIGHTS);
            let mut used = [0u64; 5];
            for unit in &units {
                let stage = shares.next([true; 5]).unwrap();
                shares.charge(stage, *unit);
                used[stage] += unit;
            }
            let total: u64 = used.iter().sum();
            let weights: u64 = WEIGHTS.iter().sum();
            for (stage, weight) in WEIGHTS.iter().enumerate() {
                let fair = total * weight / weights;
                prop_assert!(used[stage].abs_diff(fair) <= 1000 * 5, "{stage}: {used:?}");
            }
        }

        /// Stages come and go: whoever is busy without a pause has at least its share of the time since,
        /// and is never behind by more than a unit of each.
        #[test]
        fn nobody_starves(
            rounds in prop::collection::vec((1..1000u64, any::<[bool; 5]>()), 200..1000),
        ) {
            let mut shares = Shares::new(WEIGHTS);
            let (mut used, mut total) = (0u64, 0u64);
            for (unit, mut busy) in rounds {
                busy[3] = true;
                let stage = shares.next(busy).unwrap();
                prop_assert!(busy[stage]);
                shares.charge(stage, unit);
                total += unit;
                used += if stage == 3 { unit } else { 0 };
            }
            let fair = total * WEIGHTS[3] / WEIGHTS.iter().sum::<u64>();
            prop_assert!(used + 1000 * 5 >= fair, "{used} of {total}");
        }
    }

    #[test]
    fn what_was_not_used_is_not_owed() {
        let mut shares = Shares::new([1, 1]);
        for _ in 0..100 {
            assert_eq!(shares.next([true, false]), Some(0));
            shares.charge(0, 1000);
        }
        let firsts = (0..10).filter(|_| {
            let stage = shares.next([true, true]).unwrap();
            shares.charge(stage, 1000);
            stage == 0
        });
        assert_eq!(firsts.count(), 5);
        assert_eq!(shares.next([false, false]), None);
    }
}

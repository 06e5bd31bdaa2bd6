//! Timers: a binary heap with lazy cancellation. Setting and expiring cost O(log n), cancelling O(1).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use slab::Slab;

/// Names a timer until it has fired or was cancelled; afterwards it names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimerId {
    slot: usize,
    serial: u64,
}

/// Keys by deadline. The heap may hold entries of cancelled timers; the slab holds only live ones.
pub(crate) struct Timers<K> {
    heap: BinaryHeap<Reverse<(Instant, u64, usize)>>,
    live: Slab<(u64, K)>,
    serial: u64,
}

impl<K: Copy> Timers<K> {
    pub(crate) fn new() -> Self {
        Timers { heap: BinaryHeap::new(), live: Slab::new(), serial: 0 }
    }

    pub(crate) fn set(&mut self, deadline: Instant, key: K) -> TimerId {
        self.serial += 1;
        let slot = self.live.insert((self.serial, key));
        self.heap.push(Reverse((deadline, self.serial, slot)));
        self.compact();
        TimerId { slot, serial: self.serial }
    }

    pub(crate) fn cancel(&mut self, timer: TimerId) {
        if self.is_live(timer.slot, timer.serial) {
            self.live.try_remove(timer.slot);
        }
    }

    pub(crate) fn next_deadline(&mut self) -> Option<Instant> {
        loop {
            let &Reverse((deadline, serial, slot)) = self.heap.peek()?;
            if self.is_live(slot, serial) {
                return Some(deadline);
            }
            self.heap.pop();
        }
    }

    /// Takes the earliest timer whose deadline is not after `now`, with its deadline. Equal deadlines: first set, first
    /// out.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<(K, Instant)> {
        if self.next_deadline()? > now {
            return None;
        }
        let Reverse((deadline, _, slot)) = self.heap.pop()?;
        self.live.try_remove(slot).map(|(_, key)| (key, deadline))
    }

    fn is_live(&self, slot: usize, serial: u64) -> bool {
        self.live.get(slot).is_some_and(|(live, _)| *live == serial)
    }

    /// Rebuilds the heap when cancelled entries outnumber live ones, so that setting and cancelling
    /// in turn does not grow it.
    fn compact(&mut self) {
        if self.heap.len() > 64 + 2 * self.live.len() {
            let live = &self.live;
            self.heap.retain(|Reverse((_, serial, slot))| {
                live.get(*slot).is_some_and(|(current, _)| current == serial)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reactor::clock::Clock;
    use proptest::prelude::*;
    use std::time::Duration;

    #[derive(Clone, Debug)]
    enum Step {
        Set(u64),
        Cancel(usize),
        Advance(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..100u64).prop_map(Step::Set),
            (0..64usize).prop_map(Step::Cancel),
            (0..20u64).prop_map(Step::Advance),
        ]
    }

    proptest! {
        /// The heap fires what a plain list would fire, in the same order.
        #[test]
        fn equals_a_sorted_list(steps in prop::collection::vec(step(), 1..300)) {
            let start = Clock::read();
            let mut now = 0;
            let mut timers = Timers::new();
            let mut model: Vec<(u64, usize)> = Vec::new();
            let mut ids = Vec::new();
            for step in steps {
                match step {
                    Step::Set(after) => {
                        let key = ids.len();
                        ids.push(timers.set(start + Duration::from_millis(now + after), key));
                        model.push((now + after, key));
                    }
                    Step::Cancel(n) => if let Some(id) = ids.get(n) {
                        timers.cancel(*id);
                        model.retain(|(_, key)| *key != n);
                    },
                    Step::Advance(by) => {
                        now += by;
                        model.sort();
                        while model.first().is_some_and(|(at, _)| *at <= now) {
                            let (at, key) = model.remove(0);
                            let fired = timers.expire(start + Duration::from_millis(now));
                            prop_assert_eq!(fired, Some((key, start + Duration::from_millis(at))));
                        }
                        prop_assert_eq!(timers.expire(start + Duration::from_millis(now)), None);
                    }
                }
                let earliest = model.iter().map(|(at, _)| start + Duration::from_millis(*at)).min();
                prop_assert_eq!(timers.next_deadline(), earliest);
            }
        }
    }

    #[test]
    fn cancelled_timers_do_not_accumulate() {
        let mut timers = Timers::new();
        let now = Clock::read();
        for _ in 0..10_000 {
            let id = timers.set(now + Duration::from_secs(3600), ());
            timers.cancel(id);
        }
        assert!(timers.heap.len() <= 65);
    }
}

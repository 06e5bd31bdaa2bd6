//! Which client is served next. Pure.

use std::collections::VecDeque;

use crate::reactor::ClientId;

/// What a client waits among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// It costs little and has typed a moment ago.
    Typing,
    /// It costs little.
    Light,
    /// It is not authenticated yet.
    Stranger,
    /// It costs much.
    Heavy,
}

const LANES: usize = 4;

/// The order in which lanes are served; an empty one is skipped. A client that types or costs little does not wait
/// behind expensive ones, a new connection not for long behind either, and none starves.
const SCHEDULE: [Lane; 12] = {
    use Lane::{Heavy as H, Light as L, Stranger as S, Typing as T};
    [T, S, L, T, S, L, T, S, H, T, S, L]
};

/// Clients that wait, each once: the caller sees to it.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: [VecDeque<ClientId>; LANES],
    /// Where the schedule is.
    at: usize,
}

impl Lanes {
    /// A client begins to wait.
    pub(super) fn push(&mut self, id: ClientId, lane: Lane) {
        self.lanes[lane as usize].push_back(id);
    }

    /// The next one of the next lane that is not empty.
    pub(super) fn next(&mut self) -> Option<ClientId> {
        for _ in 0..SCHEDULE.len() {
            let lane = SCHEDULE[self.at];
            self.at = (self.at + 1) % SCHEDULE.len();
            let next = self.lanes[lane as usize].pop_front();
            if next.is_some() {
                return next;
            }
        }
        None
    }

    pub(super) fn len(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lanes.iter().all(VecDeque::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Lane; LANES] = [Lane::Typing, Lane::Light, Lane::Stranger, Lane::Heavy];

    #[test]
    fn each_lane_has_its_turns_when_all_are_full() {
        let mut lanes = Lanes::default();
        let id = |lane: Lane, n: u64| ClientId::from_u64(lane as u64 * 1000 + n);
        for n in 0..24 {
            ALL.iter().for_each(|lane| lanes.push(id(*lane, n), *lane));
        }
        let order: Vec<u64> = (0..24).map(|_| lanes.next().unwrap().to_u64()).collect();
        let turns = ALL.map(|lane| order.iter().filter(|id| **id / 1000 == lane as u64).count());
        assert_eq!(turns, [8, 6, 8, 2]);
        assert_eq!(lanes.len(), 4 * 24 - 24);
    }

    #[test]
    fn who_types_waits_for_two_others_at_most() {
        for at in 0..SCHEDULE.len() {
            let mut lanes = Lanes { at, ..Lanes::default() };
            for n in 1..=50 {
                lanes.push(ClientId::from_u64(n), Lane::Heavy);
                lanes.push(ClientId::from_u64(100 + n), Lane::Stranger);
            }
            let typist = ClientId::from_u64(1000);
            lanes.push(typist, Lane::Typing);
            let waited = std::iter::from_fn(|| lanes.next()).position(|id| id == typist);
            assert!(waited.is_some_and(|waited| waited <= 2), "{waited:?} from {at} on");
        }
    }

    #[test]
    fn who_came_first_goes_first() {
        let ids = [5, 1, 9].map(ClientId::from_u64);
        for lane in ALL {
            let mut lanes = Lanes::default();
            assert!(lanes.is_empty());
            ids.iter().for_each(|id| lanes.push(*id, lane));
            let order: Vec<_> = std::iter::from_fn(|| lanes.next()).collect();
            assert_eq!(order, ids);
            assert!(lanes.is_empty());
        }
    }
}

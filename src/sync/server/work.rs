//! Work lists: which clients have something to do, and which is next, so that nothing is looked for. Pure.
//!
//! There are three lists: clients to be *read*, to be *woken* (they may get more: room in the queue, credit, an
//! acknowledgement), and to be *flushed*. A client is in each at most once; a flag of its own says so.

use std::collections::VecDeque;

use super::client::{Client, Lane};
use crate::id::ClientId;

const LANES: usize = 4;

/// The order in which lanes are served; an empty one is skipped. A client that types or costs little does not wait
/// behind expensive ones, a new connection not for long behind either, and none starves.
const SCHEDULE: [Lane; 12] = {
    use Lane::{Heavy as H, Light as L, Typing as T, Unverified as S};
    [T, S, L, T, S, L, T, S, H, T, S, L]
};

/// What is queued for a client that costs little to write to.
const QUEUED_SMALL: usize = 16 << 10;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct WorkLists {
    readable: Lanes,
    unflushed: Lanes,
    woken: Vec<ClientId>,
    /// Bytes that the queues of all clients take, about.
    bytes: usize,
}

impl WorkLists {
    /// The client may have sent more.
    pub(super) fn read_later(&mut self, client: &mut Client) {
        if !std::mem::replace(&mut client.is_readable, true) {
            self.readable.push(client.id, client.lane());
        }
    }

    /// The client's queue has something new.
    pub(super) fn flush_later(&mut self, client: &mut Client) {
        self.count(client);
        if !std::mem::replace(&mut client.is_unflushed, true) {
            let is_small = client.transport.queued_bytes() <= QUEUED_SMALL;
            self.unflushed.push(client.id, if is_small { client.lane() } else { Lane::Heavy });
        }
    }

    /// Counts anew what a client's queue takes; after everything that changes it.
    pub(super) fn count(&mut self, client: &mut Client) {
        let bytes = client.queue_memory();
        self.bytes = self.bytes + bytes - std::mem::replace(&mut client.counted_bytes, bytes);
    }

    /// A client is gone.
    pub(super) fn forget(&mut self, client: &Client) {
        self.bytes -= client.counted_bytes;
    }

    /// Bytes that the queues of all clients take, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The client may get more.
    pub(super) fn wake(&mut self, client: &mut Client) {
        if client.is_open() && !std::mem::replace(&mut client.is_woken, true) {
            self.woken.push(client.id);
        }
    }

    pub(super) fn next_readable(&mut self) -> Option<ClientId> {
        self.readable.next()
    }

    pub(super) fn next_unflushed(&mut self) -> Option<ClientId> {
        self.unflushed.next()
    }

    /// How many clients are to be flushed.
    pub(super) fn unflushed_count(&self) -> usize {
        self.unflushed.len()
    }

    /// Those that were woken. What is not served of them goes back by [`put_back`](Self::put_back).
    pub(super) fn take_woken(&mut self) -> Vec<ClientId> {
        std::mem::take(&mut self.woken)
    }

    /// Those that were not served are still marked, and come before those that were woken meanwhile.
    pub(super) fn put_back(&mut self, woken: Vec<ClientId>, served: usize) {
        let new = std::mem::take(&mut self.woken);
        self.woken = recycled(woken, served, new);
    }

    pub(super) fn has_readable(&self) -> bool {
        !self.readable.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.readable.is_empty() && self.unflushed.is_empty() && self.woken.is_empty()
    }
}

/// A list without the first `served` of it, and behind the rest what has come meanwhile. It keeps its memory.
pub(super) fn recycled<T>(mut old: Vec<T>, served: usize, new: Vec<T>) -> Vec<T> {
    old.drain(..served.min(old.len()));
    old.extend(new);
    old
}

/// Clients that wait, each once: the caller sees to it.
#[derive(Debug, Default)]
struct Lanes {
    lanes: [VecDeque<ClientId>; LANES],
    /// Where the schedule is.
    at: usize,
}

impl Lanes {
    /// A client begins to wait.
    fn push(&mut self, id: ClientId, lane: Lane) {
        self.lanes[lane as usize].push_back(id);
    }

    /// The next one of the next lane that is not empty.
    fn next(&mut self) -> Option<ClientId> {
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

    fn len(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }

    fn is_empty(&self) -> bool {
        self.lanes.iter().all(VecDeque::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Lane; LANES] = [Lane::Typing, Lane::Light, Lane::Unverified, Lane::Heavy];

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
                lanes.push(ClientId::from_u64(100 + n), Lane::Unverified);
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

//! State sync: clients get the changes of the state as diffs, each made once for all who need the same.

use std::time::Instant;

use bytes::Bytes;

use super::client::{Client, frame_of};
use super::clients::Clients;
use super::figures::Totals;
use crate::id::ClientId;
use crate::policy::Slice;
use crate::reactor::{Reactor, TimerId};
use crate::state::{ApplicationState, Budget, Collections, StateCursor, StateVersion};
use crate::sync::codec::Codec;
use crate::sync::key::Alarm;
use crate::sync::protocol::values::Hex;
use crate::sync::protocol::{Diff, ServerMessage};

/// What one part of a diff holds, so that an echo never waits behind more.
const PART: Budget = Budget { entries: 512, bytes: 16 << 10 };
/// What looking at a client costs, and making a part of a diff.
const LOOK_COST: u64 = 300;
const PART_COST: u64 = 100_000;
/// Every so many diffs of a client carry a hash.
const HASH_EVERY: u32 = 16;

/// What is known about who needs a diff.
#[derive(Default)]
pub(super) struct StateSync {
    /// The version of the state that everybody was looked at with.
    seen: Option<StateVersion>,
    /// When the first of the clients may get a diff, if there is something for it; `None` when all of them
    /// have to acknowledge first.
    next_at: Option<Instant>,
    /// When the first of those that there is something for may get it.
    wake_at: Option<Instant>,
    timer: Option<(Instant, TimerId)>,
    /// The timer fired.
    is_due: bool,
    /// Who is still to be looked at in this round, which may take several turns.
    round: Vec<ClientId>,
    /// Parts that were made in this turn.
    made: Vec<SharedPart>,
}

/// A part of a diff with what it is for.
struct SharedPart {
    codec: Codec,
    compress: bool,
    collections: Collections,
    hashed: bool,
    before: StateCursor,
    after: StateCursor,
    more: bool,
    /// The version that it goes on from; `None` if it is of everything.
    from: Option<u64>,
    to: u64,
    frame: Bytes,
}

impl StateSync {
    pub(super) fn has_work(&self) -> bool {
        self.is_due || !self.round.is_empty()
    }

    /// Clients are due, as a timer says.
    pub(super) fn handle_alarm(&mut self) {
        self.timer = None;
        self.is_due = true;
    }

    /// Whether everybody was looked at with this version.
    pub(super) fn has_seen(&self, version: StateVersion) -> bool {
        self.seen == Some(version)
    }

    /// Sends the state's changes to those who were woken, and to everybody who is due.
    pub(super) fn transmit(
        &mut self,
        clients: &mut Clients,
        woken: &[ClientId],
        state: &ApplicationState,
        slice: &mut Slice,
        reactor: &mut Reactor,
    ) {
        let now = reactor.now();
        let is_new = self.seen.replace(state.version()) != Some(state.version());
        if is_new {
            clients.totals.on_version(state.version().n, now);
        }
        for id in woken {
            self.transmit_to(clients, *id, state, slice, now);
        }
        let is_time = self.next_at.is_some_and(|at| at <= now);
        if self.round.is_empty() && (self.is_due || (is_new && is_time)) {
            (self.next_at, self.wake_at, self.is_due) = (None, None, false);
            self.round.extend(clients.table.ids());
        } else if is_new {
            self.wake_at = earlier(self.wake_at, self.next_at);
        }
        while let Some(id) = self.round.pop() {
            self.transmit_to(clients, id, state, slice, now);
            if slice.is_over() {
                break;
            }
        }
        self.made.clear();
        self.arm(reactor);
    }

    /// Sends one client what it lacks, until the slice is over.
    fn transmit_to(
        &mut self,
        clients: &mut Clients,
        id: ClientId,
        state: &ApplicationState,
        slice: &mut Slice,
        now: Instant,
    ) {
        slice.charge(LOOK_COST);
        let Ok(client) = clients.table.get_mut(id) else { return };
        if !client.is_open() {
            return;
        }
        let mut is_cut = false;
        while client.has_state_room() {
            if !client.state.is_behind(state) {
                break;
            }
            let urgent = client.state.is_between || !client.state.applied.is_empty();
            let due = client.state.pacer.due();
            if !urgent && !due.is_some_and(|due| due.is_over(now)) {
                self.wake_at = earlier(self.wake_at, due.map(|due| due.time(now)));
                break;
            }
            let is_made = self.send_part(client, state, &mut clients.totals, now);
            slice.charge(if is_made { PART_COST } else { LOOK_COST });
            if slice.is_over() && client.state.is_behind(state) {
                is_cut = true;
                break;
            }
        }
        // One without room is woken when there is some.
        if client.has_state_room() && !client.state.collections.is_empty() {
            let due = client.state.pacer.due();
            self.next_at = earlier(self.next_at, due.map(|due| due.time(now)));
        }
        clients.work.flush_later(client);
        if is_cut {
            clients.work.wake(client);
        }
    }

    /// Sets the timer for the clients that wait, if any.
    fn arm(&mut self, reactor: &mut Reactor) {
        let wanted = self.wake_at;
        if self.timer.map(|(at, _)| at) == wanted {
            return;
        }
        if let Some((_, timer)) = self.timer.take() {
            reactor.cancel_timer(timer);
        }
        self.timer = wanted.map(|at| (at, reactor.set_timer(at, Alarm::Pace)));
    }

    /// Sends the next part of what this client lacks. Whether it had to be made.
    fn send_part(
        &mut self,
        client: &mut Client,
        state: &ApplicationState,
        totals: &mut Totals,
        now: Instant,
    ) -> bool {
        let known = &mut client.state;
        // What comes anew is always checked.
        let hashed = known.is_between
            || known.unhashed + 1 >= HASH_EVERY
            || state.is_behind_floor(&known.cursor, known.collections);
        let before = known.cursor;
        let is_common = known.applied.is_empty();
        let made = self.made.iter().find(|made| {
            is_common
                && (made.codec, made.compress, made.collections, made.hashed, made.before)
                    == (client.codec, client.compress, known.collections, hashed, before)
        });
        let is_made = made.is_none();
        let (frame, more, from, to) = match made {
            Some(made) => {
                known.cursor = made.after;
                (made.frame.clone(), made.more, made.from, made.to)
            }
            None => {
                let mut diff = Diff::default();
                let progress = state.changes(&mut known.cursor, known.collections, PART, &mut diff);
                let (more, to) = (progress.more, progress.to);
                let from = (!progress.full).then_some(progress.from);
                (diff.epoch, diff.from, diff.to) = (state.version().epoch, progress.from, to);
                (diff.full, diff.more) = (progress.full, more);
                if !more {
                    diff.hash = hashed.then(|| Hex(state.hash(known.collections)));
                    diff.applied = std::mem::take(&mut known.applied);
                }
                let message = ServerMessage::Diff(diff);
                let frame = frame_of(&client.codec.encode_server(&message, client.compress));
                if is_common {
                    self.made.push(SharedPart {
                        codec: client.codec,
                        compress: client.compress,
                        collections: known.collections,
                        hashed,
                        before,
                        after: known.cursor,
                        more,
                        from,
                        to,
                        frame: frame.clone(),
                    });
                }
                (frame, more, from, to)
            }
        };
        known.is_between = more;
        if !more {
            known.unhashed = if hashed { 0 } else { known.unhashed + 1 };
            known.pacer.on_sent(to, now);
        }
        // It is as old as its oldest change until its last part is queued.
        let from = from.filter(|_| !more);
        totals.on_diff(&mut client.figures, from, frame.len(), now);
        client.push(frame);
        is_made
    }
}

/// The earlier of two times, if there are any.
fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    a.into_iter().chain(b).min()
}

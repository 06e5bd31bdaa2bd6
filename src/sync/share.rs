//! The state for clients: who is due, and diffs that are made once for all who need the same.

use std::time::Instant;

use bytes::Bytes;

use super::client::{Client, Share, frame_of};
use super::codec::Codec;
use super::key::Alarm;
use super::octets::Hex;
use super::protocol::{Applied, Diff, ServerMessage};
use super::server::Server;
use crate::policy::Slice;
use crate::reactor::{ClientId, Reactor, TimerId};
use crate::state::{ApplicationState, Budget, Collections, StateCursor, StateVersion};

/// What one part of a diff holds, so that an echo never waits behind more.
const PART: Budget = Budget { entries: 512, bytes: 16 << 10 };
/// What looking at a client costs, and making a part of a diff.
const LOOK_COST: u64 = 300;
const PART_COST: u64 = 100_000;
/// Every so many diffs of a client carry a hash.
const HASH_EVERY: u32 = 16;

/// What is known about who needs a diff.
#[derive(Default)]
pub(super) struct Diffs {
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
    made: Vec<Made>,
}

/// A part of a diff with what it is for.
struct Made {
    codec: Codec,
    compress: bool,
    collections: Collections,
    hashed: bool,
    before: StateCursor,
    after: StateCursor,
    more: bool,
    to: u64,
    frame: Bytes,
}

impl Diffs {
    pub(super) fn has_work(&self) -> bool {
        self.is_due || !self.round.is_empty()
    }
}

impl Server {
    /// Clients are due, as a timer says.
    pub(crate) fn on_pace_alarm(&mut self) {
        self.pump.diffs.timer = None;
        self.pump.diffs.is_due = true;
    }

    /// Whether clients wait for what was committed since they were looked at.
    pub(crate) fn lacks(&self, version: StateVersion) -> bool {
        self.open_count > 0 && self.pump.diffs.seen != Some(version)
    }

    /// A change set of this client was committed: it is told with the effect.
    pub(crate) fn owe(&mut self, id: ClientId, applied: Applied) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.share.applied.push(applied);
            self.wake(id);
        }
    }

    /// The client wants these collections from now on, and from the beginning: it may have thrown away what
    /// it had of them.
    pub(crate) fn subscribe(&mut self, id: ClientId, collections: Collections) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.share.collections = collections;
            // Always from the beginning, so that there is no doubt about what the hash is of.
            self.resend(id);
        }
    }

    /// The client wants everything anew.
    pub(crate) fn resend(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.share.cursor = StateCursor::default();
            client.share.is_between = true;
            self.wake(id);
        }
    }

    /// The client has applied this version.
    pub(crate) fn acknowledge(&mut self, id: ClientId, version: u64, now: Instant) {
        if let Ok(client) = self.clients.get_mut(id)
            && client.share.pacer.on_acknowledged(version, now)
        {
            self.wake(id);
        }
    }

    /// Sends the state's changes to those who were woken, and to everybody who is due.
    pub(super) fn share_state(
        &mut self,
        woken: &[ClientId],
        state: &ApplicationState,
        slice: &mut Slice,
        reactor: &mut Reactor,
    ) {
        let now = reactor.now();
        for id in woken {
            self.share_with(*id, state, slice, now);
        }
        let diffs = &mut self.pump.diffs;
        let is_new = diffs.seen.replace(state.version()) != Some(state.version());
        let is_time = diffs.next_at.is_some_and(|at| at <= now);
        if diffs.round.is_empty() && (diffs.is_due || (is_new && is_time)) {
            (diffs.next_at, diffs.wake_at, diffs.is_due) = (None, None, false);
            diffs.round.extend(self.clients.ids());
        } else if is_new {
            diffs.wake_at = earlier(diffs.wake_at, diffs.next_at);
        }
        while let Some(id) = self.pump.diffs.round.pop() {
            self.share_with(id, state, slice, now);
            if slice.is_over() {
                break;
            }
        }
        let diffs = &mut self.pump.diffs;
        diffs.made.clear();
        diffs.arm(reactor);
    }

    /// Sends one client what it lacks, until the slice is over.
    fn share_with(
        &mut self,
        id: ClientId,
        state: &ApplicationState,
        slice: &mut Slice,
        now: Instant,
    ) {
        slice.charge(LOOK_COST);
        let Ok(client) = self.clients.get_mut(id) else { return };
        if !client.is_open() {
            return;
        }
        let diffs = &mut self.pump.diffs;
        let mut is_cut = false;
        while client.has_state_room() {
            if !client.share.needs_something(state) {
                break;
            }
            let urgent = client.share.is_between || !client.share.applied.is_empty();
            let due = client.share.pacer.due();
            if !urgent && !due.is_some_and(|due| due.is_over(now)) {
                diffs.wake_at = earlier(diffs.wake_at, due.map(|due| due.time(now)));
                break;
            }
            let is_made = send_part(client, state, diffs, now);
            slice.charge(if is_made { PART_COST } else { LOOK_COST });
            if slice.is_over() && client.share.needs_something(state) {
                is_cut = true;
                break;
            }
        }
        // One without room is woken when there is some.
        if client.has_state_room() && !client.share.collections.is_empty() {
            let due = client.share.pacer.due();
            diffs.next_at = earlier(diffs.next_at, due.map(|due| due.time(now)));
        }
        self.mark_pushed(id);
        if is_cut {
            self.wake(id);
        }
    }
}

impl Share {
    fn needs_something(&self, state: &ApplicationState) -> bool {
        let wants = !self.collections.is_empty() || !self.applied.is_empty();
        wants
            && (self.is_between
                || !self.applied.is_empty()
                || state.has_changes(&self.cursor, self.collections))
    }
}

impl Diffs {
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
}

/// The earlier of two times, if there are any.
fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    a.into_iter().chain(b).min()
}

/// Sends the next part of what this client lacks. Whether it had to be made.
fn send_part(
    client: &mut Client,
    state: &ApplicationState,
    diffs: &mut Diffs,
    now: Instant,
) -> bool {
    let share = &mut client.share;
    // What comes anew is always checked.
    let hashed = share.is_between
        || share.unhashed + 1 >= HASH_EVERY
        || state.is_behind_floor(&share.cursor, share.collections);
    let before = share.cursor;
    let is_shared = share.applied.is_empty();
    let made = diffs.made.iter().find(|made| {
        is_shared
            && (made.codec, made.compress, made.collections, made.hashed, made.before)
                == (client.codec, client.compress, share.collections, hashed, before)
    });
    let is_made = made.is_none();
    let (frame, more, to) = match made {
        Some(made) => {
            share.cursor = made.after;
            (made.frame.clone(), made.more, made.to)
        }
        None => {
            let mut diff = Diff::default();
            let progress = state.changes(&mut share.cursor, share.collections, PART, &mut diff);
            let (more, to) = (progress.more, progress.to);
            (diff.epoch, diff.from, diff.to) = (state.version().epoch, progress.from, to);
            (diff.full, diff.more) = (progress.full, more);
            if !more {
                diff.hash = hashed.then(|| Hex(state.hash(share.collections)));
                diff.applied = std::mem::take(&mut share.applied);
            }
            let message = ServerMessage::Diff(diff);
            let frame = frame_of(&client.codec.encode_server(&message, client.compress));
            if is_shared {
                diffs.made.push(Made {
                    codec: client.codec,
                    compress: client.compress,
                    collections: share.collections,
                    hashed,
                    before,
                    after: share.cursor,
                    more,
                    to,
                    frame: frame.clone(),
                });
            }
            (frame, more, to)
        }
    };
    share.is_between = more;
    if !more {
        share.unhashed = if hashed { 0 } else { share.unhashed + 1 };
        share.pacer.on_sent(to, now);
    }
    client.push(frame);
    is_made
}

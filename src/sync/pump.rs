//! What goes out: at the end of a turn, what is new goes to the clients that may have it.
//!
//! A terminal that clients follow has a [`Feed`]: who they are, and a batcher that decides up to where
//! output is sent now. Clients at the same offset share one frame, made once. A client that has no room,
//! no credit or a resync before it goes on when it is woken.

use std::collections::HashMap;
use std::time::Instant;

use super::attachment::PATIENCE;
use super::client::Client;
use super::holding::{ObserverHold, Verdict, judge};
use super::key::Alarm;
use super::outflow::{MadeFrame, Outflow};
use super::screens;
use super::sending::{advance, end_hold, finish, go_on, warn};
use super::server::Server;
use super::share::Diffs;
use crate::limits::Limits;
use crate::policy::{AdaptiveBatcher, BatcherOptions, Slice};
use crate::reactor::{ClientId, IdTable, Reactor, TerminalId, TimerId};
use crate::state::ApplicationState;
use crate::terminal::{OutputState, Terminals};

/// What looking at a feed costs, going on for one client, and writing to a socket beside a quarter of a
/// nanosecond for each byte.
const FEED_COST: u64 = 3_000;
const CLIENT_COST: u64 = 3_000;
const FLUSH_COST: u64 = 5_000;

/// Who follows a terminal.
struct Feed {
    clients: Vec<ClientId>,
    batcher: AdaptiveBatcher,
    /// The end of output that the batcher knows.
    seen: u64,
    /// Output up to here may be sent.
    released: u64,
    /// A client has typed, and nothing has come out since.
    awaits_echo: bool,
    /// Since when the terminal waits for the clients that have not got everything.
    leaving_since: Option<Instant>,
    timer: Option<(Instant, TimerId)>,
    /// What the terminal was told to keep.
    held: Option<Option<u64>>,
    /// It went on for one of its clients and was not settled since.
    is_unsettled: bool,
    /// What its clients that may not type hold back.
    observers: ObserverHold,
    /// A viewer has left, stalled or come back: the terminal may get another size.
    is_size_stale: bool,
}

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Pump {
    feeds: HashMap<TerminalId, Feed>,
    /// Feeds to look at although nothing touched their terminals.
    due: Vec<TerminalId>,
    /// Feeds that went on for clients of their own in this round.
    unsettled: Vec<TerminalId>,
    /// An empty list that keeps its memory, see [`Outflow`].
    frames: Vec<MadeFrame>,
    pub(super) diffs: Diffs,
}

impl Pump {
    pub(super) fn has_work(&self) -> bool {
        !self.due.is_empty() || self.diffs.has_work()
    }

    /// Feeds of these terminals are due, those that an echo is expected from before all others.
    fn note_due(&mut self, touched: &[TerminalId]) {
        let feeds = &self.feeds;
        self.due.extend(touched.iter().filter(|id| feeds.contains_key(id)));
        let has_patience = |id: &TerminalId| feeds.get(id).is_none_or(|feed| !feed.awaits_echo);
        self.due.sort_unstable_by_key(|id| (has_patience(id), *id));
        self.due.dedup();
    }

    pub(super) fn on_alarm(&mut self, terminal: TerminalId) {
        if let Some(feed) = self.feeds.get_mut(&terminal) {
            feed.timer = None;
            self.due.push(terminal);
        }
    }

    pub(super) fn expect_echo(&mut self, terminal: TerminalId) {
        if let Some(feed) = self.feeds.get_mut(&terminal) {
            feed.awaits_echo = true;
        }
    }

    /// A client follows this terminal from now on.
    pub(super) fn join(&mut self, terminal: TerminalId, client: ClientId, end: u64) {
        let feed = self.feeds.entry(terminal).or_insert_with(|| Feed {
            clients: Vec::new(),
            batcher: AdaptiveBatcher::new(BatcherOptions::default()),
            seen: end,
            released: end,
            awaits_echo: false,
            leaving_since: None,
            timer: None,
            held: None,
            is_unsettled: false,
            observers: ObserverHold::default(),
            is_size_stale: false,
        });
        if !feed.clients.contains(&client) {
            feed.clients.push(client);
        }
        self.due.push(terminal);
    }

    /// It no longer does.
    pub(super) fn leave(&mut self, terminal: TerminalId, client: ClientId) {
        if let Some(feed) = self.feeds.get_mut(&terminal) {
            feed.clients.retain(|id| *id != client);
            self.look_at_size(terminal);
        }
    }

    /// The viewers of a terminal are not those that its size was chosen for.
    pub(super) fn look_at_size(&mut self, terminal: TerminalId) {
        if let Some(feed) = self.feeds.get_mut(&terminal) {
            feed.is_size_stale = true;
            self.due.push(terminal);
        }
    }

    /// Who follows a terminal.
    pub(super) fn clients_of(&self, terminal: TerminalId) -> &[ClientId] {
        self.feeds.get(&terminal).map_or(&[], |feed| &feed.clients)
    }
}

impl Server {
    /// Sends what is new, until the slice is over; the rest waits for the next turn. `touched`: terminals
    /// that something happened to.
    pub(crate) fn pump(
        &mut self,
        touched: &[TerminalId],
        terminals: &mut Terminals,
        state: &ApplicationState,
        slice: &mut Slice,
        reactor: &mut Reactor,
    ) {
        self.pump.note_due(touched);
        let mut outflow = Outflow {
            terminals,
            reactor: &mut *reactor,
            frames: std::mem::take(&mut self.pump.frames),
            screens: screens::Made::default(),
        };
        self.pump_feeds(&mut outflow, slice);
        outflow.forget_made();
        let woken = std::mem::take(&mut self.woken);
        let mut served = 0;
        for id in &woken {
            if served > 0 && slice.is_over() {
                break;
            }
            self.pump_client(*id, &mut outflow);
            served += 1;
            slice.charge(CLIENT_COST);
        }
        self.settle_feeds(&mut outflow);
        outflow.forget_made();
        self.pump.frames = outflow.frames;
        self.share_state(woken.get(..served).unwrap_or_default(), state, slice, reactor);
        // Those that were not served are still marked, and come before those that were woken meanwhile.
        let new = std::mem::take(&mut self.woken);
        self.woken = recycled(woken, served, new);
        self.flush_pushed(slice, reactor);
    }

    /// Sends what is new in the terminals that are due, the echo of what was typed first.
    fn pump_feeds(&mut self, outflow: &mut Outflow<'_>, slice: &mut Slice) {
        let due = std::mem::take(&mut self.pump.due);
        let mut served = 0;
        for id in &due {
            if served > 0 && slice.is_over() {
                break;
            }
            outflow.forget_made();
            let clients = self.pump_feed(*id, outflow);
            served += 1;
            slice.charge(FEED_COST + clients as u64 * CLIENT_COST);
        }
        let new = std::mem::take(&mut self.pump.due);
        self.pump.due = recycled(due, served, new);
    }

    /// Writes what is queued to the sockets that have something new.
    fn flush_pushed(&mut self, slice: &mut Slice, reactor: &mut Reactor) {
        for flushed in 0..self.pushed.len() {
            if flushed > 0 && slice.is_over() {
                break;
            }
            let Some(id) = self.pushed.next() else { break };
            let before = self.clients.get(id).map_or(0, |client| client.wire.total_written());
            self.flush(id, reactor);
            let after = self.clients.get(id).map_or(before, |client| client.wire.total_written());
            slice.charge(FLUSH_COST + after.saturating_sub(before) / 4);
        }
    }

    /// Sends what is new in one terminal to everybody who follows it. Gives how many these are.
    fn pump_feed(&mut self, id: TerminalId, outflow: &mut Outflow<'_>) -> usize {
        let feed = self.pump.feeds.get_mut(&id);
        if feed.is_some_and(|feed| std::mem::take(&mut feed.is_size_stale)) {
            self.settle_size_if_open(id, outflow.terminals, outflow.reactor);
        }
        let Some(feed) = self.pump.feeds.get_mut(&id) else { return 0 };
        let now = outflow.reactor.now();
        let state = match outflow.terminals.output_state(id) {
            Ok(state) if !feed.clients.is_empty() => state,
            Ok(_) => {
                let _ = outflow.terminals.unsubscribe_from_output(id, outflow.reactor);
                self.forget_feed(id, outflow.reactor);
                return 0;
            }
            Err(_) => {
                self.forget_feed(id, outflow.reactor);
                return 0;
            }
        };
        feed.release(&state, now);
        let released = feed.released;
        let is_over = feed.is_over(id, &state, &self.clients, now);
        let mut clients = std::mem::take(&mut feed.clients);
        let count = clients.len();
        for client in &clients {
            let Ok(client) = self.clients.get_mut(*client) else {
                broken!("who follows a terminal is there");
                continue;
            };
            advance(client, id, &state, released, outflow);
            if is_over {
                finish(client, id, &state);
            }
        }
        if let Some(feed) = self.pump.feeds.get_mut(&id).filter(|_| !is_over) {
            feed.clients = clients;
            feed.settle(id, &state, &mut self.clients, &self.limits, outflow);
            clients = std::mem::take(&mut feed.clients);
        }
        for client in &clients {
            self.mark_pushed(*client);
        }
        if let Some(feed) = self.pump.feeds.get_mut(&id) {
            feed.clients = clients;
        }
        if is_over {
            let _ = outflow.terminals.unsubscribe_from_output(id, outflow.reactor);
            self.forget_feed(id, outflow.reactor);
        }
        count
    }

    fn forget_feed(&mut self, id: TerminalId, reactor: &mut Reactor) {
        if let Some(feed) = self.pump.feeds.remove(&id)
            && let Some((_, timer)) = feed.timer
        {
            reactor.cancel_timer(timer);
        }
    }

    /// Goes on with everything that one client follows. Its feeds have to be settled.
    fn pump_client(&mut self, id: ClientId, outflow: &mut Outflow<'_>) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        client.is_woken = false;
        let mut attachments = std::mem::take(&mut client.attachments);
        // Who is the first has the room first, so another one is the first next time.
        let by = 1.min(attachments.len());
        attachments.rotate_left(by);
        for attachment in &mut attachments {
            let terminal = attachment.terminal;
            let Ok(state) = outflow.terminals.output_state(terminal) else { continue };
            let Some(feed) = self.pump.feeds.get_mut(&terminal) else { continue };
            go_on(client, attachment, &state, feed.released, outflow);
            if !std::mem::replace(&mut feed.is_unsettled, true) {
                self.pump.unsettled.push(terminal);
            }
        }
        client.attachments = attachments;
        self.mark_pushed(id);
    }

    /// Settles the feeds that went on for single clients, once each however many clients there were.
    fn settle_feeds(&mut self, outflow: &mut Outflow<'_>) {
        let mut unsettled = std::mem::take(&mut self.pump.unsettled);
        for id in unsettled.drain(..) {
            let Some(feed) = self.pump.feeds.get_mut(&id) else { continue };
            feed.is_unsettled = false;
            let Ok(state) = outflow.terminals.output_state(id) else { continue };
            if feed.settle(id, &state, &mut self.clients, &self.limits, outflow) {
                // Seldom: somebody is warned, or had its time.
                for client in feed.clients.clone() {
                    self.mark_pushed(client);
                }
            }
        }
        self.pump.unsettled = unsettled;
    }
}

/// A list without the first `served` of it, and behind the rest what has come meanwhile. It keeps its memory.
fn recycled<T>(mut old: Vec<T>, served: usize, new: Vec<T>) -> Vec<T> {
    old.drain(..served.min(old.len()));
    old.extend(new);
    old
}

impl Feed {
    /// Takes new output in and decides up to where it is sent now.
    fn release(&mut self, state: &OutputState, now: Instant) {
        let new = state.end.saturating_sub(self.seen);
        self.seen = state.end;
        if new > 0 {
            self.batcher.push(usize::try_from(new).unwrap_or(usize::MAX), now);
        }
        while self.batcher.poll(now, state.is_quiet).is_some() {}
        let is_urgent = new > 0 && std::mem::take(&mut self.awaits_echo);
        if is_urgent || state.is_leaving || state.exit.is_some() {
            self.batcher.clear();
        }
        self.released = state.end.saturating_sub(self.batcher.pending() as u64);
    }

    /// Whether a terminal that goes away waits for its clients no longer: all have everything, or they had
    /// their time.
    fn is_over(
        &mut self,
        id: TerminalId,
        state: &OutputState,
        clients: &IdTable<ClientId, Box<Client>>,
        now: Instant,
    ) -> bool {
        if !state.is_leaving {
            return false;
        }
        let since = *self.leaving_since.get_or_insert(now);
        let lacks = |client: &ClientId| {
            let attachment = clients.get(*client).ok().and_then(|c| c.attachment_of(id));
            attachment.is_some_and(|a| !a.consumer.is_viewer() && !a.has_everything(state.end))
        };
        since + PATIENCE <= now || !self.clients.iter().any(lacks)
    }

    /// Tells the terminal what to keep, looks for clients that keep others waiting, and sets the timer
    /// for what comes next. Whether clients were sent something.
    fn settle(
        &mut self,
        id: TerminalId,
        state: &OutputState,
        clients: &mut IdTable<ClientId, Box<Client>>,
        limits: &Limits,
        outflow: &mut Outflow<'_>,
    ) -> bool {
        let (terminals, reactor) = (&mut *outflow.terminals, &mut *outflow.reactor);
        let now = reactor.now();
        let holds = self.bound_holds(id, state, clients, limits, now);
        // Perhaps of a viewer that has stalled.
        self.is_size_stale |= holds.has_sent;
        let is_current = |client: &ClientId| {
            let attachment = clients.get(*client).ok().and_then(|c| c.attachment_of(id));
            attachment.is_some_and(|a| !a.consumer.is_viewer() && a.consumer.cursor() >= state.end)
        };
        let others_wait = state.host_waits || self.clients.iter().any(is_current);
        let batch = (self.released < state.end).then(|| self.batcher.deadline()).flatten();
        let mut wake = [batch, holds.again].into_iter().flatten().min();
        let patient = self.leaving_since.map(|since| since + PATIENCE);
        let mut keep: Option<u64> = None;
        for client in &self.clients {
            let Ok(client) = clients.get_mut(*client) else {
                broken!("who follows a terminal is there");
                continue;
            };
            let Some(attachment) = client.attachment(id) else {
                broken!("who follows a terminal is attached");
                continue;
            };
            let again = attachment.watch_lag(state, others_wait, now);
            wake = [wake, again, attachment.wakes_at(now), patient].into_iter().flatten().min();
            keep = [keep, attachment.keeps_from()].into_iter().flatten().min();
        }
        if self.held != Some(keep) && terminals.subscribe_to_output(id, keep, reactor).is_ok() {
            self.held = Some(keep);
        }
        match (self.timer, wake) {
            (Some((at, _)), Some(wake)) if at <= wake => {}
            (timer, wake) => {
                if let Some((_, timer)) = timer {
                    reactor.cancel_timer(timer);
                }
                self.timer = wake.map(|at| (at, reactor.set_timer(at, Alarm::Feed(id))));
            }
        }
        holds.has_sent
    }

    /// Looks at the clients that hold the program back: warns them, and brings those forward that had their
    /// time.
    fn bound_holds(
        &mut self,
        id: TerminalId,
        state: &OutputState,
        clients: &mut IdTable<ClientId, Box<Client>>,
        limits: &Limits,
        now: Instant,
    ) -> Holds {
        let rests = self.observers.rests(state.end);
        let mut observer_holds = false;
        for client in &self.clients {
            let Ok(client) = clients.get_mut(*client) else {
                broken!("who follows a terminal is there");
                continue;
            };
            let is_observer = !client.may_type();
            let Some(attachment) = client.attachment(id) else {
                broken!("who follows a terminal is attached");
                continue;
            };
            attachment.rests = is_observer && rests;
            attachment.look_at_lapse(state.end);
            observer_holds |= is_observer && attachment.holds_back(state);
        }
        let log = (state.end, state.unread_max);
        let time = limits.client_hold_time;
        let observers_until = self.observers.observe(observer_holds, log, time, now);
        let mut holds = Holds::default();
        let mut observers_are_over = false;
        for client in &self.clients {
            let Ok(client) = clients.get_mut(*client) else {
                broken!("who follows a terminal is there");
                continue;
            };
            let (may_type, heard_at) = (client.may_type(), client.heard_at);
            let Some(attachment) = client.attachment(id) else {
                broken!("who follows a terminal is attached");
                continue;
            };
            let is_held = attachment.holds_back(state);
            let (until, allowed) = if may_type {
                let time = limits.client_stall_time;
                (attachment.hold.observe(is_held, Some(heard_at), time, now), time)
            } else {
                (observers_until.filter(|_| is_held), time)
            };
            let verdict = until.map(|until| judge(until, allowed, attachment.warned, now));
            match verdict {
                None => attachment.warned = None,
                Some(Verdict::Wait(until)) => holds.look_at(until),
                Some(Verdict::Warn(left)) => {
                    attachment.warned = Some(now + left);
                    warn(client, id, left);
                    holds.has_sent = true;
                    holds.look_at(now + left);
                }
                Some(Verdict::Over) => {
                    end_hold(client, id, state, now);
                    observers_are_over |= !may_type;
                    holds.has_sent = true;
                    // At once: the screen is to be sent.
                    holds.look_at(now);
                }
            }
        }
        if observers_are_over {
            self.observers.end(log);
        }
        holds
    }
}

/// What came of a look at the clients that hold a program back.
#[derive(Default)]
struct Holds {
    /// When to look again.
    again: Option<Instant>,
    has_sent: bool,
}

impl Holds {
    fn look_at(&mut self, at: Instant) {
        self.again = Some(self.again.map_or(at, |again| again.min(at)));
    }
}

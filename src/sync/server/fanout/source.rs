//! One terminal whose output is fanned out: which clients follow it, up to where output is released, and what
//! the terminal keeps for them.

use std::time::Instant;

use super::backpressure::{HoldStep, ObserverHold, next_step};
use super::round::Round;
use super::send::{end_hold, warn};
use crate::id::{ClientId, IdTable, TerminalId};
use crate::limits::Limits;
use crate::policy::{AdaptiveBatcher, BatcherOptions};
use crate::reactor::{Reactor, TimerId};
use crate::sync::access::Action;
use crate::sync::key::Alarm;
use crate::sync::server::attachment::LAG_MAX;
use crate::sync::server::client::Client;
use crate::terminal::OutputState;

type Table = IdTable<ClientId, Box<Client>>;

/// See the module's documentation.
pub(super) struct Source {
    pub(super) clients: Vec<ClientId>,
    batcher: AdaptiveBatcher,
    /// The end of output that the batcher knows.
    seen: u64,
    /// Output up to here may be sent.
    pub(super) released: u64,
    /// A client has typed, and nothing has come out since.
    pub(super) awaits_echo: bool,
    /// Since when the terminal waits for the clients that have not got everything.
    leaving_since: Option<Instant>,
    timer: Option<(Instant, TimerId)>,
    /// What the terminal keeps for them.
    kept_from: Option<Option<u64>>,
    /// Output was sent to one of its clients, and it was not settled since.
    pub(super) is_unsettled: bool,
    /// What its clients that may not type hold back.
    observers: ObserverHold,
    /// A viewer has left, stalled or come back: the terminal may get another size.
    pub(super) is_size_stale: bool,
}

impl Source {
    /// A terminal whose output ends at `end`, for clients that come now.
    pub(super) fn new(end: u64) -> Self {
        Source {
            clients: Vec::new(),
            batcher: AdaptiveBatcher::new(BatcherOptions::default()),
            seen: end,
            released: end,
            awaits_echo: false,
            leaving_since: None,
            timer: None,
            kept_from: None,
            is_unsettled: false,
            observers: ObserverHold::default(),
            is_size_stale: false,
        }
    }

    /// Its timer has fired.
    pub(super) fn handle_alarm(&mut self) {
        self.timer = None;
    }

    /// Nobody follows the terminal any more.
    pub(super) fn end(self, reactor: &mut Reactor) {
        if let Some((_, timer)) = self.timer {
            reactor.cancel_timer(timer);
        }
    }

    /// Takes new output in and decides up to where it is sent now.
    pub(super) fn release(&mut self, state: &OutputState, now: Instant) {
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
    pub(super) fn is_over(
        &mut self,
        id: TerminalId,
        state: &OutputState,
        clients: &Table,
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
        since + LAG_MAX <= now || !self.clients.iter().any(lacks)
    }

    /// Tells the terminal what to keep, looks for clients that keep others waiting, and sets the timer
    /// for what comes next. Whether clients were sent something.
    pub(super) fn settle(
        &mut self,
        id: TerminalId,
        state: &OutputState,
        clients: &mut Table,
        limits: &Limits,
        round: &mut Round<'_>,
    ) -> bool {
        let (terminals, reactor) = (&mut *round.terminals, &mut *round.reactor);
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
        let patient = self.leaving_since.map(|since| since + LAG_MAX);
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
        if self.kept_from != Some(keep) && terminals.subscribe_to_output(id, keep, reactor).is_ok()
        {
            self.kept_from = Some(keep);
        }
        match (self.timer, wake) {
            (Some((at, _)), Some(wake)) if at <= wake => {}
            (timer, wake) => {
                if let Some((_, timer)) = timer {
                    reactor.cancel_timer(timer);
                }
                self.timer = wake.map(|at| (at, reactor.set_timer(at, Alarm::Fanout(id))));
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
        clients: &mut Table,
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
            let is_observer = !client.scopes().allow(Action::HoldBack);
            let Some(attachment) = client.attachment(id) else {
                broken!("who follows a terminal is attached");
                continue;
            };
            attachment.rests = is_observer && rests;
            attachment.look_at_lapse(state.end);
            observer_holds |= is_observer && attachment.holds_back(state);
        }
        let (log, time) = ((state.end, state.unread_max), limits.client_hold_time);
        let observers_until = self.observers.observe(observer_holds, log, time, now);
        let mut holds = Holds::default();
        let mut observers_are_over = false;
        for client in &self.clients {
            let Ok(client) = clients.get_mut(*client) else {
                broken!("who follows a terminal is there");
                continue;
            };
            let (own_time, received_at) =
                (client.scopes().allow(Action::HoldBack), client.received_at);
            let Some(attachment) = client.attachment(id) else {
                broken!("who follows a terminal is attached");
                continue;
            };
            let is_held = attachment.holds_back(state);
            let (until, allowed) = if own_time {
                let time = limits.client_stall_time;
                (attachment.hold.observe(is_held, Some(received_at), time, now), time)
            } else {
                (observers_until.filter(|_| is_held), time)
            };
            let step = until.map(|until| next_step(until, allowed, attachment.warned, now));
            match step {
                None => attachment.warned = None,
                Some(HoldStep::Wait(until)) => holds.look_at(until),
                Some(HoldStep::Warn(left)) => {
                    attachment.warned = Some(now + left);
                    warn(client, id, left);
                    holds.has_sent = true;
                    holds.look_at(now + left);
                }
                Some(HoldStep::Over) => {
                    end_hold(client, id, state, now);
                    observers_are_over |= !own_time;
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

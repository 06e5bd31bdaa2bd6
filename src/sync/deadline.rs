//! Deadlines: each connection has one timer, for whatever comes first.

use std::time::{Duration, Instant};

use super::client::{Client, CloseCode, Phase};
use super::head::Refusal;
use super::key::Alarm;
use super::server::Server;
use crate::reactor::{ClientId, Reactor, TimerId};

impl Server {
    pub(crate) fn on_client_alarm(&mut self, id: ClientId, reactor: &mut Reactor) {
        let now = reactor.now();
        let Ok(client) = self.clients.get_mut(id) else { return };
        client.timer = None;
        if client.throttled_until.is_some_and(|until| until <= now) {
            client.throttled_until = None;
            self.read_again(id);
        }
        let Ok(client) = self.clients.get_mut(id) else { return broken!("seen above") };
        let patience = self.limits.client_stall_time;
        let is_due = client.deadline.is_some_and(|at| at <= now);
        match &client.phase {
            Phase::Head(_) if is_due => {
                self.refuse(id, &Refusal::new(408, "no complete request in time"), reactor);
                self.drop_client(id, reactor);
            }
            Phase::Hello if is_due => {
                self.close(id, CloseCode::NoHello, "no hello in time", reactor);
            }
            Phase::Closing | Phase::Ending if is_due => {
                if !self.may_leave_later(id, reactor) {
                    self.drop_client(id, reactor);
                }
            }
            Phase::Open if client.expires_at.is_some_and(|at| at <= now) => {
                self.close(id, CloseCode::Unauthorized, "the token has expired", reactor);
            }
            Phase::Open if is_stalled(client, patience, now) => {
                self.close(id, CloseCode::TooSlow, &why_stalled(patience), reactor);
            }
            Phase::Open if is_abandoned(client, patience, now) => {
                self.close(id, CloseCode::TooSlow, &why_abandoned(patience), reactor);
            }
            _ => arm(client, patience, reactor),
        }
    }
}

/// Sets the deadline of a connection that is not open.
pub(super) fn set_timer(client: &mut Client, at: Instant, reactor: &mut Reactor) {
    client.deadline = Some(at);
    schedule(client, at, reactor);
}

fn schedule(client: &mut Client, at: Instant, reactor: &mut Reactor) {
    if let Some((_, timer)) = client.timer.take() {
        reactor.cancel_timer(timer);
    }
    let timer: TimerId = reactor.set_timer(at, Alarm::Client(client.id));
    client.timer = Some((at, timer));
}

fn why_stalled(patience: Duration) -> String {
    format!("client_stall_time: nothing was taken of what waits for {} ms", patience.as_millis())
}

fn why_abandoned(patience: Duration) -> String {
    format!("client_stall_time: a message has not gone on for {} ms", patience.as_millis())
}

/// Whether nothing was written for too long although something waits.
fn is_stalled(client: &Client, patience: Duration, now: Instant) -> bool {
    let written = client.wire.total_written();
    client.stalled.is_some_and(|(since, before)| {
        before == written && client.wire.queued_bytes() > 0 && since + patience <= now
    })
}

/// Whether nothing of an unfinished message has come for too long.
fn is_abandoned(client: &Client, patience: Duration, now: Instant) -> bool {
    client.unfinished.is_some_and(|(since, before)| {
        let until = since + abandoned_after(client, patience);
        client.frames.unfinished() == Some(before) && until <= now
    })
}

/// How long an unfinished message may stay as it is. Who only waits for the room that others have is closed
/// after them.
fn abandoned_after(client: &Client, patience: Duration) -> Duration {
    if client.is_starving { 2 * patience } else { patience }
}

/// Sets the deadline for what a client has to be looked at next: a hello, a queue that does not move, a
/// message that does not go on, a token that ends, reading that goes on.
pub(super) fn arm(client: &mut Client, patience: Duration, reactor: &mut Reactor) {
    let now = reactor.now();
    let written = client.wire.total_written();
    client.stalled = match client.stalled {
        _ if client.wire.queued_bytes() == 0 || !client.is_open() => None,
        Some((since, before)) if before == written => Some((since, before)),
        _ => Some((now, written)),
    };
    client.unfinished = match (client.unfinished, client.frames.unfinished()) {
        (_, None) => None,
        _ if !client.is_open() => None,
        (Some((since, before)), Some(come)) if before == come => Some((since, before)),
        (_, Some(come)) => Some((now, come)),
    };
    let stall = client.stalled.map(|(since, _)| since + patience);
    let end = client.unfinished.map(|(since, _)| since + abandoned_after(client, patience));
    // What only ends an open client would be due again and again once it is being closed.
    let expires_at = client.expires_at.filter(|_| client.is_open());
    let others = [client.deadline, expires_at, client.throttled_until];
    let next = [stall, end].into_iter().chain(others).flatten().min();
    match (next, client.timer) {
        // A timer that fires too early looks and sets itself anew: it need not be moved.
        (Some(next), Some((at, _))) if at <= next => {}
        (Some(next), _) => schedule(client, next, reactor),
        (None, Some((_, timer))) => {
            reactor.cancel_timer(timer);
            client.timer = None;
        }
        (None, None) => {}
    }
}

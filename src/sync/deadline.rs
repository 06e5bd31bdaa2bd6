//! Deadlines: each connection has one timer, for whatever comes first.

use std::time::{Duration, Instant};

use super::client::{Client, CloseCode, Phase};
use super::head::Refusal;
use super::server::Server;
use crate::reactor::{Alarm, ClientId, Reactor, TimerId};

impl Server {
    pub(crate) fn on_client_alarm(&mut self, id: ClientId, reactor: &mut Reactor) {
        let now = reactor.now();
        let Ok(client) = self.clients.get_mut(id) else { return };
        client.timer = None;
        if client.throttled_until.is_some_and(|until| until <= now) {
            client.throttled_until = None;
            client.bytes.take(std::mem::take(&mut client.owed_bytes), now);
            self.read_again(id);
        }
        let Ok(client) = self.clients.get_mut(id) else { return };
        match &client.phase {
            Phase::Head(_) => {
                self.refuse(id, &Refusal::new(408, "no complete request in time"), reactor);
                self.drop_client(id, reactor);
            }
            Phase::Hello(_) => self.close(id, CloseCode::NoHello, "no hello in time", reactor),
            Phase::Closing(_) | Phase::Ending => self.drop_client(id, reactor),
            Phase::Open(_) => {
                if client.expires_at.is_some_and(|at| at <= now) {
                    self.close(id, CloseCode::Unauthorized, "the token has expired", reactor);
                } else if is_stalled(client, self.limits.client_stall_time, now) {
                    self.close(id, CloseCode::TooSlow, "the queue does not move", reactor);
                } else {
                    arm(client, self.limits.client_stall_time, reactor);
                }
            }
        }
    }
}

/// Sets the one deadline of a connection.
pub(super) fn set_timer(client: &mut Client, at: Instant, reactor: &mut Reactor) {
    if let Some((_, timer)) = client.timer.take() {
        reactor.cancel_timer(timer);
    }
    let timer: TimerId = reactor.set_timer(at, Alarm::Client(client.id));
    client.timer = Some((at, timer));
}

/// Whether nothing was written for too long although something waits.
fn is_stalled(client: &Client, patience: Duration, now: Instant) -> bool {
    let written = client.wire.total_written();
    client.stalled.is_some_and(|(since, before)| {
        before == written && client.wire.queued_bytes() > 0 && since + patience <= now
    })
}

/// Sets the deadline for what an open client has to be looked at next: a queue that does not move, a
/// token that ends, reading that goes on.
pub(super) fn arm(client: &mut Client, patience: Duration, reactor: &mut Reactor) {
    let now = reactor.now();
    let written = client.wire.total_written();
    client.stalled = match client.stalled {
        _ if client.wire.queued_bytes() == 0 => None,
        Some((since, before)) if before == written => Some((since, before)),
        _ => Some((now, written)),
    };
    let stall = client.stalled.map(|(since, _)| since + patience);
    let next = [stall, client.expires_at, client.throttled_until].into_iter().flatten().min();
    match (next, client.timer) {
        // A timer that fires too early looks and sets itself anew: it need not be moved.
        (Some(next), Some((at, _))) if at <= next => {}
        (Some(next), _) => set_timer(client, next, reactor),
        (None, Some((_, timer))) => {
            reactor.cancel_timer(timer);
            client.timer = None;
        }
        (None, None) => {}
    }
}

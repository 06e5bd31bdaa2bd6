//! Timers: each connection has one, for whatever comes first.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::client::{Client, Phase};
use crate::reactor::{Reactor, TimerId};
use crate::sync::key::Alarm;
use crate::sync::protocol::CloseCode;

/// After this a client that takes nothing counts as stalled for the health of the engine.
const NOTICED_AFTER: Duration = Duration::from_secs(5);

/// What is to be done with a connection whose timer has fired.
pub(super) enum Due {
    /// Its time was not over yet, or it goes on.
    Nothing,
    /// It has not sent a whole request head in time.
    Head,
    /// It has taken nothing of a page.
    Page,
    /// It is to be closed.
    Close(CloseCode, Cow<'static, str>),
    /// It was being closed, and is to end.
    Ending,
}

/// What the time of a connection is over for. A client is closed that makes no progress for `stall_time`.
pub(super) fn due(client: &Client, stall_time: Duration, now: Instant) -> Due {
    let is_due = client.deadline.is_some_and(|at| at <= now);
    match &client.phase {
        Phase::Head(_) if is_due => Due::Head,
        Phase::Hello if is_due => Due::Close(CloseCode::NoHello, "no hello in time".into()),
        Phase::Closing | Phase::Ending if is_due => Due::Ending,
        Phase::Page(_) if is_stalled(client, stall_time, now) => Due::Page,
        Phase::Open if client.expires_at().is_some_and(|at| at <= now) => {
            Due::Close(CloseCode::Unauthorized, "the token has expired".into())
        }
        Phase::Open if is_stalled(client, stall_time, now) => {
            Due::Close(CloseCode::TooSlow, why_stalled(stall_time).into())
        }
        Phase::Open if is_abandoned(client, stall_time, now) => {
            Due::Close(CloseCode::TooSlow, why_abandoned(stall_time).into())
        }
        _ => Due::Nothing,
    }
}

/// Sets the deadline of a connection that is not open. What it waits for earlier stays: a timer that fires before the
/// deadline looks and sets itself anew.
pub(super) fn set_deadline(client: &mut Client, at: Instant, reactor: &mut Reactor) {
    client.deadline = Some(at);
    if client.timer.is_none_or(|(earlier, _)| earlier > at) {
        schedule(client, at, reactor);
    }
}

fn schedule(client: &mut Client, at: Instant, reactor: &mut Reactor) {
    if let Some((_, timer)) = client.timer.take() {
        reactor.cancel_timer(timer);
    }
    let timer: TimerId = reactor.set_timer(at, Alarm::Client(client.id));
    client.timer = Some((at, timer));
}

fn why_stalled(stall_time: Duration) -> String {
    format!("client_stall_time: nothing was taken of what waits for {} ms", stall_time.as_millis())
}

fn why_abandoned(stall_time: Duration) -> String {
    format!("client_stall_time: a message has not gone on for {} ms", stall_time.as_millis())
}

/// How long a client may take nothing before it counts as stalled; before it is closed for that.
pub(super) fn noticed_after(stall_time: Duration) -> Duration {
    NOTICED_AFTER.min(stall_time / 2)
}

/// Whether nothing was written for so long although something waits.
pub(super) fn is_stalled(client: &Client, stall_time: Duration, now: Instant) -> bool {
    let written = client.transport.total_written();
    client.stalled.is_some_and(|(since, before)| {
        before == written && client.transport.queued_bytes() > 0 && since + stall_time <= now
    })
}

/// Whether nothing of an unfinished message has come for too long.
fn is_abandoned(client: &Client, stall_time: Duration, now: Instant) -> bool {
    client.unfinished.is_some_and(|(since, before)| {
        let until = since + abandoned_after(client, stall_time);
        client.frames.unfinished() == Some(before) && until <= now
    })
}

/// How long an unfinished message may stay as it is. Who only waits for the room that others have is closed
/// after them.
fn abandoned_after(client: &Client, stall_time: Duration) -> Duration {
    if client.is_starved { 2 * stall_time } else { stall_time }
}

/// Sets the deadline for what a client has to be looked at next: a hello, a queue that does not move, a
/// message that does not go on, a token that ends, reading that goes on.
pub(super) fn arm(client: &mut Client, stall_time: Duration, reactor: &mut Reactor) {
    let now = reactor.now();
    let written = client.transport.total_written();
    client.stalled = match client.stalled {
        _ if client.transport.queued_bytes() == 0 || !client.may_not_stall() => None,
        Some((since, before)) if before == written => Some((since, before)),
        _ => Some((now, written)),
    };
    client.unfinished = match (client.unfinished, client.frames.unfinished()) {
        (_, None) => None,
        _ if !client.is_open() => None,
        (Some((since, before)), Some(come)) if before == come => Some((since, before)),
        (_, Some(come)) => Some((now, come)),
    };
    let noticed = noticed_after(stall_time);
    let stall = client.stalled.map(|(since, _)| {
        let is_noted = client.is_noted_as_stalled || !client.is_open();
        since + if is_noted { stall_time } else { noticed }
    });
    let end = client.unfinished.map(|(since, _)| since + abandoned_after(client, stall_time));
    // What only ends an open client would be due again and again once it is being closed.
    let expires_at = client.expires_at().filter(|_| client.is_open());
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

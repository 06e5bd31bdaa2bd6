//! Figures and health for the clients that have subscribed to them.
//!
//! Figures go to a client at once and then each time its interval is over. These times lie on one grid, [`GRID`], so what
//! is made for one client serves all that are due with it; one timer serves all. A client that does not read gets none
//! until it does; one to which a flood goes has room for them. Health goes out when it changes, and always as a whole, so a client that was behind misses only what
//! was over in between.
//!
//! A turn that is over serves [`SERVED_MIN`] clients all the same; the others get the same figures in the next one.
//! Each client pays what they would have cost for it alone.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use super::client::{Client, REPLY_ROOM, frame_of};
use super::clients::Clients;
use crate::id::ClientId;
use crate::policy::Slice;
use crate::reactor::{Reactor, TimerId};
use crate::sync::key::Alarm;
use crate::sync::protocol::{Figures, Health, ServerMessage};

/// What a message costs with its encoding, in nanoseconds of estimated work, and each byte of it.
const MESSAGE_COST: u64 = 20_000;
const BYTE_COST: u64 = 10;

/// Figures are due at multiples of this time, of which an interval has at least one.
const GRID: Duration = Duration::from_millis(250);
/// The longest interval that a client may choose.
const INTERVAL_MAX: Duration = Duration::from_secs(60);
/// Clients that get something in a turn at least.
const SERVED_MIN: usize = 8;

/// Clients that observe the engine.
pub(super) struct Observers {
    list: Vec<Observer>,
    timer: Option<(Instant, TimerId)>,
    /// Where the grid begins.
    origin: Instant,
    /// Somebody may be due.
    is_due: bool,
    /// Somebody had no room for the health.
    is_owed: bool,
    /// Figures that some of those who are due have not got yet.
    made: Option<MadeFigures>,
}

struct Observer {
    client: ClientId,
    /// How often it wants figures, and when the next are due.
    figures: Option<(Duration, Instant)>,
    wants_health: bool,
    /// It has not got the health as it is now.
    owes_health: bool,
}

/// Figures for whoever is due, and what making them has cost.
pub(crate) struct MadeFigures {
    message: ServerMessage,
    cost: u64,
}

impl MadeFigures {
    /// What differs from client to client may be left at 0.
    pub(crate) fn new(figures: Figures, cost: u64) -> Self {
        MadeFigures { message: ServerMessage::Figures(Box::new(figures)), cost }
    }
}

impl Observers {
    pub(super) fn new(now: Instant) -> Self {
        Observers {
            list: Vec::new(),
            timer: None,
            origin: now,
            is_due: false,
            is_owed: false,
            made: None,
        }
    }

    /// Whether a turn would send something.
    pub(super) fn has_work(&self) -> bool {
        self.is_due
    }

    /// A client wants this from now on: figures at once and then as often; the health at once and when it changes.
    pub(super) fn subscribe(
        &mut self,
        client: ClientId,
        interval: Option<Duration>,
        wants_health: bool,
        now: Instant,
    ) {
        self.list.retain(|observer| observer.client != client);
        let figures = interval.map(|every| (grid_up(every).clamp(GRID, INTERVAL_MAX), now));
        if figures.is_some() || wants_health {
            let owes_health = wants_health;
            self.list.push(Observer { client, figures, wants_health, owes_health });
        }
        // Also for the timer, which may be another one now.
        self.is_due = true;
    }

    /// The health of the engine has changed.
    pub(super) fn note_health(&mut self) {
        for observer in self.list.iter_mut().filter(|observer| observer.wants_health) {
            observer.owes_health = true;
            self.is_due = true;
        }
    }

    /// The timer has fired.
    pub(super) fn handle_alarm(&mut self) {
        self.timer = None;
        self.is_due = true;
    }

    /// Whether figures are to be made, and whether the health, for clients that get them now.
    pub(super) fn due(&self, clients: &Clients, now: Instant) -> (bool, bool) {
        if !self.is_due && !self.is_owed {
            return (false, false);
        }
        let has_room =
            |observer: &&Observer| clients.get_open(observer.client).is_some_and(has_room);
        let mut list = self.list.iter().filter(has_room);
        let figures = self.made.is_none() && list.clone().any(|observer| observer.is_due(now));
        (figures, list.any(|observer| observer.owes_health))
    }

    /// Sends what is due; how many clients got something. Who has no room gets the next figures instead, and the health
    /// later.
    pub(super) fn transmit(
        &mut self,
        clients: &mut Clients,
        made: Option<MadeFigures>,
        health: Option<&Health>,
        slice: &mut Slice,
        reactor: &mut Reactor,
    ) -> usize {
        if !self.is_due && !self.is_owed {
            return 0;
        }
        (self.is_due, self.is_owed) = (false, false);
        let (now, origin) = (reactor.now(), self.origin);
        let mut made = made.or(self.made.take());
        let health = health.cloned().map(ServerMessage::Health);
        self.list.retain(|observer| clients.get_open(observer.client).is_some());
        let mut served = 0;
        for observer in &mut self.list {
            let Ok(client) = clients.table.get_mut(observer.client) else { continue };
            if !observer.owes_health && !observer.is_due(now) {
                continue;
            }
            if served >= SERVED_MIN && slice.is_over() {
                self.is_due = true;
                self.made = made;
                break;
            }
            let mut cost = 0;
            if observer.owes_health && !client.has_rare_room() {
                // It is woken once there is room.
                self.is_owed = true;
            } else if observer.owes_health
                && let Some(message) = &health
            {
                observer.owes_health = false;
                cost += push(client, message, slice);
            }
            if observer.is_due(now) {
                observer.advance(origin, now);
                if let Some(made) = &mut made
                    && has_room(client)
                {
                    cost += made.cost + push_figures(client, made, slice);
                }
            }
            if cost > 0 {
                served += 1;
                client.cost.charge(cost, now);
                clients.work.flush_later(client);
            }
        }
        self.arm(reactor);
        served
    }

    /// Sets the timer for whoever is due next.
    fn arm(&mut self, reactor: &mut Reactor) {
        let next = self.list.iter().filter_map(|observer| Some(observer.figures?.1)).min();
        match (next, self.timer) {
            (Some(next), Some((at, _))) if at == next => {}
            (next, timer) => {
                if let Some((_, timer)) = timer {
                    reactor.cancel_timer(timer);
                }
                self.timer = next.map(|at| (at, reactor.set_timer(at, Alarm::Observers)));
            }
        }
    }
}

impl Observer {
    fn is_due(&self, now: Instant) -> bool {
        self.figures.is_some_and(|(_, at)| at <= now)
    }

    /// Figures were due and are over: the next are due an interval later, on the grid, and not before now.
    fn advance(&mut self, origin: Instant, now: Instant) {
        self.figures = self.figures.map(|(every, at)| {
            let next = (at + every).max(now + Duration::from_nanos(1));
            (every, origin + grid_up(next.saturating_duration_since(origin)))
        });
    }
}

/// Rounds up to a multiple of [`GRID`].
fn grid_up(time: Duration) -> Duration {
    let multiple = time.as_nanos().div_ceil(GRID.as_nanos()) * GRID.as_nanos();
    Duration::from_nanos(u64::try_from(multiple).unwrap_or(u64::MAX))
}

fn has_room(client: &Client) -> bool {
    client.transport.queued_bytes() < REPLY_ROOM.0
}

/// Queues figures; what that costs.
fn push_figures(client: &mut Client, made: &mut MadeFigures, slice: &mut Slice) -> u64 {
    if let ServerMessage::Figures(figures) = &mut made.message {
        figures.queued_bytes = client.transport.queued_bytes() as u64;
    }
    push(client, &made.message, slice)
}

/// Queues a message; what that costs.
fn push(client: &mut Client, message: &ServerMessage, slice: &mut Slice) -> u64 {
    let frame = frame_of(&client.codec.encode_server(message, client.compress));
    let cost = MESSAGE_COST + frame.len() as u64 * BYTE_COST;
    slice.charge(cost);
    client.push(frame);
    cost
}

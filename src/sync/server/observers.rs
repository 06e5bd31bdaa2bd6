//! Figures and health for the clients that have subscribed to them.
//!
//! Figures go to a client each time its interval is over; one timer serves all. A client that does not read gets none
//! until it does. Health goes out when it changes, and always as a whole, so a client that was behind misses only what
//! was over in between.

use std::time::{Duration, Instant};

use super::client::{Client, ROOM_BYTES, frame_of};
use super::clients::Clients;
use crate::id::ClientId;
use crate::policy::Slice;
use crate::reactor::{Reactor, TimerId};
use crate::sync::key::Alarm;
use crate::sync::protocol::{Figures, Health, ServerMessage};

/// What a message costs with its encoding, in nanoseconds of estimated work, and each byte of it.
const MESSAGE_COST: u64 = 20_000;
const BYTE_COST: u64 = 10;

/// The bounds of the interval that a client may choose.
pub(super) const INTERVAL_MIN: Duration = Duration::from_millis(250);
pub(super) const INTERVAL_MAX: Duration = Duration::from_secs(60);

/// Clients that observe the engine.
#[derive(Default)]
pub(super) struct Observers {
    list: Vec<Observer>,
    timer: Option<(Instant, TimerId)>,
    /// Somebody may be due.
    is_due: bool,
    /// Somebody had no room for the health.
    is_owed: bool,
}

struct Observer {
    client: ClientId,
    /// How often it wants figures, and when the next are due.
    figures: Option<(Duration, Instant)>,
    wants_health: bool,
    /// It has not got the health as it is now.
    owes_health: bool,
}

impl Observers {
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
        let figures = interval.map(|every| (every.clamp(INTERVAL_MIN, INTERVAL_MAX), now));
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

    /// Whether figures, and whether the health, are to be sent now.
    pub(super) fn due(&self, clients: &Clients, now: Instant) -> (bool, bool) {
        if !self.is_due && !self.is_owed {
            return (false, false);
        }
        let has_room = |observer: &&Observer| clients.get(observer.client).is_ok_and(has_room);
        let mut list = self.list.iter().filter(has_room);
        let figures = list.clone().any(|observer| observer.is_due(now));
        (figures, list.any(|observer| observer.owes_health))
    }

    /// Sends what is due. Who has no room gets the next figures instead, and the health later.
    pub(super) fn transmit(
        &mut self,
        clients: &mut Clients,
        figures: Option<Figures>,
        health: Option<&Health>,
        slice: &mut Slice,
        reactor: &mut Reactor,
    ) {
        if !self.is_due && !self.is_owed {
            return;
        }
        (self.is_due, self.is_owed) = (false, false);
        let now = reactor.now();
        let mut figures = figures.map(Box::new).map(ServerMessage::Figures);
        let health = health.cloned().map(ServerMessage::Health);
        self.list.retain(|observer| clients.get_open(observer.client).is_some());
        let mut is_first = true;
        for observer in &mut self.list {
            let Ok(client) = clients.table.get_mut(observer.client) else { continue };
            if !observer.owes_health && !observer.is_due(now) {
                continue;
            }
            // Making the figures may have taken all of the slice: one client gets them all the same.
            if !std::mem::take(&mut is_first) && slice.is_over() {
                self.is_due = true;
                break;
            }
            if observer.owes_health && !client.has_room() {
                // It is woken once there is room.
                self.is_owed = true;
            } else if observer.owes_health
                && let Some(message) = &health
            {
                observer.owes_health = false;
                push(client, message, slice);
                clients.work.flush_later(client);
            }
            if observer.is_due(now) {
                observer.figures = observer.figures.map(|(every, _)| (every, now + every));
                if let Some(ServerMessage::Figures(figures)) = &mut figures {
                    figures.queued_bytes = client.transport.queued_bytes() as u64;
                }
                if let Some(message) = &figures
                    && has_room(client)
                {
                    push(client, message, slice);
                    clients.work.flush_later(client);
                }
            }
        }
        self.arm(reactor);
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
}

fn has_room(client: &Client) -> bool {
    client.transport.queued_bytes() <= ROOM_BYTES
}

fn push(client: &mut Client, message: &ServerMessage, slice: &mut Slice) {
    let frame = frame_of(&client.codec.encode_server(message, client.compress));
    slice.charge(MESSAGE_COST + frame.len() as u64 * BYTE_COST);
    client.push(frame);
}

//! Notices: what happens in terminals goes to the clients that want to hear of it.
//!
//! A notice is encoded once for all clients of a codec. It is never queued behind much: a client for which more than
//! [`ROOM_BYTES`] wait does not get it, and sees from the next number that it missed something.

use std::collections::{HashSet, VecDeque};
use std::time::Instant;

use bytes::Bytes;

use super::client::{Client, ROOM_BYTES, frame_of};
use super::clients::Clients;
use crate::id::{ClientId, TerminalId};
use crate::policy::{Slice, UNIT_COST_MAX};
use crate::reactor::Reactor;
use crate::sync::codec::Codec;
use crate::sync::convert;
use crate::sync::protocol::ServerMessage;
use crate::terminal::{NoticeKinds, SentNotice, Terminals};

/// What looking costs whether a terminal has notices, or whether a client wants one.
const LOOK_COST: u64 = 100;
/// What making a frame of a notice costs, each byte of its texts, and each client that gets it.
const FRAME_COST: u64 = 5_000;
const BYTE_COST: u64 = 3;
const CLIENT_COST: u64 = 300;

/// The longest text: of the clipboard, which comes as 64 KiB of base64.
const TEXT_BYTES_MAX: u64 = 48 << 10;
/// Both codecs, compressed and not.
const FRAMES_MAX: u64 = 4;

const _: () = assert!(FRAMES_MAX * (FRAME_COST + TEXT_BYTES_MAX * BYTE_COST) <= UNIT_COST_MAX);

/// A notice in a frame, for the clients of a codec, compressed or not.
type SharedFrame = ((Codec, bool), Bytes);

/// Sends notices to clients.
#[derive(Default)]
pub(super) struct Notices {
    /// What clients want together, and who these are.
    wanted: NoticeKinds,
    clients: Vec<ClientId>,
    /// Terminals with notices that were not taken yet, since the time was over; and the same ones, to look one up.
    due: VecDeque<TerminalId>,
    are_due: HashSet<TerminalId>,
    /// Notices that were taken and not sent, of one terminal.
    taken: VecDeque<SentNotice>,
    /// The frames of the notice that is sent.
    frames: Vec<SharedFrame>,
}

impl Notices {
    pub(super) fn has_work(&self) -> bool {
        !self.due.is_empty() || !self.taken.is_empty()
    }

    /// A client wants notices of these kinds from now on.
    pub(super) fn want(
        &mut self,
        id: ClientId,
        kinds: NoticeKinds,
        clients: &mut Clients,
        terminals: &mut Terminals,
        now: Instant,
    ) {
        let Ok(client) = clients.get_mut(id) else { return };
        client.notices.replace(kinds, now);
        self.review(clients, terminals);
    }

    /// Looks anew what is wanted together. Gives what that cost.
    fn review(&mut self, clients: &mut Clients, terminals: &mut Terminals) -> u64 {
        clients.are_notices_stale = false;
        self.clients.clear();
        let mut wanted = NoticeKinds::NONE;
        for client in clients.table.values_mut() {
            if client.is_open() && !client.notices.is_empty() {
                wanted = wanted.union(client.notices.kinds());
                self.clients.push(client.id);
            }
        }
        let mut looks = clients.table.len();
        if std::mem::replace(&mut self.wanted, wanted) != wanted {
            terminals.want_notices(wanted);
            looks += terminals.len();
        }
        looks as u64 * LOOK_COST
    }

    /// Sends the notices of terminals that something happened to, until the slice is over.
    pub(super) fn transmit(
        &mut self,
        clients: &mut Clients,
        touched: &[TerminalId],
        terminals: &mut Terminals,
        slice: &mut Slice,
        reactor: &mut Reactor,
    ) {
        if clients.are_notices_stale {
            slice.charge(self.review(clients, terminals));
        }
        if !self.wanted.is_empty() && !touched.is_empty() {
            slice.charge(touched.len() as u64 * LOOK_COST);
            for id in touched.iter().filter(|id| terminals.has_notices(**id)) {
                if self.are_due.insert(*id) {
                    self.due.push_back(*id);
                }
            }
        }
        loop {
            if let Some(notice) = self.taken.pop_front() {
                slice.charge(self.send(&notice, clients));
            } else if let Some(id) = self.due.pop_front() {
                self.are_due.remove(&id);
                terminals.take_notices(id, &mut self.taken, reactor);
                slice.charge(LOOK_COST);
            } else {
                return;
            }
            if slice.is_over() {
                return;
            }
        }
    }

    /// Sends a notice to everybody who wants it. Gives what that cost.
    fn send(&mut self, sent: &SentNotice, clients: &mut Clients) -> u64 {
        let (kind, bytes) = (sent.notice.kind(), sent.notice.text_bytes() as u64);
        let mut cost = self.clients.len() as u64 * LOOK_COST;
        let mut message = None;
        for id in &self.clients {
            let Ok(client) = clients.table.get_mut(*id) else { continue };
            if !client.notices.include(kind, sent.at) || !has_room(client) {
                continue;
            }
            let message = message.get_or_insert_with(|| ServerMessage::Notice {
                terminal: sent.terminal.to_u64(),
                seq: sent.seq,
                notice: convert::notice(&sent.notice),
            });
            client.push(shared_frame(&mut self.frames, message, client));
            clients.work.flush_later(client);
            cost += CLIENT_COST;
        }
        cost += self.frames.len() as u64 * (FRAME_COST + bytes * BYTE_COST);
        self.frames.clear();
        cost
    }
}

/// Whether a notice may be queued. Unlike output, what finds no room does not wait.
fn has_room(client: &Client) -> bool {
    client.transport.queued_bytes() <= ROOM_BYTES
}

/// The notice in a frame as this client reads it, made if it is the first of its kind.
fn shared_frame(frames: &mut Vec<SharedFrame>, message: &ServerMessage, client: &Client) -> Bytes {
    let key = (client.codec, client.compress);
    if let Some((_, frame)) = frames.iter().find(|(made_for, _)| *made_for == key) {
        return frame.clone();
    }
    let frame = frame_of(&client.codec.encode_server(message, client.compress));
    frames.push((key, frame.clone()));
    frame
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {

    use super::*;
    use crate::limits::Limits;
    use crate::terminal::TerminalNotice;

    /// Terminals without notices and clients that do not want one are looked at for nothing, but not for free.
    #[test]
    fn every_look_is_charged() {
        let mut reactor = Reactor::new().unwrap();
        let now = reactor.now();
        let mut clients = Clients::new(Limits::default());
        let mut terminals = Terminals::new(Limits::default(), now);
        let mut notices = Notices {
            wanted: NoticeKinds::ALL,
            clients: (1..=200).map(ClientId::from_u64).collect(),
            ..Notices::default()
        };
        let mut cost = |notices: &mut Notices, touched: &[TerminalId]| {
            let mut slice = Slice::without_end();
            notices.transmit(&mut clients, touched, &mut terminals, &mut slice, &mut reactor);
            slice.charged()
        };
        let touched: Vec<_> = (1..=1000).map(TerminalId::from_u64).collect();
        assert_eq!(cost(&mut notices, &touched), 1000 * LOOK_COST);
        let terminal = TerminalId::from_u64(1);
        let notice = TerminalNotice::Bell { count: 1 };
        notices.taken.push_back(SentNotice { terminal, seq: 1, at: now, notice });
        assert_eq!(cost(&mut notices, &[]), 200 * LOOK_COST);
        (notices.due, notices.are_due) = ([terminal].into(), [terminal].into());
        assert_eq!(cost(&mut notices, &[]), LOOK_COST);
        assert!(!notices.has_work() && notices.are_due.is_empty());
        notices.wanted = NoticeKinds::NONE;
        assert_eq!(cost(&mut notices, &touched), 0);
    }
}

//! Notices: what happens in terminals goes to the clients that want to hear of it.
//!
//! A notice is encoded once for all clients of a codec. It is never queued behind much: a client for which more than
//! [`ROOM_BYTES`] wait does not get it, and sees from the next number that it missed something.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::client::{Client, ROOM_BYTES, frame_of};
use super::clients::Clients;
use crate::id::{ClientId, TerminalId};
use crate::policy::Slice;
use crate::reactor::Reactor;
use crate::sync::codec::Codec;
use crate::sync::convert;
use crate::sync::protocol::ServerMessage;
use crate::terminal::{NoticeKinds, SentNotice, Terminals};

/// What sending a notice costs, each byte of its texts, and each client that gets it.
const NOTICE_COST: u64 = 5_000;
const BYTE_COST: u64 = 20;
const CLIENT_COST: u64 = 300;

/// A notice in a frame, for the clients of a codec, compressed or not.
type SharedFrame = ((Codec, bool), Bytes);

/// Sends notices to clients.
#[derive(Default)]
pub(super) struct Notices {
    /// What clients want together, and who these are.
    wanted: NoticeKinds,
    clients: Vec<ClientId>,
    /// Terminals with notices that were not taken yet, since the time was over.
    due: VecDeque<TerminalId>,
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

    /// Looks anew what is wanted together.
    fn review(&mut self, clients: &mut Clients, terminals: &mut Terminals) {
        clients.are_notices_stale = false;
        self.clients.clear();
        let mut wanted = NoticeKinds::NONE;
        for client in clients.table.values_mut() {
            if client.is_open() && !client.notices.is_empty() {
                wanted = wanted.union(client.notices.kinds());
                self.clients.push(client.id);
            }
        }
        if std::mem::replace(&mut self.wanted, wanted) != wanted {
            terminals.want_notices(wanted);
        }
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
            self.review(clients, terminals);
        }
        if !self.wanted.is_empty() {
            for id in touched.iter().filter(|id| terminals.has_notices(**id)) {
                if !self.due.contains(id) {
                    self.due.push_back(*id);
                }
            }
        }
        loop {
            if let Some(notice) = self.taken.pop_front() {
                self.send(&notice, clients, slice);
            } else if let Some(id) = self.due.pop_front() {
                terminals.take_notices(id, &mut self.taken, reactor);
            } else {
                return;
            }
            if slice.is_over() {
                return;
            }
        }
    }

    /// Sends a notice to everybody who wants it.
    fn send(&mut self, sent: &SentNotice, clients: &mut Clients, slice: &mut Slice) {
        let (kind, bytes) = (sent.notice.kind(), sent.notice.text_bytes() as u64);
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
            client.push(shared_frame(&mut self.frames, message, client, bytes, slice));
            clients.work.flush_later(client);
            slice.charge(CLIENT_COST);
        }
        self.frames.clear();
    }
}

/// Whether a notice may be queued. Unlike output, what finds no room does not wait.
fn has_room(client: &Client) -> bool {
    client.transport.queued_bytes() <= ROOM_BYTES
}

/// The notice in a frame as this client reads it, made if it is the first of its kind.
fn shared_frame(
    frames: &mut Vec<SharedFrame>,
    message: &ServerMessage,
    client: &Client,
    bytes: u64,
    slice: &mut Slice,
) -> Bytes {
    let key = (client.codec, client.compress);
    if let Some((_, frame)) = frames.iter().find(|(made_for, _)| *made_for == key) {
        return frame.clone();
    }
    slice.charge(NOTICE_COST + bytes * BYTE_COST);
    let frame = frame_of(&client.codec.encode_server(message, client.compress));
    frames.push((key, frame.clone()));
    frame
}

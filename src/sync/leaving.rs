//! The way out: connections that are refused, closed or broken, and the end of the server.
//!
//! A client is closed by a close frame with a code and a reason, behind what is queued for it; the answer
//! is waited for, but not for long. One that does not read is closed without what is queued. Of a frame that has
//! begun the rest has to be sent first, or what follows it would mean nothing: that is waited for as long as it
//! goes on, and for `client_stall_time` at most.

use std::os::fd::AsFd;
use std::time::Duration;

use super::client::{CloseCode, Phase, ROOM_BYTES};
use super::deadline::set_timer;
use super::head::{self, Refusal};
use super::server::{News, Server};
use super::wire::Wire;
use crate::reactor::{ClientId, Reactor};

/// How long the answer to a close frame is waited for.
const CLOSE_TIME: Duration = Duration::from_secs(1);

impl Server {
    // The end of connections.

    /// Answers a request that is refused, and ends.
    pub(super) fn refuse(&mut self, id: ClientId, refusal: &Refusal, reactor: &mut Reactor) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.wire.push(head::response(refusal).into());
            client.phase = Phase::Ending;
            self.leave_place(id);
            self.log(format!("a connection was refused: {} {}", refusal.status, refusal.line()));
            self.flush(id, reactor);
        }
    }

    /// Everything is said: the other end may read it before the connection goes. Closing at once would
    /// throw the answer away if something that it sent is unread. Few may linger.
    pub(super) fn linger(&mut self, id: ClientId, reactor: &mut Reactor) {
        let lingering = self.leaving_count();
        let Ok(client) = self.clients.get_mut(id) else { return };
        if lingering > self.limits.clients_pending || client.wire.shutdown_write().is_err() {
            return self.drop_client(id, reactor);
        }
        set_timer(client, reactor.now() + CLOSE_TIME, reactor);
    }

    /// Closes a connection with a reason. Nothing more is read from it but the answer.
    pub(crate) fn close(
        &mut self,
        id: ClientId,
        code: CloseCode,
        reason: &str,
        reactor: &mut Reactor,
    ) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        let (was_open, was_pending) = (client.is_open(), client.is_pending());
        if !was_open && !was_pending {
            return;
        }
        if code == CloseCode::TooSlow {
            client.wire.drop_unwritten();
        }
        client.close(code, reason);
        client.leaves_by = Some(reactor.now() + self.limits.client_stall_time);
        client.left_behind = large(client.wire.queued_bytes());
        // What it still sends is read, or the connection would be reset before it has read why.
        (client.throttled_until, client.waits_for_room) = (None, false);
        set_timer(client, reactor.now() + CLOSE_TIME, reactor);
        let name = client.name.clone();
        self.open_count -= usize::from(was_open);
        self.leave_place(id);
        self.log(format!("client {} {name:?}: closed, {} {reason}", id.to_u64(), code as u16));
        self.mark_pushed(id);
        self.read_again(id);
        self.count_partial(id);
        self.leave_terminals(id);
        if code == CloseCode::TooSlow
            && self.leaving_count() <= self.limits.clients_pending
            && let Ok(client) = self.clients.get_mut(id)
        {
            // It may read on and learn why; few are waited for, since the frame that has begun is kept.
            client.is_patient = true;
        }
        if was_pending && self.leaving_count() > self.limits.clients_pending {
            // Strangers who do not answer take no more than their places.
            self.flush(id, reactor);
            self.read_away(id);
            self.drop_client(id, reactor);
        }
    }

    /// A client has said goodbye, and the answer waits behind the rest of a frame.
    pub(super) fn answer_goodbye(&mut self, id: ClientId, reactor: &mut Reactor) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        let was_open = client.is_open();
        client.phase = Phase::Ending;
        client.leaves_by = Some(reactor.now() + self.limits.client_stall_time);
        client.left_behind = client.wire.queued_bytes();
        set_timer(client, reactor.now() + CLOSE_TIME, reactor);
        let name = client.name.clone();
        self.open_count -= usize::from(was_open);
        self.leave_place(id);
        self.log(format!("client {} {name:?}: gone", id.to_u64()));
        self.count_partial(id);
        self.leave_terminals(id);
        self.flush(id, reactor);
    }

    /// A connection that is being closed has had its time. Whether it gets more of it, since what was begun is
    /// still being sent.
    pub(super) fn may_leave_later(&mut self, id: ClientId, reactor: &mut Reactor) -> bool {
        let now = reactor.now();
        let Ok(client) = self.clients.get_mut(id) else { return false };
        let left = client.wire.queued_bytes();
        let goes_on = left < std::mem::replace(&mut client.left_behind, left);
        let may = (goes_on || (client.is_patient && left > 0))
            && client.leaves_by.is_some_and(|end| now < end);
        if may {
            set_timer(client, now + CLOSE_TIME, reactor);
        }
        may
    }

    pub(super) fn drop_client(&mut self, id: ClientId, reactor: &mut Reactor) {
        self.leave_place(id);
        let Some(mut client) = self.clients.remove(id) else { return };
        self.release_partial(client.counted);
        self.pass_on(id);
        self.open_count -= usize::from(client.is_open());
        if client.is_open() {
            self.log(format!("client {} {:?}: gone", id.to_u64(), client.name));
        }
        for attachment in &client.attachments {
            self.pump.leave(attachment.terminal, id);
        }
        if let Some((_, timer)) = client.timer.take() {
            reactor.cancel_timer(timer);
        }
        reactor.deregister(client.wire.as_fd());
        if !client.watches.is_empty() {
            self.news.push_back(News::Gone(std::mem::take(&mut client.watches)));
        }
    }

    /// Reads what a connection has sent and nobody wants to know: the kernel would answer it by a reset, which
    /// takes away what was said last.
    pub(super) fn read_away(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id) {
            let _ = client.read_off(&mut self.scratch);
        }
    }

    /// A client that is being closed gets no output any more.
    fn leave_terminals(&mut self, id: ClientId) {
        let Ok(client) = self.clients.get_mut(id) else { return broken!("it is being closed") };
        for attachment in std::mem::take(&mut client.attachments) {
            self.pump.leave(attachment.terminal, id);
        }
        let watches = std::mem::take(&mut client.watches);
        if !watches.is_empty() {
            self.news.push_back(News::Gone(watches));
        }
    }

    // The end of the server.

    /// Listens no longer and lets nobody in; those who are there stay until
    /// [`close_all`](Self::close_all).
    pub(crate) fn stop_listening(&mut self, reactor: &mut Reactor) {
        self.is_closing = true;
        let ids: Vec<_> = self.listeners.ids().collect();
        for id in ids {
            // It was just listed.
            let _ = self.unlisten(id, reactor);
        }
    }

    /// Says goodbye to everybody.
    pub(crate) fn close_all(&mut self, reactor: &mut Reactor) {
        let ids: Vec<_> = self.clients.ids().collect();
        for id in ids {
            if self.clients.get(id).is_ok_and(|client| matches!(client.phase, Phase::Head(_))) {
                self.refuse(id, &Refusal::new(503, "the server shuts down"), reactor);
            } else {
                self.close(id, CloseCode::Shutdown, "the server shuts down", reactor);
            }
            if let Ok(client) = self.clients.get_mut(id) {
                client.leaves_by = None;
            }
        }
    }

    /// Closes the connections that were let in by tokens that are no longer valid.
    pub(crate) fn close_revoked(&mut self, reactor: &mut Reactor) {
        let now = reactor.now();
        let ids: Vec<_> = self.clients.ids().collect();
        for id in ids {
            let Ok(client) = self.clients.get(id) else {
                broken!("it was listed above");
                continue;
            };
            if client.grant.is_some_and(|grant| !self.tokens.is_valid(grant.token, now)) {
                self.close(id, CloseCode::Unauthorized, "the token was revoked", reactor);
            }
        }
    }

    /// Lets go of everything without touching what is shared with a parent process.
    pub(crate) fn forget(&mut self) {
        self.clients.drain().for_each(drop);
        self.listeners.drain().for_each(drop);
    }

    /// Lets go of everything at once.
    pub(crate) fn dismantle(&mut self, reactor: &mut Reactor) {
        for client in self.clients.drain() {
            reactor.deregister(client.wire.as_fd());
        }
        for listener in self.listeners.drain() {
            reactor.deregister(listener.as_fd());
            listener.unlink();
        }
    }
}

/// Bytes of a queue that are not sent at once.
fn large(queued: usize) -> usize {
    if queued > ROOM_BYTES { queued } else { 0 }
}

/// Says no to a connection that has no place, as far as it can be said at once.
pub(super) fn turn_away(wire: &mut Wire, refusal: &Refusal) {
    // What was sent already is taken, or the kernel would cut the answer off by a reset.
    let mut sink = [0; 4096];
    let _ = std::io::Read::read(wire, &mut sink);
    wire.push(head::response(refusal).into());
    let _ = wire.flush();
    let _ = wire.shutdown_write();
}

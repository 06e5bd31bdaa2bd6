//! The table of connections, and how each of them ends.
//!
//! A connection is closed by a close frame with a code and a reason, behind what is queued for it; the answer
//! is waited for, but not for long. One that does not read is closed without what is queued. Of a frame that has
//! begun the rest has to be sent first, or what follows it would mean nothing: that is waited for as long as it
//! makes progress, and for `client_stall_time` at most.
//!
//! What others have to do about it comes out as [`Effect`]s for the engine and as [`Clients::take_departed`] for
//! the fan-out; the table knows neither.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::time::Duration;

use super::admission::Admission;
use super::attachment::Attachment;
use super::client::{Client, Phase, READ_BYTES, ROOM_BYTES};
use super::figures::Totals;
use super::reports::ReportQueue;
use super::timers::{self, Due};
use super::unfinished::UnfinishedBudget;
use super::work::WorkLists;
use crate::error::{Result, one_line};
use crate::id::{ClientId, IdTable, TerminalId, WatchId};
use crate::limits::Limits;
use crate::observe::{HealthPart, HealthReason, Notes, Reasons, Recorded};
use crate::reactor::Reactor;
use crate::sync::access::tokens::Tokens;
use crate::sync::key::Source;
use crate::sync::protocol::{About, CloseCode, ErrorCode, ServerMessage};
use crate::sync::websocket::http::{self, HeadBuffer, Refusal};
use crate::sync::websocket::transport::{Flush, Transport};

/// How long the answer to a close frame is waited for.
const CLOSE_TIME: Duration = Duration::from_secs(1);
/// Frames that may wait for one client, however small they are: answers to its pings.
pub(crate) const QUEUED_FRAMES_MAX: usize = 16 << 10;
/// Bytes of one message for which the queue of a client need not have room: a client is not slow because a
/// reply is large. The largest are the statuses of a batch and whole screens.
pub(crate) const LARGEST_MESSAGE: usize = 4 << 20;
/// A client for which less waits is not closed for want of memory: so much is on its way to one that keeps up.
const WAITING_MIN: usize = 2 * ROOM_BYTES;
/// Effects that wait for the engine. It takes them every turn; a flood of connections is not worth more memory.
const LOG_LINES_MAX: usize = 1024;

/// What the engine has to do because of what connections did.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Log a line, about a client if it is about one.
    Log(Option<ClientId>, String),
    /// Warn of something.
    Warn(String),
    /// End these watches: the client that began them is gone.
    Unwatch(Vec<WatchId>),
}

/// See the module's documentation.
pub(super) struct Clients {
    pub(super) limits: Limits,
    pub(super) table: IdTable<ClientId, Box<Client>>,
    pub(super) admission: Admission,
    pub(super) unfinished: UnfinishedBudget,
    pub(super) work: WorkLists,
    pub(super) totals: Totals,
    /// No connection is taken in any more.
    pub(super) is_closing: bool,
    /// One that wanted notices is gone, or is being closed.
    pub(super) are_notices_stale: bool,
    /// Where all connections are read into.
    pub(super) scratch: Vec<u8>,
    /// Requests for reports that the engine has not taken.
    pub(super) reports: ReportQueue,
    effects: VecDeque<Effect>,
    /// What changed of clients and listeners, for their health and the flight recorder.
    pub(super) notes: Notes,
    /// Attachments that ended with their connections.
    departed: Vec<(TerminalId, ClientId)>,
}

impl Clients {
    pub(super) fn new(limits: Limits) -> Self {
        Clients {
            table: IdTable::new(),
            admission: Admission::new(&limits),
            unfinished: UnfinishedBudget::new(limits.client_partial_bytes_total),
            work: WorkLists::default(),
            totals: Totals::new(),
            is_closing: false,
            are_notices_stale: false,
            scratch: vec![0; READ_BYTES],
            reports: ReportQueue::default(),
            effects: VecDeque::new(),
            notes: Notes::default(),
            departed: Vec::new(),
            limits,
        }
    }

    pub(super) fn get(&self, id: ClientId) -> Result<&Client> {
        self.table.get(id).map(Box::as_ref)
    }

    pub(super) fn get_mut(&mut self, id: ClientId) -> Result<&mut Client> {
        self.table.get_mut(id).map(Box::as_mut)
    }

    /// A client that has authenticated and is not being closed.
    pub(super) fn get_open(&self, id: ClientId) -> Option<&Client> {
        self.get(id).ok().filter(|client| client.is_open())
    }

    // Work lists.

    /// There may be more to read.
    pub(super) fn read_later(&mut self, id: ClientId) {
        if let Ok(client) = self.table.get_mut(id) {
            self.work.read_later(client);
        }
    }

    /// The client may get more.
    pub(super) fn wake(&mut self, id: ClientId) {
        if let Ok(client) = self.table.get_mut(id) {
            self.work.wake(client);
        }
    }

    /// The client's queue has something new.
    pub(super) fn flush_later(&mut self, id: ClientId) {
        if let Ok(client) = self.table.get_mut(id) {
            self.work.flush_later(client);
        }
    }

    /// Counts what a client's unfinished message has by now.
    pub(super) fn count_unfinished(&mut self, id: ClientId) {
        self.unfinished.count(id, &mut self.table, &mut self.work);
    }

    /// Counts what a unit of reading has brought, and so many frames.
    pub(super) fn count_received(&mut self, id: ClientId, frames: u64) {
        if let Ok(client) = self.table.get_mut(id) {
            client.figures.received_messages += frames;
            count_traffic(&mut self.totals, client);
        }
    }

    // Effects.

    pub(super) fn log(&mut self, line: String) {
        self.push_log(None, line);
    }

    /// Logs what a client did.
    pub(super) fn log_about(&mut self, client: ClientId, line: String) {
        self.push_log(Some(client), line);
    }

    fn push_log(&mut self, client: Option<ClientId>, line: String) {
        if self.effects.len() < LOG_LINES_MAX {
            self.effects.push_back(Effect::Log(client, line));
        }
    }

    pub(super) fn warn(&mut self, line: String) {
        if self.effects.len() < LOG_LINES_MAX {
            self.effects.push_back(Effect::Warn(line));
        }
    }

    pub(super) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Attachments that ended with their connections since this was asked last.
    pub(super) fn take_departed(&mut self) -> Vec<(TerminalId, ClientId)> {
        std::mem::take(&mut self.departed)
    }

    /// Whether something is to be done that the kernel does not know of.
    pub(super) fn has_work(&self) -> bool {
        !self.work.is_empty()
            || !self.reports.is_empty()
            || !self.effects.is_empty()
            || !self.departed.is_empty()
    }

    // Sending.

    /// Sends a client a message.
    pub(super) fn send(&mut self, id: ClientId, message: &ServerMessage) {
        if let Ok(client) = self.table.get_mut(id) {
            client.send(message);
            self.work.flush_later(client);
        }
    }

    /// Reports an error to a client that belongs to no operation with a result, and what it is about.
    pub(super) fn send_error_about(
        &mut self,
        client: ClientId,
        About { id, terminal }: About,
        code: ErrorCode,
        message: &str,
    ) {
        self.totals.errors.add(code.name());
        let message = one_line(message.to_owned().into()).into_owned();
        self.send(client, &ServerMessage::Error { code, message, id, terminal });
    }

    /// Writes what the socket takes.
    pub(super) fn flush(&mut self, id: ClientId, reactor: &mut Reactor) {
        let Ok(client) = self.table.get_mut(id) else { return };
        client.is_unflushed = false;
        let outcome = client.transport.flush();
        self.work.count(client);
        count_traffic(&mut self.totals, client);
        let blocked = matches!(outcome, Ok(Flush::Blocked));
        if blocked != client.wants_write {
            client.wants_write = blocked;
            let interest = if blocked {
                mio::Interest::READABLE | mio::Interest::WRITABLE
            } else {
                mio::Interest::READABLE
            };
            let fd = client.transport.as_fd();
            client.is_broken |= reactor.reregister(fd, Source::Client(id), interest).is_err();
        }
        if outcome.is_err() {
            client.is_broken = true;
        }
        if client.is_broken {
            return self.remove(id, reactor);
        }
        if matches!(client.phase, Phase::Ending) {
            if !blocked {
                self.linger(id, reactor);
            }
            return;
        }
        if !blocked && matches!(client.phase, Phase::Page(_)) {
            return self.go_on_with_page(id, reactor);
        }
        if client.is_open()
            && let Some(why) = fullness(&client.transport, self.limits.client_queue_bytes)
        {
            return self.close(id, CloseCode::TooSlow, &why, reactor);
        }
        arm(client, &self.limits, &mut self.notes, reactor);
        let wants_more = !blocked && std::mem::take(&mut client.wants_more);
        let reads_on = client.awaits_reply_room && client.has_reply_room();
        client.awaits_reply_room &= !reads_on;
        if wants_more {
            self.work.wake(client);
        }
        if reads_on {
            self.work.read_later(client);
        }
    }

    /// What is queued of a page was sent: more of it follows once it is paid for, or the next request.
    fn go_on_with_page(&mut self, id: ClientId, reactor: &mut Reactor) {
        let Ok(client) = self.table.get_mut(id) else { return };
        let Phase::Page(delivery) = &mut client.phase else { return };
        if delivery.body.left() > 0 {
            return self.work.read_later(client);
        }
        if delivery.closes {
            client.phase = Phase::Ending;
            if std::mem::take(&mut client.has_report_place) {
                self.reports.leave();
            }
            self.admission.leave(client);
            // Without the text of a report.
            self.work.count(client);
            return self.linger(id, reactor);
        }
        let early = std::mem::take(&mut delivery.early);
        client.phase = Phase::Head(HeadBuffer::next_request(early));
        timers::set_deadline(client, reactor.now() + self.limits.client_hello_time, reactor);
        // What it has sent meanwhile is reported only once.
        self.work.read_later(client);
    }

    // Ending connections.

    /// Answers a request that is refused, and ends.
    pub(super) fn reject(&mut self, id: ClientId, refusal: &Refusal, reactor: &mut Reactor) {
        if let Ok(client) = self.table.get_mut(id) {
            client.transport.push(http::response(refusal).into());
            client.phase = Phase::Ending;
            self.admission.leave(client);
            self.notes.record(Recorded::Refused { status: refusal.status });
            self.totals.refused.add(refusal.status_text());
            self.log(format!("a connection was refused: {} {}", refusal.status, refusal.line()));
            self.flush(id, reactor);
        }
    }

    /// Everything is said: the other end may read it before the connection goes. Closing at once would
    /// throw the answer away if something that it sent is unread. Few may linger.
    fn linger(&mut self, id: ClientId, reactor: &mut Reactor) {
        let too_many = self.admission.too_many_closing(self.table.len());
        let Ok(client) = self.table.get_mut(id) else { return };
        if too_many || client.transport.shutdown_write().is_err() {
            return self.remove(id, reactor);
        }
        timers::set_deadline(client, reactor.now() + CLOSE_TIME, reactor);
    }

    /// Bytes that all connections take, about.
    pub(super) fn memory(&self) -> usize {
        self.work.bytes() + self.unfinished.bytes()
    }

    /// All memory of the engine has room for so many bytes more.
    pub(super) fn set_memory_room(&mut self, bytes: usize) {
        self.unfinished.set_room(bytes, &mut self.table, &mut self.work);
    }

    /// Closes the client for which the most waits, if that is more than a client has that keeps up: all memory is used
    /// up. What waits is freed at once: a large frame that has begun is cut off with its connection. How many bytes
    /// that frees.
    pub(super) fn give_up_client(&mut self, reactor: &mut Reactor) -> usize {
        if self.memory() < WAITING_MIN {
            return 0;
        }
        let waiting = |id: &ClientId| self.get_open(*id).map_or(0, Client::waiting_bytes);
        let most = self.table.ids().max_by_key(waiting);
        let Some(id) = most.filter(|id| waiting(id) >= WAITING_MIN) else { return 0 };
        let bytes = waiting(&id);
        let reason = format!("memory_bytes_total: {bytes} bytes wait, the most of all");
        self.close(id, CloseCode::TooSlow, &reason, reactor);
        if self.get(id).is_ok_and(|client| client.waiting_bytes() > ROOM_BYTES) {
            self.remove(id, reactor);
        }
        bytes
    }

    /// Closes a connection with a reason. Nothing more is read from it but the answer.
    pub(super) fn close(
        &mut self,
        id: ClientId,
        code: CloseCode,
        reason: &str,
        reactor: &mut Reactor,
    ) {
        let Ok(client) = self.table.get_mut(id) else { return };
        let (was_open, was_pending) = (client.is_open(), client.is_pending());
        if !was_open && !was_pending {
            return;
        }
        if code == CloseCode::TooSlow {
            client.transport.drop_unwritten();
        }
        client.close(code, reason);
        client.close_by = Some(reactor.now() + self.limits.client_stall_time);
        let queued = client.transport.queued_bytes();
        // A short queue is sent at once.
        client.queued_before = if queued > ROOM_BYTES { queued } else { 0 };
        // What it still sends is read, or the connection would be reset before it has read why.
        (client.throttled_until, client.awaits_reply_room) = (None, false);
        timers::set_deadline(client, reactor.now() + CLOSE_TIME, reactor);
        let name = client.name.clone();
        self.admission.leave(client);
        self.work.flush_later(client);
        self.work.read_later(client);
        let line = format!("client {} {name:?}: closed, {} {reason}", id.to_u64(), code as u16);
        self.log_about(id, line);
        self.note_gone(id, Some(code));
        self.totals.closed.add(code.number_text());
        self.count_unfinished(id);
        self.release(id);
        let too_many = self.admission.too_many_closing(self.table.len());
        if code == CloseCode::TooSlow
            && !too_many
            && let Ok(client) = self.table.get_mut(id)
        {
            // It may read on and learn why; few are waited for, since the frame that has begun is kept.
            client.may_stall = true;
        }
        if was_pending && too_many {
            // Unauthenticated connections that do not answer take no more than their places.
            self.flush(id, reactor);
            self.discard_input(id);
            self.remove(id, reactor);
        }
    }

    /// The other end has begun to close, and the answer waits behind the rest of a frame.
    pub(super) fn answer_close(&mut self, id: ClientId, reactor: &mut Reactor) {
        let Ok(client) = self.table.get_mut(id) else { return };
        client.phase = Phase::Ending;
        client.close_by = Some(reactor.now() + self.limits.client_stall_time);
        client.queued_before = client.transport.queued_bytes();
        timers::set_deadline(client, reactor.now() + CLOSE_TIME, reactor);
        let name = client.name.clone();
        self.admission.leave(client);
        self.log_about(id, format!("client {} {name:?}: gone", id.to_u64()));
        self.note_gone(id, None);
        self.count_unfinished(id);
        self.release(id);
        self.flush(id, reactor);
    }

    /// A connection that is being closed has had its time. Whether it gets more of it, since what was begun is
    /// still being sent.
    fn may_close_later(&mut self, id: ClientId, reactor: &mut Reactor) -> bool {
        let now = reactor.now();
        let Ok(client) = self.table.get_mut(id) else { return false };
        let queued = client.transport.queued_bytes();
        let has_progress = queued < std::mem::replace(&mut client.queued_before, queued);
        let may = (has_progress || (client.may_stall && queued > 0))
            && client.close_by.is_some_and(|end| now < end);
        if may {
            timers::set_deadline(client, now + CLOSE_TIME, reactor);
        }
        may
    }

    /// The connection is gone at once.
    pub(super) fn remove(&mut self, id: ClientId, reactor: &mut Reactor) {
        let Some(mut client) = self.table.remove(id) else { return };
        self.admission.leave(&mut client);
        self.work.forget(&client);
        count_traffic(&mut self.totals, &mut client);
        self.totals.gaps.add(client.figures.gaps);
        if client.has_report_place {
            self.reports.leave();
        }
        self.unfinished.release(client.unfinished_bytes, &mut self.table, &mut self.work);
        self.unfinished.pass_on(id, &mut self.table, &mut self.work);
        if client.is_open() {
            self.log_about(id, format!("client {} {:?}: gone", id.to_u64(), client.name));
            self.note_gone(id, None);
        }
        self.are_notices_stale |= !client.notices.is_empty();
        self.depart(id, &client.attachments, std::mem::take(&mut client.watches));
        if let Some((_, timer)) = client.timer.take() {
            reactor.cancel_timer(timer);
        }
        reactor.release(client.transport.as_fd());
    }

    /// Reads what a connection has sent and nobody wants to know: the kernel would answer it by a reset, which
    /// takes away what was said last.
    pub(super) fn discard_input(&mut self, id: ClientId) {
        if let Ok(client) = self.table.get_mut(id) {
            let _ = client.read_and_discard(&mut self.scratch);
        }
    }

    fn note_gone(&mut self, id: ClientId, code: Option<CloseCode>) {
        let code = code.map(|code| code as u16);
        self.notes.record(Recorded::Disconnected { client: id, code });
        self.notes.gone(HealthPart::Client(id));
    }

    /// A client that is being closed follows no terminal any more, and its watches end.
    fn release(&mut self, id: ClientId) {
        let Ok(client) = self.table.get_mut(id) else { return };
        let attachments = std::mem::take(&mut client.attachments);
        let watches = std::mem::take(&mut client.watches);
        self.are_notices_stale |= !client.notices.is_empty();
        self.depart(id, &attachments, watches);
    }

    fn depart(&mut self, id: ClientId, attachments: &[Attachment], watches: Vec<WatchId>) {
        self.departed.extend(attachments.iter().map(|attachment| (attachment.terminal, id)));
        if !watches.is_empty() {
            self.effects.push_back(Effect::Unwatch(watches));
        }
    }

    /// The timer of a connection has fired.
    pub(super) fn handle_alarm(&mut self, id: ClientId, reactor: &mut Reactor) {
        let now = reactor.now();
        let Ok(client) = self.table.get_mut(id) else { return };
        client.timer = None;
        if client.throttled_until.is_some_and(|until| until <= now) {
            client.throttled_until = None;
            self.work.read_later(client);
        }
        match timers::due(client, self.limits.client_stall_time, now) {
            Due::Head if client.is_idle() => self.remove(id, reactor),
            Due::Head => {
                self.reject(id, &Refusal::new(408, "no complete request in time"), reactor);
                self.remove(id, reactor);
            }
            Due::Page => {
                let ms = self.limits.client_stall_time.as_millis();
                self.log(format!("a connection was closed: it took nothing of a page for {ms} ms"));
                self.remove(id, reactor);
            }
            Due::Close(code, reason) => self.close(id, code, &reason, reactor),
            Due::Ending => {
                if !self.may_close_later(id, reactor) {
                    self.remove(id, reactor);
                }
            }
            Due::Nothing => arm(client, &self.limits, &mut self.notes, reactor),
        }
    }

    // All of them.

    /// Closes every connection.
    pub(super) fn close_all(&mut self, reactor: &mut Reactor) {
        let ids: Vec<_> = self.table.ids().collect();
        for id in ids {
            let Ok(client) = self.get(id) else {
                broken!("it was listed above");
                continue;
            };
            match client.phase {
                Phase::Report | Phase::Page(_) => self.remove(id, reactor),
                Phase::Head(_) if client.is_idle() => self.remove(id, reactor),
                Phase::Head(_) => {
                    self.reject(id, &Refusal::new(503, "the server shuts down"), reactor);
                }
                _ => self.close(id, CloseCode::Shutdown, "the server shuts down", reactor),
            }
            if let Ok(client) = self.get_mut(id) {
                client.close_by = None;
            }
        }
    }

    /// Closes the clients whose tokens are no longer valid.
    pub(super) fn close_revoked(&mut self, tokens: &Tokens, reactor: &mut Reactor) {
        let now = reactor.now();
        let ids: Vec<_> = self.table.ids().collect();
        for id in ids {
            let Ok(client) = self.get(id) else {
                broken!("it was listed above");
                continue;
            };
            if client.grant.is_some_and(|grant| !tokens.is_valid(grant.token, now)) {
                self.close(id, CloseCode::Unauthorized, "the token was revoked", reactor);
            }
        }
    }

    /// Lets go of every connection without touching what is shared with a parent process.
    pub(super) fn leak_after_fork(&mut self) {
        self.table.drain().for_each(drop);
    }

    /// Lets go of every connection at once.
    pub(super) fn teardown(&mut self, reactor: &mut Reactor) {
        for client in self.table.drain() {
            reactor.release(client.transport.as_fd());
        }
    }
}

/// Sets the timer of a client, and notes whether it takes nothing of what waits for it, if that has changed.
fn arm(client: &mut Client, limits: &Limits, notes: &mut Notes, reactor: &mut Reactor) {
    let stall_time = limits.client_stall_time;
    timers::arm(client, stall_time, reactor);
    let after = timers::noticed_after(stall_time);
    let is_stalled = client.is_open() && timers::is_stalled(client, after, reactor.now());
    if is_stalled != std::mem::replace(&mut client.is_noted_as_stalled, is_stalled) {
        let facts = Reasons::default().with(HealthReason::Stalled, is_stalled);
        notes.facts(HealthPart::Client(client.id), facts);
        // What it waits for next is another time.
        timers::arm(client, stall_time, reactor);
    }
}

/// Counts what went over a connection since this was called last.
fn count_traffic(totals: &mut Totals, client: &mut Client) {
    let traffic = client.transport.traffic(client.figures.received_messages);
    totals.count(&mut client.figures, traffic);
}

/// Which bound the queue of a client is beyond, if it is.
fn fullness(transport: &Transport, bytes_max: usize) -> Option<String> {
    let (bytes, frames) = (transport.queued_bytes(), transport.queued_frames());
    if bytes > bytes_max && bytes - transport.largest_frame().min(LARGEST_MESSAGE) > bytes_max {
        return Some(format!("client_queue_bytes: {bytes} bytes wait to be sent"));
    }
    let is_full = frames > QUEUED_FRAMES_MAX;
    is_full.then(|| format!("{frames} frames wait to be sent, {QUEUED_FRAMES_MAX} may"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::websocket::transport::Socket;

    /// A client is slow because much waits, not because one message is large.
    #[test]
    fn a_queue_is_full_beside_its_largest_message() {
        let (stream, _other) = mio::net::UnixStream::pair().unwrap();
        let mut transport = Transport::new(Socket::Unix(stream));
        let max = 256 << 10;
        let mut push = |bytes: usize| {
            transport.push(vec![0; bytes].into());
            fullness(&transport, max)
        };
        assert_eq!(push(max), None);
        assert_eq!(push(LARGEST_MESSAGE), None);
        let bytes = max + LARGEST_MESSAGE + 1;
        let expected = format!("client_queue_bytes: {bytes} bytes wait to be sent");
        assert_eq!(push(1), Some(expected));
        transport.drop_unwritten();
        transport.push(vec![0; bytes].into());
        assert!(fullness(&transport, max).is_some(), "one that is larger than any may be");
        transport.drop_unwritten();
        for _ in 0..QUEUED_FRAMES_MAX {
            transport.push(vec![0].into());
        }
        assert_eq!(fullness(&transport, max), None);
        transport.push(vec![0].into());
        let expected = "16385 frames wait to be sent, 16384 may";
        assert_eq!(fullness(&transport, max).as_deref(), Some(expected));
    }
}

//! The handshake: from a new socket over a request head and a hello to an authenticated client.
//!
//! Who gets in is decided here, in this order: a well-formed head; the Host, then the Origin; a known
//! subprotocol; the token. When there are more unauthenticated connections than places, one is evicted; which
//! one, [`admission`](super::admission) decides.

use std::fmt;
use std::io::Read;
use std::os::fd::AsFd;
use std::time::Instant;

use super::admission::CANDIDATES_MAX;
use super::client::{Client, Delivery, Grant, HELLO_BYTES, Phase, shortened};
use super::clients::Clients;
use super::listener::{Listener, Listeners};
use super::pages::{Body, Response};
use super::reports::{ReportReply, ReportRequest};
use super::timers;
use crate::id::{ClientId, ListenerId};
use crate::limits::Limits;
use crate::observe::Recorded;
use crate::reactor::Reactor;
use crate::state::{ApplicationState, Collection, Collections, StateCursor, StateVersion};
use crate::sync::access::tokens::TokenCheck;
use crate::sync::access::{Access, Action, FORBIDDEN, Scopes, origin};
use crate::sync::codec::Codec;
use crate::sync::key::Source;
use crate::sync::protocol::{
    self, Bounds, CloseCode, Hello, PROTOCOL, Scope, ServerMessage, Version, Welcome,
};
use crate::sync::websocket::http::{
    self, HeadBuffer, HeadState, Refusal, Request as Head, TOKEN_PREFIX, report,
};
use crate::sync::websocket::transport::{Socket, Transport};

/// The longest name of a client, in bytes.
pub(crate) const NAME_MAX: usize = 64;
/// Where the WebSocket is.
const PATH: &str = "/";

/// What a handshake works on.
pub(super) struct Handshake<'a> {
    pub(super) clients: &'a mut Clients,
    pub(super) listeners: &'a Listeners,
    pub(super) access: &'a Access,
}

impl Handshake<'_> {
    // New connections.

    /// Takes a new connection in, or rejects it.
    pub(super) fn begin(&mut self, listener: ListenerId, socket: Socket, reactor: &mut Reactor) {
        self.clients.totals.accepted += 1;
        let transport = Transport::new(socket);
        let is_private = self.listeners.get(listener).is_ok_and(Listener::is_private);
        let serves_pages = self.listeners.get(listener).is_ok_and(Listener::serves_pages);
        let own = nix::unistd::geteuid().as_raw();
        if is_private && transport.peer_uid() != Some(own) {
            let refusal = Refusal::new(403, "another user's process");
            return self.reject_socket(transport, &refusal, reactor);
        }
        if self.clients.is_closing {
            let refusal = Refusal::new(503, "the server shuts down");
            return self.reject_socket(transport, &refusal, reactor);
        }
        let clients = &mut *self.clients;
        let Ok(id) = clients.table.next_id() else { return };
        let readable = mio::Interest::READABLE;
        if reactor.register(transport.as_fd(), Source::Client(id), readable).is_err() {
            return;
        }
        let now = reactor.now();
        let head = HeadBuffer::new(serves_pages);
        let mut client = Box::new(Client::new(id, listener, transport, head, &clients.limits, now));
        timers::set_deadline(&mut client, now + clients.limits.client_hello_time, reactor);
        clients.work.count(&mut client);
        clients.table.insert(id, client);
        clients.admission.enter(id);
        // Its head may be there already; then it is known what it is before anybody has to go.
        self.read_head(id, reactor);
        self.make_room(id, reactor);
    }

    /// Rejects a connection that has no place, as far as it can be said at once.
    fn reject_socket(&mut self, mut transport: Transport, refusal: &Refusal, reactor: &Reactor) {
        self.clients.notes.record(Recorded::Refused { status: refusal.status });
        self.clients.totals.refused.add(refusal.status_text());
        // What was sent already is taken, or the kernel would cut the answer off by a reset.
        let mut sink = [0; 4096];
        let _ = transport.read(&mut sink);
        transport.push(http::response(refusal).into());
        let _ = transport.flush();
        let _ = transport.shutdown_write();
        drop(transport);
        reactor.note_freed();
    }

    /// Evicts a connection if there are more than places: not the newest, unless the others are about to be read.
    fn make_room(&mut self, newest: ClientId, reactor: &mut Reactor) {
        self.clients.admission.sweep(&self.clients.table);
        // Each try that does not evict a connection reads something, so they come to an end.
        for _ in 0..2 * CANDIDATES_MAX {
            if !self.clients.admission.is_crowded() {
                return;
            }
            let clients = &*self.clients;
            let Some(candidate) = clients.admission.candidate(newest, &clients.table) else {
                break;
            };
            self.read_head(candidate.id, reactor);
            if self.clients.get(candidate.id).is_ok_and(|client| candidate.is_unmoved(client)) {
                self.evict(candidate.id, reactor);
            }
        }
        if self.clients.admission.is_crowded() {
            self.evict(newest, reactor);
        }
    }

    /// Ends a connection that has not authenticated, in the language that it speaks by now.
    fn evict(&mut self, id: ClientId, reactor: &mut Reactor) {
        let clients = &mut *self.clients;
        let Ok(client) = clients.get(id) else { return };
        match client.phase {
            // Whatever is said here could be taken for the response to its next request.
            Phase::Head(_) if client.is_idle() => {}
            Phase::Head(_) => {
                clients.reject(id, &Refusal::new(503, "too many connections"), reactor);
            }
            // Most pages are sent at once.
            Phase::Report | Phase::Page(_) => clients.flush(id, reactor),
            _ => {
                clients.close(id, CloseCode::NoHello, "others wait for the place", reactor);
                clients.flush(id, reactor);
            }
        }
        clients.discard_input(id);
        clients.remove(id, reactor);
    }

    // Request heads.

    /// Reads what there is of a request head. Gives the bytes that were read.
    pub(super) fn read_head(&mut self, id: ClientId, reactor: &mut Reactor) -> usize {
        let clients = &mut *self.clients;
        let Ok(client) = clients.table.get_mut(id) else { return 0 };
        let Phase::Head(buffer) = &mut client.phase else { return 0 };
        let early = buffer.take_early();
        let bytes = clients.scratch.get_mut(..HELLO_BYTES).unwrap_or_default();
        let (count, state) = if !early.is_empty() {
            (early.len(), buffer.push(&early))
        } else {
            match client.transport.read(bytes) {
                Ok(count @ 1..) => (count, buffer.push(bytes.get(..count).unwrap_or_default())),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => return 0,
                Ok(_) | Err(_) => {
                    clients.remove(id, reactor);
                    return 0;
                }
            }
        };
        let outcome = match state {
            HeadState::Partial => Ok(()),
            HeadState::Bad(refusal) => Err(refusal),
            HeadState::Complete(head) => {
                let is_head = head.page.as_ref().is_some_and(|page| page.is_head);
                let outcome = self.accept_head(id, &head, reactor.now());
                outcome.map_err(|refusal| refusal.in_reply_to_head(is_head))
            }
        };
        match outcome {
            // A page goes on once its beginning is sent, a report once it is made.
            Ok(()) if self.clients.get(id).is_ok_and(Client::is_being_answered) => {}
            Ok(()) => self.clients.read_later(id),
            Err(refusal) => self.clients.reject(id, &refusal, reactor),
        }
        count
    }

    /// Whether the request may become a WebSocket, or gets a page; then it has.
    fn accept_head(&mut self, id: ClientId, head: &Head, now: Instant) -> Result<(), Refusal> {
        let gone = Refusal::new(503, "the server is closing");
        let clients = &mut *self.clients;
        let Ok(client) = clients.table.get_mut(id) else {
            return broken!("it was read", Err(gone));
        };
        let Ok(listener) = self.listeners.get(client.listener) else { return Err(gone) };
        let Listener { hosts, origins, pages, reports, .. } = listener;
        origin::check(&head.host, head.origin.as_deref(), hosts, origins, pages.is_some())?;
        if let (Some(report), Some(request)) = (reports.at(&head.path), &head.page) {
            let (is_head, has_token) = (request.is_head, head.bearer.is_some());
            let asked = ReportRequest { client: id, report, is_head, has_token };
            return self.accept_report(asked, head.bearer.as_deref(), now);
        }
        if let (Some(pages), Some(request)) = (pages, &head.page) {
            let response = pages.respond(&head.path, request)?;
            begin_page(client, response, request.closes, 0)?;
            clients.work.flush_later(client);
            return Ok(());
        }
        if head.path != PATH || reports.only {
            return Err(Refusal::new(404, "there is nothing here"));
        }
        let Some(key) = head.key.filter(|_| head.upgrade) else {
            return Err(Refusal::UPGRADE_REQUIRED);
        };
        let offer = offer(&head.protocols)?;
        let Some(codec) = offer.codec else {
            return Err(Refusal::bad("no subprotocol that is known: orchflow.v1.json, .bincode"));
        };
        client.codec = codec;
        client.offered_token = offer.token.map(String::from);
        client.transport.push(http::switching(&key, Some(codec.subprotocol())).into());
        let phase = std::mem::replace(&mut client.phase, Phase::Ending);
        if let Phase::Head(buffer) = phase {
            client.upgrade(buffer.rest());
        }
        // It is checked once more when it says hello.
        if let Some(token) = offer.token
            && let TokenCheck::Valid { .. } = self.access.tokens.check(token, now)
        {
            clients.admission.verify(client);
        }
        clients.work.flush_later(client);
        Ok(())
    }

    /// Whether a request for a report is allowed; then it waits for the engine.
    fn accept_report(
        &mut self,
        asked: ReportRequest,
        token: Option<&str>,
        now: Instant,
    ) -> Result<(), Refusal> {
        let clients = &mut *self.clients;
        let Ok(client) = clients.table.get_mut(asked.client) else { return Ok(()) };
        if token.is_some() || asked.report.needs_token() {
            let check =
                token.map_or(TokenCheck::Unknown, |text| self.access.tokens.check(text, now));
            let TokenCheck::Valid { scopes, .. } = check else {
                return Err(Refusal::new(401, "no valid token: Authorization: Bearer TOKEN"));
            };
            if !scopes.allow(asked.report.action()) {
                return Err(Refusal::new(403, FORBIDDEN));
            }
            clients.admission.verify(client);
        }
        if !clients.reports.push(asked) {
            return Err(Refusal::new(429, "too many reports are under way"));
        }
        (client.has_report_place, client.deadline) = (asked.report.needs_place(), None);
        client.phase = Phase::Report;
        Ok(())
    }

    // Hello.

    /// Checks the token of a hello; then the client is authenticated, or closed.
    pub(super) fn authenticate(
        &mut self,
        id: ClientId,
        hello: &Hello,
        state: &ApplicationState,
        reactor: &mut Reactor,
    ) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        let offered = client.offered_token.take();
        let token = offered.as_deref().or(hello.token.as_deref());
        let check = token.map(|token| self.access.tokens.check(token, reactor.now()));
        let (code, reason) = match check.unwrap_or(TokenCheck::Unknown) {
            TokenCheck::Expired => (CloseCode::Unauthorized, "the token has expired"),
            TokenCheck::Unknown => (CloseCode::Unauthorized, "no valid token"),
            TokenCheck::Valid { .. } if self.clients.admission.is_full() => {
                (CloseCode::TooMany, "too many clients")
            }
            TokenCheck::Valid { id: token, scopes, expires_at } => {
                let grant = Grant { token, scopes, expires_at };
                return self.welcome(id, grant, hello, state, reactor);
            }
        };
        self.clients.close(id, code, reason, reactor);
    }

    /// The client has authenticated.
    fn welcome(
        &mut self,
        id: ClientId,
        grant: Grant,
        hello: &Hello,
        state: &ApplicationState,
        reactor: &mut Reactor,
    ) {
        let clients = &mut *self.clients;
        let Ok(client) = clients.table.get_mut(id) else { return };
        let scopes = grant.scopes;
        client.grant = Some(grant);
        client.compress = hello.compress;
        client.name = shortened(&hello.client, NAME_MAX).to_owned();
        client.open(clients.limits.client_message_bytes);
        let mut collections = collections_of(&hello.collections);
        if !scopes.allow(Action::ReadState) {
            collections = Collections::NONE;
        }
        let known = hello.resume.map(|known| StateVersion { epoch: known.epoch, n: known.n });
        client.state.collections = collections;
        client.state.cursor = known.map_or_else(StateCursor::default, StateCursor::at);
        let resumed = known.is_some() && !state.is_behind_floor(&client.state.cursor, collections);
        let StateVersion { epoch, n } = state.version();
        client.deadline = None;
        timers::arm(client, clients.limits.client_stall_time, reactor);
        let profiles = if scopes.allow(Action::ReadProfiles) {
            self.access.profiles.keys().cloned().collect()
        } else {
            Vec::new()
        };
        client.send(&ServerMessage::Welcome(Welcome {
            protocol: PROTOCOL,
            server: concat!("orchflow/", env!("CARGO_PKG_VERSION")).into(),
            client: id.to_u64(),
            scopes: scopes_of(scopes),
            version: Version { epoch, n },
            resumed,
            profiles,
            limits: bounds(&clients.limits),
        }));
        clients.admission.authenticate(client);
        clients.work.flush_later(client);
        clients.work.wake(client);
        let label = self.access.tokens.label(grant.token).unwrap_or_default();
        let by = if label.is_empty() { String::new() } else { format!(" by token {label:?}") };
        let line = format!("client {} {:?}: connected{by}", id.to_u64(), client.name);
        clients.log_about(id, line);
        clients.notes.record(Recorded::Connected { client: id });
    }
}

/// Queues the beginning of a page or a report, whose text takes so many bytes. The rest follows as it is sent, see [`super::clients`].
pub(super) fn begin_page(
    client: &mut Client,
    response: Response,
    closes: bool,
    report_bytes: usize,
) -> Result<(), Refusal> {
    let Response { head, mut body } = response;
    let part = body.next_part().map_err(|_| Refusal::new(404, "the file has changed"))?;
    client.transport.push(head.into());
    client.transport.push(part);
    client.deadline = None;
    client.had_page = true;
    let early = match std::mem::replace(&mut client.phase, Phase::Ending) {
        Phase::Head(buffer) => buffer.rest(),
        _ => Vec::new(),
    };
    client.phase = Phase::Page(Delivery { body, closes, report_bytes, early });
    Ok(())
}

/// Whether a connection waits for its report.
pub(super) fn awaits_report(clients: &Clients, id: ClientId) -> bool {
    clients.get(id).is_ok_and(|client| matches!(client.phase, Phase::Report))
}

/// Answers a request for a report, if it still waits.
pub(super) fn answer_report(
    clients: &mut Clients,
    id: ClientId,
    reply: ReportReply,
    is_head: bool,
) {
    let Ok(client) = clients.table.get_mut(id) else { return };
    if !matches!(client.phase, Phase::Report) {
        return;
    }
    let ReportReply { status, media_type, text } = reply;
    let head = report::head(status, media_type, text.as_ref().map(Vec::len));
    let text = text.filter(|_| !is_head).unwrap_or_default();
    let bytes = text.capacity();
    let response = Response { head, body: Body::Shared(text.into()) };
    let begun = begin_page(client, response, true, bytes);
    invariant!(begun.is_ok(), "it is no file");
    clients.work.flush_later(client);
}

/// What a client offered in its subprotocols.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer<'r> {
    /// The first one that is known.
    pub(crate) codec: Option<Codec>,
    /// The text of a token, not checked yet.
    pub(crate) token: Option<&'r str>,
}

/// Shows no token.
impl fmt::Debug for Offer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.map(|_| "...");
        f.debug_struct("Offer").field("codec", &self.codec).field("token", &token).finish()
    }
}

/// Reads a client's subprotocols. Unknown ones are passed over; two tokens are refused, since it would be
/// unclear who asks.
pub(crate) fn offer(protocols: &[String]) -> Result<Offer<'_>, Refusal> {
    let known = |text: &String| Codec::EACH.into_iter().find(|codec| codec.subprotocol() == text);
    let mut tokens = protocols.iter().filter_map(|text| text.strip_prefix(TOKEN_PREFIX));
    let token = tokens.next();
    if tokens.next().is_some() {
        return Err(Refusal::bad("more than one token"));
    }
    Ok(Offer { codec: protocols.iter().find_map(known), token })
}

pub(crate) fn collections_of(list: &[protocol::Collection]) -> Collections {
    list.iter().fold(Collections::NONE, |set, collection| {
        set.with(match collection {
            protocol::Collection::Sessions => Collection::Sessions,
            protocol::Collection::Panes => Collection::Panes,
            protocol::Collection::Terminals => Collection::Terminals,
            protocol::Collection::Files => Collection::Files,
        })
    })
}

fn scopes_of(scopes: Scopes) -> Vec<Scope> {
    let all = [
        (Scopes::OBSERVE, Scope::Observe),
        (Scopes::TYPE, Scope::Type),
        (Scopes::MANAGE, Scope::Manage),
        (Scopes::CLIPBOARD, Scope::Clipboard),
    ];
    all.into_iter().filter(|(bit, _)| scopes.contains(*bit)).map(|(_, scope)| scope).collect()
}

fn bounds(limits: &Limits) -> Bounds {
    Bounds {
        message_bytes: limits.client_message_bytes as u64,
        inflated_bytes: limits.client_inflated_bytes as u64,
        messages_per_second: limits.client_messages_per_second,
        bytes_per_second: limits.client_bytes_per_second,
        attachments: limits.client_attachments as u64,
        window_bytes: limits.client_window_bytes as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_are_read_in_the_clients_order() {
        let read = |list: &[&str]| {
            let protocols: Vec<String> = list.iter().map(|text| text.to_string()).collect();
            offer(&protocols).map(|o| (o.codec, o.token.map(String::from)))
        };
        let (json, bincode) = (Some(Codec::Json), Some(Codec::Bincode));
        let cases: [(&[&str], _); 8] = [
            (&[], (None, None)),
            (&["orchflow.v1.json"], (json, None)),
            (&["orchflow.v1.json", "orchflow.v1.bincode"], (json, None)),
            (&["orchflow.v1.bincode", "orchflow.v1.json"], (bincode, None)),
            (&["chat", "orchflow.v2.json", "orchflow.v1.json"], (json, None)),
            (&["ORCHFLOW.V1.JSON"], (None, None)),
            (&["orchflow.token.abc", "orchflow.v1.json"], (json, Some("abc".to_string()))),
            (&["orchflow.v1.json", "orchflow.token."], (json, Some(String::new()))),
        ];
        for (list, expected) in cases {
            assert_eq!(read(list), Ok(expected), "{list:?}");
        }
        let two = read(&["orchflow.token.abc", "orchflow.token.abc"]);
        assert_eq!(two.map_err(|refusal| refusal.status), Err(400));
    }

    #[test]
    fn an_offer_shows_no_token() {
        let protocols = ["orchflow.token.abc".to_string(), "orchflow.v1.json".to_string()];
        let shown = format!("{:?}", offer(&protocols).unwrap());
        assert!(shown.contains("Json") && !shown.contains("abc"), "{shown}");
    }
}

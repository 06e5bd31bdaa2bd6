//! The way in: request heads, hellos, and then messages one by one.
//!
//! Who may come in is decided here, in this order: a well-formed head; the Host, then the Origin; a known
//! subprotocol; the token. Requests of clients that are in come out of [`Server::next_request`].

use std::io::Read;
use std::time::Instant;

use bytes::Bytes;
use tungstenite::Message;

use super::access::{self, Scopes, Verdict};
use super::client::{CloseCode, Grant, HELLO_BYTES, Input, Phase, READ_BYTES, shortened};
use super::codec::{DecodeErrorKind, FromClient, INPUT_HEADER, Incoming};
use super::deadline::arm;
use super::head::{self, HeadState, Refusal, Request as Head};
use super::origin;
use super::protocol::{
    self, Bounds, ClientMessage, ErrorCode, Hello, PROTOCOL, Scope, ServerMessage, Version, Welcome,
};
use super::server::Server;
use crate::reactor::{ClientId, Reactor, TerminalId};
use crate::state::{ApplicationState, Collection, Collections, StateCursor, StateVersion};

/// Malformed messages in a row after which a client is closed.
const MALFORMED_MAX: u32 = 16;
/// The longest name of a client, in bytes.
const NAME_MAX: usize = 64;
/// Where the WebSocket is.
const PATH: &str = "/";

/// What a client wants.
pub(crate) struct Request {
    pub(crate) client: ClientId,
    pub(crate) body: Body,
}

/// See [`Request`].
pub(crate) enum Body {
    Message(ClientMessage),
    /// Types these bytes.
    Input(TerminalId, Bytes),
}

impl Server {
    /// The next request of a client that is in, if one can be read without waiting. `None` also when the
    /// `budget` of messages is used up; whoever has more is in the list for the next turn.
    pub(crate) fn next_request(
        &mut self,
        budget: &mut usize,
        state: &ApplicationState,
        reactor: &mut Reactor,
    ) -> Option<Request> {
        while *budget > 0
            && let Some(id) = self.readable.pop_front()
        {
            *budget -= 1;
            let Ok(client) = self.clients.get_mut(id) else { continue };
            client.is_readable = false;
            if client.throttled_until.is_some() {
                continue;
            }
            let request = match &client.phase {
                Phase::Head(_) => {
                    self.read_head(id, reactor);
                    continue;
                }
                Phase::Ending => {
                    self.read_off(id, reactor);
                    continue;
                }
                Phase::Open(_) if !client.has_answer_room() => {
                    client.waits_for_room = true;
                    continue;
                }
                _ => self.read_message(id, state, reactor),
            };
            if let Some(body) = request {
                return Some(Request { client: id, body });
            }
        }
        None
    }

    /// There may be more to read.
    pub(super) fn read_again(&mut self, id: ClientId) {
        if let Ok(client) = self.clients.get_mut(id)
            && !std::mem::replace(&mut client.is_readable, true)
        {
            self.readable.push_back(id);
        }
    }

    // Request heads.

    fn read_head(&mut self, id: ClientId, reactor: &mut Reactor) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        let Phase::Head(buffer) = &mut client.phase else { return };
        let mut bytes = [0; READ_BYTES];
        let state = match client.wire.read(&mut bytes) {
            Ok(0) => return self.drop_client(id, reactor),
            Ok(n) => buffer.push(&bytes[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => return,
            Err(_) => return self.drop_client(id, reactor),
        };
        match state {
            HeadState::Partial => self.read_again(id),
            HeadState::Bad(refusal) => self.refuse(id, &refusal, reactor),
            HeadState::Complete(head) => match self.check_head(id, &head) {
                Ok(()) => {
                    self.mark_pushed(id);
                    self.read_again(id);
                }
                Err(refusal) => self.refuse(id, &refusal, reactor),
            },
        }
    }

    /// Whether the request may become a WebSocket; then it has.
    fn check_head(&mut self, id: ClientId, head: &Head) -> Result<(), Refusal> {
        let gone = Refusal::new(503, "the server is closing");
        let Ok(client) = self.clients.get_mut(id) else { return Err(gone) };
        let Ok(listener) = self.listeners.get(client.listener) else { return Err(gone) };
        origin::admit(&head.host, head.origin.as_deref(), &listener.hosts, &listener.origins)?;
        if head.path != PATH {
            return Err(Refusal::new(404, "there is nothing here"));
        }
        let Some(key) = head.key.filter(|_| head.upgrade) else {
            return Err(Refusal::UPGRADE_REQUIRED);
        };
        let offer = access::offer(&head.protocols)?;
        let Some(codec) = offer.codec else {
            return Err(Refusal::bad("no subprotocol that is known: orchflow.v1.json, .bincode"));
        };
        client.codec = codec;
        client.offered_token = offer.token.map(String::from);
        client.wire.push(head::switching(&key, Some(codec.subprotocol())).into());
        let phase = std::mem::replace(&mut client.phase, Phase::Ending);
        if let Phase::Head(buffer) = phase {
            client.upgrade(buffer.rest());
        }
        Ok(())
    }

    /// What a refused client still sends is read away, so that it gets to see the answer.
    fn read_off(&mut self, id: ClientId, reactor: &mut Reactor) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        match client.read_off() {
            Input::Control => self.read_again(id),
            Input::Drained => {}
            _ => self.drop_client(id, reactor),
        }
    }

    // Messages.

    fn read_message(
        &mut self,
        id: ClientId,
        state: &ApplicationState,
        reactor: &mut Reactor,
    ) -> Option<Body> {
        let now = reactor.now();
        let client = self.clients.get_mut(id).ok()?;
        let ready_at = client.messages.ready_at(1, now);
        if client.is_open() && ready_at != Some(now) {
            self.throttle(id, ready_at, reactor);
            return None;
        }
        let message = match client.read() {
            Input::Message(message) => message,
            Input::Control => {
                client.messages.take(1, now);
                self.mark_pushed(id);
                self.read_again(id);
                return None;
            }
            Input::Drained => return None,
            // It went on after it was told why: what else it sends means nothing.
            Input::Close(_) if !client.is_open() && !client.is_pending() => {
                self.read_off(id, reactor);
                return None;
            }
            Input::Close(code) => {
                self.close(id, code, "the message is not acceptable", reactor);
                self.read_again(id);
                return None;
            }
            Input::Ended => {
                // The answer to its goodbye may still be queued.
                let _ = client.wire.flush();
                self.drop_client(id, reactor);
                return None;
            }
        };
        self.read_again(id);
        let client = self.clients.get_mut(id).ok()?;
        let length = message.len() as u64;
        client.messages.take(1, now);
        if client.is_open() && !client.bytes.take(length, now) {
            client.owed_bytes = length;
            let until = client.bytes.ready_at(length, now);
            self.throttle(id, until, reactor);
        }
        self.understand(id, &message, state, reactor)
    }

    /// Reads on at this time: the client sends more than it may.
    fn throttle(&mut self, id: ClientId, until: Option<Instant>, reactor: &mut Reactor) {
        let Ok(client) = self.clients.get_mut(id) else { return };
        client.throttled_until = until;
        arm(client, self.limits.client_stall_time, reactor);
    }

    fn understand(
        &mut self,
        id: ClientId,
        message: &Message,
        state: &ApplicationState,
        reactor: &mut Reactor,
    ) -> Option<Body> {
        let client = self.clients.get_mut(id).ok()?;
        let inflated_max =
            if client.is_open() { self.limits.client_inflated_bytes } else { HELLO_BYTES };
        if matches!(client.phase, Phase::Closing(_)) {
            return None;
        }
        let incoming = match message {
            Message::Text(text) => Incoming::Text(text.as_str()),
            Message::Binary(bytes) => Incoming::Binary(bytes),
            _ => return None,
        };
        match client.codec.decode_client(incoming, inflated_max) {
            Ok(FromClient::Message(message)) => {
                client.malformed = 0;
                match message {
                    ClientMessage::Hello(hello) if !client.is_open() => {
                        self.let_in(id, &hello, state, reactor);
                        // What it wants to be attached to is carried out like any request.
                        Some(Body::Message(ClientMessage::Hello(hello)))
                            .filter(|_| self.clients.get(id).is_ok_and(|c| c.is_open()))
                    }
                    ClientMessage::Hello(_) => {
                        self.complain(id, ErrorCode::Invalid, "a second hello");
                        None
                    }
                    _ if !client.is_open() => {
                        self.close(id, CloseCode::BadMessage, "hello comes first", reactor);
                        None
                    }
                    message => Some(Body::Message(message)),
                }
            }
            Ok(FromClient::Input { terminal, bytes }) if client.is_open() => {
                debug_assert_eq!(bytes.len() + INPUT_HEADER, message.len());
                let Message::Binary(whole) = message else { return None };
                Some(Body::Input(TerminalId::from_u64(terminal), whole.slice(INPUT_HEADER..)))
            }
            Ok(FromClient::Input { .. }) => {
                self.close(id, CloseCode::BadMessage, "hello comes first", reactor);
                None
            }
            Err(error) => {
                client.malformed += 1;
                let hopeless = !client.is_open() || client.malformed >= MALFORMED_MAX;
                match error.kind {
                    DecodeErrorKind::Schema => {
                        self.close(id, CloseCode::Version, &error.message, reactor);
                    }
                    DecodeErrorKind::TooBig => {
                        self.close(id, CloseCode::TooBig, &error.message, reactor);
                    }
                    DecodeErrorKind::Malformed if hopeless => {
                        self.close(id, CloseCode::BadMessage, &error.message, reactor);
                    }
                    DecodeErrorKind::Malformed => {
                        self.complain(id, ErrorCode::Invalid, &error.message);
                    }
                }
                None
            }
        }
    }

    // Hello.

    /// Checks the token; then the client is in, or closed.
    fn let_in(
        &mut self,
        id: ClientId,
        hello: &Hello,
        state: &ApplicationState,
        reactor: &mut Reactor,
    ) {
        let now = reactor.now();
        let Ok(client) = self.clients.get_mut(id) else { return };
        let offered = client.offered_token.take();
        let token = offered.as_deref().or(hello.token.as_deref());
        let verdict = token.map_or(Verdict::Unknown, |token| self.tokens.check(token, now));
        let (token, scopes, expires_at) = match verdict {
            Verdict::Granted { id, scopes, expires_at } => (id, scopes, expires_at),
            Verdict::Expired => {
                return self.close(id, CloseCode::Unauthorized, "the token has expired", reactor);
            }
            Verdict::Unknown => {
                return self.close(id, CloseCode::Unauthorized, "no valid token", reactor);
            }
        };
        if self.open_count >= self.limits.clients {
            return self.close(id, CloseCode::TooMany, "too many clients", reactor);
        }
        client.grant = Some(Grant { token, scopes });
        client.expires_at = expires_at;
        client.compress = hello.compress;
        client.name = shortened(&hello.client, NAME_MAX).to_owned();
        client.open(self.limits.client_message_bytes);
        client.share.collections = collections_of(&hello.collections);
        if !scopes.contains(Scopes::OBSERVE) {
            client.share.collections = Collections::NONE;
        }
        let known = hello.resume.map(|known| StateVersion { epoch: known.epoch, n: known.n });
        client.share.cursor = known.map_or_else(StateCursor::default, StateCursor::at);
        let share = &client.share;
        let resumed = known.is_some() && !state.is_behind_floor(&share.cursor, share.collections);
        let StateVersion { epoch, n } = state.version();
        if let Some((_, timer)) = client.timer.take() {
            reactor.cancel_timer(timer);
        }
        arm(client, self.limits.client_stall_time, reactor);
        let profiles = if scopes.contains(Scopes::MANAGE) {
            self.profiles.keys().cloned().collect()
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
            limits: bounds(&self.limits),
        }));
        let name = client.name.clone();
        self.count_in();
        let label = self.tokens.label(token).unwrap_or_default();
        let by = if label.is_empty() { String::new() } else { format!(" by token {label:?}") };
        let line = format!("client {} {name:?}: connected{by}", id.to_u64());
        self.log(line);
        self.mark_pushed(id);
        self.wake(id);
    }

    // Answers.

    /// Sends a client a message.
    pub(crate) fn send(&mut self, id: ClientId, message: &ServerMessage) {
        if let Ok(client) = self.clients.get_mut(id) {
            client.send(message);
            self.mark_pushed(id);
        }
    }

    /// Tells a client that something was wrong, without an operation that would have a result.
    pub(crate) fn complain(&mut self, id: ClientId, code: ErrorCode, message: &str) {
        self.send(id, &ServerMessage::Error { code, message: message.into() });
    }

    /// Whether the client's token has this scope.
    pub(crate) fn may(&self, id: ClientId, scope: Scopes) -> bool {
        self.clients.get(id).is_ok_and(|client| client.has_scope(scope))
    }
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
    ];
    all.into_iter().filter(|(bit, _)| scopes.contains(*bit)).map(|(_, scope)| scope).collect()
}

fn bounds(limits: &crate::Limits) -> Bounds {
    Bounds {
        message_bytes: limits.client_message_bytes as u64,
        inflated_bytes: limits.client_inflated_bytes as u64,
        messages_per_second: limits.client_messages_per_second,
        bytes_per_second: limits.client_bytes_per_second,
        attachments: limits.client_attachments as u64,
        window_bytes: limits.client_window_bytes as u64,
    }
}

//! The way in: request heads and hellos.
//!
//! Who may come in is decided here, in this order: a well-formed head; the Host, then the Origin; a known
//! subprotocol; the token. What clients that are in ask for is read in [`super::reading`].

use std::io::Read;
use std::time::Instant;

use super::access::{self, Scopes, Verdict};
use super::client::{CloseCode, Grant, HELLO_BYTES, Phase, shortened};
use super::deadline::arm;
use super::head::{self, HeadState, Refusal, Request as Head};
use super::origin;
use super::protocol::{
    self, Bounds, ErrorCode, Hello, PROTOCOL, Scope, ServerMessage, Version, Welcome,
};
use super::server::Server;
use crate::error::one_line;
use crate::reactor::{ClientId, Reactor};
use crate::state::{ApplicationState, Collection, Collections, StateCursor, StateVersion};

/// The longest name of a client, in bytes.
pub(super) const NAME_MAX: usize = 64;
/// Where the WebSocket is.
const PATH: &str = "/";

impl Server {
    // Request heads.

    /// Reads what there is of a request head. Gives the bytes that were read.
    pub(super) fn read_head(&mut self, id: ClientId, reactor: &mut Reactor) -> usize {
        let Ok(client) = self.clients.get_mut(id) else { return 0 };
        let Phase::Head(buffer) = &mut client.phase else { return 0 };
        let bytes = self.scratch.get_mut(..HELLO_BYTES).unwrap_or_default();
        let (count, state) = match client.wire.read(bytes) {
            Ok(count @ 1..) => (count, buffer.push(bytes.get(..count).unwrap_or_default())),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => return 0,
            Ok(_) | Err(_) => {
                self.drop_client(id, reactor);
                return 0;
            }
        };
        match state {
            HeadState::Partial => self.read_again(id),
            HeadState::Bad(refusal) => self.refuse(id, &refusal, reactor),
            HeadState::Complete(head) => match self.check_head(id, &head, reactor.now()) {
                Ok(()) => {
                    self.mark_pushed(id);
                    self.read_again(id);
                }
                Err(refusal) => self.refuse(id, &refusal, reactor),
            },
        }
        count
    }

    /// Whether the request may become a WebSocket; then it has.
    fn check_head(&mut self, id: ClientId, head: &Head, now: Instant) -> Result<(), Refusal> {
        let gone = Refusal::new(503, "the server is closing");
        let Ok(client) = self.clients.get_mut(id) else { return broken!("it was read", Err(gone)) };
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
        // It is checked once more when it says hello.
        if let Some(token) = offer.token
            && let Verdict::Granted { .. } = self.tokens.check(token, now)
        {
            self.vouch_for(id);
        }
        Ok(())
    }

    // Hello.

    /// Checks the token; then the client is in, or closed.
    pub(super) fn let_in(
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
        client.deadline = None;
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
        self.count_in(id);
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
        let message = one_line(message.to_owned().into()).into_owned();
        self.send(id, &ServerMessage::Error { code, message });
    }

    /// Whether an answer may be queued; `None` when the client is gone or on its way.
    pub(crate) fn has_answer_room(&self, id: ClientId) -> Option<bool> {
        let client = self.clients.get(id).ok().filter(|client| client.is_open())?;
        Some(client.has_answer_room())
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

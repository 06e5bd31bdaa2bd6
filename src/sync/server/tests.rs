//! A server without an engine, for the tests of its parts.

use std::io::Write;

use mio::net::UnixStream;

use super::client::{Client, Grant};
use super::*;
use crate::sync::access::TokenOptions;
use crate::sync::websocket::http::HeadBuffer;
use crate::sync::websocket::transport::{Socket, Transport};

/// A server whose clients are pairs of sockets, at one moment.
pub(super) struct Rig {
    pub(super) server: Server,
    pub(super) reactor: Reactor,
    pub(super) state: ApplicationState,
}

impl Rig {
    pub(super) fn new() -> Self {
        let limits = Limits::default();
        let reactor = Reactor::new().unwrap();
        let state = ApplicationState::new(1, &limits);
        Rig { server: Server::new(limits, reactor.now()), reactor, state }
    }

    /// A connection that has upgraded, and is authenticated if it is to be; and its other end, from which these bytes
    /// have come.
    pub(super) fn connect(&mut self, is_in: bool, bytes: &[u8]) -> (ClientId, UnixStream) {
        let (near, mut far) = UnixStream::pair().unwrap();
        let id = self.server.clients.table.next_id().unwrap();
        let listener = ListenerId::from_u64(1);
        let transport = Transport::new(Socket::Unix(near));
        let (clients, now) = (&mut self.server.clients, self.reactor.now());
        let mut client = Box::new(Client::new(
            id,
            listener,
            transport,
            HeadBuffer::new(false),
            &clients.limits,
            now,
        ));
        client.upgrade(Vec::new());
        clients.admission.enter(id);
        if is_in {
            let options = TokenOptions { scopes: Scopes::ALL, ..TokenOptions::default() };
            let (token, _) = self.server.access.tokens.add(options, now).unwrap();
            client.grant = Some(Grant { token, scopes: Scopes::ALL, expires_at: None });
            client.open(clients.limits.client_message_bytes);
            clients.admission.authenticate(&mut client);
        }
        clients.table.insert(id, client);
        far.write_all(bytes).unwrap();
        clients.read_later(id);
        (id, far)
    }

    /// A slice that no clock ends.
    pub(super) fn slice(&self) -> Slice {
        Slice::without_end()
    }

    /// Whose requests come, one after the other, until nothing is read any more.
    pub(super) fn requests(&mut self, slice: &mut Slice) -> Vec<ClientId> {
        let Rig { server, reactor, state } = self;
        std::iter::from_fn(|| server.poll_request(slice, state, reactor))
            .map(|request| request.client)
            .collect()
    }
}

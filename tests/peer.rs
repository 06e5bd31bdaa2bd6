//! Peers: one engine mirrors another one, over real sockets.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod support;

use orchflow::{RemoteAttach, RemoteStart, SpawnOptions};
use support::pair::{Pair, Told};

#[test]
fn a_peer_types_and_sees_the_echo() {
    let mut pair = Pair::new();
    let terminal = pair.server().spawn(&SpawnOptions::program("cat")).unwrap().to_u64();
    pair.until_equal();
    let replica = pair.mirror.peer_replica(pair.peer).unwrap();
    assert!(replica.terminal(terminal).is_some_and(|(facts, _)| facts.running));
    let options = RemoteAttach { start: RemoteStart::Oldest, ..RemoteAttach::default() };
    pair.mirror.peer_attach(pair.peer, terminal, &options).unwrap();
    pair.mirror.peer_write(pair.peer, terminal, b"hello\n").unwrap();
    pair.until("the echo", |pair| pair.bytes(terminal) == b"hello\r\nhello\r\n");
    pair.mirror.disconnect(pair.peer).unwrap();
    pair.until("the goodbye", |pair| pair.server().clients().is_empty());
    assert!(pair.mirror.peer_state(pair.peer).is_err_and(|error| error.is_stale_id()));
    assert!(!pair.told.iter().any(|told| matches!(told, Told::Disconnected(..))));
}

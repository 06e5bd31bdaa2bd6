//! Peer: mirrors the state of another engine and types into one of its terminals.
//!
//! `cargo run --example peer`

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::ops::ControlFlow;

use orchflow::{
    Collections, Config, Engine, Event, ListenAddress, ListenerOptions, PeerAddress, PeerEvent,
    PeerOptions, RemoteAttach, Result, Scopes, SpawnOptions, TokenOptions,
};

fn main() -> Result<()> {
    let mut engine = Engine::new(Config::default())?;
    let terminal = engine.spawn(&SpawnOptions::program("cat").reader(None))?.to_u64();
    let listener = engine.add_listener(&ListenerOptions::tcp("127.0.0.1:0".parse().unwrap()))?;
    let options =
        TokenOptions { scopes: Scopes::OBSERVE | Scopes::TYPE, ..TokenOptions::default() };
    let (_, token) = engine.add_token(options)?;

    // Usually another process; here the engine mirrors itself.
    let ListenAddress::Tcp(address) = engine.listener_address(listener)? else { unreachable!() };
    let options = PeerOptions::new(PeerAddress::Tcp(address), token).collections(Collections::ALL);
    let peer = engine.connect(&options)?;
    let mut is_attached = false;
    engine.run(|engine| {
        let (mut has_state, mut can_type) = (false, false);
        while let Some(event) = engine.next_event()? {
            let Event::Peer { event, .. } = event else { continue };
            match event {
                PeerEvent::State { .. } => has_state = true,
                PeerEvent::Attached { .. } => can_type = true,
                PeerEvent::Output { bytes, .. } => {
                    println!("{:?}", String::from_utf8_lossy(bytes));
                    return Ok(ControlFlow::Break(()));
                }
                _ => {}
            }
        }
        if has_state && !is_attached {
            is_attached = true;
            let (entry, _) = engine.peer_replica(peer)?.terminal(terminal).unwrap();
            println!("running: {}", entry.running);
            engine.peer_attach(peer, terminal, &RemoteAttach::default())?;
        }
        if can_type {
            engine.peer_write(peer, terminal, b"hello")?;
        }
        Ok(ControlFlow::Continue(()))
    })
}

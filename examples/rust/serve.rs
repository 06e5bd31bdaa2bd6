//! Serve: a server for clients in other processes (docs/PROTOCOL.md), with a token, a profile and a page.
//!
//! `cargo run --example serve` prints an address for `orchflow-demo attach` and for a browser, and serves until
//! stdin ends.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::Read;
use std::ops::ControlFlow;

use orchflow::{
    Command, Config, Engine, Event, ListenAddress, ListenerOptions, Result, Scopes, SpawnOptions,
    TokenOptions,
};

/// What a browser shows. Its script and its style sheet would be resources of their own.
const PAGE: &[u8] = b"<!doctype html><title>OrchFlow</title><h1>An engine is here</h1>";

fn main() -> Result<()> {
    let mut engine = Engine::new(Config::default())?;
    engine.spawn(&SpawnOptions::shell())?;
    // Clients may start this program and no other one.
    engine.grant_profile("shell", &SpawnOptions::shell())?;
    let options = ListenerOptions::tcp("127.0.0.1:0".parse().unwrap());
    let listener = engine.add_listener(&options.resource("/index.html", "text/html", PAGE))?;
    let options = TokenOptions { scopes: Scopes::ALL, ..TokenOptions::default() };
    let (_, token) = engine.add_token(options)?;
    let ListenAddress::Tcp(address) = engine.listener_address(listener)? else { unreachable!() };
    println!("http://{address}/#token={token}");

    // Another thread wakes the engine when stdin ends.
    let sender = engine.sender();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = sender.post(0, Command::Notify);
    });
    engine.run(|engine| {
        // Every event has to be read; unread output would exert backpressure on the shell.
        while let Some(event) = engine.next_event()? {
            if let Event::Completed { .. } = event {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}

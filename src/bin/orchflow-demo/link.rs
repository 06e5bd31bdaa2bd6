//! The connection of `attach` and `state` to a server.

use std::path::Path;
use std::time::Duration;

use orchflow::{
    BreakerOptions, Collections, Config, Engine, Event, PeerAddress, PeerId, PeerOptions,
    RetryPolicy,
};

use crate::address::{Address, Place};
use crate::failure::Failure;

/// The first and the longest delay between attempts to reconnect; a person waits for them.
const RETRY_DELAYS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Creates an engine that connects to this address.
pub(crate) fn connect(
    address: &Address,
    token_file: Option<&Path>,
    collections: Collections,
) -> Result<(Engine, PeerId), Failure> {
    let mut engine = Engine::new(Config::default())?;
    let token = address.token(token_file).map_err(Failure::Remote)?;
    let (place, host) = address.place.resolve().map_err(Failure::Remote)?;
    let place = match place {
        Place::Tcp(address) => PeerAddress::Tcp(address),
        Place::Unix(path) => PeerAddress::Unix(path),
        Place::Named(..) => return Err(Failure::Remote(format!("{place} has no address"))),
    };
    let mut options = PeerOptions::new(place, token)
        .name("orchflow-demo")
        .collections(collections)
        .retry(RetryPolicy::new(RETRY_DELAYS.0, RETRY_DELAYS.1)?)
        // A person waits, and the server may be restarted at any moment: the delays are enough.
        .breaker(BreakerOptions::new(u32::MAX, 1, RETRY_DELAYS.1)?);
    if let Some(host) = host {
        options = options.host(host);
    }
    let peer = engine.connect(&options)?;
    Ok((engine, peer))
}

/// The maximum time that a closing handshake may take, and the length of one wait.
const GOODBYE: Duration = Duration::from_millis(500);
const GOODBYE_STEP: Duration = Duration::from_millis(50);

/// Closes the connection: sends what was typed, then a close frame.
pub(crate) fn close(engine: &mut Engine) {
    // Errors do not matter any more.
    let _ = engine.shutdown(Duration::ZERO);
    for _ in 0..GOODBYE.as_millis() / GOODBYE_STEP.as_millis() {
        let _ = engine.turn(Some(GOODBYE_STEP));
        while let Ok(Some(event)) = engine.next_event() {
            if matches!(event, Event::ShutdownComplete) {
                return;
            }
        }
    }
}

/// The state of a connection, updated by its events.
#[derive(Default)]
pub(crate) struct Link {
    /// It was connected once; from then on it reconnects.
    pub(crate) was_up: bool,
    pub(crate) is_up: bool,
}

impl Link {
    pub(crate) fn on_connected(&mut self) {
        (self.was_up, self.is_up) = (true, true);
    }

    /// # Errors
    /// It never stood, or is not tried again.
    pub(crate) fn on_disconnected(
        &mut self,
        address: &Address,
        reason: &str,
        gives_up: bool,
    ) -> Result<(), Failure> {
        self.is_up = false;
        if self.was_up && !gives_up {
            return Ok(());
        }
        Err(Failure::Remote(format!("{}: {reason}", address.place)))
    }
}

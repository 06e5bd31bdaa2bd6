//! The connection of `attach` and `state` to a serving engine.

use std::path::Path;
use std::time::Duration;

use orchflow::{
    BreakerOptions, Collections, Config, Engine, Event, PeerAddress, PeerId, PeerOptions,
    RetryPolicy,
};

use crate::address::{Address, Place};
use crate::failure::Failure;

/// Delays between attempts of connecting again: the first, and the longest that somebody who sits there
/// waits for.
const RETRY_DELAYS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// An engine that is connecting to the one at this address.
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
        // Somebody sits there, and the server may be started again at any moment: the delays are enough.
        .breaker(BreakerOptions::new(u32::MAX, 1, RETRY_DELAYS.1)?);
    if let Some(host) = host {
        options = options.host(host);
    }
    let peer = engine.connect(&options)?;
    Ok((engine, peer))
}

/// How long somebody who leaves waits at most for the other side to say goodbye, and what of that at once.
const GOODBYE: Duration = Duration::from_millis(500);
const GOODBYE_STEP: Duration = Duration::from_millis(50);

/// Says goodbye: what was typed goes out before, and the other engine does not wonder.
pub(crate) fn leave(engine: &mut Engine) {
    // Whatever goes wrong now, we go.
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

/// How a connection stands, as its events tell.
#[derive(Default)]
pub(crate) struct Link {
    /// It stood once: from then on a break is mended.
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

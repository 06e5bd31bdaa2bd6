//! The state of a peer, as a query lends it.

use std::mem::size_of;
use std::ptr;

use super::client_state::orch_scopes;
use super::lent::{Lent, poison_all};
use super::sized::{self, SizedStruct, size_through};
use super::types::{NO_BYTES, orch_bytes};
use crate::{BreakerState, PeerState, PeerStatus};

/// The state of a connection to another engine.
pub type orch_peer_status = u32;
/// A connection is being made.
pub const ORCH_PEER_STATUS_CONNECTING: orch_peer_status = 1;
/// The other engine has accepted the token.
pub const ORCH_PEER_STATUS_CONNECTED: orch_peer_status = 2;
/// The next attempt comes in `retry_in_ms`.
pub const ORCH_PEER_STATUS_WAITING: orch_peer_status = 3;
/// It has been given up; see `last_error`.
pub const ORCH_PEER_STATUS_FAILED: orch_peer_status = 4;

/// The state of a circuit breaker.
pub type orch_breaker_state = u32;
/// Calls, or attempts, are made.
pub const ORCH_BREAKER_CLOSED: orch_breaker_state = 0;
/// None is made.
pub const ORCH_BREAKER_OPEN: orch_breaker_state = 1;
/// One at a time is made as a trial.
pub const ORCH_BREAKER_HALF_OPEN: orch_breaker_state = 2;

/// One of ORCH_BREAKER_*.
pub(super) fn breaker_number(state: BreakerState) -> orch_breaker_state {
    match state {
        BreakerState::Closed => ORCH_BREAKER_CLOSED,
        BreakerState::Open => ORCH_BREAKER_OPEN,
        BreakerState::HalfOpen => ORCH_BREAKER_HALF_OPEN,
    }
}

/// The state of a peer. Texts and arrays are lent; see `orch_peer_get_state`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_state {
    /// `sizeof(orch_peer_state)`, set by the host.
    pub size: usize,
    /// Its id.
    pub peer: u64,
    /// The tag of `orch_peer_options`.
    pub tag: u64,
    /// One of ORCH_PEER_STATUS_*.
    pub status: orch_peer_status,
    /// One of ORCH_BREAKER_*.
    pub breaker: orch_breaker_state,
    /// Attempts since the last connection that lasted.
    pub attempts: u32,
    /// What the token allows there: a sum of ORCH_SCOPE_*. 0 before the first connection.
    pub scopes: orch_scopes,
    /// Name and version of the other engine; UTF-8. No bytes before the first connection.
    pub server: orch_bytes,
    /// Why the last connection failed or ended; UTF-8. `data` is NULL if none has.
    pub last_error: orch_bytes,
    /// The profiles that can be started there (`orch_profile_set`); UTF-8.
    pub profiles: *const orch_bytes,
    /// Elements of `profiles`.
    pub profile_count: usize,
    /// The terminals that are attached, or will be once there is a connection.
    pub terminals: *const u64,
    /// Elements of `terminals`.
    pub terminal_count: usize,
    /// ORCH_PEER_STATUS_WAITING: milliseconds until the next attempt. Otherwise -1.
    pub retry_in_ms: i64,
    /// The last round trip to the other engine, in nanoseconds; -1 if not known.
    pub round_trip_ns: i64,
    /// Bytes that wait for the host to read events, about.
    pub received_bytes: usize,
    /// Bytes that wait to be sent.
    pub queued_bytes: usize,
    /// How often the copy differed from the state of the other engine and came anew.
    pub mismatches: u64,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_peer_state {
    const FIRST_SIZE: usize = size_through!(orch_peer_state, mismatches, u64);
    fn defaults() -> Self {
        orch_peer_state {
            size: size_of::<Self>(),
            peer: 0,
            tag: 0,
            status: 0,
            breaker: ORCH_BREAKER_CLOSED,
            attempts: 0,
            scopes: 0,
            server: NO_BYTES,
            last_error: NO_BYTES,
            profiles: ptr::null(),
            profile_count: 0,
            terminals: ptr::null(),
            terminal_count: 0,
            retry_in_ms: -1,
            round_trip_ns: -1,
            received_bytes: 0,
            queued_bytes: 0,
            mismatches: 0,
        }
    }
}

/// What the last query about a peer has lent.
#[derive(Default)]
pub(super) struct PeerStateLoan {
    texts: Vec<u8>,
    profiles: Vec<orch_bytes>,
    terminals: Vec<u64>,
}

impl PeerStateLoan {
    /// Copies what a state points to, in place of what was lent before.
    pub(super) fn lend(&mut self, state: &PeerState) -> orch_peer_state {
        if cfg!(debug_assertions) {
            self.texts.fill(Lent::POISON);
            poison_all(&mut self.profiles);
            self.terminals.fill(u64::from_ne_bytes([Lent::POISON; 8]));
        }
        self.texts.clear();
        let texts = [&state.server].into_iter().chain(&state.last_error).chain(&state.profiles);
        // Room for all of them, so that none moves.
        self.texts.reserve(texts.map(String::len).sum());
        let server = self.text(&state.server);
        let last_error = state.last_error.as_ref().map_or(NO_BYTES, |error| self.text(error));
        self.profiles.clear();
        for profile in &state.profiles {
            let profile = self.text(profile);
            self.profiles.push(profile);
        }
        self.terminals.clear();
        self.terminals.extend_from_slice(&state.terminals);
        orch_peer_state {
            peer: state.id.to_u64(),
            tag: state.tag,
            status: match state.status {
                PeerStatus::Connecting => ORCH_PEER_STATUS_CONNECTING,
                PeerStatus::Connected => ORCH_PEER_STATUS_CONNECTED,
                PeerStatus::Waiting { .. } => ORCH_PEER_STATUS_WAITING,
                PeerStatus::Failed => ORCH_PEER_STATUS_FAILED,
            },
            breaker: breaker_number(state.breaker),
            attempts: state.attempts,
            scopes: state.scopes.bits(),
            server,
            last_error,
            profiles: self.profiles.as_ptr(),
            profile_count: self.profiles.len(),
            terminals: self.terminals.as_ptr(),
            terminal_count: self.terminals.len(),
            round_trip_ns: state.round_trip.map_or(-1, |time| time.as_nanos() as i64),
            received_bytes: state.received_bytes,
            queued_bytes: state.queued_bytes,
            mismatches: state.mismatches,
            ..orch_peer_state::defaults()
        }
    }

    fn text(&mut self, text: &str) -> orch_bytes {
        let start = self.texts.len();
        self.texts.extend_from_slice(text.as_bytes());
        sized::lend(&self.texts[start..])
    }
}

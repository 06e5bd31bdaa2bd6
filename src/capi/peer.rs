//! Peers: other engines whose state and terminals are mirrored here. Whom to connect to, and how they are.

use std::ffi::OsStr;
use std::mem::size_of;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;
use std::time::Duration;

use super::guard::{Inner, Lent, on_engine, orch_engine, without_engine};
use super::options::{NO_BYTES, orch_bytes};
use super::sized::{self, SizedStruct, size_through};
use super::state_entry::{ORCH_COLLECTION_ALL, collections_from, text_from};
use super::status::*;
use super::update::poison_all;
use crate::error::{Error, Result};
use crate::{
    BreakerOptions, BreakerState, PeerAddress, PeerId, PeerOptions, PeerState, PeerStatus,
    RetryPolicy,
};

/// Connect flag: large messages are compressed, both ways. On one machine it only costs time.
pub const ORCH_CONNECT_COMPRESS: u32 = 1;
/// Connect flag: JSON instead of bincode, for an engine of another version, or to be read by people.
pub const ORCH_CONNECT_JSON: u32 = 2;

/// For `orch_peer_options.retry_attempts`: a connection that fails is not tried again.
pub const ORCH_RETRY_NEVER: u32 = u32::MAX;

/// Which engine to connect to and how. Fill with `orch_peer_options_init` first. 0 means the default.
///
/// Pointers are read during the call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_options {
    /// `sizeof(orch_peer_options)`.
    pub size: usize,
    /// Where it listens: an IP address with a port, as "127.0.0.1:8000" or "[::1]:8000"; "unix:" and the path
    /// of a Unix socket; or an absolute path. TCP does not encrypt: across a network only through a tunnel.
    pub address: orch_bytes,
    /// The text of a token that the other engine has made (`orch_token_add`), 1 to 256 bytes.
    pub token: orch_bytes,
    /// How the other engine names this one in its lists; UTF-8, at most 64 bytes. Default none.
    pub name: orch_bytes,
    /// The `Host` that the request names, with its port; graphic ASCII. No bytes (the default): the address.
    pub host: orch_bytes,
    /// Which collections of the state are mirrored, a sum of ORCH_COLLECTION_*. Default all.
    pub collections: u32,
    /// Sum of ORCH_CONNECT_COMPRESS and ORCH_CONNECT_JSON. Default 0.
    pub flags: u32,
    /// The longest time before the first retry, in milliseconds; it doubles with each. The time is drawn at
    /// random below it. Default 100.
    pub retry_initial_ms: u32,
    /// The longest time before any retry, in milliseconds; not below `retry_initial_ms`. Default 30,000.
    pub retry_max_ms: u32,
    /// Retries in a row before the peer is given up; a connection that held for 10 seconds starts them anew. 0
    /// (the default): without an end. For none ORCH_RETRY_NEVER.
    pub retry_attempts: u32,
    /// Attempts in a row that fail before the circuit breaker opens, so that none is made for a while.
    /// Default 5.
    pub breaker_failures: u32,
    /// Attempts in a row that have to succeed before it closes again. Default 1.
    pub breaker_successes: u32,
    /// How long it stays open, in milliseconds. Default 10,000.
    pub breaker_open_ms: u32,
    /// A number of the host's own; comes back in every event of the peer.
    pub tag: u64,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_peer_options {
    const FIRST_SIZE: usize = size_through!(orch_peer_options, tag, u64);
    fn defaults() -> Self {
        orch_peer_options {
            size: size_of::<Self>(),
            address: NO_BYTES,
            token: NO_BYTES,
            name: NO_BYTES,
            host: NO_BYTES,
            collections: ORCH_COLLECTION_ALL,
            flags: 0,
            retry_initial_ms: 100,
            retry_max_ms: 30_000,
            retry_attempts: 0,
            breaker_failures: 5,
            breaker_successes: 1,
            breaker_open_ms: 10_000,
            tag: 0,
        }
    }
}

/// Fills options with the defaults. `size` is `sizeof(orch_peer_options)`.
///
/// Any thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_options_init(
    options: *mut orch_peer_options,
    size: usize,
) -> i32 {
    // SAFETY: the caller vouches for `size` bytes at `options`.
    without_engine(|| unsafe { sized::init(options, size) })
}

impl orch_peer_options {
    fn retry(&self) -> Result<RetryPolicy> {
        let default = Self::defaults();
        let initial = or(self.retry_initial_ms, default.retry_initial_ms);
        let max = or(self.retry_max_ms, default.retry_max_ms.max(initial));
        let policy = RetryPolicy::new(ms(initial), ms(max))
            .map_err(|_| Error::invalid("retry_max_ms: at least retry_initial_ms"))?;
        Ok(match self.retry_attempts {
            0 => policy,
            ORCH_RETRY_NEVER => policy.attempts(0),
            attempts => policy.attempts(attempts),
        })
    }

    fn breaker(&self) -> Result<BreakerOptions> {
        let default = Self::defaults();
        BreakerOptions::new(
            or(self.breaker_failures, default.breaker_failures),
            or(self.breaker_successes, default.breaker_successes),
            ms(or(self.breaker_open_ms, default.breaker_open_ms)),
        )
    }
}

fn or(value: u32, default: u32) -> u32 {
    if value == 0 { default } else { value }
}

fn ms(time: u32) -> Duration {
    Duration::from_millis(time.into())
}

fn address_from(text: &[u8]) -> Result<PeerAddress> {
    let path = match text.strip_prefix(b"unix:") {
        None if text.first() == Some(&b'/') => Some(text),
        path => path,
    };
    match path {
        Some([]) => Err(Error::invalid("address: the path of a Unix socket is empty")),
        Some(path) => Ok(PeerAddress::Unix(PathBuf::from(OsStr::from_bytes(path)))),
        None => {
            let text = str::from_utf8(text).ok();
            let address = text.and_then(|text| text.parse::<SocketAddr>().ok());
            address.map(PeerAddress::Tcp).ok_or_else(|| {
                Error::invalid("address: an IP address with a port, or unix: and a path")
            })
        }
    }
}

/// Options as Rust takes them.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
unsafe fn options_from(options: *const orch_peer_options) -> Result<PeerOptions> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, false) }?;
    sized::check_flags("connect", c.flags, ORCH_CONNECT_COMPRESS | ORCH_CONNECT_JSON)?;
    // SAFETY: passed on from the caller.
    let address = address_from(unsafe { sized::bytes(c.address.data, c.address.len) }?)?;
    // SAFETY: passed on from the caller.
    let token = unsafe { text_from("token", c.token) }?;
    // SAFETY: passed on from the caller.
    let name = unsafe { text_from("name", c.name) }?;
    // SAFETY: passed on from the caller.
    let host = unsafe { text_from("host", c.host) }?;
    let out = PeerOptions::new(address, token)
        .name(name)
        .collections(collections_from(or(c.collections, ORCH_COLLECTION_ALL))?)
        .retry(c.retry()?)
        .breaker(c.breaker()?)
        .compress(c.flags & ORCH_CONNECT_COMPRESS != 0)
        .json(c.flags & ORCH_CONNECT_JSON != 0)
        .tag(c.tag);
    Ok(if host.is_empty() { out } else { out.host(host) })
}

/// Connects to the server of another engine (`orch_listener_add`), mirrors its state, and keeps at it: a connection
/// that is lost is made anew and goes on where it was. What happens comes as ORCH_EVENT_PEER; that nobody
/// listens is no error but such an event. A peer whose events are not read is read no further.
///
/// A refusal that would only be repeated (a token that is not valid, another version of the protocol, a state
/// that is larger than `state_bytes`) ends it with an ORCH_PEER_DISCONNECTED whose `retry_in_ms` is -1; the id
/// stays until `orch_peer_disconnect`.
///
/// Owner thread. Does not wait for the connection. Errors: ORCH_E_INVALID, ORCH_E_LIMIT, ORCH_E_GONE while
/// shutting down, ORCH_E_SYSTEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_connect(
    engine: *mut orch_engine,
    options: *const orch_peer_options,
    out_peer: *mut u64,
) -> i32 {
    let connect = |inner: &mut Inner| {
        sized::check_pointer(out_peer)?;
        // SAFETY: the caller vouches for the struct and what it points to.
        let options = unsafe { options_from(options) }?;
        let id = inner.engine.connect(&options)?;
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_peer, id.to_u64()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, connect) }
}

/// Lets go of a peer: its copy of the state and its unread events are gone, and its id is stale. The other
/// engine is told, without waiting for it.
///
/// Owner thread. Errors: ORCH_E_STALE_ID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_disconnect(engine: *mut orch_engine, peer: u64) -> i32 {
    let disconnect = |inner: &mut Inner| {
        inner.engine.disconnect(PeerId::from_u64(peer))?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, disconnect) }
}

/// The ids of all peers, in no particular order. Writes at most `capacity` ids; `out_count` gets how many there
/// are.
///
/// Owner thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_list(
    engine: *mut orch_engine,
    out_peers: *mut u64,
    capacity: usize,
    out_count: *mut usize,
) -> i32 {
    let list = |inner: &mut Inner| {
        let ids: Vec<u64> = inner.engine.peers().iter().map(|id| id.to_u64()).collect();
        // SAFETY: the caller vouches for `capacity` writable ids and a writable count.
        unsafe { sized::put_list(&ids, out_peers, capacity, out_count) }
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, list) }
}

/// Status of a peer: a connection is being made.
pub const ORCH_PEER_STATUS_CONNECTING: u32 = 1;
/// Status of a peer: it has let us in.
pub const ORCH_PEER_STATUS_CONNECTED: u32 = 2;
/// Status of a peer: a connection is made in `retry_in_ms`.
pub const ORCH_PEER_STATUS_WAITING: u32 = 3;
/// Status of a peer: it has been given up; see `last_error`.
pub const ORCH_PEER_STATUS_FAILED: u32 = 4;

/// Circuit breaker: every attempt is made.
pub const ORCH_BREAKER_CLOSED: u32 = 0;
/// Circuit breaker: none is made.
pub const ORCH_BREAKER_OPEN: u32 = 1;
/// Circuit breaker: one is made at a time, as a trial.
pub const ORCH_BREAKER_HALF_OPEN: u32 = 2;

/// How a peer is at the moment. Texts and arrays are borrowed until the next `orch_peer_get_state` on the
/// engine that succeeds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_state {
    /// `sizeof(orch_peer_state)`, set by the host.
    pub size: usize,
    /// Its id.
    pub peer: u64,
    /// The host's own number.
    pub tag: u64,
    /// One of ORCH_PEER_STATUS_*.
    pub status: u32,
    /// One of ORCH_BREAKER_*.
    pub breaker: u32,
    /// Attempts since the last connection that held.
    pub attempts: u32,
    /// What our token allows there, a sum of ORCH_SCOPE_*, once it has let us in.
    pub scopes: u32,
    /// Name and version of the other engine, once it has let us in; UTF-8.
    pub server: orch_bytes,
    /// Why there was no connection last, UTF-8; `data` is NULL if there always was one.
    pub last_error: orch_bytes,
    /// Names of the programs that may be started there; UTF-8.
    pub profiles: *const orch_bytes,
    /// How many.
    pub profile_count: usize,
    /// Terminals that are attached, or will be.
    pub terminals: *const u64,
    /// How many.
    pub terminal_count: usize,
    /// ORCH_PEER_STATUS_WAITING: milliseconds until it is tried again. Otherwise -1.
    pub retry_in_ms: i64,
    /// How long an answer took last, in nanoseconds; -1 if not known.
    pub round_trip_ns: i64,
    /// Bytes that wait to be read by the host, about.
    pub received_bytes: usize,
    /// Bytes that wait to be sent.
    pub queued_bytes: usize,
    /// How often the copy was not what the other engine has, and came anew.
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

/// What the last question about a peer has lent.
#[derive(Default)]
pub(super) struct PeerLook {
    texts: Vec<u8>,
    profiles: Vec<orch_bytes>,
    terminals: Vec<u64>,
}

impl PeerLook {
    /// Copies what a state points to, in place of what was lent before.
    fn lend(&mut self, state: &PeerState) -> orch_peer_state {
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
            breaker: match state.breaker {
                BreakerState::Closed => ORCH_BREAKER_CLOSED,
                BreakerState::Open => ORCH_BREAKER_OPEN,
                BreakerState::HalfOpen => ORCH_BREAKER_HALF_OPEN,
            },
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

/// How a peer is at the moment. Set `out_state->size` before; it is left as it is.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_get_state(
    engine: *mut orch_engine,
    peer: u64,
    out_state: *mut orch_peer_state,
) -> i32 {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_state) }?;
        let state = inner.engine.peer_state(PeerId::from_u64(peer))?;
        let mut c = inner.peer_look.lend(&state);
        if let PeerStatus::Waiting { until } = state.status {
            let wait = until.saturating_duration_since(inner.engine.now());
            c.retry_in_ms = wait.as_millis() as i64;
        }
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_state, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_rust() {
        let none = orch_peer_options {
            retry_initial_ms: 0,
            retry_max_ms: 0,
            breaker_failures: 0,
            breaker_successes: 0,
            breaker_open_ms: 0,
            ..orch_peer_options::defaults()
        };
        for c in [orch_peer_options::defaults(), none] {
            assert_eq!(c.retry().unwrap(), RetryPolicy::default());
            assert_eq!(c.breaker().unwrap(), BreakerOptions::default());
        }
        let slow = orch_peer_options { retry_initial_ms: 60_000, ..none };
        assert_eq!(slow.retry().unwrap(), RetryPolicy::new(ms(60_000), ms(60_000)).unwrap());
        let never = orch_peer_options { retry_attempts: ORCH_RETRY_NEVER, ..none };
        assert_eq!(never.retry().unwrap(), RetryPolicy::default().attempts(0));
        let bad = orch_peer_options { retry_initial_ms: 11, retry_max_ms: 10, ..none };
        assert!(bad.retry().is_err());
    }

    #[test]
    fn addresses_have_three_forms() {
        let unix = |path: &str| Some(PeerAddress::Unix(path.into()));
        let tcp = |text: &str| Some(PeerAddress::Tcp(text.parse().unwrap()));
        for (text, wanted) in [
            ("127.0.0.1:80", tcp("127.0.0.1:80")),
            ("[::1]:8000", tcp("[::1]:8000")),
            ("unix:/run/x", unix("/run/x")),
            ("unix:x", unix("x")),
            ("/run/x", unix("/run/x")),
            ("", None),
            ("unix:", None),
            ("run/x", None),
            ("localhost:80", None),
            ("127.0.0.1", None),
            ("::1:8000", None),
            ("127.0.0.1:80 ", None),
        ] {
            assert_eq!(address_from(text.as_bytes()).ok(), wanted, "{text}");
        }
        assert!(address_from(b"\xff:1").is_err());
    }
}

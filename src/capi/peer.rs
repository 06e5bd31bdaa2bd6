//! Peers: connections to other engines, whose state and terminals are mirrored here.

use std::ffi::OsStr;
use std::mem::size_of;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use super::argument;
use super::guard::{Inner, on_engine, orch_engine};
use super::notice::{ORCH_NOTICES_ALL, orch_notices};
use super::peer_state::orch_peer_state;
use super::sized::{self, SizedStruct, size_through};
use super::state_entry::{ORCH_COLLECTION_ALL, collections_from, orch_collections};
use super::status::*;
use super::types::{NO_BYTES, orch_bytes};
use crate::error::{Error, Result};
use crate::{
    BreakerOptions, NoticeKinds, PeerAddress, PeerId, PeerOptions, PeerStatus, RetryPolicy,
};

/// Flags of `orch_peer_options`.
pub type orch_connect_flags = u32;
/// Large messages are compressed in both directions. On one machine this only costs time.
pub const ORCH_CONNECT_COMPRESS: orch_connect_flags = 1;
/// Messages are JSON instead of bincode: for an engine of another version, or for people to read.
pub const ORCH_CONNECT_JSON: orch_connect_flags = 2;
/// A connection that fails or is lost is not tried again. `retry_attempts` must be 0.
pub const ORCH_CONNECT_NO_RETRY: orch_connect_flags = 4;

/// Which engine to connect to, and how. All zeroes but `size`, `address` and `token` are the defaults.
///
/// Pointers are read during the call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_peer_options {
    /// `sizeof(orch_peer_options)`.
    pub size: usize,
    /// The address that the other engine listens on: an IP address with a port, such as "127.0.0.1:8000" or
    /// "[::1]:8000"; "unix:" and the path of a Unix socket; or the absolute path of one. TCP is not encrypted: use a
    /// tunnel across a network.
    pub address: orch_bytes,
    /// The text of a token that the other engine has made (`orch_token_add`), 1 to 256 bytes.
    pub token: orch_bytes,
    /// The name of this engine for the other one (`orch_client_state.name`); UTF-8, at most 64 bytes. Default none.
    pub name: orch_bytes,
    /// The `Host` header of the request, with a port; graphic ASCII. No bytes (the default): the address.
    pub host: orch_bytes,
    /// The collections of the state that are mirrored: a sum of ORCH_COLLECTION_*. 0 (the default): all.
    pub collections: orch_collections,
    /// Sum of ORCH_CONNECT_COMPRESS, ORCH_CONNECT_JSON and ORCH_CONNECT_NO_RETRY. Default 0.
    pub flags: orch_connect_flags,
    /// The longest wait before the first retry, in milliseconds. The wait is random below this bound, and the bound
    /// doubles with each retry. 0 (the default): 100.
    pub retry_initial_ms: u32,
    /// The longest wait before any retry, in milliseconds; not less than `retry_initial_ms`. 0 (the default): 30,000.
    pub retry_max_ms: u32,
    /// Retries in a row before the peer is given up. A connection that has lasted 10 seconds resets the count. 0 (the
    /// default): no limit.
    pub retry_attempts: u32,
    /// Attempts in a row that fail before the circuit breaker opens. 0 (the default): 5. While it is open no attempt
    /// is made.
    pub breaker_failures: u32,
    /// Attempts in a row that succeed before the circuit breaker closes again. 0 (the default): 1.
    pub breaker_successes: u32,
    /// How long the circuit breaker stays open, in milliseconds. 0 (the default): 10,000.
    pub breaker_open_ms: u32,
    /// A number of the host's own. It comes back in every event of the peer.
    pub tag: u64,
    /// Which notices of terminals come as ORCH_EVENT_PEER_NOTICE, as far as the token allows them: a sum of
    /// ORCH_NOTICES_*. Default 0.
    pub notices: orch_notices,
    /// Must be 0.
    pub reserved: u32,
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
            collections: 0,
            flags: 0,
            retry_initial_ms: 0,
            retry_max_ms: 0,
            retry_attempts: 0,
            breaker_failures: 0,
            breaker_successes: 0,
            breaker_open_ms: 0,
            tag: 0,
            notices: 0,
            reserved: 0,
        }
    }
}

impl orch_peer_options {
    fn retry(&self) -> Result<RetryPolicy> {
        let initial = or(self.retry_initial_ms, 100);
        let max = or(self.retry_max_ms, initial.max(30_000));
        let policy = RetryPolicy::new(ms(initial), ms(max)).map_err(|_| {
            Error::invalid("orch_peer_options.retry_max_ms: less than retry_initial_ms")
        })?;
        Ok(match (self.flags & ORCH_CONNECT_NO_RETRY != 0, self.retry_attempts) {
            (false, 0) => policy,
            (false, attempts) => policy.attempts(attempts),
            (true, 0) => policy.attempts(0),
            (true, _) => {
                let message =
                    "orch_peer_options.retry_attempts: must be 0 with ORCH_CONNECT_NO_RETRY";
                return Err(Error::invalid(message));
            }
        })
    }

    fn breaker(&self) -> Result<BreakerOptions> {
        BreakerOptions::new(
            or(self.breaker_failures, 5),
            or(self.breaker_successes, 1),
            ms(or(self.breaker_open_ms, 10_000)),
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
        Some([]) => {
            Err(Error::invalid("orch_peer_options.address: the path of the Unix socket is empty"))
        }
        Some(path) => Ok(PeerAddress::Unix(PathBuf::from(OsStr::from_bytes(path)))),
        None => {
            let text = str::from_utf8(text).ok();
            let address = text.and_then(|text| text.parse::<SocketAddr>().ok());
            address.map(PeerAddress::Tcp).ok_or_else(|| {
                Error::invalid(
                    "orch_peer_options.address: expected an IP address with a port, or unix: and a path",
                )
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
    let known = ORCH_CONNECT_COMPRESS | ORCH_CONNECT_JSON | ORCH_CONNECT_NO_RETRY;
    sized::check_flags("orch_peer_options.flags", c.flags, known)?;
    sized::check_flags("orch_peer_options.notices", c.notices, ORCH_NOTICES_ALL)?;
    argument::reserved("orch_peer_options.reserved", c.reserved)?;
    let notices = u8::try_from(c.notices).ok().and_then(NoticeKinds::from_bits);
    // SAFETY: passed on from the caller.
    let address =
        address_from(unsafe { argument::bytes("orch_peer_options.address", c.address) }?)?;
    // SAFETY: passed on from the caller.
    let token = unsafe { argument::text("orch_peer_options.token", c.token) }?;
    // SAFETY: passed on from the caller.
    let name = unsafe { argument::text("orch_peer_options.name", c.name) }?;
    // SAFETY: passed on from the caller.
    let host = unsafe { argument::text("orch_peer_options.host", c.host) }?;
    let out = PeerOptions::new(address, token)
        .name(name)
        .collections(collections_from(
            "orch_peer_options.collections",
            or(c.collections, ORCH_COLLECTION_ALL),
        )?)
        .notices(notices.unwrap_or_default())
        .retry(c.retry()?)
        .breaker(c.breaker()?)
        .compress(c.flags & ORCH_CONNECT_COMPRESS != 0)
        .json(c.flags & ORCH_CONNECT_JSON != 0)
        .tag(c.tag);
    Ok(if host.is_empty() { out } else { out.host(host) })
}

/// Connects to the server of another engine (`orch_listener_add`) and mirrors its state. A connection that is lost is
/// made again and resumes where it was. Everything that happens comes as ORCH_EVENT_PEER_*, also a failed attempt to
/// connect. While the host does not read the events of a peer, the engine reads nothing from it.
///
/// Some refusals would only be repeated: an invalid token, another version of the protocol, a state larger than
/// `state_bytes`. They end the peer with an ORCH_EVENT_PEER_DISCONNECTED whose `retry_in_ms` is -1. The id stays
/// valid until `orch_peer_disconnect`.
///
/// Owner thread. Does not wait for the connection. Errors: ORCH_E_INVALID, ORCH_E_LIMIT, ORCH_E_GONE during a
/// shutdown, ORCH_E_SYSTEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_connect(
    engine: *mut orch_engine,
    options: *const orch_peer_options,
    out_peer: *mut u64,
) -> orch_status {
    let connect = |inner: &mut Inner| {
        argument::output("out_peer", out_peer)?;
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

/// Ends a peer. Its copy of the state and its unread events are discarded, and its id becomes stale. The connection is
/// closed without waiting for the other engine.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_disconnect(engine: *mut orch_engine, peer: u64) -> orch_status {
    let disconnect = |inner: &mut Inner| {
        inner.engine.disconnect(PeerId::from_u64(peer))?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, disconnect) }
}

/// The state of a peer. Set `out_state->size` first. ORCH_LIST_PEERS has the ids of all peers.
///
/// Texts and arrays are lent until the next `orch_peer_get_state` on this engine that succeeds. Owner thread. Does not
/// block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_peer_get_state(
    engine: *mut orch_engine,
    peer: u64,
    out_state: *mut orch_peer_state,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_state) }?;
        let state = inner.engine.peer_state(PeerId::from_u64(peer))?;
        let mut c = inner.lent_peer_state.lend(&state);
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
    fn zeroes_are_the_defaults_of_rust() {
        let none = orch_peer_options::defaults();
        assert_eq!(none.retry().unwrap(), RetryPolicy::default());
        assert_eq!(none.breaker().unwrap(), BreakerOptions::default());
        let slow = orch_peer_options { retry_initial_ms: 60_000, ..none };
        assert_eq!(slow.retry().unwrap(), RetryPolicy::new(ms(60_000), ms(60_000)).unwrap());
        let never = orch_peer_options { flags: ORCH_CONNECT_NO_RETRY, ..none };
        assert_eq!(never.retry().unwrap(), RetryPolicy::default().attempts(0));
        let once = orch_peer_options { retry_attempts: 1, ..none };
        assert_eq!(once.retry().unwrap(), RetryPolicy::default().attempts(1));
        let both = orch_peer_options { retry_attempts: 1, ..never };
        assert!(both.retry().is_err());
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

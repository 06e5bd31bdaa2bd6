//! The server: the addresses that it listens on, and the tokens that it accepts.

use std::ffi::{OsStr, c_char};
use std::mem::size_of;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;
use std::time::Duration;

use super::argument;
use super::client_state::{ORCH_SCOPE_ALL, orch_scopes};
use super::guard::{Inner, on_engine, orch_engine};
use super::sized::{self, SizedStruct, size_through};
use super::stats::ns;
use super::status::*;
use super::types::{NO_BYTES, orch_bytes};
use crate::error::{Error, Result};
use crate::{ListenAddress, ListenerId, ListenerOptions, Scopes, TokenId, TokenOptions};

/// Something that a listener serves to browsers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_resource {
    /// Its path: begins with a slash, without escapes. "/index.html" is also "/". UTF-8.
    pub path: orch_bytes,
    /// Its media type, such as "text/css". No bytes (the default): chosen by the end of the path.
    pub media_type: orch_bytes,
    /// The bytes, which are copied.
    pub content: orch_bytes,
}

impl orch_resource {
    const FIRST_SIZE: usize = size_through!(orch_resource, content, orch_bytes);
    const NOTHING: orch_resource =
        orch_resource { path: NO_BYTES, media_type: NO_BYTES, content: NO_BYTES };
}

/// What a listener reports over HTTP.
pub type orch_reports = u32;
/// The figures of the engine at "/metrics", as text for Prometheus, to whoever shows a token with ORCH_SCOPE_OBSERVE
/// (`Authorization: Bearer TOKEN`). See docs/METRICS.md.
pub const ORCH_REPORT_METRICS: orch_reports = 1;
/// Reports and resources alone: no client may connect.
pub const ORCH_REPORT_ONLY: orch_reports = 2;
/// The health of the engine at "/healthz"; see docs/HEALTH.md.
pub const ORCH_REPORT_HEALTH: orch_reports = 4;

/// An address to listen on, or a socket that listens. All zeroes but `size` and one of these are the defaults.
///
/// Every connection needs a token (`orch_token_add`), also over a Unix socket. Over TCP the `Host` header of a request
/// must be a name of the listener: `127.0.0.1`, `localhost` or `[::1]` with the port, or one of `hosts`. A page in a
/// browser may connect only if its origin is one of `origins`. Pointers are read during the call only.
///
/// A listener with `resources` or a `resource_directory` serves them over HTTP to whoever may reach it, without a token;
/// the WebSocket stays at "/". Its own pages may connect: their origin is "http://" and the `Host` of the request.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_listener_options {
    /// `sizeof(orch_listener_options)`.
    pub size: usize,
    /// An IP address with a port, such as "127.0.0.1:0" or "[::1]:8000"; with port 0 the system chooses a free port.
    /// Or the absolute path of a Unix socket. Its directory must belong to this user alone (mode 0700); it is made if
    /// it does not exist.
    pub address: orch_bytes,
    /// More names for the `Host` header, each with its port ("name:port"). UTF-8.
    pub hosts: *const orch_bytes,
    /// Elements of `hosts`.
    pub host_count: usize,
    /// Origins whose pages may connect ("https://name:port"). UTF-8.
    pub origins: *const orch_bytes,
    /// Elements of `origins`.
    pub origin_count: usize,
    /// 1: the address may be other than loopback. Connections are not encrypted, so the token can be read on the
    /// network. 0 (the default): only loopback.
    pub allow_remote: u32,
    /// Must be 0.
    pub reserved: u32,
    /// Pages and what belongs to them; elements lie `resource_stride` bytes apart. Of two with the same path the later
    /// one counts.
    pub resources: *const orch_resource,
    /// Elements of `resources`.
    pub resource_count: usize,
    /// `sizeof(orch_resource)`.
    pub resource_stride: usize,
    /// For development: the absolute path of a directory whose files are served at "/", instead of `resources` of the
    /// same paths. Each request reads its file in a turn. No bytes (the default): none.
    pub resource_directory: orch_bytes,
    /// 1: `fd` is a socket that listens already, as a supervisor passes it on, and `address` has no bytes. 0 (the
    /// default): `fd` is not looked at.
    pub adopts_fd: u32,
    /// A TCP socket or a Unix socket with a path. The engine uses a copy; the descriptor stays yours, and you may close
    /// it after the call. It becomes non-blocking. Over a Unix socket still only processes of this user may connect, but
    /// its directory is not looked at, and the path is not removed at the end.
    pub fd: i32,
    /// What is reported over HTTP: ORCH_REPORT_*, combined. 0 (the default): nothing.
    pub reports: orch_reports,
    /// Must be 0.
    pub reserved_reports: u32,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_listener_options {
    const FIRST_SIZE: usize = size_through!(orch_listener_options, reserved, u32);
    fn defaults() -> Self {
        orch_listener_options {
            size: size_of::<Self>(),
            address: NO_BYTES,
            hosts: ptr::null(),
            host_count: 0,
            origins: ptr::null(),
            origin_count: 0,
            allow_remote: 0,
            reserved: 0,
            resources: ptr::null(),
            resource_count: 0,
            resource_stride: 0,
            resource_directory: NO_BYTES,
            adopts_fd: 0,
            fd: 0,
            reports: 0,
            reserved_reports: 0,
        }
    }
}

/// Options as Rust takes them.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
unsafe fn listen_options_from(options: *const orch_listener_options) -> Result<ListenerOptions> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, false) }?;
    argument::reserved("orch_listener_options.reserved", c.reserved)?;
    argument::reserved("orch_listener_options.reserved_reports", c.reserved_reports)?;
    let known = ORCH_REPORT_METRICS | ORCH_REPORT_ONLY | ORCH_REPORT_HEALTH;
    sized::check_flags("orch_listener_options.reports", c.reports, known)?;
    let allow_remote = argument::flag_from("orch_listener_options.allow_remote", c.allow_remote)?;
    // SAFETY: passed on from the caller.
    let address = unsafe { argument::bytes("orch_listener_options.address", c.address) }?;
    let adopts_fd = argument::flag_from("orch_listener_options.adopts_fd", c.adopts_fd)?;
    let mut out = match adopts_fd {
        false => address_from(address)?,
        true if address.is_empty() => {
            ListenerOptions::adopted(argument::copied_fd("orch_listener_options.fd", c.fd)?)
        }
        true => {
            return Err(Error::invalid(
                "orch_listener_options.address: expected no bytes beside `adopts_fd`",
            ));
        }
    };
    // SAFETY: passed on from the caller.
    for host in unsafe { argument::array("orch_listener_options.hosts", c.hosts, c.host_count) }? {
        // SAFETY: passed on from the caller.
        out = out.host(unsafe { argument::text("orch_listener_options.hosts", *host) }?);
    }
    let name = "orch_listener_options.origins";
    // SAFETY: passed on from the caller.
    for origin in unsafe { argument::array(name, c.origins, c.origin_count) }? {
        // SAFETY: passed on from the caller.
        out = out.origin(unsafe { argument::text(name, *origin) }?);
    }
    // SAFETY: passed on from the caller.
    out = unsafe { with_resources(out, &c) }?;
    out = out.metrics(c.reports & ORCH_REPORT_METRICS != 0);
    out = out.health(c.reports & ORCH_REPORT_HEALTH != 0);
    out = out.clients(c.reports & ORCH_REPORT_ONLY == 0);
    Ok(out.allow_remote(allow_remote))
}

fn address_from(address: &[u8]) -> Result<ListenerOptions> {
    if address.first() == Some(&b'/') {
        return Ok(ListenerOptions::unix(PathBuf::from(OsStr::from_bytes(address))));
    }
    let parsed = str::from_utf8(address).ok().and_then(|text| text.parse::<SocketAddr>().ok());
    parsed.map(ListenerOptions::tcp).ok_or_else(|| {
        Error::invalid(
            "orch_listener_options.address: expected an IP address with a port, or an absolute path",
        )
    })
}

/// # Safety
/// The pointers are as the header describes them.
unsafe fn with_resources(
    mut out: ListenerOptions,
    c: &orch_listener_options,
) -> Result<ListenerOptions> {
    let (count, stride, first_size) =
        (c.resource_count, c.resource_stride, orch_resource::FIRST_SIZE);
    let name = "orch_listener_options.resources";
    argument::strided(name, c.resources, count, stride, first_size)?;
    for index in 0..count {
        let element = c.resources.wrapping_byte_add(index * stride).cast();
        let nothing = orch_resource::NOTHING;
        // SAFETY: the caller vouches for the elements of the array.
        let resource = unsafe { sized::read_element(element, stride, first_size, nothing) }?;
        // SAFETY: passed on from the caller.
        let path = unsafe { argument::text("orch_resource.path", resource.path) }?;
        // SAFETY: passed on from the caller.
        let media_type =
            unsafe { argument::text("orch_resource.media_type", resource.media_type) }?;
        // SAFETY: passed on from the caller.
        let content = unsafe { argument::bytes("orch_resource.content", resource.content) }?;
        out = out.resource(path, media_type, content.to_owned());
    }
    let name = "orch_listener_options.resource_directory";
    // SAFETY: passed on from the caller.
    let directory = unsafe { argument::bytes(name, c.resource_directory) }?;
    if !directory.is_empty() {
        out = out.resource_directory("/", PathBuf::from(OsStr::from_bytes(directory)));
    }
    Ok(out)
}

/// Listens for clients, which connect over WebSockets, mirror the state and use terminals, as far as their tokens
/// allow. `out_listener` gets the id of the listener.
///
/// Owner thread. Does not block; with a `resource_directory` it looks at that. Errors: ORCH_E_INVALID (an address that is
/// not loopback; a malformed address, host, origin or resource; an `fd` that does not listen), ORCH_E_NOT_FOUND or
/// ORCH_E_NOT_DIRECTORY (the resource directory), ORCH_E_PERMISSION (a port below 1024; a directory that is not the
/// user's alone), ORCH_E_LIMIT, ORCH_E_NO_FD, ORCH_E_SYSTEM (the address is in use), ORCH_E_GONE during a shutdown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_listener_add(
    engine: *mut orch_engine,
    options: *const orch_listener_options,
    out_listener: *mut u64,
) -> orch_status {
    let listen = |inner: &mut Inner| {
        argument::output("out_listener", out_listener)?;
        // SAFETY: the caller vouches for the struct and what it points to.
        let options = unsafe { listen_options_from(options) }?;
        let id = inner.engine.add_listener(&options)?;
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_listener, id.to_u64()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, listen) }
}

/// The address of a listener, in the form of `orch_listener_options.address`, with the port that the system chose.
/// Writes at most `capacity` bytes to `out_address`, without a terminator, and the length of the address to `out_len`.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID, ORCH_E_SYSTEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_listener_get_address(
    engine: *mut orch_engine,
    listener: u64,
    out_address: *mut c_char,
    capacity: usize,
    out_len: *mut usize,
) -> orch_status {
    let query = |inner: &mut Inner| {
        let address = match inner.engine.listener_address(ListenerId::from_u64(listener))? {
            ListenAddress::Tcp(address) => address.to_string().into_bytes(),
            ListenAddress::Unix(path) => path.into_os_string().into_encoded_bytes(),
        };
        let out = ("out_address", out_address.cast());
        // SAFETY: the caller vouches for `capacity` writable bytes and a writable length.
        unsafe { argument::put_list(&address, out, capacity, ("out_len", out_len)) }
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// Stops listening on an address. Clients that have connected there stay connected.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_listener_remove(
    engine: *mut orch_engine,
    listener: u64,
) -> orch_status {
    let remove_listener = |inner: &mut Inner| {
        inner.engine.remove_listener(ListenerId::from_u64(listener))?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, remove_listener) }
}

/// Whether a listener accepts connections. All times are in nanoseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_listener_state {
    /// `sizeof(orch_listener_state)`, set by the host.
    pub size: usize,
    /// 1: it accepts connections. 0: some wait, and the system has no descriptor, or no memory, for one.
    pub accepting: u32,
    /// Why it could not accept, the last time that it could not: ORCH_E_NO_FD or ORCH_E_SYSTEM. ORCH_OK: it always could.
    pub error: orch_status,
    /// The system's error number of that; else 0.
    pub os_error: i32,
    /// Always 0.
    pub reserved: u32,
    /// How long `accepting` has been what it is.
    pub since_ns: u64,
    /// The time until it tries again, while it does not accept; else -1. It does so before if the engine closes a
    /// descriptor.
    pub retry_in_ns: i64,
    /// How often it could not accept.
    pub outages: u64,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_listener_state {
    const FIRST_SIZE: usize = size_through!(orch_listener_state, outages, u64);
    fn defaults() -> Self {
        orch_listener_state {
            size: size_of::<Self>(),
            accepting: 0,
            error: ORCH_OK,
            os_error: 0,
            reserved: 0,
            since_ns: 0,
            retry_in_ns: -1,
            outages: 0,
        }
    }
}

/// The state of a listener. Set `out_state->size` first.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_listener_get_state(
    engine: *mut orch_engine,
    listener: u64,
    out_state: *mut orch_listener_state,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_state) }?;
        let state = inner.engine.listener_state(ListenerId::from_u64(listener))?;
        let now = inner.engine.now();
        let c = orch_listener_state {
            accepting: state.accepting.into(),
            error: state.last_error.as_ref().map_or(ORCH_OK, status_of),
            os_error: state.last_error.as_ref().and_then(Error::errno).unwrap_or(0),
            since_ns: ns(now.saturating_duration_since(state.since)),
            retry_in_ns: state
                .retry_at
                .map_or(-1, |at| ns(at.saturating_duration_since(now)) as i64),
            outages: state.outages,
            ..orch_listener_state::defaults()
        };
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_state, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// The length of the text of a token.
pub const ORCH_TOKEN_BYTES: usize = 43;

/// How to make a token. All zeroes but `size` and `scopes` are the defaults.
///
/// Pointers are read during the call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_token_options {
    /// `sizeof(orch_token_options)`.
    pub size: usize,
    /// What the token allows: a sum of ORCH_SCOPE_*, at least one. No scope implies another one.
    pub scopes: orch_scopes,
    /// Must be 0.
    pub reserved: u32,
    /// How long the token is valid, in milliseconds. 0 (the default): until it is revoked.
    pub expires_in_ms: u64,
    /// The secret, 32 bytes, for a host that brings its own. No bytes (the default): the engine makes one from the
    /// system's random source.
    pub secret: orch_bytes,
    /// A name for people; UTF-8, at most 256 bytes.
    pub label: orch_bytes,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_token_options {
    const FIRST_SIZE: usize = size_through!(orch_token_options, label, orch_bytes);
    fn defaults() -> Self {
        orch_token_options {
            size: size_of::<Self>(),
            scopes: 0,
            reserved: 0,
            expires_in_ms: 0,
            secret: NO_BYTES,
            label: NO_BYTES,
        }
    }
}

/// Options as Rust takes them.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
unsafe fn token_options_from(options: *const orch_token_options) -> Result<TokenOptions> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, false) }?;
    argument::reserved("orch_token_options.reserved", c.reserved)?;
    sized::check_flags("orch_token_options.scopes", c.scopes, ORCH_SCOPE_ALL)?;
    let scopes = Scopes::from_bits(c.scopes).unwrap_or_default();
    // SAFETY: passed on from the caller.
    let label = unsafe { argument::text("orch_token_options.label", c.label) }?.to_owned();
    // SAFETY: passed on from the caller.
    let secret = match unsafe { argument::bytes("orch_token_options.secret", c.secret) }? {
        [] => None,
        given => Some(
            given
                .try_into()
                .map_err(|_| Error::invalid("orch_token_options.secret: 32 bytes, or none"))?,
        ),
    };
    let expires_in = (c.expires_in_ms != 0).then_some(Duration::from_millis(c.expires_in_ms));
    Ok(TokenOptions { scopes, expires_in, secret, label })
}

/// Makes a token. A client that sends its text to the server is authenticated. `out_text` gets the text:
/// ORCH_TOKEN_BYTES characters without a terminator. Send it to the client over a private channel; the engine does not
/// give it again. `out_token` gets the id of the token in this engine.
///
/// Owner thread. Does not block. Errors: ORCH_E_INVALID (no scope; a secret of zeroes or of another token; a label that
/// is too long), ORCH_E_LIMIT beyond 1,024 tokens, ORCH_E_SYSTEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_token_add(
    engine: *mut orch_engine,
    options: *const orch_token_options,
    out_text: *mut c_char,
    out_token: *mut u64,
) -> orch_status {
    let add = |inner: &mut Inner| {
        argument::output("out_text", out_text)?;
        argument::output("out_token", out_token)?;
        // SAFETY: the caller vouches for the struct and what it points to.
        let options = unsafe { token_options_from(options) }?;
        let (id, text) = inner.engine.add_token(options)?;
        let mut text = text.into_bytes();
        invariant!(text.len() == ORCH_TOKEN_BYTES, "tokens have one length");
        let out = out_text.cast::<u8>();
        // SAFETY: the caller vouches for ORCH_TOKEN_BYTES writable bytes.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), out, text.len().min(ORCH_TOKEN_BYTES)) };
        // `black_box` keeps the compiler from dropping a write that nobody reads.
        text.fill(0);
        std::hint::black_box(&mut text);
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_token, id.to_u64()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, add) }
}

/// Makes a token invalid and disconnects the clients that have used it.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_token_revoke(engine: *mut orch_engine, token: u64) -> orch_status {
    let revoke = |inner: &mut Inner| {
        inner.engine.revoke_token(TokenId::from_u64(token))?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, revoke) }
}

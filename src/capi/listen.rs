//! The server: where it listens, and whom it lets in.

use std::ffi::{OsStr, c_char};
use std::mem::size_of;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;
use std::time::Duration;

use super::guard::{Inner, on_engine, orch_engine, without_engine};
use super::options::{NO_BYTES, orch_bytes};
use super::sized::{self, SizedStruct, size_through};
use super::state_entry::text_from;
use super::status::*;
use crate::error::{Error, Result};
use crate::{ListenAddress, ListenOptions, ListenerId, Scopes, TokenId, TokenOptions};

/// Where to listen. Fill with `orch_listener_options_init` first.
///
/// Every connection needs a token (`orch_token_add`), on a Unix socket too. Over TCP the `Host` of a request
/// must be a name that the engine listens under (`127.0.0.1`, `localhost` and `[::1]` with the port, and
/// `hosts`), and a browser's page is let in only if its origin is one of `origins`. Pointers are read during
/// the call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_listener_options {
    /// `sizeof(orch_listener_options)`.
    pub size: usize,
    /// An IP address with a port, as "127.0.0.1:0" or "[::1]:8000"; port 0 takes a free one. Or the absolute
    /// path of a Unix socket, in a directory that is this user's alone (mode 0700), which is made if it is
    /// not there.
    pub address: orch_bytes,
    /// More names that requests may be addressed to, with their port ("name:port"). UTF-8.
    pub hosts: *const orch_bytes,
    /// Elements of `hosts`.
    pub host_count: usize,
    /// Origins whose pages may connect ("https://name:port"). UTF-8.
    pub origins: *const orch_bytes,
    /// Elements of `origins`.
    pub origin_count: usize,
    /// 1: an address that is not loopback is allowed. The connection is not encrypted: whoever sees it sees
    /// the token. Default 0.
    pub allow_remote: u32,
    /// Must be 0.
    pub reserved: u32,
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
        }
    }
}

/// Fills options with the defaults. `size` is `sizeof(orch_listener_options)`.
///
/// Any thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_listener_options_init(
    options: *mut orch_listener_options,
    size: usize,
) -> i32 {
    // SAFETY: the caller vouches for `size` bytes at `options`.
    without_engine(|| unsafe { sized::init(options, size) })
}

/// Options as Rust takes them.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
unsafe fn listen_options_from(options: *const orch_listener_options) -> Result<ListenOptions> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, false) }?;
    if c.reserved != 0 {
        return Err(Error::invalid("reserved: must be 0"));
    }
    let allow_remote = match c.allow_remote {
        flag @ (0 | 1) => flag == 1,
        other => return Err(super::options::unknown("allow_remote", other)),
    };
    // SAFETY: passed on from the caller.
    let address = unsafe { sized::bytes(c.address.data, c.address.len) }?;
    let mut out = if address.first() == Some(&b'/') {
        ListenOptions::unix(PathBuf::from(OsStr::from_bytes(address)))
    } else {
        let parsed = str::from_utf8(address).ok().and_then(|text| text.parse::<SocketAddr>().ok());
        ListenOptions::tcp(parsed.ok_or_else(|| {
            Error::invalid("address: an IP address with a port, or an absolute path")
        })?)
    };
    // SAFETY: passed on from the caller.
    for host in unsafe { sized::array(c.hosts, c.host_count) }? {
        // SAFETY: passed on from the caller.
        out = out.host(unsafe { text_from("a host", *host) }?);
    }
    // SAFETY: passed on from the caller.
    for origin in unsafe { sized::array(c.origins, c.origin_count) }? {
        // SAFETY: passed on from the caller.
        out = out.origin(unsafe { text_from("an origin", *origin) }?);
    }
    Ok(out.allow_remote(allow_remote))
}

/// Listens for clients: WebSockets that mirror the state and use terminals, as far as their tokens allow.
///
/// Owner thread. Does not block. Errors: ORCH_E_INVALID (an address that is not loopback, a bad address, host
/// or origin), ORCH_E_PERMISSION (a port below 1024, a directory that is not the user's alone), ORCH_E_LIMIT,
/// ORCH_E_NO_FD, ORCH_E_SYSTEM (the address is in use), ORCH_E_GONE while shutting down.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_listener_add(
    engine: *mut orch_engine,
    options: *const orch_listener_options,
    out_listener: *mut u64,
) -> i32 {
    let listen = |inner: &mut Inner| {
        sized::check_pointer(out_listener)?;
        // SAFETY: the caller vouches for the struct and what it points to.
        let options = unsafe { listen_options_from(options) }?;
        let id = inner.engine.listen(&options)?;
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_listener, id.to_u64()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, listen) }
}

/// Where a listener listens, in the form of `orch_listener_options.address`, with the port that the system
/// chose. Writes at most `capacity` bytes, and no terminator; `out_len` gets how many there are.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID, ORCH_E_SYSTEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_listener_get_address(
    engine: *mut orch_engine,
    listener: u64,
    out_address: *mut c_char,
    capacity: usize,
    out_len: *mut usize,
) -> i32 {
    let query = |inner: &mut Inner| {
        let address = match inner.engine.listen_address(ListenerId::from_u64(listener))? {
            ListenAddress::Tcp(address) => address.to_string().into_bytes(),
            ListenAddress::Unix(path) => path.into_os_string().into_encoded_bytes(),
        };
        // SAFETY: the caller vouches for `capacity` writable bytes and a writable length.
        unsafe { sized::put_list(&address, out_address.cast(), capacity, out_len) }
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// Listens on an address no longer. Clients that came in there stay.
///
/// Owner thread. Errors: ORCH_E_STALE_ID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_listener_remove(engine: *mut orch_engine, listener: u64) -> i32 {
    let unlisten = |inner: &mut Inner| {
        inner.engine.unlisten(ListenerId::from_u64(listener))?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, unlisten) }
}

/// Scope: read the state, attach to the output of terminals, search, query.
pub const ORCH_SCOPE_OBSERVE: u32 = 1;
/// Scope: act in what is there: input, paste, resize, interrupt.
pub const ORCH_SCOPE_TYPE: u32 = 2;
/// Scope: change what is there: spawn, close, signal, change sets, watch files.
pub const ORCH_SCOPE_MANAGE: u32 = 4;
/// Every scope.
pub const ORCH_SCOPE_ALL: u32 = 7;

/// Bytes of the text of a token.
pub const ORCH_TOKEN_BYTES: usize = 43;

/// What a token is like. Fill with `orch_token_options_init` first.
///
/// Pointers are read during the call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_token_options {
    /// `sizeof(orch_token_options)`.
    pub size: usize,
    /// Sum of ORCH_SCOPE_*; at least one. Scopes are independent of each other.
    pub scopes: u32,
    /// Must be 0.
    pub reserved: u32,
    /// How long it is valid, in milliseconds. 0 (the default): until it is revoked.
    pub expires_in_ms: u64,
    /// The secret itself, 32 bytes, for a host that has it from elsewhere. No bytes (the default): made from
    /// the system's random source.
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

/// Fills options with the defaults. `size` is `sizeof(orch_token_options)`.
///
/// Any thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_token_options_init(
    options: *mut orch_token_options,
    size: usize,
) -> i32 {
    // SAFETY: the caller vouches for `size` bytes at `options`.
    without_engine(|| unsafe { sized::init(options, size) })
}

/// Options as Rust takes them.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
unsafe fn token_options_from(options: *const orch_token_options) -> Result<TokenOptions> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, false) }?;
    if c.reserved != 0 {
        return Err(Error::invalid("reserved: must be 0"));
    }
    let scopes = Scopes::from_bits(c.scopes)
        .ok_or_else(|| Error::invalid(format!("scopes: {} has unknown flags", c.scopes)))?;
    // SAFETY: passed on from the caller.
    let label = unsafe { text_from("label", c.label) }?.to_owned();
    // SAFETY: passed on from the caller.
    let secret = match unsafe { sized::bytes(c.secret.data, c.secret.len) }? {
        [] => None,
        given => Some(given.try_into().map_err(|_| Error::invalid("secret: 32 bytes, or none"))?),
    };
    let expires_in = (c.expires_in_ms != 0).then_some(Duration::from_millis(c.expires_in_ms));
    Ok(TokenOptions { scopes, expires_in, secret, label })
}

/// Makes a token: 43 characters (ORCH_TOKEN_BYTES, without a terminator) that let whoever has them in. Hand
/// them over by a way that nobody else can read. They cannot be asked for again.
///
/// `out_text` has room for ORCH_TOKEN_BYTES; `out_token` gets what names the token here. Owner thread. Errors:
/// ORCH_E_INVALID (no scope, a secret of zeroes or of another token, a label that is too long), ORCH_E_LIMIT
/// beyond 1,024 tokens, ORCH_E_SYSTEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_token_add(
    engine: *mut orch_engine,
    options: *const orch_token_options,
    out_text: *mut c_char,
    out_token: *mut u64,
) -> i32 {
    let add = |inner: &mut Inner| {
        sized::check_pointer(out_text)?;
        sized::check_pointer(out_token)?;
        // SAFETY: the caller vouches for the struct and what it points to.
        let options = unsafe { token_options_from(options) }?;
        let (id, text) = inner.engine.add_token(options)?;
        let mut text = text.into_bytes();
        invariant!(text.len() == ORCH_TOKEN_BYTES, "tokens have one length");
        let out = out_text.cast::<u8>();
        // SAFETY: the caller vouches for ORCH_TOKEN_BYTES writable bytes.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), out, text.len().min(ORCH_TOKEN_BYTES)) };
        // Our copy goes; the compiler is made to believe that somebody looks, or it would leave this out.
        text.fill(0);
        std::hint::black_box(&mut text);
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_token, id.to_u64()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, add) }
}

/// Makes a token invalid and closes the clients that came in by it.
///
/// Owner thread. Errors: ORCH_E_STALE_ID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_token_revoke(engine: *mut orch_engine, token: u64) -> i32 {
    let revoke = |inner: &mut Inner| {
        inner.engine.revoke_token(TokenId::from_u64(token))?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, revoke) }
}

//! The server: what clients may do, and who is there.

use std::ffi::OsStr;
use std::mem::size_of;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::guard::{Inner, Lent, on_engine, orch_engine};
use super::options::{NO_BYTES, orch_bytes, orch_spawn_options, spawn_options};
use super::sized::{self, SizedStruct, size_through};
use super::state_entry::text_from;
use super::status::*;
use crate::ClientId;

/// Lets clients watch files in this directory, and start programs in it. The grant is of the directory's real path,
/// without symbolic links: whatever directory is there counts, also when it was removed and made anew, replaced or
/// mounted over. A symbolic link there, or in the place of a directory above it, grants nothing. While there is no
/// directory at the path, the one that was granted stays so if it was only moved.
///
/// Owner thread. Errors: ORCH_E_NOT_FOUND, ORCH_E_PERMISSION, ORCH_E_NOT_DIRECTORY, ORCH_E_INVALID (a path
/// that is not absolute), ORCH_E_LIMIT beyond 256 directories, ORCH_E_NO_FD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_grant_directory(engine: *mut orch_engine, path: orch_bytes) -> i32 {
    let grant = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let path = unsafe { sized::bytes(path.data, path.len) }?;
        inner.engine.grant_directory(Path::new(OsStr::from_bytes(path)))?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, grant) }
}

/// Takes the grant of a directory back. Watches and programs that are there go on.
///
/// Owner thread. Errors: ORCH_E_STALE_ID if it is not granted, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_revoke_directory(engine: *mut orch_engine, path: orch_bytes) -> i32 {
    let revoke = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let path = unsafe { sized::bytes(path.data, path.len) }?;
        inner.engine.revoke_directory(Path::new(OsStr::from_bytes(path)))?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, revoke) }
}

/// Lets clients start this program by a name of 1 to 64 bytes, UTF-8; an earlier profile of the same name is
/// replaced. `options` may be NULL for the user's shell. Without any profile clients start nothing.
///
/// Owner thread. Errors: ORCH_E_INVALID, ORCH_E_LIMIT beyond 256 profiles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_grant_profile(
    engine: *mut orch_engine,
    name: orch_bytes,
    options: *const orch_spawn_options,
) -> i32 {
    let grant = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let name = unsafe { text_from("name", name) }?;
        // SAFETY: the caller vouches for the struct and what it points to.
        let options = unsafe { spawn_options(options) }?;
        inner.engine.grant_profile(name, &options)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, grant) }
}

/// Takes a profile back. Programs that were started by it go on.
///
/// Owner thread. Errors: ORCH_E_STALE_ID if it is not granted, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_revoke_profile(engine: *mut orch_engine, name: orch_bytes) -> i32 {
    let revoke = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let name = unsafe { text_from("name", name) }?;
        inner.engine.revoke_profile(name)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, revoke) }
}

/// A client that is let in.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_client_state {
    /// `sizeof(orch_client_state)`, set by the host.
    pub size: usize,
    /// Names it.
    pub client: u64,
    /// The name that it gave itself, UTF-8, at most 64 bytes.
    pub name: orch_bytes,
    /// What its token allows, a sum of ORCH_SCOPE_*.
    pub scopes: u32,
    /// Always 0.
    pub reserved: u32,
    /// Terminals that it is attached to.
    pub terminals: usize,
    /// Bytes that wait to be sent to it.
    pub queued_bytes: usize,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_client_state {
    const FIRST_SIZE: usize = size_through!(orch_client_state, queued_bytes, usize);
    fn defaults() -> Self {
        orch_client_state {
            size: size_of::<Self>(),
            client: 0,
            name: NO_BYTES,
            scopes: 0,
            reserved: 0,
            terminals: 0,
            queued_bytes: 0,
        }
    }
}

/// Names of clients that were lent with a list.
#[derive(Default)]
pub(super) struct ClientLoan {
    names: Vec<u8>,
}

/// Everybody who is let in at the moment, in no particular order. `out_clients` is an array of `capacity`
/// elements that lie `stride` bytes apart, each with its `size` set; as many are filled as there is room for,
/// and `out_count` gets how many there are.
///
/// The names are lent until the next call of this on this engine that succeeds. Owner thread. Errors:
/// ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_client_list(
    engine: *mut orch_engine,
    out_clients: *mut orch_client_state,
    capacity: usize,
    stride: usize,
    out_count: *mut usize,
) -> i32 {
    let list = |inner: &mut Inner| {
        sized::check_pointer(out_count)?;
        if capacity > 0 {
            sized::check_pointer(out_clients)?;
            sized::check_stride(capacity, stride, orch_client_state::FIRST_SIZE)?;
        }
        for index in 0..capacity {
            // SAFETY: the caller vouches for `capacity` elements `stride` bytes apart.
            unsafe { sized::check_out(out_clients.wrapping_byte_add(index * stride)) }?;
            // SAFETY: as above.
            unsafe { sized::check_element(out_clients.wrapping_byte_add(index * stride), stride) }?;
        }
        let clients = inner.engine.clients();
        let names = &mut inner.lent_clients.names;
        if cfg!(debug_assertions) {
            names.fill(Lent::POISON);
        }
        names.clear();
        // Room for all of them, so that none moves.
        names.reserve(clients.iter().map(|client| client.name.len()).sum());
        for (index, client) in clients.iter().take(capacity).enumerate() {
            let start = names.len();
            names.extend_from_slice(client.name.as_bytes());
            let c = orch_client_state {
                client: client.id.to_u64(),
                name: sized::lend(&names[start..]),
                scopes: client.scopes.bits(),
                terminals: client.terminals,
                queued_bytes: client.queued_bytes,
                ..orch_client_state::defaults()
            };
            // SAFETY: the output was checked; the caller vouches for its size.
            unsafe { sized::write(out_clients.wrapping_byte_add(index * stride), &c) };
        }
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_count, clients.len()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, list) }
}

/// Closes a client's connection, with a reason that it is told: UTF-8, at most 123 bytes.
///
/// Owner thread. Does not wait. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_client_close(
    engine: *mut orch_engine,
    client: u64,
    reason: orch_bytes,
) -> i32 {
    let close = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let reason = unsafe { text_from("reason", reason) }?;
        inner.engine.close_client(ClientId::from_u64(client), reason)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, close) }
}

//! The server: what clients may use, and which clients there are.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::argument;
use super::client_state::orch_client_state;
use super::guard::{Inner, on_engine, orch_engine};
use super::options::{orch_spawn_options, spawn_options};
use super::sized;
use super::status::*;
use super::types::orch_bytes;
use crate::ClientId;
use crate::error::{Error, ErrorKind};

/// Grants a directory to clients (`granted` 1) or takes the grant back (0). Clients may watch files in a granted
/// directory and start programs in it. Watches and programs that are there when the grant ends go on.
///
/// The path is absolute. The grant is for the directory's real path, without symbolic links. Whatever directory is at
/// that path is granted, also after it was removed and made again, replaced, or mounted over. If a symbolic link takes
/// its place or that of a directory above it, nothing is granted. While there is no directory at the path, a granted
/// directory that was moved elsewhere stays granted.
///
/// Owner thread. Errors with 1: ORCH_E_NOT_FOUND, ORCH_E_PERMISSION, ORCH_E_NOT_DIRECTORY, ORCH_E_INVALID,
/// ORCH_E_LIMIT beyond 256 directories, ORCH_E_NO_FD. Errors with 0: ORCH_E_STALE_ID if the directory is not granted,
/// ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_directory_set_granted(
    engine: *mut orch_engine,
    path: orch_bytes,
    granted: u32,
) -> orch_status {
    let set = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let path = unsafe { argument::bytes("path", path) }?;
        let path = Path::new(OsStr::from_bytes(path));
        if argument::flag_from("granted", granted)? {
            inner.engine.grant_directory(path)?;
        } else {
            inner.engine.revoke_directory(path)?;
        }
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, set) }
}

/// Sets a profile: a program that clients may start by this name of 1 to 64 bytes, UTF-8. A profile of the same name is
/// replaced. Clients can start no other programs than profiles.
///
/// `options` NULL takes the profile away; programs that were started by it go on. Options without `argv` are the
/// user's shell, as in `orch_terminal_spawn`. The options are copied.
///
/// Owner thread. Does not block. Errors: ORCH_E_INVALID, ORCH_E_LIMIT beyond 256 profiles; with NULL ORCH_E_STALE_ID if
/// there is no such profile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_profile_set(
    engine: *mut orch_engine,
    name: orch_bytes,
    options: *const orch_spawn_options,
) -> orch_status {
    let set = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let name = unsafe { argument::text("name", name) }?;
        if options.is_null() {
            inner.engine.revoke_profile(name)?;
        } else {
            // SAFETY: the caller vouches for the struct and what it points to.
            let options = unsafe { spawn_options(options) }?;
            inner.engine.grant_profile(name, &options)?;
        }
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, set) }
}

/// The state of a client. Set `out_state->size` first. ORCH_LIST_CLIENTS has the ids of all clients.
///
/// The name is lent until the next `orch_client_get_state` on this engine that succeeds. Owner thread. Does not block.
/// Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_client_get_state(
    engine: *mut orch_engine,
    client: u64,
    out_state: *mut orch_client_state,
) -> orch_status {
    let query = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_state) }?;
        let clients = inner.engine.clients();
        let found = clients.iter().find(|found| found.id.to_u64() == client);
        let none = || Error::new(ErrorKind::StaleId, "client: there is no such client");
        let c = inner.lent_client.lend(found.ok_or_else(none)?);
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_state, &c) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, query) }
}

/// Disconnects a client. It gets the `reason`: UTF-8, at most 123 bytes.
///
/// Owner thread. Does not block. Errors: ORCH_E_STALE_ID, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_client_close(
    engine: *mut orch_engine,
    client: u64,
    reason: orch_bytes,
) -> orch_status {
    let close = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let reason = unsafe { argument::text("reason", reason) }?;
        inner.engine.close_client(ClientId::from_u64(client), reason)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, close) }
}

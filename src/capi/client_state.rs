//! Clients of the server, as a query lends them.

use std::mem::size_of;

use super::lent::Lent;
use super::sized::{SizedStruct, lend, size_through};
use super::types::{NO_BYTES, orch_bytes};
use crate::ClientState;

/// What a token allows, a sum.
pub type orch_scopes = u32;
/// Read the state, attach to the output of terminals, search, query.
pub const ORCH_SCOPE_OBSERVE: orch_scopes = 1;
/// Use terminals: input, paste, resize, interrupt.
pub const ORCH_SCOPE_TYPE: orch_scopes = 2;
/// Manage: spawn, close and signal terminals, change the state, watch files.
pub const ORCH_SCOPE_MANAGE: orch_scopes = 4;
/// Get what programs put on the clipboard (OSC 52), where `orch_screen_options` allows that.
pub const ORCH_SCOPE_CLIPBOARD: orch_scopes = 8;
/// All scopes.
pub const ORCH_SCOPE_ALL: orch_scopes = 15;

/// A client of the server.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_client_state {
    /// `sizeof(orch_client_state)`, set by the host.
    pub size: usize,
    /// Its id.
    pub client: u64,
    /// The name that it gave itself, UTF-8, at most 64 bytes. Lent; see `orch_client_get_state`.
    pub name: orch_bytes,
    /// What its token allows: a sum of ORCH_SCOPE_*.
    pub scopes: orch_scopes,
    /// Always 0.
    pub reserved: u32,
    /// How many terminals it is attached to.
    pub terminals: usize,
    /// Bytes that wait to be sent to it.
    pub queued_bytes: usize,
    /// Bytes of memory that it takes, about: what waits to be sent, and messages that are not whole yet.
    pub memory_bytes: usize,
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
            memory_bytes: 0,
        }
    }
}

/// The name of the client that the last query has lent.
#[derive(Default)]
pub(super) struct ClientLoan {
    name: Vec<u8>,
}

impl ClientLoan {
    /// Lends the state of a client in place of what was lent before.
    pub(super) fn lend(&mut self, client: &ClientState) -> orch_client_state {
        if cfg!(debug_assertions) {
            self.name.fill(Lent::POISON);
        }
        self.name.clear();
        self.name.extend_from_slice(client.name.as_bytes());
        orch_client_state {
            client: client.id.to_u64(),
            name: lend(&self.name),
            scopes: client.scopes.bits(),
            terminals: client.terminals,
            queued_bytes: client.queued_bytes,
            memory_bytes: client.memory_bytes,
            ..orch_client_state::defaults()
        }
    }
}

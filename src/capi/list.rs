//! Lists of what is in an engine, as ids.

use super::argument::{self, unknown};
use super::guard::{Inner, on_engine, orch_engine};
use super::status::orch_status;
use crate::TerminalFilter;

/// What to list.
pub type orch_list_kind = u32;
/// All terminals that have an id.
pub const ORCH_LIST_TERMINALS: orch_list_kind = 1;
/// Terminals whose program is running and that are not being closed.
pub const ORCH_LIST_ACTIVE_TERMINALS: orch_list_kind = 2;
/// File watches.
pub const ORCH_LIST_WATCHES: orch_list_kind = 3;
/// Listeners of the server.
pub const ORCH_LIST_LISTENERS: orch_list_kind = 4;
/// Clients of the server whose token was accepted.
pub const ORCH_LIST_CLIENTS: orch_list_kind = 5;
/// Peers.
pub const ORCH_LIST_PEERS: orch_list_kind = 6;

/// The ids of everything of one kind (ORCH_LIST_*), in no particular order. Writes at most `capacity` ids to
/// `out_ids`, and the number of all to `out_count`. With `capacity` 0, `out_ids` may be NULL.
///
/// Owner thread. Does not block. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_list(
    engine: *mut orch_engine,
    kind: orch_list_kind,
    out_ids: *mut u64,
    capacity: usize,
    out_count: *mut usize,
) -> orch_status {
    let list = |inner: &mut Inner| {
        let engine = &inner.engine;
        let terminals = |filter| -> Vec<u64> {
            engine.terminals(filter).iter().map(|id| id.to_u64()).collect()
        };
        let ids: Vec<u64> = match kind {
            ORCH_LIST_TERMINALS => terminals(TerminalFilter::All),
            ORCH_LIST_ACTIVE_TERMINALS => terminals(TerminalFilter::Active),
            ORCH_LIST_WATCHES => engine.watches().iter().map(|id| id.to_u64()).collect(),
            ORCH_LIST_LISTENERS => engine.listeners().iter().map(|id| id.to_u64()).collect(),
            ORCH_LIST_CLIENTS => engine.clients().iter().map(|client| client.id.to_u64()).collect(),
            ORCH_LIST_PEERS => engine.peers().iter().map(|id| id.to_u64()).collect(),
            other => return Err(unknown("kind", other)),
        };
        // SAFETY: the caller vouches for `capacity` writable ids and a writable count.
        unsafe {
            argument::put_list(&ids, ("out_ids", out_ids), capacity, ("out_count", out_count))
        }
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, list) }
}

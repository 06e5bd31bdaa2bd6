//! What memory is used for.

use super::sized::{SizedStruct, size_through};
use crate::MemoryUse;

/// What memory is used for, in bytes, about; and who gave way when `memory_bytes_total` was nearly used up.
///
/// From seven eighths of it on, memory is given up in the order of the `gave_way` fields. From fifteen sixteenths on, the
/// client for which the most waits is closed; then new things are refused (ORCH_E_LIMIT) and PTYs are paused. What is
/// unread is never dropped.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_memory {
    /// `sizeof(orch_memory)`, set by the host.
    pub size: usize,
    /// Output logs of terminals.
    pub logs: usize,
    /// Screens of terminals with their scrollback.
    pub screens: usize,
    /// Input that waits for programs, and what those are started with that are started again.
    pub input: usize,
    /// Entries of the application state.
    pub state: usize,
    /// What the state remembers of entries that were removed.
    pub tombstones: usize,
    /// Trees of watches, with their rules and changes that are not reported yet.
    pub watches: usize,
    /// Connections of the server: what waits to be sent, and messages that are not whole yet.
    pub clients: usize,
    /// What clients asked for and is not done yet: batches, searches, rows, changes under review.
    pub requests: usize,
    /// Other engines: copies of their states, events that the host has not read, what waits to be sent.
    pub peers: usize,
    /// Resources that listeners serve, with their compressed forms.
    pub resources: usize,
    /// Commands of senders that wait for a turn.
    pub inbox: usize,
    /// Completions and log lines that the host has not read.
    pub events: usize,
    /// All of these together.
    pub total: usize,
    /// `memory_bytes_total` of the configuration.
    pub limit: usize,
    /// How often history of output logs was dropped that every reader had passed.
    pub gave_way_log_history: u64,
    /// How often the oldest rows of scrollbacks were dropped.
    pub gave_way_scrollback: u64,
    /// How often tombstones and caches were dropped.
    pub gave_way_tombstones: u64,
    /// Clients that were closed.
    pub gave_way_clients: u64,
    /// Calls and requests that were refused.
    pub refused: u64,
    /// 1: new things are refused and PTYs are paused.
    pub is_full: u32,
    /// Always 0.
    pub reserved: u32,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_memory {
    const FIRST_SIZE: usize = size_through!(orch_memory, reserved, u32);
    fn defaults() -> Self {
        memory(&MemoryUse::default())
    }
}

pub(super) fn memory(memory: &MemoryUse) -> orch_memory {
    orch_memory {
        size: size_of::<orch_memory>(),
        logs: memory.logs,
        screens: memory.screens,
        input: memory.input,
        state: memory.state,
        tombstones: memory.tombstones,
        watches: memory.watches,
        clients: memory.clients,
        requests: memory.requests,
        peers: memory.peers,
        resources: memory.resources,
        inbox: memory.inbox,
        events: memory.events,
        total: memory.total(),
        limit: memory.limit,
        gave_way_log_history: memory.gave_way.log_history,
        gave_way_scrollback: memory.gave_way.scrollback,
        gave_way_tombstones: memory.gave_way.tombstones,
        gave_way_clients: memory.gave_way.clients,
        refused: memory.gave_way.refused,
        is_full: memory.is_full.into(),
        reserved: 0,
    }
}

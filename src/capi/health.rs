//! How an engine is, as a query lends it and an event carries it.

use std::mem::size_of;
use std::ptr;
use std::time::Instant;

use super::lent::Lendable;
use super::sized::{SizedStruct, lend, size_through};
use super::stats::ns;
use super::types::orch_bytes;
use crate::{HealthPart, HealthReason, PartHealth};

/// How a part of an engine is, or the whole engine.
pub type orch_health_status = u32;
/// As it should be.
pub const ORCH_HEALTH_OK: orch_health_status = 1;
/// It works in part, or late. It recovers by itself when the cause goes.
pub const ORCH_HEALTH_DEGRADED: orch_health_status = 2;
/// It does not work, and will not by itself: somebody has to do something.
pub const ORCH_HEALTH_FAILED: orch_health_status = 3;

/// A kind of part that has a health of its own.
pub type orch_health_part = u32;
/// The event loop.
pub const ORCH_PART_LOOP: orch_health_part = 1;
/// The memory that all parts share.
pub const ORCH_PART_MEMORY: orch_health_part = 2;
/// The making of terminals.
pub const ORCH_PART_SPAWNING: orch_health_part = 3;
/// A terminal.
pub const ORCH_PART_TERMINAL: orch_health_part = 4;
/// A file watch.
pub const ORCH_PART_WATCH: orch_health_part = 5;
/// A listener of the server.
pub const ORCH_PART_LISTENER: orch_health_part = 6;
/// A client of the server.
pub const ORCH_PART_CLIENT: orch_health_part = 7;
/// A peer.
pub const ORCH_PART_PEER: orch_health_part = 8;

/// Why a part is not as it should be. docs/HEALTH.md says what leads to each, and what ends it.
pub type orch_health_reason = u32;
/// There is nothing wrong.
pub const ORCH_REASON_NONE: orch_health_reason = 0;
/// Loop: a turn took more processor time than `orch_config.turn_time_warn_us`, or ten times as much on the clock, in the
/// last minute.
pub const ORCH_REASON_SLOW_TURNS: orch_health_reason = 1;
/// Loop: an invariant was broken. It stays until the process is started anew.
pub const ORCH_REASON_INVARIANTS_BROKEN: orch_health_reason = 2;
/// Memory: a budget of bytes that parts share is used up, and terminals wait for it. Watch: entries are left out, because
/// all memory of the engine is used up.
pub const ORCH_REASON_MEMORY_FULL: orch_health_reason = 3;
/// Spawning, listener, watch: the process or the system has no file descriptor left.
pub const ORCH_REASON_OUT_OF_DESCRIPTORS: orch_health_reason = 4;
/// Spawning: the system has no PTY left.
pub const ORCH_REASON_OUT_OF_PTYS: orch_health_reason = 5;
/// Spawning: the system did not let a process be made in the last minute.
pub const ORCH_REASON_OUT_OF_PROCESSES: orch_health_reason = 6;
/// Terminal: the screen model failed in the last minute, and the screen was built anew from the log.
pub const ORCH_REASON_SCREEN_REBUILT: orch_health_reason = 7;
/// Terminal: the program stands still, because a reader or a client has not read its output for 10 seconds.
pub const ORCH_REASON_OUTPUT_PAUSED: orch_health_reason = 8;
/// Terminal: the program stands still, because its output has had no memory for a second.
pub const ORCH_REASON_OUTPUT_STARVED: orch_health_reason = 9;
/// Terminal: each of the last starts failed or was followed by a soon end, two at least. The program waits for its next
/// start, or runs again and is not yet stable.
pub const ORCH_REASON_PROGRAM_CRASHES: orch_health_reason = 10;
/// Watch: a part of a tree is left out, since it has too many entries or its roots overlap. Or there are too many ignore
/// rules, and those that are left out hide nothing. ORCH_REASON_MEMORY_FULL if it is for want of memory.
pub const ORCH_REASON_PARTIAL: orch_health_reason = 11;
/// Watch: permissions or a file system prevent that a directory is read.
pub const ORCH_REASON_UNREADABLE: orch_health_reason = 12;
/// Watch: the system has no inotify watch left, so directories are polled.
pub const ORCH_REASON_OUT_OF_WATCHES: orch_health_reason = 13;
/// Watch: the kernel dropped events, and everything is being listed again.
pub const ORCH_REASON_EVENTS_LOST: orch_health_reason = 14;
/// Watch: a root is gone.
pub const ORCH_REASON_ROOT_MISSING: orch_health_reason = 15;
/// Watch: its tree could not be saved; see `orch_watch_report_save`.
pub const ORCH_REASON_SAVE_FAILED: orch_health_reason = 16;
/// Watch: its tree could not be saved, because the disk is full.
pub const ORCH_REASON_DISK_FULL: orch_health_reason = 17;
/// Client: it has taken nothing of what waits for it for a while.
pub const ORCH_REASON_STALLED: orch_health_reason = 18;
/// Peer: there is no connection, and another attempt will be made.
pub const ORCH_REASON_UNREACHABLE: orch_health_reason = 19;
/// Peer, terminal: attempts fail again and again, so none is made for a while.
pub const ORCH_REASON_BREAKER_OPEN: orch_health_reason = 20;
/// Peer, terminal: no further attempt will be made.
pub const ORCH_REASON_GIVEN_UP: orch_health_reason = 21;

/// How one part is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_part_health {
    /// Which kind of part.
    pub part: orch_health_part,
    /// How it is.
    pub status: orch_health_status,
    /// Its id; 0 for the loop, memory and spawning.
    pub id: u64,
    /// The gravest reason; ORCH_REASON_NONE if it is as it should be.
    pub reason: orch_health_reason,
    /// Always 0.
    pub reserved: u32,
    /// For how many nanoseconds there has been that reason.
    pub lasts_ns: u64,
    /// A stable name of the reason, such as `out_of_descriptors`; empty if there is none. Static.
    pub reason_name: orch_bytes,
    /// A sentence for people; empty if there is no reason. Static.
    pub sentence: orch_bytes,
}

// SAFETY: integers and pointers.
unsafe impl Lendable for orch_part_health {}

/// How an engine is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_engine_health {
    /// `sizeof(orch_engine_health)`, set by the host.
    pub size: usize,
    /// That of its worst part.
    pub status: orch_health_status,
    /// Always 0.
    pub reserved: u32,
    /// The parts that are not as they should be. Borrowed until the next call of `orch_engine_get_health` on this
    /// engine.
    pub parts: *const orch_part_health,
    /// How many.
    pub part_count: usize,
    /// Bytes from one to the next.
    pub part_stride: usize,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_engine_health {
    const FIRST_SIZE: usize = size_through!(orch_engine_health, part_stride, usize);
    fn defaults() -> Self {
        orch_engine_health {
            size: size_of::<Self>(),
            status: ORCH_HEALTH_OK,
            reserved: 0,
            parts: ptr::null(),
            part_count: 0,
            part_stride: size_of::<orch_part_health>(),
        }
    }
}

/// A part is in another health than was reported of it last, or for another reason. Of several changes only the newest
/// is reported. A part that is gone is reported as ORCH_HEALTH_OK if it was not before.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_health {
    /// The part, as it is now.
    pub health: orch_part_health,
}

/// What an engine says of itself as text.
pub type orch_text_kind = u32;
/// The state of everything that it has, one line each.
pub const ORCH_TEXT_DUMP: orch_text_kind = 1;
/// The last events, the oldest first.
pub const ORCH_TEXT_FLIGHT_RECORD: orch_text_kind = 2;
/// All figures for Prometheus (docs/METRICS.md), those of each terminal, client and watch included: about 1 KB for each
/// of these.
pub const ORCH_TEXT_METRICS: orch_text_kind = 3;

/// What `orch_engine_get_health` and `orch_engine_get_text` have lent.
#[derive(Default)]
pub(super) struct HealthLoan {
    pub(super) parts: Vec<orch_part_health>,
    pub(super) text: Vec<u8>,
}

/// The number of a kind of part.
fn part_number(part: HealthPart) -> orch_health_part {
    match part {
        HealthPart::Loop => ORCH_PART_LOOP,
        HealthPart::Memory => ORCH_PART_MEMORY,
        HealthPart::Spawning => ORCH_PART_SPAWNING,
        HealthPart::Terminal(_) => ORCH_PART_TERMINAL,
        HealthPart::Watch(_) => ORCH_PART_WATCH,
        HealthPart::Listener(_) => ORCH_PART_LISTENER,
        HealthPart::Client(_) => ORCH_PART_CLIENT,
        HealthPart::Peer(_) => ORCH_PART_PEER,
    }
}

pub(super) fn part_health(health: &PartHealth, now: Instant) -> orch_part_health {
    let lasts = health.since.map(|since| now.saturating_duration_since(since));
    orch_part_health {
        part: part_number(health.part),
        status: health.status as u32,
        id: health.part.id(),
        reason: health.reason.map_or(ORCH_REASON_NONE, |reason| reason as u32),
        reserved: 0,
        lasts_ns: lasts.map_or(0, ns),
        reason_name: lend(health.reason.map_or("", HealthReason::name).as_bytes()),
        sentence: lend(health.reason.map_or("", HealthReason::sentence).as_bytes()),
    }
}

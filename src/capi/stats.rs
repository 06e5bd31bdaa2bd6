//! What an engine uses, and how long its turns take.

use std::ptr;

use super::sized::{SizedStruct, size_through};
use crate::{Stage, StageStats, TurnStats, TurnTimes};

/// A stage of a turn, in their order.
pub type orch_stage = u32;
/// What the kernel reported is noted.
pub const ORCH_STAGE_KERNEL: orch_stage = 1;
/// Timers that are due.
pub const ORCH_STAGE_TIMERS: orch_stage = 2;
/// Commands of senders.
pub const ORCH_STAGE_INBOX: orch_stage = 3;
/// Reads of terminals that were typed in a moment ago.
pub const ORCH_STAGE_TYPING: orch_stage = 4;
/// What clients send is read and carried out.
pub const ORCH_STAGE_CLIENTS: orch_stage = 5;
/// Searches and batches of clients, which go on over several turns.
pub const ORCH_STAGE_JOBS: orch_stage = 6;
/// What other engines send.
pub const ORCH_STAGE_PEERS: orch_stage = 7;
/// Reads of all other terminals.
pub const ORCH_STAGE_READS: orch_stage = 8;
/// File watches.
pub const ORCH_STAGE_WATCHES: orch_stage = 9;
/// Files are copied into the application state.
pub const ORCH_STAGE_STATE: orch_stage = 10;
/// What is new is sent to clients.
pub const ORCH_STAGE_SENDING: orch_stage = 11;

/// How one stage of the turns went. A cost is an estimate of processor time in nanoseconds that is the same for the
/// same work on every machine.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_stage_stats {
    /// Which stage.
    pub stage: orch_stage,
    /// Always 0.
    pub reserved: u32,
    /// Time on the clock in a turn in which the stage did something, in nanoseconds: the median.
    pub wall_p50_ns: u64,
    /// The same: the 99th percentile.
    pub wall_p99_ns: u64,
    /// The same: the longest.
    pub wall_max_ns: u64,
    /// The cost of all units of work together.
    pub cost: u64,
    /// The cost of the most expensive unit; a stage stops only between units.
    pub unit_cost_max: u64,
}

/// What an engine uses, and how its turns went since it was created or the figures were reset. Times are in
/// nanoseconds; time in which a turn waited for something to happen does not count. Percentiles are rounded up by
/// an eighth at most.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_engine_stats {
    /// `sizeof(orch_engine_stats)`, set by the host.
    pub size: usize,
    /// Bytes that all output logs use now.
    pub log_bytes: usize,
    /// Bytes that all screens use now with their scrollback, as counted for `screen_bytes_total`.
    pub screen_bytes: usize,
    /// How often an invariant was broken in any engine of this process. Anything but 0 is a bug in the library:
    /// please report it. The engine has skipped what it was about to do, and its next turn logs it (ORCH_LOG_ERROR).
    pub invariants_broken: u64,
    /// Turns.
    pub turns: u64,
    /// Turns that left work for the next one because their time was up.
    pub unfinished: u64,
    /// Processor time of a turn: the median.
    pub cpu_p50_ns: u64,
    /// The same: the 99th percentile.
    pub cpu_p99_ns: u64,
    /// The same: the longest turn.
    pub cpu_max_ns: u64,
    /// Time on the clock of a turn: the median.
    pub wall_p50_ns: u64,
    /// The same: the 99th percentile.
    pub wall_p99_ns: u64,
    /// The same: the longest turn.
    pub wall_max_ns: u64,
    /// The highest cost in one turn before terminals with recent input were read.
    pub typing_wait_cost: u64,
    /// The stage that took most of the turn with the most processor time; 0 before the first turn.
    pub longest_stage: orch_stage,
    /// Always 0.
    pub reserved: u32,
    /// The stages in the order in which a turn goes through them. Borrowed until the next call of
    /// `orch_engine_get_stats` on this engine.
    pub stages: *const orch_stage_stats,
    /// How many.
    pub stage_count: usize,
    /// Bytes from one to the next.
    pub stage_stride: usize,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_engine_stats {
    const FIRST_SIZE: usize = size_through!(orch_engine_stats, stage_stride, usize);
    fn defaults() -> Self {
        orch_engine_stats {
            size: size_of::<Self>(),
            log_bytes: 0,
            screen_bytes: 0,
            invariants_broken: 0,
            turns: 0,
            unfinished: 0,
            cpu_p50_ns: 0,
            cpu_p99_ns: 0,
            cpu_max_ns: 0,
            wall_p50_ns: 0,
            wall_p99_ns: 0,
            wall_max_ns: 0,
            typing_wait_cost: 0,
            longest_stage: 0,
            reserved: 0,
            stages: ptr::null(),
            stage_count: 0,
            stage_stride: size_of::<orch_stage_stats>(),
        }
    }
}

/// The number of a stage.
pub(super) fn stage_number(stage: Stage) -> u32 {
    stage as u32 + ORCH_STAGE_KERNEL
}

/// A duration in nanoseconds; more than 584 years are as many.
pub(super) fn ns(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn turn_stats(stats: &TurnStats) -> orch_engine_stats {
    let [cpu, wall] = [stats.cpu, stats.wall].map(times);
    orch_engine_stats {
        turns: stats.turns,
        unfinished: stats.unfinished,
        cpu_p50_ns: cpu[0],
        cpu_p99_ns: cpu[1],
        cpu_max_ns: cpu[2],
        wall_p50_ns: wall[0],
        wall_p99_ns: wall[1],
        wall_max_ns: wall[2],
        typing_wait_cost: stats.typing_wait_cost,
        longest_stage: stats.longest.map_or(0, |longest| stage_number(longest.stage)),
        ..orch_engine_stats::defaults()
    }
}

pub(super) fn stage_stats(stats: &StageStats) -> orch_stage_stats {
    let [wall_p50_ns, wall_p99_ns, wall_max_ns] = times(stats.wall);
    orch_stage_stats {
        stage: stage_number(stats.stage),
        reserved: 0,
        wall_p50_ns,
        wall_p99_ns,
        wall_max_ns,
        cost: stats.cost,
        unit_cost_max: stats.unit_cost_max,
    }
}

fn times(times: TurnTimes) -> [u64; 3] {
    [times.p50, times.p99, times.max].map(ns)
}

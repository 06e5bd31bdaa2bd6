//! How long the turns of an engine take.

use super::guard::{Inner, on_engine, orch_engine};
use super::sized::{self, SizedStruct, size_through};
use super::status::ORCH_OK;
use crate::error::Result;
use crate::{Stage, TurnStats, TurnTimes};

/// Stage of a turn: what the kernel reported is noted.
pub const ORCH_STAGE_KERNEL: u32 = 1;
/// Stage of a turn: timers that are due.
pub const ORCH_STAGE_TIMERS: u32 = 2;
/// Stage of a turn: commands of senders.
pub const ORCH_STAGE_INBOX: u32 = 3;
/// Stage of a turn: reads of terminals that were typed in a moment ago.
pub const ORCH_STAGE_TYPING: u32 = 4;
/// Stage of a turn: what clients send is read and carried out.
pub const ORCH_STAGE_CLIENTS: u32 = 5;
/// Stage of a turn: searches and batches of clients, which go on over several turns.
pub const ORCH_STAGE_JOBS: u32 = 6;
/// Stage of a turn: what other engines send.
pub const ORCH_STAGE_PEERS: u32 = 7;
/// Stage of a turn: reads of all other terminals.
pub const ORCH_STAGE_READS: u32 = 8;
/// Stage of a turn: file watches.
pub const ORCH_STAGE_WATCHES: u32 = 9;
/// Stage of a turn: files are copied into the application state.
pub const ORCH_STAGE_STATE: u32 = 10;
/// Stage of a turn: what is new is sent to clients.
pub const ORCH_STAGE_SENDING: u32 = 11;

/// How the turns of an engine went, since it was made or since `orch_engine_reset_turn_stats`. Times are in
/// nanoseconds; time in which a turn waited for something to happen does not count. Percentiles are rounded up
/// by an eighth at most.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_turn_stats {
    /// `sizeof(orch_turn_stats)`, set by the host.
    pub size: usize,
    /// Turns.
    pub turns: u64,
    /// Turns that left work for the next one, because their time was over.
    pub unfinished: u64,
    /// Processor time of the thread in a turn: the median.
    pub cpu_p50_ns: u64,
    /// The same: 99 of 100 turns did not take longer.
    pub cpu_p99_ns: u64,
    /// The same: the longest turn.
    pub cpu_max_ns: u64,
    /// Time on the clock in a turn: the median.
    pub wall_p50_ns: u64,
    /// The same: 99 of 100 turns did not take longer.
    pub wall_p99_ns: u64,
    /// The same: the longest turn.
    pub wall_max_ns: u64,
    /// The most that was charged in one turn before terminals that were typed in were read, in units of cost; see
    /// `orch_stage_stats`.
    pub typing_wait_cost: u64,
    /// The stage that took most of the turn with the most processor time, one of ORCH_STAGE_*; 0 before the
    /// first turn.
    pub longest_stage: u32,
    /// Always 0.
    pub reserved: u32,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_turn_stats {
    const FIRST_SIZE: usize = size_through!(orch_turn_stats, reserved, u32);
    fn defaults() -> Self {
        orch_turn_stats {
            size: size_of::<Self>(),
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
        }
    }
}

/// What one stage of the turns did. A cost is an estimate of processor time in nanoseconds that is the same
/// for the same work on every machine.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_stage_stats {
    /// `sizeof(orch_stage_stats)`, set by the host.
    pub size: usize,
    /// Time on the clock in a turn in which the stage did something, in nanoseconds: the median.
    pub wall_p50_ns: u64,
    /// The same: 99 of 100 turns did not take longer.
    pub wall_p99_ns: u64,
    /// The same: the longest.
    pub wall_max_ns: u64,
    /// What its units of work cost together.
    pub cost: u64,
    /// What the most expensive unit cost; a stage stops only between units.
    pub unit_cost_max: u64,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_stage_stats {
    const FIRST_SIZE: usize = size_through!(orch_stage_stats, unit_cost_max, u64);
    fn defaults() -> Self {
        orch_stage_stats {
            size: size_of::<Self>(),
            wall_p50_ns: 0,
            wall_p99_ns: 0,
            wall_max_ns: 0,
            cost: 0,
            unit_cost_max: 0,
        }
    }
}

/// How the turns went so far.
///
/// Owner thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_turn_stats(
    engine: *const orch_engine,
    out_stats: *mut orch_turn_stats,
) -> i32 {
    let show = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_stats) }?;
        let stats = turn_stats(&inner.engine.turn_stats());
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_stats, &stats) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, show) }
}

/// What one stage, one of ORCH_STAGE_*, did in the turns so far.
///
/// Owner thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_stage_stats(
    engine: *const orch_engine,
    stage: u32,
    out_stats: *mut orch_stage_stats,
) -> i32 {
    let show = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the struct.
        unsafe { sized::check_out(out_stats) }?;
        let stats = stage_stats(&inner.engine.turn_stats(), stage)?;
        // SAFETY: the output was checked; the caller vouches for its size.
        unsafe { sized::write(out_stats, &stats) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, show) }
}

/// Begins to count turns anew.
///
/// Owner thread. Errors: ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_engine_reset_turn_stats(engine: *mut orch_engine) -> i32 {
    let reset = |inner: &mut Inner| {
        inner.engine.reset_turn_stats();
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, reset) }
}

/// The number of a stage.
pub(super) fn stage_number(stage: Stage) -> u32 {
    stage as u32 + ORCH_STAGE_KERNEL
}

/// A duration in nanoseconds; more than 584 years are as many.
pub(super) fn ns(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn turn_stats(stats: &TurnStats) -> orch_turn_stats {
    let [cpu, wall] = [stats.cpu, stats.wall].map(times);
    orch_turn_stats {
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
        ..orch_turn_stats::defaults()
    }
}

fn stage_stats(stats: &TurnStats, number: u32) -> Result<orch_stage_stats> {
    let stage = stats.stages.iter().find(|stage| stage_number(stage.stage) == number);
    let stage = stage.ok_or_else(|| super::options::unknown("stage", number))?;
    let [wall_p50_ns, wall_p99_ns, wall_max_ns] = times(stage.wall);
    Ok(orch_stage_stats {
        wall_p50_ns,
        wall_p99_ns,
        wall_max_ns,
        cost: stage.cost,
        unit_cost_max: stage.unit_cost_max,
        ..orch_stage_stats::defaults()
    })
}

fn times(times: TurnTimes) -> [u64; 3] {
    [times.p50, times.p99, times.max].map(ns)
}

//! What tests and benches hold the engine's own account of its turns against, and the bounds that they
//! shorten.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::time::Duration;

use orchflow::{Engine, Limits};

/// What one unit of work may cost: a millisecond, in the units of `StageStats::cost`.
const UNIT_COST_MAX: u64 = 1_000_000;
/// And one of a peer: a message of another engine is decoded whole.
const PEER_UNIT_COST_MAX: u64 = 10_000_000;
/// What one turn may cost: the 10 ms of processor time that `Engine::turn` promises.
const TURN_COST_MAX: u64 = 10_000_000;

/// Bounds under which a client that may not type holds a program back for so long at most, and nobody is
/// turned away because the machine is slow.
pub(crate) fn limits(hold: Duration) -> Limits {
    let client_hello_time = Duration::from_secs(60);
    Limits { client_hold_time: hold, client_hello_time, ..Limits::default() }
}

/// Begins the account anew.
pub(crate) fn reset(engine: &mut Engine) {
    engine.reset_turn_stats();
}

/// What the stages of all turns have cost since the account began.
pub(crate) fn work(engine: &mut Engine) -> u64 {
    engine.turn_stats().stages.iter().map(|stage| stage.cost).sum()
}

/// What the account says that must not be; empty when all is well.
///
/// Neither a unit nor a turn costs more than its bound, and a terminal that was typed in waits for at most one unit of
/// each stage.
pub(crate) fn faults(engine: &Engine) -> Vec<String> {
    let stats = engine.turn_stats();
    let mut faults: Vec<String> = stats
        .stages
        .iter()
        .filter(|stage| {
            let is_peer = stage.stage == orchflow::Stage::Peers;
            stage.unit_cost_max > if is_peer { PEER_UNIT_COST_MAX } else { UNIT_COST_MAX }
        })
        .map(|stage| format!("{}: a unit of {}", stage.stage.name(), stage.unit_cost_max))
        .collect();
    let each: u64 = stats.stages.iter().map(|stage| stage.unit_cost_max).sum();
    // The stages that go before those that share count what one poll reports, too.
    if stats.typing_wait_cost > each + UNIT_COST_MAX {
        faults.push(format!("typing waits for {}", stats.typing_wait_cost));
    }
    if stats.turn_cost_max > TURN_COST_MAX {
        faults.push(format!("a turn of {}", stats.turn_cost_max));
    }
    faults
}

/// Of each stage that has worked: its name, its longest time in one turn, in microseconds on the clock.
pub(crate) fn stages(engine: &Engine) -> Vec<(String, f64)> {
    let stats = engine.turn_stats();
    let worked = stats.stages.iter().filter(|stage| stage.cost > 0);
    worked
        .map(|stage| (stage.stage.name().to_string(), stage.wall.max.as_secs_f64() * 1e6))
        .collect()
}

/// The longest turn in words.
pub(crate) fn longest(engine: &Engine) -> String {
    match engine.turn_stats().longest {
        None => "no turn".to_string(),
        Some(longest) => format!(
            "longest turn {:.1} ms, {:.1} ms of it {}; dearest {}",
            longest.cpu.as_secs_f64() * 1e3,
            longest.stage_wall.as_secs_f64() * 1e3,
            longest.stage.name(),
            engine.turn_stats().turn_cost_max
        ),
    }
}

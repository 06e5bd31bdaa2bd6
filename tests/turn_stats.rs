//! What the engine says of its turns: how many, how long, which stage took the time, and the report of slow
//! ones.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::time::{Duration, Instant};

use orchflow::{Config, Engine, Event, Limits, ScreenOptions, SpawnOptions, Stage};
use support::WATCHDOG;

/// A unit of no stage costs more; see `src/policy/slice.rs`.
const UNIT_COST_MAX: u64 = 1_000_000;

fn flood(engine: &mut Engine) {
    let options = SpawnOptions::program("sh").args(["-c", "seq 20000"]);
    engine.spawn(&options.screen(ScreenOptions::default())).unwrap();
}

#[test]
fn a_slow_turn_is_reported_with_its_stage() {
    let limits = Limits {
        turn_time: Duration::from_secs(1),
        turn_time_warn: Duration::from_millis(1),
        ..Limits::default()
    };
    let mut engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
    (0..8).for_each(|_| flood(&mut engine));
    let end = Instant::now() + WATCHDOG;
    let slow = 'slow: loop {
        assert!(Instant::now() < end, "no turn is slow");
        engine.turn(Some(Duration::from_secs(1))).unwrap();
        while let Some(event) = engine.next_event().unwrap() {
            if let Event::SlowTurn(slow) = event {
                break 'slow slow;
            }
        }
    };
    assert!(slow.count >= 1);
    assert!(slow.longest.cpu > Duration::from_millis(1));
    assert!(slow.longest.stage_wall <= slow.longest.wall);
    let stats = engine.turn_stats();
    assert!(stats.longest.unwrap().cpu >= slow.longest.cpu);
    engine.reset_turn_stats();
    assert_eq!((engine.turn_stats().turns, engine.turn_stats().longest), (0, None));
}

#[test]
fn every_stage_is_counted_where_its_work_is_done() {
    let mut engine = Engine::new(Config::default()).unwrap();
    let cat = engine.spawn(&SpawnOptions::program("cat")).unwrap();
    (0..3).for_each(|_| flood(&mut engine));
    let (mut echoed, mut ended) = (0, 0);
    let end = Instant::now() + WATCHDOG;
    engine.write(cat, b"x").unwrap();
    while ended < 3 || echoed < 100 {
        assert!(Instant::now() < end, "{echoed} echoes, {ended} ends");
        engine.turn(Some(Duration::from_secs(1))).unwrap();
        let mut has_echo = false;
        while let Some(event) = engine.next_event().unwrap() {
            let Event::Terminal { id, event, .. } = event else { continue };
            match event {
                orchflow::TerminalEvent::Output { .. } => has_echo |= id == cat,
                orchflow::TerminalEvent::Exited { .. } => ended += 1,
                _ => {}
            }
        }
        if has_echo {
            echoed += 1;
            engine.write(cat, b"x").unwrap();
        }
    }
    let stats = engine.turn_stats();
    let of = |stage: Stage| stats.stages.iter().find(|stats| stats.stage == stage).unwrap();
    for stage in [Stage::Kernel, Stage::Typing, Stage::Reads] {
        assert!(of(stage).cost > 0, "{stage:?}");
    }
    for stage in [Stage::Peers, Stage::Watches, Stage::Jobs] {
        assert_eq!(of(stage).cost, 0, "{stage:?}");
    }
    let units: u64 = stats.stages.iter().map(|stage| stage.unit_cost_max).sum();
    assert!(stats.stages.iter().all(|stage| stage.unit_cost_max <= UNIT_COST_MAX), "{stats:?}");
    // Before a typed-in terminal is read come the events of one poll and what is due.
    assert!(stats.typing_wait_cost <= units + 256 * 2_000, "{stats:?}");
}

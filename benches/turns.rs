//! How long a turn takes under attack, and what somebody who types feels of it.
//!
//! `cargo bench --bench turns` runs everything in less than three minutes; `-- SECTION...` only some: `server`
//! (clients that attack, each kind alone), `peers` (servers that attack the engine that connects to them),
//! `files` (subtrees and rules), `all` (all of it at once). `--quick` beside them measures one round of less.
//! One table is printed.
//!
//! The host turns as an editor does: it polls, turns without waiting, and pulls events. Turns are measured in
//! processor time of its thread, since a busy machine makes them longer on the clock. Echoes are measured on
//! the clock, beside a control run in which the same attackers hit a process that only swallows their bytes
//! (this program, started with `--sink`) while the engine serves the same typist: what remains is what the
//! engine does for attackers. Nothing here fails for being slow: a line that misses its target says so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs
)]

#[path = "../tests/support/attacks.rs"]
mod attacks;
#[path = "../tests/support/client.rs"]
mod client;
#[path = "../tests/support/files.rs"]
#[allow(dead_code)] // The tests use more of it.
mod files;
#[path = "../tests/support/foreign_server.rs"]
mod foreign_server;
#[path = "../tests/support/payloads.rs"]
mod payloads;
#[path = "../tests/support/raw.rs"]
mod raw;
#[path = "turns/scene.rs"]
mod scene;
#[path = "terminals/sections.rs"]
mod sections;
#[path = "turns/sink.rs"]
mod sink;
#[path = "terminals/stats.rs"]
#[allow(dead_code)] // The terminals' figures use more of it.
mod stats;
#[path = "terminals/system.rs"]
#[allow(dead_code)]
mod system;
#[path = "../tests/support/turn_figures.rs"]
mod turn_figures;
#[path = "../tests/support/turn_files.rs"]
mod turn_files;
#[path = "../tests/support/turn_host.rs"]
mod turn_host;

use std::process::ExitCode;

use attacks::{ALL, Attack};
use foreign_server::Behaviour;
use scene::Scene;
use stats::{Line, Table, Target, median, ms, percentile};
use turn_files::FileAttack;

/// A run that hangs is killed, and what it has started ends with it.
const SECONDS_MAX: u32 = 900;

const PEERS: [Behaviour; 2] = [Behaviour::EmptyFragments, Behaviour::LargeMessages];
const FILES: [FileAttack; 2] = [FileAttack::Subtree, FileAttack::Rules];

/// What is measured of one scene.
struct Plan {
    rounds: usize,
    trips: usize,
}

/// Figures of one round.
struct Round {
    turns: turn_host::Turns,
    /// Milliseconds of each echo: through the host, over the WebSocket.
    echoes: [Vec<f64>; 2],
    /// Stages, if the engine knows them.
    stages: Vec<(String, f64)>,
}

type Section = fn(&mut Table, &Plan);

const SECTIONS: [(&str, Section); 4] = [
    ("server", |table, plan| {
        for attack in ALL {
            measure(table, plan, attack.name, &Scene::of(&[*attack], &[], &[]));
        }
    }),
    ("peers", |table, plan| {
        for behaviour in PEERS {
            let what = format!("peer: {behaviour:?}");
            measure(table, plan, &what, &Scene::of(&[], &[behaviour], &[]));
        }
    }),
    ("files", |table, plan| {
        for attack in FILES {
            let what = format!("files: {attack:?}");
            measure(table, plan, &what, &Scene::of(&[], &[], &[attack]));
        }
    }),
    ("all", |table, plan| {
        let attacks: Vec<Attack> = ALL.to_vec();
        measure(table, plan, "everything at once", &Scene::of(&attacks, &PEERS, &FILES));
    }),
];

fn main() -> ExitCode {
    system::kill_after(SECONDS_MAX);
    system::allow_descriptors(u64::MAX);
    if std::env::args().any(|arg| arg == sink::ARGUMENT) {
        sink::be();
        return ExitCode::SUCCESS;
    }
    let sections = match sections::asked_for(&SECTIONS) {
        Ok(sections) => sections,
        Err(end) => return end,
    };
    let is_quick = std::env::args().any(|arg| arg == "--quick");
    let plan =
        if is_quick { Plan { rounds: 1, trips: 50 } } else { Plan { rounds: 3, trips: 150 } };
    payloads::prepare();
    let mut table = Table::beside("the sink");
    for run in sections {
        run(&mut table, &plan);
    }
    table.end();
    ExitCode::SUCCESS
}

/// Measures a scene and its control in alternation.
fn measure(table: &mut Table, plan: &Plan, what: &str, scene: &Scene) {
    table.section(what, "the sink");
    let (mut own, mut control) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        match (scene.round(plan.trips, false), scene.round(plan.trips, true)) {
            (Some(round), Some(other)) => {
                own.push(round);
                control.push(other);
            }
            _ => return table.skip(what, "an echo never came"),
        }
    }
    turns(table, &own);
    for (name, at) in [("host", 0), ("client", 1)] {
        for percent in [50, 99] {
            let of = |rounds: &[Round]| -> f64 {
                let all: Vec<f64> =
                    rounds.iter().map(|round| percentile(&round.echoes[at], percent)).collect();
                median(&all)
            };
            let (own, control) = (of(&own), of(&control));
            let target = match percent {
                99 => Target::AtMost(3.0),
                _ => Target::None,
            };
            let what = format!("echo of the {name}, p{percent}");
            let (ours, theirs) = (ms(own * 1e3), ms(control * 1e3));
            table.line(Line::ratio(
                &what,
                ours,
                theirs,
                own / control,
                ("<= 3 of the sink", target),
            ));
        }
    }
}

fn turns(table: &mut Table, rounds: &[Round]) {
    let longest =
        |of: fn(&Round) -> &Vec<f64>| rounds.iter().flat_map(of).copied().fold(0.0, f64::max);
    let cpu = longest(|round| &round.turns.cpu_us);
    let target = ("<= 10 ms", Target::AtMost(10_000.0));
    table.line(Line::figure("longest turn, processor", ms(cpu), cpu, target));
    let wall = longest(|round| &round.turns.wall_us);
    table.line(Line::figure("longest turn, clock", ms(wall), wall, ("", Target::None)));
    let p99s: Vec<f64> = rounds.iter().map(|round| percentile(&round.turns.cpu_us, 99)).collect();
    let p99 = median(&p99s);
    let target = ("<= 2 ms", Target::AtMost(2000.0));
    table.line(Line::figure("p99 of turns, processor", ms(p99), p99, target));
    let mut stages: Vec<(String, f64)> = Vec::new();
    for (name, us) in rounds.iter().flat_map(|round| &round.stages) {
        match stages.iter_mut().find(|(known, _)| known == name) {
            Some((_, most)) => *most = most.max(*us),
            None => stages.push((name.clone(), *us)),
        }
    }
    for (name, us) in stages {
        let what = format!("  longest of the stage {name}");
        table.line(Line::figure(&what, ms(us), us, ("", Target::None)));
    }
}

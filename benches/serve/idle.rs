//! Clients that do nothing: whether the engine sleeps, what they take, and whether it stays quick with
//! thousands of them.

use std::time::Duration;

use crate::allocations::live_bytes;
use crate::crowd::Crowd;
use crate::fanout;
use crate::serving::Serving;
use crate::stats::{Line, Table, Target, ms, percentile};
use crate::system::{allow_descriptors, resident_bytes, trim_memory};

const KIB: f64 = 1024.0;
const TERMINALS: usize = 1000;
const CLIENTS: usize = 10_000;
/// Descriptors of the server beside those of clients: two of each terminal, and some.
const OTHER_DESCRIPTORS: u64 = 2 * TERMINALS as u64 + 200;
/// Attached to one terminal, with the state.
const FIELDS: &str =
    r#","collections":["sessions","panes"],"attach":[{"terminal":$,"start":"now"}]"#;

pub(crate) fn run(table: &mut Table) {
    wakeups(table);
    memory(table);
    scale(table);
}

fn wakeups(table: &mut Table) {
    table.section("100 idle clients", "");
    let serving = Serving::start();
    let cat = serving.spawn_echo();
    serving.with(fanout::begin);
    let mut crowd = Crowd::start(serving.address);
    crowd.open(100, &serving.token, &[cat], FIELDS);
    crowd.command("rounds\t10");
    std::thread::sleep(Duration::from_millis(500));
    let before = serving.turns();
    std::thread::sleep(Duration::from_secs(5));
    let turns = serving.turns() - before;
    let target = ("0", Target::AtMost(0.0));
    table.line(Line::figure("wakeups in 5 s", turns.to_string(), turns as f64, target));
}

fn memory(table: &mut Table) {
    table.section("memory of the server for 1,000 idle clients", "");
    const COUNT: usize = 1000;
    let serving = Serving::start();
    let cat = serving.spawn_echo();
    serving.with(fanout::begin);
    let mut crowd = Crowd::start(serving.address);
    crowd.open(10, &serving.token, &[cat], FIELDS);
    crowd.command("rounds\t10");
    trim_memory();
    let (resident, live) = (resident_bytes(), serving.with(|_| live_bytes()));
    crowd.open(COUNT, &serving.token, &[cat], FIELDS);
    crowd.command("quiet\t200");
    let bytes = |now: f64, before: f64| (now - before) / COUNT as f64;
    let target = || ("<= 16 KiB", Target::AtMost(16.0 * KIB));
    let each = bytes(resident_bytes() as f64, resident as f64);
    let ours = format!("{:.2} KiB", each / KIB);
    table.line(Line::figure("each, attached, resident", ours, each, target()));
    let each = bytes(serving.with(|_| live_bytes()) as f64, live as f64);
    let ours = format!("{:.2} KiB", each / KIB);
    table.line(Line::figure("each, attached, allocated", ours, each, target()));
}

fn scale(table: &mut Table) {
    let allowed = allow_descriptors(u64::MAX);
    let clients = CLIENTS.min(allowed.saturating_sub(OTHER_DESCRIPTORS) as usize);
    table.section(&format!("{TERMINALS} terminals, {clients} clients"), "");
    let serving = Serving::start();
    let terminals: Vec<u64> = (0..TERMINALS).map(|_| serving.spawn_echo()).collect();
    serving.with(fanout::begin);
    let mut crowd = Crowd::start(serving.address);
    crowd.open(clients, &serving.token, &terminals, FIELDS);
    crowd.command("quiet\t1000");
    serving.time_turns();
    crowd.command("spread\t3000\t1000");
    turns(table, &serving, "lines typed here and there", true);
    serving.time_turns();
    for n in 0..5 {
        crowd.begin(&format!("until\tall-{n}"));
        serving.with(move |engine| fanout::put(engine, &format!("all-{n}")));
        crowd.end();
        crowd.command("quiet\t200");
    }
    turns(table, &serving, "the state changes for all", false);
}

/// Prints the turns since they are timed. What a turn took on the clock counts; what it worked is beside it.
fn turns(table: &mut Table, serving: &Serving, what: &str, has_target: bool) {
    let (clock, work) = serving.turn_times_us();
    for (name, percent) in [("p99", 99), ("longest", 100)] {
        let (value, work) = (percentile(&clock, percent), percentile(&work, percent));
        let target =
            if has_target && percent == 99 { Target::AtMost(5000.0) } else { Target::None };
        let what = format!("{name} turn, {what}");
        table.line(Line::figure(&what, ms(value), value, ("< 5 ms", target)));
        table.line(Line::figure("  of work", ms(work), work, ("", Target::None)));
    }
}

//! One message for 500 clients: what it costs the server in CPU time for each frame.

use std::time::{Duration, Instant};

use orchflow::{Change, ChangeOp, ChangeSet, Engine, Pane, Session};

use crate::World;
use crate::crowd::Crowd;
use crate::peers::Running;
use crate::serving::Serving;
use crate::stats::{Line, Table, Target, median, median_ratio, us};

const CLIENTS: usize = 500;
const LINES: u64 = 200;
const ROUNDS: usize = 7;
const UPDATES: u64 = 1000;

fn cpu_of(serving: &Serving) -> f64 {
    serving.with(|_| crate::clock_seconds(libc::CLOCK_THREAD_CPUTIME_ID))
}

pub(crate) fn run(table: &mut Table, world: &World) {
    table.section("one message for 500 clients", "uWebSockets");
    let serving = Serving::start();
    let cat = serving.spawn_echo();
    let mut crowd = Crowd::start(serving.address);
    let fields = r#","attach":[{"terminal":$,"start":"now"}]"#;
    crowd.open(CLIENTS, &serving.token, &[cat], fields);
    let peer = world.peers.uws.as_ref().map(|python| {
        let running = Running::uws(python, world.directory.path());
        let mut crowd = Crowd::start(running.address);
        crowd.open_plain(CLIENTS);
        (running, crowd)
    });
    let watched = Serving::start();
    watched.with(begin);
    let mut watchers = Crowd::start(watched.address);
    watchers.open(CLIENTS, &watched.token, &[], r#","collections":["sessions","panes"]"#);

    let mut peer = peer;
    let (mut lines, mut updates, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    let mut diffs = 0;
    let command = format!("rounds\t{LINES}");
    for round in 0..ROUNDS {
        let before = cpu_of(&serving);
        let frames = crowd.command(&command);
        lines.push((cpu_of(&serving) - before) / frames as f64 * 1e6);
        if let Some((running, crowd)) = &mut peer {
            let before = running.cpu_seconds();
            let frames = crowd.command(&command);
            peers.push((running.cpu_seconds() - before) / frames as f64 * 1e6);
        }
        let (cpu, frames) = coalesced(&watched, &mut watchers, round);
        updates.push(cpu / (UPDATES * CLIENTS as u64) as f64 * 1e6);
        diffs = frames;
    }
    let short = [
        ("a line of output, CPU of a frame", lines, ("<= 1.00", 1.0)),
        ("a change of the state, coalesced", updates, ("<= 0.10 of a frame", 0.1)),
    ];
    for (what, ours, (words, bound)) in short {
        let figure = us(median(&ours));
        let line = if peers.is_empty() {
            Line::figure(what, figure, 0.0, ("", Target::None))
        } else {
            let ratio = median_ratio(&ours, &peers);
            Line::ratio(what, figure, us(median(&peers)), ratio, (words, Target::AtMost(bound)))
        };
        table.line(line);
    }
    let each = diffs as f64 / (UPDATES * CLIENTS as u64) as f64;
    let what = "diffs for a change and client";
    table.line(Line::figure(what, format!("{each:.3}"), each, ("", Target::None)));
}

/// Commits changes, a millisecond apart, and waits until everybody has the last one. Gives the CPU time and
/// the number of frames.
fn coalesced(serving: &Serving, crowd: &mut Crowd, round: usize) -> (f64, u64) {
    let before = cpu_of(serving);
    crowd.begin(&format!("until\tlast-{round}"));
    let begun = Instant::now();
    for n in 1..=UPDATES {
        let title = if n == UPDATES { format!("last-{round}") } else { format!("update {n}") };
        serving.with(move |engine| put(engine, &title));
        let due = begun + Duration::from_millis(n);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let frames = crowd.end();
    (cpu_of(serving) - before, frames)
}

/// Puts a session into the state, and a pane into it.
pub(crate) fn begin(engine: &mut Engine) {
    let session = Session { name: "session".into(), ..Session::default() };
    commit(engine, Change::PutSession { id: "s".into(), session });
    put(engine, "begin");
}

/// Gives the pane this title.
pub(crate) fn put(engine: &mut Engine, title: &str) {
    let pane = Pane { session: "s".into(), title: title.into(), ..Pane::default() };
    commit(engine, Change::PutPane { id: "p".into(), pane });
}

fn commit(engine: &mut Engine, change: Change) {
    let ops = vec![ChangeOp { change, base: None }];
    engine.change_state(&ChangeSet { ops }).unwrap();
}

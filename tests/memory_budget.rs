//! The budget of all memory: who gives way when it is used up, in which order, and what comes back when there is
//! memory again. What is unread is never lost for it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
#![allow(clippy::print_stderr)]

#[path = "support/client.rs"]
mod client;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/serving.rs"]
mod serving;
mod support;

use std::fs;
use std::time::{Duration, Instant};

use client::{Client, WATCHDOG};
use orchflow::{
    BreakerOptions, Change, ChangeOp, ChangeSet, Config, Engine, ErrorKind, Limits, LogLevel,
    MemoryUse, Metadata, PeerOptions, RestartPolicy, RetryPolicy, ScreenOptions, Session, Size,
    SpawnOptions, TerminalId, WatchOptions, WatchProblem,
};
use raw::Raw;
use serde_json::json;
use serving::Serving;
use support::files::TempDir;
use support::host::{Host, Restart, sh};
use support::pair::{eager, loopback, server};

const MIB: usize = 1 << 20;
const TOTAL: usize = 8 * MIB;

/// Bounds that let each subsystem use all memory alone.
fn tight() -> Limits {
    bounded(TOTAL)
}

fn bounded(total: usize) -> Limits {
    Limits {
        memory_bytes_total: total,
        log_bytes_max: MIB,
        log_bytes_total: total,
        screen_bytes_total: total,
        state_bytes: total,
        resource_bytes: total,
        inbox_bytes: MIB,
        client_partial_bytes_total: MIB,
        peer_queue_bytes: MIB,
        ..Limits::default()
    }
}

/// All memory is within the budget; what it is used for.
fn memory(engine: &Engine) -> MemoryUse {
    let memory = engine.memory();
    assert!(memory.total() <= memory.limit, "{memory:?}");
    memory
}

/// Output that fills the log of a terminal, and none that is read.
fn unread(host: &mut Host) -> TerminalId {
    let id = host.spawn(&sh(&format!("head -c {} /dev/zero; exec cat", 2 * MIB)));
    let reader = host.reader(id);
    host.engine.pause_reader(reader).unwrap();
    id
}

/// Fills all memory with output that nobody has read.
fn fill(host: &mut Host) -> Vec<TerminalId> {
    let ids: Vec<_> = (0..12).map(|_| unread(host)).collect();
    host.wait("all memory is used up", |host| memory(&host.engine).is_full);
    ids
}

#[test]
fn history_of_logs_goes_first() {
    let mut host = Host::with_limits(tight());
    let quiet = host.spawn(&sh("seq 1 1000; exec cat").screen(ScreenOptions::default()));
    host.wait_text(quiet, "1000");
    for _ in 0..12 {
        let id = host.spawn(&sh(&format!("head -c {} /dev/zero", 2 * MIB)));
        host.counted_only.insert(id);
        host.wait_exit(id);
        memory(&host.engine);
    }
    let memory = memory(&host.engine);
    assert!(memory.gave_way.log_history > 0 && memory.total() < TOTAL / 16 * 15, "{memory:?}");
    assert_eq!((memory.gave_way.scrollback, memory.gave_way.refused), (0, 0));
    assert!(!memory.is_full);
    let rows = host.engine.terminal_state(quiet).unwrap().screen.unwrap().history;
    assert!(rows > 900, "{rows}");
}

#[test]
fn the_oldest_rows_of_scrollbacks_go_next() {
    let total = TOTAL / 2;
    let mut host = Host::with_limits(bounded(total));
    let options = ScreenOptions { scrollback: 100_000, ..ScreenOptions::default() };
    let mut all = Vec::new();
    for _ in 0..6 {
        let script = "seq -f 'line %.0f of a scrollback that is long' 1 14000; echo done; exec cat";
        let id = host.spawn(&sh(script).log_bytes(64 << 10).screen(options.clone()));
        host.wait_text(id, "done");
        all.push(id);
        memory(&host.engine);
    }
    let memory = memory(&host.engine);
    assert!(memory.gave_way.scrollback > 0 && memory.total() < total / 16 * 15, "{memory:?}");
    assert_eq!(memory.gave_way.refused, 0);
    for id in all {
        // What is on the screen stays.
        let text = host.engine.screen_text(id, 0).unwrap();
        assert!(text.contains("line 14000 of"), "{text}");
    }
}

#[test]
fn what_is_unread_waits_and_new_things_are_refused() {
    let mut host = Host::with_limits(tight());
    let ids = fill(&mut host);
    let folder = TempDir::new();
    let refused = host.engine.memory().gave_way.refused;
    let listen = loopback().resource("/a", "text/plain", vec![0; 100]);
    let (_server, address, token) = server(Config::default(), &loopback());
    let engine = &mut host.engine;
    let outcomes = [
        engine.spawn(&SpawnOptions::program("true")).map(drop),
        engine.add_watch(&WatchOptions::new(folder.path())).map(drop),
        engine.connect(&PeerOptions::new(address, &token)).map(drop),
        engine.add_listener(&listen).map(drop),
        engine.change_state(&large_session("a")).map(drop),
    ];
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitReached);
        assert!(error.message().contains("memory_bytes_total"), "{error}");
    }
    assert_eq!(engine.memory().gave_way.refused, refused + 5);
    // It does not need a processor while it waits.
    host.quiesce();
    assert!(host.engine.terminals(orchflow::TerminalFilter::All).len() == 12);
    for id in &ids {
        host.counted_only.insert(*id);
        let reader = host.reader(*id);
        host.engine.resume_reader(reader).unwrap();
    }
    host.wait("every byte", |host| {
        ids.iter().all(|id| {
            let reader = host.reader(*id);
            host.heard(reader).end == 2 * MIB as u64
        })
    });
    for id in &ids {
        let reader = host.reader(*id);
        assert!(host.heard(reader).gaps.is_empty());
    }
    assert!(!memory(&host.engine).is_full);
    host.spawn(&SpawnOptions::program("true"));
}

#[test]
fn a_program_is_started_again_once_there_is_memory() {
    let mut host = Host::with_limits(tight());
    let folder = TempDir::new();
    let path = folder.script("program", "#!/bin/sh\nexit 3\n");
    let delay = Duration::from_millis(1);
    let policy = RestartPolicy::on_failure()
        .retry(RetryPolicy::new(delay, 5 * delay).unwrap())
        .breaker(BreakerOptions::new(u32::MAX, 1, delay).unwrap());
    let id = host.spawn(&SpawnOptions::program(&path).restart(policy));
    let kept = folder.file("kept");
    fs::rename(&path, &kept).unwrap();
    let waits_for = |host: &mut Host, kind: ErrorKind| {
        let reports = &host.seen(id).restarts;
        reports
            .iter()
            .any(|report| matches!(report, Restart::Waiting(_, _, Some(now)) if *now == kind))
    };
    host.wait("a failed start", |host| waits_for(host, ErrorKind::ProgramNotFound));
    let ids = fill(&mut host);
    fs::write(&kept, "#!/bin/sh\nexec cat\n").unwrap();
    fs::rename(&kept, &path).unwrap();
    host.wait("a refused start", |host| waits_for(host, ErrorKind::LimitReached));
    assert!(memory(&host.engine).is_full);
    for id in ids {
        host.close(id);
    }
    let started = |report: &Restart| matches!(report, Restart::Started(..));
    host.wait("a start", |host| host.seen(id).restarts.iter().any(started));
}

/// A session whose metadata is as large as it may be.
fn large_session(id: &str) -> ChangeSet {
    let pair = |n: usize| (format!("key{n}"), "v".repeat(4000));
    let metadata: Metadata = (0..3).map(pair).collect();
    let session = Session { name: id.into(), metadata, ..Session::default() };
    let change = Change::PutSession { id: id.into(), session };
    ChangeSet { ops: vec![ChangeOp { change, base: None }] }
}

#[test]
fn input_waits_as_far_as_a_person_types() {
    let mut host = Host::with_limits(tight());
    let idle = host.spawn(&sh("stty raw; echo ready; exec sleep 1000"));
    host.wait_text(idle, "ready");
    let ids = fill(&mut host);
    let mut accepted = 0;
    loop {
        let more = host.engine.write(idle, &[b'x'; 4096]).unwrap();
        accepted += more;
        let ready = host.seen(idle).input_ready;
        // The kernel takes some of it later.
        host.quiesce();
        if more < 4096 && host.seen(idle).input_ready == ready {
            break;
        }
    }
    assert!(accepted < 64 << 10, "{accepted}");
    let ready = host.seen(idle).input_ready;
    for id in ids {
        host.close(id);
    }
    host.wait("room for input", |host| host.seen(idle).input_ready > ready);
    assert_eq!(host.engine.write(idle, &[b'x'; 4096]).unwrap(), 4096);
}

/// Turns and reads events, which are of no interest, until it is so.
fn drive(engine: &mut Engine, what: &str, mut is_so: impl FnMut(&mut Engine) -> bool) {
    let until = Instant::now() + WATCHDOG;
    loop {
        while engine.next_event().unwrap().is_some() {}
        if is_so(engine) {
            return;
        }
        assert!(Instant::now() < until, "it never came to be: {what}: {:?}", engine.memory());
        engine.turn(Some(Duration::from_secs(1))).unwrap();
    }
}

/// Fills all memory of an engine with output that nobody has read.
fn fill_engine(engine: &mut Engine) -> Vec<TerminalId> {
    let fills = sh(&format!("head -c {} /dev/zero; exec cat", 2 * MIB));
    let spawn = |engine: &mut Engine| {
        let id = engine.spawn(&fills).unwrap();
        let reader = engine.terminal_state(id).unwrap().readers[0].id;
        engine.pause_reader(reader).unwrap();
        id
    };
    let ids = (0..12).map(|_| spawn(engine)).collect();
    drive(engine, "all memory is used up", |engine| memory(engine).is_full);
    ids
}

#[test]
fn a_watch_leaves_out_what_there_is_no_memory_for() {
    let folder = TempDir::new();
    let mut engine = Engine::new(Config { limits: tight(), ..Config::default() }).unwrap();
    let watch = engine.add_watch(&WatchOptions::new(folder.path())).unwrap();
    let state = |engine: &Engine| engine.watch_state(watch).unwrap();
    drive(&mut engine, "the watch", |engine| state(engine).ready);
    let ids = fill_engine(&mut engine);
    for n in 0..100 {
        fs::write(folder.path().join(n.to_string()), "x").unwrap();
    }
    let is_partial = |engine: &Engine| state(engine).problem == Some(WatchProblem::OutOfMemory);
    drive(&mut engine, "a partial watch", |engine| is_partial(engine));
    for id in ids {
        engine.close(id, Duration::ZERO).unwrap();
    }
    drive(&mut engine, "the whole tree", |engine| {
        !is_partial(engine) && state(engine).entries >= 101
    });
}

#[test]
fn the_client_for_which_the_most_waits_is_closed() {
    let config = Config { limits: tight(), log_level: LogLevel::Info, ..Config::default() };
    let serving = Serving::start(config);
    let (mut reads, _) = Client::hello(serving.address, &serving.token, json!({}));
    let mut deaf = Raw::enter(serving.address, &serving.token);
    let ops = vec![json!({"terminal": 1, "op": "eof"}); 16_000];
    deaf.json(&json!({"type": "batch", "id": 5, "ops": ops}));
    let until = Instant::now() + WATCHDOG;
    while serving.with(|engine| engine.clients().iter().all(|c| c.memory_bytes < 192 << 10)) {
        assert!(Instant::now() < until, "nothing waits");
    }
    serving.with(|engine| {
        for _ in 0..12 {
            let fills = sh(&format!("head -c {} /dev/zero; exec cat", 2 * MIB));
            let Ok(id) = engine.spawn(&fills) else { break };
            let reader = engine.terminal_state(id).unwrap().readers[0].id;
            engine.pause_reader(reader).unwrap();
        }
    });
    let line = serving.wait_log("memory_bytes_total: ");
    assert!(line.contains("closed, 4004"), "{line}");
    // The large frame that had begun is cut off.
    deaf.wait_end();
    let memory = serving.with(|engine| memory(engine));
    assert_eq!(memory.gave_way.clients, 1);
    reads.settle();
}

#[test]
fn peers_wait() {
    let (mut other, address, token) = server(Config::default(), &loopback());
    let mut engine = Engine::new(Config { limits: tight(), ..Config::default() }).unwrap();
    let peer = engine.connect(&eager(address, &token)).unwrap();
    let has = |engine: &Engine, id: &str| engine.peer_replica(peer).unwrap().session(id).is_some();
    let step = |engine: &mut Engine, other: &mut Engine| {
        for each in [other, engine] {
            while each.next_event().unwrap().is_some() {}
            each.turn(Some(Duration::from_millis(1))).unwrap();
        }
    };
    other.change_state(&large_session("early")).unwrap();
    let until = Instant::now() + WATCHDOG;
    while !has(&engine, "early") {
        assert!(Instant::now() < until, "no connection");
        step(&mut engine, &mut other);
    }
    let ids = fill_engine(&mut engine);
    other.change_state(&large_session("late")).unwrap();
    for _ in 0..100 {
        step(&mut engine, &mut other);
    }
    assert!(!has(&engine, "late") && memory(&engine).is_full);
    for id in ids {
        engine.close(id, Duration::ZERO).unwrap();
    }
    while !has(&engine, "late") {
        assert!(Instant::now() < until, "the peer is not read again");
        step(&mut engine, &mut other);
    }
}

#[test]
fn tombstones_go_before_clients() {
    let mut host = Host::with_limits(tight());
    for n in 0..2000 {
        host.engine.change_state(&large_session(&format!("s{n}"))).unwrap();
        let change = Change::RemoveSession { id: format!("s{n}") };
        host.engine
            .change_state(&ChangeSet { ops: vec![ChangeOp { change, base: None }] })
            .unwrap();
    }
    let before = host.engine.memory().tombstones;
    assert!(before > 50_000, "{before}");
    fill(&mut host);
    let memory = memory(&host.engine);
    assert!(memory.gave_way.tombstones > 0 && memory.tombstones < before / 2, "{memory:?}");
}

/// Nothing is counted twice or forgotten: when everything is gone, so are the bytes.
#[test]
fn what_is_gone_is_not_counted() {
    let folder = TempDir::new();
    for n in 0..2000 {
        fs::write(folder.path().join(n.to_string()), "x").unwrap();
    }
    let mut engine = Engine::new(Config::default()).unwrap();
    let empty = engine.memory();
    let size = Size::cells(200, 50);
    let options = sh("seq 1 10000; exec cat").screen(ScreenOptions::default()).size(size);
    let id = engine.spawn(&options).unwrap();
    drive(&mut engine, "the output", |engine| engine.screen_text(id, 0).unwrap().contains("10000"));
    engine.write(id, &vec![b'x'; 100_000]).unwrap();
    let watch = engine.add_watch(&WatchOptions::new(folder.path())).unwrap();
    drive(&mut engine, "the watch", |engine| engine.watch_state(watch).unwrap().entries > 2000);
    let listen = loopback().resource("/a", "text/plain", vec![0; 5000]);
    let listener = engine.add_listener(&listen).unwrap();
    let full = memory(&engine);
    let used = [full.logs, full.screens, full.state, full.watches, full.resources];
    assert!(used.iter().all(|bytes| *bytes > 0), "{full:?}");
    assert!(full.watches > 2000 * 88 && full.screens >= 200 * 50 * 8, "{full:?}");
    engine.close(id, Duration::ZERO).unwrap();
    engine.remove_watch(watch).unwrap();
    engine.remove_listener(listener).unwrap();
    drive(&mut engine, "an end", |engine| {
        let left = engine.memory();
        left.watches == 0 && left.logs == 0
    });
    engine.application_state().unwrap();
    let left = memory(&engine);
    assert_eq!((left.logs, left.screens, left.input, left.resources), (0, 0, 0, 0));
    assert!(left.total() < empty.total() + 4096, "{left:?}");
}

//! The health of the parts of an engine against the real kernel: each cause is made, named by an event and by a query,
//! and over when the cause goes. What takes a minute is in `src/observe/health/tests.rs`.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "support/client.rs"]
mod client;
#[path = "support/serving.rs"]
mod serving;
mod support;

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use client::Client;
use nix::mount::{MsFlags, mount};
use nix::pty::{OpenptyResult, openpty};
use orchflow::{
    AdoptOptions, BreakerOptions, Config, Delivery, Engine, Event, HealthPart, HealthReason,
    HealthStatus, Limits, ListenAddress, ListenerOptions, PartHealth, PeerAddress, PeerOptions,
    RetryPolicy, Scopes, SpawnOptions, TokenOptions, WatchOptions,
};
use serde_json::json;
use serving::{Reported, Serving};
use support::files::TempDir;
use support::namespace::{enter, limit};
use support::{WATCHDOG, wait_readable};

/// An engine whose changes of health are kept.
struct Desk {
    engine: Engine,
    changes: Vec<PartHealth>,
}

impl Desk {
    fn new(limits: Limits) -> Self {
        let engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
        Desk { engine, changes: Vec::new() }
    }

    /// Waits for the descriptor, turns, and reads every event.
    fn step(&mut self) {
        assert!(wait_readable(&self.engine, WATCHDOG), "{}", self.engine.dump());
        self.engine.turn(Some(Duration::ZERO)).unwrap();
        self.read_events();
    }

    fn read_events(&mut self) {
        while let Some(event) = self.engine.next_event().unwrap() {
            if let Event::Health(health) = event {
                self.changes.push(health);
            }
        }
    }

    /// Waits until a part was reported with this reason; what was reported of it before is passed over.
    fn wait(&mut self, part: HealthPart, reason: Option<HealthReason>) {
        loop {
            let is_it = |change: &PartHealth| change.part == part && change.reason == reason;
            if let Some(at) = self.changes.iter().position(is_it) {
                let change = self.changes.remove(at);
                self.changes.retain(|change| change.part != part);
                assert_eq!(change.since.is_some(), reason.is_some());
                let status = reason.map_or(HealthStatus::Ok, HealthReason::status);
                assert_eq!(change.status, status);
                return;
            }
            self.step();
        }
    }

    /// Waits for the event of a reason, and compares the queries and texts with it.
    fn wait_wrong(&mut self, part: HealthPart, reason: HealthReason) {
        self.wait(part, Some(reason));
        let health = self.engine.health();
        assert!(health.status >= reason.status());
        assert!(health.parts.iter().any(|of| of.part == part && of.reason == Some(reason)));
        assert_eq!(self.engine.health_of(part).unwrap().reason, Some(reason));
        let line = format!(
            "health {} {} {} reason={}",
            part.kind(),
            part.id(),
            reason.status().name(),
            reason.name()
        );
        assert!(self.engine.dump().contains(&line), "{line}: {}", self.engine.dump());
        assert!(self.engine.flight_record().contains(&line), "{}", self.engine.flight_record());
    }

    /// Waits until a part is well again.
    fn wait_well(&mut self, part: HealthPart) {
        self.wait(part, None);
        assert!(self.engine.health().parts.iter().all(|of| of.part != part));
    }
}

/// Lowers the descriptors of this process to those that are open and so many more.
fn leave_descriptors(more: u64) -> libc::rlimit {
    let mut whole = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit writes one rlimit through a pointer that is valid for it.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut whole) }, 0);
    let next = fs::File::open("/dev/null").unwrap();
    let lowest = std::os::fd::AsRawFd::as_raw_fd(&next.as_fd()) as u64;
    set_descriptors(&libc::rlimit { rlim_cur: lowest + more, ..whole });
    whole
}

fn set_descriptors(limit: &libc::rlimit) {
    // SAFETY: setrlimit reads one rlimit through a pointer that is valid for it.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, limit) }, 0);
}

fn watch_options(root: &std::path::Path) -> WatchOptions {
    WatchOptions::new(root)
        .window(Duration::from_millis(2))
        .gitignore(false)
        .poll_interval(Duration::from_millis(10))
}

/// A healthy engine has nothing to say, and no timer.
#[test]
fn a_healthy_engine_says_nothing() {
    let mut desk = Desk::new(Limits::default());
    let id = desk.engine.spawn(&SpawnOptions::program("true")).unwrap();
    let part = HealthPart::Terminal(id);
    assert_eq!(desk.engine.health_of(part).unwrap().status, HealthStatus::Ok);
    desk.engine.close(id, Duration::ZERO).unwrap();
    while !desk.engine.terminals(orchflow::TerminalFilter::All).is_empty() {
        desk.step();
    }
    assert_eq!((desk.engine.health().status, desk.changes.len()), (HealthStatus::Ok, 0));
    assert!(desk.engine.health_of(part).unwrap_err().is_stale_id());
    assert_eq!(desk.engine.time_to_deadline(), None);
    let record = desk.engine.flight_record();
    let number = id.to_u64();
    for what in ["spawned pid=", "exited ", "closed"] {
        assert!(record.contains(&format!("terminal {number} {what}")), "{record}");
    }
}

/// A reader that does not read, and memory that is used up by it.
#[test]
fn output_that_nobody_reads() {
    let limits = Limits {
        log_bytes: 64 << 10,
        log_bytes_max: 64 << 10,
        log_bytes_total: 64 << 10,
        ..Limits::default()
    };
    let mut desk = Desk::new(limits);
    let flood = SpawnOptions::program("sh").args(["-c", "stty -echo; exec yes"]);
    let stuck = desk.engine.spawn(&flood).unwrap();
    let reader = desk.engine.terminal_state(stuck).unwrap().readers[0].id;
    desk.engine.pause_reader(reader).unwrap();
    let other = desk.engine.spawn(&flood).unwrap();
    let readers = desk.engine.terminal_state(other).unwrap().readers;
    desk.engine.pause_reader(readers[0].id).unwrap();
    let starved = desk.engine.spawn(&SpawnOptions::program("echo").arg("hello")).unwrap();
    desk.wait_wrong(HealthPart::Memory, HealthReason::MemoryFull);
    let is_starved = |desk: &Desk| {
        let parts = desk.engine.health().parts;
        parts.iter().any(|part| part.reason == Some(HealthReason::OutputStarved))
    };
    while !is_starved(&desk) {
        desk.step();
    }
    desk.engine.set_delivery(reader, Delivery::Lossy).unwrap();
    desk.engine.set_delivery(readers[0].id, Delivery::Lossy).unwrap();
    desk.wait_well(HealthPart::Memory);
    for id in [stuck, other, starved] {
        desk.engine.close(id, Duration::ZERO).unwrap();
    }
    while desk.engine.health().status != HealthStatus::Ok {
        desk.step();
    }
}

#[test]
fn a_reader_that_does_not_read_for_long() {
    let mut desk = Desk::new(Limits::default());
    let flood = SpawnOptions::program("yes").log_bytes(64 << 10);
    let id = desk.engine.spawn(&flood).unwrap();
    let reader = desk.engine.terminal_state(id).unwrap().readers[0].id;
    desk.engine.pause_reader(reader).unwrap();
    desk.wait_wrong(HealthPart::Terminal(id), HealthReason::OutputPaused);
    assert!(desk.engine.dump().contains("paused=reader"));
    desk.engine.resume_reader(reader).unwrap();
    desk.wait_well(HealthPart::Terminal(id));
}

/// Terminals can be made again without anybody trying: it is looked at.
#[test]
fn descriptors_run_out_for_programs() {
    if !enter("descriptors_run_out_for_programs") {
        return;
    }
    let mut desk = Desk::new(Limits::default());
    let whole = leave_descriptors(1);
    let echo = SpawnOptions::program("echo").arg("hello");
    desk.engine.spawn(&echo).unwrap_err();
    desk.wait_wrong(HealthPart::Spawning, HealthReason::OutOfDescriptors);
    assert!(desk.engine.flight_record().contains("failed spawn kind=OutOfDescriptors"));
    set_descriptors(&whole);
    desk.wait_well(HealthPart::Spawning);
    assert_eq!(desk.engine.time_to_deadline(), None);

    // And at once when one was made.
    let whole = leave_descriptors(1);
    desk.engine.spawn(&echo).unwrap_err();
    set_descriptors(&whole);
    desk.wait_wrong(HealthPart::Spawning, HealthReason::OutOfDescriptors);
    desk.engine.spawn(&echo).unwrap();
    assert_eq!(desk.engine.health().status, HealthStatus::Ok);
    desk.wait_well(HealthPart::Spawning);
}

#[test]
fn ptys_run_out() {
    if !enter("ptys_run_out") {
        return;
    }
    let none: Option<&str> = None;
    let options = Some("newinstance,ptmxmode=0666,mode=0600,max=2");
    mount(Some("devpts"), "/dev/pts", Some("devpts"), MsFlags::empty(), options).unwrap();
    mount(Some("/dev/pts/ptmx"), "/dev/ptmx", none, MsFlags::MS_BIND, none).unwrap();
    let mut desk = Desk::new(Limits::default());
    let cat = SpawnOptions::program("cat");
    let first = desk.engine.spawn(&cat).unwrap();
    let OpenptyResult { master, slave: _slave } = openpty(None, None).unwrap();
    desk.engine.spawn(&cat).unwrap_err();
    desk.wait_wrong(HealthPart::Spawning, HealthReason::OutOfPtys);
    // A PTY that is there already takes none.
    desk.engine.adopt(master, &AdoptOptions::new()).unwrap();
    let spawning = desk.engine.health_of(HealthPart::Spawning).unwrap();
    assert_eq!(spawning.reason, Some(HealthReason::OutOfPtys));
    desk.engine.close(first, Duration::ZERO).unwrap();
    desk.wait_well(HealthPart::Spawning);
}

/// A listener that cannot accept; the connection that waits is accepted when there is a descriptor.
#[test]
fn descriptors_run_out_for_connections() {
    if !enter("descriptors_run_out_for_connections") {
        return;
    }
    let mut desk = Desk::new(Limits::default());
    let options = ListenerOptions::tcp("127.0.0.1:0".parse().unwrap());
    let listener = desk.engine.add_listener(&options).unwrap();
    let ListenAddress::Tcp(address) = desk.engine.listener_address(listener).unwrap() else {
        panic!("not TCP");
    };
    let waits = TcpStream::connect(address).unwrap();
    let whole = leave_descriptors(0);
    desk.wait_wrong(HealthPart::Listener(listener), HealthReason::OutOfDescriptors);
    assert!(desk.engine.dump().contains("accepts=0"));
    set_descriptors(&whole);
    desk.wait_well(HealthPart::Listener(listener));
    drop(waits);
}

#[test]
fn inotify_watches_run_out() {
    if !enter("inotify_watches_run_out") {
        return;
    }
    limit("max_inotify_watches", 6);
    let folder = TempDir::new();
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("a/b/c/d/e/f/g")).unwrap();
    let mut desk = Desk::new(Limits::default());
    let watch = desk.engine.add_watch(&watch_options(&root)).unwrap();
    desk.wait_wrong(HealthPart::Watch(watch), HealthReason::OutOfWatches);
    limit("max_inotify_watches", 100);
    desk.wait_well(HealthPart::Watch(watch));
}

#[test]
fn a_root_that_vanishes() {
    let folder = TempDir::new();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let mut desk = Desk::new(Limits::default());
    let watch = desk.engine.add_watch(&watch_options(&root)).unwrap();
    while !desk.engine.watch_state(watch).unwrap().ready {
        desk.step();
    }
    fs::remove_dir(&root).unwrap();
    desk.wait_wrong(HealthPart::Watch(watch), HealthReason::RootMissing);
    fs::create_dir(&root).unwrap();
    desk.wait_well(HealthPart::Watch(watch));
    fs::remove_dir(&root).unwrap();
    desk.wait_wrong(HealthPart::Watch(watch), HealthReason::RootMissing);
    // One that is removed is no problem any more.
    desk.engine.remove_watch(watch).unwrap();
    desk.wait_well(HealthPart::Watch(watch));
}

#[test]
fn a_tree_with_too_many_entries() {
    let folder = TempDir::new();
    let files: Vec<_> = (0..20).map(|n| folder.path().join(n.to_string())).collect();
    files.iter().for_each(|file| fs::write(file, "x").unwrap());
    let mut desk = Desk::new(Limits::default());
    let watch = desk.engine.add_watch(&watch_options(folder.path()).entry_limit(10)).unwrap();
    desk.wait_wrong(HealthPart::Watch(watch), HealthReason::Partial);
    files.iter().skip(5).for_each(|file| fs::remove_file(file).unwrap());
    desk.wait_well(HealthPart::Watch(watch));
}

/// Events that the kernel drops while nobody reads them.
#[test]
fn events_are_lost() {
    let folder = TempDir::new();
    let mut desk = Desk::new(Limits::default());
    let watch = desk.engine.add_watch(&watch_options(folder.path())).unwrap();
    while !desk.engine.watch_state(watch).unwrap().ready {
        desk.step();
    }
    let queue = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let queue: usize = queue.trim().parse().unwrap();
    let file = folder.path().join("file");
    // A file that is made, closed and removed is three events at least.
    for _ in 0..queue / 2 {
        fs::write(&file, "").unwrap();
        fs::remove_file(&file).unwrap();
    }
    desk.wait_wrong(HealthPart::Watch(watch), HealthReason::EventsLost);
    assert!(desk.engine.flight_record().contains("rescan"));
    desk.wait_well(HealthPart::Watch(watch));
}

/// A disk that is really full.
#[test]
fn a_save_that_fails() {
    if !enter("a_save_that_fails") {
        return;
    }
    let folder = TempDir::new();
    let full = folder.path().join("full");
    fs::create_dir(&full).unwrap();
    let flags = MsFlags::empty();
    mount(Some("tmpfs"), &full, Some("tmpfs"), flags, Some("size=64k")).unwrap();
    let mut desk = Desk::new(Limits::default());
    let watch = desk.engine.add_watch(&watch_options(folder.path())).unwrap();
    let part = HealthPart::Watch(watch);
    let outcome = fs::write(full.join("tree"), vec![0; 1 << 20]);
    assert!(outcome.is_err());
    desk.engine.report_save(watch, &outcome).unwrap();
    desk.wait_wrong(part, HealthReason::DiskFull);
    desk.engine.report_save(watch, &Err(io::ErrorKind::PermissionDenied.into())).unwrap();
    desk.wait_wrong(part, HealthReason::SaveFailed);
    desk.engine.report_save(watch, &Ok(())).unwrap();
    desk.wait_well(part);
    desk.engine.remove_watch(watch).unwrap();
    assert!(desk.engine.report_save(watch, &Ok(())).unwrap_err().is_stale_id());
}

/// A peer that is not there, then too often, then there; and one that is given up.
#[test]
fn a_dead_peer() {
    let secret = [7; 32];
    let listening = |address: &str| {
        let mut engine = Engine::new(Config::default()).unwrap();
        let options = ListenerOptions::tcp(address.parse().unwrap());
        let listener = engine.add_listener(&options).unwrap();
        let ListenAddress::Tcp(address) = engine.listener_address(listener).unwrap() else {
            panic!("not TCP");
        };
        let token =
            TokenOptions { scopes: Scopes::ALL, secret: Some(secret), ..TokenOptions::default() };
        let (_, token) = engine.add_token(token).unwrap();
        (engine, address, token)
    };
    let (engine, address, token) = listening("127.0.0.1:0");
    drop(engine);
    let options = |token: &str| {
        let (first, longest) = (Duration::from_millis(1), Duration::from_millis(20));
        PeerOptions::new(PeerAddress::Tcp(address), token)
            .retry(RetryPolicy::new(first, longest).unwrap())
            .breaker(BreakerOptions::new(3, 1, Duration::from_millis(50)).unwrap())
    };
    let mut desk = Desk::new(Limits::default());
    let peer = desk.engine.connect(&options(&token)).unwrap();
    desk.wait_wrong(HealthPart::Peer(peer), HealthReason::Unreachable);
    desk.wait(HealthPart::Peer(peer), Some(HealthReason::BreakerOpen));
    // The port may be somebody else's for a moment.
    let (mut server, ..) = loop {
        if let Ok(free) = TcpListener::bind(address) {
            drop(free);
            break listening(&address.to_string());
        }
    };
    let refused = desk.engine.connect(&options(&"A".repeat(43))).unwrap();
    let mut wanted = vec![
        (HealthPart::Peer(peer), None),
        (HealthPart::Peer(refused), Some(HealthReason::GivenUp)),
    ];
    while !wanted.is_empty() {
        server.turn(Some(Duration::from_millis(1))).unwrap();
        while server.next_event().unwrap().is_some() {}
        desk.engine.turn(Some(Duration::from_millis(1))).unwrap();
        desk.read_events();
        for change in desk.changes.drain(..) {
            wanted.retain(|wanted| *wanted != (change.part, change.reason));
        }
    }
    assert_eq!(desk.engine.health().status, HealthStatus::Failed);
    desk.engine.disconnect(refused).unwrap();
    assert_eq!(desk.engine.health().status, HealthStatus::Ok);
    desk.wait_well(HealthPart::Peer(refused));
}

/// A client that takes nothing, until it does.
#[test]
fn a_stalled_client() {
    let serving = Serving::start(Config::default());
    let terminal = serving.spawn(&["yes"], false);
    let fields = json!({"attach": [{"terminal": terminal, "mode": "lossy", "window": 1 << 20}]});
    let (mut client, welcome) = Client::hello(serving.address, &serving.token, fields);
    let part =
        HealthPart::Client(orchflow::ClientId::from_u64(welcome["client"].as_u64().unwrap()));
    let wait = |reason| {
        serving.wait_reported(|reported| match reported {
            Reported::Health(health) => {
                (health.part == part && health.reason == reason).then_some(())
            }
            _ => None,
        });
    };
    wait(Some(HealthReason::Stalled));
    let record = serving.with(|engine| engine.flight_record());
    assert!(record.contains(" connected\n"), "{record}");
    let dump = serving.with(|engine| engine.dump());
    assert!(!dump.contains("stalled=-"), "{dump}");
    // No token, and nothing of what it has shown.
    assert!(!dump.contains(&serving.token) && !dump.contains("y\\r\\n"), "{dump}");
    let reads = std::thread::spawn(move || while client.closed().is_none() {});
    wait(None);
    serving.with(move |engine| {
        engine
            .close_client(
                match part {
                    HealthPart::Client(id) => id,
                    _ => unreachable!(),
                },
                "enough",
            )
            .unwrap()
    });
    reads.join().unwrap();
}

/// A turn that takes longer than it may.
#[test]
fn slow_turns() {
    let limits = Limits { turn_time_warn: Duration::from_millis(1), ..Limits::default() };
    let mut desk = Desk::new(limits);
    let flood = SpawnOptions::program("yes").screen(orchflow::ScreenOptions::default());
    desk.engine.spawn(&flood.reader(None)).unwrap();
    desk.wait_wrong(HealthPart::Loop, HealthReason::SlowTurns);
    let record = desk.engine.flight_record();
    assert!(record.contains("turn slow cpu_us="), "{record}");
}

/// Nothing grows while nobody reads, and only the newest is reported.
#[test]
fn unread_changes_are_one() {
    let folder = TempDir::new();
    let mut desk = Desk::new(Limits { recorder_events: 8, ..Limits::default() });
    let watch = desk.engine.add_watch(&watch_options(folder.path())).unwrap();
    for _ in 0..1000 {
        desk.engine.report_save(watch, &Err(io::ErrorKind::Other.into())).unwrap();
        desk.engine.report_save(watch, &Err(io::Error::from_raw_os_error(libc::EDQUOT))).unwrap();
    }
    desk.read_events();
    let reasons: Vec<_> = desk.changes.iter().map(|change| change.reason).collect();
    assert_eq!(reasons, [Some(HealthReason::DiskFull)]);
    let record = desk.engine.flight_record();
    assert_eq!(record.lines().count(), 9, "{record}");
    desk.engine.report_save(watch, &Ok(())).unwrap();
    desk.engine.report_save(watch, &Err(io::Error::from_raw_os_error(libc::ENOSPC))).unwrap();
    desk.changes.clear();
    desk.read_events();
    assert_eq!(desk.changes, [], "it is what was reported");
}

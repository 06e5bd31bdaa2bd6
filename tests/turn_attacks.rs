//! Whatever clients do, a turn ends: every attack alone, and all of them at once, beside somebody who types.
//!
//! Each test is named after the row that it holds (S: the server, E: the engine). What is asserted is counted:
//! no byte is lost, whoever has a token is accepted, memory stays within its bounds, and by the engine's own
//! account no unit of work is larger than its bound. Time is a matter of `benches/turns.rs`.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]
#![allow(clippy::print_stderr)] // What turns took, for people.

#[path = "support/attacks.rs"]
mod attacks;
#[path = "support/client.rs"]
mod client;
#[path = "support/files.rs"]
#[allow(dead_code)]
mod files;
#[path = "support/foreign_server.rs"]
mod foreign_server;
#[path = "support/memory.rs"]
mod memory;
#[path = "support/payloads.rs"]
mod payloads;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/turn_figures.rs"]
mod turn_figures;
#[path = "support/turn_files.rs"]
mod turn_files;
#[path = "support/turn_host.rs"]
mod turn_host;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use attacks::{ALL, Attack, Attackers, named};
use foreign_server::{Behaviour, ForeignServer};
use memory::{peak_bytes, reset_peak, resident_bytes};
use orchflow::{Limits, PeerAddress, PeerOptions, WatchOptions};
use raw::Raw;
use turn_files::{FileAttack, Gardener, Grove};
use turn_host::{Bystander, PATIENCE, TurnHost, enter};

/// Round trips beside one attack, and beside all.
const TRIPS: (usize, usize) = (25, 200);
/// Fewer do, but no fewer than this, when the engine has done `WORK` for the attackers: a machine with few processors
/// does that much of it for each.
const TRIPS_MIN: usize = 10;
/// In units of `StageStats::cost`.
const WORK: u64 = 500_000_000;
/// Round trips for each client that comes in meanwhile.
const TRIPS_PER_CLIENT: usize = 4;
/// How long an observer may hold a program back here.
const HOLD: Duration = Duration::from_millis(200);
/// What the process may grow by beside one attacker: a message of a client as sent, inflated, decoded and
/// answered (1 + 4 + 4 + 1 MiB), and twice as much again for what allocators keep and the other side has.
const GROWTH_ONE: usize = 32 << 20;
/// Beside all of them.
const GROWTH_ALL: usize = 384 << 20;

/// One test at a time: the memory that is measured is that of the process, and so is the processor.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything that is on beside somebody who types, and what is asserted of it.
struct Scene<'a> {
    attacks: &'a [Attack],
    peers: &'a [Behaviour],
    files: &'a [FileAttack],
    trips: usize,
    growth: usize,
}

/// One attack alone.
const ALONE: Scene<'_> =
    Scene { attacks: &[], peers: &[], files: &[], trips: TRIPS.0, growth: GROWTH_ONE };

/// Types beside attackers, and has honest clients come in.
fn beside(scene: &Scene<'_>) {
    let _turn = turn();
    let host = TurnHost::start(turn_figures::limits(HOLD));
    let target = host.target();
    payloads::prepare();
    let mut bystander = Bystander::new(&host);
    let servers: Vec<ForeignServer> =
        scene.peers.iter().map(|peer| ForeignServer::start(*peer)).collect();
    let gardener = (!scene.files.is_empty()).then(|| watched(&host, scene.files));
    host.with(turn_figures::reset);
    host.turns();
    let before = resident_bytes();
    reset_peak();
    let mut attackers = Attackers::start(&target, scene.attacks);
    connect(&host, &servers);
    let mut trips = 0;
    // Each wait has its watchdog; how long all of it takes is for benches to measure.
    while trips < TRIPS_MIN || (trips < scene.trips && host.with(turn_figures::work) < WORK) {
        bystander.echoes();
        if trips % TRIPS_PER_CLIENT == 0 {
            assert!(enter(host.address, &host.token).is_some(), "turned away");
        }
        trips += 1;
    }
    assert!(!attackers.have_stopped(), "{trips} round trips were not beside attackers");
    let peak = peak_bytes().saturating_sub(before);
    let turns = host.turns();
    let work = host.with(turn_figures::work);
    let faults = host.with(|engine| turn_figures::faults(engine));
    let longest = host.with(|engine| turn_figures::longest(engine));
    attackers.end();
    drop((servers, gardener));
    bystander.echoes();
    let names: Vec<&str> = scene.attacks.iter().map(|attack| attack.name).collect();
    eprintln!(
        "{names:?} {:?} {:?}: {trips} round trips, work of {}, {} turns, {longest}, {} KiB more",
        scene.peers,
        scene.files,
        work,
        turns.cpu_us.len(),
        peak >> 10
    );
    assert_eq!(faults, [""; 0]);
    assert!(peak < scene.growth, "{peak} bytes more");
}

/// Watches files that are changed from then on.
fn watched(host: &TurnHost, files: &[FileAttack]) -> Gardener {
    let grove = Arc::new(Grove::plant());
    let options = WatchOptions::new(grove.root());
    let watch = host.with(move |engine| engine.add_watch(&options).unwrap());
    let end = Instant::now() + PATIENCE;
    while !host.with(move |engine| engine.watch_state(watch).unwrap().ready) {
        assert!(Instant::now() < end, "no first listing");
        std::thread::yield_now();
    }
    Gardener::start(grove, files)
}

fn connect(host: &TurnHost, servers: &[ForeignServer]) {
    for (number, server) in servers.iter().enumerate() {
        let options = PeerOptions::new(PeerAddress::Tcp(server.address), "t");
        let options = options.json(true).compress(true).tag(number as u64);
        host.with(move |engine| engine.connect(&options).unwrap());
    }
}

fn alone(name: &str) {
    beside(&Scene { attacks: &[named(name)], ..ALONE });
}

fn alone_peer(behaviour: Behaviour, growth: usize) {
    beside(&Scene { peers: &[behaviour], growth, ..ALONE });
}

#[test]
fn all_attacks_at_once() {
    let peers = [Behaviour::EmptyFragments, Behaviour::LargeMessages];
    let files = [FileAttack::Subtree, FileAttack::Rules];
    let (peers, files) = (&peers, &files);
    beside(&Scene { attacks: ALL, peers, files, trips: TRIPS.1, growth: GROWTH_ALL });
}

#[test]
fn s1_fragments_before_hello() {
    alone("fragments before hello");
}

#[test]
fn s1_fragments_of_a_client() {
    alone("fragments");
}

#[test]
fn s1_fragments_of_a_server() {
    alone_peer(Behaviour::EmptyFragments, GROWTH_ONE);
}

#[test]
fn s1_control_pings() {
    alone("control pings");
}

#[test]
fn e1_padded_pings() {
    alone("padded pings");
}

#[test]
fn e1_padded_input_in_bincode() {
    alone("padded input, bincode");
}

#[test]
fn e1_forbidden_messages() {
    alone("forbidden messages");
}

#[test]
fn e1_huge_batches() {
    alone("huge batches");
}

#[test]
fn e1_batches_of_15_000() {
    alone("batches of 15,000");
}

#[test]
fn e1_expressions_slow_to_compile() {
    alone("slow to compile");
}

#[test]
fn e1_expressions_slow_to_run() {
    alone("slow to run");
}

#[test]
fn e1_change_sets() {
    alone("change sets");
}

#[test]
fn e2_nested_arrays() {
    alone("nested arrays");
}

#[test]
fn e2_empty_strings() {
    alone("empty strings");
}

#[test]
fn e2_empty_strings_in_bincode() {
    alone("empty strings, bincode");
}

#[test]
fn e2_metadata() {
    alone("metadata");
}

/// A message of a server may have 16 MiB, inflated.
#[test]
fn e2_large_messages_of_a_server() {
    alone_peer(Behaviour::LargeMessages, 96 << 20);
}

#[test]
fn s2_many_matches() {
    alone("many matches");
}

#[test]
fn s5_observers_without_credit() {
    alone("observers without credit");
}

#[test]
fn s7_strangers_that_call() {
    alone("strangers that call");
}

#[test]
fn s7_strangers_that_stay() {
    alone("strangers that stay");
}

#[test]
fn s8_unfinished_messages() {
    // Sixteen clients, each with a message of 1 MiB.
    let growth = GROWTH_ONE + (16 << 20);
    beside(&Scene { attacks: &[named("unfinished messages")], growth, ..ALONE });
}

#[test]
fn s8_no_reader() {
    alone("no reader");
}

/// A message that is not complete takes its own size, and what it took comes back when its client is gone.
#[test]
fn s8_what_unfinished_messages_took_comes_back() {
    const CLIENTS: usize = 100;
    let _turn = turn();
    let host = TurnHost::start(Limits::default());
    payloads::prepare();
    let before = resident_bytes();
    reset_peak();
    let clients: Vec<Raw> = (0..CLIENTS)
        .map(|_| {
            let mut client = enter(host.address, &host.observer).unwrap();
            client.send(payloads::unfinished());
            client
        })
        .collect();
    assert_eq!(host.with(|engine| engine.clients().len()), CLIENTS);
    drop(clients);
    let end = Instant::now() + PATIENCE;
    while host.with(|engine| engine.clients().len()) > 0 {
        assert!(Instant::now() < end, "clients stay");
    }
    let peak = peak_bytes().saturating_sub(before);
    assert!(peak < CLIENTS * (payloads::MESSAGE * 5 / 4) + GROWTH_ONE, "{peak} bytes more");
    let left = resident_bytes().saturating_sub(before);
    assert!(left < GROWTH_ONE, "{left} bytes stay");
}

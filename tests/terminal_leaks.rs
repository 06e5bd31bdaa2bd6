//! Nothing is left behind: no descriptor and no zombie, however terminals and engines end.
//!
//! Descriptors and children are counted for the whole process, so the tests here take turns.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orchflow::{
    AdoptOptions, Config, Delivery, Engine, SpawnOptions, Start, TerminalFilter, reap_programs,
};
use support::files::TempDir;
use support::host::{Host, sh};
use support::{WATCHDOG, process_state, scaled, wait_for};

/// Held by the test that counts.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Open descriptors of this process; the one of the listing itself counts in every time.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Children of this process, zombies among them.
fn children() -> Vec<i32> {
    let me = std::process::id().to_string();
    let parent = |pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(stat.rsplit_once(") ")?.1.split(' ').nth(1)? == me)
    };
    let entries = std::fs::read_dir("/proc").unwrap();
    let pids = entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    pids.filter(|pid| parent(*pid) == Some(true)).collect()
}

/// A descriptor that is readable once the process has ended.
fn pidfd(pid: i32) -> OwnedFd {
    // SAFETY: pidfd_open takes two integers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    assert!(fd >= 0, "pidfd_open {pid}");
    // SAFETY: the system call has just made this descriptor.
    unsafe { OwnedFd::from_raw_fd(fd as i32) }
}

fn wait_for_end(pidfd: &OwnedFd) {
    let mut fds = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut fds, PollTimeout::try_from(WATCHDOG).unwrap()), Ok(1), "it still runs");
}

fn wait_for_none(host: &mut Host) {
    host.wait("everything closed", |host| host.engine.terminals(TerminalFilter::All).is_empty());
}

/// Spawns and closes, with the programs in every state in which a close can find them.
#[test]
fn spawning_and_closing_leaves_nothing() {
    let _alone = alone();
    let mut host = Host::new();
    let scripts = ["exec cat", "exit 3", "echo hi; exec sleep 1000", "kill -STOP $$", "kill -9 $$"];
    let warm_up = host.sh("true");
    host.close(warm_up);
    let before = descriptors();
    let rounds = scaled(300, 10_000);
    for round in 0..rounds {
        let id = host.sh(scripts[round % scripts.len()]);
        if round % 3 == 0 {
            host.engine.turn(Some(Duration::ZERO)).unwrap();
        }
        host.engine.close(id, Duration::ZERO).unwrap();
        if round % 7 == 6 {
            wait_for_none(&mut host);
            host.seen.clear();
            host.heard.clear();
        }
    }
    wait_for_none(&mut host);
    assert_eq!((descriptors(), children()), (before, vec![]));
    assert_eq!(host.engine.log_bytes(), 0);
}

#[test]
fn an_ended_program_is_reaped_before_its_terminal_is_closed() {
    let _alone = alone();
    let mut host = Host::new();
    let ids: Vec<_> = (0..10).map(|_| host.sh("exit 0")).collect();
    host.wait("all exits", |host| ids.iter().all(|id| host.exit(*id).is_some()));
    assert_eq!(children(), [0; 0]);
}

#[test]
fn a_dropped_engine_leaves_no_zombie_and_no_descriptor() {
    let _alone = alone();
    drop(Engine::new(Config::default()).unwrap());
    let before = descriptors();
    let mut host = Host::new();
    let stubborn = "trap '' HUP; echo ready; while :; do sleep 1000; done";
    let scripts = ["exec cat", stubborn, "yes", "exit 3", "kill -STOP $$"];
    let mut pids = Vec::new();
    for script in scripts {
        let id = host.sh(script);
        pids.push(host.engine.terminal_state(id).unwrap().pid.unwrap());
        host.engine.attach(id, Delivery::Lossy, Start::Now).unwrap();
    }
    let ends: Vec<_> = pids.iter().map(|pid| pidfd(*pid)).collect();
    drop(host);
    ends.iter().for_each(wait_for_end);
    drop(ends);
    // What ended after its engine did is reaped when the next one comes or goes.
    drop(Engine::new(Config::default()).unwrap());
    assert_eq!((descriptors(), children()), (before, vec![]));
}

/// No other engine comes: the host reaps what its engine left behind.
#[test]
fn what_a_dropped_engine_leaves_can_be_reaped() {
    let _alone = alone();
    wait_for("what earlier tests left", || reap_programs() == 0);
    let before = descriptors();
    let mut host = Host::new();
    let stubborn = "trap '' HUP; echo ready; while :; do sleep 1000; done";
    let scripts = ["echo ready; exec cat", stubborn, "echo ready; kill -STOP $$"];
    let ids: Vec<_> = (0..30).map(|n| host.sh(scripts[n % scripts.len()])).collect();
    ids.iter().for_each(|id| host.wait_text(*id, "ready"));
    // One that the host has started itself, and that has ended: it stays the host's.
    let mut own = std::process::Command::new("sh").args(["-c", "exit 5"]).spawn().unwrap();
    drop(host);
    wait_for("the end of all programs", || reap_programs() == 0);
    assert_eq!((descriptors(), children()), (before, vec![own.id() as i32]));
    assert_eq!(own.wait().unwrap().code(), Some(5));
    assert_eq!(reap_programs(), 0);
}

/// The programs are killed by the drop itself, not by the next engine.
#[test]
fn a_dropped_engine_kills_what_ignores_the_hangup() {
    let _alone = alone();
    let mut host = Host::new();
    let id = host.sh("trap '' HUP; echo ready; while :; do sleep 1000; done");
    host.wait_text(id, "ready");
    let pid = host.engine.terminal_state(id).unwrap().pid.unwrap();
    drop(host);
    wait_for("the program's death", || matches!(process_state(pid), Some('Z') | None));
    drop(Engine::new(Config::default()).unwrap());
    assert_eq!(children(), [0; 0]);
}

#[test]
fn a_dropped_engine_closes_adopted_terminals() {
    let _alone = alone();
    let before = descriptors();
    let mut host = Host::new();
    let pty = nix::pty::openpty(None, None).unwrap();
    host.engine.adopt(pty.master, &AdoptOptions::new()).unwrap();
    host.quiesce();
    drop(host);
    assert_eq!(descriptors(), before + 1, "only the slave is left");
    let error = nix::unistd::write(&pty.slave, b"x").unwrap_err();
    assert_eq!(error, nix::errno::Errno::EIO, "hung up on");
}

#[test]
fn spawns_that_fail_leave_nothing() {
    let _alone = alone();
    let dir = TempDir::new();
    std::fs::write(dir.file("plain"), "no program").unwrap();
    let garbage = dir.script("garbage", "\u{1}\u{2} not a program");
    let orphan = dir.script("orphan", "#!/no/such/interpreter\n");
    let long = "x".repeat(1 << 20);
    let refused = [
        SpawnOptions::program("no-such-program-9"),
        SpawnOptions::program(dir.file("missing")),
        SpawnOptions::program(dir.file("plain")),
        SpawnOptions::program(garbage),
        SpawnOptions::program(orphan),
        SpawnOptions::program(""),
        SpawnOptions::program("true").cwd(dir.file("missing")),
        SpawnOptions::program("true").cwd(dir.file("plain")),
        SpawnOptions::program("true").arg(&long),
        SpawnOptions::program("true").log_bytes(1),
        SpawnOptions::program("true").size(orchflow::Size::cells(0, 1)),
        SpawnOptions::program("true").env("", "x"),
    ];
    let mut host = Host::new();
    let before = descriptors();
    for options in refused {
        host.engine.spawn(&options).unwrap_err();
    }
    host.quiesce();
    assert_eq!((descriptors(), children()), (before, vec![]));
    assert_eq!(host.engine.terminals(TerminalFilter::All), []);
}

#[test]
fn adoptions_that_fail_close_the_descriptor() {
    let _alone = alone();
    let mut host = Host::new();
    let before = descriptors();
    let null = std::fs::File::open("/dev/null").unwrap();
    host.engine.adopt(null.into(), &AdoptOptions::new()).unwrap_err();
    for options in [AdoptOptions::new().log_bytes(1), AdoptOptions::new().pid(1)] {
        let pty = nix::pty::openpty(None, None).unwrap();
        host.engine.adopt(pty.master, &options).unwrap_err();
    }
    assert_eq!(descriptors(), before);
}

/// What outlives the program in the background is hung up on when its terminal is closed.
#[test]
fn closing_reaches_what_holds_the_terminal_in_the_background() {
    let _alone = alone();
    let mut host = Host::new();
    let id = host.spawn(&sh("trap '' HUP; yes & echo pid $! >&2; exit 0"));
    host.wait_exit(id);
    let text = host.text(id);
    let pid = text.split_once("pid ").unwrap().1.split('\r').next().unwrap().parse().unwrap();
    host.close(id);
    wait_for("the flood's end", || process_state(pid).is_none());
}

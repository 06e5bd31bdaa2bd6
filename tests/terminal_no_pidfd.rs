//! Where the system gives no pidfds, as in some sandboxes: exits are still exact, nothing waits, and the
//! host's own children stay its own. A seccomp filter of the test's thread takes the system call away.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::os::fd::AsFd;
use std::process::Command;
use std::time::Duration;

use orchflow::{AdoptOptions, ExitStatus, SpawnOptions, reap_programs};
use support::files::TempDir;
use support::host::{Host, sh};
use support::{process_state, wait_for};

/// Longer than any test: what happens does not happen because the grace is over.
const LONG: Duration = Duration::from_secs(3600);

/// Has `pidfd_open` fail with this error in the calling thread and in what it starts.
fn forbid_pidfds(errno: i32) {
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let mut filter = [
        // The number of the system call is the first thing that a filter sees.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        libc::sock_filter {
            jf: 1,
            ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, libc::SYS_pidfd_open as u32)
        },
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | errno as u32),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: prctl reads integers.
    let outcome = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(outcome, 0);
    // SAFETY: the program and its filter live until the kernel has copied them.
    let outcome = unsafe {
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program, 0, 0)
    };
    assert_eq!(outcome, 0);
    // SAFETY: pidfd_open takes two integers.
    let outcome = unsafe { libc::syscall(libc::SYS_pidfd_open, std::process::id(), 0) };
    assert_eq!((outcome, nix::errno::Errno::last_raw()), (-1, errno));
}

fn host() -> Host {
    forbid_pidfds(libc::ENOSYS);
    Host::new()
}

fn signal(signal: i32) -> ExitStatus {
    ExitStatus::Signal { signal, core_dumped: false }
}

#[test]
fn exit_codes_and_signals_are_exact() {
    let table = [
        ("echo hi; exit 0", ExitStatus::Code(0), 4),
        ("exit 255", ExitStatus::Code(255), 0),
        ("echo hi; kill -9 $$", signal(9), 4),
        ("kill -64 $$", signal(64), 0),
        ("exec 0<&- 1>&- 2>&-; exit 3", ExitStatus::Code(3), 0),
    ];
    for errno in [libc::ENOSYS, libc::EPERM] {
        let run = move || {
            forbid_pidfds(errno);
            let mut host = Host::new();
            for (script, status, end) in table {
                let id = host.sh(script);
                assert_eq!(host.wait_exit(id), status, "{script}");
                assert_eq!(host.exit(id).unwrap().1, end, "{script}");
                host.wait_eof(id);
            }
        };
        // A thread of its own: a filter that says EPERM stands behind one that says ENOSYS.
        std::thread::spawn(run).join().unwrap();
    }
}

/// No hangup and no output reports this end.
#[test]
fn an_exit_is_noticed_while_another_program_holds_the_terminal() {
    let dir = TempDir::new();
    let fifo = dir.fifo("go");
    let mut host = host();
    let script = format!("trap '' HUP; (read x < {fifo}; echo later) & echo first; exit 3");
    let id = host.sh(&script);
    assert_eq!(host.wait_exit(id), ExitStatus::Code(3));
    assert_eq!((host.text(id).as_str(), host.seen(id).eof), ("first\r\n", None));
    std::fs::write(&fifo, "go\n").unwrap();
    host.wait_eof(id);
    assert_eq!(host.text(id), "first\r\nlater\r\n");
}

#[test]
fn closing_gives_a_grace_and_then_kills() {
    let mut host = host();
    let stubborn = host.sh("trap '' HUP; echo ready; while :; do sleep 1000; done");
    let polite = host.sh("trap 'echo bye; exit 7' HUP; echo ready; read x");
    host.wait_text(stubborn, "ready");
    host.wait_text(polite, "ready");
    host.engine.close(polite, LONG).unwrap();
    host.engine.close(stubborn, Duration::from_millis(20)).unwrap();
    host.wait_closed(polite);
    host.wait_closed(stubborn);
    assert_eq!(host.exit(polite), Some((ExitStatus::Code(7), 12)));
    assert_eq!(host.exit(stubborn), Some((signal(9), 7)));
}

#[test]
fn the_hosts_own_children_stay_its_own() {
    let mut host = host();
    let mut own = Command::new("sh").args(["-c", "exit 5"]).spawn().unwrap();
    let pid = own.id() as i32;
    wait_for("the host's own zombie", || process_state(pid) == Some('Z'));
    let id = host.sh("exit 4");
    assert_eq!(host.wait_exit(id), ExitStatus::Code(4));
    host.close(id);
    assert_eq!(reap_programs(), 0);
    assert_eq!(own.wait().unwrap().code(), Some(5));
}

/// A program of an adopted terminal, a child of the host's: its status counts here too.
#[test]
fn the_program_of_an_adopted_terminal_is_followed() {
    let mut host = host();
    let pty = nix::pty::openpty(None, None).unwrap();
    let slave = pty.slave.as_fd().try_clone_to_owned().unwrap();
    #[expect(clippy::zombie_processes, reason = "the engine reaps it")]
    let child = Command::new("sh").args(["-c", "echo hi; exit 6"]).stdout(slave).spawn().unwrap();
    let options = AdoptOptions::new().pid(child.id() as i32);
    let id = host.engine.adopt(pty.master, &options).unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Code(6));
    assert_eq!(host.text(id), "hi\r\n");
}

/// The same for a process that is nobody's child here: only that it ended can be known.
#[test]
fn the_end_of_a_process_of_others_is_noticed() {
    let dir = TempDir::new();
    let fifo = dir.fifo("go");
    let mut host = host();
    let pty = nix::pty::openpty(None, None).unwrap();
    let script = format!("(read x < {fifo}) > /dev/null 2>&1 & echo $!");
    let said = Command::new("sh").args(["-c", &script]).output().unwrap().stdout;
    let pid = String::from_utf8(said).unwrap().trim().parse().unwrap();
    let id = host.engine.adopt(pty.master, &AdoptOptions::new().pid(pid)).unwrap();
    host.quiesce();
    assert!(host.engine.terminal_state(id).unwrap().running);
    std::fs::write(&fifo, "go\n").unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Unknown);
}

#[test]
fn a_dropped_engine_leaves_nothing_that_cannot_be_reaped() {
    let mut host = host();
    let ids: Vec<_> = (0..5)
        .map(|_| host.spawn(&sh("trap '' HUP; echo ready; while :; do sleep 1000; done")))
        .collect();
    ids.iter().for_each(|id| host.wait_text(*id, "ready"));
    let pids: Vec<_> =
        ids.iter().map(|id| host.engine.terminal_state(*id).unwrap().pid.unwrap()).collect();
    drop(host);
    wait_for("the end of all programs", || reap_programs() == 0);
    assert!(pids.iter().all(|pid| process_state(*pid).is_none()));
}

/// What waits for something that never comes costs no turn that does nothing but look: the looks are rare, and
/// the program is still served at once.
#[test]
fn a_quiet_program_is_served_as_ever() {
    let mut host = host();
    let id = host.spawn(&SpawnOptions::program("cat"));
    for line in ["one", "two", "three"] {
        host.engine.write(id, format!("{line}\n").as_bytes()).unwrap();
        host.wait_text(id, &format!("{line}\r\n{line}\r\n"));
    }
    host.engine.send_eof(id).unwrap();
    assert_eq!(host.wait_exit(id), ExitStatus::Code(0));
}

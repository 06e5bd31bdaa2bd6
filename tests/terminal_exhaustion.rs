//! Descriptors that run out, and numbers that are unusual: every call that needs one says when there
//! is none, leaves nothing behind, and works again once there are some; and an engine whose own
//! descriptors have the numbers of the standard ones starts programs properly. Alone in its binary
//! with one test, because it lowers the process's limit and closes what others may use.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use orchflow::{AdoptOptions, Config, Engine, ErrorKind, Result, SpawnOptions};
use support::host::Host;

fn limit() -> libc::rlimit {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit writes one rlimit through a pointer that is valid for it.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) }, 0);
    limit
}

fn set_limit(limit: &libc::rlimit) {
    // SAFETY: setrlimit reads one rlimit through a pointer that is valid for it.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, limit) }, 0);
}

/// The open descriptors of this process, without the one that lists them.
fn descriptors() -> Vec<i32> {
    let listing = format!("/proc/{}/fd", std::process::id());
    let entries = std::fs::read_dir(&listing).unwrap().map(|entry| entry.unwrap());
    let mut fds: Vec<i32> = entries
        .filter(|entry| std::fs::read_link(entry.path()).unwrap().to_str() != Some(&listing))
        .map(|entry| entry.file_name().to_str().unwrap().parse().unwrap())
        .collect();
    fds.sort_unstable();
    fds
}

/// The lowest number from which on no descriptor is open; the test keeps the numbers dense.
fn dense_end() -> u64 {
    let fds = descriptors();
    let end = fds.len() as u64;
    assert_eq!(fds.last(), Some(&(end as i32 - 1)), "holes in {fds:?}");
    end
}

/// Tries with no free descriptor, with one, and so on until it works; every failure has to be of the
/// right kind and leave nothing. Returns how many it took.
fn with_few_descriptors<T>(mut attempt: impl FnMut() -> Result<T>) -> (u64, T) {
    let whole = limit();
    let end = dense_end();
    for free in 0..20 {
        let before = descriptors();
        set_limit(&libc::rlimit { rlim_cur: end + free, ..whole });
        let outcome = attempt();
        set_limit(&whole);
        match outcome {
            Ok(value) => return (free, value),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::OutOfDescriptors, "{free} free: {error}");
                assert_eq!(descriptors(), before, "{free} free: {error}");
            }
        }
    }
    panic!("20 descriptors are not enough");
}

fn children() -> String {
    let thread = nix::unistd::gettid();
    std::fs::read_to_string(format!("/proc/self/task/{thread}/children")).unwrap_or_default()
}

/// Fills the numbers below the highest open one, so that a limit says how many are free.
fn fill_holes() -> Vec<std::fs::File> {
    let mut fillers = Vec::new();
    let open = descriptors();
    for _ in 0..open.last().unwrap() + 1 - open.len() as i32 {
        fillers.push(std::fs::File::open("/dev/null").unwrap());
    }
    fillers
}

#[test]
fn running_out_of_descriptors_is_reported_and_leaves_nothing() {
    let _fillers = fill_holes();
    let (needed, engine) = with_few_descriptors(|| Engine::new(Config::default()));
    assert!((1..=5).contains(&needed), "an engine costs {needed} descriptors");
    drop(engine);

    let mut host = Host::new();
    let echo = SpawnOptions::program("echo").arg("hello");
    let (needed, id) = with_few_descriptors(|| host.engine.spawn(&echo));
    assert!(needed >= 2, "a terminal has a master and a pidfd");
    let pid = host.engine.terminal_state(id).unwrap().pid.unwrap();
    assert!(["".to_owned(), format!("{pid} ")].contains(&children()), "one child, the last one");
    host.wait_exit(id);
    assert_eq!(host.text(id), "hello\r\n");
    host.close(id);

    // What is there already goes on with no free descriptor at all.
    let id = host.sh("stty -echo; echo ready; cat");
    host.wait_text(id, "ready");
    let whole = limit();
    set_limit(&libc::rlimit { rlim_cur: dense_end(), ..whole });
    host.engine.write(id, b"still here\n").unwrap();
    host.wait_text(id, "still here");
    let refused = host.engine.spawn(&echo).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::OutOfDescriptors);
    assert_eq!(refused.errno(), Some(libc::EMFILE));
    host.close(id);
    set_limit(&whole);

    let pty = nix::pty::openpty(None, None).unwrap();
    let mut sleeper = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
    let options = AdoptOptions::new().pid(sleeper.id() as i32);
    set_limit(&libc::rlimit { rlim_cur: dense_end(), ..whole });
    let refused = host.engine.adopt(pty.master, &options);
    set_limit(&whole);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::OutOfDescriptors);
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();

    without_standard_input();
}

/// The engine's descriptors take the number 0, which is also the first one of every child.
fn without_standard_input() {
    // SAFETY: nobody in this process reads standard input.
    assert_eq!(unsafe { libc::close(0) }, 0);
    let mut host = Host::new();
    assert!(!descriptors().is_empty() && descriptors()[0] == 0, "an engine's descriptor");
    for _ in 0..3 {
        let id = host.sh("read x; echo got $x; readlink /proc/$$/fd/0 /proc/$$/fd/2; tty");
        host.engine.write(id, b"it\n").unwrap();
        host.wait_exit(id);
        let text = host.text(id);
        let mut lines = text.lines().rev();
        let tty = lines.next().unwrap();
        assert!(tty.starts_with("/dev/pts/") && lines.next() == Some(tty), "{text}");
        assert!(lines.next() == Some(tty) && lines.next() == Some("got it"), "{text}");
        host.close(id);
    }
}

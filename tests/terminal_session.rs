//! What a program finds when it starts: a session and a terminal of its own, default signals, no
//! descriptor of the host, and the directory and size that were asked for. And what a spawn that
//! cannot be says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::sys::signal::{SigSet, Signal};
use orchflow::{ErrorKind, ExitStatus, Limits, Size, SpawnOptions};
use support::files::TempDir;
use support::host::{Host, sh};

/// The words of `stty -a` in a terminal.
fn stty_words(host: &mut Host) -> Vec<String> {
    let text = host.output_of(&SpawnOptions::program("stty").arg("-a"));
    text.split([' ', ';', '\n']).map(str::to_owned).collect()
}

#[test]
fn the_child_leads_a_session_on_its_terminal() {
    let mut host = Host::new();
    let script = "read -r pid name state parent group session tty foreground rest </proc/self/stat
        echo $$ $group $session $foreground $tty; tty; echo by name >/dev/tty";
    let text = host.output_of(&sh(script));
    let mut lines = text.lines();
    let ids: Vec<i32> = lines.next().unwrap().split(' ').map(|id| id.parse().unwrap()).collect();
    assert!(ids[..4].iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_ne!(ids[4], 0, "a controlling terminal");
    assert!(lines.next().unwrap().starts_with("/dev/pts/"));
    assert_eq!(lines.next(), Some("by name"));
}

/// A signal mask from a process's status, the first signal in the lowest bit.
fn signal_mask(status: &str, field: &str) -> u64 {
    let value = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    u64::from_str_radix(value.trim(), 16).unwrap()
}

/// The host's thread blocks two signals and, as every Rust program, ignores SIGPIPE.
#[test]
fn signals_are_as_if_there_were_no_host() {
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGUSR1);
    blocked.add(Signal::SIGTERM);
    blocked.thread_block().unwrap();
    let own = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    assert_eq!(signal_mask(&own, "SigIgn:") & 0x1000, 0x1000, "SIGPIPE");
    assert_eq!(signal_mask(&own, "SigBlk:"), 0x4200);
    let mut host = Host::new();
    let text = host.output_of(&SpawnOptions::program("cat").arg("/proc/self/status"));
    for field in ["SigBlk:", "SigIgn:", "SigCgt:", "SigPnd:"] {
        assert_eq!(signal_mask(&text, field), 0, "{field}");
    }
    assert_eq!(SigSet::thread_get_mask().unwrap(), blocked, "the host's mask is its own");
}

#[test]
fn no_descriptor_of_the_host_reaches_the_child() {
    let null = std::fs::File::open("/dev/null").unwrap();
    let inheritable: Vec<OwnedFd> = [3, 100, 500]
        .into_iter()
        .map(|at_least| {
            // SAFETY: fcntl takes three integers here.
            let fd = unsafe { libc::fcntl(null.as_raw_fd(), libc::F_DUPFD, at_least) };
            assert!(fd >= at_least);
            // SAFETY: fcntl has just made this descriptor.
            unsafe { OwnedFd::from_raw_fd(fd) }
        })
        .collect();
    let mut host = Host::new();
    host.sh("exec cat");
    let text = host.output_of(&SpawnOptions::program("ls").arg("/proc/self/fd"));
    let listed: Vec<&str> = text.split_whitespace().collect();
    assert_eq!(listed, ["0", "1", "2", "3"], "three, and the one of ls for the directory");
    drop(inheritable);
}

#[test]
fn all_three_descriptors_are_the_terminal() {
    let mut host = Host::new();
    let text = host.output_of(&sh("readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2; tty"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| *line == lines[3]), "{lines:?}");
}

#[test]
fn the_working_directory_is_the_one_asked_for() {
    let dir = TempDir::new();
    let mut host = Host::new();
    let pwd = SpawnOptions::program("pwd").arg("-P");
    let asked = host.output_of(&pwd.clone().cwd(dir.path()));
    assert_eq!(Path::new(asked.trim_end()), dir.path());
    let inherited = host.output_of(&pwd);
    assert_eq!(Path::new(inherited.trim_end()), std::env::current_dir().unwrap());
}

/// The way from the test's directory to another one, without an absolute path.
fn relative(to: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap().canonicalize().unwrap();
    let ups = here.components().skip(1).map(|_| "..");
    ups.collect::<PathBuf>().join(to.strip_prefix("/").unwrap())
}

/// A relative directory is the host's, a relative program the child's; both together as well.
#[test]
fn relative_paths_of_directory_and_program_go_together() {
    let dir = TempDir::new();
    dir.script("hello", "#!/bin/sh\necho hello from \"$0\"\n");
    let mut host = Host::new();
    let table = [
        (dir.path().to_owned(), "./hello", ""),
        (relative(dir.path()), "pwd", ""),
        (relative(dir.path()), "./hello", ""),
        (relative(dir.path()), "hello", "."),
        (relative(dir.path()), "hello", ":/bin"),
    ];
    for (cwd, program, path) in table {
        let mut options = SpawnOptions::program(program).cwd(&cwd);
        if !path.is_empty() {
            options = options.env("PATH", path);
        }
        let id = host.engine.spawn(&options);
        let id = id.unwrap_or_else(|error| panic!("{program} in {}: {error}", cwd.display()));
        assert_eq!(host.wait_exit(id), ExitStatus::Code(0), "{program} in {}", cwd.display());
        host.close(id);
    }
}

#[test]
fn the_terminal_has_its_size_from_the_start() {
    let mut host = Host::new();
    let stty = SpawnOptions::program("stty").arg("size");
    assert_eq!(host.output_of(&stty), "24 80\n");
    assert_eq!(host.output_of(&stty.clone().size(Size::cells(132, 50))), "50 132\n");
    assert_eq!(host.output_of(&stty.clone().size(Size::cells(65535, 1))), "1 65535\n");
    for size in [Size::cells(0, 24), Size::cells(80, 0)] {
        let error = host.engine.spawn(&stty.clone().size(size)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn the_line_discipline_edits_utf8() {
    let mut host = Host::new();
    let words = stty_words(&mut host);
    for word in ["iutf8", "icanon", "isig", "echo", "opost", "onlcr", "icrnl"] {
        assert!(words.iter().any(|w| w == word), "{word} in {words:?}");
    }
}

#[test]
fn arguments_arrive_as_they_are() {
    let mut host = Host::new();
    let options =
        SpawnOptions::program("printf").arg("<%s>").args(["a b", "", "$HOME", "ü", "'\""]);
    assert_eq!(host.output_of(&options), "<a b><><$HOME><ü><'\">");
}

#[test]
fn spawns_that_cannot_be_say_why() {
    let dir = TempDir::new();
    std::fs::write(dir.file("plain"), "no program").unwrap();
    let garbage = dir.script("garbage", "\u{1}\u{2} not a program");
    let orphan = dir.script("orphan", "#!/no/such/interpreter\n");
    let program = |name: &str| SpawnOptions::program(name);
    let table = [
        (program("no-such-program-9"), ErrorKind::ProgramNotFound, Some(libc::ENOENT)),
        (program(&dir.file("missing")), ErrorKind::ProgramNotFound, Some(libc::ENOENT)),
        (program(&dir.file("plain/below")), ErrorKind::ProgramNotFound, Some(libc::ENOTDIR)),
        (program(&orphan), ErrorKind::ProgramNotFound, Some(libc::ENOENT)),
        (program(&dir.file("plain")), ErrorKind::NotExecutable, Some(libc::EACCES)),
        (program(&garbage), ErrorKind::NotExecutable, Some(libc::ENOEXEC)),
        (program("/"), ErrorKind::NotExecutable, Some(libc::EACCES)),
        (program("true").cwd(dir.file("missing")), ErrorKind::WorkingDirectory, Some(libc::ENOENT)),
        (program("true").cwd(dir.file("plain")), ErrorKind::WorkingDirectory, Some(libc::ENOTDIR)),
        (program("true").arg("x".repeat(1 << 20)), ErrorKind::InvalidArgument, Some(libc::E2BIG)),
        (program(""), ErrorKind::InvalidArgument, None),
        (program("true").arg("a\0b"), ErrorKind::InvalidArgument, None),
        (program("true").env("A=B", "x"), ErrorKind::InvalidArgument, None),
        (program("true").log_bytes((64 << 10) - 1), ErrorKind::InvalidArgument, None),
        (program("true").log_bytes((64 << 20) + 1), ErrorKind::InvalidArgument, None),
    ];
    let mut host = Host::new();
    for (options, kind, errno) in table {
        let error = host.engine.spawn(&options).unwrap_err();
        let got = (error.kind(), error.errno());
        assert_eq!(got, (kind, errno), "{error}");
        assert!(!error.message().is_empty() && !error.message().contains('\n'));
    }
    assert_eq!(host.output_of(&program("echo").arg("usable")), "usable\n");
}

#[test]
fn terminals_are_limited_until_one_is_closed() {
    let mut host = Host::with_limits(Limits { terminals: 3, ..Limits::default() });
    let cat = SpawnOptions::program("cat");
    let ended = host.sh("true");
    let mut results = host.engine.spawn_many(&[
        cat.clone(),
        SpawnOptions::program("no-such-9"),
        cat.clone(),
        cat.clone(),
    ]);
    let kinds: Vec<_> = results.iter().map(|r| r.as_ref().err().map(|e| e.kind())).collect();
    let expected = [None, Some(ErrorKind::ProgramNotFound), None, Some(ErrorKind::LimitReached)];
    assert_eq!(kinds, expected);
    host.wait_exit(ended);
    assert!(host.engine.spawn(&cat).unwrap_err().is_limit_reached(), "ended ones count");
    host.close(ended);
    let id = host.spawn(&cat);
    host.close(id);
    host.close(results.remove(0).unwrap());
    host.spawn(&cat);
    host.spawn(&cat);
    assert!(host.engine.spawn(&cat).unwrap_err().is_limit_reached());
}

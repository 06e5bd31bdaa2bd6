//! A host that ignores SIGCHLD: the kernel reaps its children, so exit statuses are unknown, and
//! everything else works as ever. Alone in its binary, because the disposition is the process's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::time::Duration;

use nix::sys::signal::{SigHandler, Signal, signal};
use orchflow::{ExitStatus, SpawnOptions};
use support::files::{assert_same, seq};
use support::host::Host;

#[test]
fn without_sigchld_only_the_status_is_lost() {
    // SAFETY: ignoring a signal installs no code.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }.unwrap();
    let mut host = Host::new();
    for _ in 0..10 {
        let id = host.spawn(&SpawnOptions::program("seq").args(["1", "20000"]));
        assert_eq!(host.wait_exit(id), ExitStatus::Unknown);
        assert_same("seq", host.output(id), &seq(20_000));
        host.close(id);
        host.heard.clear();
    }
    let gone_at_once = host.sh("exit 3");
    assert_eq!(host.wait_exit(gone_at_once), ExitStatus::Unknown);

    // The program's own children are reaped as usual: its dispositions are the default ones.
    let id = host.sh("(exit 4); echo $?");
    host.wait_exit(id);
    assert_eq!(host.text(id), "4\r\n");

    let id = host.sh("trap '' HUP; echo ready; while :; do sleep 1000; done");
    host.wait_text(id, "ready");
    host.engine.close(id, Duration::from_millis(20)).unwrap();
    host.wait_closed(id);
    assert_eq!(host.exit(id).unwrap().0, ExitStatus::Unknown);

    host.sh("exec cat");
    host.engine.shutdown(Duration::from_millis(20)).unwrap();
    host.wait("the end", |host| host.shutdown_complete);
}

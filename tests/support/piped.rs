//! Programs between pipes.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a program may take.
const WATCHDOG: Duration = Duration::from_secs(60);

/// Runs a command with this on stdin. One that does not end in time is killed, and what it printed is shown.
pub(crate) fn with_input(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let pid = Pid::from_raw(child.id() as i32);
    let (done, is_done) = channel::<()>();
    let watchdog = std::thread::spawn(move || {
        let hangs = is_done.recv_timeout(WATCHDOG) == Err(RecvTimeoutError::Timeout);
        if hangs {
            kill(pid, Signal::SIGKILL).unwrap();
        }
        hangs
    });
    let input = input.to_vec();
    // A program may end without reading all of it.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    drop(done);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(!watchdog.join().unwrap(), "{command:?} hangs: {printed}");
    output
}

//! `orchflow-demo watch` as a program between pipes.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::files::TempDir;

pub(crate) const DEMO: &str = env!("CARGO_BIN_EXE_orchflow-demo");

/// The demo, watching. Its first line on stderr has been read: it is ready.
pub(crate) struct Watching {
    pub(crate) child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Watching {
    /// `args` come before the path of the root, `further` after it.
    pub(crate) fn start(root: &TempDir, args: &[&str], further: &[&str]) -> Self {
        let mut command = Command::new(DEMO);
        command.arg("watch").args(args).arg(root.path()).args(further);
        Watching::run(&mut command)
    }

    /// In this directory, with the arguments as they are.
    pub(crate) fn start_in(dir: &Path, args: &[&str]) -> Self {
        Watching::run(Command::new(DEMO).current_dir(dir).arg("watch").args(args))
    }

    pub(crate) fn run(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut watching = Watching { child, stdout, stderr };
        let line = watching.error_line();
        assert!(line.contains("watching"), "{line}");
        watching
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn error_line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    pub(crate) fn interrupt(&mut self) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).unwrap();
    }

    /// Interrupts; what it prints until its end, and its status.
    pub(crate) fn end(mut self) -> (Vec<String>, Option<i32>) {
        self.interrupt();
        let lines = self.stdout.lines().map(Result::unwrap).collect();
        (lines, self.child.wait().unwrap().code())
    }
}

/// A file is there at once and whole, so that it is one event.
pub(crate) fn appear(root: &TempDir, name: &str) {
    let elsewhere = TempDir::new();
    fs::write(elsewhere.file("new"), b"x").unwrap();
    fs::rename(elsewhere.file("new"), root.file(name)).unwrap();
}

//! `orchflow-demo watch` with a command that runs after changes, and with relative paths.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::files::TempDir;
use support::process_state;

const DEMO: &str = env!("CARGO_BIN_EXE_orchflow-demo");

/// The demo, watching.
struct Watching {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Watching {
    fn start(root: &TempDir, args: &[&str], further: &[&str]) -> Self {
        let mut child = Command::new(DEMO)
            .arg("watch")
            .args(args)
            .arg(root.path())
            .args(further)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("watching"), "{line}");
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Watching { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn interrupt(&mut self) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).unwrap();
    }

    /// Interrupts; what it prints until its end, and its status.
    fn end(mut self) -> (Vec<String>, Option<i32>) {
        self.interrupt();
        let lines = self.stdout.lines().map(Result::unwrap).collect();
        (lines, self.child.wait().unwrap().code())
    }
}

/// A file is there at once and whole, so that it is one event.
fn appear(root: &TempDir, name: &str) {
    let elsewhere = TempDir::new();
    fs::write(elsewhere.file("new"), b"x").unwrap();
    fs::rename(elsewhere.file("new"), root.file(name)).unwrap();
}

#[test]
fn a_command_runs_after_changes() {
    let root = TempDir::new();
    let script = r#"echo "args $*"; echo "variable $ORCHFLOW_CHANGED and $ORCHFLOW_CHANGED_MORE""#;
    let mut watching =
        Watching::start(&root, &[], &["--exec", "--", "sh", "-c", script, "sh", "first", "{}"]);
    for name in ["a", "b c"] {
        appear(&root, name);
        let path = root.file(name);
        assert_eq!(watching.line(), format!("args first {path}"));
        assert_eq!(watching.line(), format!("variable {path} and 0"));
    }
    assert_eq!(watching.end(), (vec![], Some(0)));
}

/// Never twice at a time; for what changes meanwhile once more, with all of it.
#[test]
fn changes_during_a_run_are_collected() {
    let (root, other) = (TempDir::new(), TempDir::new());
    let fifo = other.fifo("go");
    let script = format!(r#"echo start; cat '{fifo}' >/dev/null; echo "end $*""#);
    let mut watching =
        Watching::start(&root, &["--json"], &["--exec", "sh", "-c", &script, "sh", "{}"]);
    appear(&root, "a");
    let is_event = |line: &String| line.starts_with('{');
    let mut lines = vec![watching.line(), watching.line()];
    lines.sort();
    assert!(lines[0] == "start" && is_event(&lines[1]), "{lines:?}");
    for name in ["b", "c"] {
        appear(&root, name);
        let line = watching.line();
        assert!(is_event(&line), "{line}");
    }
    fs::write(&fifo, b"").unwrap();
    assert_eq!(watching.line(), format!("end {}", root.file("a")));
    assert_eq!(watching.line(), "start");
    fs::write(&fifo, b"").unwrap();
    assert_eq!(watching.line(), format!("end {} {}", root.file("b"), root.file("c")));
    assert_eq!(watching.end(), (vec![], Some(0)));
}

/// With `--restart` a change ends the command and all that it has started.
#[test]
fn a_change_restarts_the_command() {
    let root = TempDir::new();
    let script = "sleep 1000 & echo $!; wait";
    let mut watching =
        Watching::start(&root, &["--restart"], &["--exec", "--", "sh", "-c", script]);
    let mut pids = Vec::new();
    for name in ["a", "b", "c"] {
        appear(&root, name);
        pids.push(watching.line().parse::<i32>().unwrap());
    }
    assert_eq!(watching.end().1, Some(0));
    for pid in pids {
        support::wait_for("its end", || matches!(process_state(pid), None | Some('Z')));
    }
}

/// It is asked to end first: SIGTERM reaches it.
#[test]
fn a_command_may_end_in_order() {
    let root = TempDir::new();
    let script = "trap 'echo ended; exit 0' TERM; echo start; while :; do sleep 0.01; done";
    let mut watching =
        Watching::start(&root, &["--restart"], &["--exec", "--", "sh", "-c", script]);
    appear(&root, "a");
    assert_eq!(watching.line(), "start");
    appear(&root, "b");
    assert_eq!((watching.line(), watching.line()), ("ended".into(), "start".into()));
    assert_eq!(watching.end(), (vec!["ended".to_owned()], Some(0)));
}

/// A shell puts its signals in order by itself, other programs do not.
#[test]
fn a_command_starts_with_no_signal_blocked() {
    let root = TempDir::new();
    let further = ["--exec", "grep", "SigBlk", "/proc/self/status"];
    let mut watching = Watching::start(&root, &[], &further);
    appear(&root, "a");
    assert_eq!(watching.line(), "SigBlk:\t0000000000000000");
    assert_eq!(watching.end(), (vec![], Some(0)));
}

/// A command that does not react to SIGTERM is killed, and the one after it has its full time.
#[test]
fn a_command_that_does_not_end_is_killed() {
    let root = TempDir::new();
    let script = "trap '' TERM; echo $$; while :; do sleep 1000; done";
    let mut watching =
        Watching::start(&root, &["--restart"], &["--exec", "--", "sh", "-c", script]);
    let mut pids = Vec::new();
    for name in ["a", "b"] {
        appear(&root, name);
        pids.push(watching.line().parse::<i32>().unwrap());
    }
    assert_ne!(pids[0], pids[1]);
    assert_eq!(process_state(pids[0]), None);
    assert_eq!(watching.end().1, Some(0));
    assert_eq!(process_state(pids[1]), None);
}

#[test]
fn what_goes_wrong_with_the_command_is_said() {
    for (argv, mention) in [
        (&["sh", "-c", "exit 3"][..], "sh: exit status: 3"),
        (&["/no/such/program"], "No such file"),
    ] {
        let root = TempDir::new();
        let args: Vec<&str> = ["--exec", "--"].into_iter().chain(argv.iter().copied()).collect();
        let mut watching = Watching::start(&root, &[], &args);
        appear(&root, "a");
        let mut line = String::new();
        BufReader::new(watching.child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains(mention), "{line}");
        assert_eq!(watching.end(), (vec![], Some(0)));
    }
}

#[test]
fn a_command_that_runs_for_itself_is_remarked() {
    let root = TempDir::new();
    let script = "echo >>$0/log";
    let path = root.path().to_str().unwrap();
    let mut watching = Watching::start(&root, &[], &["--exec", "--", "sh", "-c", script, path]);
    appear(&root, "a");
    let mut line = String::new();
    BufReader::new(watching.child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("runs over and over") && line.contains("--ignore"), "{line}");
    assert_eq!(watching.end(), (vec![], Some(0)));
    // What is ignored does not count.
    let root = TempDir::new();
    let path = root.path().to_str().unwrap();
    let script = "echo >>$0/log; echo ran $1";
    let further = ["--exec", "--", "sh", "-c", script, path, "{}"];
    let mut watching = Watching::start(&root, &["--ignore", "log"], &further);
    for name in ["a", "b"] {
        appear(&root, name);
        assert_eq!(watching.line(), format!("ran {}", root.file(name)));
    }
    assert_eq!(watching.end(), (vec![], Some(0)));
}

#[test]
fn relative_paths() {
    let root = TempDir::new();
    fs::create_dir(root.file("d")).unwrap();
    let mut watching = Watching::start(&root, &["--relative"], &[]);
    appear(&root, "d/a");
    assert_eq!(watching.line(), "create   d/a");
    fs::rename(root.file("d/a"), root.file("b")).unwrap();
    assert_eq!(watching.line(), "rename   d/a -> b");
    assert_eq!(watching.end(), (vec![], Some(0)));
    let mut watching = Watching::start(&root, &["--relative", "--json", "--snapshot"], &[]);
    let snapshot: serde_json::Value = serde_json::from_str(&watching.line()).unwrap();
    let mut paths: Vec<&str> = snapshot["snapshot"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["path"].as_str().unwrap())
        .collect();
    paths.sort();
    assert_eq!(paths, [".", "b", "d"]);
    fs::remove_file(root.file("b")).unwrap();
    let batch: serde_json::Value = serde_json::from_str(&watching.line()).unwrap();
    assert_eq!(batch["events"][0]["path"], "b", "{batch}");
    watching.end();
}

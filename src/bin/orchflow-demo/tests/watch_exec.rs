//! `orchflow-demo watch --exec`: a command that runs after changes.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/mod.rs"]
mod support;
#[path = "support/watching.rs"]
mod watching;

use std::fs;

use orchflow::SpawnOptions;
use support::files::TempDir;
use support::host::Host;
use support::process_state;
use watching::{DEMO, Watching, appear};

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

/// Never two runs at a time; one more run for all changes during a run.
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

/// With `--restart` a change ends the command and all processes it has started.
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

/// A shell resets its signals itself, other programs do not.
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
        let line = watching.error_line();
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
    let line = watching.error_line();
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
fn a_line_is_run_by_a_shell_and_paths_are_no_options() {
    let root = TempDir::new();
    let mut watching =
        Watching::start_in(root.path(), &["--exec", "echo $ORCHFLOW_CHANGED; false"]);
    appear(&root, "-rf");
    assert_eq!(watching.line(), "./-rf");
    assert_eq!(watching.error_line(), "orchflow-demo: /bin/sh: exit status: 1");
    assert_eq!(watching.end(), (vec![], Some(0)));
}

#[test]
fn a_command_can_run_at_the_beginning() {
    let root = TempDir::new();
    let further = ["--exec", "--", "sh", "-c", "echo \"ran $ORCHFLOW_CHANGED\""];
    let mut watching = Watching::start(&root, &["--run-first"], &further);
    assert_eq!(watching.line(), "ran");
    appear(&root, "a");
    assert_eq!(watching.line(), format!("ran {}", root.file("a")));
    assert_eq!(watching.end(), (vec![], Some(0)));
}

/// The chosen signal, for a restart and at the end.
#[test]
fn a_command_ends_by_the_signal_of_choice() {
    let root = TempDir::new();
    let script = "trap 'echo usr1; exit' USR1; trap 'echo term; exit' TERM; echo start
        while :; do sleep 0.01; done";
    let args = ["--restart", "--signal", "SIGUSR1"];
    let mut watching = Watching::start(&root, &args, &["--exec", "--", "sh", "-c", script]);
    appear(&root, "a");
    assert_eq!(watching.line(), "start");
    appear(&root, "b");
    assert_eq!((watching.line(), watching.line()), ("usr1".into(), "start".into()));
    assert_eq!(watching.end(), (vec!["usr1".to_owned()], Some(0)));
}

/// A command that reloads by itself gets a signal and continues; SIGTERM ends it.
#[test]
fn a_command_can_be_signalled() {
    let root = TempDir::new();
    let script = "trap 'echo usr1' USR1; trap 'echo term; exit' TERM; echo start
        while :; do sleep 0.01; done";
    let args = ["--on-busy", "signal", "--signal", "usr1"];
    let mut watching = Watching::start(&root, &args, &["--exec", "--", "sh", "-c", script]);
    appear(&root, "a");
    assert_eq!(watching.line(), "start");
    for name in ["b", "c"] {
        appear(&root, name);
        assert_eq!(watching.line(), "usr1");
    }
    assert_eq!(watching.end(), (vec!["term".to_owned()], Some(0)));
}

/// Changes during a run are ignored.
#[test]
fn changes_during_a_run_can_be_ignored() {
    let (root, other) = (TempDir::new(), TempDir::new());
    let fifo = other.fifo("go");
    let script = format!(r#"echo "start $*"; cat '{fifo}' >/dev/null; echo end"#);
    let further = ["--exec", "--", "sh", "-c", &script, "sh", "{}"];
    let mut watching = Watching::start(&root, &["--json", "--on-busy", "ignore"], &further);
    let words = |watching: &mut Watching, lines: usize| {
        let mut words = Vec::new();
        for _ in 0..lines {
            words.extend(Some(watching.line()).filter(|line| !line.starts_with('{')));
        }
        words
    };
    appear(&root, "a");
    assert_eq!(words(&mut watching, 2), [format!("start {}", root.file("a"))]);
    appear(&root, "b");
    assert!(words(&mut watching, 1).is_empty());
    fs::write(&fifo, b"").unwrap();
    assert_eq!(watching.line(), "end");
    appear(&root, "c");
    assert_eq!(words(&mut watching, 2), [format!("start {}", root.file("c"))]);
    fs::write(&fifo, b"").unwrap();
    assert_eq!(watching.line(), "end");
    assert_eq!(watching.end(), (vec![], Some(0)));
}

/// One run for changes in quick succession.
#[test]
fn runs_wait_until_nothing_changes() {
    let root = TempDir::new();
    let further = ["--exec", "--", "sh", "-c", "echo \"ran $#\"", "sh", "{}"];
    let mut watching = Watching::start(&root, &["--json", "--debounce", "1500"], &further);
    for name in ["a", "b", "c"] {
        appear(&root, name);
        assert!(watching.line().starts_with('{'));
    }
    assert_eq!(watching.line(), "ran 3");
    assert_eq!(watching.end(), (vec![], Some(0)));
}

/// Continuous changes do not delay the end of a command that ignores its signal.
#[test]
fn a_busy_tree_does_not_put_off_the_end_of_a_command() {
    let root = TempDir::new();
    let script = "trap '' TERM; echo $$; while :; do sleep 1000; done";
    let args = ["--restart", "--grace", "300", "--window", "0"];
    let mut watching = Watching::start(&root, &args, &["--exec", "--", "sh", "-c", script]);
    appear(&root, "a");
    let first: i32 = watching.line().parse().unwrap();
    let mut count = 0;
    support::wait_for("its end", || {
        count += 1;
        fs::write(root.file("b"), format!("{count}")).unwrap();
        process_state(first).is_none()
    });
    assert_ne!(watching.line().parse::<i32>().unwrap(), first);
    assert_eq!(watching.end().1, Some(0));
}

/// A shell that runs the demo in a terminal, in this directory.
fn in_terminal(host: &mut Host, root: &TempDir, line: &str) -> orchflow::TerminalId {
    let script = format!(r#"cd "$ROOT"; "$DEMO" watch {line}; echo "status $?""#);
    let options = SpawnOptions::program("bash").arg("-ic").arg(script);
    host.spawn(&options.env("DEMO", DEMO).env("ROOT", root.path()).env("PS1", ""))
}

/// The command reads input, and Ctrl-C ends the command and the watch.
#[test]
fn a_command_has_the_terminal() {
    let (root, mut host) = (TempDir::new(), Host::new());
    let command = "stty -echo; echo ready; read -r line; echo \"got $line\"; exec sleep 1000";
    let line = format!("--exec -- sh -c '{command}'");
    let id = in_terminal(&mut host, &root, &line);
    host.wait_text(id, "watching");
    appear(&root, "a");
    host.wait_text(id, "ready");
    host.engine.write(id, b"typed\n").unwrap();
    host.wait_text(id, "got typed");
    host.engine.write(id, b"\x03").unwrap();
    host.wait_text(id, "status 0");
    host.wait_exit(id);
}

/// A command that is restarted gets no input, and Ctrl-C goes to the watch.
#[test]
fn a_command_that_is_restarted_has_no_terminal() {
    let (root, mut host) = (TempDir::new(), Host::new());
    let command = "read -r line || echo empty; trap \"echo ended; exit\" TERM; echo ready
        while :; do sleep 0.01; done";
    let line = format!("--restart --exec -- sh -c '{command}'");
    let id = in_terminal(&mut host, &root, &line);
    host.wait_text(id, "watching");
    appear(&root, "a");
    host.wait_text(id, "empty");
    host.wait_text(id, "ready");
    host.engine.write(id, b"\x03").unwrap();
    host.wait_text(id, "ended");
    host.wait_text(id, "status 0");
    host.wait_exit(id);
}

/// Ctrl-Z stops the command and the watch, and `fg` continues both.
#[test]
fn a_command_can_be_stopped_and_gone_on_with() {
    let (root, mut host) = (TempDir::new(), Host::new());
    let command = "echo ready; read -r line; echo \"got $line\"; exec sleep 1000";
    let line = format!("--exec -- sh -c '{command}'; echo stopped; fg");
    let id = in_terminal(&mut host, &root, &line);
    host.wait_text(id, "watching");
    appear(&root, "a");
    host.wait_text(id, "ready");
    host.engine.write(id, b"\x1a").unwrap();
    host.wait_text(id, "stopped");
    host.engine.write(id, b"typed\n").unwrap();
    host.wait_text(id, "got typed");
    host.engine.write(id, b"\x03").unwrap();
    host.wait_text(id, "status 0");
    host.wait_exit(id);
}

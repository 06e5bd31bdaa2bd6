//! `orchflow-demo doctor` on systems that are made for it.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use support::files::TempDir;

/// The files of a system on which all is well.
const WELL: &[(&str, &str)] = &[
    ("proc/sys/kernel/osrelease", "6.1.0-test\n"),
    ("proc/sys/fs/inotify/max_user_watches", "1048576\n"),
    ("proc/sys/fs/inotify/max_user_instances", "1024\n"),
    ("proc/sys/fs/inotify/max_queued_events", "16384\n"),
    ("proc/sys/kernel/pty/max", "4096\n"),
    ("proc/sys/kernel/pty/nr", "7\n"),
    (
        "proc/self/limits",
        "Limit                     Soft Limit           Hard Limit           Units     \n\
         Max processes             63304                63304                processes \n\
         Max open files            8192                 524288               files     \n",
    ),
    ("proc/self/mountinfo", "24 30 0:22 / /dev/pts rw,nosuid - devpts devpts rw,gid=5,mode=620\n"),
    ("proc/self/cgroup", "0::/team.slice/terminals.service\n"),
    ("sys/fs/cgroup/team.slice/terminals.service/pids.max", "max\n"),
    ("sys/fs/cgroup/team.slice/terminals.service/pids.current", "20\n"),
    ("sys/fs/cgroup/team.slice/pids.max", "9000\n"),
    ("sys/fs/cgroup/team.slice/pids.current", "40\n"),
    ("dev/ptmx", ""),
];

fn system(changes: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new();
    for (path, text) in WELL.iter().chain(changes) {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn doctor(root: &Path, args: &[&str]) -> Output {
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_orchflow-demo"));
    doctor.arg("doctor").arg("--root").arg(root).args(args).output().unwrap()
}

/// The names of the checks that are not ok, with their states; system calls are those of the running kernel.
fn wrong(report: &Value) -> Vec<(String, String)> {
    let checks = report["checks"].as_array().unwrap().iter();
    let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    let checks = checks.map(|check| (text(check, "name"), text(check, "state")));
    checks.filter(|(name, state)| state != "ok" && !CALLS.contains(&name.as_str())).collect()
}

const CALLS: [&str; 4] = ["pidfd_open", "openat2", "close_range", "memfd_create"];

#[test]
fn all_is_well() {
    let root = system(&[]);
    let output = doctor(root.path(), &["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(wrong(&report), []);
    assert_eq!(report["engine"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&report["protocol"], &report["kernel"]), (&1.into(), &"6.1.0-test".into()));
    assert!(report["glibc"].as_str().unwrap().starts_with("2."));
    let has_calls = CALLS.iter().all(|name| {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().any(|check| check["name"] == *name && check["state"] == "ok")
    });
    assert_eq!(output.status.code(), Some(if has_calls { 0 } else { 1 }));
}

#[test]
fn what_is_to_be_done() {
    let root = system(&[
        ("proc/sys/fs/inotify/max_user_watches", "8192\n"),
        ("proc/self/mountinfo", ""),
        ("sys/fs/cgroup/team.slice/pids.max", "100\n"),
    ]);
    fs::remove_file(root.path().join("dev/ptmx")).unwrap();
    let output = doctor(root.path(), &["--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let expected = [
        ("fs.inotify.max_user_watches", "low"),
        ("/dev/ptmx", "missing"),
        ("devpts", "missing"),
        ("pids.max", "low"),
    ];
    let expected = expected.map(|(name, state)| (name.to_owned(), state.to_owned()));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(wrong(&report), expected);
    let output = doctor(root.path(), &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let head = format!("OrchFlow {}, protocol 1, Linux 6.1.0-test, ", env!("CARGO_PKG_VERSION"));
    assert!(text.starts_with(&head), "{text}");
    for line in [
        "low      fs.inotify.max_user_watches: 8,192, wanted 65,536",
        "ok       kernel.pty.max: 4,096 (7 in use)",
        "missing  devpts: not there, wanted there",
        "         to do: sudo systemctl set-property 'team.slice' TasksMax=4096",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(text.ends_with("\n4 things to do\n"), "{text}");
}

/// On the system that the tests run on: every check has its texts, and the status follows from them.
#[test]
fn this_system() {
    let output = doctor(Path::new("/"), &["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    for check in checks {
        for field in ["name", "found", "wanted", "meaning"] {
            assert!(!check[field].as_str().unwrap().is_empty(), "{check}");
        }
        assert_eq!(check["fix"].is_string(), check["state"] != "ok", "{check}");
    }
    let is_well = checks.iter().all(|check| check["state"] == "ok");
    assert_eq!(output.status.code(), Some(if is_well { 0 } else { 1 }));
}

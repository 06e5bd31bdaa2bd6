//! `orchflow-demo watch`: what it prints.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "../../../../tests/support/mod.rs"]
mod support;
#[path = "support/watching.rs"]
mod watching;

use std::fs;
use std::process::Command;

use support::files::TempDir;
use watching::{DEMO, Watching, appear};

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

#[test]
fn paths_begin_as_they_were_given() {
    let (root, other) = (TempDir::new(), TempDir::new());
    fs::create_dir(root.file("src")).unwrap();
    let far = other.path().to_str().unwrap();
    for (args, expected) in [
        (&[][..], "src/a"),
        (&["."], "./src/a"),
        (&["src/"], "src/a"),
        (&["src", far], "src/a"),
        (&["--absolute", "."], &root.file("src/a")),
    ] {
        let mut watching = Watching::start_in(root.path(), args);
        appear(&root, "src/a");
        assert_eq!(watching.line(), format!("create   {expected}"), "{args:?}");
        if args.len() == 2 && args[1] == far {
            appear(&other, "b");
            assert_eq!(watching.line(), format!("create   {}", other.file("b")));
        }
        assert_eq!(watching.end(), (vec![], Some(0)));
        fs::remove_file(root.file("src/a")).unwrap();
    }
    let mut watching = Watching::start_in(root.path(), &["--json", "src"]);
    appear(&root, "src/a");
    let batch: serde_json::Value = serde_json::from_str(&watching.line()).unwrap();
    assert_eq!(batch["events"][0]["path"], "src/a", "{batch}");
    assert!(batch.get("time_ms").is_none());
    watching.end();
}

#[test]
fn times_of_day() {
    let root = TempDir::new();
    let mut watching = Watching::start_in(root.path(), &["--time", "--color", "never"]);
    appear(&root, "a");
    let line = watching.line();
    let (time, rest) = line.split_once(' ').unwrap();
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!((shape.as_str(), rest), ("00:00:00.000", "create   a"));
    watching.end();
    let mut watching = Watching::start_in(root.path(), &["--time", "--json"]);
    appear(&root, "b");
    let batch: serde_json::Value = serde_json::from_str(&watching.line()).unwrap();
    assert!(batch["time_ms"].as_i64().unwrap() > 1_700_000_000_000, "{batch}");
    watching.end();
    // It is the local time: two zones at once differ by their hours.
    let hour = |zone: &str| {
        let mut command = Command::new(DEMO);
        command.current_dir(root.path()).env("TZ", zone).args(["watch", "--time"]);
        let mut watching = Watching::run(&mut command);
        appear(&root, "c");
        let hour = watching.line().split(':').next().unwrap().parse::<i32>().unwrap();
        watching.end();
        hour
    };
    let difference = (hour("EST-6") - hour("EST0")).rem_euclid(24);
    assert!((5..=6).contains(&difference), "{difference}");
}

#[test]
fn colours_on_request() {
    let root = TempDir::new();
    let coloured = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = Command::new(DEMO);
        command.current_dir(root.path()).env_remove("NO_COLOR").envs(env.iter().copied());
        let mut watching = Watching::run(command.arg("watch").args(args));
        appear(&root, "a");
        let line = watching.line();
        watching.end();
        fs::remove_file(root.file("a")).unwrap();
        line == "\x1b[32mcreate   \x1b[ma"
    };
    assert!(!coloured(&[], &[]), "a pipe is no terminal");
    assert!(coloured(&["--color", "always"], &[]));
    assert!(coloured(&["--color=always"], &[("NO_COLOR", "1")]));
    assert!(!coloured(&["--color=never"], &[]));
}

/// A batch is a group; single events have no blank lines between them.
#[test]
fn batches_are_groups() {
    let (root, elsewhere) = (TempDir::new(), TempDir::new());
    fs::create_dir(root.file("d")).unwrap();
    fs::write(root.file("d/f"), b"").unwrap();
    let mut watching = Watching::start_in(root.path(), &[]);
    for name in ["a", "b"] {
        appear(&root, name);
        assert_eq!(watching.line(), format!("create   {name}"));
    }
    // All of it is gone at once, so it is one batch.
    fs::rename(root.file("d"), elsewhere.file("d")).unwrap();
    let lines: Vec<String> = (0..3).map(|_| watching.line()).collect();
    assert_eq!(lines, ["", "delete   d/f", "delete   d/"]);
    appear(&root, "c");
    assert_eq!((watching.line(), watching.line()), (String::new(), "create   c".into()));
    assert_eq!(watching.end(), (vec![], Some(0)));
}

/// From one start to the next: nothing to compare with, then the changes, then none.
#[test]
fn what_changed_since_the_last_time() {
    let root = TempDir::new();
    fs::create_dir(root.file("src")).unwrap();
    fs::write(root.file("src/a"), b"1").unwrap();
    let run = |args: &[&str]| {
        let output =
            Command::new(DEMO).current_dir(root.path()).arg("watch").args(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        (text(output.stdout), text(output.stderr))
    };
    // The file is in the watched directory and is not reported.
    let args = ["--since", "the [tree]", "--once"];
    assert_eq!(run(&args).0, "");
    fs::rename(root.file("src"), root.file("lib")).unwrap();
    fs::write(root.file("new"), b"1").unwrap();
    let (out, _) = run(&args);
    let mut lines: Vec<&str> = out.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["create   new", "rename   src -> lib/"]);
    assert_eq!(run(&args).0, "");
    // Saved elsewhere, so the first one stays as it is.
    let kept = fs::read(root.file("the [tree]")).unwrap();
    fs::remove_file(root.file("new")).unwrap();
    let both = ["--since", "the [tree]", "--save", "other", "--once"];
    assert_eq!(run(&both).0, "delete   new\n");
    assert!(
        fs::read(root.file("the [tree]")).unwrap() == kept && root.path().join("other").exists()
    );
    fs::write(root.file("the [tree]"), b"noise").unwrap();
    let (out, errors) = run(&args);
    assert!(out.is_empty() && errors.contains("starting from scratch"), "{errors}");
    assert!(fs::read(root.file("the [tree]")).unwrap().starts_with(b"orchtree"));
    let names = fs::read_dir(root.path()).unwrap().count();
    assert_eq!(names, 3, "no unfinished file is left");
    // It is saved when it is interrupted, too.
    let mut watching = Watching::start_in(root.path(), &["--since", "the [tree]"]);
    appear(&root, "late");
    assert_eq!(watching.line(), "create   late");
    watching.end();
    assert_eq!(run(&args).0, "");
}

/// File names that would control a terminal are escaped in events, warnings and messages.
#[test]
fn control_characters_are_escaped_everywhere() {
    let root = TempDir::new();
    let (name, shown) = ("x\x1b]0;owned\x07\u{9b}2J", "x\\x1b]0;owned\\x07\\xc2\\x9b2J");
    fs::create_dir(root.file(name)).unwrap();
    let mut watching = Watching::start_in(root.path(), &[name]);
    appear(&root, &format!("{name}/a"));
    assert_eq!(watching.line(), format!("create   {shown}/a"));
    fs::remove_dir_all(root.path().join(name)).unwrap();
    let warning = watching.error_line();
    assert!(warning.contains(shown) && warning.contains("is gone"), "{warning:?}");
    watching.end();
    for args in [&["watch", name][..], &["watch", "--color", name], &[name], &["help", name]] {
        let output = Command::new(DEMO).current_dir(root.path()).args(args).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && !text.is_empty(), "{args:?}");
        let is_raw = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(is_raw), "{args:?}: {text:?}");
    }
}

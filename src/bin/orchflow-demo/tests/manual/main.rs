//! The manual page and the completions of bash, zsh and fish, in `packaging/`.
//!
//! They are generated from what `orchflow-demo help` prints, so that they have every command and option, and
//! compared with what is committed. `make manual` writes them.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod bash;
mod fish;
mod help;
mod page;
#[path = "../../../../../tests/support/mod.rs"]
mod support;
mod zsh;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use help::Help;
use orchflow::SpawnOptions;
use support::files::TempDir;
use support::has_tool;
use support::host::Host;

/// Each file with what it has to contain.
fn files(help: &Help) -> [(&'static str, String); 4] {
    [
        ("orchflow-demo.1", page::generate(help)),
        ("completions/orchflow-demo.bash", bash::generate(help)),
        ("completions/orchflow-demo.zsh", zsh::generate(help)),
        ("completions/orchflow-demo.fish", fish::generate(help)),
    ]
}

fn path(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../packaging")).join(name)
}

#[test]
fn the_committed_files_are_those_of_the_help() {
    let is_written = std::env::var_os("ORCHFLOW_WRITE_MANUAL").is_some();
    for (name, expected) in files(&Help::read()) {
        if is_written {
            fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            fs::write(path(name), &expected).unwrap();
        }
        let found = fs::read_to_string(path(name)).unwrap_or_default();
        assert!(
            found == expected,
            "packaging/{name} differs from the help texts: run `make manual`"
        );
    }
}

/// Every command and every option is in each file, in the form of that file.
#[test]
fn every_option_is_in_each_file() {
    let help = Help::read();
    let names: Vec<&str> = help.commands.iter().map(|command| command.name.as_str()).collect();
    assert_eq!(names, ["run", "replay", "watch", "serve", "attach", "state", "doctor", "help"]);
    let options: Vec<&str> = help
        .commands
        .iter()
        .flat_map(|command| &command.options)
        .map(|option| option.long.as_str())
        .collect();
    for known in ["cols", "idle-max", "exec", "run-first", "token-file", "read-only", "json"] {
        assert!(options.contains(&known), "{known} is not in {options:?}");
    }
    for (name, text) in files(&help) {
        for word in &names {
            assert!(text.contains(word), "{name} has no command {word}");
        }
        for option in &options {
            let forms = [format!("--{option}"), option.replace('-', r"\-"), format!("-l {option}")];
            assert!(forms.iter().any(|form| text.contains(form)), "{name} has no --{option}");
        }
    }
}

fn run(program: &str, args: &[&str]) -> Output {
    Command::new(program).args(args).env_remove("LC_ALL").output().unwrap()
}

fn words(output: &Output) -> Vec<String> {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

/// A command line up to its end, and some words that complete it.
const LINES: [(&str, &[&str]); 8] = [
    ("orchflow-demo wa", &["watch"]),
    ("orchflow-demo help re", &["replay"]),
    ("orchflow-demo run --sn", &["--snapshot-text", "--snapshot-ansi"]),
    ("orchflow-demo watch --on-busy ", &["queue", "restart", "signal", "ignore"]),
    ("orchflow-demo watch --color a", &["auto", "always"]),
    ("orchflow-demo attach unix:a k", &["kill"]),
    ("orchflow-demo state --f", &["--follow"]),
    ("orchflow-demo serve --log-level ", &["error", "warn", "info", "debug"]),
];

#[test]
fn bash_completes() {
    let file = path("completions/orchflow-demo.bash");
    for (line, expected) in LINES {
        let script = format!(
            r#"source '{}'; line={line:?}; COMP_WORDS=($line); [[ $line == *' ' ]] && COMP_WORDS+=("")
            COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _orchflow_demo; printf '%s\n' "${{COMPREPLY[@]}}""#,
            file.display()
        );
        assert_eq!(words(&run("bash", &["--norc", "-c", &script])), expected, "{line}");
    }
}

#[test]
fn fish_completes() {
    if !has_tool("fish") {
        return;
    }
    let file = path("completions/orchflow-demo.fish");
    for (line, expected) in LINES {
        let script = format!("source '{}'; complete -C '{line}'", file.display());
        let mut found = words(&run("fish", &["--no-config", "-c", &script]));
        let mut expected = expected.to_vec();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{line}");
    }
}

/// A line, Tab and Enter in a zsh in a terminal: the words that the demo would get.
#[test]
fn zsh_completes() {
    if !has_tool("zsh") {
        return;
    }
    let (folder, mut host) = (TempDir::new(), Host::new());
    fs::copy(path("completions/orchflow-demo.zsh"), folder.path().join("_orchflow-demo")).unwrap();
    let options = SpawnOptions::program("zsh").args(["-f", "-i"]);
    let id = host.spawn(&options.env("FOLDER", folder.path()));
    let set_up = "fpath=($FOLDER $fpath); autoload -Uz compinit; compinit -u -D; PS1='%%'; \
        orchflow-demo() { print -r -- \"<$*>\" }; print -r -- 'set'\"-up\"\n";
    host.engine.write(id, set_up.as_bytes()).unwrap();
    host.wait_text(id, "set-up");
    for (line, words) in [
        ("wa", "watch"),
        ("help re", "help replay"),
        ("attach unix:a k", "attach unix:a kill"),
        ("attach --read", "attach --read-only"),
        ("state --f", "state --follow"),
        ("serve --log j", "serve --log json"),
        ("watch --on-busy sig", "watch --on-busy signal"),
        ("run -- orchflow-d", "run -- orchflow-demo"),
        ("watch --exec orchflow-d", "watch --exec orchflow-demo"),
    ] {
        host.engine.write(id, format!("orchflow-demo {line}\t\r").as_bytes()).unwrap();
        host.wait_text(id, &format!("<{words}>"));
    }
    host.close(id);
}

/// The manual page is formatted without a warning and shows each option.
#[test]
fn the_manual_page_is_formatted() {
    if !has_tool("groff") {
        return;
    }
    let file = path("orchflow-demo.1");
    let output = run("groff", &["-man", "-ww", "-Tascii", "-P-cbou", file.to_str().unwrap()]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    for shown in ["--detach-key KEYS", "128 + N", "orchflow-demo run -- vim README.md", "\\x1b"] {
        assert!(text.contains(shown), "{shown} is not in {text}");
    }
}

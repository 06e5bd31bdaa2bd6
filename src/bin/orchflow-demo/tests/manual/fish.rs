//! The completion of fish.

use std::fmt::Write;

use super::help::{Choice, Help};

const HEAD: &str = "\
# Completion of fish for orchflow-demo.
# Generated from its help texts; `make manual` writes it.

complete -c orchflow-demo -f
complete -c orchflow-demo -n __fish_use_subcommand -s h -l help -d 'print help'
complete -c orchflow-demo -n __fish_use_subcommand -s V -l version -d 'print the version'
";

pub(crate) fn generate(help: &Help) -> String {
    let mut out = String::from(HEAD);
    let complete = |out: &mut String, condition: &str, rest: &str| {
        let _ = writeln!(out, "complete -c orchflow-demo -n {condition} {rest}");
    };
    for command in &help.commands {
        let rest = format!("-a {} -d {}", command.name, quoted(&command.summary));
        complete(&mut out, "__fish_use_subcommand", &rest);
    }
    for command in &help.commands {
        let condition = format!("'__fish_seen_subcommand_from {}'", command.name);
        let words = match command.name.as_str() {
            "run" => "-a '(__fish_complete_subcommand --fcs-skip=2)'",
            "replay" | "watch" => "-F",
            "attach" => "-a 'list new kill'",
            "help" => "-a 'run replay watch serve attach state'",
            _ => "",
        };
        if !words.is_empty() {
            complete(&mut out, &condition, words);
        }
        for option in &command.options {
            complete(&mut out, &condition, &one_option(option));
        }
    }
    out
}

fn one_option(option: &Choice) -> String {
    let mut out = String::new();
    if let Some(short) = option.short {
        let _ = write!(out, "-s {short} ");
    }
    let _ = write!(out, "-l {}", option.long);
    out += match option.value.as_deref() {
        None => "",
        Some("FILE" | "PATH") => " -r -F",
        Some("DIR") => " -x -a '(__fish_complete_directories)'",
        Some("WHEN") => " -x -a 'auto always never'",
        Some("FORMAT") => " -x -a 'text json'",
        Some("LEVEL") => " -x -a 'error warn info debug'",
        Some("WHAT") => " -x -a 'queue restart signal ignore'",
        Some("SIG") => " -x -a 'TERM INT HUP QUIT KILL USR1 USR2'",
        Some(value) if value.starts_with("[--]") => " -x -a '(__fish_complete_subcommand)'",
        Some(_) => " -x",
    };
    let _ = write!(out, " -d {}", quoted(option.brief()));
    out
}

/// One word for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

//! The completion of bash.

use std::fmt::Write;

use super::help::{Choice, Help, Subcommand};

const HEAD: &str = r#"# Completion of bash for orchflow-demo.
# Generated from its help texts; `make manual` writes it.

_orchflow_demo() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} options= words= word
    COMPREPLY=()
"#;

const TAIL: &str = r#"    esac
    if [[ $cur == -* ]]; then words=$options; fi
    if [[ -n $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    fi
}

complete -o filenames -F _orchflow_demo orchflow-demo
"#;

pub(crate) fn generate(help: &Help) -> String {
    let mut out = String::from(HEAD);
    let names: Vec<&str> = help.commands.iter().map(|command| command.name.as_str()).collect();
    let names = names.join(" ");
    let _ = write!(
        out,
        "    if ((COMP_CWORD == 1)); then\n        \
         mapfile -t COMPREPLY < <(compgen -W '{names} -h --help -V --version' -- \"$cur\")\n        \
         return\n    fi\n"
    );
    out += "    case ${COMP_WORDS[1]} in\n";
    for command in &help.commands {
        one_command(&mut out, command, &names);
    }
    out + TAIL
}

fn one_command(out: &mut String, command: &Subcommand, names: &str) {
    let options: Vec<String> = command
        .options
        .iter()
        .flat_map(|option| {
            let short = option.short.map(|short| format!("-{short}"));
            short.into_iter().chain([format!("--{}", option.long)])
        })
        .collect();
    let _ = write!(out, "    {})\n        options='{}'\n", command.name, options.join(" "));
    match command.name.as_str() {
        "help" => {
            let _ = writeln!(out, "        words='{names}'");
        }
        "attach" => *out += "        ((COMP_CWORD > 2)) && words='list new kill'\n",
        _ => {}
    }
    let rest = if command.name == "watch" { "--exec" } else { "--" };
    if ["run", "watch"].contains(&command.name.as_str()) {
        let _ = write!(
            out,
            "        for word in \"${{COMP_WORDS[@]:2:COMP_CWORD - 2}}\"; do\n            \
             if [[ $word == {rest} ]]; then\n                \
             mapfile -t COMPREPLY < <(compgen -c -f -- \"$cur\")\n                return\n            \
             fi\n        done\n"
        );
    }
    *out += "        case $prev in\n";
    for option in command.options.iter().filter(|option| option.value.is_some()) {
        let _ = writeln!(out, "        --{}) {} ;;", option.long, completes(option));
    }
    if let "run" | "replay" | "watch" = command.name.as_str() {
        let kind = if command.name == "run" { "-c -f" } else { "-f" };
        let _ = writeln!(
            out,
            "        *) [[ $cur != -* ]] && mapfile -t COMPREPLY < <(compgen {kind} -- \"$cur\") ;;"
        );
    }
    *out += "        esac\n        ;;\n";
}

/// What completes the value of an option.
fn completes(option: &Choice) -> String {
    let files = |kind| format!("mapfile -t COMPREPLY < <(compgen {kind} -- \"$cur\"); return");
    match option.value.as_deref() {
        Some("FILE" | "PATH") => files("-f"),
        Some("DIR") => files("-d"),
        Some("WHEN") => "words='auto always never'".into(),
        Some("FORMAT") => "words='text json'".into(),
        Some("LEVEL") => "words='error warn info debug'".into(),
        Some("WHAT") => "words='queue restart signal ignore'".into(),
        Some("SIG") => "words='TERM INT HUP QUIT KILL USR1 USR2'".into(),
        Some("CMD") => files("-c"),
        _ => "return".into(),
    }
}

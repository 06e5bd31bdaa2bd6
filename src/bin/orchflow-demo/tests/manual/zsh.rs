//! The completion of zsh.

use std::fmt::Write;

use super::help::{Choice, Help, Subcommand};

const HEAD: &str = r"#compdef orchflow-demo
# Completion of zsh for orchflow-demo.
# Generated from its help texts; `make manual` writes it.

_orchflow-demo() {
    local -a subcommands
    subcommands=(
";

/// What follows this word is a command line of its own.
const REST: &str = r#"        local -i at=${words[(i)WORD]}
        [[ $words[at+1] == -- ]] && ((at + 1 < CURRENT)) && ((at++))
        if ((at < CURRENT)); then
            words=("${(@)words[at+1,-1]}")
            ((CURRENT -= at))
            _normal
            return
        fi
"#;

const TAIL: &str = "    esac\n}\n\n_orchflow-demo \"$@\"\n";

pub(crate) fn generate(help: &Help) -> String {
    let mut out = String::from(HEAD);
    for command in &help.commands {
        let _ =
            writeln!(out, "        {}", quoted(&format!("{}:{}", command.name, command.summary)));
    }
    out += "    )\n    if ((CURRENT == 2)); then\n        _describe command subcommands\n        \
            _arguments '(-h --help)'{-h,--help}'[print help]' \
            '(-V --version)'{-V,--version}'[print the version]'\n        return\n    fi\n    \
            local subcommand=$words[2]\n    shift words\n    ((CURRENT--))\n    case $subcommand in\n";
    for command in &help.commands {
        one_command(&mut out, command);
    }
    out + TAIL
}

fn one_command(out: &mut String, command: &Subcommand) {
    let mut specs: Vec<String> = command.options.iter().map(spec).collect();
    specs.extend(
        match command.name.as_str() {
            "run" => &["'*::program: _normal'"][..],
            "replay" => &["':recording:_files'"],
            "watch" => &["'*:path:_files'"],
            "attach" => &["':address:()'", "':terminal:(list new kill)'", "'::argument:()'"],
            "state" => &["':address:()'"],
            "help" => &["':command:{_describe command subcommands}'"],
            _ => &[],
        }
        .iter()
        .map(|spec| (*spec).to_owned()),
    );
    let specs = specs.join(" \\\n            ");
    let rest = match command.name.as_str() {
        "run" => REST.replace("WORD", "--"),
        "watch" => REST.replace("WORD", "--exec"),
        _ => String::new(),
    };
    let name = &command.name;
    let _ = write!(
        out,
        "    {name})\n{rest}        _arguments -s : \\\n            {specs}\n        ;;\n"
    );
}

fn spec(option: &Choice) -> String {
    let long = format!("--{}", option.long);
    let text = option.brief().replace('[', "(").replace(']', ")").replace(':', "");
    let value = match option.value.as_deref() {
        None => String::new(),
        Some("FILE" | "PATH") => ":file:_files".into(),
        Some("DIR") => ":directory:_files -/".into(),
        Some("WHEN") => ":when:(auto always never)".into(),
        Some("FORMAT") => ":format:(text json)".into(),
        Some("LEVEL") => ":level:(error warn info debug)".into(),
        Some("WHAT") => ":what:(queue restart signal ignore)".into(),
        Some("SIG") => ":signal:(TERM INT HUP QUIT KILL USR1 USR2)".into(),
        Some(value) if value.starts_with("[--]") => ":*::command: _normal".into(),
        Some(value) => format!(":{}:", value.replace(['[', ']', ':'], " ").trim()),
    };
    let repeats = if option.text.contains("repeatable") { "*" } else { "" };
    match option.short {
        Some(short) => {
            format!("'(-{short} {long})'{{-{short},{long}}}{}", quoted(&format!("[{text}]{value}")))
        }
        None => quoted(&format!("{repeats}{long}[{text}]{value}")),
    }
}

/// One word for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

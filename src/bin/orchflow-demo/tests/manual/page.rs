//! The manual page.

use std::fmt::Write;

use super::help::{Block, Help};

pub(crate) fn generate(help: &Help) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut out = format!(
        ".\\\" Generated from the help texts of orchflow-demo; `make manual` writes it.\n\
         .TH ORCHFLOW\\-DEMO 1 \"\" \"OrchFlow {version}\" \"User Commands\"\n\
         .ad l\n.nh\n.SH NAME\norchflow\\-demo \\- terminals, file watching and state sync as commands\n"
    );
    let mut blocks = help.overview.iter();
    let Some(Block::Paragraph(purpose)) = blocks.next() else { panic!("no purpose") };
    let Some(Block::Usage(usage)) = blocks.next() else { panic!("no usage") };
    out += ".SH SYNOPSIS\n";
    synopsis(&mut out, usage);
    let _ = write!(out, ".SH DESCRIPTION\n{}\n", inline(purpose));
    let mut later = String::new();
    for block in blocks {
        match block {
            // The commands have sections of their own.
            Block::Heading(text) if text == "Commands" => {}
            Block::Table(rows) if rows[0].0 == "run" => {}
            Block::Heading(text) => {
                let _ = writeln!(later, ".SH {}", text.to_uppercase());
            }
            Block::Paragraph(text) => {
                let _ = write!(out, ".PP\n{}\n", inline(text));
            }
            other => render(&mut later, other),
        }
    }
    out += ".SH COMMANDS\n";
    for command in help.commands.iter().filter(|command| !command.text.is_empty()) {
        let _ = writeln!(out, ".SS {}", command.name);
        command.text.iter().for_each(|block| render(&mut out, block));
    }
    out + &later
}

fn render(out: &mut String, block: &Block) {
    match block {
        Block::Usage(usage) => synopsis(out, usage),
        Block::Heading(text) => {
            let _ = write!(out, ".PP\n.B {}\n", escaped(text));
        }
        Block::Paragraph(text) => {
            let _ = write!(out, ".PP\n{}\n", inline(text));
        }
        Block::Table(rows) => {
            for (name, text) in rows {
                let _ = write!(out, ".TP\n.B {}\n{}\n", escaped(name), inline(text));
            }
        }
        Block::Examples(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| inline(line)).collect();
            let _ = write!(out, ".PP\n.EX\n{}\n.EE\n", lines.join("\n"));
        }
    }
}

fn synopsis(out: &mut String, usage: &[String]) {
    let lines: Vec<String> = usage.iter().map(|line| escaped(line)).collect();
    let _ = write!(out, ".nf\n{}\n.fi\n", lines.join("\n"));
}

/// Text that is shown as it is.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let text = text.replace('`', "\\(ga").replace('^', "\\(ha").replace('~', "\\(ti");
    let text = text.replace('\'', "\\(aq");
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}

/// The same, with what stands between backquotes in bold.
fn inline(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        let part = escaped(part);
        out += &if index % 2 == 1 { format!("\\fB{part}\\fR") } else { part };
    }
    out
}

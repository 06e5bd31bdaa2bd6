//! The help texts, taken apart.

use std::process::Command;

pub(crate) struct Help {
    pub(crate) overview: Vec<Block>,
    pub(crate) commands: Vec<Subcommand>,
}

pub(crate) struct Subcommand {
    pub(crate) name: String,
    /// What the overview says about it.
    pub(crate) summary: String,
    pub(crate) text: Vec<Block>,
    pub(crate) options: Vec<Choice>,
}

/// An option.
pub(crate) struct Choice {
    pub(crate) short: Option<char>,
    pub(crate) long: String,
    /// The name of its value, such as `FILE`.
    pub(crate) value: Option<String>,
    pub(crate) text: String,
}

/// A part of a help text.
pub(crate) enum Block {
    Usage(Vec<String>),
    Heading(String),
    Paragraph(String),
    /// Lines with a name and what it means.
    Table(Vec<(String, String)>),
    Examples(Vec<String>),
}

impl Help {
    /// Reads what the demo prints.
    pub(crate) fn read() -> Self {
        let overview = blocks(&print(&["help"]));
        let under = |heading: &str| {
            let at = |block: &Block| matches!(block, Block::Heading(text) if text == heading);
            let found = overview.iter().position(at).unwrap();
            let Block::Table(rows) = &overview[found + 1] else { panic!("{heading} has no table") };
            rows.clone()
        };
        let commands = under("Commands");
        let commands = commands.into_iter().map(|(name, summary)| {
            let is_help = name == "help";
            let text = if is_help { Vec::new() } else { blocks(&print(&["help", &name])) };
            let options = options(&text);
            Subcommand { name, summary, text, options }
        });
        Help { commands: commands.collect(), overview }
    }
}

impl Choice {
    /// Its description up to the first comma, for one line of a list.
    pub(crate) fn brief(&self) -> &str {
        let ends = [";", " (", ": ", ". "].map(|end| self.text.find(end).unwrap_or(usize::MAX));
        let end = ends.into_iter().min().unwrap_or(usize::MAX);
        self.text.get(..end).unwrap_or(&self.text)
    }
}

fn print(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_orchflow-demo")).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn options(text: &[Block]) -> Vec<Choice> {
    let rows = text.iter().flat_map(|block| match block {
        Block::Table(rows) => rows.as_slice(),
        _ => &[],
    });
    rows.filter(|(name, _)| name.starts_with('-'))
        .map(|(name, text)| {
            let (short, rest) = match name.split_once(", ") {
                Some((short, rest)) => (short.chars().nth(1), rest),
                None => (None, name.as_str()),
            };
            let (long, value) = match rest.split_once(' ') {
                Some((long, value)) => (long, Some(value.to_owned())),
                None => (rest, None),
            };
            let long = long.strip_prefix("--").unwrap().to_owned();
            Choice { short, long, value, text: text.clone() }
        })
        .collect()
}

/// The parts of a text. They stand between blank lines, and behind headings.
fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    for part in text.split("\n\n") {
        let mut lines: Vec<&str> = part.lines().collect();
        let heading = lines[0].strip_suffix(':').filter(|_| lines.len() > 1);
        if let Some(heading) = heading {
            found.push(Block::Heading(heading.into()));
            lines.remove(0);
        }
        let examples = heading == Some("Examples");
        found.push(if examples {
            Block::Examples(lines.iter().map(|line| line[2..].to_owned()).collect())
        } else if let Some(usage) = lines[0].strip_prefix("Usage: ") {
            let usage = [usage].into_iter().chain(lines[1..].iter().map(|line| line.trim()));
            Block::Usage(usage.map(String::from).collect())
        } else if lines[0].starts_with("  ") {
            Block::Table(table(&lines))
        } else {
            Block::Paragraph(lines.join(" "))
        });
    }
    found
}

/// The rows of a table: a name, two blanks at least, a description that goes on below itself.
fn table(lines: &[&str]) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for line in lines {
        let line = &line[2..];
        match rows.last_mut() {
            Some((_, text)) if line.starts_with("   ") => {
                let blank = if text.is_empty() { "" } else { " " };
                *text += &format!("{blank}{}", line.trim());
            }
            _ => {
                let (name, text) = line.split_once("  ").unwrap_or((line, ""));
                rows.push((name.into(), text.trim().into()));
            }
        }
    }
    rows
}

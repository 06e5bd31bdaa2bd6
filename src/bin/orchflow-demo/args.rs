//! The command line.

use std::ffi::OsString;

use lexopt::{Arg, Parser, ValueExt};

pub(crate) const USAGE: &str = "\
Usage: orchflow-demo run [OPTIONS] [-- PROGRAM [ARGS...]]
       orchflow-demo

Runs PROGRAM in a terminal of the OrchFlow engine; without one, your shell.
Its output goes to stdout byte for byte, stdin is its input, and its exit
status is the status of this command (128 + N when signal N killed it).

Options:
  --cols N              columns, 1 to 65535 (default: those of this terminal,
                        or 80)
  --rows N              rows, 1 to 65535 (default: those of this terminal, or 24)
  --snapshot-text FILE  at the end, write the screen as text: a line per row,
                        trailing blanks cut
  --snapshot-ansi FILE  at the end, write the screen as control sequences that
                        show it in a terminal of the same size
  -h, --help            show this
  -V, --version         show the version
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Run(RunOptions),
    Help,
    Version,
}

/// `run`: which program, how large.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RunOptions {
    /// The program and its arguments; empty for the user's shell.
    pub(crate) argv: Vec<OsString>,
    pub(crate) cols: Option<u16>,
    pub(crate) rows: Option<u16>,
    /// Where the final screen goes, as text and as control sequences.
    pub(crate) snapshot_text: Option<OsString>,
    pub(crate) snapshot_ansi: Option<OsString>,
}

/// Reads the command line, the program's own name included.
pub(crate) fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Request, lexopt::Error> {
    let mut parser = Parser::from_iter(line);
    let mut options = RunOptions::default();
    let mut command = false;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("cols") if command => options.cols = Some(cells(&mut parser)?),
            Arg::Long("rows") if command => options.rows = Some(cells(&mut parser)?),
            Arg::Long("snapshot-text") if command => options.snapshot_text = Some(parser.value()?),
            Arg::Long("snapshot-ansi") if command => options.snapshot_ansi = Some(parser.value()?),
            Arg::Value(value) if !command => {
                if value != "run" {
                    return Err(format!("unknown command {}", value.to_string_lossy()).into());
                }
                command = true;
            }
            // The first plain word is the program; everything after it belongs to the program.
            Arg::Value(value) => {
                options.argv.push(value);
                options.argv.extend(parser.raw_args()?);
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(Request::Run(options))
}

fn cells(parser: &mut Parser) -> Result<u16, lexopt::Error> {
    let value = parser.value()?;
    match value.parse::<u16>() {
        Ok(cells) if cells > 0 => Ok(cells),
        _ => Err(format!("{} is not a number from 1 to 65535", value.to_string_lossy()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Request, lexopt::Error> {
        parse(["orchflow-demo"].into_iter().chain(words.split_whitespace()).map(OsString::from))
    }

    fn run(argv: &[&str], cols: Option<u16>, rows: Option<u16>) -> Request {
        let argv = argv.iter().map(OsString::from).collect();
        Request::Run(RunOptions { argv, cols, rows, ..RunOptions::default() })
    }

    #[test]
    fn what_is_understood() {
        let table = [
            ("", run(&[], None, None)),
            ("run", run(&[], None, None)),
            ("run -- vim -R x", run(&["vim", "-R", "x"], None, None)),
            ("run ls --cols 3", run(&["ls", "--cols", "3"], None, None)),
            ("run --cols 100 --rows=30 -- a -- b", run(&["a", "--", "b"], Some(100), Some(30))),
            ("--help", Request::Help),
            ("run -h", Request::Help),
            ("-V", Request::Version),
        ];
        for (words, expected) in table {
            assert_eq!(parse_words(words).unwrap(), expected, "{words}");
        }
    }

    #[test]
    fn files_for_the_screen() {
        let options = RunOptions {
            argv: vec!["a".into()],
            snapshot_text: Some("t".into()),
            snapshot_ansi: Some("b".into()),
            ..RunOptions::default()
        };
        let words = "run --snapshot-text t --snapshot-ansi=b a";
        assert_eq!(parse_words(words).unwrap(), Request::Run(options));
    }

    #[test]
    fn what_is_refused() {
        for words in ["walk", "--cols 3", "run --cols", "run --cols 0", "run --rows x", "run --bad"]
            .into_iter()
            .chain(["--snapshot-text x", "run --snapshot-ansi"])
        {
            assert!(parse_words(words).is_err(), "{words}");
        }
        assert!(parse_words("run --cols 65536").is_err());
    }
}

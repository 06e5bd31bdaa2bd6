//! The command line.

mod remote;
mod watch;

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

use crate::help;

pub(crate) use remote::{AttachOptions, ServeOptions, StateOptions, Target};
pub(crate) use watch::{Color, ExecOptions, OnBusy, PathStyle, WatchOptions};

/// What the command line asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    Run(RunOptions),
    Watch(WatchOptions),
    Serve(ServeOptions),
    Attach(AttachOptions),
    State(StateOptions),
    Replay(ReplayOptions),
    /// This help text.
    Help(&'static str),
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
    /// Where the session is recorded.
    pub(crate) record: Option<OsString>,
    /// What is typed, too.
    pub(crate) record_input: bool,
}

/// `replay`: which recording, how fast.
#[derive(Debug, PartialEq)]
pub(crate) struct ReplayOptions {
    pub(crate) file: OsString,
    /// Times as fast as it was recorded; more than 0.
    pub(crate) speed: f64,
    /// The longest pause of the recording that is kept.
    pub(crate) idle_max: Option<Duration>,
}

/// Reads the command line, the program's own name included.
pub(crate) fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Request, lexopt::Error> {
    let mut parser = Parser::from_iter(line);
    match parser.next()? {
        None => Ok(Request::Run(RunOptions::default())),
        Some(Arg::Short('h') | Arg::Long("help")) => Ok(Request::Help(help::OVERVIEW)),
        Some(Arg::Short('V') | Arg::Long("version")) => Ok(Request::Version),
        Some(Arg::Value(command)) if command == "run" => parse_run(&mut parser),
        Some(Arg::Value(command)) if command == "watch" => watch::parse_watch(&mut parser),
        Some(Arg::Value(command)) if command == "serve" => remote::parse_serve(&mut parser),
        Some(Arg::Value(command)) if command == "attach" => remote::parse_attach(&mut parser),
        Some(Arg::Value(command)) if command == "state" => remote::parse_state(&mut parser),
        Some(Arg::Value(command)) if command == "replay" => parse_replay(&mut parser),
        Some(Arg::Value(command)) if command == "help" => parse_help(&mut parser),
        Some(Arg::Value(command)) => Err(unknown(&command)),
        Some(other) => Err(other.unexpected()),
    }
}

/// `help`: of which command.
fn parse_help(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let text = match parser.next()? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => help::OVERVIEW,
        Some(Arg::Value(command)) => help::of(&command).ok_or_else(|| unknown(&command))?,
        Some(other) => return Err(other.unexpected()),
    };
    match parser.next()? {
        None => Ok(Request::Help(text)),
        Some(other) => Err(other.unexpected()),
    }
}

fn unknown(command: &OsStr) -> lexopt::Error {
    format!("unknown command '{}'", command.to_string_lossy()).into()
}

fn parse_run(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let mut options = RunOptions::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help(help::RUN)),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("cols") => options.cols = Some(cells(parser)?),
            Arg::Long("rows") => options.rows = Some(cells(parser)?),
            Arg::Long("snapshot-text") => options.snapshot_text = Some(parser.value()?),
            Arg::Long("record") => options.record = Some(parser.value()?),
            Arg::Long("record-input") => options.record_input = true,
            Arg::Long("snapshot-ansi") => options.snapshot_ansi = Some(parser.value()?),
            // The first plain word is the program; everything after it belongs to the program.
            Arg::Value(value) => {
                options.argv.push(value);
                options.argv.extend(parser.raw_args()?);
            }
            other => return Err(other.unexpected()),
        }
    }
    if options.record_input && options.record.is_none() {
        return Err("--record-input needs --record".into());
    }
    Ok(Request::Run(options))
}

fn parse_replay(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let (mut file, mut speed, mut idle_max) = (None, 1.0, None);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help(help::REPLAY)),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("speed") => speed = number(parser, |n| (n > 0.0).then_some(n))?,
            Arg::Long("idle-max") => {
                let seconds = |n| Duration::try_from_secs_f64(n).ok();
                idle_max = Some(number(parser, seconds)?);
            }
            Arg::Value(value) if file.is_none() => file = Some(value),
            other => return Err(other.unexpected()),
        }
    }
    let file = file.ok_or("replay needs a file")?;
    Ok(Request::Replay(ReplayOptions { file, speed, idle_max }))
}

/// The value of an option, where it is a number that can be meant.
fn number<T>(
    parser: &mut Parser,
    convert: impl FnOnce(f64) -> Option<T>,
) -> Result<T, lexopt::Error> {
    let value = parser.value()?;
    let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
    number
        .and_then(convert)
        .ok_or_else(|| format!("{} is not a number above 0", value.to_string_lossy()).into())
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

    pub(super) fn parse_words(words: &str) -> Result<Request, lexopt::Error> {
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
            ("--help", Request::Help(help::OVERVIEW)),
            ("help", Request::Help(help::OVERVIEW)),
            ("help watch", Request::Help(help::WATCH)),
            ("run -h", Request::Help(help::RUN)),
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
    fn what_to_record_and_replay() {
        let options = RunOptions {
            argv: vec!["a".into()],
            record: Some("f".into()),
            record_input: true,
            ..RunOptions::default()
        };
        let parsed = parse_words("run --record f --record-input a").unwrap();
        assert_eq!(parsed, Request::Run(options));
        for (words, speed, idle_max) in [
            ("replay f", 1.0, None),
            ("replay --speed 2.5 f --idle-max 0.5", 2.5, Some(Duration::from_millis(500))),
        ] {
            let options = ReplayOptions { file: "f".into(), speed, idle_max };
            assert_eq!(parse_words(words).unwrap(), Request::Replay(options));
        }
        for words in ["replay", "replay a b", "replay --speed 0 a", "replay --speed nan a"]
            .into_iter()
            .chain(["replay --idle-max -1 a", "replay --idle-max 1e300 a", "run --record-input a"])
        {
            assert!(parse_words(words).is_err(), "{words}");
        }
    }

    #[test]
    fn what_is_refused() {
        for words in
            ["watch --color blue", "watch --window x .", "watch --json --bad .", "watch --ignore"]
                .into_iter()
                .chain(["help walk", "help run watch", "help --bad"])
        {
            assert!(parse_words(words).is_err(), "{words}");
        }
        for words in ["walk", "--cols 3", "run --cols", "run --cols 0", "run --rows x", "run --bad"]
            .into_iter()
            .chain(["--snapshot-text x", "run --snapshot-ansi"])
        {
            assert!(parse_words(words).is_err(), "{words}");
        }
        assert!(parse_words("run --cols 65536").is_err());
    }
}

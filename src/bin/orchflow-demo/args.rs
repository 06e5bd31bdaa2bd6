//! The command line.

mod remote;
mod watch;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser};

use crate::help;

pub(crate) use remote::{AttachOptions, SHELL_PROFILE, ServeOptions, StateOptions, Target};
pub(crate) use watch::{Color, ExecOptions, OnBusy, PathStyle, WatchOptions};

/// A parsed command line.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    Run(RunOptions),
    Watch(WatchOptions),
    Serve(ServeOptions),
    Attach(AttachOptions),
    State(StateOptions),
    Replay(ReplayOptions),
    Doctor(DoctorOptions),
    /// Prints this help text.
    Help(&'static str),
    Version,
}

/// Options of `run`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RunOptions {
    /// The program and its arguments; empty for the user's shell.
    pub(crate) argv: Vec<OsString>,
    pub(crate) cols: Option<u16>,
    pub(crate) rows: Option<u16>,
    /// The files for the final screen, as text and as control sequences.
    pub(crate) snapshot_text: Option<OsString>,
    pub(crate) snapshot_ansi: Option<OsString>,
    /// The file for the recording.
    pub(crate) record: Option<OsString>,
    /// Also records the input.
    pub(crate) record_input: bool,
}

/// Options of `replay`.
#[derive(Debug, PartialEq)]
pub(crate) struct ReplayOptions {
    pub(crate) file: OsString,
    /// The speed factor, above 0.
    pub(crate) speed: f64,
    /// The maximum length of a pause.
    pub(crate) idle_max: Option<Duration>,
}

/// Options of `doctor`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DoctorOptions {
    pub(crate) json: bool,
    /// The directory with the `proc`, `sys` and `dev` to look at, if it is not `/`.
    pub(crate) root: Option<PathBuf>,
}

/// An invalid command line: the message, and the command with its help text.
#[derive(Debug)]
pub(crate) struct UsageError {
    command: Option<(&'static str, &'static str)>,
    message: String,
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl UsageError {
    fn new(command: Option<(&'static str, &'static str)>, error: lexopt::Error) -> Self {
        let text = command.map_or(help::OVERVIEW, |(_, text)| text);
        UsageError { command, message: describe(error, text) }
    }

    /// The usage of the command, and the command line that prints its help.
    pub(crate) fn hint(&self) -> String {
        let (name, text) = self.command.unwrap_or(("", help::OVERVIEW));
        let command = format!("orchflow-demo help {name}");
        format!("usage: {}; see '{}'", help::usage(text), command.trim_end())
    }
}

/// The message: the argument and what was expected. `help` is the text of the command.
fn describe(error: lexopt::Error, help: &str) -> String {
    match error {
        lexopt::Error::MissingValue { option: Some(option) } => {
            let expected = help::value_name(help, &option).unwrap_or("a value");
            format!("{option}: expected {expected}")
        }
        lexopt::Error::UnexpectedOption(option) => format!("{option}: unknown option"),
        lexopt::Error::UnexpectedArgument(value) => {
            format!("{}: unexpected argument", value.to_string_lossy())
        }
        lexopt::Error::UnexpectedValue { option, value } => {
            format!("{option}={}: the option takes no value", value.to_string_lossy())
        }
        lexopt::Error::NonUnicodeValue(value) => {
            format!("{}: expected UTF-8", value.to_string_lossy())
        }
        other => other.to_string(),
    }
}

/// Parses the command line, including the program's name.
pub(crate) fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Request, UsageError> {
    let mut parser = Parser::from_iter(line);
    let mut command = None;
    parse_command(&mut parser, &mut command).map_err(|error| UsageError::new(command, error))
}

/// Sets `command` once it is known.
fn parse_command(
    parser: &mut Parser,
    command: &mut Option<(&'static str, &'static str)>,
) -> Result<Request, lexopt::Error> {
    let name = match parser.next()? {
        None => return Ok(Request::Serve(ServeOptions::default())),
        Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Request::Help(help::OVERVIEW)),
        Some(Arg::Short('V') | Arg::Long("version")) => return Ok(Request::Version),
        Some(Arg::Value(name)) => name,
        Some(other) => return Err(other.unexpected()),
    };
    *command = help::command(&name);
    match command.map(|(name, _)| name) {
        Some("run") => parse_run(parser),
        Some("watch") => watch::parse_watch(parser),
        Some("serve") => remote::parse_serve(parser),
        Some("attach") => remote::parse_attach(parser),
        Some("state") => remote::parse_state(parser),
        Some("replay") => parse_replay(parser),
        Some("doctor") => parse_doctor(parser),
        _ if name == "help" => parse_help(parser),
        _ => Err(unknown(&name)),
    }
}

/// Parses the arguments of `help`.
fn parse_help(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let text = match parser.next()? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => help::OVERVIEW,
        Some(Arg::Value(name)) if name == "help" => help::OVERVIEW,
        Some(Arg::Value(name)) => help::command(&name).ok_or_else(|| unknown(&name))?.1,
        Some(other) => return Err(other.unexpected()),
    };
    match parser.next()? {
        None => Ok(Request::Help(text)),
        Some(other) => Err(other.unexpected()),
    }
}

fn unknown(name: &OsStr) -> lexopt::Error {
    format!("{}: unknown command", name.to_string_lossy()).into()
}

fn parse_run(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let mut options = RunOptions::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help(help::RUN)),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("cols") => options.cols = Some(cells(parser, "--cols")?),
            Arg::Long("rows") => options.rows = Some(cells(parser, "--rows")?),
            Arg::Long("snapshot-text") => options.snapshot_text = Some(parser.value()?),
            Arg::Long("record") => options.record = Some(parser.value()?),
            Arg::Long("record-input") => options.record_input = true,
            Arg::Long("snapshot-ansi") => options.snapshot_ansi = Some(parser.value()?),
            // The first operand is the program; everything after it belongs to the program.
            Arg::Value(value) => {
                options.argv.push(value);
                options.argv.extend(parser.raw_args()?);
            }
            other => return Err(other.unexpected()),
        }
    }
    if options.record_input && options.record.is_none() {
        return Err("--record-input: expected --record FILE as well".into());
    }
    Ok(Request::Run(options))
}

fn parse_replay(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let (mut file, mut speed, mut idle_max) = (None, 1.0, None);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help(help::REPLAY)),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("speed") => {
                let read = |text: &str| number(text).filter(|n| *n > 0.0);
                speed = value(parser, "--speed", "a number above 0", read)?;
            }
            Arg::Long("idle-max") => {
                let read = |text: &str| Duration::try_from_secs_f64(number(text)?).ok();
                let expected = "seconds, such as 1 or 0.5";
                idle_max = Some(value(parser, "--idle-max", expected, read)?);
            }
            Arg::Value(value) if file.is_none() => file = Some(value),
            other => return Err(other.unexpected()),
        }
    }
    let file = file.ok_or("replay: expected FILE, a recording of `run --record`")?;
    Ok(Request::Replay(ReplayOptions { file, speed, idle_max }))
}

fn parse_doctor(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let mut options = DoctorOptions::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help(help::DOCTOR)),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("json") => options.json = true,
            Arg::Long("root") => options.root = Some(parser.value()?.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Request::Doctor(options))
}

/// The value of an option, converted by `read`; `expected` describes valid values.
fn value<T>(
    parser: &mut Parser,
    option: &str,
    expected: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, lexopt::Error> {
    let value = parser.value()?;
    let text = value.to_string_lossy();
    read(&text).ok_or_else(|| format!("{option} {text}: expected {expected}").into())
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn cells(parser: &mut Parser, option: &str) -> Result<u16, lexopt::Error> {
    let read = |text: &str| text.parse().ok().filter(|cells| *cells > 0);
    value(parser, option, "a number from 1 to 65535", read)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn parse_words(words: &str) -> Result<Request, UsageError> {
        parse(["orchflow-demo"].into_iter().chain(words.split_whitespace()).map(OsString::from))
    }

    fn run(argv: &[&str], cols: Option<u16>, rows: Option<u16>) -> Request {
        let argv = argv.iter().map(OsString::from).collect();
        Request::Run(RunOptions { argv, cols, rows, ..RunOptions::default() })
    }

    #[test]
    fn what_is_understood() {
        let table = [
            ("", Request::Serve(ServeOptions::default())),
            ("run", run(&[], None, None)),
            ("run -- vim -R x", run(&["vim", "-R", "x"], None, None)),
            ("run ls --cols 3", run(&["ls", "--cols", "3"], None, None)),
            ("run --cols 100 --rows=30 -- a -- b", run(&["a", "--", "b"], Some(100), Some(30))),
            ("--help", Request::Help(help::OVERVIEW)),
            ("help", Request::Help(help::OVERVIEW)),
            ("help help", Request::Help(help::OVERVIEW)),
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

    /// The message names the argument and what was expected; the hint is about the command.
    #[test]
    fn what_messages_say() {
        for (words, message, command) in [
            ("run --cols", "--cols: expected N", "run"),
            ("run --cols 0", "--cols 0: expected a number from 1 to 65535", "run"),
            ("replay --speed fast a", "--speed fast: expected a number above 0", "replay"),
            ("watch --ignore", "--ignore: expected GLOB", "watch"),
            ("watch --bad", "--bad: unknown option", "watch"),
            ("watch --json=3", "--json=3: the option takes no value", "watch"),
            ("state a:1 b", "b: unexpected argument", "state"),
            ("walk", "walk: unknown command", ""),
            ("help walk", "walk: unknown command", ""),
            ("--cols 3", "--cols: unknown option", ""),
        ] {
            let error = parse_words(words).unwrap_err();
            assert_eq!(error.to_string(), message, "{words}");
            let hint = error.hint();
            assert!(hint.starts_with(&format!("usage: orchflow-demo {command}")), "{hint}");
            let help = format!("orchflow-demo help {command}");
            assert!(hint.ends_with(&format!("; see '{}'", help.trim_end())), "{hint}");
        }
    }
}

//! The command line of `watch`.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use nix::sys::signal::Signal;

use super::{Request, value};
use crate::help;

/// The default of `--grace`.
const GRACE: Duration = Duration::from_secs(2);

/// Options of `watch`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct WatchOptions {
    /// Empty: the current directory.
    pub(crate) paths: Vec<OsString>,
    pub(crate) json: bool,
    /// Prints the existing files first.
    pub(crate) snapshot: bool,
    pub(crate) window_ms: Option<u64>,
    pub(crate) max_wait_ms: Option<u64>,
    pub(crate) ignore: Vec<String>,
    pub(crate) no_gitignore: bool,
    pub(crate) summary: Option<usize>,
    pub(crate) git_wait_ms: Option<u64>,
    pub(crate) style: PathStyle,
    /// Prints the time of each line.
    pub(crate) time: bool,
    pub(crate) color: Color,
    /// The command to run after changes.
    pub(crate) exec: Option<ExecOptions>,
    /// The file with the tree to compare with, if it exists.
    pub(crate) since: Option<OsString>,
    /// Where the tree is saved at the end, if not to `since`.
    pub(crate) save: Option<OsString>,
    /// Ends once the tree has been compared.
    pub(crate) once: bool,
}

/// How paths are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PathStyle {
    /// Beginning with the root as it was given.
    #[default]
    AsGiven,
    /// Relative to the root; with several roots to the current directory.
    Relative,
    Absolute,
}

/// When to print colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// The command to run after changes, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExecOptions {
    pub(crate) argv: Vec<OsString>,
    pub(crate) on_busy: OnBusy,
    /// The signal that ends a run, or that [`OnBusy::Signal`] sends.
    pub(crate) signal: Option<Signal>,
    /// The time between that signal and SIGKILL.
    pub(crate) grace: Duration,
    /// The time without changes before a run starts.
    pub(crate) debounce: Duration,
    /// Also runs at the start.
    pub(crate) run_first: bool,
}

/// What changes do during a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnBusy {
    /// Run again afterwards.
    #[default]
    Queue,
    /// End the run and start it again.
    Restart,
    /// Send it a signal.
    Signal,
    /// Nothing.
    Ignore,
}

impl ExecOptions {
    pub(crate) fn new(argv: Vec<OsString>) -> Self {
        ExecOptions {
            argv,
            on_busy: OnBusy::default(),
            signal: None,
            grace: GRACE,
            debounce: Duration::ZERO,
            run_first: false,
        }
    }
}

/// The options of `--exec` as they were given.
#[derive(Default)]
struct ExecArgs {
    argv: Option<Vec<OsString>>,
    on_busy: Option<OnBusy>,
    signal: Option<Signal>,
    grace: Option<Duration>,
    debounce: Option<Duration>,
    run_first: bool,
}

pub(super) fn parse_watch(parser: &mut Parser) -> Result<Request, lexopt::Error> {
    let mut options = WatchOptions::default();
    let mut exec = ExecArgs::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help(help::WATCH)),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Long("json") => options.json = true,
            Arg::Long("snapshot") => options.snapshot = true,
            Arg::Long("window") => options.window_ms = Some(ms(parser, "--window")?),
            Arg::Long("max-wait") => options.max_wait_ms = Some(ms(parser, "--max-wait")?),
            Arg::Long("ignore") => options.ignore.push(parser.value()?.string()?),
            Arg::Long("no-gitignore") => options.no_gitignore = true,
            Arg::Long("summary") => {
                let read = |text: &str| text.parse().ok();
                options.summary = Some(value(parser, "--summary", "a number of events", read)?);
            }
            Arg::Long("git-wait") => options.git_wait_ms = Some(ms(parser, "--git-wait")?),
            Arg::Long("relative") => options.style = PathStyle::Relative,
            Arg::Long("absolute") => options.style = PathStyle::Absolute,
            Arg::Long("time") => options.time = true,
            Arg::Long("color") => options.color = value(parser, "--color", COLORS, color)?,
            Arg::Long("since") => options.since = Some(parser.value()?),
            Arg::Long("save") => options.save = Some(parser.value()?),
            Arg::Long("once") => options.once = true,
            Arg::Long("restart") => exec.on_busy = Some(OnBusy::Restart),
            Arg::Long("on-busy") => {
                exec.on_busy = Some(value(parser, "--on-busy", ON_BUSY, on_busy)?)
            }
            Arg::Long("signal") => exec.signal = Some(value(parser, "--signal", SIGNAL, signal)?),
            Arg::Long("grace") => exec.grace = Some(duration(parser, "--grace")?),
            Arg::Long("debounce") => exec.debounce = Some(duration(parser, "--debounce")?),
            Arg::Long("run-first") => exec.run_first = true,
            // Everything after it is the command.
            Arg::Long("exec") => exec.argv = Some(command(parser.raw_args()?.collect())?),
            Arg::Value(path) => options.paths.push(path),
            other => return Err(other.unexpected()),
        }
    }
    options.exec = exec.finish()?;
    Ok(Request::Watch(options))
}

impl ExecArgs {
    fn finish(self) -> Result<Option<ExecOptions>, lexopt::Error> {
        let Some(argv) = self.argv else {
            let given = [
                (self.on_busy == Some(OnBusy::Restart), "--restart"),
                (self.on_busy.is_some(), "--on-busy"),
                (self.signal.is_some(), "--signal"),
                (self.grace.is_some(), "--grace"),
                (self.debounce.is_some(), "--debounce"),
                (self.run_first, "--run-first"),
            ];
            return match given.iter().find(|(is_given, _)| *is_given) {
                Some((_, name)) => Err(format!("{name}: expected --exec CMD as well").into()),
                None => Ok(None),
            };
        };
        let on_busy = self.on_busy.unwrap_or_default();
        if on_busy == OnBusy::Signal && self.signal.is_none() {
            return Err("--on-busy signal: expected --signal SIG as well".into());
        }
        let default = ExecOptions::new(argv);
        Ok(Some(ExecOptions {
            on_busy,
            signal: self.signal,
            grace: self.grace.unwrap_or(default.grace),
            debounce: self.debounce.unwrap_or(default.debounce),
            run_first: self.run_first,
            ..default
        }))
    }
}

/// Several words are run as they are; a single word with blanks is run by a shell.
fn command(mut words: Vec<OsString>) -> Result<Vec<OsString>, lexopt::Error> {
    let is_marked = words.first().is_some_and(|word| word == "--");
    if is_marked {
        words.remove(0);
    }
    let has_blank = |word: &OsString| word.as_encoded_bytes().iter().any(u8::is_ascii_whitespace);
    match words.as_slice() {
        [] => Err("--exec: expected CMD".into()),
        [line] if !is_marked && has_blank(line) => {
            Ok(vec!["/bin/sh".into(), "-c".into(), line.clone()])
        }
        _ => Ok(words),
    }
}

const COLORS: &str = "auto, always or never";
const ON_BUSY: &str = "queue, restart, signal or ignore";
const SIGNAL: &str = "the name or number of a signal, such as TERM or 15";

fn color(text: &str) -> Option<Color> {
    match text {
        "auto" => Some(Color::Auto),
        "always" => Some(Color::Always),
        "never" => Some(Color::Never),
        _ => None,
    }
}

fn on_busy(text: &str) -> Option<OnBusy> {
    match text {
        "queue" => Some(OnBusy::Queue),
        "restart" => Some(OnBusy::Restart),
        "signal" => Some(OnBusy::Signal),
        "ignore" => Some(OnBusy::Ignore),
        _ => None,
    }
}

/// A signal by name, with or without SIG, or by number.
fn signal(text: &str) -> Option<Signal> {
    let upper = text.to_ascii_uppercase();
    let name = if upper.starts_with("SIG") { upper } else { format!("SIG{upper}") };
    let by_number = text.parse().ok().and_then(|number: i32| Signal::try_from(number).ok());
    by_number.or_else(|| name.parse().ok())
}

fn ms(parser: &mut Parser, option: &str) -> Result<u64, lexopt::Error> {
    value(parser, option, "a number of milliseconds", |text| text.parse().ok())
}

fn duration(parser: &mut Parser, option: &str) -> Result<Duration, lexopt::Error> {
    ms(parser, option).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::super::tests::parse_words;
    use super::*;

    fn exec(argv: &[&str]) -> ExecOptions {
        ExecOptions::new(argv.iter().map(OsString::from).collect())
    }

    #[test]
    fn what_to_watch() {
        let options = WatchOptions {
            paths: vec!["a".into(), "b".into()],
            json: true,
            snapshot: true,
            window_ms: Some(10),
            max_wait_ms: Some(20),
            ignore: vec!["*.o".into(), "x".into()],
            no_gitignore: true,
            summary: Some(0),
            git_wait_ms: Some(30),
            time: true,
            color: Color::Never,
            style: PathStyle::Absolute,
            since: Some("s".into()),
            save: Some("t".into()),
            once: true,
            ..WatchOptions::default()
        };
        let words = "watch --json --snapshot --window 10 --max-wait=20 --ignore *.o --ignore x a \
            --no-gitignore --summary 0 --git-wait 30 --time --color never b --absolute \
            --since s --save t --once";
        assert_eq!(parse_words(words).unwrap(), Request::Watch(options));
        assert_eq!(parse_words("watch").unwrap(), Request::Watch(WatchOptions::default()));
    }

    #[test]
    fn what_to_run_for_changes() {
        let restart = |argv| ExecOptions { on_busy: OnBusy::Restart, ..exec(argv) };
        let all = ExecOptions {
            on_busy: OnBusy::Signal,
            signal: Some(Signal::SIGHUP),
            grace: Duration::from_millis(7),
            debounce: Duration::from_millis(300),
            run_first: true,
            ..exec(&["a"])
        };
        for (words, expected) in [
            ("watch a --exec -- make -k --json", exec(&["make", "-k", "--json"])),
            ("watch --restart a --exec make", restart(&["make"])),
            ("watch a --restart --exec -- a -- b", restart(&["a", "--", "b"])),
            (
                "watch a --on-busy signal --signal hup --grace 7 --debounce 300 --run-first --exec a",
                all,
            ),
        ] {
            let options = WatchOptions {
                paths: vec!["a".into()],
                exec: Some(expected),
                ..WatchOptions::default()
            };
            assert_eq!(parse_words(words).unwrap(), Request::Watch(options), "{words}");
        }
        for words in ["watch a --exec", "watch a --exec --", "watch --restart a", "watch --exec"]
            .into_iter()
            .chain(["watch --signal TERM", "watch --on-busy signal --exec a", "watch --grace 1"])
            .chain(["watch --on-busy never --exec a", "watch --signal no --exec a"])
        {
            assert!(parse_words(words).is_err(), "{words}");
        }
    }

    #[test]
    fn a_line_is_for_a_shell() {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let line = command(words(&["make && ./a"])).unwrap();
        assert_eq!(line, words(&["/bin/sh", "-c", "make && ./a"]));
        assert_eq!(command(words(&["--", "/my dir/a"])).unwrap(), words(&["/my dir/a"]));
        assert_eq!(command(words(&["a", "b c"])).unwrap(), words(&["a", "b c"]));
    }

    #[test]
    fn signals_by_name_and_number() {
        for text in ["INT", "int", "SIGINT", "sigint", "2"] {
            assert_eq!(signal(text), Some(Signal::SIGINT), "{text}");
        }
        for text in ["", "SIG", "0", "99", "x"] {
            assert!(signal(text).is_none(), "{text}");
        }
    }
}

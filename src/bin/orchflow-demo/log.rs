//! The log of `serve`: a line for people, or an object of JSON, on stderr.
//!
//! A line has a time, a level, what happened, and what it is about. The journal of systemd has a time of its own and gets
//! the level as a priority in front of the line (`<4>`). A person at a terminal gets neither. Nothing here knows a token,
//! and no line contains one.

use std::fmt::Write;
use std::io::{IsTerminal, stderr};
use std::os::fd::AsFd;

use nix::sys::stat::fstat;
use orchflow::LogLevel;
use serde_json::Value;

use crate::escape::escaped;
use crate::host::{utc, wall_clock_ms};
use crate::messages::put_line;

/// The names of the levels, the most urgent first.
const LEVELS: [(&str, Level); 4] = [
    ("error", Level::Error),
    ("warn", Level::Warn),
    ("info", Level::Info),
    ("debug", Level::Debug),
];

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    /// One object a line.
    Json,
}

impl Format {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Format::Text),
            "json" => Some(Format::Json),
            _ => None,
        }
    }
}

/// How urgent a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Something failed.
    Error,
    /// Something that whoever runs the server should know.
    Warn,
    #[default]
    Info,
    /// What happens in terminals and files.
    Debug,
}

impl Level {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        LEVELS.into_iter().find(|(name, _)| *name == text).map(|(_, level)| level)
    }

    fn name(self) -> &'static str {
        LEVELS.into_iter().find(|(_, level)| *level == self).map_or("", |(name, _)| name)
    }

    /// The priority in syslog's numbers.
    fn priority(self) -> u8 {
        match self {
            Level::Error => 3,
            Level::Warn => 4,
            Level::Info => 6,
            Level::Debug => 7,
        }
    }

    /// The lines of the engine that are wanted at this level.
    pub(crate) fn of_engine(self) -> LogLevel {
        match self {
            Level::Error => LogLevel::Error,
            Level::Warn => LogLevel::Warn,
            Level::Info | Level::Debug => LogLevel::Info,
        }
    }
}

impl From<LogLevel> for Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Level::Error,
            LogLevel::Warn => Level::Warn,
            LogLevel::Info => Level::Info,
        }
    }
}

/// Who reads the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// Somebody at a terminal, who asked for no format.
    Person,
    Journal,
    /// A file or a program.
    Other,
}

/// Where and how lines are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    level: Level,
    format: Format,
    reader: Reader,
}

/// What a line is about: a name, which needs no escape in JSON, and a value.
pub(crate) type Field = (&'static str, Value);

impl Log {
    pub(crate) fn new(level: Level, format: Option<Format>) -> Self {
        let reader = if is_journal(std::env::var("JOURNAL_STREAM").ok().as_deref()) {
            Reader::Journal
        } else if format.is_none() && stderr().is_terminal() {
            Reader::Person
        } else {
            Reader::Other
        };
        Log { level, format: format.unwrap_or(Format::Text), reader }
    }

    /// Somebody reads the lines as they come.
    pub(crate) fn is_for_a_person(&self) -> bool {
        self.reader == Reader::Person
    }

    pub(crate) fn error(&self, text: &str) {
        self.write(Level::Error, text, &[]);
    }

    pub(crate) fn warn(&self, text: &str) {
        self.write(Level::Warn, text, &[]);
    }

    pub(crate) fn info(&self, text: &str) {
        self.write(Level::Info, text, &[]);
    }

    /// Whether lines of this level are written.
    pub(crate) fn has(&self, level: Level) -> bool {
        level <= self.level
    }

    /// Writes a line, if its level is wanted.
    pub(crate) fn write(&self, level: Level, text: &str, fields: &[Field]) {
        if self.has(level) {
            let now = wall_clock_ms();
            let line = self.line(now, level, text, fields);
            put_line(&line, |dropped| self.line(now, Level::Warn, dropped, &[]));
        }
    }

    /// The line, without its end. Pure.
    fn line(&self, now_ms: i64, level: Level, text: &str, fields: &[Field]) -> String {
        let priority = match self.reader {
            Reader::Journal => format!("<{}>", level.priority()),
            Reader::Person | Reader::Other => String::new(),
        };
        match (self.format, self.reader) {
            (Format::Json, _) => priority + &object(now_ms, level, text, fields),
            (Format::Text, Reader::Person) => format!("orchflow-demo: {}", escaped(text)),
            (Format::Text, Reader::Journal) => priority + &with_fields(&escaped(text), fields),
            (Format::Text, Reader::Other) => {
                let text = with_fields(&escaped(text), fields);
                format!("{} {:5} {text}", utc(now_ms), level.name())
            }
        }
    }
}

fn with_fields(text: &str, fields: &[Field]) -> String {
    let mut line = text.to_owned();
    for (name, value) in fields {
        // Writing to a string cannot fail.
        let _ = write!(line, " {name}={}", without_controls(&value.to_string()));
    }
    line
}

fn object(now_ms: i64, level: Level, text: &str, fields: &[Field]) -> String {
    let common =
        [("time", utc(now_ms).into()), ("level", level.name().into()), ("message", text.into())];
    let members: Vec<String> =
        common.iter().chain(fields).map(|(name, value)| format!("\"{name}\":{value}")).collect();
    without_controls(&format!("{{{}}}", members.join(",")))
}

/// JSON with DEL and the C1 controls as escapes; serde_json escapes only C0 controls.
fn without_controls(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for each in json.chars() {
        match each.is_control() {
            // Writing to a string cannot fail.
            true => drop(write!(out, "\\u{:04x}", u32::from(each))),
            false => out.push(each),
        }
    }
    out
}

/// Whether stderr is the stream that the journal has given: `variable` is its device and inode.
fn is_journal(variable: Option<&str>) -> bool {
    let Some((device, inode)) = variable.and_then(|text| text.split_once(':')) else {
        return false;
    };
    let found = fstat(stderr().as_fd());
    found.is_ok_and(|found| device.parse() == Ok(found.st_dev) && inode.parse() == Ok(found.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_700_000_000_123;

    fn log(format: Format, reader: Reader) -> Log {
        Log { level: Level::Info, format, reader }
    }

    #[test]
    fn what_a_line_looks_like() {
        let fields = [("client", Value::from(7)), ("path", "a\u{9b} \"b\"".into())];
        for (format, reader, expected) in [
            (Format::Text, Reader::Person, r"orchflow-demo: gone\x0ahere".to_owned()),
            (
                Format::Text,
                Reader::Other,
                r#"2023-11-14T22:13:20.123Z warn  gone\x0ahere client=7 path="a\u009b \"b\"""#
                    .to_owned(),
            ),
            (
                Format::Text,
                Reader::Journal,
                r#"<4>gone\x0ahere client=7 path="a\u009b \"b\"""#.to_owned(),
            ),
            (
                Format::Json,
                Reader::Other,
                r#"{"time":"2023-11-14T22:13:20.123Z","level":"warn","message":"gone\nhere","client":7,"path":"a\u009b \"b\""}"#
                    .to_owned(),
            ),
        ] {
            let line = log(format, reader).line(NOW_MS, Level::Warn, "gone\nhere", &fields);
            assert_eq!(line, expected);
        }
        let line = log(Format::Json, Reader::Journal).line(NOW_MS, Level::Error, "x", &[]);
        let object: Value = serde_json::from_str(line.strip_prefix("<3>").unwrap()).unwrap();
        assert_eq!(object["message"], "x");
    }

    #[test]
    fn levels_are_ordered() {
        let log = log(Format::Text, Reader::Other);
        for (level, is_written) in
            [(Level::Error, true), (Level::Warn, true), (Level::Info, true), (Level::Debug, false)]
        {
            assert_eq!(log.has(level), is_written, "{level:?}");
            assert!(!level.name().is_empty());
            assert_eq!(Level::from(level.of_engine()), level.min(Level::Info));
        }
    }

    #[test]
    fn the_journal_is_known_by_its_inode() {
        let found = fstat(stderr().as_fd()).unwrap();
        let (device, inode) = (found.st_dev, found.st_ino);
        assert!(is_journal(Some(&format!("{device}:{inode}"))));
        for other in [format!("{device}:{}", inode + 1), "".into(), "1".into(), ":".into()] {
            assert!(!is_journal(Some(&other)), "{other}");
        }
        assert!(!is_journal(None));
    }
}

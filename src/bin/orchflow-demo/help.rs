//! The help texts, and what other parts of the demo read from them: usage lines and names of values.

use std::ffi::OsStr;

pub(crate) const OVERVIEW: &str = include_str!("help/overview.txt");
pub(crate) const RUN: &str = include_str!("help/run.txt");
pub(crate) const REPLAY: &str = include_str!("help/replay.txt");
pub(crate) const WATCH: &str = include_str!("help/watch.txt");
pub(crate) const SERVE: &str = include_str!("help/serve.txt");
pub(crate) const ATTACH: &str = include_str!("help/attach.txt");
pub(crate) const DOCTOR: &str = include_str!("help/doctor.txt");
pub(crate) const STATE: &str = include_str!("help/state.txt");

/// Each command with its text.
const TEXTS: [(&str, &str); 7] = [
    ("run", RUN),
    ("replay", REPLAY),
    ("watch", WATCH),
    ("serve", SERVE),
    ("attach", ATTACH),
    ("state", STATE),
    ("doctor", DOCTOR),
];

/// The name of a command and its help text.
pub(crate) fn command(name: &OsStr) -> Option<(&'static str, &'static str)> {
    TEXTS.into_iter().find(|(known, _)| name == *known)
}

/// The first usage line of a help text.
pub(crate) fn usage(text: &str) -> &str {
    let line = text.lines().find_map(|line| line.strip_prefix("Usage: "));
    line.unwrap_or_default()
}

/// What a help text calls the value of an option, such as `FILE`.
pub(crate) fn value_name<'a>(text: &'a str, option: &str) -> Option<&'a str> {
    let line = text.lines().map(str::trim_start).find(|line| {
        line.strip_prefix(option)
            .is_some_and(|rest| rest.starts_with([' ', ',']) || rest.is_empty())
    })?;
    let value = line[option.len()..].split("  ").next()?.trim();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each command is in the overview, and each text is about its command and fits a terminal.
    #[test]
    fn every_command_has_its_text() {
        for (name, text) in TEXTS {
            assert!(OVERVIEW.contains(&format!("\n  {name} ")), "{name}");
            assert!(text.starts_with(&format!("Usage: orchflow-demo {name} ")), "{name}");
            assert!(text.contains(&format!("\nExamples:\n  orchflow-demo {name}")), "{name}");
            assert!(text.ends_with('\n') && text.lines().all(|line| line.len() <= 80), "{name}");
        }
        assert!(OVERVIEW.lines().all(|line| line.len() <= 80));
    }

    #[test]
    fn values_have_names() {
        assert_eq!(value_name(RUN, "--cols"), Some("N"));
        assert_eq!(value_name(WATCH, "--exec"), Some("[--] CMD [ARG...]"));
        assert_eq!(value_name(RUN, "--record"), Some("FILE"));
        assert_eq!(value_name(RUN, "--record-input"), None);
        assert_eq!(value_name(RUN, "--bad"), None);
        assert_eq!(usage(STATE), "orchflow-demo state [OPTIONS] ADDRESS");
    }
}

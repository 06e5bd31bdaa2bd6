//! The one error type of the engine: a kind to branch on, a message to show, and the system's error
//! number where the system said no.
//!
//! A call that returns an error has had no effect, unless its documentation says otherwise.

use std::borrow::Cow;
use std::fmt;

use nix::errno::Errno;

/// What went wrong, as something a program can branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is outside its documented range, or contradicts another one.
    InvalidArgument,
    /// The id names something that no longer exists, or never did.
    StaleId,
    /// A bound of [`Limits`](crate::Limits) is reached; the message names it.
    LimitReached,
    /// The program is not in the child's `PATH`, or the path names no file.
    ProgramNotFound,
    /// The program exists and cannot be executed.
    NotExecutable,
    /// The working directory does not exist or cannot be entered.
    WorkingDirectory,
    /// The system has no free PTY (`/proc/sys/kernel/pty/max`).
    OutOfPtys,
    /// The process or the system has no free file descriptor.
    OutOfDescriptors,
    /// The terminal is being closed and takes no more commands.
    Closing,
    /// The terminal's program or its PTY has ended, so the command has no object.
    Ended,
    /// The terminal was made without a screen, and the call is about the screen.
    NoScreen,
    /// A path to watch names nothing.
    NotFound,
    /// The system does not let us see a path to watch.
    PermissionDenied,
    /// A part of a path to watch is no directory.
    NotADirectory,
    /// An entry of the state has changed since the version that a change was made from.
    Conflict,
    /// The token of a client does not allow it.
    Forbidden,
    /// An earlier operation for the same terminal in the same batch failed; this one was not tried.
    Skipped,
    /// There is no connection to the other engine at the moment.
    Disconnected,
    /// The engine was used in a forked child of the process that made it.
    Forked,
    /// The engine that a [`Sender`](crate::Sender) posts to is gone or shutting down.
    EngineGone,
    /// The system refused for a reason without a kind of its own; see [`Error::errno`].
    System,
}

impl ErrorKind {
    /// A name for counts, which does not change.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ErrorKind::InvalidArgument => "invalid_argument",
            ErrorKind::StaleId => "stale_id",
            ErrorKind::LimitReached => "limit_reached",
            ErrorKind::ProgramNotFound => "program_not_found",
            ErrorKind::NotExecutable => "not_executable",
            ErrorKind::WorkingDirectory => "working_directory",
            ErrorKind::OutOfPtys => "out_of_ptys",
            ErrorKind::OutOfDescriptors => "out_of_descriptors",
            ErrorKind::Closing => "closing",
            ErrorKind::Ended => "ended",
            ErrorKind::NoScreen => "no_screen",
            ErrorKind::NotFound => "not_found",
            ErrorKind::PermissionDenied => "permission_denied",
            ErrorKind::NotADirectory => "not_a_directory",
            ErrorKind::Conflict => "conflict",
            ErrorKind::Forbidden => "forbidden",
            ErrorKind::Skipped => "skipped",
            ErrorKind::Disconnected => "disconnected",
            ErrorKind::Forked => "forked",
            ErrorKind::EngineGone => "engine_gone",
            ErrorKind::System => "system",
        }
    }
}

/// An error of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    errno: Option<i32>,
}

/// The result of a call into the engine.
pub type Result<T> = std::result::Result<T, Error>;

/// A text for people in one line: what breaks lines, and other control characters, are a space. Paths, patterns
/// and what another program sent may have them, and whoever shows the text would show something else.
pub(crate) fn one_line(text: Cow<'static, str>) -> Cow<'static, str> {
    // Nearly all texts are ours, or plain.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    if matches!(text, Cow::Borrowed(_)) || text.as_bytes().iter().all(is_plain) {
        return text;
    }
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if !text.contains(breaks) {
        return text;
    }
    let parts = text.split(breaks).map(str::trim).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ").into()
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Error { kind, message: one_line(message.into()), errno: None }
    }

    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(ErrorKind::InvalidArgument, message)
    }

    pub(crate) fn limit(message: impl Into<Cow<'static, str>>) -> Self {
        Error::new(ErrorKind::LimitReached, message)
    }

    /// An error the system reported while doing `what`; exhausted descriptors get their own kind.
    pub(crate) fn system(what: &'static str, errno: Errno) -> Self {
        let kind = match errno {
            Errno::EMFILE | Errno::ENFILE => ErrorKind::OutOfDescriptors,
            _ => ErrorKind::System,
        };
        Error::new(kind, format!("{what}: {}", errno.desc())).with_errno(errno)
    }

    pub(crate) fn with_errno(mut self, errno: Errno) -> Self {
        self.errno = Some(errno as i32);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The explanation alone, without the kind; one line, made for a person.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The system's error number (`errno`) where a system call was the cause.
    pub fn errno(&self) -> Option<i32> {
        self.errno
    }

    /// Whether an id was stale: what it named is gone.
    pub fn is_stale_id(&self) -> bool {
        self.kind == ErrorKind::StaleId
    }

    /// Whether a bound of [`Limits`](crate::Limits) was reached.
    pub fn is_limit_reached(&self) -> bool {
        self.kind == ErrorKind::LimitReached
    }

    /// Whether a program to start was not found.
    pub fn is_program_not_found(&self) -> bool {
        self.kind == ErrorKind::ProgramNotFound
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        for (text, expected) in [
            ("as it is", "as it is"),
            (" as  it is ", " as  it is "),
            ("a\nb", "a b"),
            (
                "regex parse error:\n    (\n    ^\nerror: unclosed group",
                "regex parse error: ( ^ error: unclosed group",
            ),
            ("/a\u{1b}]0;x\u{7}/b\r\n", "/a ]0;x /b"),
            ("a\u{85}b\u{2028}c\u{2029}d\u{9b}e\0f\tg\u{7f}", "a b c d e f g"),
            ("\n", ""),
        ] {
            assert_eq!(Error::invalid(text.to_owned()).message(), expected, "{text:?}");
        }
    }
}

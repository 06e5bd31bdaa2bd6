//! Why a command failed, and the exit status for it.

use std::io;
use std::process::ExitCode;

use nix::errno::Errno;
use orchflow::ErrorKind;

use crate::report;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Stdout is closed. Reported by the exit status alone, as filters do.
    StdoutClosed,
    Engine(orchflow::Error),
    /// A file or directory from the command line.
    File(io::Error),
    /// The server, or the connection to it.
    Remote(String),
    /// A system call of the demo.
    Host(&'static str, Errno),
}

impl Failure {
    /// Reports it on stderr and returns the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        if let Some(text) = self.text() {
            report(&text);
        }
        self.status()
    }

    /// What is reported; `None` for what the exit status says alone.
    pub(crate) fn text(&self) -> Option<String> {
        Some(match self {
            Failure::StdoutClosed => return None,
            Failure::Engine(error) => error.to_string(),
            Failure::File(error) => error.to_string(),
            Failure::Remote(text) => text.clone(),
            Failure::Host(what, errno) => format!("{what}: {}", errno.desc()),
        })
    }

    /// The exit status.
    pub(crate) fn status(&self) -> ExitCode {
        if let Failure::StdoutClosed = self {
            return ExitCode::from(128 + libc::SIGPIPE as u8);
        }
        let kind = if let Failure::Engine(error) = self { Some(error.kind()) } else { None };
        ExitCode::from(match kind {
            Some(ErrorKind::ProgramNotFound) => 127,
            Some(ErrorKind::NotExecutable) => 126,
            _ => 1,
        })
    }
}

impl From<orchflow::Error> for Failure {
    fn from(error: orchflow::Error) -> Self {
        Failure::Engine(error)
    }
}

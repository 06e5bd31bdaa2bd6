//! Why a command did not start or broke off, and the exit status for it.

use std::io;
use std::process::ExitCode;

use nix::errno::Errno;
use orchflow::ErrorKind;

use crate::complain;

/// Why a session did not start or broke off.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads our output any more; said by the status alone, as by any filter.
    StdoutClosed,
    Engine(orchflow::Error),
    /// A file or directory that was named.
    File(io::Error),
    /// The other engine, or the way to it.
    Remote(String),
    /// A system call of our own.
    Host(&'static str, Errno),
}

impl Failure {
    /// Says it, and gives the exit status for it.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Failure::StdoutClosed => return ExitCode::from(128 + libc::SIGPIPE as u8),
            Failure::Engine(error) => complain(&error.to_string()),
            Failure::File(error) => complain(&error.to_string()),
            Failure::Remote(text) => complain(text),
            Failure::Host(what, errno) => complain(&format!("{what}: {}", errno.desc())),
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

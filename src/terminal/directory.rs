//! The working directory of a terminal's programs, for the application state.
//!
//! Changing it makes no event, so it is looked up in /proc once the terminal has been quiet for [`QUIET`]
//! after output, at most once in [`PAUSE`]. A terminal that does nothing costs nothing. Looks begin when the
//! server listens: until then nobody mirrors the state.

use std::os::unix::ffi::OsStringExt;
use std::time::{Duration, Instant};

use super::key::Alarm;
use super::{Terminal, Terminals};
use crate::id::TerminalId;
use crate::reactor::Reactor;

/// The prompt that follows a command is complete by then.
const QUIET: Duration = Duration::from_millis(50);
/// At most two looks a second.
const PAUSE: Duration = Duration::from_millis(500);

impl Terminal {
    /// When the directory may be looked up.
    fn look_at(&self, now: Instant) -> Instant {
        let quiet = self.last_output.map_or(now, |at| at + QUIET);
        let rested = self.directory.looked.map_or(now, |at| at + PAUSE);
        quiet.max(rested)
    }

    fn expect_directory(&mut self, reactor: &mut Reactor) {
        if self.pty.is_some() && self.directory.timer.is_none() {
            let at = self.look_at(reactor.now());
            self.directory.timer = Some(reactor.set_timer(at, Alarm::Directory(self.id)));
        }
    }

    /// Whether it is another one than before.
    fn look_up_directory(&mut self, reactor: &mut Reactor) -> bool {
        self.directory.timer = None;
        let now = reactor.now();
        if self.look_at(now) > now {
            self.expect_directory(reactor);
            return false;
        }
        self.directory.looked = Some(now);
        let path = self.foremost_cwd().map(|path| path.into_os_string().into_vec());
        let is_new = path.is_some() && path != self.directory.path;
        if is_new {
            self.directory.path = path;
        }
        is_new
    }

    /// The terminal goes.
    pub(super) fn cancel_directory_lookup(&mut self, reactor: &mut Reactor) {
        if let Some(timer) = self.directory.timer.take() {
            reactor.cancel_timer(timer);
        }
    }
}

impl Terminals {
    /// Something happened in a terminal after which its programs may be in another directory.
    pub(crate) fn expect_directory(&mut self, id: TerminalId, reactor: &mut Reactor) {
        if let Ok(terminal) = self.table.get_mut(id) {
            terminal.expect_directory(reactor);
        }
    }

    pub(crate) fn expect_all_directories(&mut self, reactor: &mut Reactor) {
        for terminal in self.table.values_mut() {
            terminal.expect_directory(reactor);
        }
    }

    pub(super) fn on_directory_alarm(&mut self, id: TerminalId, reactor: &mut Reactor) {
        let Ok(terminal) = self.table.get_mut(id) else { return };
        if terminal.look_up_directory(reactor) {
            self.touch(id);
        }
    }
}

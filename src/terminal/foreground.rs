//! What the application state shows of the program in the foreground: its name, its working directory, and
//! whether it hides what is typed.
//!
//! None of these makes an event when it changes, so they are looked at once the terminal has been quiet for
//! [`QUIET`] after output or input, at most once in [`PAUSE`], and once more after that time: a program may be slow to
//! begin, or go on to turn the echo off without a word. So is a look that finds something new. A terminal that does
//! nothing costs nothing. Looks begin when the server listens: until then nobody mirrors the state.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::{Duration, Instant};

use super::key::Alarm;
use super::pty::Pty;
use super::{Found, Terminal, Terminals, procfs};
use crate::id::TerminalId;
use crate::reactor::Reactor;

/// The prompt that follows a command is complete by then.
const QUIET: Duration = Duration::from_millis(50);
/// At most two looks a second.
const PAUSE: Duration = Duration::from_millis(500);

/// When a look may be: the terminal was quiet since the last time that something happened in it, and the look
/// before is long enough ago.
fn look_at(last_sign: Instant, looked: Option<Instant>) -> Instant {
    let quiet = last_sign + QUIET;
    looked.map_or(quiet, |at| quiet.max(at + PAUSE))
}

impl Terminal {
    fn look_at(&self) -> Instant {
        let signs = [self.last_output, self.last_input].into_iter().flatten();
        look_at(signs.fold(self.started, Instant::max), self.foreground.looked)
    }

    /// Something happened after which another program may be in the foreground.
    pub(super) fn expect_look(&mut self, reactor: &mut Reactor) {
        self.foreground.looks_twice = true;
        self.set_look_timer(reactor);
    }

    fn set_look_timer(&mut self, reactor: &mut Reactor) {
        if self.pty.is_some() && self.foreground.timer.is_none() {
            let at = self.look_at();
            self.foreground.timer = Some(reactor.set_timer(at, Alarm::Foreground(self.id)));
        }
    }

    /// Looks, if it is time. Whether something is new.
    fn look_at_foreground(&mut self, reactor: &mut Reactor) -> bool {
        self.foreground.timer = None;
        let now = reactor.now();
        if self.look_at() > now {
            self.set_look_timer(reactor);
            return false;
        }
        self.foreground.looked = Some(now);
        let known = &self.foreground.found;
        let foremost = self.foremost();
        let cwd = self.cwd_of(foremost).map(|path| path.into_os_string().into_vec());
        let name = foremost.and_then(procfs::name).unwrap_or_default();
        let found = Found {
            // One that was removed is still the last that was known.
            cwd: cwd.or_else(|| known.cwd.clone()),
            program: name.as_bytes().into(),
            hides_input: self.pty.as_ref().is_some_and(Pty::hides_input),
        };
        let is_new = found != *known;
        if is_new {
            self.foreground.found = found;
        }
        if std::mem::take(&mut self.foreground.looks_twice) || is_new {
            self.set_look_timer(reactor);
        }
        is_new
    }

    /// The terminal goes.
    pub(super) fn cancel_look(&mut self, reactor: &mut Reactor) {
        if let Some(timer) = self.foreground.timer.take() {
            reactor.cancel_timer(timer);
        }
    }
}

impl Terminals {
    /// From now on, terminals show what is in their foreground.
    pub(crate) fn look_at_foregrounds(&mut self, reactor: &mut Reactor) {
        if !std::mem::replace(&mut self.looks_at_foregrounds, true) {
            self.table.values_mut().for_each(|terminal| terminal.expect_look(reactor));
        }
    }

    pub(super) fn on_foreground_alarm(&mut self, id: TerminalId, reactor: &mut Reactor) {
        let Ok(terminal) = self.table.get_mut(id) else { return };
        if terminal.look_at_foreground(reactor) {
            self.touch(id);
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    #[test]
    fn a_look_waits_for_quiet_and_for_the_look_before() {
        let start = Instant::now();
        let ms = |ms| start + Duration::from_millis(ms);
        for (last_sign, looked, wanted) in [
            (0, None, 50),
            (700, None, 750),
            (700, Some(100), 750),
            (700, Some(250), 750),
            (700, Some(260), 760),
            (700, Some(700), 1200),
        ] {
            assert_eq!(
                look_at(ms(last_sign), looked.map(ms)),
                ms(wanted),
                "{last_sign} {looked:?}"
            );
        }
    }
}

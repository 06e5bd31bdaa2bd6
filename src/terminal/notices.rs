//! Notices of terminals, for the server: which are wanted, and when they are sent.
//!
//! A terminal's notices go out with the turn in which they happen, and then at most once in [`PAUSE`]: what comes
//! meanwhile waits in its screen, where a flood is counted or replaced by what is newer. A terminal without a
//! notice that waits has no timer.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::key::Alarm;
use super::screen::{NoticeKinds, TerminalNotice};
use super::{Terminal, Terminals};
use crate::id::TerminalId;
use crate::reactor::Reactor;

/// At most ten times a second.
const PAUSE: Duration = Duration::from_millis(100);

/// A notice on its way to the clients.
#[derive(Debug)]
pub(crate) struct SentNotice {
    pub(crate) terminal: TerminalId,
    /// Its number among those of the terminal.
    pub(crate) seq: u64,
    /// When it happened; of what happened several times, the last.
    pub(crate) at: Instant,
    pub(crate) notice: TerminalNotice,
}

impl Terminals {
    /// Clients want notices of these kinds from now on, and no others.
    pub(crate) fn want_notices(&mut self, kinds: NoticeKinds) {
        self.notice_kinds = kinds;
        for terminal in self.table.values_mut() {
            if let Some(screen) = &mut terminal.screen {
                screen.want_notices(kinds);
            }
        }
    }

    /// Whether notices of a terminal wait.
    pub(crate) fn has_notices(&self, id: TerminalId) -> bool {
        self.get(id).is_ok_and(|terminal| {
            terminal.screen.as_ref().is_some_and(|screen| screen.has_notices())
        })
    }

    /// Takes the notices of a terminal if it is time; else the terminal is touched when it is.
    pub(crate) fn take_notices(
        &mut self,
        id: TerminalId,
        taken: &mut VecDeque<SentNotice>,
        reactor: &mut Reactor,
    ) {
        if let Ok(terminal) = self.table.get_mut(id) {
            terminal.take_notices(taken, reactor);
        }
    }

    pub(super) fn on_notices_alarm(&mut self, id: TerminalId) {
        if let Ok(terminal) = self.table.get_mut(id) {
            terminal.notice_timer = None;
            self.touch(id);
        }
    }
}

impl Terminal {
    fn take_notices(&mut self, taken: &mut VecDeque<SentNotice>, reactor: &mut Reactor) {
        let Some(screen) = self.screen.as_mut().filter(|screen| screen.has_notices()) else {
            return;
        };
        let now = reactor.now();
        if let Some(at) = self.notices_sent.map(|sent| sent + PAUSE).filter(|at| *at > now) {
            if self.notice_timer.is_none() {
                self.notice_timer = Some(reactor.set_timer(at, Alarm::Notices(self.id)));
            }
            return;
        }
        self.notices_sent = Some(now);
        let (terminal, started) = (self.id, self.started);
        taken.extend(std::iter::from_fn(|| screen.take_notice()).map(|numbered| SentNotice {
            terminal,
            seq: numbered.seq,
            at: started + numbered.at,
            notice: numbered.notice,
        }));
    }
}

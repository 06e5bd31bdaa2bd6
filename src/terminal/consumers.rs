//! A terminal's output as its consumers see it.

use super::output::{Cleared, Landmarks, Output, Reader, Shown};
use super::screen::Screen;
use super::{OutputLog, Terminal};

impl Terminal {
    /// What consumers see.
    pub(super) fn output(&self) -> Output<'_> {
        output(&self.log, self.screen.as_deref(), self.cleared, self.output_is_over())
    }

    /// What consumers see, and those of the host.
    pub(super) fn consumers(&mut self) -> (Output<'_>, &mut [Reader]) {
        let is_over = self.output_is_over();
        let seen = output(&self.log, self.screen.as_deref(), self.cleared, is_over);
        (seen, &mut self.readers)
    }

    /// Whether there will be no more output.
    fn output_is_over(&self) -> bool {
        self.pty.is_none() || self.known_exit().is_some()
    }
}

fn output<'a>(
    log: &'a OutputLog,
    screen: Option<&'a Screen>,
    cleared: Cleared,
    is_over: bool,
) -> Output<'a> {
    Output { log, screen: screen.map(|screen| screen as &dyn Landmarks), cleared, is_over }
}

impl Landmarks for Screen {
    fn first_cut(&self, from: u64) -> Option<u64> {
        Screen::first_cut(self, from)
    }

    fn next_query(&self, offset: u64) -> Option<(u64, u64)> {
        Screen::next_query(self, offset)
    }

    fn unfinished_query(&self) -> Option<u64> {
        Screen::unfinished_query(self)
    }
}

impl Shown for Screen {
    fn generation(&self) -> u64 {
        Screen::generation(self)
    }

    fn is_stale(&self) -> bool {
        Screen::is_stale(self)
    }

    fn look(&mut self) -> u64 {
        Screen::look(self)
    }
}

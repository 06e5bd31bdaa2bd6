//! A consumer of a terminal's output: how far it has come, and what it gets next.
//!
//! Readers of the host and attachments of clients are consumers alike. Two things differ: how they are
//! brought over what they do not get ([`OnLoss`]), and up to where they may be given output now, which
//! whoever asks says. A viewer of the screen gets no bytes; a [`View`] says when it is shown what changed.

use std::time::{Duration, Instant};

use super::log::OutputLog;
use super::view::{Due, View};
use crate::policy::WaitClock;
use crate::terminal::options::Delivery;

/// What a consumer sees of its terminal.
pub(crate) struct Output<'a> {
    pub(crate) log: &'a OutputLog,
    /// None without a screen.
    pub(crate) screen: Option<&'a dyn Landmarks>,
    pub(crate) cleared: Cleared,
    /// There will be no more output.
    pub(crate) is_over: bool,
}

/// Places in the output that a screen knows.
pub(crate) trait Landmarks {
    /// The first offset from `from` on at which output may begin.
    fn first_cut(&self, from: u64) -> Option<u64>;
    /// The first query of the program that ends after `offset` and was answered.
    fn next_query(&self, offset: u64) -> Option<(u64, u64)>;
    /// Where what may become a query begins.
    fn unfinished_query(&self) -> Option<u64>;
}

/// The screen was cleared so many times, the last time when the output was at this offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cleared {
    pub(crate) times: u64,
    pub(crate) at: u64,
}

/// How a consumer is brought over output that the log no longer has, and over a clearing of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnLoss {
    /// It gets a gap, or a clearing, with its offset.
    Report,
    /// By a snapshot, where there is a screen.
    Snapshot,
}

/// What a consumer gets next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Contiguous bytes, not none.
    Bytes { offset: u64, len: usize },
    /// A query of the program that was answered is left out.
    Skip { from: u64, to: u64 },
    /// These bytes are lost to it, never none.
    Gap { from: u64, to: u64 },
    /// The screen was cleared here.
    Cleared { offset: u64 },
    /// A snapshot with so many rows of scrollback. Say [where](Consumer::resume_at) bytes go on, or that
    /// [there is none](Consumer::go_without_snapshot).
    Snapshot { history: usize },
    /// What changed on the screen. Say that it was [shown](View::shown).
    Update,
}

/// How a consumer is brought to where the output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resync {
    /// By a snapshot with so many rows of scrollback, or over a gap where there is no screen.
    Snapshot(usize),
    /// Over a gap.
    Gap,
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Consumer {
    delivery: Delivery,
    on_loss: OnLoss,
    /// Offset of the next byte. May lie before the log's start.
    cursor: u64,
    /// Bytes are not what comes next.
    resync: Option<Resync>,
    /// Clearings of the screen that it knows.
    cleared: u64,
    /// Queries before this offset are left out.
    skips_queries_until: u64,
    interval: Duration,
    view: Option<View>,
    /// Since when it has lagged; what that means depends on whom it keeps waiting.
    pub(crate) lag: WaitClock,
}

impl Consumer {
    /// A consumer that goes on at `cursor`, and knows the clearings of the screen before it. A viewer is shown
    /// one update per `interval`.
    pub(crate) fn new(
        delivery: Delivery,
        on_loss: OnLoss,
        (cursor, cleared): (u64, Cleared),
        interval: Duration,
        now: Instant,
    ) -> Self {
        let view = (delivery == Delivery::Screen).then(|| View::new(interval, now));
        Consumer {
            delivery,
            on_loss,
            cursor,
            resync: None,
            cleared: cleared.times - u64::from(cleared.at > cursor),
            skips_queries_until: 0,
            interval,
            view,
            lag: WaitClock::default(),
        }
    }

    pub(crate) fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Offset of the next byte.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }

    pub(crate) fn view(&mut self) -> Option<&mut View> {
        self.view.as_mut()
    }

    pub(crate) fn is_viewer(&self) -> bool {
        self.view.is_some()
    }

    /// Queries of the program before `offset` are left out.
    pub(crate) fn skip_queries(&mut self, offset: u64) {
        self.skips_queries_until = self.skips_queries_until.max(offset);
    }

    /// A snapshot of the screen with so many rows of scrollback comes next. Where there is no screen it must
    /// lack output, and a gap up to the end of it comes.
    pub(crate) fn resync(&mut self, history: usize) {
        self.resync = Some(Resync::Snapshot(history));
    }

    /// Whether bytes are not what comes next.
    pub(crate) fn is_resyncing(&self) -> bool {
        self.resync.is_some()
    }

    /// Its snapshot is on the way; bytes go on at `offset`.
    pub(crate) fn resume_at(&mut self, offset: u64) {
        self.cursor = offset;
        self.lag = WaitClock::default();
    }

    /// There is no snapshot for it: a gap up to the `end` of output comes instead, if it lacks any.
    pub(crate) fn go_without_snapshot(&mut self, end: u64) {
        self.resync = (self.cursor < end).then_some(Resync::Gap);
    }

    /// Goes on at the end of output, and nothing is to come before it. Gives what it does not get.
    pub(crate) fn skip_to_end(&mut self, end: u64) -> (u64, u64) {
        let from = self.cursor.min(end);
        self.resync = None;
        self.resume_at(end);
        (from, end)
    }

    /// What it was given from `offset` on has not left us, and is taken back.
    pub(crate) fn take_back(&mut self, offset: u64) {
        self.cursor = self.cursor.min(offset);
    }

    /// It is shown the screen from now on, all of it at first.
    pub(crate) fn become_viewer(&mut self, now: Instant) {
        self.delivery = Delivery::Screen;
        self.resync = None;
        self.lag = WaitClock::default();
        self.view = Some(View::new(self.interval, now));
    }

    /// Changes how it gets output. Who was a viewer goes on at the end of output, on a snapshot where there is
    /// a screen: what was shown as rows is not given again.
    pub(crate) fn set_delivery(&mut self, delivery: Delivery, output: &Output<'_>, now: Instant) {
        if delivery == Delivery::Screen {
            self.become_viewer(now);
            return;
        }
        self.delivery = delivery;
        self.lag = WaitClock::default();
        if self.view.take().is_some() {
            self.cursor = output.log.end();
            self.cleared = output.cleared.times;
            if output.screen.is_some() {
                self.resync(0);
            }
        }
    }

    /// A viewer's screen shows the output up to `offset`.
    pub(crate) fn shows(&mut self, offset: u64) {
        self.cursor = self.cursor.max(offset);
    }

    /// Bytes that it has not been given, those that it can no longer be given included.
    pub(crate) fn backlog(&self, end: u64) -> u64 {
        end - self.cursor.min(end)
    }

    /// Offset of the first byte that must be kept for it.
    pub(crate) fn keeps_from(&self) -> Option<u64> {
        let keeps = self.delivery == Delivery::Lossless && self.resync.is_none();
        keeps.then_some(self.cursor)
    }

    /// Whether it has been given everything before `offset`; a viewer, everything that is due.
    pub(crate) fn has_got(&self, offset: u64) -> bool {
        match &self.view {
            Some(view) => view.due() != Due::Now,
            None => self.cursor >= offset && self.resync.is_none(),
        }
    }

    /// What comes next, if that can be given now: bytes up to `until`, at most `max` of them.
    pub(crate) fn peek(&self, output: &Output<'_>, until: u64, max: usize) -> Option<Next> {
        if let Some(view) = &self.view {
            return (view.due() == Due::Now).then_some(Next::Update);
        }
        let (from, end) = (self.cursor, output.log.end());
        if let Some(resync) = self.resync {
            return Some(match resync {
                Resync::Snapshot(history) if output.screen.is_some() => Next::Snapshot { history },
                Resync::Snapshot(_) | Resync::Gap => Next::Gap { from, to: end },
            });
        }
        let is_healed = self.on_loss == OnLoss::Snapshot && output.screen.is_some();
        let cleared = Some(output.cleared).filter(|cleared| cleared.times != self.cleared);
        // What is behind one that is healed was skipped.
        let cleared = cleared.map(|cleared| cleared.at).filter(|at| !is_healed || *at >= from);
        let is_lost = from < output.log.start() && from < until;
        if is_healed && (is_lost || cleared.is_some()) {
            return Some(Next::Snapshot { history: 0 });
        }
        if let Some(offset) = cleared.filter(|at| *at <= from) {
            return Some(Next::Cleared { offset });
        }
        if is_lost {
            return Some(Next::Gap { from, to: output.begin() });
        }
        self.bytes(output, cleared.unwrap_or(u64::MAX).min(until).min(end), max)
    }

    /// The bytes that come next before `stop`, or what is left out of them.
    fn bytes(&self, output: &Output<'_>, mut stop: u64, max: usize) -> Option<Next> {
        let from = self.cursor;
        if from >= stop || max == 0 {
            return None;
        }
        if from < self.skips_queries_until
            && let Some(screen) = output.screen
        {
            match screen.next_query(from) {
                Some((begin, to)) if begin <= from => return Some(Next::Skip { from, to }),
                Some((begin, _)) => stop = stop.min(begin),
                // One whose beginning it has been given already is not taken back.
                None => match screen.unfinished_query().filter(|_| !output.is_over) {
                    Some(begin) if begin >= from => stop = stop.min(begin),
                    _ => {}
                },
            }
        }
        let max = usize::try_from(stop - from).map_or(max, |len| len.min(max));
        let len = output.log.slice(from, max).len();
        (len > 0).then_some(Next::Bytes { offset: from, len })
    }

    /// Takes what [comes next](Self::peek) and moves past it.
    pub(crate) fn take(&mut self, output: &Output<'_>, until: u64, max: usize) -> Option<Next> {
        let next = self.peek(output, until, max)?;
        match next {
            Next::Bytes { offset, len } => self.cursor = offset + len as u64,
            Next::Skip { to, .. } => self.cursor = to,
            Next::Gap { to, .. } => {
                self.resync = None;
                self.resume_at(to);
            }
            Next::Cleared { .. } => self.cleared = output.cleared.times,
            Next::Snapshot { .. } => {
                self.resync = None;
                self.cleared = output.cleared.times;
            }
            Next::Update => {}
        }
        Some(next)
    }
}

impl Output<'_> {
    /// Where output may begin after a loss.
    fn begin(&self) -> u64 {
        let (start, end) = (self.log.start(), self.log.end());
        let cut = self.screen.and_then(|screen| screen.first_cut(start));
        cut.unwrap_or(start).clamp(start, end)
    }
}

#[cfg(test)]
mod tests;

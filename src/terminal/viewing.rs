//! The screen in a terminal: output goes in, answers and news come out, and viewers get what changed
//! at their own pace.
//!
//! A viewer (a reader with [`Delivery::Screen`]) is told at most once per interval. The first change
//! after a pause is told at once; those within the interval wait for one timer per terminal. Between
//! two looks the screen costs nothing but its parsing.

use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use super::Terminal;
use super::options::{Delivery, ReaderOptions, Size, Start};
use super::output::View;
use super::screen::{Modes, Screen, ScreenUpdate};
use crate::error::{Error, ErrorKind, Result};
use crate::reactor::{Alarm, Reactor, ReaderId};

/// How long a program may hold the screen back with a synchronized update (mode 2026). As long as
/// other terminals let it.
pub(super) const SYNCHRONIZED_MAX: Duration = Duration::from_millis(150);

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// The bytes that all screens of an engine may take together.
pub(crate) struct ScreenBudget {
    used: usize,
    max: usize,
}

impl ScreenBudget {
    pub(crate) fn new(max: usize) -> Self {
        ScreenBudget { used: 0, max }
    }

    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Counts anew what a terminal's screen takes. Past the bound its scrollback grows no further.
    pub(crate) fn count(&mut self, terminal: &mut Terminal) {
        let Some(screen) = &mut terminal.screen else { return };
        let bytes = screen.bytes();
        self.used = self.used - terminal.screen_bytes + bytes;
        terminal.screen_bytes = bytes;
        screen.bound_history(self.used > self.max);
    }

    pub(crate) fn forget(&mut self, terminal: &Terminal) {
        self.used -= terminal.screen_bytes;
    }
}

impl Terminal {
    /// The screen, awake.
    pub(crate) fn open_screen(&mut self, reactor: &mut Reactor) -> Result<&mut Screen> {
        if let Some(screen) = &mut self.screen {
            screen.wake();
        }
        self.arm_hibernation(reactor);
        self.screen.as_deref_mut().ok_or_else(no_screen)
    }

    fn needs_screen(&self) -> Result<()> {
        if self.screen.is_some() { Ok(()) } else { Err(no_screen()) }
    }

    /// Sees to it that an idle screen goes to sleep. One timer, looked at when it fires: output does
    /// not move it.
    fn arm_hibernation(&mut self, reactor: &mut Reactor) {
        let after = self.screen.as_ref().and_then(|screen| screen.hibernates_after());
        if let Some(after) = after.filter(|_| self.sleep_timer.is_none()) {
            let alarm = Alarm::Hibernate(self.id);
            self.sleep_timer = Some(reactor.set_timer(reactor.now() + after, alarm));
        }
    }

    pub(crate) fn on_hibernate_alarm(&mut self, reactor: &mut Reactor) {
        self.sleep_timer = None;
        let Some(screen) = &mut self.screen else { return };
        let Some(after) = screen.hibernates_after() else { return };
        let due = self.last_output.map_or(reactor.now(), |last| last + after);
        if due <= reactor.now() {
            screen.sleep();
        } else {
            let alarm = Alarm::Hibernate(self.id);
            self.sleep_timer = Some(reactor.set_timer(due, alarm));
        }
    }

    fn elapsed(&self, reactor: &Reactor) -> Duration {
        reactor.now().saturating_duration_since(self.started)
    }

    /// The newest `len` bytes of the log go to the screen.
    pub(crate) fn show(&mut self, len: usize, reactor: &Reactor) {
        let now = self.elapsed(reactor);
        let Some(screen) = &mut self.screen else { return };
        let end = self.log.end();
        if screen.advance(self.log.slice(end - len as u64, len), now) {
            screen.note_cut(self.log.start(), self.log.cut_distance());
            return;
        }
        let start = screen.first_cut(self.log.start()).unwrap_or(end);
        let mut at = start;
        let output = std::iter::from_fn(|| {
            let bytes = self.log.slice(at, usize::MAX);
            at += bytes.len() as u64;
            (!bytes.is_empty()).then_some(bytes)
        });
        screen.rebuild(start, output, end);
    }

    /// After output or a command: types the answers, tells viewers, hands laggards over.
    pub(crate) fn after_output(&mut self, reactor: &mut Reactor) {
        if let Some(answers) = self.screen.as_mut().and_then(|screen| screen.take_answers())
            && !self.ending.closing
            && self.input.free() >= answers.len()
            && !self.is_unheard()
            && let Some(pty) = &self.pty
        {
            let (_, flushed) = self.input.push(&answers, &mut &*pty);
            self.after_flush(flushed);
            self.update_interest(reactor);
        }
        self.arm_hibernation(reactor);
        self.follow_scrolled();
        let handed_over = self.hand_over_laggards(reactor.now());
        self.tell_viewers(reactor, false);
        // Only then has the flow changed: the read has looked at it already, and may have queued the
        // terminal for more.
        if handed_over {
            self.update_flow(reactor);
        }
        if self.screen.as_mut().is_some_and(|screen| screen.take_failure()) {
            let text = "the screen model failed; the screen was built anew from the log";
            reactor.report(Error::new(ErrorKind::System, text));
        }
    }

    // Viewers.

    /// Makes updates ready for the viewers whose time has come, and sets the timer for the others.
    /// `at_once`: everybody's time has come, because nothing will follow.
    pub(crate) fn tell_viewers(&mut self, reactor: &mut Reactor, at_once: bool) {
        let now = reactor.now();
        let mut wake = self.next_handover();
        if let Some(screen) = &mut self.screen {
            let released =
                screen.synchronized_since().map(|since| self.started + since + SYNCHRONIZED_MAX);
            let held = released.filter(|released| *released > now && !at_once);
            for reader in &mut self.readers {
                let Some(view) = &mut reader.view else { continue };
                if view.ready || reader.paused || !view.wants(screen) {
                    continue;
                }
                let due = if view.urgent { now } else { view.next_at };
                let due = held.map_or(due, |held| held.max(due));
                if due <= now || at_once {
                    view.ready = view.is_behind(screen.look());
                } else {
                    wake = Some(wake.map_or(due, |wake: Instant| wake.min(due)));
                }
            }
        }
        self.set_screen_timer(wake, reactor);
    }

    fn set_screen_timer(&mut self, wake: Option<Instant>, reactor: &mut Reactor) {
        match (self.screen_timer, wake) {
            (Some((at, _)), Some(wake)) if at <= wake => {}
            (None, None) | (Some(_), None) => {}
            (timer, Some(wake)) => {
                if let Some((_, timer)) = timer {
                    reactor.cancel_timer(timer);
                }
                self.screen_timer = Some((wake, reactor.set_timer(wake, Alarm::Screen(self.id))));
            }
        }
    }

    pub(crate) fn on_screen_alarm(&mut self, reactor: &mut Reactor) {
        self.screen_timer = None;
        self.after_output(reactor);
    }

    /// Writes what a viewer needs now.
    pub(crate) fn take_update(
        &mut self,
        reader: ReaderId,
        reactor: &mut Reactor,
        update: &mut ScreenUpdate,
    ) {
        let now = reactor.now();
        let Some(reader) = self.readers.iter_mut().find(|r| r.id == reader) else { return };
        let (Some(view), Some(screen)) = (&mut reader.view, &mut self.screen) else { return };
        screen.wake();
        screen.look();
        view.back = view.back.min(screen.history());
        if view.back > 0 {
            screen.viewport(view.back, update);
            let seen = self.hasher.hash_one(HashRows(update));
            if !view.urgent && view.seen == Some(seen) {
                // Still the same rows; only their distance from the bottom is another.
                update.full = false;
                update.rows.clear();
                update.title = None;
            }
            view.seen = Some(seen);
        } else {
            let known = if view.seen.take().is_some() || view.urgent { 0 } else { view.generation };
            screen.changes_since(known, update);
        }
        view.generation = update.generation;
        // An interval past the end of time is a year.
        view.next_at = now.checked_add(view.interval).unwrap_or(now + YEAR);
        (view.ready, view.urgent) = (false, false);
        reader.cursor = update.offset.max(reader.cursor);
        self.tell_viewers(reactor, false);
    }

    /// Moves a viewer's viewport; how far it is back now.
    pub(crate) fn scroll_to(
        &mut self,
        reader: ReaderId,
        back: usize,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.accepts_view()?;
        let history = self.open_screen(reactor)?.history();
        let view = self.reader_mut(reader)?.view.as_mut();
        let view =
            view.ok_or_else(|| Error::invalid("only a viewer of the screen has a viewport"))?;
        let back = back.min(history);
        if back != view.back {
            view.back = back;
            view.urgent = true;
            view.seen = None;
        }
        self.count_scrolled();
        self.tell_viewers(reactor, false);
        Ok(())
    }

    /// Has the screen count rows that scroll away as long as a viewer looks at its scrollback.
    fn count_scrolled(&mut self) {
        let counts = self.readers.iter().any(|r| r.view.as_ref().is_some_and(|v| v.back > 0));
        if let Some(screen) = &mut self.screen {
            screen.count_scrolled(counts);
        }
    }

    /// Viewports that look at the scrollback stay with their rows while others come after them.
    pub(crate) fn follow_scrolled(&mut self) {
        let Some(screen) = &mut self.screen else { return };
        let scrolled = screen.take_scrolled();
        if scrolled == 0 {
            return;
        }
        let history = screen.history();
        for view in self.readers.iter_mut().filter_map(|reader| reader.view.as_mut()) {
            if view.back > 0 {
                view.back = view.back.saturating_add(scrolled).min(history);
            }
        }
    }

    // Delivery.

    /// Changes how output reaches a reader.
    pub(crate) fn set_delivery(
        &mut self,
        reader: ReaderId,
        delivery: Delivery,
        reactor: &mut Reactor,
    ) -> Result<()> {
        if delivery == Delivery::Screen {
            self.needs_screen()?;
        }
        let now = reactor.now();
        let end = self.log.end();
        let has_screen = self.screen.is_some();
        let reader = self.reader_mut(reader)?;
        if reader.delivery == delivery {
            return Ok(());
        }
        if reader.delivery == Delivery::Screen {
            // Bytes go on from a snapshot: what was shown as rows is not sent again.
            reader.view = None;
            reader.cursor = end;
            reader.snapshot = has_screen.then_some(0);
        }
        reader.set_delivery(delivery, now);
        self.count_scrolled();
        self.tell_viewers(reactor, false);
        self.update_flow(reactor);
        Ok(())
    }

    /// Lossless readers that lag more than they were allowed become viewers of the screen.
    fn hand_over_laggards(&mut self, now: Instant) -> bool {
        if self.screen.is_none() {
            return false;
        }
        let mut handed_over = false;
        let (end, unread_max) = (self.log.end(), self.log.unread_max());
        for reader in &mut self.readers {
            let Some(lag) = reader.downgrade.filter(|_| reader.delivery == Delivery::Lossless)
            else {
                continue;
            };
            let backlog = end - reader.cursor.min(end);
            reader.behind_since = match reader.behind_since {
                _ if backlog == 0 => None,
                None => Some(now),
                since => since,
            };
            let age = reader.behind_since.map(|since| now.saturating_duration_since(since));
            let is_old = age.is_some_and(|age| age >= lag.age);
            if backlog >= lag.bytes.min(unread_max) || is_old {
                reader.set_delivery(Delivery::Screen, now);
                reader.handed_over = true;
                handed_over = true;
            }
        }
        handed_over
    }

    /// When the next laggard will have lagged too long.
    fn next_handover(&self) -> Option<Instant> {
        let waiting = self.readers.iter().filter(|r| r.delivery == Delivery::Lossless);
        waiting.filter_map(|r| r.behind_since?.checked_add(r.downgrade?.age)).min()
    }

    /// The next event of a reader's bytes is a snapshot of the screen.
    pub(crate) fn request_snapshot(&mut self, reader: ReaderId, history: usize) -> Result<()> {
        self.needs_screen()?;
        let reader = self.reader_mut(reader)?;
        if reader.delivery == Delivery::Screen {
            return Err(Error::invalid("a viewer of the screen gets no bytes"));
        }
        reader.snapshot = Some(history);
        Ok(())
    }

    // Operations.

    pub(crate) fn clear_screen(&mut self, reactor: &mut Reactor) -> Result<()> {
        self.accepts_view()?;
        self.open_screen(reactor)?.clear();
        let end = self.log.end();
        for reader in self.readers.iter_mut().filter(|r| r.delivery != Delivery::Screen) {
            reader.cleared_at = Some(end);
        }
        self.cleared_at = Some(end);
        self.tell_viewers(reactor, false);
        Ok(())
    }

    pub(crate) fn resize_screen(&mut self, size: Size, reactor: &mut Reactor) {
        if let Some(screen) = &mut self.screen {
            screen.resize(size.for_screen());
            self.tell_viewers(reactor, false);
        }
    }

    /// Whether the program asked for pasted text to be bracketed. Unknown without a screen.
    pub(crate) fn brackets_pastes(&self) -> bool {
        let screen = self.screen.as_ref();
        screen.is_some_and(|screen| screen.modes().contains(Modes::BRACKETED_PASTE))
    }

    /// Whether a screen is needed for these options.
    pub(crate) fn admits_reader(&self, options: &ReaderOptions) -> Result<()> {
        let needs_screen = options.delivery == Delivery::Screen
            || options.downgrade.is_some()
            || matches!(options.start, Start::Snapshot(_));
        if needs_screen { self.needs_screen() } else { Ok(()) }
    }

    fn accepts_view(&self) -> Result<()> {
        if self.ending.closing {
            return Err(Error::new(ErrorKind::Closing, "the terminal is being closed"));
        }
        Ok(())
    }
}

impl View {
    /// Whether a look could find something for this viewer.
    fn wants(&self, screen: &Screen) -> bool {
        self.urgent || screen.is_stale() || self.is_behind(screen.generation())
    }

    fn is_behind(&self, generation: u64) -> bool {
        self.urgent || self.generation != generation
    }
}

/// The rows of an update, hashed.
struct HashRows<'a>(&'a ScreenUpdate);

impl std::hash::Hash for HashRows<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for row in self.0.rows.iter() {
            state.write_u8(u8::from(row.is_wrapped()));
            for run in row.runs() {
                run.text.hash(state);
                (run.cols, run.wide, run.style).hash(state);
                run.link.map(|link| &link.uri).hash(state);
            }
        }
    }
}

pub(crate) fn no_screen() -> Error {
    Error::new(ErrorKind::NoScreen, "the terminal was made without a screen")
}

//! The screen in a terminal: output goes in, replies and events come out, and viewers get what changed
//! at their own pace.
//!
//! A viewer (a reader with [`Delivery::Screen`]) gets at most one update per interval. The first change
//! after a pause is reported at once; those within the interval wait for one timer per terminal. Between
//! two looks the screen costs nothing but its parsing.

use std::time::{Duration, Instant};

use super::Terminal;
use super::key::Alarm;
use super::options::{Delivery, ReaderOptions, Start};
use super::output::{Cleared, Due, View};
use super::screen::{Intake, Modes, Rgb, Screen, ScreenUpdate};
use super::size::Size;
use crate::error::{Error, ErrorKind, Result};
use crate::id::ReaderId;
use crate::reactor::Reactor;

/// How long a program may hold the screen back with a synchronized update (mode 2026). As long as
/// other terminals let it.
const SYNCHRONIZED_MAX: Duration = Duration::from_millis(150);

/// The bytes that all screens of an engine may take together.
pub(crate) struct ScreenBudget {
    used: usize,
    /// The same, with the cells that nothing was written to: they take no memory yet, and cannot be refused it later.
    reserved: usize,
    max: usize,
    /// All memory of the engine is used up.
    is_full: bool,
}

impl ScreenBudget {
    pub(crate) fn new(max: usize) -> Self {
        ScreenBudget { used: 0, reserved: 0, max, is_full: false }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Whether all memory of the engine is used up.
    pub(crate) fn set_full(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Bytes of all screens, with the cells that nothing was written to.
    pub(crate) fn reserved(&self) -> usize {
        self.reserved
    }

    /// Counts anew what a terminal's screen takes. Past the bound its scrollback grows no further.
    pub(crate) fn count(&mut self, terminal: &mut Terminal) {
        let Some(screen) = &mut terminal.screen else { return };
        let bytes = screen.bytes();
        let reserved = bytes + screen.unwritten_bytes();
        let (used_before, reserved_before) = terminal.screen_bytes;
        self.used = self.used - used_before + bytes;
        self.reserved = self.reserved - reserved_before + reserved;
        terminal.screen_bytes = (bytes, reserved);
        screen.bound_history(self.is_full || self.used > self.max);
    }

    pub(crate) fn forget(&mut self, terminal: &Terminal) {
        let (used, reserved) = terminal.screen_bytes;
        (self.used, self.reserved) = (self.used - used, self.reserved - reserved);
    }
}

impl Terminal {
    pub(crate) fn open_screen(&mut self) -> Result<&mut Screen> {
        self.screen.as_deref_mut().ok_or_else(no_screen)
    }

    fn needs_screen(&self) -> Result<()> {
        if self.screen.is_some() { Ok(()) } else { Err(no_screen()) }
    }

    fn elapsed(&self, reactor: &Reactor) -> Duration {
        reactor.now().saturating_duration_since(self.started)
    }

    /// Of the bytes that are staged in the log at most `max` go to the screen, as many as it takes in at once, and
    /// are counted in. Gives how many these are and what they cost the screen beside a cost for each byte.
    pub(crate) fn show(&mut self, max: usize, reactor: &Reactor) -> (usize, u64) {
        let now = self.elapsed(reactor);
        let staged = self.log.staged();
        let staged = staged.get(..max).unwrap_or(staged);
        let Some(screen) = &mut self.screen else {
            let taken = staged.len();
            self.log.commit(taken);
            return (taken, 0);
        };
        let Intake { taken, cost, failed } = screen.take_in(staged, now);
        self.log.commit(taken);
        if failed {
            self.rebuild_screen();
        } else {
            screen.note_cut(self.log.start(), self.log.cut_distance());
        }
        (taken, cost)
    }

    /// The screen failed: it is built anew from what the log has.
    fn rebuild_screen(&mut self) {
        let Some(screen) = &mut self.screen else { return };
        let end = self.log.end();
        let start = screen.first_cut(self.log.start()).unwrap_or(end);
        let mut at = start;
        let output = std::iter::from_fn(|| {
            let bytes = self.log.slice(at, usize::MAX);
            at += bytes.len() as u64;
            (!bytes.is_empty()).then_some(bytes)
        });
        screen.rebuild(start, output, end);
    }

    /// After output or a command: types the replies, updates viewers, makes laggards viewers.
    pub(crate) fn after_output(&mut self, reactor: &mut Reactor) {
        self.hurry_eof(reactor);
        if let Some(replies) = self.screen.as_mut().and_then(|screen| screen.take_replies())
            && !self.ending.closing
            && self.input.free() >= replies.len()
            && !self.has_no_reader()
            && let Some(pty) = &self.pty
        {
            let (_, flushed) = self.input.push(&replies, &mut &*pty);
            self.after_flush(flushed);
            self.update_interest(reactor);
        }
        let handed_over = self.hand_over_laggards(reactor.now());
        self.update_viewers(reactor, false);
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
    pub(crate) fn update_viewers(&mut self, reactor: &mut Reactor, at_once: bool) {
        let now = reactor.now();
        let mut wake = self.next_handover();
        if let Some(screen) = &mut self.screen {
            screen.count_history();
            if !screen.is_history_counted() {
                wake = Some(now);
            }
            let held = held_until(screen, self.started);
            for reader in self.readers.iter_mut().filter(|reader| !reader.paused) {
                let Some(view) = reader.consumer.view() else { continue };
                if let Due::At(at) = view.observe(screen.as_mut(), held, at_once, now) {
                    wake = Some(wake.map_or(at, |wake: Instant| wake.min(at)));
                }
            }
        }
        self.set_screen_timer(wake, reactor);
    }

    /// Looks whether a viewer that is no reader is to be shown something.
    pub(super) fn observe_view(&mut self, view: &mut View, now: Instant) -> Due {
        // What a program does not live to let go is shown.
        let is_held = self.known_exit().is_none();
        let Some(screen) = &mut self.screen else { return Due::Nothing };
        let held = held_until(screen, self.started).filter(|_| is_held);
        view.observe(screen.as_mut(), held, false, now)
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
        let Some(reader) = self.readers.iter_mut().find(|r| r.id == reader) else {
            return broken!("the reader of an update that was taken");
        };
        let (Some(view), Some(screen)) = (reader.consumer.view(), &mut self.screen) else {
            return broken!("a viewer has a screen");
        };
        let known = view.knows();
        reader.viewport.look(screen, &self.hasher, known, update);
        view.shown(update.generation, now);
        reader.consumer.shows(update.offset);
        self.update_viewers(reactor, false);
    }

    /// Moves a viewer's viewport; how far it is back now.
    pub(crate) fn scroll_to(
        &mut self,
        reader: ReaderId,
        back: usize,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.accepts_view()?;
        let anchor = self.open_screen()?.anchor(back);
        let reader = self.reader_mut(reader)?;
        let Some(view) = reader.consumer.view() else {
            return Err(Error::invalid("only a viewer of the screen has a viewport"));
        };
        if reader.viewport.scroll_to(anchor) {
            view.turn();
        }
        self.update_viewers(reactor, false);
        Ok(())
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
        self.reader_mut(reader)?;
        let (output, readers) = self.consumers();
        for reader in readers.iter_mut().filter(|r| r.id == reader) {
            if reader.consumer.delivery() == delivery {
                return Ok(());
            }
            reader.set_delivery(delivery, &output, reactor.now());
        }
        self.update_viewers(reactor, false);
        self.update_flow(reactor);
        Ok(())
    }

    /// Lossless readers that lag more than they were allowed become viewers of the screen.
    fn hand_over_laggards(&mut self, now: Instant) -> bool {
        if self.screen.is_none() {
            return false;
        }
        let (end, unread_max) = (self.log.end(), self.log.unread_max());
        let mut handed_over = false;
        for reader in &mut self.readers {
            handed_over |= reader.hand_over(end, unread_max, now);
        }
        handed_over
    }

    /// When the next laggard will have lagged too long.
    fn next_handover(&self) -> Option<Instant> {
        self.readers.iter().filter_map(|reader| reader.hands_over_at()).min()
    }

    /// The next event of a reader's bytes is a snapshot of the screen.
    pub(crate) fn request_snapshot(&mut self, reader: ReaderId, history: usize) -> Result<()> {
        self.needs_screen()?;
        let reader = self.reader_mut(reader)?;
        if reader.consumer.is_viewer() {
            return Err(Error::invalid("a viewer of the screen gets no bytes"));
        }
        reader.consumer.resync(history);
        Ok(())
    }

    // Operations.

    pub(crate) fn clear_screen(&mut self, reactor: &mut Reactor) -> Result<()> {
        self.accepts_view()?;
        self.open_screen()?.clear();
        self.cleared = Cleared { times: self.cleared.times + 1, at: self.log.end() };
        self.update_viewers(reactor, false);
        Ok(())
    }

    /// Replaces the host's colours.
    pub(crate) fn set_colors(
        &mut self,
        (foreground, background, cursor): (Rgb, Rgb, Rgb),
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.accepts_view()?;
        self.open_screen()?.set_colors(foreground, background, cursor);
        self.after_output(reactor);
        Ok(())
    }

    pub(crate) fn resize_screen(&mut self, size: Size, reactor: &mut Reactor) {
        if let Some(screen) = &mut self.screen {
            screen.resize(size.for_screen());
            self.update_viewers(reactor, false);
        }
    }

    /// Whether the program asked for pasted text to be bracketed. Unknown without a screen.
    pub(crate) fn brackets_pastes(&self) -> bool {
        let screen = self.screen.as_ref();
        screen.is_some_and(|screen| screen.modes().contains(Modes::BRACKETED_PASTE))
    }

    /// Whether a screen is needed for these options.
    pub(crate) fn check_reader_options(&self, options: &ReaderOptions) -> Result<()> {
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

/// Until when a program holds its screen back with a synchronized update.
fn held_until(screen: &Screen, started: Instant) -> Option<Instant> {
    screen.synchronized_since().map(|since| started + since + SYNCHRONIZED_MAX)
}

pub(crate) fn no_screen() -> Error {
    Error::new(ErrorKind::NoScreen, "the terminal was made without a screen")
}

//! The screen: what a terminal shows, kept up to date from its output.
//!
//! [`Screen`] is the only thing that the rest of the terminal sees. Inside:
//!
//! ```text
//!  output ─▶ parser ─▶ emulator ─┬─▶ grid ─▶ history
//!                                │     └─▶ update          for viewers, at their pace
//!                                │     └─▶ rows, search    for hosts that ask
//!                                ├─▶ snapshot              for readers that lost bytes
//!                                ├─▶ metadata ─▶ events
//!                                └─▶ replies               to the program's queries
//! ```
//!
//! Everything is pure: no descriptor, no clock. It is fed by programs nobody trusts, so a panic in it is caught,
//! and the screen is built anew from what the log still has.

mod around;
mod cells;
mod clipboard;
mod contents;
mod emulator;
mod event;
#[cfg(fuzzing)]
mod fuzz;
mod grid;
mod history;
mod metadata;
mod notice;
mod notice_queue;
mod options;
mod palette;
mod parser;
mod position;
#[cfg(test)]
mod recordings;
mod rows;
mod search;
mod style;
#[cfg(test)]
mod tests;
mod text;
mod update;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

pub(crate) use self::around::{Kept, RowsAround};
use self::emulator::{Effect, Emulator};
pub(crate) use self::event::ScreenEvent;
pub use self::event::{Progress, ProgressState};
#[cfg(fuzzing)]
pub(crate) use self::fuzz::fuzz;
use self::grid::Grid;
pub(crate) use self::metadata::{Metadata, MetadataEvent};
pub use self::notice::{NoticeKind, NoticeKinds, TerminalNotice};
pub(crate) use self::notice_queue::NumberedNotice;
pub use self::options::ScreenOptions;
pub use self::position::{LinePosition, Mark, MarkKind, Position, Scroll};
pub use self::rows::{Row, Rows, Run};
pub use self::search::{Match, Matches, Search};
pub(crate) use self::search::{Patterns, Scratch, SearchCursor, check_length};
pub use self::style::{Attributes, Color, Link, Rgb, Style, Underline};
pub use self::update::{Cursor, CursorShape, Modes, ScreenUpdate};
use super::size::Size;
use crate::error::{Error, ErrorKind, Result};

/// A snapshot of a screen, to be fed to another terminal of the same size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Go on with the output from this offset.
    pub offset: u64,
    /// Columns of the screen.
    pub cols: u16,
    /// Rows of the screen.
    pub rows: u16,
    /// The place of the first row that it shows, of the scrollback or the primary screen: lines of the other terminal can
    /// be named as here.
    pub line: LinePosition,
    /// Control sequences that reset a terminal and make it show the same.
    pub bytes: Vec<u8>,
}

/// What came of output that was fed to the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Intake {
    /// Bytes that were taken in.
    pub(crate) taken: usize,
    /// What they cost, beside a cost for each byte, in about nanoseconds.
    pub(crate) cost: u64,
    /// The screen panicked, now or at a look before: [`rebuild`](Screen::rebuild) it.
    pub(crate) failed: bool,
}

/// What output may cost beside a cost for each byte, in about nanoseconds, before the rest of it waits.
pub(crate) const WORK_MAX: u64 = 500_000;

/// What counting rows of the scrollback may cost at a time after a change of the width, in about nanoseconds.
const COUNT_COST: u64 = 200_000;

/// What the scrollback in a snapshot for a client may cost, in about nanoseconds: it is made at once.
const SNAPSHOT_COST: u64 = 5_000_000;

/// See the module's documentation.
pub(crate) struct Screen {
    emulator: Emulator,
    title_changed: bool,
    bells: u32,
    clipboard: Option<(bool, String)>,
    progress_changed: bool,
    /// Counts output and resizes; what is equal shows the same.
    revision: u64,
    /// The revision at the last look for changes, and what was seen then beside the grid.
    looked_at: u64,
    seen: (Cursor, Modes),
    /// The title has changed since the last look; the generation in which it did last.
    title_is_new: bool,
    title_generation: u64,
    /// When the synchronized update under way began.
    synchronized_since: Option<Duration>,
    /// Times that the screen had to be built anew after a panic.
    failures: u32,
    failure_unreported: bool,
    /// A look or a resize panicked; the next output builds the screen anew.
    is_broken: bool,
    /// Offsets at which the output may be cut, some of those that the log still has.
    cuts: VecDeque<u64>,
}

/// Bytes of all cells of a screen of this size.
pub(crate) fn cell_bytes(size: Size) -> usize {
    usize::from(size.cols) * usize::from(size.rows) * size_of::<cells::Cell>()
}

impl Screen {
    pub(crate) fn new(size: Size, options: &ScreenOptions, offset: u64) -> Self {
        Screen {
            emulator: Emulator::new(size, options, offset),
            title_changed: false,
            bells: 0,
            clipboard: None,
            progress_changed: false,
            revision: 1,
            looked_at: 0,
            seen: Default::default(),
            title_is_new: false,
            title_generation: 0,
            synchronized_since: None,
            failures: 0,
            failure_unreported: false,
            is_broken: false,
            cuts: VecDeque::new(),
        }
    }

    fn grid(&self) -> &Grid {
        self.emulator.grid()
    }

    /// Takes in all of this output. `false`: it panicked; [`rebuild`](Self::rebuild) it.
    pub(crate) fn advance(&mut self, bytes: &[u8], now: Duration) -> bool {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Intake { taken, failed, .. } = self.take_in(rest, now);
            rest = rest.get(taken..).unwrap_or(&[]);
            if failed {
                return false;
            }
        }
        true
    }

    /// Takes in the next output, all of it or as much as is enough at once: at least a byte.
    pub(crate) fn take_in(&mut self, bytes: &[u8], now: Duration) -> Intake {
        self.revision += 1;
        let emulator = &mut self.emulator;
        let outcome = catch_unwind(AssertUnwindSafe(|| emulator.advance(bytes, now, WORK_MAX)));
        for effect in self.emulator.take_effects() {
            match effect {
                Effect::TitleChanged => (self.title_changed, self.title_is_new) = (true, true),
                Effect::Bell => self.bells = self.bells.saturating_add(1),
                Effect::Clipboard { selection, text } => self.clipboard = Some((selection, text)),
                Effect::ProgressChanged => self.progress_changed = true,
            }
        }
        self.synchronized_since = match self.synchronized_since {
            _ if !self.emulator.is_synchronized() => None,
            None => Some(now),
            since => since,
        };
        let failed = outcome.is_err() || self.is_broken;
        let (taken, cost) = outcome.unwrap_or((bytes.len(), 0));
        Intake { taken, cost, failed }
    }

    /// Remembers where the output may be cut. `log_start`: the oldest byte that the log has.
    pub(crate) fn note_cut(&mut self, log_start: u64, distance: u64) {
        let cut = self.ground_offset();
        if self.cuts.back().is_none_or(|last| cut >= last + distance) {
            self.cuts.push_back(cut);
        }
        while self.cuts.front().is_some_and(|cut| *cut < log_start) {
            self.cuts.pop_front();
        }
        self.emulator.forget_queries(log_start);
    }

    /// The first query that ends after `offset`: from and to which offset it goes.
    pub(crate) fn next_query(&self, offset: u64) -> Option<(u64, u64)> {
        self.emulator.next_query(offset)
    }

    /// Where a sequence begins that has not ended yet and may turn out to be a query that is answered
    /// here. Whoever is not given queries is not given its beginning either.
    pub(crate) fn unfinished_query(&self) -> Option<u64> {
        self.emulator.unfinished_query()
    }

    /// The first offset from `start` on at which the output may be cut, if one is known.
    pub(crate) fn first_cut(&self, start: u64) -> Option<u64> {
        let index = self.cuts.partition_point(|cut| *cut < start);
        self.cuts.get(index).copied()
    }

    /// Builds the screen anew after a panic, from output that begins at `offset`. Nothing is answered
    /// or reported a second time. If the same output panics again, the screen begins empty behind it.
    pub(crate) fn rebuild<'a>(
        &mut self,
        offset: u64,
        output: impl IntoIterator<Item = &'a [u8]>,
        end: u64,
    ) {
        let (size, options) = (self.emulator.size(), self.emulator.options().clone());
        let mut fresh = Screen::new(size, &options, offset);
        fresh.emulator.set_silent(true);
        fresh.emulator.grid_mut().number_lines_after(self.grid());
        let survived = output.into_iter().all(|bytes| fresh.advance(bytes, Duration::ZERO));
        if !survived {
            fresh = Screen::new(size, &options, end);
            fresh.emulator.grid_mut().number_lines_after(self.grid());
        }
        fresh.emulator.set_silent(false);
        self.emulator.replace(fresh.emulator);
        self.is_broken = false;
        self.revision += 1;
        self.failures += 1;
        self.failure_unreported = true;
    }

    /// Whether it was built anew since the last call.
    pub(crate) fn take_failure(&mut self) -> bool {
        std::mem::take(&mut self.failure_unreported)
    }

    /// Times that it panicked and was built anew.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn resize(&mut self, size: Size) {
        self.revision += 1;
        let emulator = &mut self.emulator;
        let resized = catch_unwind(AssertUnwindSafe(|| emulator.resize(size)));
        self.is_broken |= resized.is_err();
    }

    /// Output up to here is in the screen.
    pub(crate) fn offset(&self) -> u64 {
        self.emulator.parser().offset()
    }

    /// The last offset so far at which the output may be cut.
    pub(crate) fn ground_offset(&self) -> u64 {
        self.emulator.parser().ground_offset()
    }

    /// Replies to queries since the last call.
    pub(crate) fn take_replies(&mut self) -> Option<Vec<u8>> {
        self.emulator.take_replies()
    }

    /// Replaces the host's colours; see [`Emulator::set_colors`].
    pub(crate) fn set_colors(&mut self, foreground: Rgb, background: Rgb, cursor: Rgb) {
        self.emulator.set_colors(foreground, background, cursor);
    }

    pub(crate) fn title(&self) -> &str {
        self.emulator.title()
    }

    /// Progress of the program's work, if it reports one.
    pub(crate) fn progress(&self) -> Option<Progress> {
        self.emulator.progress()
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        self.emulator.metadata()
    }

    /// Whether [`take_event`](Self::take_event) has something.
    pub(crate) fn has_event(&self) -> bool {
        let has_changed = self.title_changed || self.progress_changed;
        has_changed || self.bells > 0 || self.clipboard.is_some() || !self.metadata().is_empty()
    }

    /// Takes the next event.
    pub(crate) fn take_event(&mut self) -> Option<ScreenEvent> {
        if std::mem::take(&mut self.title_changed) {
            return Some(ScreenEvent::Title);
        }
        if let Some(event) = self.emulator.metadata_mut().take() {
            return Some(ScreenEvent::MetadataEvent(event));
        }
        if let Some((selection, text)) = self.clipboard.take() {
            return Some(ScreenEvent::Clipboard { selection, text });
        }
        if std::mem::take(&mut self.progress_changed) {
            return Some(ScreenEvent::Progress(self.progress()));
        }
        let bells = std::mem::take(&mut self.bells);
        (bells > 0).then_some(ScreenEvent::Bell(bells))
    }

    /// Which notices are kept from now on.
    pub(crate) fn want_notices(&mut self, kinds: NoticeKinds) {
        self.emulator.want_notices(kinds);
    }

    pub(crate) fn has_notices(&self) -> bool {
        self.emulator.has_notices()
    }

    /// Takes the oldest notice.
    pub(crate) fn take_notice(&mut self) -> Option<NumberedNotice> {
        self.emulator.take_notice()
    }

    pub(crate) fn cursor(&self) -> Cursor {
        self.emulator.cursor()
    }

    pub(crate) fn modes(&self) -> Modes {
        self.emulator.modes()
    }

    pub(crate) fn history(&self) -> usize {
        self.grid().history_rows()
    }

    /// Counts the rows of the scrollback on, for a part of a turn, after a change of the width; until then those that
    /// are not counted are not there. Gives what it cost, in about nanoseconds; 0 if all were counted before.
    pub(crate) fn count_history(&mut self) -> u64 {
        let grid = self.emulator.grid_mut();
        if grid.is_history_counted() {
            return 0;
        }
        self.revision += 1;
        grid.count_history(COUNT_COST).max(1)
    }

    /// Whether all rows of the scrollback are counted.
    pub(crate) fn is_history_counted(&self) -> bool {
        self.grid().is_history_counted()
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        let offsets = self.cuts.capacity() * size_of::<u64>();
        let clipboard = self.clipboard.as_ref().map_or(0, |(_, text)| text.capacity());
        size_of::<Self>() - size_of::<Emulator>() + offsets + clipboard + self.emulator.bytes()
    }

    /// Bytes of the cells that nothing was written to: they take no memory yet.
    pub(crate) fn unwritten_bytes(&self) -> usize {
        cell_bytes(self.emulator.size()).saturating_sub(self.grid().active_bytes())
    }

    /// Lets the scrollback grow no further, or again as far as was asked for.
    pub(crate) fn bound_history(&mut self, is_short: bool) {
        let asked = self.emulator.options().scrollback;
        let (history, is_known) =
            (self.grid().primary_history_rows(), self.grid().is_history_counted());
        // What is not counted yet is not to be dropped for it.
        if is_known || !is_short {
            self.emulator.grid_mut().set_history_max(if is_short { history } else { asked });
        }
    }

    /// Drops the oldest rows of the scrollback, some 16 KiB of them. Whether there were any.
    pub(crate) fn drop_oldest_history(&mut self) -> bool {
        let dropped = self.emulator.grid_mut().drop_oldest_history();
        self.revision += u64::from(dropped);
        dropped
    }

    /// The program holds the screen back until it is complete, since then.
    pub(crate) fn synchronized_since(&self) -> Option<Duration> {
        self.synchronized_since
    }

    /// How many rows of scrollback, at most this many, a snapshot can have that is one unit of work.
    pub(crate) fn snapshot_rows(&self, history: usize) -> usize {
        self.grid().rows_within(history, SNAPSHOT_COST)
    }

    /// A snapshot with at most this many rows of scrollback. Output before its offset is in it; the
    /// log's oldest byte is `log_start`.
    pub(crate) fn snapshot(&mut self, history: usize, log_start: u64) -> Result<Snapshot> {
        let size = self.emulator.size();
        let mut snapshot = Snapshot {
            offset: self.ground_offset(),
            cols: size.cols,
            rows: size.rows,
            line: self.emulator.snapshot_place(history).into(),
            bytes: Vec::new(),
        };
        let (emulator, bytes) = (&self.emulator, &mut snapshot.bytes);
        let written = catch_unwind(AssertUnwindSafe(|| emulator.write_snapshot(history, bytes)));
        written.map_err(|_| {
            self.is_broken = true;
            Error::new(ErrorKind::System, "the screen failed; the next output builds it anew")
        })?;
        if snapshot.offset < log_start {
            // In the middle of a string whose beginning the log has lost: it is begun anew.
            snapshot.offset = self.offset();
            snapshot.bytes.extend_from_slice(&self.emulator.parser().resumption());
        }
        Ok(snapshot)
    }

    /// Drops the scrollback, and the rows above the cursor's, which becomes the first. While the alternate
    /// screen is in use, only the scrollback of the other one: the program draws both screens.
    pub(crate) fn clear(&mut self) {
        self.revision += 1;
        self.emulator.grid_mut().clear();
    }
}

//! The table's calls about screens and their viewers.

use std::time::{Duration, Instant};

use super::Terminal;
use super::options::{Delivery, ReaderOptions, Start};
use super::output::Reader;
use super::screen::{
    Kept, LinePosition, Mark, Matches, Position, Rgb, Row, Rows, RowsAround, Scratch,
    ScreenOptions, ScreenUpdate, Search, SearchCursor, Snapshot, check_length,
};
use super::size::{Size, SizePolicy};
use super::table::Terminals;
use super::viewers::no_screen;
use crate::error::{Error, Result};
use crate::id::{ReaderId, TerminalId};
use crate::reactor::Reactor;

/// What a search by the host may cost: some 100 ms of processor time.
const SEARCH_COST_MAX: u64 = 100_000_000;

impl Terminals {
    /// Bytes that all screens take, about.
    pub(crate) fn screen_bytes(&self) -> usize {
        self.screens.used()
    }

    /// Checks what is asked of a new terminal's screen.
    pub(super) fn check_screen_options(
        &self,
        screen: Option<&ScreenOptions>,
        reader: Option<Delivery>,
        size: Size,
    ) -> Result<()> {
        let Some(screen) = screen else {
            let needs_one = reader == Some(Delivery::Screen);
            return if needs_one { Err(no_screen()) } else { Ok(()) };
        };
        let rows_max = self.limits.scrollback_rows;
        if screen.scrollback > rows_max {
            return Err(Error::invalid(format!("scrollback: at most {rows_max} rows")));
        }
        self.check_screen_size(size)
    }

    fn check_screen_size(&self, size: Size) -> Result<()> {
        let cells_max = self.limits.screen_cells;
        if usize::from(size.cols) * usize::from(size.rows) > cells_max {
            return Err(Error::limit(format!("a screen has at most {cells_max} cells")));
        }
        Ok(())
    }

    /// Whether a terminal can have a size at all.
    pub(crate) fn check_size(&self, id: TerminalId, size: Size) -> Result<()> {
        let has_screen = self.get(id)?.screen.is_some();
        size.validate()?;
        if has_screen { self.check_screen_size(size) } else { Ok(()) }
    }

    /// The size that a terminal has, or will have soon.
    pub(crate) fn size(&self, id: TerminalId) -> Result<Size> {
        Ok(self.get(id)?.resizer.target())
    }

    pub(crate) fn size_policy(&self, id: TerminalId) -> Result<SizePolicy> {
        Ok(self.get(id)?.size_policy)
    }

    /// Sets who decides the size. The size stays as it is.
    pub(crate) fn set_size_policy(&mut self, id: TerminalId, policy: SizePolicy) -> Result<()> {
        self.table.get_mut(id)?.size_policy = policy;
        self.touch(id);
        Ok(())
    }

    /// When a change of size that is held back is made; `None` if there is none.
    pub(crate) fn resized_at(&self, id: TerminalId) -> Option<Instant> {
        self.get(id).ok()?.resizer.held_until()
    }

    /// A size from the host, which decides from then on.
    pub(super) fn fix_size(
        &mut self,
        id: TerminalId,
        size: Size,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.resize(id, size, reactor)?;
        self.set_size_policy(id, SizePolicy::Fixed)
    }

    pub(crate) fn resize(
        &mut self,
        id: TerminalId,
        size: Size,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.check_size(id, size)?;
        self.touch(id);
        self.command(id, reactor, |t, reactor| t.resize(size, reactor))?;
        let terminal = self.table.get_mut(id)?;
        self.screens.count(terminal);
        Ok(())
    }

    pub(crate) fn clear_screen(&mut self, id: TerminalId, reactor: &mut Reactor) -> Result<()> {
        self.touch(id);
        self.command(id, reactor, |t, reactor| t.clear_screen(reactor))?;
        let terminal = self.table.get_mut(id)?;
        self.screens.count(terminal);
        Ok(())
    }

    pub(crate) fn set_colors(
        &mut self,
        id: TerminalId,
        colors: (Rgb, Rgb, Rgb),
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.command(id, reactor, |t, reactor| t.set_colors(colors, reactor))
    }

    pub(crate) fn scroll_to(
        &mut self,
        reader: ReaderId,
        rows: u32,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let id = *self.readers.get(reader)?;
        self.command(id, reactor, |t, reactor| t.scroll_to(reader, rows as usize, reactor))
    }

    pub(crate) fn set_delivery(
        &mut self,
        reader: ReaderId,
        delivery: Delivery,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let id = *self.readers.get(reader)?;
        self.command(id, reactor, |t, reactor| t.set_delivery(reader, delivery, reactor))
    }

    pub(crate) fn request_snapshot(
        &mut self,
        reader: ReaderId,
        history: usize,
        reactor: &mut Reactor,
    ) -> Result<()> {
        let id = *self.readers.get(reader)?;
        self.command(id, reactor, |t, _| t.request_snapshot(reader, history))
    }

    pub(crate) fn snapshot(&mut self, id: TerminalId, history: usize) -> Result<Snapshot> {
        let terminal = self.table.get_mut(id)?;
        let log_start = terminal.log.start();
        terminal.open_screen()?.snapshot(history, log_start)
    }

    /// A snapshot for a client: with fewer rows of scrollback where more would hold up the turn.
    pub(crate) fn snapshot_in_turn(&mut self, id: TerminalId, history: usize) -> Result<Snapshot> {
        let history = self.table.get_mut(id)?.open_screen()?.snapshot_rows(history);
        self.snapshot(id, history)
    }

    pub(crate) fn screen_text(&mut self, id: TerminalId, history: usize) -> Result<String> {
        Ok(self.table.get_mut(id)?.open_screen()?.text(history))
    }

    pub(crate) fn screen_rows(
        &mut self,
        id: TerminalId,
        first: i32,
        count: usize,
        rows: &mut Rows,
    ) -> Result<()> {
        self.table.get_mut(id)?.open_screen()?.rows(first, count, rows);
        Ok(())
    }

    /// Reads rows of a screen and its scrollback, as many as `fits` takes.
    pub(crate) fn rows_around(
        &mut self,
        id: TerminalId,
        wanted: &RowsAround,
        rows: &mut Rows,
        fits: impl FnMut(Row<'_>) -> bool,
    ) -> Result<Kept> {
        Ok(self.table.get_mut(id)?.open_screen()?.rows_around(wanted, rows, fits))
    }

    /// Counts rows of a scrollback after a change of the width. Gives what it cost, in about nanoseconds; 0 if all were
    /// counted before.
    pub(crate) fn count_history(&mut self, id: TerminalId) -> Result<u64> {
        Ok(self.table.get_mut(id)?.open_screen()?.count_history())
    }

    pub(crate) fn locate(&self, id: TerminalId, place: LinePosition) -> Result<Option<Position>> {
        let screen = self.get(id)?.screen.as_deref().ok_or_else(no_screen)?;
        Ok(screen.position_of(place))
    }

    pub(crate) fn marks(&self, id: TerminalId, marks: &mut Vec<Mark>) -> Result<()> {
        self.get(id)?.screen.as_deref().ok_or_else(no_screen)?.marks(marks);
        Ok(())
    }

    pub(crate) fn screen_changes(
        &mut self,
        id: TerminalId,
        generation: u64,
        update: &mut ScreenUpdate,
    ) -> Result<()> {
        let screen = self.table.get_mut(id)?.open_screen()?;
        screen.look();
        screen.changes_since(generation, update);
        Ok(())
    }

    /// Searches at once, until a bound of the search is reached or [`SEARCH_COST_MAX`].
    pub(crate) fn search(&mut self, id: TerminalId, search: &Search) -> Result<Matches> {
        let screen = self.table.get_mut(id)?.open_screen()?;
        let mut cost = 0;
        let mut cursor = SearchCursor::new(search, self.patterns.get(search, &mut cost)?);
        let mut scratch = Scratch::default();
        while !cursor.is_done() {
            if cost >= SEARCH_COST_MAX && cursor.has_advanced() {
                cursor.stop();
            } else {
                cost += cursor.step(screen, &mut scratch);
            }
        }
        Ok(cursor.result(screen))
    }

    /// Whether a search can be begun, as far as that is seen without compiling its pattern.
    pub(crate) fn check_search(&self, id: TerminalId, search: &Search) -> Result<()> {
        if self.get(id)?.screen.is_none() {
            return Err(no_screen());
        }
        check_length(search)
    }

    /// Compiles the pattern of a search that is run in steps; adds to `cost` what that costs.
    pub(crate) fn begin_search(&mut self, search: &Search, cost: &mut u64) -> Result<SearchCursor> {
        Ok(SearchCursor::new(search, self.patterns.get(search, cost)?))
    }

    /// Searches on for a step; adds to `cost` what that costs. Gives what was found when it is done.
    pub(crate) fn search_on(
        &mut self,
        id: TerminalId,
        cursor: &mut SearchCursor,
        scratch: &mut Scratch,
        cost: &mut u64,
    ) -> Result<Option<Matches>> {
        let screen = self.table.get_mut(id)?.open_screen()?;
        *cost += cursor.step(screen, scratch);
        Ok(cursor.is_done().then(|| cursor.result(screen)))
    }
}

impl Terminal {
    /// Adds a reader where it wants to start.
    pub(super) fn add_reader(
        &mut self,
        id: ReaderId,
        options: &ReaderOptions,
        reactor: &mut Reactor,
    ) -> Result<()> {
        self.check_reader_options(options)?;
        let (start, end) = (self.log.start(), self.log.end());
        let (cursor, snapshot) = match options.start {
            _ if options.delivery == Delivery::Screen => (end, None),
            Start::Oldest => (start, None),
            Start::Now => (end, None),
            Start::Snapshot(history) => (end, Some(history)),
            Start::Offset(offset) | Start::Resume(offset) if offset > end => {
                return Err(Error::invalid("the offset is past the end of output"));
            }
            Start::Resume(offset) if offset < start && self.screen.is_some() => (end, Some(0)),
            Start::Offset(offset) | Start::Resume(offset) => (offset, None),
        };
        let now = reactor.now();
        let mut reader = Reader::new(id, options, (cursor, self.cleared), now);
        let consumer = &mut reader.consumer;
        if let Some(history) = snapshot {
            consumer.resync(history);
        }
        // What it finds there makes it lag from the beginning.
        consumer.lag.observe(cursor < end, None, Duration::ZERO, now);
        if matches!(options.start, Start::Resume(_)) {
            consumer.skip_queries(end);
        }
        self.readers.push(reader);
        self.update_viewers(reactor, false);
        Ok(())
    }

    /// Makes the snapshot that a reader waits for; its bytes go on from there.
    pub(super) fn take_snapshot(&mut self, reader: ReaderId, history: usize) -> Result<Snapshot> {
        let (start, end) = (self.log.start(), self.log.end());
        let snapshot = self.open_screen()?.snapshot(history, start);
        let consumer = &mut self.reader_mut(reader)?.consumer;
        match &snapshot {
            Ok(snapshot) => consumer.resume_at(snapshot.offset),
            Err(_) => consumer.go_without_snapshot(end),
        }
        snapshot
    }
}

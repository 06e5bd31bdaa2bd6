//! The engine's calls for screens: what terminals show.

use super::Engine;
use crate::error::Result;
use crate::reactor::{ReaderId, TerminalId};
use crate::terminal::{
    Delivery, LinePosition, Mark, Matches, Op, Position, Rgb, Rows, ScreenUpdate, Search, Snapshot,
};

impl Engine {
    /// Types text as a person pastes it: its ends of lines become carriage returns, control characters
    /// and every end of a bracketed paste are taken out, and it is bracketed when the program asked for
    /// that (known with a screen only). All of it or nothing.
    ///
    /// # Errors
    /// `StaleId`, `Closing`, `Ended`, `LimitReached` when the input queue has no room for all.
    pub fn paste(&mut self, id: TerminalId, text: &[u8]) -> Result<()> {
        self.apply(id, &Op::Paste(text.into()))
    }

    /// Drops a screen's scrollback and the rows above the cursor's, which becomes the first one; while the
    /// alternate screen is in use, which a program draws, only the scrollback of the other one. Readers of
    /// bytes get [`Cleared`](crate::TerminalEvent::Cleared), the program gets nothing.
    ///
    /// # Errors
    /// `StaleId`, `Closing`, `NoScreen`.
    pub fn clear_screen(&mut self, id: TerminalId) -> Result<()> {
        self.apply(id, &Op::Clear)
    }

    /// Replaces the colours of [`ScreenOptions`](crate::ScreenOptions) with those of the window that shows the terminal
    /// now. They are reported to the program when it queries a colour that it has not set itself. A program that has set
    /// mode 2031 also gets a report when the background changes between dark and light.
    ///
    /// # Errors
    /// `StaleId`, `Closing`, `NoScreen`.
    pub fn set_screen_colors(
        &mut self,
        id: TerminalId,
        foreground: Rgb,
        background: Rgb,
        cursor: Rgb,
    ) -> Result<()> {
        let colors = (foreground, background, cursor);
        self.with_terminals(|terminals, reactor| terminals.set_colors(id, colors, reactor))
    }

    /// Scrolls a reader with [`Delivery::Screen`] back to so many rows above the screen, at most as
    /// many as there are. Further output leaves the view where it is.
    ///
    /// # Errors
    /// `StaleId`, `Closing`, `InvalidArgument` for another kind of reader.
    pub fn scroll_to(&mut self, reader: ReaderId, rows: u32) -> Result<()> {
        self.with_terminals(|terminals, reactor| terminals.scroll_to(reader, rows, reactor))
    }

    /// Changes how output reaches a reader. From [`Delivery::Screen`] to bytes, a
    /// [`Snapshot`](crate::TerminalEvent::Snapshot) comes first; to it, all of the screen.
    ///
    /// # Errors
    /// `StaleId`, `NoScreen`.
    pub fn set_delivery(&mut self, reader: ReaderId, delivery: Delivery) -> Result<()> {
        self.with_terminals(|terminals, reactor| terminals.set_delivery(reader, delivery, reactor))
    }

    /// Makes the next event of a reader of bytes a [`Snapshot`](crate::TerminalEvent::Snapshot) of the
    /// screen with at most `scrollback` rows above it; its bytes go on from there. What a reader does
    /// after a [`Gap`](crate::TerminalEvent::Gap).
    ///
    /// # Errors
    /// `StaleId`, `NoScreen`, `InvalidArgument` for a reader with [`Delivery::Screen`].
    pub fn request_snapshot(&mut self, reader: ReaderId, scrollback: usize) -> Result<()> {
        self.with_terminals(|terminals, reactor| {
            terminals.request_snapshot(reader, scrollback, reactor)
        })
    }

    /// A snapshot of a screen with at most `scrollback` rows above it. It is made at once: 10,000 rows of 80 columns
    /// take an estimated 2 ms, or 5 ms when they are coloured.
    ///
    /// # Errors
    /// `StaleId`, `NoScreen`.
    pub fn snapshot(&mut self, id: TerminalId, scrollback: usize) -> Result<Snapshot> {
        self.with_terminals(|terminals, _| terminals.snapshot(id, scrollback))
    }

    /// A screen as text with at most `scrollback` rows above it: a line per row, trailing blanks cut.
    ///
    /// # Errors
    /// `StaleId`, `NoScreen`.
    pub fn screen_text(&mut self, id: TerminalId, scrollback: usize) -> Result<String> {
        self.with_terminals(|terminals, _| terminals.screen_text(id, scrollback))
    }

    /// Rows of a screen (0 is its top) and its scrollback (-1 is its newest row), as many of `count`
    /// from `first` on as there are. `rows` is filled anew.
    ///
    /// # Errors
    /// `StaleId`, `NoScreen`.
    pub fn screen_rows(
        &mut self,
        id: TerminalId,
        first: i32,
        count: usize,
        rows: &mut Rows,
    ) -> Result<()> {
        self.with_terminals(|terminals, _| terminals.screen_rows(id, first, count, rows))
    }

    /// Where a place in a line is now, at the present size; `None` when the line has left the scrollback or was erased,
    /// while the alternate screen hides it, and for a moment while a long scrollback is counted after a change of the
    /// width. A column behind the end of its row is that row's last one.
    ///
    /// # Errors
    /// `StaleId`, `NoScreen`.
    pub fn locate(&self, id: TerminalId, place: LinePosition) -> Result<Option<Position>> {
        self.terminals.locate(id, place)
    }

    /// The prompts, commands and outputs that the program has marked (OSC 133, 633), in the order of the text: the newest
    /// 4,096 of the scrollback, and 256 of the primary screen. `marks` is filled anew.
    ///
    /// # Errors
    /// `StaleId`, `NoScreen`.
    pub fn marks(&self, id: TerminalId, marks: &mut Vec<Mark>) -> Result<()> {
        self.terminals.marks(id, marks)
    }

    /// What changed on a screen since the update with this generation; everything for 0 or one that is
    /// too long ago. `update` is filled anew.
    ///
    /// # Errors
    /// `StaleId`, `NoScreen`.
    pub fn screen_changes(
        &mut self,
        id: TerminalId,
        generation: u64,
        update: &mut ScreenUpdate,
    ) -> Result<()> {
        self.with_terminals(|terminals, _| terminals.screen_changes(id, generation, update))
    }

    /// Searches a screen and its scrollback at once. Rows that wrap into each other are one line, up to 1,000
    /// rows or 64 KiB of text; the rest of a longer one is looked at as what follows on it.
    ///
    /// Takes an estimated 10 ms for the default of 10,000 rows, of 80 columns each, and stops after about 100 ms of
    /// processor time, or when the search for one more match in one line is through if that takes longer,
    /// which only expressions do that are made for it. A host that may not wait so long searches in slices
    /// of a few hundred rows, by [`Search::rows_max`], and goes on at [`Matches::next_line`], or at [`Matches::next`] and
    /// [`Matches::next_col`] if nothing came in between; the pattern is compiled once. To end a search is not to go on.
    ///
    /// # Errors
    /// `StaleId`, `NoScreen`, `InvalidArgument` for a pattern that is empty, too long, malformed, or too
    /// large when compiled.
    pub fn search(&mut self, id: TerminalId, search: &Search) -> Result<Matches> {
        self.with_terminals(|terminals, _| terminals.search(id, search))
    }

    /// Bytes that all screens and their scrollback take, without what an allocator adds.
    pub fn screen_bytes(&self) -> usize {
        self.terminals.screen_bytes()
    }
}

//! The screen: what a terminal shows, kept up to date from its output.
//!
//! [`Screen`] is the only thing that the rest of the terminal sees. Inside:
//!
//! ```text
//!  output ─▶ scanner ─▶ parser ─▶ model ─┬─▶ changes ─▶ update    for viewers, at their pace
//!               │                        ├─▶ snapshot             for readers that lost bytes
//!               ▼                        ├─▶ rows, search         for hosts that ask
//!             facts ─▶ events            └─▶ answers              to the program's questions
//! ```
//!
//! Everything is pure: no descriptor, no clock. The model is foreign code that is fed by programs nobody
//! trusts, so a panic in it is caught, and the screen is built anew from what the log still has.

mod answers;
mod cells;
mod changes;
mod clipboard;
mod emulator;
mod facts;
#[cfg(fuzzing)]
mod fuzz;
#[cfg(any(test, fuzzing))]
#[allow(dead_code, reason = "not in use yet")]
mod grid;
mod handler;
#[cfg(any(test, fuzzing))]
#[allow(dead_code, reason = "not in use yet")]
mod history;
mod model;
mod palette;
mod parser;
#[cfg(test)]
mod recordings;
mod rows;
mod scanner;
mod search;
mod sleep;
mod snapshot;
mod style;
#[cfg(test)]
mod tests;
mod update;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use alacritty_terminal::index::Line;
use alacritty_terminal::vte::ansi::Processor;

use self::changes::Changes;
pub(crate) use self::facts::{Fact, Facts, News};
#[cfg(fuzzing)]
pub(crate) use self::fuzz::fuzz;
use self::model::{Deed, Feed, Model, NoHold};
pub use self::rows::{Link, Row, Rows, Run};
use self::scanner::Scanner;
pub use self::search::{Match, Matches, Position, Search};
pub(crate) use self::search::{Patterns, Scratch, SearchCursor, check_length};
use self::sleep::Asleep;
pub use self::style::{Attributes, Color, Rgb, Style, Underline};
pub use self::update::{Cursor, CursorShape, Modes, ScreenUpdate, Scroll};
use super::options::Size;
use crate::error::{Error, ErrorKind, Result};

/// Whether and how the engine keeps a terminal's screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenOptions {
    /// Rows of scrollback, at most [`Limits::scrollback_rows`](crate::Limits). Default 1,000.
    pub scrollback: usize,
    /// The engine answers the program's questions (where the cursor is, which colours there are, what
    /// the terminal can). Leave it on unless the output also goes to another terminal, which answers
    /// them itself. Default true.
    pub answers: bool,
    /// Programs may ask to set the clipboard; it becomes an event. Default false.
    pub clipboard: bool,
    /// The foreground that a program is told. Default light grey.
    pub foreground: Rgb,
    /// The background that a program is told. Default black.
    pub background: Rgb,
    /// The cursor's colour that a program is told. Default light grey.
    pub cursor: Rgb,
    /// Time without output after which the screen is kept as a snapshot, in some hundred bytes, until it
    /// is needed again; `None` for never. Default 30 s.
    pub hibernate_after: Option<Duration>,
}

impl Default for ScreenOptions {
    fn default() -> Self {
        let grey = Rgb { r: 229, g: 229, b: 229 };
        ScreenOptions {
            scrollback: 1000,
            answers: true,
            clipboard: false,
            foreground: grey,
            background: Rgb { r: 0, g: 0, b: 0 },
            cursor: grey,
            hibernate_after: Some(Duration::from_secs(30)),
        }
    }
}

/// A snapshot of a screen, to be fed to another terminal of the same size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Go on with the output from this offset.
    pub offset: u64,
    /// Columns of the screen.
    pub cols: u16,
    /// Rows of the screen.
    pub rows: u16,
    /// Control sequences that reset a terminal and make it show the same.
    pub bytes: Vec<u8>,
}

/// A time to hibernation from which on it is never.
const MAX_IDLE: Duration = Duration::from_secs(365 * 24 * 3600);

/// See the module's documentation.
pub(crate) struct Screen {
    scanner: Scanner,
    parser: Processor<NoHold>,
    model: Model,
    changes: Changes,
    facts: Facts,
    title_changed: bool,
    bells: u32,
    clipboard: Option<(bool, String)>,
    /// Counts output and resizes; what is equal shows the same.
    revision: u64,
    /// The revision at the last look for changes.
    looked_at: u64,
    /// When the synchronized update under way began.
    synchronized_since: Option<Duration>,
    /// Times that the model had to be built anew.
    failures: u32,
    failure_untold: bool,
    /// A look or a resize panicked; the next output builds the model anew.
    is_broken: bool,
    /// Offsets at which the output may be cut, some of those that the log still has.
    cuts: VecDeque<u64>,
    /// Questions that were answered, from and to which offset, as long as the log has them.
    questions: VecDeque<(u64, u64)>,
    /// Rows that scrolled into the history are counted.
    counts_scrolled: bool,
    scrolled: usize,
    /// Rows that have scrolled into the history since the screen was made.
    scrolled_total: i64,
    /// Times that rows have changed their places in another way.
    row_epoch: u64,
    /// Then the model is an empty one, but for its record.
    asleep: Option<Box<Asleep>>,
}

impl Screen {
    pub(crate) fn new(size: Size, options: &ScreenOptions, offset: u64) -> Self {
        Screen {
            scanner: Scanner::new(offset),
            parser: Processor::new(),
            model: Model::new(size, options),
            changes: Changes::new(),
            facts: Facts::default(),
            title_changed: false,
            bells: 0,
            clipboard: None,
            revision: 1,
            looked_at: 0,
            synchronized_since: None,
            failures: 0,
            failure_untold: false,
            is_broken: false,
            cuts: VecDeque::new(),
            questions: VecDeque::new(),
            counts_scrolled: false,
            scrolled: 0,
            scrolled_total: 0,
            row_epoch: 0,
            asleep: None,
        }
    }

    /// Takes in the next output. `false`: the model panicked; [`rebuild`](Self::rebuild) it.
    pub(crate) fn advance(&mut self, bytes: &[u8], now: Duration) -> bool {
        self.wake();
        self.revision += 1;
        self.facts.set_now(now);
        let Screen { scanner, parser, model, facts, questions, .. } = self;
        let before = model.mark_scrolled();
        let answered = model.answers.len();
        let mut feed = Feed { parser, model, facts, questions, answered };
        let outcome = catch_unwind(AssertUnwindSafe(|| scanner.scan(bytes, &mut feed)));
        let moved = self.model.count_scrolled(&before);
        self.scrolled += if self.counts_scrolled { moved.rows } else { 0 };
        self.scrolled_total += moved.rows as i64;
        self.row_epoch += u64::from(moved.otherwise);
        for deed in std::mem::take(&mut self.model.deeds) {
            match deed {
                Deed::TitleChanged => self.title_changed = true,
                Deed::Bell => self.bells = self.bells.saturating_add(1),
                Deed::Clipboard { selection, text } => self.clipboard = Some((selection, text)),
            }
        }
        self.synchronized_since = match self.synchronized_since {
            _ if !self.model.record.synchronized => None,
            None => Some(now),
            since => since,
        };
        outcome.is_ok() && !self.is_broken
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
        while self.questions.front().is_some_and(|(_, to)| *to <= log_start) {
            self.questions.pop_front();
        }
    }

    /// The first question that ends after `offset`: from and to which offset it goes.
    pub(crate) fn next_question(&self, offset: u64) -> Option<(u64, u64)> {
        let index = self.questions.partition_point(|(_, to)| *to <= offset);
        self.questions.get(index).copied()
    }

    /// The first offset from `start` on at which the output may be cut, if one is known.
    pub(crate) fn first_cut(&self, start: u64) -> Option<u64> {
        let index = self.cuts.partition_point(|cut| *cut < start);
        self.cuts.get(index).copied()
    }

    /// Counts rows that scroll into the history from now on, or stops it.
    pub(crate) fn count_scrolled(&mut self, counts: bool) {
        self.counts_scrolled = counts;
    }

    /// Rows that have scrolled into the history since the last call.
    pub(crate) fn take_scrolled(&mut self) -> usize {
        std::mem::take(&mut self.scrolled)
    }

    /// Builds the screen anew after a panic, from output that begins at `offset`. Nothing is answered
    /// or told a second time. If the same output panics again, the screen begins empty behind it.
    pub(crate) fn rebuild<'a>(
        &mut self,
        offset: u64,
        output: impl IntoIterator<Item = &'a [u8]>,
        end: u64,
    ) {
        let (size, options) = (self.model.size, self.model.options.clone());
        let silent = ScreenOptions { answers: false, ..options.clone() };
        let mut fresh = Screen::new(size, &silent, offset);
        let survived = output.into_iter().all(|bytes| fresh.advance(bytes, Duration::ZERO));
        if !survived {
            fresh = Screen::new(size, &silent, end);
        }
        fresh.model.options = options;
        fresh.model.record.title.clone_from(&self.model.record.title);
        self.scanner = fresh.scanner;
        self.parser = fresh.parser;
        self.model = fresh.model;
        self.model.answers.clear();
        self.changes.forget();
        self.is_broken = false;
        self.revision += 1;
        self.row_epoch += 1;
        self.failures += 1;
        self.failure_untold = true;
    }

    /// Whether it was built anew since the last call.
    pub(crate) fn take_failure(&mut self) -> bool {
        std::mem::take(&mut self.failure_untold)
    }

    /// Times that the model panicked and was built anew.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn resize(&mut self, size: Size) {
        self.wake();
        self.revision += 1;
        self.row_epoch += 1;
        let resized = catch_unwind(AssertUnwindSafe(|| self.model.resize(size)));
        self.is_broken |= resized.is_err();
    }

    /// Output up to here is in the model.
    pub(crate) fn offset(&self) -> u64 {
        self.scanner.offset()
    }

    /// The last offset so far at which the output may be cut.
    pub(crate) fn ground_offset(&self) -> u64 {
        self.scanner.ground_offset()
    }

    /// Answers to the program's questions since the last call.
    pub(crate) fn take_answers(&mut self) -> Option<Vec<u8>> {
        let answers = &mut self.model.answers;
        if answers.is_empty() { None } else { Some(std::mem::take(answers)) }
    }

    pub(crate) fn title(&self) -> &str {
        &self.model.record.title
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether [`take_news`](Self::take_news) has something.
    pub(crate) fn has_news(&self) -> bool {
        self.title_changed || self.bells > 0 || self.clipboard.is_some() || !self.facts.is_empty()
    }

    /// Takes the next thing to tell.
    pub(crate) fn take_news(&mut self) -> Option<News> {
        if std::mem::take(&mut self.title_changed) {
            return Some(News::Title);
        }
        if let Some(fact) = self.facts.take() {
            return Some(News::Fact(fact));
        }
        if let Some((selection, text)) = self.clipboard.take() {
            return Some(News::Clipboard { selection, text });
        }
        let bells = std::mem::take(&mut self.bells);
        (bells > 0).then_some(News::Bell(bells))
    }

    pub(crate) fn cursor(&self) -> Cursor {
        self.asleep.as_ref().map_or_else(|| Cursor::of(&self.model), |asleep| asleep.cursor)
    }

    pub(crate) fn modes(&self) -> Modes {
        self.asleep.as_ref().map_or_else(|| Modes::of(&self.model), |asleep| asleep.modes)
    }

    pub(crate) fn history(&self) -> usize {
        self.asleep.as_ref().map_or_else(|| self.model.history(), |asleep| asleep.history)
    }

    /// Bytes of the cells, about; of the snapshot while it sleeps.
    pub(crate) fn bytes(&self) -> usize {
        self.asleep.as_ref().map_or_else(|| self.model.bytes(), |asleep| asleep.bytes())
    }

    /// Lets the scrollback grow no further, or again as far as was asked for.
    pub(crate) fn bound_history(&mut self, is_short: bool) {
        if !self.is_asleep() {
            self.model.bound_history(is_short);
        }
    }

    /// The time without output after which it may sleep; `None` also while it does.
    pub(crate) fn hibernates_after(&self) -> Option<Duration> {
        self.model.options.hibernate_after.filter(|after| !self.is_asleep() && *after < MAX_IDLE)
    }

    /// The program holds the screen back until it is complete, since then.
    pub(crate) fn synchronized_since(&self) -> Option<Duration> {
        self.synchronized_since
    }

    // Viewers.

    /// The generation of what the last look found.
    pub(crate) fn generation(&self) -> u64 {
        self.changes.generation()
    }

    /// Whether the screen may show something else than at the last look.
    pub(crate) fn is_stale(&self) -> bool {
        self.looked_at != self.revision
    }

    /// Looks for changes; returns the generation of what the screen shows now.
    pub(crate) fn look(&mut self) -> u64 {
        if self.is_stale() {
            self.wake();
            self.looked_at = self.revision;
            let (changes, model) = (&mut self.changes, &mut self.model);
            let looked = catch_unwind(AssertUnwindSafe(|| changes.look(model)));
            self.is_broken |= looked.is_err();
        }
        self.changes.generation()
    }

    /// What a viewer needs who knows `generation` (0: nothing). Call [`look`](Self::look) before.
    pub(crate) fn changes_since(&self, generation: u64, update: &mut ScreenUpdate) {
        let full = !self.changes.knows(generation);
        self.describe(update);
        update.full = full;
        if full || self.changes.title_generation() > generation {
            update.title = Some(self.title().to_owned());
        }
        if !full {
            update.scrolls.extend(self.changes.scrolls_since(generation));
        }
        for row in 0..self.model.rows() {
            if full || self.changes.row_generation(row) > generation {
                update.rows.push(row as i32, &self.model.grid()[Line(row as i32)]);
            }
        }
    }

    /// All rows of a viewport that is scrolled back by so many rows.
    pub(crate) fn viewport(&self, back: usize, update: &mut ScreenUpdate) {
        let back = back.min(self.history());
        self.describe(update);
        update.full = true;
        update.title = Some(self.title().to_owned());
        update.viewport = back as u32;
        let top = -(back as i32);
        for row in top..top + self.model.rows() as i32 {
            update.rows.push(row, &self.model.grid()[Line(row)]);
        }
    }

    fn describe(&self, update: &mut ScreenUpdate) {
        update.generation = self.changes.generation();
        update.offset = self.offset();
        update.cols = self.model.size.cols;
        update.height = self.model.size.rows;
        update.history = self.history() as u32;
        update.viewport = 0;
        update.cursor = self.cursor();
        update.modes = self.modes();
        update.title = None;
        update.scrolls.clear();
        update.rows.clear();
    }

    /// Rows of the screen (from 0) and its scrollback (below 0), as far as they exist.
    pub(crate) fn rows(&self, first: i32, count: usize, rows: &mut Rows) {
        rows.clear();
        let (top, end) = (-(self.history() as i64), self.model.rows() as i64);
        let first = i64::from(first);
        let last = first.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        for row in first.max(top)..last.min(end) {
            let row = row as i32;
            rows.push(row, &self.model.grid()[Line(row)]);
        }
    }

    /// The screen as text: a line per row, trailing blanks cut.
    pub(crate) fn text(&self, history: usize) -> String {
        let mut text = String::new();
        for row in -(self.history().min(history) as i32)..self.model.rows() as i32 {
            rows::push_text(&self.model.grid()[Line(row)], &mut text);
            text.push('\n');
        }
        text
    }

    /// A snapshot with at most this many rows of scrollback. Output before its offset is in it; the
    /// log's oldest byte is `log_start`.
    pub(crate) fn snapshot(&mut self, history: usize, log_start: u64) -> Result<Snapshot> {
        self.wake();
        let mut snapshot = Snapshot {
            offset: self.ground_offset(),
            cols: self.model.size.cols,
            rows: self.model.size.rows,
            bytes: Vec::new(),
        };
        let (model, bytes) = (&mut self.model, &mut snapshot.bytes);
        catch_unwind(AssertUnwindSafe(|| snapshot::write(model, history, bytes))).map_err(
            |_| {
                self.is_broken = true;
                Error::new(ErrorKind::System, "the screen failed; the next output builds it anew")
            },
        )?;
        if snapshot.offset < log_start {
            // In the middle of a string whose beginning the log has lost: it is begun anew.
            snapshot.offset = self.offset();
            snapshot.bytes.extend_from_slice(self.scanner.resumption());
        }
        Ok(snapshot)
    }

    /// Drops the scrollback, and the rows above the cursor's, which becomes the first. While the alternate
    /// screen is in use, only the scrollback of the other one: the program draws both screens.
    pub(crate) fn clear(&mut self) {
        self.wake();
        self.revision += 1;
        self.row_epoch += 1;
        self.model.clear();
    }
}

//! The engine's calls for terminals and their screens.

use std::os::fd::OwnedFd;
use std::time::Duration;

use super::Engine;
use crate::error::Result;
use crate::id::{ReaderId, TerminalId};
use crate::terminal::{
    AdoptOptions, BatchEntry, BatchReport, Delivery, LinePosition, Mark, Matches, Mode, Op,
    Position, ReaderOptions, Rgb, Rows, ScreenUpdate, Search, SignalTarget, Size, SizePolicy,
    Snapshot, SpawnOptions, Start, TerminalFilter, TerminalState,
};

impl Engine {
    /// Starts a program in a new terminal.
    ///
    /// The call returns when the program has been executed (about 0.4 ms, whatever the size of the
    /// host's memory); the program's own start is not waited for.
    ///
    /// # Errors
    /// `ProgramNotFound`, `NotExecutable`, `WorkingDirectory`, `OutOfPtys`, `OutOfDescriptors`,
    /// `LimitReached` (terminals), `InvalidArgument`, `EngineGone` after [`shutdown`](Self::shutdown).
    /// Nothing is left behind by any of them.
    pub fn spawn(&mut self, options: &SpawnOptions) -> Result<TerminalId> {
        self.check_accepts_new()?;
        let outcome = self.spawn_terminal(options);
        self.finish_call_or_log();
        outcome
    }

    /// Starts a program, if there is memory for its terminal.
    pub(super) fn spawn_terminal(&mut self, options: &SpawnOptions) -> Result<TerminalId> {
        self.admit_terminal(options.screen.as_ref(), options.size)?;
        self.terminals.spawn(options, &mut self.reactor)
    }

    /// Starts many programs; a result for each, in their order. One that fails does not stop the
    /// others.
    pub fn spawn_many(&mut self, options: &[SpawnOptions]) -> Vec<Result<TerminalId>> {
        options.iter().map(|options| self.spawn(options)).collect()
    }

    /// Takes over an open PTY master: whatever happens, the descriptor is the engine's afterwards,
    /// non-blocking and close-on-exec. Without a known program the terminal ends when the last slave is
    /// closed, even if somebody would have opened another one later.
    ///
    /// # Errors
    /// `InvalidArgument` when it is not a PTY master, else as [`spawn`](Self::spawn).
    pub fn adopt(&mut self, master: OwnedFd, options: &AdoptOptions) -> Result<TerminalId> {
        self.check_accepts_new()?;
        self.admit_terminal(options.screen.as_ref(), options.size.unwrap_or_default())?;
        let outcome = self.terminals.adopt(master, options, &mut self.reactor);
        self.finish_call_or_log();
        outcome
    }

    /// Types bytes into a terminal: what the PTY takes goes out at once, the rest waits in the input
    /// queue. Returns how many bytes were accepted, the first ones; when fewer than all, the queue is
    /// full and [`InputReady`](crate::TerminalEvent::InputReady) reports when to go on.
    ///
    /// # Errors
    /// `StaleId`, `Closing`, `Ended`.
    pub fn write(&mut self, id: TerminalId, bytes: &[u8]) -> Result<usize> {
        self.with_terminals(|terminals, reactor| terminals.write(id, bytes, reactor))
    }

    /// Types the same bytes into many terminals; a status for each, in their order. A terminal takes
    /// all of them or, when its queue has no room, none.
    pub fn write_many(&mut self, ids: &[TerminalId], bytes: &[u8]) -> Result<BatchReport> {
        let op = [Op::Input(bytes.into())];
        let entries: Vec<_> = ids.iter().map(|id| BatchEntry { terminal: *id, ops: &op }).collect();
        self.batch(&entries)
    }

    /// Ends the input as a person would, with the terminal's end-of-file character (usually
    /// Ctrl-D), twice where a line in canonical mode is unfinished.
    ///
    /// The character is typed once the program has read all input and waits for more, and looked after
    /// until it was read: a change between canonical and raw mode before that would make something else
    /// of it. It ends one read of one program. Further input is typed behind it; then it is typed at once,
    /// if it was not yet, and not looked after any more.
    ///
    /// # Errors
    /// `StaleId`, `Closing`, `Ended`, `LimitReached` when the input queue is full.
    pub fn send_eof(&mut self, id: TerminalId) -> Result<()> {
        self.with_terminals(|terminals, reactor| terminals.send_eof(id, reactor))
    }

    /// Changes the size. The first change is made at once, further ones at most every
    /// [`Limits::resize_interval`](crate::Limits), the last one always.
    ///
    /// From then on the host decides the size: this sets [`SizePolicy::Fixed`].
    ///
    /// # Errors
    /// `StaleId`, `Closing`, `Ended`, `InvalidArgument`.
    pub fn resize(&mut self, id: TerminalId, size: Size) -> Result<()> {
        self.apply(id, &Op::Resize(size))
    }

    /// Sets who decides the size of a terminal that clients of the server show. A new terminal has
    /// [`SizePolicy::Latest`]. The policy is applied at once; if no viewer is attached, the size stays as it is.
    /// [`TerminalState::size_policy`] has the policy.
    ///
    /// # Errors
    /// `StaleId`, `Forked`.
    pub fn set_size_policy(&mut self, id: TerminalId, policy: SizePolicy) -> Result<()> {
        self.check_process()?;
        self.reactor.refresh_now();
        self.terminals.set_size_policy(id, policy)?;
        self.server.resize(id, &mut self.terminals, &mut self.reactor);
        self.finish_call_or_log();
        Ok(())
    }

    /// Changes the line discipline. Input that was written just before may be echoed only after the
    /// change: the kernel's worker carries it over.
    ///
    /// # Errors
    /// `StaleId`, `Closing`, `Ended`.
    pub fn set_mode(&mut self, id: TerminalId, mode: Mode) -> Result<()> {
        self.apply(id, &Op::SetMode(mode))
    }

    /// Sends a signal, by its number, 1 to `SIGRTMAX`.
    ///
    /// # Errors
    /// `StaleId`, `InvalidArgument`, `Ended` when there is no process to signal.
    pub fn signal(&mut self, id: TerminalId, signal: i32, target: SignalTarget) -> Result<()> {
        self.apply(id, &Op::Signal(signal, target))
    }

    /// Does many operations for many terminals. Order holds within an entry; a failure skips the rest
    /// of its entry (and of an entry for the same terminal right behind it) and nothing else.
    ///
    /// # Errors
    /// Of the call: `Forked`, `System`. Failed operations are in the report.
    pub fn batch(&mut self, entries: &[BatchEntry<'_>]) -> Result<BatchReport> {
        let ops =
            entries.iter().flat_map(|entry| entry.ops.iter().map(|op| (entry.terminal, Ok(op))));
        self.run_batch(ops)
    }

    /// [`batch`](Self::batch) for operations that may have been refused already.
    pub(crate) fn run_ops(&mut self, ops: &[(TerminalId, Result<Op<'_>>)]) -> Result<BatchReport> {
        self.run_batch(ops.iter().map(|(id, op)| (*id, op.as_ref().map_err(Clone::clone))))
    }

    fn run_batch<'a>(
        &mut self,
        ops: impl Iterator<Item = (TerminalId, Result<&'a Op<'a>>)>,
    ) -> Result<BatchReport> {
        self.check_process()?;
        let start = self.reactor.refresh_now();
        let statuses = self.terminals.run_batch(ops, &mut self.reactor);
        self.finish_call_or_log();
        Ok(BatchReport::new(statuses, self.reactor.measure_now() - start))
    }

    /// Closes a terminal: SIGHUP to the program's group and the foreground group, SIGKILL to both if the
    /// program has not ended after `grace`. Others that ignore the hangup, as under `nohup`, go on
    /// without a terminal. Output that still comes is delivered; pauses end. [`Closed`](crate::TerminalEvent::Closed) is its last event, and the
    /// id is good until then. Closing again sets a new grace from now.
    ///
    /// # Errors
    /// `StaleId`.
    pub fn close(&mut self, id: TerminalId, grace: Duration) -> Result<()> {
        self.with_terminals(|terminals, reactor| terminals.close(id, grace, reactor))
    }

    /// Stops reading a terminal's PTY; the program blocks once the kernel's buffer is full. Its exit
    /// is reported after [`resume`](Self::resume), when all of its output has been read.
    ///
    /// # Errors
    /// `StaleId`, `Closing`, `Ended`.
    pub fn pause(&mut self, id: TerminalId) -> Result<()> {
        self.with_terminals(|terminals, reactor| terminals.set_paused(id, true, reactor))
    }

    /// Ends [`pause`](Self::pause).
    ///
    /// # Errors
    /// `StaleId`, `Closing`, `Ended`.
    pub fn resume(&mut self, id: TerminalId) -> Result<()> {
        self.with_terminals(|terminals, reactor| terminals.set_paused(id, false, reactor))
    }

    /// Adds a reader to a terminal's output; its bytes come as
    /// [`Output`](crate::TerminalEvent::Output) events with its id.
    ///
    /// # Errors
    /// `StaleId`, `LimitReached`, `InvalidArgument` for an offset past the end.
    pub fn attach(&mut self, id: TerminalId, delivery: Delivery, start: Start) -> Result<ReaderId> {
        self.attach_with(id, &ReaderOptions::new(delivery).start(start))
    }

    /// [`attach`](Self::attach) with all options.
    ///
    /// # Errors
    /// `StaleId`, `LimitReached`, `InvalidArgument` for an offset past the end, `NoScreen` when the
    /// options need a screen.
    pub fn attach_with(&mut self, id: TerminalId, options: &ReaderOptions) -> Result<ReaderId> {
        self.with_terminals(|terminals, reactor| terminals.attach(id, options, reactor))
    }

    /// Takes a reader away, the one made at spawn too. What it has not read does not hold back the
    /// PTY any more.
    ///
    /// # Errors
    /// `StaleId`.
    pub fn detach(&mut self, reader: ReaderId) -> Result<()> {
        self.with_terminals(|terminals, reactor| terminals.detach(reader, reactor))
    }

    /// Gives a reader no bytes until it is resumed. A lossless one stops the PTY when its backlog is
    /// full, and the terminal's exit waits for it; a lossy one gets a gap later.
    ///
    /// # Errors
    /// `StaleId`, `Closing`.
    pub fn pause_reader(&mut self, reader: ReaderId) -> Result<()> {
        self.with_terminals(|terminals, reactor| terminals.set_reader_paused(reader, true, reactor))
    }

    /// Ends [`pause_reader`](Self::pause_reader).
    ///
    /// # Errors
    /// `StaleId`.
    pub fn resume_reader(&mut self, reader: ReaderId) -> Result<()> {
        self.with_terminals(|terminals, reactor| {
            terminals.set_reader_paused(reader, false, reactor)
        })
    }

    /// The ids of all terminals that the filter lets through, in no particular order.
    pub fn terminals(&self, filter: TerminalFilter) -> Vec<TerminalId> {
        self.terminals.ids(filter).collect()
    }

    /// Everything that is known about a terminal now. Costs a few system calls.
    ///
    /// # Errors
    /// `StaleId`, `Forked`.
    pub fn terminal_state(&mut self, id: TerminalId) -> Result<TerminalState> {
        self.with_terminals(|terminals, reactor| terminals.state(id, reactor))
    }

    /// [`terminal_state`](Self::terminal_state) of many terminals; a result for each, in their order.
    pub fn terminal_states(&mut self, ids: &[TerminalId]) -> Vec<Result<TerminalState>> {
        ids.iter().map(|id| self.terminal_state(*id)).collect()
    }

    pub(super) fn apply(&mut self, id: TerminalId, op: &Op<'_>) -> Result<()> {
        self.with_terminals(|terminals, reactor| terminals.apply(id, op, reactor))
    }

    /// The frame of every call between turns: right process, fresh clock, truthful descriptor.
    pub(super) fn with_terminals<T>(
        &mut self,
        call: impl FnOnce(&mut crate::terminal::Terminals, &mut crate::reactor::Reactor) -> Result<T>,
    ) -> Result<T> {
        self.check_process()?;
        self.reactor.refresh_now();
        let outcome = call(&mut self.terminals, &mut self.reactor);
        self.finish_call_or_log();
        outcome
    }

    /// The beginning of every call that makes something new.
    pub(super) fn check_accepts_new(&mut self) -> Result<()> {
        self.check_process()?;
        self.reactor.refresh_now();
        self.check_not_shutting_down()
    }

    // Screens.

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
    pub fn position(&self, id: TerminalId, place: LinePosition) -> Result<Option<Position>> {
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

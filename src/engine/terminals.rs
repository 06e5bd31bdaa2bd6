//! The engine's calls for terminals.

use std::os::fd::OwnedFd;
use std::time::Duration;

use super::Engine;
use crate::error::Result;
use crate::reactor::{ReaderId, TerminalId};
use crate::terminal::{
    AdoptOptions, BatchEntry, BatchReport, Delivery, Mode, Op, ReaderOptions, SignalTarget, Size,
    SizePolicy, SpawnOptions, Start, StateFilter, TerminalState,
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
        self.admit()?;
        let outcome = self.terminals.spawn(options, &mut self.reactor);
        self.finish_call_or_log();
        outcome
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
        self.admit()?;
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
    /// From then on the host decides over the size: this sets [`SizePolicy::Fixed`].
    ///
    /// # Errors
    /// `StaleId`, `Closing`, `Ended`, `InvalidArgument`.
    pub fn resize(&mut self, id: TerminalId, size: Size) -> Result<()> {
        self.apply(id, &Op::Resize(size))
    }

    /// Sets who decides over the size of a terminal that clients of the server show. A new terminal has
    /// [`SizePolicy::Latest`]. The policy is applied at once; if no viewer is attached, the size stays as it is.
    /// [`TerminalState::size_policy`] has the policy.
    ///
    /// # Errors
    /// `StaleId`, `Forked`.
    pub fn set_size_policy(&mut self, id: TerminalId, policy: SizePolicy) -> Result<()> {
        self.check_process()?;
        self.reactor.refresh_now();
        self.terminals.set_size_policy(id, policy)?;
        self.server.settle_size_if_open(id, &mut self.terminals, &mut self.reactor);
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
    pub fn terminals(&self, filter: StateFilter) -> Vec<TerminalId> {
        self.terminals.ids(filter).collect()
    }

    /// Everything that is known about a terminal now. Costs a few system calls.
    ///
    /// # Errors
    /// `StaleId`, `Forked`.
    pub fn state(&mut self, id: TerminalId) -> Result<TerminalState> {
        self.with_terminals(|terminals, reactor| terminals.state(id, reactor))
    }

    /// [`state`](Self::state) of many terminals; a result for each, in their order.
    pub fn states(&mut self, ids: &[TerminalId]) -> Vec<Result<TerminalState>> {
        ids.iter().map(|id| self.state(*id)).collect()
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
    pub(super) fn admit(&mut self) -> Result<()> {
        self.check_process()?;
        self.reactor.refresh_now();
        self.refuse_late()
    }
}

//! One turn of the loop: a scheduler of its stages.
//!
//! The order, and why:
//! 1. poll, then freeze `now`: time that was spent waiting counts, so a timer that ran out meanwhile
//!    is seen in this turn;
//! 2. what the kernel reported: only noted here (reads are queued, exits collected, waiting input
//!    written), so that nothing below works on stale knowledge;
//! 3. timers: they are few and were promised for a time;
//! 4. the inbox: commands of other threads;
//! 5. terminals that were typed in a moment ago: an echo waits for nothing else;
//! 6. everything that can take long, in turns of [`QUANTUM`] by weight ([`Shares`](crate::policy::Shares)):
//!    clients and their jobs, peers, the other terminals, file watches, files that go into the state. Who
//!    has nothing to do leaves its time to the others, and nobody starves;
//! 7. the server sends what is new to clients: last, so that what this turn has brought goes out with it;
//! 8. update the descriptor: if anything is left to do or to report, it stays readable.
//!
//! **How long a turn takes.** Each stage gets a [`Slice`] and stops when it is over; what is left goes on in
//! the next turn. A turn is over after [`Limits::turn_time`](crate::Limits), or, while somebody types, after
//! `turn_time_typing` and at most one unit of each stage, so that the next poll finds the echo soon. To that
//! comes at most one unit of work, and how long one can be is bounded where it is done.
//!
//! Events are not pushed to anybody: the host pulls them after the turn.

use std::time::Duration;

use super::health_record::HEALTH;
use super::stages::{SHARERS, SHARING};
use super::{Engine, Shutdown};
use crate::error::Result;
use crate::observe::{Stage, TurnStats};
use crate::policy::Slice;
use crate::reactor::{Class, Key, Polled, Reactor};
use crate::terminal::PtyReady;
use crate::tick::Tick;
use crate::{sync, terminal, watch};

/// The longest time for which a stage goes on while others wait. Short enough that all have theirs within
/// a turn, long enough that changing over costs nothing.
const QUANTUM: Duration = Duration::from_micros(250);
/// What is left to the stages before the shared ones of a turn's time, and to sending after them, however
/// long the others took.
const OWN_TIME: Duration = Duration::from_micros(500);

/// The kind of the one timer that is the engine's own: floods that are held back for an echo go on.
const HOLD: u8 = 13;

/// What an event of the kernel, a timer or a posted command costs, about; starting a program costs more.
const EVENT_COST: u64 = 2_000;

impl Engine {
    /// Does what is due: collects what the kernel reports, fires timers, carries out posted
    /// commands, reads terminals, serves clients, all under the budgets of [`Limits`](crate::Limits).
    ///
    /// Waits at most `timeout` for something to do (`None`: without end), and not at all when events
    /// are unread. A host that polls the descriptor itself passes zero. Being called for nothing is
    /// fine.
    ///
    /// What a turn leaves undone, the next one does; the descriptor stays readable meanwhile. Not counting
    /// the wait, a turn takes `turn_time` (2 ms) and what one unit of work takes beyond it, 10 ms of
    /// processor time at worst. Beyond that are only a snapshot with a long
    /// scrollback, work on a screen of very many cells, the sums of figures over more than 16,000 terminals, clients and
    /// watches, and a `screen` message of very many runs from another
    /// engine.
    ///
    /// # Errors
    /// [`Forked`](crate::ErrorKind::Forked) in a forked child, [`System`](crate::ErrorKind::System)
    /// when the kernel refuses to poll. What goes wrong with one terminal is not an error of the
    /// turn; it becomes an event.
    pub fn turn(&mut self, timeout: Option<Duration>) -> Result<()> {
        self.check_process()?;
        let at_once = self.has_work() || !self.reactor.ready.is_empty();
        let timeout = if at_once { Some(Duration::ZERO) } else { timeout };
        self.reactor.poll(&mut self.polled, timeout)?;
        let typing = self.terminals.is_typing(self.reactor.now());
        self.turns.begin(self.reactor.tick(), self.reactor.thread_time(), typing);
        self.begin_memory_turn();
        self.dispatch_polled();
        self.fire_timers();
        self.read_inbox();
        self.hold_floods();
        self.read_typed();
        self.share_out();
        self.send();
        self.log_broken_invariants();
        let warn = self.config.limits.turn_time_warn;
        let is_finished = !self.is_any_busy();
        let (now, cpu) = (self.reactor.measure_tick(), self.reactor.thread_time());
        let slow = self.turns.end(now, cpu, warn, is_finished);
        self.note_turn(slow, is_finished);
        self.finish_call()
    }

    /// How the turns went so far: how long they took, which stages took the time, what their units cost.
    pub fn turn_stats(&self) -> TurnStats {
        self.turns.stats()
    }

    /// Begins to count turns anew.
    pub fn reset_turn_stats(&mut self) {
        self.turns.reset();
    }

    // Stages.

    /// A stage begins, with a slice of so much time.
    pub(super) fn enter(&mut self, stage: Stage, time: Duration) -> Slice {
        let now = self.reactor.measure_tick();
        self.turns.enter(stage, now);
        Slice::until(now + time, Reactor::clock())
    }

    /// A stage is through with its slice.
    pub(super) fn leave(&mut self, slice: &Slice) {
        self.turns.charge(slice.charged(), slice.largest());
    }

    fn fire_timers(&mut self) {
        let mut slice = self.enter(Stage::Timers, OWN_TIME);
        while let Some((key, late)) = self.reactor.expired() {
            self.turns.note_lag(late);
            self.on_timer(key);
            slice.charge(EVENT_COST);
            if slice.is_over() {
                // The timers that are left are due in the next turn.
                break;
            }
        }
        self.leave(&slice);
    }

    fn on_timer(&mut self, key: Key) {
        if let Some(alarm) = terminal::Alarm::from_key(key) {
            let outcome = self.terminals.on_alarm(alarm, &mut self.reactor);
            self.log_failure("timer", outcome);
        } else if let Some(watch::Alarm::Files(id)) = watch::Alarm::from_key(key) {
            self.watches.on_alarm(id, &self.reactor);
        } else if let Some(alarm) = sync::Alarm::from_key(key) {
            self.on_sync_alarm(alarm);
        } else if key.kind() == HOLD {
            self.hold_timer = None;
        } else if key.kind() == HEALTH {
            self.on_health_alarm();
        } else {
            broken!("a timer that nobody has set");
        }
    }

    fn on_sync_alarm(&mut self, alarm: sync::Alarm) {
        match alarm {
            sync::Alarm::Listener(id) => self.server.handle_listener_alarm(id, &mut self.reactor),
            sync::Alarm::Client(id) => self.server.handle_client_alarm(id, &mut self.reactor),
            sync::Alarm::Pace => self.server.handle_state_alarm(),
            sync::Alarm::Fanout(id) => self.server.handle_terminal_alarm(id),
            sync::Alarm::Observers => self.server.handle_observers_alarm(),
            sync::Alarm::Peer(id) => self.peers.handle_alarm(id, &mut self.reactor),
        }
    }

    fn dispatch_polled(&mut self) {
        let mut slice = Slice::until(self.reactor.tick(), Reactor::clock());
        let polled = std::mem::replace(&mut self.polled, mio::Events::with_capacity(0));
        for event in &polled {
            self.dispatch(event);
            slice.charge(EVENT_COST);
        }
        self.polled = polled;
        self.server.accept_again(&mut self.reactor);
        self.watches.open_again(&mut self.reactor);
        self.leave(&slice);
    }

    fn dispatch(&mut self, event: &mio::event::Event) {
        let key = match self.reactor.take_polled(event) {
            Polled::User(key) => key,
            Polled::Inbox => return self.inbox.acknowledge(),
            Polled::Own => return,
        };
        if let Some(source) = terminal::Source::from_key(key) {
            self.dispatch_terminal(source, event);
        } else if let Some(source) = watch::Source::from_key(key) {
            match source {
                watch::Source::Files(id) => self.watches.on_readable(id),
                watch::Source::Mounts => self.watches.on_mounts(),
            }
        } else if let Some(source) = sync::Source::from_key(key) {
            self.dispatch_sync(source, event);
        } else {
            broken!("a descriptor that nobody has registered");
        }
    }

    fn dispatch_terminal(&mut self, source: terminal::Source, event: &mio::event::Event) {
        match source {
            terminal::Source::Pty(id) => {
                let hung_up = event.is_read_closed() || event.is_error();
                let seen = PtyReady {
                    // A hangup or an error is met by the next read.
                    readable: event.is_readable() || hung_up,
                    hung_up,
                    writable: event.is_writable(),
                };
                let outcome = self.terminals.on_pty(id, seen, &mut self.reactor);
                self.log_failure("terminal", outcome);
            }
            terminal::Source::Child(id) => self.terminals.on_child(id, &mut self.reactor),
        }
    }

    fn dispatch_sync(&mut self, source: sync::Source, event: &mio::event::Event) {
        match source {
            sync::Source::Listener(id) => self.server.handle_listener_ready(id, &mut self.reactor),
            sync::Source::Client(id) => {
                let hung_up = event.is_read_closed() || event.is_error();
                let (readable, writable) = (event.is_readable(), event.is_writable());
                self.server.handle_client_ready(id, readable, writable, hung_up, &self.reactor);
            }
            sync::Source::Peer(id) => {
                let failed = event.is_error() || event.is_write_closed();
                let readable = event.is_readable() || event.is_read_closed() || failed;
                let writable = event.is_writable() || failed;
                self.peers.handle_ready(id, readable, writable, &mut self.reactor);
            }
        }
    }

    /// Reads the terminals that were typed in a moment ago.
    fn read_typed(&mut self) {
        self.reads_left = self.config.limits.turn_bytes;
        if !self.reactor.ready.has_typing() {
            return;
        }
        self.turns.note_typing_served();
        let mut slice = self.enter(Stage::Typing, OWN_TIME);
        while let Some(id) = self.reactor.ready.next_typing() {
            self.read_terminal(id, Class::Typing, &mut slice);
            if slice.is_over() || self.reads_left == 0 {
                break;
            }
        }
        self.leave(&slice);
    }

    /// Reads the other terminals, in the order of the ready queue.
    fn read_others(&mut self, slice: &mut Slice) {
        while self.reads_left > 0
            && let Some((id, class)) = self.reactor.ready.next()
        {
            self.read_terminal(id, class, slice);
            if slice.is_over() {
                break;
            }
        }
    }

    /// `id` as the terminal gave it to the ready queue.
    fn read_terminal(&mut self, id: u64, class: Class, slice: &mut Slice) {
        let id = crate::TerminalId::from_u64(id);
        let outcome =
            self.terminals.read_ready(id, class, slice, &mut self.reads_left, &mut self.reactor);
        self.log_failure("terminal", outcome);
    }

    /// Sees to it that floods go on when an echo has been waited for long enough.
    pub(super) fn hold_floods(&mut self) {
        let until = self.terminals.held_until(&mut self.reactor);
        match (until.filter(|_| self.reactor.ready.has_held()), self.hold_timer) {
            (Some(until), None) => {
                self.hold_timer = Some(self.reactor.set_timer(until, Key::new(HOLD, 0)));
            }
            (None, Some(timer)) => {
                self.reactor.cancel_timer(timer);
                self.hold_timer = None;
            }
            _ => {}
        }
    }

    // Sharing.

    fn is_busy(&self, stage: Stage) -> bool {
        match stage {
            Stage::Clients => self.server.has_readable(),
            Stage::Jobs => self.jobs().contains(&true),
            Stage::Peers => self.peers.has_work(),
            Stage::Reads => self.reads_left > 0 && !self.reactor.ready.is_empty(),
            Stage::Watches => self.watches.has_work(),
            Stage::State => self.has_unpublished(),
            Stage::Kernel | Stage::Timers | Stage::Inbox | Stage::Typing | Stage::Sending => false,
        }
    }

    fn is_any_busy(&self) -> bool {
        SHARING.iter().any(|(stage, _)| self.is_busy(*stage))
    }

    /// Lets the stages that can take long do their work in turns, until none is busy or the time is over.
    fn share_out(&mut self) {
        let mut end = self.reactor.tick() + self.config.limits.turn_time;
        // Who has done all that it may in this turn.
        let mut is_through = [false; SHARERS];
        let mut now = self.reactor.measure_tick();
        loop {
            // A client may have typed only now.
            let typing = self.terminals.is_typing(self.reactor.now());
            if typing {
                self.turns.note_typing();
                end = end.min(self.reactor.tick() + self.config.limits.turn_time_typing);
            }
            let busy: [bool; SHARERS] =
                std::array::from_fn(|at| !is_through[at] && self.is_busy(SHARING[at].0));
            let Some(at) = self.shares.next(busy) else { return };
            self.look_at_memory();
            let slice = self.share(SHARING[at].0, end.min(now + QUANTUM), typing);
            // One that has work and cannot go on, and while somebody types everybody, is through.
            is_through[at] = typing || slice.charged() == 0;
            let after = self.reactor.measure_tick();
            self.shares.charge(at, after.since(now));
            now = after;
            if now >= end {
                return;
            }
        }
    }

    fn share(&mut self, stage: Stage, until: Tick, typing: bool) -> Slice {
        let slice = Slice::until(until, Reactor::clock());
        let mut slice = if typing { slice.of_units(1) } else { slice };
        self.turns.enter(stage, self.reactor.measure_tick());
        match stage {
            Stage::Clients => self.serve_clients(&mut slice),
            Stage::Jobs => self.work_on_jobs(&mut slice),
            Stage::Peers => self.peers.read(&mut slice, &mut self.reactor),
            Stage::Reads => self.read_others(&mut slice),
            Stage::Watches => self.watches.work(&mut slice, &mut self.reactor),
            Stage::State => self.note_published(&mut slice),
            _ => {}
        }
        self.leave(&slice);
        slice
    }

    /// Which kinds of jobs of clients there are: searches, batches, rows, reports.
    fn jobs(&self) -> [bool; 4] {
        let (batches, rows) = (!self.batches.is_empty(), !self.rows.is_empty());
        [self.has_search_work(), batches, rows, self.has_report_work()]
    }

    /// Jobs of clients: each kind has a slice in turn.
    fn work_on_jobs(&mut self, slice: &mut Slice) {
        let jobs = self.jobs();
        let mut in_turn = (1..=jobs.len()).map(|by| (self.last_job + by) % jobs.len());
        self.last_job = in_turn.find(|at| jobs[*at]).unwrap_or(0);
        match self.last_job {
            0 => self.work_on_searches(slice),
            1 => self.work_on_batches(slice),
            2 => self.work_on_rows(slice),
            _ => self.work_on_reports(slice),
        }
    }

    /// Sends clients what is new; the last thing of a turn, so that what it brought goes out with it.
    fn send(&mut self) {
        let typing = self.terminals.is_typing(self.reactor.now());
        let time = if typing { self.config.limits.turn_time_typing } else { OWN_TIME };
        let mut slice = self.enter(Stage::Sending, time);
        self.look_at_memory();
        self.observe();
        if self.shutdown == Shutdown::Started && self.terminals.len() == 0 {
            self.server.close_all(&mut self.reactor);
        }
        let mut touched = std::mem::take(&mut self.observation.touched);
        let (terminals, reactor) = (&mut self.terminals, &mut self.reactor);
        self.server.transmit(&touched, terminals, &self.state, &mut slice, reactor);
        touched.clear();
        self.observation.touched = touched;
        // What is typed and its echo do not wait for figures.
        self.send_to_observers(&mut slice);
        self.apply_server_effects();
        self.leave(&slice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each kind of descriptor and of timer is that of one user, and the numbers have no holes.
    #[test]
    fn keys_of_different_users_differ() {
        for kind in 0..=u8::MAX {
            let key = Key::new(kind, 0);
            let sources = [
                terminal::Source::from_key(key).map(Key::from),
                watch::Source::from_key(key).map(Key::from),
                sync::Source::from_key(key).map(Key::from),
            ];
            let alarms = [
                terminal::Alarm::from_key(key).map(Key::from),
                watch::Alarm::from_key(key).map(Key::from),
                sync::Alarm::from_key(key).map(Key::from),
                (kind == HOLD).then_some(key),
                (kind == HEALTH).then_some(key),
            ];
            let (sources, alarms) = (sources.into_iter().flatten(), alarms.into_iter().flatten());
            let expected = |kinds: std::ops::RangeInclusive<u8>| {
                Some(key).into_iter().filter(|_| kinds.contains(&kind)).collect::<Vec<_>>()
            };
            assert_eq!(sources.collect::<Vec<_>>(), expected(1..=7), "{kind}");
            assert_eq!(alarms.collect::<Vec<_>>(), expected(1..=17), "{kind}");
        }
    }
}

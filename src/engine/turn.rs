//! One turn of the loop.
//!
//! The order, and why:
//! 1. poll, then freeze `now`: time that was spent waiting counts, so a timer that ran out meanwhile
//!    is seen in this turn;
//! 2. what the kernel reported: only noted here (reads are queued, exits collected, waiting input
//!    written), so that nothing below works on stale knowledge;
//! 3. timers: they are few and were promised for a time;
//! 4. the inbox: commands of other threads, before the reads that may take the turn's whole budget;
//! 5. clients and peers, message by message, under budgets of their own;
//! 6. reads, terminals that were typed in first, under a budget of bytes and time;
//! 7. file watches: they have no person waiting for each event, and a budget of time of their own, which
//!    is short while somebody types;
//! 8. the state takes in what is new, and the server sends it to clients: last, so that what this turn has
//!    brought goes out with it;
//! 9. settle the descriptor: if anything is left to do or to tell, it stays readable.
//!
//! Events are not pushed to anybody: the host pulls them after the turn.

use std::time::Duration;

use super::{Engine, Shutdown};
use crate::error::Result;
use crate::reactor::{Alarm, Source};
use crate::terminal::{PtyReady, TurnBudget};

impl Engine {
    /// Does what is due: collects what the kernel reports, fires timers, carries out posted
    /// commands, reads terminals, all under the budgets of [`Limits`](crate::Limits).
    ///
    /// Waits at most `timeout` for something to do (`None`: without end), and not at all when events
    /// are unread. A host that polls the descriptor itself passes zero. Being called for nothing is
    /// fine.
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
        self.dispatch_polled();
        while let Some(alarm) = self.reactor.expired() {
            self.on_alarm(alarm);
        }
        self.read_inbox();
        self.serve_clients();
        self.peers.read(&mut self.reactor);
        self.read_terminals();
        self.work_on_watches();
        self.observe();
        self.pump();
        self.settle()
    }

    fn on_alarm(&mut self, alarm: Alarm) {
        match alarm {
            Alarm::Files(id) => self.watches.on_alarm(id),
            Alarm::Listener(id) => self.server.on_listener_alarm(id, &mut self.reactor),
            Alarm::Client(id) => self.server.on_client_alarm(id, &mut self.reactor),
            Alarm::Pace => self.server.on_pace_alarm(),
            Alarm::Feed(id) => self.server.on_feed_alarm(id),
            Alarm::Peer(id) => self.peers.on_peer_alarm(id, &mut self.reactor),
            Alarm::Resize(_) | Alarm::Kill(_) | Alarm::Screen(_) | Alarm::Hibernate(_) => {
                let outcome = self.terminals.on_alarm(alarm, &mut self.reactor);
                self.log_failure("timer", outcome);
            }
        }
    }

    /// Sends clients what is new; the last thing of a turn, so that what it brought goes out with it.
    fn pump(&mut self) {
        if self.shutdown == Shutdown::Started && self.terminals.len() == 0 {
            self.server.close_all(&mut self.reactor);
        }
        let mut touched = std::mem::take(&mut self.observation.touched);
        self.server.pump(&touched, &mut self.terminals, &self.state, &mut self.reactor);
        touched.clear();
        self.observation.touched = touched;
        self.read_server_news();
    }

    fn dispatch_polled(&mut self) {
        let polled = std::mem::replace(&mut self.polled, mio::Events::with_capacity(0));
        for event in &polled {
            match Source::from_token(event.token()) {
                Some(Source::Inbox) => self.inbox.acknowledge(),
                Some(Source::Timer) => self.reactor.timer_fd_seen(),
                Some(Source::SelfWake) => self.reactor.self_wake_seen(),
                Some(Source::Pty(id)) => {
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
                Some(Source::Child(id)) => self.terminals.on_child(id, &mut self.reactor),
                Some(Source::Files(id)) => self.watches.on_readable(id),
                Some(Source::Listener(id)) => self.server.on_listener(id, &mut self.reactor),
                Some(Source::Client(id)) => {
                    let readable =
                        event.is_readable() || event.is_read_closed() || event.is_error();
                    let writable = event.is_writable();
                    self.server.on_client(id, readable, writable, &mut self.reactor);
                }
                Some(Source::Peer(id)) => {
                    let failed = event.is_error() || event.is_write_closed();
                    let readable = event.is_readable() || event.is_read_closed() || failed;
                    let writable = event.is_writable() || failed;
                    self.peers.on_peer(id, readable, writable, &mut self.reactor);
                }
                None => debug_assert!(false, "unknown token {:?}", event.token()),
            }
        }
        self.polled = polled;
    }

    /// Lets file watches do what is due.
    fn work_on_watches(&mut self) {
        if !self.watches.has_work() {
            return;
        }
        let limits = &self.config.limits;
        let typing = self.terminals.is_typing(self.reactor.now());
        // An echo that is on its way waits for no more than a look at a few files.
        let slice = if typing { limits.turn_time_typing / 4 } else { limits.turn_time };
        self.watches.work(slice, &mut self.reactor);
    }

    /// Reads terminals in the order of the ready queue until it is empty or the budget is used up.
    /// While somebody types the time is shorter, so that the echo is looked for again soon.
    fn read_terminals(&mut self) {
        let limits = &self.config.limits;
        let now = self.reactor.now();
        let typing = self.terminals.is_typing(now);
        let mut budget = TurnBudget {
            bytes: limits.turn_bytes,
            bytes_per_terminal: limits.turn_bytes_per_terminal,
            deadline: now + if typing { limits.turn_time_typing } else { limits.turn_time },
        };
        while let Some((id, class)) = self.reactor.ready.next() {
            let outcome = self.terminals.serve(id, class, &mut budget, &mut self.reactor);
            self.log_failure("terminal", outcome);
            if budget.is_used_up(&self.reactor) {
                break;
            }
        }
    }
}

//! Consumers against a model that looks at every byte by itself.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::terminal::output::LogBudget;

/// Queries of a program and places to cut, in order.
#[derive(Default)]
struct Places {
    queries: Vec<(u64, u64)>,
    unfinished: Option<u64>,
    cuts: Vec<u64>,
}

impl Landmarks for Places {
    fn first_cut(&self, from: u64) -> Option<u64> {
        self.cuts.iter().copied().find(|cut| *cut >= from)
    }

    fn next_query(&self, offset: u64) -> Option<(u64, u64)> {
        self.queries.iter().copied().find(|(_, to)| *to > offset)
    }

    fn unfinished_query(&self) -> Option<u64> {
        self.unfinished
    }
}

/// A terminal, and what one consumer of it has been given.
struct World {
    log: OutputLog,
    budget: LogBudget,
    places: Places,
    has_screen: bool,
    cleared: Cleared,
    is_over: bool,
    consumer: Consumer,
    on_loss: OnLoss,
    leaves_out: bool,
    /// Everything before it was given, left out or lost.
    at: u64,
    /// Clearings that the consumer has been brought over.
    known: u64,
    /// It asked for a snapshot, or is to be brought over a gap.
    is_asked: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Write(u16),
    /// A query, written in two parts of so many bytes, with a look in between; the first one may be given
    /// before it is known for the beginning of a query.
    Ask(u8, u8, bool),
    Clear,
    Cut,
    /// The log loses its oldest segment, if it may.
    Lose,
    Resync,
    SkipToEnd,
    /// It may be given so many bytes more, in pieces of so many.
    Take(u16, u16),
    End,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_u16..9000).prop_map(Step::Write),
        4 => (1_u8..20, 1_u8..20, any::<bool>()).prop_map(|(a, b, late)| Step::Ask(a, b, late)),
        2 => Just(Step::Clear),
        2 => Just(Step::Cut),
        4 => Just(Step::Lose),
        1 => Just(Step::Resync),
        1 => Just(Step::SkipToEnd),
        10 => (0_u16..12000, 1_u16..5000).prop_map(|(room, max)| Step::Take(room, max)),
        1 => Just(Step::End),
    ]
}

impl World {
    fn new(delivery: Delivery, on_loss: OnLoss, has_screen: bool, leaves_out: bool) -> Self {
        let (at, interval) = ((0, Cleared::default()), Duration::from_millis(16));
        let mut consumer = Consumer::new(delivery, on_loss, at, interval, now());
        if leaves_out {
            consumer.skip_queries(u64::MAX);
        }
        World {
            log: OutputLog::new(64 << 10),
            budget: LogBudget::new(usize::MAX),
            places: Places::default(),
            has_screen,
            cleared: Cleared::default(),
            is_over: false,
            consumer,
            on_loss,
            leaves_out,
            at: 0,
            known: 0,
            is_asked: false,
        }
    }

    fn write(&mut self, mut bytes: usize) {
        while bytes > 0 && !self.is_over {
            let keep = self.consumer.keeps_from().unwrap_or(self.log.end());
            let keep = self.log.keep_from(Some(keep));
            let Some(room) = self.log.read_buffer(keep, &mut self.budget) else { return };
            let len = room.len().min(bytes);
            self.log.stage(len);
            self.log.commit(len);
            bytes -= len;
        }
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Write(bytes) => self.write(bytes.into()),
            Step::Ask(first, rest, is_late) if self.has_screen && !self.is_over => {
                let from = self.log.end();
                self.write(first.into());
                if self.log.end() == from {
                    return;
                }
                if is_late {
                    self.take(u64::MAX, usize::MAX);
                }
                self.places.unfinished = Some(from);
                self.take(u64::MAX, usize::MAX);
                self.write(rest.into());
                self.places.unfinished = None;
                self.places.queries.push((from, self.log.end()));
            }
            Step::Clear if self.has_screen => {
                self.cleared = Cleared { times: self.cleared.times + 1, at: self.log.end() };
            }
            Step::Cut => self.places.cuts.push(self.log.end()),
            Step::Lose => {
                let keep = self.consumer.keeps_from().unwrap_or(self.log.end());
                self.log.release_oldest(keep, &mut self.budget);
            }
            Step::Resync if self.has_screen || self.at < self.log.end() => {
                self.consumer.resync(3);
                self.is_asked = true;
            }
            Step::SkipToEnd => {
                let lost = self.consumer.skip_to_end(self.log.end());
                assert_eq!(lost, (self.at, self.log.end()));
                (self.at, self.is_asked) = (self.log.end(), false);
            }
            Step::Take(room, max) => self.take(self.at + u64::from(room), max.into()),
            Step::End => {
                self.is_over = true;
                self.places.unfinished = None;
            }
            _ => {}
        }
    }

    /// Takes what there is, and holds each piece against what the rules say of every byte.
    fn take(&mut self, until: u64, max: usize) {
        loop {
            let next = {
                let screen = self.has_screen.then_some(&self.places as &dyn Landmarks);
                let (cleared, is_over) = (self.cleared, self.is_over);
                let output = Output { log: &self.log, screen, cleared, is_over };
                let peeked = self.consumer.peek(&output, until, max);
                let next = self.consumer.take(&output, until, max);
                assert_eq!(next, peeked);
                next
            };
            match next {
                None => return assert!(self.must_wait(until), "at {}: something was due", self.at),
                Some(next) => self.check(next, until, max),
            }
            assert_eq!(self.consumer.cursor(), self.at);
        }
    }

    fn is_healed(&self) -> bool {
        self.has_screen && self.on_loss == OnLoss::Snapshot
    }

    /// A clearing that it is to be brought over. One before what was skipped needs no healing.
    fn clearing(&self) -> Option<u64> {
        let is_new = self.cleared.times != self.known;
        let is_new = is_new && (self.cleared.at >= self.at || !self.is_healed());
        is_new.then_some(self.cleared.at)
    }

    /// Whether the byte at this offset belongs to a query that is not given.
    fn is_left_out(&self, offset: u64) -> bool {
        let holds = |(from, to): &(u64, u64)| *from <= offset && offset < *to;
        self.leaves_out && self.places.queries.iter().any(holds)
    }

    fn is_unsure(&self, offset: u64) -> bool {
        let begins = self.places.unfinished.filter(|_| !self.is_over && self.leaves_out);
        begins.is_some_and(|from| self.at <= from && offset >= from)
    }

    fn must_wait(&self, until: u64) -> bool {
        let is_short = self.at >= until.min(self.log.end()) || self.is_unsure(self.at);
        let is_reported = self.clearing().is_none_or(|at| at > self.at && !self.is_healed());
        is_short && !self.is_asked && is_reported
    }

    fn check(&mut self, next: Next, until: u64, max: usize) {
        let (start, end) = (self.log.start(), self.log.end());
        let is_lost = self.at < start;
        match next {
            Next::Bytes { offset, len } => {
                assert!(len > 0 && len <= max && offset == self.at && !is_lost);
                assert!(!self.is_asked);
                let stop = offset + len as u64;
                assert!(stop <= until.min(end));
                for byte in offset..stop {
                    assert!(!self.is_left_out(byte) && !self.is_unsure(byte), "byte {byte}");
                }
                if let Some(cleared) = self.clearing() {
                    assert!(!self.is_healed() && cleared > self.at && stop <= cleared);
                }
                self.at = stop;
            }
            Next::Skip { from, to } => {
                assert!(from == self.at && to > from && to <= end);
                assert!((from..to).all(|byte| self.is_left_out(byte)));
                self.at = to;
            }
            Next::Gap { from, to } => {
                assert!(from == self.at && to > from && to <= end && to >= start);
                assert!(self.is_asked || is_lost);
                assert!(!self.is_healed(), "a snapshot heals it");
                let first = self.places.cuts.iter().find(|cut| **cut >= start);
                if !self.is_asked && self.has_screen {
                    assert_eq!(to, first.copied().unwrap_or(start).min(end));
                }
                (self.at, self.is_asked) = (to, false);
            }
            Next::Cleared { offset } => {
                assert!(!self.is_healed() && self.clearing() == Some(offset) && offset <= self.at);
                self.known = self.cleared.times;
            }
            Next::Snapshot { history } => {
                let is_cleared = self.clearing().is_some();
                let is_due = self.is_healed() && (is_lost || is_cleared);
                assert!(self.has_screen && (self.is_asked || is_due));
                assert_eq!(history, if self.is_asked { 3 } else { 0 });
                self.known = self.cleared.times;
                self.consumer.resume_at(end);
                (self.at, self.is_asked) = (end, false);
            }
            Next::Update => panic!("it is no viewer"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Every byte is given once, left out as part of a query, or lost and reported; clearings are reported where
    /// they were, or healed; and nothing that is due waits.
    #[test]
    fn every_byte_is_accounted_for(
        is_lossless in any::<bool>(),
        heals in any::<bool>(),
        has_screen in any::<bool>(),
        leaves_out in any::<bool>(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let delivery = if is_lossless { Delivery::Lossless } else { Delivery::Lossy };
        let on_loss = if heals { OnLoss::Snapshot } else { OnLoss::Report };
        let mut world = World::new(delivery, on_loss, has_screen, leaves_out);
        for step in steps {
            world.run(step);
            if is_lossless && !world.is_asked {
                prop_assert!(world.at >= world.log.start(), "what is kept for it was lost");
            }
        }
        world.run(Step::End);
        world.take(u64::MAX, usize::MAX);
        prop_assert_eq!(world.at, world.log.end());
        prop_assert_eq!(world.clearing(), None);
        prop_assert!(world.consumer.has_got(world.log.end()));
    }
}

#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

fn log_of(bytes: usize) -> OutputLog {
    let mut log = OutputLog::new(64 << 10);
    let _ = log.read_buffer(u64::MAX, &mut LogBudget::new(usize::MAX));
    log.stage(bytes);
    log.commit(bytes);
    log
}

#[test]
fn who_comes_late_is_brought_over_the_last_clearing_only_if_it_began_before_it() {
    let (log, now) = (log_of(100), now());
    let places = Places::default();
    let cleared = Cleared { times: 2, at: 50 };
    let output = Output { log: &log, screen: Some(&places), cleared, is_over: false };
    let table = [
        (OnLoss::Report, 10, Some(Next::Bytes { offset: 10, len: 40 })),
        (OnLoss::Report, 50, Some(Next::Bytes { offset: 50, len: 50 })),
        (OnLoss::Report, 100, None),
        (OnLoss::Snapshot, 10, Some(Next::Snapshot { history: 0 })),
        (OnLoss::Snapshot, 50, Some(Next::Bytes { offset: 50, len: 50 })),
        (OnLoss::Snapshot, 100, None),
    ];
    for (on_loss, cursor, expected) in table {
        let at = (cursor, cleared);
        let mut consumer = Consumer::new(Delivery::Lossy, on_loss, at, Duration::ZERO, now);
        assert_eq!(consumer.take(&output, u64::MAX, usize::MAX), expected, "{on_loss:?} {cursor}");
        let then =
            (on_loss == OnLoss::Report && cursor == 10).then_some(Next::Cleared { offset: 50 });
        if then.is_some() {
            assert_eq!(consumer.take(&output, u64::MAX, usize::MAX), then);
        }
    }
}

#[test]
fn a_viewer_comes_back_on_a_snapshot_and_gets_nothing_twice() {
    let (log, now) = (log_of(100), now());
    let places = Places::default();
    let cleared = Cleared { times: 1, at: 70 };
    let output = Output { log: &log, screen: Some(&places), cleared, is_over: false };
    let at = (0, Cleared::default());
    let mut consumer = Consumer::new(Delivery::Lossless, OnLoss::Report, at, Duration::ZERO, now);
    assert_eq!(consumer.keeps_from(), Some(0));
    consumer.become_viewer(now);
    assert!(consumer.is_viewer() && consumer.keeps_from().is_none());
    consumer.set_delivery(Delivery::Lossless, &output, now);
    assert!(!consumer.has_got(100) && consumer.keeps_from().is_none());
    let next = consumer.take(&output, u64::MAX, usize::MAX);
    assert_eq!(next, Some(Next::Snapshot { history: 0 }));
    consumer.resume_at(100);
    assert_eq!(consumer.take(&output, u64::MAX, usize::MAX), None);
    // The screen's model fails: what a snapshot would have shown is a gap.
    consumer.take_back(40);
    consumer.resync(0);
    assert_eq!(consumer.take(&output, u64::MAX, usize::MAX), Some(Next::Snapshot { history: 0 }));
    consumer.go_without_snapshot(100);
    let gap = Next::Gap { from: 40, to: 100 };
    assert_eq!(consumer.take(&output, u64::MAX, usize::MAX), Some(gap));
    assert!(consumer.has_got(100) && consumer.keeps_from() == Some(100));
}

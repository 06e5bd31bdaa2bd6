//! The batcher: each rule as a table, all of them against the bytes themselves.

#![allow(clippy::disallowed_methods)]

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const MIN: usize = 4 << 10;
const MAX: usize = 64 << 10;
const WAIT_US: u64 = 4000;

fn us(n: u64) -> Duration {
    Duration::from_micros(n)
}

/// A batcher that has just sent its first bytes, so that what follows is after no pause.
fn busy(now: Instant) -> AdaptiveBatcher {
    let mut batcher = AdaptiveBatcher::new(BatcherOptions::default());
    batcher.push(1, now);
    assert_eq!(batcher.poll(now, false).unwrap().reason, FlushReason::First);
    batcher
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// At so many microseconds, so many bytes.
    Push(u64, usize),
    /// At so many microseconds, in a turn that goes on.
    Poll(u64, Option<(usize, FlushReason)>),
    /// The same, and nothing else is to come.
    Idle(u64, Option<(usize, FlushReason)>),
    /// When it is due.
    Due(Option<u64>),
    Clear,
}

#[test]
fn small_pieces() {
    use FlushReason::{First, Wait};
    use Step::{Due, Idle, Poll, Push};
    run(&[
        ("nothing pending", &[Due(None), Poll(9000, None), Idle(9000, None)]),
        ("nothing is no byte", &[Push(100, 0), Due(None), Idle(9000, None)]),
        ("a key after a pause", &[Push(4000, 1), Due(Some(4000)), Poll(4000, Some((1, First)))]),
        ("a key after no pause", &[Push(3999, 1), Due(Some(7999)), Idle(3999, None)]),
        ("what waits does not become urgent", &[Push(3000, 1), Idle(5000, None)]),
        (
            "the wait is the first byte's",
            &[
                Push(100, 1),
                Push(2000, 1),
                Due(Some(4100)),
                Poll(4099, None),
                Poll(4100, Some((2, Wait))),
                Due(None),
            ],
        ),
        (
            "small pieces wait though idle",
            &[Push(100, MIN - 1), Idle(100, None), Idle(4100, Some((MIN - 1, Wait)))],
        ),
        (
            "idle with the minimum",
            &[Push(100, MIN - 1), Push(200, 1), Idle(200, Some((MIN, FlushReason::Idle)))],
        ),
    ]);
}

#[test]
fn bursts_and_floods() {
    use FlushReason::{First, Size, Throughput, Wait};
    use Step::{Clear, Due, Idle, Poll, Push};
    run(&[
        ("a full batch", &[Push(100, MAX), Due(Some(100)), Poll(100, Some((MAX, Size)))]),
        (
            "a flood is cut, the rest is younger",
            &[
                Push(100, 100),
                Push(900, 2 * MAX),
                Poll(900, Some((MAX, Size))),
                Poll(900, Some((MAX, Size))),
                Poll(900, None),
                Due(Some(4900)),
                Poll(4900, Some((100, Wait))),
            ],
        ),
        (
            "a flood after a pause",
            &[
                Push(9000, MAX + 7),
                Poll(9000, Some((MAX, First))),
                Idle(9000, None),
                Due(Some(13_000)),
            ],
        ),
        ("a lone burst is not held", &[Push(100, 10_000), Poll(100, Some((10_000, Throughput)))]),
        (
            "nor a nearly full batch",
            &[
                Push(100, MAX),
                Push(100, MAX / 5 * 4),
                Poll(100, Some((MAX, Size))),
                Poll(100, None),
                Push(200, 100),
                Poll(200, Some((MAX / 5 * 4 + 100, Throughput))),
            ],
        ),
        ("a late poll names the wait", &[Push(100, 10_000), Idle(4100, Some((10_000, Wait)))]),
        (
            "dropped bytes are not sent",
            &[
                Push(100, 10_000),
                Clear,
                Due(None),
                Idle(9000, None),
                Push(9000, 5),
                Poll(9000, Some((5, First))),
            ],
        ),
        (
            "the prompt after a dropped flood",
            &[
                Push(100, 3 * MAX),
                Poll(100, Some((MAX, Size))),
                Clear,
                Push(200, 2),
                Poll(200, Some((2, First))),
            ],
        ),
    ]);
}

/// Runs each case on a batcher that has sent a byte at 0.
fn run(cases: &[(&str, &[Step])]) {
    for (name, steps) in cases {
        let start = Instant::now();
        let mut batcher = busy(start);
        for step in *steps {
            match step {
                Step::Push(at, bytes) => batcher.push(*bytes, start + us(*at)),
                Step::Poll(at, expected) => {
                    check(name, &mut batcher, start + us(*at), false, *expected)
                }
                Step::Idle(at, expected) => {
                    check(name, &mut batcher, start + us(*at), true, *expected)
                }
                Step::Due(at) => {
                    assert_eq!(batcher.deadline(), at.map(|at| start + us(at)), "{name}");
                }
                Step::Clear => batcher.clear(),
            }
        }
    }
}

fn check(
    name: &str,
    batcher: &mut AdaptiveBatcher,
    now: Instant,
    idle: bool,
    expected: Option<(usize, FlushReason)>,
) {
    let flush = batcher.poll(now, idle);
    assert_eq!(flush.map(|flush| (flush.bytes, flush.reason)), expected, "{name}");
}

/// Bytes of a steady flow for a second, a push each 100 us, polled then and at deadlines. The average
/// batch once the flow is known.
fn steady(bytes_per_second: u64) -> BatcherStats {
    let start = Instant::now();
    let mut batcher = AdaptiveBatcher::new(BatcherOptions::default());
    let mut before = BatcherStats::default();
    for tick in 0..10_000 {
        let now = start + us(tick * 100);
        while let Some(deadline) = batcher.deadline().filter(|deadline| *deadline < now) {
            assert!(batcher.poll(deadline, false).is_some());
        }
        batcher.push((bytes_per_second / 10_000) as usize, now);
        while batcher.poll(now, false).is_some() {}
        if tick == 2000 {
            before = batcher.stats(now);
        }
    }
    let after = batcher.stats(start + us(999_900));
    let (flushes, bytes) = (after.flushes - before.flushes, after.bytes - before.bytes);
    BatcherStats { flushes, bytes, average_bytes: bytes / flushes, ..after }
}

/// Batches of a flow that lasts: 3 to 5 ms of it, or full ones.
#[test]
fn a_steady_flow_comes_in_batches_of_milliseconds() {
    const MB: u64 = 1_000_000;
    for (bytes_per_second, batch) in [
        (100_000, 390..=420),             // Below the minimum: the whole wait.
        (2 * MB, 6000..=8000),            // 3.2 ms of it: the rest would not add a quarter.
        (10 * MB, 30_000..=40_000),       // The same.
        (18 * MB, 52_000..=58_000),       // More than four fifths of the maximum.
        (100 * MB, 60_000..=MAX as u64),  // Almost full ones.
        (1000 * MB, 60_000..=MAX as u64), // Full ones, and what is left over of a push.
    ] {
        let stats = steady(bytes_per_second);
        assert!(batch.contains(&stats.average_bytes), "{bytes_per_second}: {stats:?}");
        let measured = stats.bytes_per_second as f64 / bytes_per_second as f64;
        assert!((0.99..1.01).contains(&measured), "{bytes_per_second}: {stats:?}");
    }
}

#[test]
fn counts_what_it_did() {
    let start = Instant::now();
    let mut batcher = AdaptiveBatcher::new(BatcherOptions::default());
    assert_eq!(batcher.stats(start), BatcherStats::default());
    batcher.push(10, start);
    batcher.poll(start, false).unwrap();
    batcher.push(20, start + us(1000));
    assert_eq!(batcher.pending(), 20);
    batcher.poll(start + us(6000), false).unwrap();
    let stats = batcher.stats(start + us(6000));
    assert_eq!((stats.flushes, stats.bytes, stats.average_bytes), (2, 30, 15));
    assert_eq!(stats.average_wait, us(2500));
    assert!(stats.bytes_per_second > 0);
    // A flow that ended fades.
    assert_eq!(batcher.stats(start + Duration::from_secs(10)).bytes_per_second, 0);
}

#[test]
fn the_wait_can_be_changed() {
    let start = Instant::now();
    let mut batcher = busy(start);
    batcher.push(1, start);
    assert_eq!(batcher.set_max_wait(us(100)), Ok(()));
    assert_eq!(batcher.deadline(), Some(start + us(100)));
    assert!(batcher.set_max_wait(MAX_WAIT_MAX + us(1)).is_err());
    assert_eq!(batcher.deadline(), Some(start + us(100)));
    assert_eq!(batcher.poll(start + us(100), false).unwrap().waited, us(100));
    // With none, nothing waits.
    assert_eq!(batcher.set_max_wait(Duration::ZERO), Ok(()));
    batcher.push(1, start + us(100));
    assert!(batcher.poll(start + us(100), false).is_some());
}

#[test]
fn options_have_ranges() {
    for (min, max, wait, ok) in [
        (0, 1, Duration::ZERO, true),
        (9, 9, MAX_WAIT_MAX, true),
        (0, usize::MAX, us(1), true),
        (0, 0, us(1), false),
        (10, 9, us(1), false),
        (1, 9, MAX_WAIT_MAX + us(1), false),
    ] {
        assert_eq!(BatcherOptions::new(min, max, wait).is_ok(), ok, "{min} {max} {wait:?}");
    }
    assert_eq!(BatcherOptions::new(MIN, MAX, us(WAIT_US)), Ok(BatcherOptions::default()));
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Push(usize),
    Poll(bool),
    Pass(u64),
    /// Time passes until it is due.
    Deadline,
    Clear,
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        6 => prop_oneof![0..200usize, 0..3 * MAX].prop_map(Move::Push),
        6 => any::<bool>().prop_map(Move::Poll),
        4 => prop_oneof![0..500u64, 0..10_000u64].prop_map(Move::Pass),
        3 => Just(Move::Deadline),
        1 => Just(Move::Clear),
    ]
}

/// The bytes that the batcher only counts, oldest first, each run with the time it came.
#[derive(Default)]
struct Bytes(VecDeque<(Instant, usize)>);

impl Bytes {
    fn len(&self) -> usize {
        self.0.iter().map(|(_, bytes)| bytes).sum()
    }

    fn take(&mut self, mut bytes: usize) {
        while bytes > 0 {
            let (_, run) = self.0.front_mut().unwrap();
            let step = bytes.min(*run);
            *run -= step;
            bytes -= step;
            if *run == 0 {
                self.0.pop_front();
            }
        }
    }
}

proptest! {
    /// No byte is lost or sent twice, none waits too long, no batch is too large, and the deadline is
    /// exactly when a poll begins to have an answer.
    #[test]
    fn agrees_with_the_bytes(
        max in prop_oneof![1..10usize, Just(MAX)],
        min_share in 0..=4usize,
        wait in prop_oneof![Just(0), Just(WAIT_US), 0..20_000u64],
        moves in prop::collection::vec(any_move(), 1..200),
    ) {
        let options = BatcherOptions::new(max * min_share / 4, max, us(wait)).unwrap();
        let mut batcher = AdaptiveBatcher::new(options);
        let mut bytes = Bytes::default();
        let (mut now, mut sent) = (Instant::now(), (0, 0));
        for step in moves {
            let idle = match step {
                Move::Push(more) => {
                    batcher.push(more, now);
                    if more > 0 {
                        bytes.0.push_back((now, more));
                    }
                    continue;
                }
                Move::Pass(by) => {
                    now += us(by);
                    continue;
                }
                Move::Clear => {
                    batcher.clear();
                    bytes.0.clear();
                    continue;
                }
                Move::Deadline => {
                    let Some(deadline) = batcher.deadline() else { continue };
                    if deadline > now {
                        let sooner = deadline - Duration::from_nanos(1);
                        prop_assert_eq!(batcher.clone().poll(sooner, false), None);
                        now = deadline;
                    }
                    prop_assert!(batcher.clone().poll(now, false).is_some());
                    false
                }
                Move::Poll(idle) => idle,
            };
            prop_assert_eq!(batcher.pending(), bytes.len());
            // A poll takes one batch of what may be many; a small maximum would make that slow.
            for _ in 0..3 {
                let due = batcher.deadline();
                let enough = idle && batcher.pending() >= options.min_bytes;
                let flush = batcher.poll(now, idle);
                let expected = due.is_some_and(|due| due <= now || enough);
                prop_assert_eq!(flush.is_some(), expected);
                let Some(flush) = flush else {
                    let oldest = bytes.0.front().map(|(came, _)| *came);
                    prop_assert!(oldest.is_none_or(|came| now < came + us(wait)));
                    prop_assert!(bytes.len() < max);
                    break;
                };
                prop_assert!((1..=max).contains(&flush.bytes));
                prop_assert!(flush.waited >= now - bytes.0[0].0);
                bytes.take(flush.bytes);
                sent = (sent.0 + 1, sent.1 + flush.bytes as u64);
                prop_assert_eq!(batcher.pending(), bytes.len());
            }
            let stats = batcher.stats(now);
            prop_assert_eq!((stats.flushes, stats.bytes), sent);
        }
    }
}

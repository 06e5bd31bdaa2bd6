//! The engine's record of its turns: how long they took, which stage took it, what their units cost.

use std::time::Duration;

use super::distribution::{Distribution, nanos};
use super::histogram::Histogram;
use super::percentiles::Percentiles;
use crate::tick::Tick;

/// A stage of a turn, in the order in which a turn goes through them the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(usize)]
#[non_exhaustive]
pub enum Stage {
    /// What the kernel reported is noted: exits are collected, waiting input is written, connections are
    /// accepted.
    #[default]
    Kernel,
    /// Timers that are due.
    Timers,
    /// Commands that other threads posted.
    Inbox,
    /// Reads of terminals that were typed in a moment ago.
    Typing,
    /// What clients send is read and carried out.
    Clients,
    /// Searches and batches of clients, which go on over several turns.
    Jobs,
    /// What other engines send.
    Peers,
    /// Reads of all other terminals.
    Reads,
    /// File watches.
    Watches,
    /// Files are copied into the application state.
    State,
    /// What is new is sent to clients.
    Sending,
}

/// A turn counts as slow that takes so many times the processor time on the clock that makes it slow. Other programs have
/// their share of that time; with more of it something that was waited for, such as a disk or a network, held it up.
const WALL_FACTOR: u32 = 10;

/// Stages of a turn.
pub(crate) const STAGES: usize = 11;

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Stage; STAGES] = [
        Stage::Kernel,
        Stage::Timers,
        Stage::Inbox,
        Stage::Typing,
        Stage::Clients,
        Stage::Jobs,
        Stage::Peers,
        Stage::Reads,
        Stage::Watches,
        Stage::State,
        Stage::Sending,
    ];

    /// A name for people, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Kernel => "kernel",
            Stage::Timers => "timers",
            Stage::Inbox => "inbox",
            Stage::Typing => "typing",
            Stage::Clients => "clients",
            Stage::Jobs => "jobs",
            Stage::Peers => "peers",
            Stage::Reads => "reads",
            Stage::Watches => "watches",
            Stage::State => "state",
            Stage::Sending => "sending",
        }
    }
}

/// How the turns of an engine went since it was made, or since
/// [`reset_turn_stats`](crate::Engine::reset_turn_stats).
///
/// Time that a turn waited in the kernel for something to happen does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnStats {
    /// Turns so far.
    pub turns: u64,
    /// Processor time of the thread in a turn.
    pub cpu: TurnTimes,
    /// Time on the clock in a turn; what else the machine does counts as well.
    pub wall: TurnTimes,
    /// The turn that took the most processor time.
    pub longest: Option<LongestTurn>,
    /// Each stage, in the order of [`Stage::ALL`].
    pub stages: [StageStats; STAGES],
    /// The most that was charged between two moments: when output of a terminal that was typed in can have
    /// come at the earliest (after the poll before the one that reported it), and when it was read. In units
    /// of cost; see [`StageStats::cost`].
    pub typing_wait_cost: u64,
    /// What the most expensive turn cost, all of its stages together, in the same units.
    pub turn_cost_max: u64,
    /// Turns that left work for the next one, because their time was over.
    pub unfinished: u64,
}

/// A distribution of times. The percentiles are rounded up by an eighth at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnTimes {
    /// Half of them were not longer.
    pub p50: Duration,
    /// 99 of 100 were not longer.
    pub p99: Duration,
    /// The longest, exactly.
    pub max: Duration,
}

/// One turn and what it spent its time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongestTurn {
    /// Processor time of the thread.
    pub cpu: Duration,
    /// Time on the clock.
    pub wall: Duration,
    /// The stage that took most of it.
    pub stage: Stage,
    /// Time on the clock in that stage.
    pub stage_wall: Duration,
}

/// Turns that took more processor time than [`Limits::turn_time_warn`](crate::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowTurn {
    /// Such turns since the last report.
    pub count: u64,
    /// The longest of them.
    pub longest: LongestTurn,
}

/// What one stage did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageStats {
    /// Which stage.
    pub stage: Stage,
    /// Time on the clock in the turns in which it did something.
    pub wall: TurnTimes,
    /// What its units cost together. A cost is an estimate of processor time in nanoseconds that is the
    /// same for the same work on every machine.
    pub cost: u64,
    /// What the most expensive unit cost: the stage cannot be stopped in between.
    pub unit_cost_max: u64,
}

/// What one stage of the turns did since the engine was made or its
/// [turn stats were reset](crate::Engine::reset_turn_stats).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageMetrics {
    /// Which stage.
    pub stage: Stage,
    /// Time on the clock in the turns in which it did something.
    pub wall: Distribution,
    /// What its units cost together; see [`StageStats::cost`].
    pub cost: u64,
}

#[derive(Clone, Default)]
struct StageRecord {
    wall: Histogram,
    cost: u64,
    unit_cost_max: u64,
}

/// Records turns. The owner says when a turn begins, which stage it enters, and when it ends.
pub(crate) struct TurnRecorder {
    turns: u64,
    unfinished: u64,
    cpu: Histogram,
    wall: Histogram,
    longest: Option<LongestTurn>,
    stages: [StageRecord; STAGES],
    typing_wait_cost: u64,
    turn_cost_max: u64,
    /// What all stages have cost so far, and what they had when the turn began.
    cost: u64,
    cost_before: u64,
    /// `cost` when terminals that were typed in were known to have no output: at the last poll but one, and
    /// at the last one or since somebody has typed.
    quiet_before: Option<u64>,
    quiet: Option<u64>,
    slow: Option<SlowTurn>,
    /// Whether the lag is recorded.
    pub(crate) is_on: bool,
    lag: Percentiles,
    /// When the last turn ended, if it left work undone.
    left_at: Option<Tick>,
    /// Of the turn that is under way.
    current: Current,
}

#[derive(Clone, Copy)]
struct Current {
    began: Tick,
    cpu: Duration,
    /// Since when the stage `stage` has gone on.
    since: Tick,
    stage: Stage,
    /// In nanoseconds.
    walls: [u64; STAGES],
}

impl TurnRecorder {
    pub(crate) fn new(now: Tick) -> Self {
        TurnRecorder {
            turns: 0,
            unfinished: 0,
            cpu: Histogram::default(),
            wall: Histogram::default(),
            longest: None,
            stages: std::array::from_fn(|_| StageRecord::default()),
            typing_wait_cost: 0,
            turn_cost_max: 0,
            cost: 0,
            cost_before: 0,
            quiet_before: None,
            quiet: None,
            slow: None,
            is_on: true,
            lag: Percentiles::of_times(),
            left_at: None,
            current: Current::at(now, Duration::ZERO),
        }
    }

    /// A turn begins after its poll, with the stage [`Stage::Kernel`]. `cpu`: processor time of the thread so
    /// far. `is_typing`: somebody has typed a moment ago.
    pub(crate) fn begin(&mut self, now: Tick, cpu: Duration, is_typing: bool) {
        self.current = Current::at(now, cpu);
        self.cost_before = self.cost;
        if let Some(left_at) = self.left_at.take() {
            self.record_lag(now.since(left_at));
        }
        self.quiet_before = self.quiet;
        self.quiet = is_typing.then_some(self.cost);
    }

    /// Something was done so much later than it was due.
    pub(crate) fn note_lag(&mut self, late: Duration) {
        self.record_lag(nanos(late));
    }

    fn record_lag(&mut self, nanos: u64) {
        if self.is_on {
            self.lag.record(nanos);
        }
    }

    /// See [`note_lag`](Self::note_lag).
    pub(crate) fn lag(&self) -> Distribution {
        self.lag.distribution()
    }

    /// Somebody types, maybe only since this turn began.
    pub(crate) fn note_typing(&mut self) {
        self.quiet.get_or_insert(self.cost);
    }

    /// The turn goes on with this stage. A stage may be entered several times.
    pub(crate) fn enter(&mut self, stage: Stage, now: Tick) {
        self.current.leave(now);
        self.current.stage = stage;
    }

    /// The stage that is under way did work: what it cost, and what the most expensive unit of it did.
    pub(crate) fn charge(&mut self, cost: u64, unit_cost_max: u64) {
        let record = &mut self.stages[self.current.stage as usize];
        record.cost = record.cost.saturating_add(cost);
        record.unit_cost_max = record.unit_cost_max.max(unit_cost_max);
        self.cost = self.cost.saturating_add(cost);
    }

    /// Terminals that were typed in are read now.
    pub(crate) fn note_typing_served(&mut self) {
        let since = self.quiet_before.or(self.quiet).unwrap_or(self.cost);
        self.typing_wait_cost = self.typing_wait_cost.max(self.cost - since);
    }

    /// The turn ends. Gives it if it was slow: it took more processor time than `warn`, or more than [`WALL_FACTOR`] times
    /// `warn` on the clock. Only one with more processor time is in [`take_slow`](Self::take_slow), too.
    pub(crate) fn end(
        &mut self,
        now: Tick,
        cpu: Duration,
        warn: Duration,
        is_finished: bool,
    ) -> Option<LongestTurn> {
        self.current.leave(now);
        let Current { began, walls, .. } = self.current;
        let wall = now.since(began);
        let cpu = cpu.saturating_sub(self.current.cpu);
        self.turns += 1;
        self.turn_cost_max = self.turn_cost_max.max(self.cost - self.cost_before);
        self.unfinished += u64::from(!is_finished);
        self.left_at = (!is_finished).then_some(now);
        self.cpu.record(nanos(cpu));
        self.wall.record(wall);
        for (record, time) in self.stages.iter_mut().zip(walls) {
            if time > 0 {
                record.wall.record(time);
            }
        }
        let wall = Duration::from_nanos(wall);
        let is_slow = cpu > warn || wall > warn * WALL_FACTOR;
        if !is_slow && self.longest.is_some_and(|longest| longest.cpu >= cpu) {
            return None;
        }
        let stage = Stage::ALL.into_iter().max_by_key(|stage| walls[*stage as usize]);
        let stage = stage.unwrap_or(Stage::Kernel);
        let stage_wall = Duration::from_nanos(walls[stage as usize]);
        let turn = LongestTurn { cpu, wall, stage, stage_wall };
        if self.longest.is_none_or(|longest| longest.cpu < cpu) {
            self.longest = Some(turn);
        }
        if cpu > warn {
            let slow = self.slow.get_or_insert(SlowTurn { count: 0, longest: turn });
            slow.count += 1;
            if slow.longest.cpu < cpu {
                slow.longest = turn;
            }
        }
        is_slow.then_some(turn)
    }

    /// Whether turns with too much processor time are to be reported.
    pub(crate) fn has_slow(&self) -> bool {
        self.slow.is_some()
    }

    /// Those turns since the last call.
    pub(crate) fn take_slow(&mut self) -> Option<SlowTurn> {
        self.slow.take()
    }

    /// How many turns there were, and the processor time of the longest.
    pub(crate) fn count_and_longest(&self) -> (u64, Duration) {
        (self.turns, self.longest.map_or(Duration::ZERO, |longest| longest.cpu))
    }

    pub(crate) fn stats(&self) -> TurnStats {
        let stage = |stage: Stage| {
            let StageRecord { wall, cost, unit_cost_max } = &self.stages[stage as usize];
            StageStats { stage, wall: times(wall), cost: *cost, unit_cost_max: *unit_cost_max }
        };
        TurnStats {
            turns: self.turns,
            cpu: times(&self.cpu),
            wall: times(&self.wall),
            longest: self.longest,
            stages: Stage::ALL.map(stage),
            typing_wait_cost: self.typing_wait_cost,
            turn_cost_max: self.turn_cost_max,
            unfinished: self.unfinished,
        }
    }

    /// Processor time and time on the clock of a turn.
    pub(crate) fn distributions(&self) -> (Distribution, Distribution) {
        (distribution(&self.cpu), distribution(&self.wall))
    }

    /// What each stage did.
    pub(crate) fn stage_metrics(&self) -> [StageMetrics; STAGES] {
        Stage::ALL.map(|stage| {
            let StageRecord { wall, cost, .. } = &self.stages[stage as usize];
            StageMetrics { stage, wall: distribution(wall), cost: *cost }
        })
    }

    /// Turns that left work for the next one.
    pub(crate) fn unfinished(&self) -> u64 {
        self.unfinished
    }

    /// Forgets all turns so far; slow ones that were not reported are not.
    pub(crate) fn reset(&mut self) {
        let lag = std::mem::replace(&mut self.lag, Percentiles::of_times());
        let TurnRecorder { slow, is_on, left_at, current, quiet, quiet_before, .. } = *self;
        let (cost, cost_before) = (self.cost, self.cost_before);
        let new = TurnRecorder::new(current.began);
        *self = TurnRecorder {
            slow,
            is_on,
            lag,
            left_at,
            current,
            cost,
            cost_before,
            quiet,
            quiet_before,
            ..new
        };
    }
}

impl Current {
    fn at(now: Tick, cpu: Duration) -> Self {
        Current { began: now, cpu, since: now, stage: Stage::Kernel, walls: [0; STAGES] }
    }

    fn leave(&mut self, now: Tick) {
        self.walls[self.stage as usize] += now.since(self.since);
        self.since = now;
    }
}

fn times(histogram: &Histogram) -> TurnTimes {
    TurnTimes { p50: histogram.percentile(50), p99: histogram.percentile(99), max: histogram.max() }
}

fn distribution(histogram: &Histogram) -> Distribution {
    let percentile = |percent| nanos(histogram.percentile(percent));
    Distribution {
        count: histogram.count(),
        sum: histogram.sum(),
        p50: percentile(50),
        p95: percentile(95),
        p99: percentile(99),
        max: nanos(histogram.max()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_stage_that_took_most_of_a_slow_turn_is_named() {
        let start = Tick::from_nanos(1);
        let mut recorder = TurnRecorder::new(start);
        for (clients, watches) in [(1, 2), (30, 4), (3, 12)] {
            recorder.begin(start, 5 * MS, true);
            recorder.enter(Stage::Clients, start + MS);
            recorder.charge(700, 500);
            recorder.enter(Stage::Typing, start + (1 + clients) * MS);
            recorder.note_typing_served();
            recorder.enter(Stage::Watches, start + (1 + clients) * MS);
            let end = start + (1 + clients + watches) * MS;
            recorder.end(end, 5 * MS + (1 + clients + watches) * MS, 10 * MS, true);
        }
        let stats = recorder.stats();
        let longest = stats.longest.unwrap();
        assert_eq!((stats.turns, stats.typing_wait_cost, stats.unfinished), (3, 1400, 0));
        assert_eq!(stats.turn_cost_max, 700);
        assert_eq!(recorder.count_and_longest(), (3, longest.cpu));
        assert_eq!((longest.cpu, longest.stage), (35 * MS, Stage::Clients));
        assert_eq!(longest.stage_wall, 30 * MS);
        let clients = stats.stages[Stage::Clients as usize];
        assert_eq!(
            (clients.stage, clients.cost, clients.unit_cost_max),
            (Stage::Clients, 2100, 500)
        );
        assert_eq!(clients.wall.max, 30 * MS);
        assert_eq!(recorder.take_slow(), Some(SlowTurn { count: 2, longest }));
        assert!(!recorder.has_slow());
        recorder.reset();
        assert_eq!((recorder.stats().turns, recorder.stats().longest), (0, None));
        assert_eq!(recorder.count_and_longest(), (0, Duration::ZERO));
    }

    /// Processor time above the bound is slow and reported; ten times the bound on the clock is slow.
    #[test]
    fn what_a_slow_turn_is() {
        let start = Tick::from_nanos(1);
        let mut recorder = TurnRecorder::new(start);
        let mut slow = |cpu, wall| {
            recorder.begin(start, Duration::ZERO, false);
            let turn = recorder.end(start + wall * MS, cpu * MS, 10 * MS, true);
            (turn.is_some(), recorder.take_slow().is_some())
        };
        assert_eq!(slow(10, 100), (false, false));
        assert_eq!(slow(11, 11), (true, true));
        assert_eq!(slow(1, 101), (true, false));
        assert_eq!(slow(11, 101), (true, true));
    }

    #[test]
    fn stages_are_numbered_in_order() {
        for (index, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, index);
            assert!(!stage.name().is_empty());
        }
    }
}

//! The flight recorder: the last events of an engine, for "what led to this state?".
//!
//! A ring of records of one size; it takes memory as it fills. An event like one of the last few is counted there
//! instead, so a flood does not wash out what came before it. Records hold ids, numbers and kinds: no texts, no
//! output, no input, no tokens.

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use super::health::{HealthReason, HealthStatus, PartHealth};
use super::turns::Stage;
use crate::error::ErrorKind;
use crate::id::{ClientId, PeerId, TerminalId, WatchId};

/// Records that there is room for with the first one; the room doubles until it is all.
const FIRST_ROOM: usize = 16;
/// Of so many records the newest is looked for one that an event is like.
const LOOK_BACK: usize = 8;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Recorded {
    /// A turn took more processor time than `turn_time_warn`, or ten times as much on the clock.
    SlowTurn { cpu: Duration, wall: Duration, stage: Stage },
    /// Turns left work for the next one.
    UnfinishedTurn,
    /// A call or command failed.
    Failed { what: &'static str, kind: ErrorKind },
    /// A program was started, or a PTY adopted.
    Spawned { terminal: TerminalId, pid: Option<i32> },
    /// A program has ended: `code=`, `signal=` or `unknown=`, and the number.
    Exited { terminal: TerminalId, how: &'static str, value: i32 },
    /// A terminal is gone.
    Closed { terminal: TerminalId },
    /// A reader has lost output.
    Gap { terminal: TerminalId, bytes: u64 },
    /// A client has authenticated.
    Connected { client: ClientId },
    /// A client was closed by us with a code, or is gone.
    Disconnected { client: ClientId, code: Option<u16> },
    /// A connection was refused with an HTTP status.
    Refused { status: u16 },
    /// There is a connection to a peer.
    PeerConnected { peer: PeerId },
    /// There is none any more; when it is tried again.
    PeerLost { peer: PeerId, retry_in: Option<Duration> },
    /// The kernel dropped events of a watch: everything is listed again.
    Rescan { watch: WatchId },
    /// Something that waited was dropped.
    Dropped { what: &'static str },
    /// The health of a part changed.
    Health { health: PartHealth },
}

impl Recorded {
    /// Counts another event in, if it is one of the same kind about the same thing.
    fn absorbs(&mut self, other: &Recorded) -> bool {
        match (&mut *self, other) {
            (Recorded::Gap { terminal, bytes }, Recorded::Gap { terminal: of, bytes: more })
                if terminal == of =>
            {
                *bytes = bytes.saturating_add(*more);
                true
            }
            (
                Recorded::SlowTurn { cpu, wall, stage },
                Recorded::SlowTurn { cpu: other_cpu, wall: other_wall, stage: of },
            ) if stage == of => {
                (*cpu, *wall) = ((*cpu).max(*other_cpu), (*wall).max(*other_wall));
                true
            }
            (Recorded::UnfinishedTurn, Recorded::UnfinishedTurn) => true,
            (Recorded::Failed { .. } | Recorded::Refused { .. } | Recorded::Dropped { .. }, _) => {
                self == other
            }
            _ => false,
        }
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Recorded::SlowTurn { cpu, wall, stage } => {
                let (cpu, wall) = (cpu.as_micros(), wall.as_micros());
                write!(f, "turn slow cpu_us={cpu} wall_us={wall} stage={}", stage.name())
            }
            Recorded::UnfinishedTurn => f.write_str("turn unfinished"),
            Recorded::Failed { what, kind } => write!(f, "failed {what} kind={kind:?}"),
            Recorded::Spawned { terminal, pid } => {
                let pid = pid.unwrap_or(0);
                write!(f, "terminal {} spawned pid={pid}", terminal.to_u64())
            }
            Recorded::Exited { terminal, how, value } => {
                write!(f, "terminal {} exited {how}={value}", terminal.to_u64())
            }
            Recorded::Closed { terminal } => write!(f, "terminal {} closed", terminal.to_u64()),
            Recorded::Gap { terminal, bytes } => {
                write!(f, "terminal {} gap bytes={bytes}", terminal.to_u64())
            }
            Recorded::Connected { client } => write!(f, "client {} connected", client.to_u64()),
            Recorded::Disconnected { client, code } => {
                let code = code.unwrap_or(0);
                write!(f, "client {} disconnected code={code}", client.to_u64())
            }
            Recorded::Refused { status } => write!(f, "connection refused status={status}"),
            Recorded::PeerConnected { peer } => write!(f, "peer {} connected", peer.to_u64()),
            Recorded::PeerLost { peer, retry_in: Some(wait) } => {
                write!(f, "peer {} lost retry_in_ms={}", peer.to_u64(), wait.as_millis())
            }
            Recorded::PeerLost { peer, retry_in: None } => {
                write!(f, "peer {} lost given_up", peer.to_u64())
            }
            Recorded::Rescan { watch } => write!(f, "watch {} rescan", watch.to_u64()),
            Recorded::Dropped { what } => write!(f, "dropped {what}"),
            Recorded::Health { health: PartHealth { part, status, reason, .. } } => {
                let reason = reason.map_or("-", HealthReason::name);
                let (kind, id, status) = (part.kind(), part.id(), HealthStatus::name(*status));
                write!(f, "health {kind} {id} {status} reason={reason}")
            }
        }
    }
}

struct Record {
    what: Recorded,
    first: Instant,
    last: Instant,
    times: u32,
}

/// See the module's documentation.
pub(crate) struct FlightRecorder {
    ring: Vec<Record>,
    max: usize,
    /// Where the oldest record is, once the ring is full.
    oldest: usize,
    overwritten: u64,
}

impl FlightRecorder {
    /// `max`: records that are kept; 0: none.
    pub(crate) fn new(max: usize) -> Self {
        FlightRecorder { ring: Vec::new(), max, oldest: 0, overwritten: 0 }
    }

    pub(crate) fn record(&mut self, what: Recorded, now: Instant) {
        let len = self.ring.len();
        for back in 1..=LOOK_BACK.min(len) {
            let at = (self.oldest + len - back) % len;
            if let Some(record) = self.ring.get_mut(at)
                && record.what.absorbs(&what)
            {
                record.last = now;
                record.times = record.times.saturating_add(1);
                return;
            }
        }
        let record = Record { what, first: now, last: now, times: 1 };
        if len < self.max {
            if len == self.ring.capacity() {
                self.ring.reserve_exact(len.max(FIRST_ROOM).min(self.max - len));
            }
            self.ring.push(record);
        } else if let Some(oldest) = self.ring.get_mut(self.oldest) {
            *oldest = record;
            self.oldest = (self.oldest + 1) % len;
            self.overwritten += 1;
        }
    }

    /// Writes all records, the oldest first, as lines.
    pub(crate) fn write(&self, began: Instant, now: Instant, out: &mut String) {
        let at = |time: Instant| Seconds(time.saturating_duration_since(began));
        let (kept, overwritten) = (self.ring.len(), self.overwritten);
        let _ = writeln!(out, "flight 1 now={} kept={kept} overwritten={overwritten}", at(now));
        let (newer, older) = self.ring.split_at(self.oldest.min(kept));
        for Record { what, first, last, times } in older.iter().chain(newer) {
            let _ = writeln!(out, "{} {} x{times} {what}", at(*first), at(*last));
        }
    }
}

/// A time in seconds with six digits.
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0.as_secs(), self.0.subsec_micros())
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    fn text(recorder: &FlightRecorder, start: Instant, now: Instant) -> String {
        let mut out = String::new();
        recorder.write(start, now, &mut out);
        out
    }

    #[test]
    fn the_newest_events_are_kept_and_like_ones_are_counted() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut recorder = FlightRecorder::new(3);
        let terminal = TerminalId::from_u64(7);
        recorder.record(Recorded::Spawned { terminal, pid: Some(12) }, at(1));
        recorder.record(Recorded::Gap { terminal, bytes: 5 }, at(2));
        recorder.record(Recorded::UnfinishedTurn, at(3));
        recorder.record(Recorded::Gap { terminal, bytes: 6 }, at(4));
        recorder.record(Recorded::UnfinishedTurn, at(5));
        recorder.record(Recorded::Closed { terminal }, at(6));
        let expected = "flight 1 now=0.009000 kept=3 overwritten=1\n\
                        0.002000 0.004000 x2 terminal 7 gap bytes=11\n\
                        0.003000 0.005000 x2 turn unfinished\n\
                        0.006000 0.006000 x1 terminal 7 closed\n";
        assert_eq!(text(&recorder, start, at(9)), expected);
        recorder.record(Recorded::Refused { status: 401 }, at(10));
        recorder.record(Recorded::Refused { status: 403 }, at(10));
        recorder.record(Recorded::Refused { status: 401 }, at(11));
        let lines = text(&recorder, start, at(12));
        assert!(lines.ends_with(
            "0.006000 0.006000 x1 terminal 7 closed\n\
             0.010000 0.011000 x2 connection refused status=401\n\
             0.010000 0.010000 x1 connection refused status=403\n"
        ));
    }

    /// The ring grows to its bound and no further.
    #[test]
    fn memory_is_bounded() {
        let now = Instant::now();
        let mut recorder = FlightRecorder::new(50);
        for number in 0..1000 {
            recorder.record(Recorded::Closed { terminal: TerminalId::from_u64(number) }, now);
            assert!(recorder.ring.capacity() <= 50);
        }
        assert_eq!((recorder.ring.len(), recorder.ring.capacity()), (50, 50));
        assert!(size_of::<Record>() <= 128, "{}", size_of::<Record>());
        let mut none = FlightRecorder::new(0);
        none.record(Recorded::UnfinishedTurn, now);
        assert_eq!(none.ring.capacity(), 0);
    }
}

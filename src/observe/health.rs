//! How the parts of an engine are: what is wrong with each, and since when.
//!
//! Each subsystem notes facts of its parts when they change ([`Notes`](super::Notes)); what they mean is decided here.
//! Only what is not as it should be is kept, so a healthy engine keeps nothing, and what is kept is bounded by the
//! tables of the parts.
//!
//! A reason has two times ([`HealthReason::rule`]): how long its fact has to hold before it counts, so that normal
//! backpressure is no problem, and how long it counts after the fact has ended, so that a part does not flap. Only
//! while one of them runs there is a [`deadline`](HealthTable::deadline).
//!
//! What is unreported is the difference between what a part is and what was reported of it: of several changes
//! only the newest is an event, and nothing grows while nobody reads.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::id::{ClientId, ListenerId, PeerId, TerminalId, WatchId};

/// How a part of an engine is, or the whole engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum HealthStatus {
    /// As it should be.
    Ok = 1,
    /// It works in part, or late. It recovers by itself when the cause goes.
    Degraded = 2,
    /// It does not work, and will not by itself: somebody has to do something.
    Failed = 3,
}

impl HealthStatus {
    /// A stable name: `ok`, `degraded`, `failed`.
    pub fn name(self) -> &'static str {
        match self {
            HealthStatus::Ok => "ok",
            HealthStatus::Degraded => "degraded",
            HealthStatus::Failed => "failed",
        }
    }
}

/// A part of an engine that has a health of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HealthPart {
    /// The event loop.
    Loop,
    /// The memory that all parts share.
    Memory,
    /// The making of terminals.
    Spawning,
    /// A terminal.
    Terminal(TerminalId),
    /// A file watch.
    Watch(WatchId),
    /// An address that the server listens on.
    Listener(ListenerId),
    /// A client of the server.
    Client(ClientId),
    /// A connection to another engine.
    Peer(PeerId),
}

impl HealthPart {
    /// A stable name of its kind: `loop`, `memory`, `spawning`, `terminal`, `watch`, `listener`, `client`, `peer`.
    pub fn kind(self) -> &'static str {
        match self {
            HealthPart::Loop => "loop",
            HealthPart::Memory => "memory",
            HealthPart::Spawning => "spawning",
            HealthPart::Terminal(_) => "terminal",
            HealthPart::Watch(_) => "watch",
            HealthPart::Listener(_) => "listener",
            HealthPart::Client(_) => "client",
            HealthPart::Peer(_) => "peer",
        }
    }

    /// The id as a number; 0 for a part of which an engine has one.
    pub fn id(self) -> u64 {
        match self {
            HealthPart::Loop | HealthPart::Memory | HealthPart::Spawning => 0,
            HealthPart::Terminal(id) => id.to_u64(),
            HealthPart::Watch(id) => id.to_u64(),
            HealthPart::Listener(id) => id.to_u64(),
            HealthPart::Client(id) => id.to_u64(),
            HealthPart::Peer(id) => id.to_u64(),
        }
    }
}

/// Why a part is not as it should be. Of several reasons with the same status the later one here is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum HealthReason {
    /// Loop: a turn took more processor time than [`Limits::turn_time_warn`](crate::Limits), or ten times as much on the
    /// clock, in the last minute.
    SlowTurns = 1,
    /// Loop: an invariant was broken. It stays until the process is started anew.
    InvariantsBroken = 2,
    /// Memory: a budget of bytes that parts share is used up, and terminals wait for it. Watch: a part of its tree is left
    /// out for want of it.
    MemoryFull = 3,
    /// Spawning, listener, watch: the process or the system has no file descriptor left.
    OutOfDescriptors = 4,
    /// Spawning: the system has no PTY left.
    OutOfPtys = 5,
    /// Spawning: the system does not let a process be made; in the last minute.
    OutOfProcesses = 6,
    /// Terminal: the screen model failed in the last minute, and the screen was built anew from the log.
    ScreenRebuilt = 7,
    /// Terminal: the program stands still, because a reader or a client has not read its output for 10 seconds.
    OutputPaused = 8,
    /// Terminal: the program stands still, because its output has had no memory for a second.
    OutputStarved = 9,
    /// Terminal: the program has ended soon after each of its last starts, two at least; until a run is stable.
    ProgramCrashes = 10,
    /// Watch: a part of a tree is left out: too many entries, or roots that overlap. Or rules are: there are too many.
    Partial = 11,
    /// Watch: permissions or a file system keep us out of a directory.
    Unreadable = 12,
    /// Watch: the system has no inotify watch left, so directories are polled.
    OutOfWatches = 13,
    /// Watch: the kernel dropped events, and everything is being listed again.
    EventsLost = 14,
    /// Watch: a root is gone.
    RootMissing = 15,
    /// Watch: its tree could not be saved; see [`Engine::report_save`](crate::Engine::report_save).
    SaveFailed = 16,
    /// Watch: its tree could not be saved, because the disk is full.
    DiskFull = 17,
    /// Client: it has taken nothing of what waits for it for a while.
    Stalled = 18,
    /// Peer: there is no connection, and another attempt will be made.
    Unreachable = 19,
    /// Peer, terminal: attempts fail again and again, so none is made for a while.
    BreakerOpen = 20,
    /// Peer, terminal: no further attempt will be made.
    GivenUp = 21,
}

/// What follows from a reason.
struct Rule {
    name: &'static str,
    sentence: &'static str,
    status: HealthStatus,
    /// How long the fact has to hold before it counts.
    after: Duration,
    /// How long it counts after its end.
    stays: Duration,
}

const NOW: Duration = Duration::ZERO;
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// After this somebody at the terminal wonders; readers that work are never so late.
const PAUSED_AFTER: Duration = Duration::from_secs(10);

impl HealthReason {
    /// Every reason, in order.
    pub const ALL: [HealthReason; 21] = [
        HealthReason::SlowTurns,
        HealthReason::InvariantsBroken,
        HealthReason::MemoryFull,
        HealthReason::OutOfDescriptors,
        HealthReason::OutOfPtys,
        HealthReason::OutOfProcesses,
        HealthReason::ScreenRebuilt,
        HealthReason::OutputPaused,
        HealthReason::OutputStarved,
        HealthReason::ProgramCrashes,
        HealthReason::Partial,
        HealthReason::Unreadable,
        HealthReason::OutOfWatches,
        HealthReason::EventsLost,
        HealthReason::RootMissing,
        HealthReason::SaveFailed,
        HealthReason::DiskFull,
        HealthReason::Stalled,
        HealthReason::Unreachable,
        HealthReason::BreakerOpen,
        HealthReason::GivenUp,
    ];

    /// A stable name, such as `out_of_descriptors`.
    pub fn name(self) -> &'static str {
        self.rule().name
    }

    /// One sentence for people.
    pub fn sentence(self) -> &'static str {
        self.rule().sentence
    }

    /// What a part is for this reason.
    pub fn status(self) -> HealthStatus {
        self.rule().status
    }

    #[rustfmt::skip]
    fn rule(self) -> Rule {
        use HealthStatus::{Degraded, Failed};
        let (name, status, after, stays, sentence) = match self {
            HealthReason::SlowTurns => ("slow_turns", Degraded, NOW, MINUTE,
                "A turn of the loop took too long within the last minute."),
            HealthReason::InvariantsBroken => ("invariants_broken", Degraded, NOW, NOW,
                "The engine has met a fault of its own and gone on; please report it."),
            HealthReason::MemoryFull => ("memory_full", Degraded, SECOND, SECOND,
                "The memory that all parts share is used up."),
            HealthReason::OutOfDescriptors => ("out_of_descriptors", Degraded, NOW, NOW,
                "The system has no file descriptor left."),
            HealthReason::OutOfPtys => ("out_of_ptys", Degraded, NOW, NOW,
                "The system has no PTY left."),
            HealthReason::OutOfProcesses => ("out_of_processes", Degraded, NOW, MINUTE,
                "The system did not let a process be made within the last minute."),
            HealthReason::ScreenRebuilt => ("screen_rebuilt", Degraded, NOW, MINUTE,
                "The screen was built anew within the last minute, because its model failed."),
            HealthReason::OutputPaused => ("output_paused", Degraded, PAUSED_AFTER, NOW,
                "The program stands still, because somebody does not read its output."),
            HealthReason::OutputStarved => ("output_starved", Degraded, SECOND, NOW,
                "The program stands still, because there is no memory for its output."),
            HealthReason::ProgramCrashes => ("program_crashes", Degraded, NOW, NOW,
                "The program ends soon after it was started, again and again."),
            HealthReason::Partial => ("partial", Degraded, NOW, NOW,
                "A part of the tree is left out."),
            HealthReason::Unreadable => ("unreadable", Degraded, NOW, NOW,
                "A directory cannot be read."),
            HealthReason::OutOfWatches => ("out_of_watches", Degraded, NOW, NOW,
                "The system has no inotify watch left; directories are polled."),
            HealthReason::EventsLost => ("events_lost", Degraded, NOW, NOW,
                "The kernel dropped events; everything is being listed again."),
            HealthReason::RootMissing => ("root_missing", Degraded, NOW, NOW,
                "A root is gone."),
            HealthReason::SaveFailed => ("save_failed", Degraded, NOW, NOW,
                "The tree could not be saved."),
            HealthReason::DiskFull => ("disk_full", Degraded, NOW, NOW,
                "The tree could not be saved, because the disk is full."),
            HealthReason::Stalled => ("stalled", Degraded, NOW, NOW,
                "The client takes nothing of what waits for it."),
            HealthReason::Unreachable => ("unreachable", Degraded, NOW, NOW,
                "There is no connection; it is tried again."),
            HealthReason::BreakerOpen => ("breaker_open", Degraded, NOW, NOW,
                "Attempts fail again and again; none is made for a while."),
            HealthReason::GivenUp => ("given_up", Failed, NOW, NOW,
                "No further attempt is made."),
        };
        Rule { name, sentence, status, after, stays }
    }
}

/// How one part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartHealth {
    /// Which part.
    pub part: HealthPart,
    /// How it is.
    pub status: HealthStatus,
    /// The gravest reason; `None` if it is as it should be.
    pub reason: Option<HealthReason>,
    /// Since when there is that reason.
    pub since: Option<Instant>,
}

/// How an engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// That of the worst part.
    pub status: HealthStatus,
    /// Every part that is not as it should be, in the order of [`HealthPart`].
    pub parts: Vec<PartHealth>,
}

/// What holds of a part: a set of reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reasons(u32);

impl Reasons {
    /// Adds a reason if its fact holds.
    pub(crate) fn with(self, reason: HealthReason, holds: bool) -> Reasons {
        Reasons(self.0 | u32::from(holds) << reason as u8)
    }

    pub(crate) fn of(reason: Option<HealthReason>) -> Reasons {
        reason.map_or(Reasons::default(), |reason| Reasons::default().with(reason, true))
    }

    /// Adds a reason if there is one.
    pub(crate) fn and(self, reason: Option<HealthReason>) -> Reasons {
        Reasons(self.0 | Reasons::of(reason).0)
    }

    fn has(self, reason: HealthReason) -> bool {
        self.0 & 1 << reason as u8 != 0
    }
}

/// A reason that counts, or may.
#[derive(Clone, Copy)]
struct Finding {
    reason: HealthReason,
    since: Instant,
    /// It has held long enough.
    counts: bool,
    /// When it begins to count, or is forgotten.
    until: Option<Instant>,
}

#[derive(Default)]
struct Record {
    facts: Reasons,
    findings: Vec<Finding>,
    /// What was reported of the part last.
    reported: Option<HealthReason>,
    /// Its place in the queue of those that have something unreported.
    unreported: Option<u64>,
}

impl Record {
    fn gravest(&self) -> Option<&Finding> {
        let counting = self.findings.iter().filter(|finding| finding.counts);
        counting.max_by_key(|finding| (finding.reason.status(), finding.reason))
    }

    fn begin(&mut self, reason: HealthReason, now: Instant) {
        if let Some(finding) = self.findings.iter_mut().find(|finding| finding.reason == reason) {
            finding.until = None;
            return;
        }
        let after = reason.rule().after;
        let until = (!after.is_zero()).then(|| now + after);
        self.findings.push(Finding { reason, since: now, counts: until.is_none(), until });
    }

    fn end(&mut self, reason: HealthReason, now: Instant) {
        let stays = reason.rule().stays;
        if let Some(finding) = self.findings.iter_mut().find(|finding| finding.reason == reason)
            && finding.counts
            && !stays.is_zero()
        {
            finding.until = Some(now + stays);
        } else {
            self.findings.retain(|finding| finding.reason != reason);
        }
    }

    fn expire(&mut self, now: Instant) {
        for finding in &mut self.findings {
            if !finding.counts && finding.until.is_some_and(|until| until <= now) {
                (finding.counts, finding.until) = (true, None);
            }
        }
        self.findings.retain(|finding| finding.until.is_none_or(|until| until > now));
    }

    fn deadline(&self) -> Option<Instant> {
        self.findings.iter().filter_map(|finding| finding.until).min()
    }
}

/// What is wrong with the parts of one engine, and what of it is unreported. See the module's documentation.
#[derive(Default)]
pub(crate) struct HealthTable {
    records: BTreeMap<HealthPart, Record>,
    /// Parts that are not what was reported of them, by their places: in the order of their changes. Any may be taken
    /// out without a look at the others.
    unreported: BTreeMap<u64, HealthPart>,
    /// The last place that was given.
    last_place: u64,
    /// Not later than the first deadline of a finding; `None` if there is none.
    deadline: Option<Instant>,
    /// Parts that have a finding with a deadline.
    with_deadline: usize,
}

impl HealthTable {
    /// These facts, and no others, hold for a part from now on.
    pub(crate) fn observe(&mut self, part: HealthPart, facts: Reasons, now: Instant) {
        if facts == Reasons::default() && !self.records.contains_key(&part) {
            return;
        }
        self.change(part, |record| {
            let before = std::mem::replace(&mut record.facts, facts);
            for reason in HealthReason::ALL {
                match (before.has(reason), facts.has(reason)) {
                    (false, true) => record.begin(reason, now),
                    (true, false) => record.end(reason, now),
                    _ => {}
                }
            }
        });
    }

    /// Something happened to a part that counts for a while.
    pub(crate) fn happened(&mut self, part: HealthPart, reason: HealthReason, now: Instant) {
        self.change(part, |record| {
            record.begin(reason, now);
            record.end(reason, now);
        });
    }

    /// A part is no more.
    pub(crate) fn forget(&mut self, part: HealthPart) {
        if self.records.contains_key(&part) {
            self.change(part, |record| {
                record.facts = Reasons::default();
                record.findings.clear();
            });
        }
    }

    /// When [`expire`](Self::expire) is due. It may be early.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Time has passed: what has held long enough counts, what has ended long ago does not any more. How the parts
    /// are that changed by it.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<PartHealth> {
        let mut changed = Vec::new();
        if self.deadline.is_none_or(|at| at > now) {
            return changed;
        }
        let is_due = |record: &Record| record.deadline().is_some_and(|at| at <= now);
        let due: Vec<HealthPart> = self
            .records
            .iter()
            .filter(|(_, record)| is_due(record))
            .map(|(part, _)| *part)
            .collect();
        for part in due {
            let before = self.of(part);
            self.change(part, |record| record.expire(now));
            changed.extend(Some(self.of(part)).filter(|health| health.reason != before.reason));
        }
        self.deadline = self.records.values().filter_map(Record::deadline).min();
        changed
    }

    fn change(&mut self, part: HealthPart, change: impl FnOnce(&mut Record)) {
        let record = self.records.entry(part).or_default();
        let had_deadline = record.deadline().is_some();
        change(record);
        let deadline = record.deadline();
        let is_unreported = record.gravest().map(|finding| finding.reason) != record.reported;
        match record.unreported {
            None if is_unreported => {
                self.last_place += 1;
                record.unreported = Some(self.last_place);
                self.unreported.insert(self.last_place, part);
            }
            Some(place) if !is_unreported => {
                record.unreported = None;
                self.unreported.remove(&place);
            }
            _ => {}
        }
        self.drop_if_well(part);
        self.with_deadline += usize::from(deadline.is_some());
        self.with_deadline -= usize::from(had_deadline);
        self.deadline = match (self.deadline, deadline) {
            (_, None) if self.with_deadline == 0 => None,
            (old, new) => old.into_iter().chain(new).min(),
        };
    }

    fn drop_if_well(&mut self, part: HealthPart) {
        let is_well = |record: &Record| {
            record.findings.is_empty() && record.unreported.is_none() && record.reported.is_none()
        };
        if self.records.get(&part).is_some_and(is_well) {
            self.records.remove(&part);
        }
    }

    // What comes out.

    /// Whether a change is unreported.
    pub(crate) fn has_unreported(&self) -> bool {
        !self.unreported.is_empty()
    }

    /// How the next part is that is not what was reported of it.
    pub(crate) fn take_unreported(&mut self) -> Option<PartHealth> {
        let (_, part) = self.unreported.pop_first()?;
        let health = self.of(part);
        if let Some(record) = self.records.get_mut(&part) {
            (record.reported, record.unreported) = (health.reason, None);
        }
        self.drop_if_well(part);
        Some(health)
    }

    /// How a part is.
    pub(crate) fn of(&self, part: HealthPart) -> PartHealth {
        let gravest = self.records.get(&part).and_then(Record::gravest);
        PartHealth {
            part,
            status: gravest.map_or(HealthStatus::Ok, |finding| finding.reason.status()),
            reason: gravest.map(|finding| finding.reason),
            since: gravest.map(|finding| finding.since),
        }
    }

    /// How all parts are.
    pub(crate) fn all(&self) -> Health {
        let parts = self.records.keys().map(|part| self.of(*part));
        let parts: Vec<PartHealth> = parts.filter(|part| part.reason.is_some()).collect();
        let status = parts.iter().map(|part| part.status).max().unwrap_or(HealthStatus::Ok);
        Health { status, parts }
    }
}

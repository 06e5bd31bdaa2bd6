//! The health of an engine: what its parts have noted becomes their health, and lines of the flight recorder.
//!
//! The lists of notes are emptied at the end of every call (`Engine::finish_call`). One timer runs while a finding
//! waits for its time, or while making terminals is looked at again; a healthy engine has none.

use std::io;
use std::time::Duration;

use nix::errno::Errno;

use super::Engine;
use super::health_record::HEALTH;
use crate::error::{Error, ErrorKind, Result};
use crate::id::WatchId;
use crate::observe::{
    Health, HealthPart, HealthReason, HealthStatus, LongestTurn, Note, Notes, PartHealth, Reasons,
    Recorded,
};
use crate::reactor::Key;
use crate::sync::ReportReply;

/// How often it is looked whether terminals can be made again, while they could not.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// Parts that `/healthz` describes.
const REPORTED_MAX: usize = 256;

/// The lists that parts note into.
const SOURCES: [fn(&mut Engine) -> &mut Notes; 4] = [
    |engine| &mut engine.terminals.notes,
    |engine| &mut engine.watches.notes,
    |engine| engine.server.notes(),
    |engine| engine.peers.notes(),
];

impl Engine {
    /// How the engine is: its worst part, and every part that is not as it should be. Costs what there is of those.
    ///
    /// [`Event::Health`](crate::Event::Health) reports each change. `docs/HEALTH.md` says what leads to which
    /// reason, and what ends it.
    pub fn health(&self) -> Health {
        self.health.table.all()
    }

    /// How one part is.
    ///
    /// # Errors
    /// `StaleId`.
    pub fn health_of(&self, part: HealthPart) -> Result<PartHealth> {
        match part {
            HealthPart::Loop | HealthPart::Memory | HealthPart::Spawning => {}
            HealthPart::Terminal(id) => self.terminals.check(id)?,
            HealthPart::Watch(id) => drop(self.watches.version(id)?),
            HealthPart::Listener(id) => drop(self.server.address(id)?),
            HealthPart::Client(id) if self.server.is_authenticated(id) => {}
            HealthPart::Client(_) => {
                return Err(Error::new(
                    ErrorKind::StaleId,
                    "no such client: it is gone or never was",
                ));
            }
            HealthPart::Peer(id) => drop(self.peers.replica(id)?),
        }
        Ok(self.health.table.of(part))
    }

    /// Reports what became of writing the bytes of [`save_watch`](Self::save_watch) to where they are kept, which only
    /// the host knows. After a failure the watch is degraded ([`HealthReason::SaveFailed`],
    /// [`HealthReason::DiskFull`]) until a success is reported.
    ///
    /// # Errors
    /// `StaleId`, `Forked`.
    pub fn report_save(&mut self, id: WatchId, outcome: &io::Result<()>) -> Result<()> {
        self.check_process()?;
        let problem =
            outcome.as_ref().err().map(|error| match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::ENOSPC | Errno::EDQUOT) => HealthReason::DiskFull,
                _ => HealthReason::SaveFailed,
            });
        let noted = self.watches.note_saved(id, problem);
        self.finish_call_or_log();
        noted
    }

    /// The last events of the engine as text, the oldest first: turns that took long, programs that started and ended,
    /// clients and peers that came and went, refusals, failures, losses, changes of health. `docs/HEALTH.md` describes
    /// the lines. [`Limits::recorder_events`](crate::Limits) bounds it.
    pub fn flight_record(&self) -> String {
        let mut out = String::new();
        self.health.flight.write(self.started, self.reactor.measure_now(), &mut out);
        out
    }

    /// The response at `/healthz`, and how many parts were looked at for it.
    pub(super) fn health_report(&self, is_detailed: bool) -> (ReportReply, usize) {
        let Health { status, parts } = self.health();
        let code = if status == HealthStatus::Failed { 503 } else { 200 };
        let reply = |media_type, text: String| {
            let reply = ReportReply { status: code, media_type, text: Some(text.into_bytes()) };
            (reply, parts.len())
        };
        if !is_detailed {
            return reply("text/plain; charset=utf-8", format!("{}\n", status.name()));
        }
        let now = self.reactor.measure_now();
        let described = parts.iter().take(REPORTED_MAX).filter_map(|part| {
            let (reason, since) = part.reason.zip(part.since)?;
            Some(serde_json::json!({
                "part": part.part.kind(),
                "id": part.part.id(),
                "status": part.status.name(),
                "reason": reason.name(),
                "sentence": reason.sentence(),
                "seconds": now.saturating_duration_since(since).as_secs(),
            }))
        });
        let text = serde_json::json!({
            "status": status.name(),
            "parts": described.collect::<Vec<_>>(),
            "left_out": parts.len().saturating_sub(REPORTED_MAX),
        });
        reply("application/json", format!("{text}\n"))
    }

    /// Keeps an event for the flight recorder.
    pub(super) fn record(&mut self, recorded: Recorded) {
        let now = self.reactor.measure_now();
        self.health.flight.record(recorded, now);
    }

    /// A call that made nothing failed.
    pub(super) fn record_failure<T>(&mut self, what: &'static str, outcome: &Result<T>) {
        if let Err(error) = outcome {
            self.record(Recorded::Failed { what, kind: error.kind() });
        }
    }

    /// A turn is over.
    pub(super) fn note_turn(&mut self, slow: Option<LongestTurn>, is_finished: bool) {
        if slow.is_none() && is_finished {
            return;
        }
        let now = self.reactor.measure_now();
        if let Some(LongestTurn { cpu, wall, stage, .. }) = slow {
            self.health.flight.record(Recorded::SlowTurn { cpu, wall, stage }, now);
            self.health.apply(Note::Happened(HealthPart::Loop, HealthReason::SlowTurns), now);
        }
        if !is_finished {
            self.health.flight.record(Recorded::UnfinishedTurn, now);
        }
    }

    /// An invariant was broken, which no time heals.
    pub(super) fn note_broken_invariants(&mut self) {
        let facts = Reasons::of(Some(HealthReason::InvariantsBroken));
        let now = self.reactor.measure_now();
        self.health.apply(Note::Reasons(HealthPart::Loop, facts), now);
    }

    /// Takes in what the parts have noted, and sets the timer.
    pub(super) fn take_notes(&mut self) {
        for source in SOURCES {
            if source(self).is_empty() {
                continue;
            }
            let now = self.reactor.measure_now();
            let list = source(self).take();
            list.iter().for_each(|note| self.health.apply(*note, now));
            source(self).reuse(list);
        }
        if std::mem::take(&mut self.health.has_changed) {
            self.server.note_health();
        }
        self.arm_health();
    }

    fn arm_health(&mut self) {
        let lacks = self.terminals.lacks_for_spawning();
        if lacks != self.health.probe_at.is_some() {
            self.health.probe_at = lacks.then(|| self.reactor.measure_now() + PROBE_INTERVAL);
        }
        let next = self.health.table.deadline().into_iter().chain(self.health.probe_at).min();
        match (next, self.health.timer) {
            (None, None) => {}
            // One that fires too early looks, and is set anew.
            (Some(next), Some((at, _))) if at <= next => {}
            (next, timer) => {
                if let Some((_, timer)) = timer {
                    self.reactor.cancel_timer(timer);
                }
                let set = |at| (at, self.reactor.set_timer(at, Key::new(HEALTH, 0)));
                self.health.timer = next.map(set);
            }
        }
    }

    /// The timer has fired.
    pub(super) fn on_health_alarm(&mut self) {
        let now = self.reactor.now();
        self.health.timer = None;
        self.health.expire(now);
        if self.health.probe_at.take_if(|at| *at <= now).is_some() {
            self.terminals.probe_spawning();
        }
    }

    /// The next change of health that is unread.
    pub(super) fn take_health_event(&mut self) -> Option<PartHealth> {
        self.take_notes();
        self.health.table.take_unreported()
    }
}

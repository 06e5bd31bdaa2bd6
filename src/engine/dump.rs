//! The state of an engine as text, one line for each thing that it has: for "why is it in this state?".
//!
//! `docs/HEALTH.md` describes the lines. There is nothing in them that a terminal has shown or was given, no title
//! and no token. The text is bounded: of each kind at most [`LINES_MAX`] are described and the rest is counted.

use std::fmt::Write;

use super::Engine;
use crate::observe::Seconds;

/// Things of one kind that are described.
const LINES_MAX: usize = 4096;

impl Engine {
    /// The state of everything that the engine has, one line each, as `docs/HEALTH.md` describes it. Costs what there
    /// is; no system call is made for it.
    pub fn dump(&self) -> String {
        let mut out = String::new();
        let now = self.reactor.measure_now();
        let uptime = Seconds(now.saturating_duration_since(self.started));
        let health = self.health();
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "orchflow dump=1 version={} uptime={uptime} health={}",
            env!("CARGO_PKG_VERSION"),
            health.status.name()
        );
        self.dump_engine(&mut out);
        for part in &health.parts {
            let lasts = part.since.map(|since| now.saturating_duration_since(since));
            let lasts = Seconds(lasts.unwrap_or_default());
            let (kind, id, status) = (part.part.kind(), part.part.id(), part.status.name());
            let reason = part.reason.map_or("-", crate::HealthReason::name);
            let _ = writeln!(out, "health {kind} {id} {status} reason={reason} lasts={lasts}");
        }
        let terminals = self.terminals.ids(crate::TerminalFilter::All);
        list(&mut out, "terminal", terminals, |id, out| self.terminals.describe(id, now, out));
        list(&mut out, "watch", self.watches.ids(), |id, out| self.dump_watch(id, out));
        list(&mut out, "listener", self.server.listener_ids(), |id, out| {
            self.server.describe_listener(id, out);
        });
        list(&mut out, "client", self.server.connection_ids(), |id, out| {
            self.server.describe_client(id, now, out);
        });
        list(&mut out, "peer", self.peers.ids(), |id, out| self.peers.describe(id, now, out));
        out
    }

    fn dump_engine(&self, out: &mut String) {
        let stats = self.turns.stats();
        let longest =
            stats.longest.map_or((0, "-"), |turn| (turn.cpu.as_micros(), turn.stage.name()));
        let shutdown = match self.shutdown {
            super::Shutdown::No => "no",
            super::Shutdown::Started => "started",
            super::Shutdown::Reported => "complete",
        };
        let _ = writeln!(
            out,
            "loop turns={} unfinished={} longest_us={} longest_stage={} ready={} notices={} invariants_broken={} \
             shutdown={shutdown}",
            stats.turns,
            stats.unfinished,
            longest.0,
            longest.1,
            u8::from(!self.reactor.ready.is_empty()),
            self.notices.len(),
            crate::invariants_broken(),
        );
        let limits = &self.config.limits;
        let _ = writeln!(
            out,
            "memory log_bytes={}/{} screen_bytes={}/{} starving={}",
            self.log_bytes(),
            limits.log_bytes_total,
            self.screen_bytes(),
            limits.screen_bytes_total,
            self.terminals.starving_count(),
        );
        let _ = writeln!(
            out,
            "state version={} batches={} rows={} reviews={}",
            self.state.version().n,
            self.batches.len(),
            u8::from(!self.rows.is_empty()),
            self.reviews.len(),
        );
    }

    fn dump_watch(&self, id: crate::WatchId, out: &mut String) {
        let Ok(state) = self.watches.state(id) else { return };
        let root = state.roots.first().map(|root| root.display().to_string()).unwrap_or_default();
        let _ = writeln!(
            out,
            "watch {} tag={} ready={} complete={} roots={} entries={} kernel_watches={} polled={} unreadable={} \
             waiting={} dirty={} overflows={} root={root:?}",
            id.to_u64(),
            state.tag,
            u8::from(state.ready),
            u8::from(state.complete),
            state.roots.len(),
            state.entries,
            state.kernel_watches,
            state.polled_directories,
            state.unreadable_directories,
            state.waiting_directories,
            state.dirty_names,
            state.overflows,
        );
    }
}

/// Describes things of one kind, and counts those that are too many.
fn list<Id>(
    out: &mut String,
    kind: &str,
    ids: impl IntoIterator<Item = Id>,
    describe: impl Fn(Id, &mut String),
) {
    let mut left_out = 0;
    for (index, id) in ids.into_iter().enumerate() {
        if index < LINES_MAX {
            describe(id, out);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        let _ = writeln!(out, "{kind} left_out={left_out}");
    }
}

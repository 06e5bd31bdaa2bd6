//! Reports over HTTP: what the server was asked for and has allowed is made here, over as many turns as it takes.
//!
//! One report is made at a time; only the health, which is short, does not wait for one that is under way. A unit of the
//! figures is one terminal, client or watch, or a list of some of them; those that have gone meanwhile are left out. The
//! engine as a whole comes last, then the whole text, metric by metric.
//!
//! Connections without a token pay for reports together, from what all of them may cost. One with a token pays from a
//! balance of its own, which goes with it: what bounds those is that few long reports are under way at once and that
//! their units are done in turn with the work of others.

use std::ops::Range;

use super::Engine;
use super::client_work::{Object, ReportJob};
use crate::observe::MEDIA_TYPE;
use crate::policy::{Slice, UNIT_COST_MAX};
use crate::sync::{Report, ReportReply, ReportRequest};

/// Costs, estimated for a release build: beginning or answering; looking at an object, and a byte of text that is made;
/// the engine as a whole with its percentiles, and looking at an object for that; looking at a slot of a table; putting a
/// metric into its place, and four bytes of it.
const REPLY_COST: u64 = 20_000;
const OBJECT_COST: u64 = 500;
const BYTE_COST: u64 = 2;
const ENGINE_COST: u64 = 200_000;
const SUM_COST: u64 = 50;
const SLOT_COST: u64 = 50;
const LINE_COST: u64 = 500;
const COPY_4_COST: u64 = 1;

/// Bytes of the text of one object.
const OBJECT_BYTES_MAX: u64 = 4 << 10;

/// Slots of a table that are looked at in one unit.
const SLOTS: usize = 1024;

/// How many slots a table has, and what is in some of them.
type Table = (fn(&Engine) -> usize, fn(&Engine, Range<usize>, &mut Vec<Object>));

/// What is described one by one.
const TABLES: [Table; 3] = [
    (
        |engine| engine.terminals.slots(),
        |engine, slots, out| out.extend(engine.terminals.ids_in(slots).map(Object::Terminal)),
    ),
    (
        |engine| engine.server.client_slots(),
        |engine, slots, out| out.extend(engine.server.client_ids_in(slots).map(Object::Client)),
    ),
    (
        |engine| engine.watches.slots(),
        |engine, slots, out| out.extend(engine.watches.ids_in(slots).map(Object::Watch)),
    ),
];

/// Sums over as many objects are within a unit. By default there are 2,112 at most; only engines with larger limits have
/// more, which pay for a longer unit.
const SUMMED: u64 = 16_000;

const _: () = assert!(ENGINE_COST + SUMMED * SUM_COST <= UNIT_COST_MAX);
const _: () = assert!(SLOTS as u64 * SLOT_COST < UNIT_COST_MAX);
const _: () = assert!(OBJECT_COST + OBJECT_BYTES_MAX * BYTE_COST < UNIT_COST_MAX);

impl Engine {
    /// Whether a report is to be made.
    pub(super) fn has_report_work(&self) -> bool {
        self.report.is_some() || self.server.has_report()
    }

    /// Goes on with reports, one after the other.
    pub(super) fn work_on_reports(&mut self, slice: &mut Slice) {
        while !slice.is_over() {
            let (client, cost) =
                if let Some(request) = self.server.poll_report(self.report.is_some()) {
                    (request.client, self.begin_report(request))
                } else if let Some(job) = self.report.take() {
                    (job.request.client, self.advance_report(job))
                } else {
                    return;
                };
            slice.charge(cost);
            self.server.charge(client, cost, self.reactor.now());
        }
    }

    fn begin_report(&mut self, request: ReportRequest) -> u64 {
        match request.report {
            Report::Health => {
                let (reply, parts) = self.health_report(request.has_token);
                let bytes = reply.text.as_ref().map_or(0, Vec::len) as u64;
                self.answer(request, reply);
                return REPLY_COST + parts as u64 * SUM_COST + bytes * BYTE_COST;
            }
            Report::Metrics if request.is_head => {
                self.answer(
                    request,
                    ReportReply { status: 200, media_type: MEDIA_TYPE, text: None },
                );
                return REPLY_COST;
            }
            Report::Metrics => {}
        }
        self.report = Some(ReportJob::new(request));
        REPLY_COST
    }

    /// One unit of a report. Gives what it has cost.
    fn advance_report(&mut self, mut job: ReportJob) -> u64 {
        if !self.server.awaits_report(job.request.client) {
            return OBJECT_COST;
        }
        let text = &mut job.text;
        let bytes = match job.objects.pop() {
            Some(Object::Terminal(id)) => {
                self.terminals.metrics(id).map(|found| text.add_terminal(&found))
            }
            Some(Object::Client(id)) => {
                self.server.metrics(id).map(|found| text.add_client(&found))
            }
            Some(Object::Watch(id)) => self.watches.metrics(id).map(|found| text.add_watch(&found)),
            None => return self.list_objects(job),
        };
        self.report = Some(job);
        OBJECT_COST + bytes.unwrap_or(0) as u64 * BYTE_COST
    }

    /// Lists what is described next, if there is more.
    fn list_objects(&mut self, mut job: ReportJob) -> u64 {
        let Some((slots, list)) = TABLES.get(job.table) else { return self.finish_report(job) };
        let end = (job.slot + SLOTS).min(slots(self));
        let looked_at = end.saturating_sub(job.slot) as u64;
        if looked_at == 0 {
            (job.table, job.slot) = (job.table + 1, 0);
        } else {
            list(self, job.slot..end, &mut job.objects);
            // The last one goes first.
            job.objects.reverse();
            job.slot = end;
        }
        self.report = Some(job);
        OBJECT_COST + looked_at * SLOT_COST
    }

    /// All objects are in the text: a unit more. First the engine as a whole, then each metric is put into its place.
    fn finish_report(&mut self, mut job: ReportJob) -> u64 {
        let Some(whole) = &mut job.whole else {
            let metrics = self.metrics();
            job.text.add_engine(&metrics);
            job.whole = Some(String::with_capacity(job.text.len()));
            self.report = Some(job);
            let objects = metrics.terminals + metrics.connections + metrics.watches;
            return ENGINE_COST + objects * SUM_COST;
        };
        if let Some(bytes) = job.text.write_next(whole) {
            self.report = Some(job);
            return LINE_COST + bytes as u64 / 4 * COPY_4_COST;
        }
        let text = job.whole.take().map(String::into_bytes);
        self.answer(job.request, ReportReply { status: 200, media_type: MEDIA_TYPE, text });
        REPLY_COST
    }

    fn answer(&mut self, request: ReportRequest, reply: ReportReply) {
        self.server.answer_report(request.client, reply, request.is_head);
    }
}

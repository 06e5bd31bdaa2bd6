//! Reports over HTTP: what the server was asked for and has allowed is made here, over as many turns as it takes.
//!
//! One report is made at a time. Whoever asked pays for it. A unit of the figures is one terminal, client or watch; those
//! that have gone meanwhile are left out. The engine as a whole comes last, then the whole text, metric by metric.

use super::Engine;
use super::client_work::ReportJob;
use crate::observe::{MEDIA_TYPE, MetricsText};
use crate::policy::{Slice, UNIT_COST_MAX};
use crate::sync::{Report, ReportReply, ReportRequest};
use crate::terminal::TerminalFilter;

/// Costs, estimated for a release build: beginning or answering; looking at an object, and a byte of text that is made;
/// the engine as a whole with its percentiles, and looking at an object for that; putting a metric into its place, and
/// four bytes of it.
const REPLY_COST: u64 = 20_000;
const OBJECT_COST: u64 = 500;
const BYTE_COST: u64 = 2;
const ENGINE_COST: u64 = 200_000;
const SUM_COST: u64 = 50;
const LINE_COST: u64 = 500;
const COPY_4_COST: u64 = 1;

/// Bytes of the text of one object.
const OBJECT_BYTES_MAX: u64 = 4 << 10;

const _: () = assert!(OBJECT_COST + OBJECT_BYTES_MAX * BYTE_COST < UNIT_COST_MAX);

impl Engine {
    /// Whether a report is to be made.
    pub(super) fn has_report_work(&self) -> bool {
        self.report.is_some() || self.server.has_report()
    }

    /// Goes on with reports, one after the other.
    pub(super) fn work_on_reports(&mut self, slice: &mut Slice) {
        while !slice.is_over() {
            let (client, cost) = match self.report.take() {
                Some(job) => (job.request.client, self.advance_report(job)),
                None => {
                    let Some(request) = self.server.poll_report() else { return };
                    (request.client, self.begin_report(request))
                }
            };
            slice.charge(cost);
            self.server.charge(client, cost, self.reactor.now());
        }
    }

    fn begin_report(&mut self, request: ReportRequest) -> u64 {
        match request.report {
            Report::Health => {
                let (status, media_type, text) = self.health_report(request.has_token);
                let cost = REPLY_COST + text.len() as u64 * BYTE_COST;
                let text = Some(text.into_bytes());
                self.answer(request, ReportReply { status, media_type, text });
                return cost;
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
        self.report = Some(ReportJob {
            request,
            text: MetricsText::new(),
            whole: None,
            terminals: self.terminals.ids(TerminalFilter::All).collect(),
            clients: self.server.client_ids().collect(),
            watches: self.watches.ids().collect(),
        });
        REPLY_COST
    }

    /// One unit of a report. Gives what it has cost.
    fn advance_report(&mut self, mut job: ReportJob) -> u64 {
        if !self.server.awaits_report(job.request.client) {
            return OBJECT_COST;
        }
        let text = &mut job.text;
        let bytes = if let Some(id) = job.terminals.pop() {
            self.terminals.metrics(id).map(|found| text.add_terminal(&found))
        } else if let Some(id) = job.clients.pop() {
            self.server.metrics(id).map(|found| text.add_client(&found))
        } else if let Some(id) = job.watches.pop() {
            self.watches.metrics(id).map(|found| text.add_watch(&found))
        } else {
            return self.finish_report(job);
        };
        self.report = Some(job);
        OBJECT_COST + bytes.unwrap_or(0) as u64 * BYTE_COST
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

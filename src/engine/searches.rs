//! Searches of clients: jobs that are done in steps, beside each other.
//!
//! A search is a queue's entry until it has a place; then it has the memory for the line that it is in.
//! There are 16 of them (`client_work.rs`). Each step of a search is one unit of the turn's work, and the next search
//! has the next step. One that is between two lines gives its place to one that waits; so does one that has
//! had it for long, which then reads the rest of its line again and may keep the next place for longer. So no
//! search waits for another one's end. What was found is sent when the client has room for it.
//!
//! A client pays for compiling and for replies, so that a flood of requests costs it its turn. The steps are
//! not charged to it: they are a few jobs' share of what others leave, and a client that owed for them
//! could not even cancel.

use super::Engine;
use super::client_work::{Job, PATIENCE, SearchReply};
use crate::error::{Error, Result};
use crate::id::{ClientId, TerminalId};
use crate::policy::Slice;
use crate::sync::protocol::{Failure, Outcome, Search as WireSearch, ServerMessage};
use crate::sync::{ErrorCode, convert};
use crate::terminal::{Matches, Search};

/// Searches of one client that run or wait to be answered.
const CLIENT_SEARCHES_MAX: usize = 4;

/// Matches that a search gives unless it asks for more, and the most it gets.
const MATCHES: (u32, u32) = (1000, 10_000);

/// Bytes of a client's queue for each match of a search: one match takes some 100.
const QUEUE_BYTES_PER_MATCH: usize = 110;

/// Costs, estimated for a release build: a step, whatever it does, a reply, and a match in it that is
/// encoded.
const STEP_COST: u64 = 200;
const REPLY_COST: u64 = 2_000;
const MATCH_COST: u64 = 80;

impl Engine {
    /// Whether a search has something to do, or a reply can be sent.
    pub(super) fn has_search_work(&self) -> bool {
        self.searches.has_jobs() || self.next_reply().is_some()
    }

    /// The first reply whose client has room for it, or is gone.
    fn next_reply(&self) -> Option<usize> {
        let is_due = |reply: &SearchReply| self.server.has_reply_room(reply.client) != Some(false);
        self.searches.replies.iter().position(is_due)
    }

    /// Begins a search for a client; its result follows.
    pub(super) fn search_for(&mut self, client: ClientId, wire: WireSearch) {
        let id = wire.id;
        if let Err(error) = self.check_search(client, wire) {
            self.result(client, id, Err(error));
        }
    }

    fn check_search(&mut self, client: ClientId, wire: WireSearch) -> Result<()> {
        if self.searches.count_of(client) >= CLIENT_SEARCHES_MAX {
            let why = format!("a client has at most {CLIENT_SEARCHES_MAX} searches at once");
            return Err(Error::limit(why));
        }
        let terminal = TerminalId::from_u64(wire.terminal);
        let queue = self.config.limits.client_queue_bytes / QUEUE_BYTES_PER_MATCH;
        let wanted = if wire.max == 0 { MATCHES.0 } else { wire.max.min(MATCHES.1) };
        let search = Search {
            pattern: wire.pattern,
            regex: wire.regex,
            ignore_case: wire.ignore_case,
            rows_max: usize::MAX,
            matches_max: (wanted as usize).min(queue),
            ..Search::literal("")
        };
        self.terminals.check_search(terminal, &search)?;
        self.searches.waiting.push_back(Job {
            client,
            id: wire.id,
            terminal,
            search,
            cursor: None,
            scratch: None,
            steps: 0,
            patience: PATIENCE,
        });
        Ok(())
    }

    /// Ends the searches of a client with this number.
    pub(super) fn cancel_search(&mut self, client: ClientId, id: u64) {
        let is_meant = |job: &Job| (job.client, job.id) == (client, id);
        let mut ended = Vec::new();
        for jobs in [&mut self.searches.running, &mut self.searches.waiting] {
            while let Some(at) = jobs.iter().position(is_meant) {
                ended.extend(jobs.remove(at));
            }
        }
        for job in ended {
            self.searches.end(job);
            let message = "the client ended the search".into();
            let outcome = Outcome::Failed(Failure { code: ErrorCode::Cancelled, message });
            self.server.send(client, &ServerMessage::Result { id, outcome });
        }
    }

    /// Gives searches their steps, and clients their replies, at least one unit.
    pub(super) fn work_on_searches(&mut self, slice: &mut Slice) {
        loop {
            if let Some(at) = self.next_reply() {
                self.send_reply(at, slice);
            } else if let Some(job) = self.searches.next() {
                self.step_search(job, slice);
            } else {
                return;
            }
            if slice.is_over() {
                return;
            }
        }
    }

    fn step_search(&mut self, mut job: Job, slice: &mut Slice) {
        if self.server.has_reply_room(job.client).is_none() {
            return self.searches.end(job);
        }
        let mut cost = STEP_COST;
        let compiles = job.cursor.is_none();
        let outcome = self.search_on(&mut job, &mut cost);
        slice.charge(cost);
        if compiles {
            self.server.charge(job.client, cost, self.reactor.now());
        }
        match outcome.transpose() {
            None => self.searches.put_back(job),
            Some(outcome) => {
                let Job { client, id, .. } = job;
                self.searches.replies.push_back(SearchReply { client, id, outcome });
                self.searches.end(job);
            }
        }
    }

    /// Compiles the pattern, or searches on. Gives what was found when it is done.
    fn search_on(&mut self, job: &mut Job, cost: &mut u64) -> Result<Option<Matches>> {
        let Some(cursor) = &mut job.cursor else {
            job.cursor = Some(self.terminals.begin_search(&job.search, cost)?);
            return Ok(None);
        };
        let scratch = job.scratch.get_or_insert_default();
        self.terminals.search_on(job.terminal, cursor, scratch, cost)
    }

    fn send_reply(&mut self, at: usize, slice: &mut Slice) {
        let Some(SearchReply { client, id, outcome }) = self.searches.replies.remove(at) else {
            return;
        };
        let matches = outcome.as_ref().map_or(0, |found| found.matches.len() as u64);
        let cost = REPLY_COST + matches * MATCH_COST;
        slice.charge(cost);
        self.server.charge(client, cost, self.reactor.now());
        let outcome = outcome.map(|found| Outcome::Found {
            matches: convert::matches(&found),
            complete: found.next.is_none(),
        });
        self.result(client, id, outcome);
    }
}

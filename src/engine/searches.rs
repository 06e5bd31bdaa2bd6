//! Searches of clients: jobs that are done in steps, beside each other.
//!
//! A search is a queue's entry until it has a place; then it has the memory for the line that it is in.
//! There are [`PLACES`] of them. Each step of a search is one unit of the turn's work, and the next search
//! has the next step. One that is between two lines gives its place to one that waits; so does one that has
//! had it for long, which then reads the rest of its line again and may keep the next place for longer. So no
//! search waits for another one's end. What was found is sent when the client has room for it.
//!
//! A client pays for compiling and for answers, so that a flood of requests costs it its turn. The steps are
//! not charged to it: they are a few jobs' share of what others leave, and a client that owed for them
//! could not even cancel.

use std::collections::VecDeque;

use super::Engine;
use crate::error::{Error, Result};
use crate::policy::Slice;
use crate::reactor::{ClientId, TerminalId};
use crate::sync::protocol::{Failure, Outcome, Search as WireSearch, ServerMessage};
use crate::sync::{ErrorCode, convert};
use crate::terminal::{Matches, Scratch, Search, SearchCursor};

/// Searches that are inside a line at the same time.
const PLACES: usize = 16;

/// Steps after which a search gives its place to one that waits; twice as many after each time.
const PATIENCE: u32 = 64;

/// Searches of one client that run or wait to be answered.
const CLIENT_SEARCHES_MAX: usize = 4;

/// Matches that a search gives unless it asks for more, and the most it gets.
const MATCHES: (u32, u32) = (1000, 10_000);

/// Bytes of a client's queue for each match of a search: one match takes some 100.
const QUEUE_BYTES_PER_MATCH: usize = 110;

/// Costs, estimated for a release build: a step, whatever it does, an answer, and a match in it that is
/// encoded.
const STEP_COST: u64 = 200;
const ANSWER_COST: u64 = 2_000;
const MATCH_COST: u64 = 80;

/// A search of a client.
struct Job {
    client: ClientId,
    id: u64,
    terminal: TerminalId,
    search: Search,
    /// Once the pattern was compiled.
    cursor: Option<SearchCursor>,
    /// While it has a place.
    scratch: Option<Scratch>,
    /// Steps since it has its place, and after how many it gives it away.
    steps: u32,
    patience: u32,
}

/// What a search has come to, and who is to have it.
struct Answer {
    client: ClientId,
    id: u64,
    outcome: Result<Matches>,
}

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Searches {
    /// Those that have a place.
    running: VecDeque<Job>,
    waiting: VecDeque<Job>,
    answers: VecDeque<Answer>,
    /// Memory of places that nobody has.
    free: Vec<Scratch>,
    /// Other jobs have had the last slice.
    is_next: bool,
}

impl Searches {
    /// Whether searches have this slice, of two that they share with others.
    pub(super) fn take_turn(&mut self) -> bool {
        self.is_next = !self.is_next;
        self.is_next
    }

    fn has_jobs(&self) -> bool {
        !self.running.is_empty() || !self.waiting.is_empty()
    }

    fn count_of(&self, client: ClientId) -> usize {
        let jobs = self.running.iter().chain(&self.waiting).map(|job| job.client);
        jobs.chain(self.answers.iter().map(|answer| answer.client)).filter(|c| *c == client).count()
    }

    /// Who has the next step.
    fn next(&mut self) -> Option<Job> {
        if self.running.len() < PLACES
            && let Some(mut job) = self.waiting.pop_front()
        {
            job.scratch = Some(self.free.pop().unwrap_or_default());
            job.steps = 0;
            return Some(job);
        }
        self.running.pop_front()
    }

    /// A search has had its step and goes on later.
    fn put_back(&mut self, mut job: Job) {
        job.steps = job.steps.saturating_add(1);
        let is_inside = job.cursor.as_ref().is_some_and(SearchCursor::keeps_scratch);
        if self.waiting.is_empty() || (is_inside && job.steps < job.patience) {
            return self.running.push_back(job);
        }
        if let Some(cursor) = job.cursor.as_mut().filter(|_| is_inside) {
            cursor.leave_line();
            job.patience = job.patience.saturating_mul(2);
        }
        self.free.extend(job.scratch.take());
        self.waiting.push_back(job);
    }

    /// A search is over.
    fn end(&mut self, mut job: Job) {
        self.free.extend(job.scratch.take());
        if !self.has_jobs() {
            // An engine in which nobody searches keeps no memory for it.
            self.free = Vec::new();
        }
    }
}

impl Engine {
    /// Whether a search has something to do, or an answer can be sent.
    pub(super) fn has_search_work(&self) -> bool {
        self.searches.has_jobs() || self.next_answer().is_some()
    }

    /// The first answer whose client has room for it, or is gone.
    fn next_answer(&self) -> Option<usize> {
        let is_due = |answer: &Answer| self.server.has_answer_room(answer.client) != Some(false);
        self.searches.answers.iter().position(is_due)
    }

    /// Begins a search for a client; its result follows.
    pub(super) fn search_for(&mut self, client: ClientId, wire: WireSearch) {
        let id = wire.id;
        if let Err(error) = self.admit_search(client, wire) {
            self.result(client, id, Err(error));
        }
    }

    fn admit_search(&mut self, client: ClientId, wire: WireSearch) -> Result<()> {
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

    /// Gives searches their steps, and clients their answers, at least one unit.
    pub(super) fn work_on_searches(&mut self, slice: &mut Slice) {
        loop {
            if let Some(at) = self.next_answer() {
                self.send_answer(at, slice);
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
        if self.server.has_answer_room(job.client).is_none() {
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
                self.searches.answers.push_back(Answer { client, id, outcome });
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

    fn send_answer(&mut self, at: usize, slice: &mut Slice) {
        let Some(Answer { client, id, outcome }) = self.searches.answers.remove(at) else { return };
        let matches = outcome.as_ref().map_or(0, |found| found.matches.len() as u64);
        let cost = ANSWER_COST + matches * MATCH_COST;
        slice.charge(cost);
        self.server.charge(client, cost, self.reactor.now());
        let outcome = outcome.map(|found| Outcome::Found {
            matches: convert::matches(&found),
            complete: found.next.is_none(),
        });
        self.result(client, id, outcome);
    }
}

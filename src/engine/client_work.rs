//! What the engine keeps for clients: batches, searches, rows and reports that take several turns, changes that wait
//! for the host, and the watches that clients share. Pure.

use std::collections::{BTreeSet, VecDeque};

use crate::error::Result;
use crate::id::{ClientId, TerminalId, WatchId};
use crate::observe::MetricsText;
use crate::state::ChangeSet;
use crate::sync::ReportRequest;
use crate::sync::protocol::{Failure, RowsRequest, TerminalOp};
use crate::terminal::{Matches, Rows, Scratch, Search, SearchCursor};

/// Searches that are inside a line at the same time.
const PLACES: usize = 16;

/// What a search takes at most while it is inside a line, and what it takes beside: its compiled expression.
const PLACE_BYTES: usize = 1 << 20;
const JOB_BYTES: usize = 64 << 10;

/// Steps after which a search gives its place to one that waits; twice as many after each time.
pub(super) const PATIENCE: u32 = 64;

/// A batch under way.
pub(super) struct Batch {
    pub(super) client: ClientId,
    pub(super) id: u64,
    pub(super) ops: std::vec::IntoIter<TerminalOp>,
    pub(super) statuses: Vec<Option<Failure>>,
    /// Terminals for which an operation failed.
    pub(super) failed: BTreeSet<u64>,
    /// Failures so far.
    pub(super) failures: usize,
    /// Bytes that it took when it began, about.
    pub(super) bytes: usize,
}

/// All batches; each client has at most one.
#[derive(Default)]
pub(super) struct Batches {
    batches: VecDeque<Batch>,
    bytes: usize,
}

impl Batches {
    pub(super) fn len(&self) -> usize {
        self.batches.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Bytes of all of them, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push(&mut self, batch: Batch) {
        self.bytes += batch.bytes;
        self.batches.push_back(batch);
    }

    /// Takes the next one.
    pub(super) fn pop(&mut self) -> Option<Batch> {
        let batch = self.batches.pop_front()?;
        self.bytes -= batch.bytes;
        Some(batch)
    }
}

/// A search of a client.
pub(super) struct Job {
    pub(super) client: ClientId,
    pub(super) id: u64,
    pub(super) terminal: TerminalId,
    pub(super) search: Search,
    /// Once the pattern was compiled.
    pub(super) cursor: Option<SearchCursor>,
    /// While it has a place.
    pub(super) scratch: Option<Scratch>,
    /// Steps since it has its place, and after how many it gives it away.
    pub(super) steps: u32,
    pub(super) patience: u32,
}

/// What a search has come to, and who is to have it.
pub(super) struct SearchReply {
    pub(super) client: ClientId,
    pub(super) id: u64,
    pub(super) outcome: Result<Matches>,
}

/// Searches of clients; see `searches.rs`.
#[derive(Default)]
pub(super) struct Searches {
    /// Those that have a place.
    pub(super) running: VecDeque<Job>,
    pub(super) waiting: VecDeque<Job>,
    pub(super) replies: VecDeque<SearchReply>,
    /// Memory of places that nobody has.
    pub(super) free: Vec<Scratch>,
}

impl Searches {
    /// Bytes that they take, about: as many as they may.
    pub(super) fn bytes(&self) -> usize {
        let places = self.running.len() + self.free.len();
        let jobs = self.running.len() + self.waiting.len() + self.replies.len();
        places * PLACE_BYTES + jobs * JOB_BYTES
    }

    /// Lets go of the memory of places that nobody has. How many bytes that frees.
    pub(super) fn give_up_memory(&mut self) -> usize {
        std::mem::take(&mut self.free).len() * PLACE_BYTES
    }

    pub(super) fn has_jobs(&self) -> bool {
        !self.running.is_empty() || !self.waiting.is_empty()
    }

    pub(super) fn count_of(&self, client: ClientId) -> usize {
        let jobs = self.running.iter().chain(&self.waiting).map(|job| job.client);
        jobs.chain(self.replies.iter().map(|reply| reply.client)).filter(|c| *c == client).count()
    }

    /// Who has the next step.
    pub(super) fn next(&mut self) -> Option<Job> {
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
    pub(super) fn put_back(&mut self, mut job: Job) {
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
    pub(super) fn end(&mut self, mut job: Job) {
        self.free.extend(job.scratch.take());
        if !self.has_jobs() {
            // An engine in which nobody searches keeps no memory for it.
            self.free = Vec::new();
        }
    }
}

/// A request for rows.
pub(super) struct RowsJob {
    pub(super) client: ClientId,
    pub(super) request: RowsRequest,
}

/// All of them; each client has at most one. See `rows.rs`.
#[derive(Default)]
pub(super) struct RowsJobs {
    pub(super) jobs: VecDeque<RowsJob>,
    /// Memory that one after the other uses.
    pub(super) rows: Rows,
}

impl RowsJobs {
    /// Bytes that they take, about.
    pub(super) fn bytes(&self) -> usize {
        self.jobs.len() * size_of::<RowsJob>() + self.rows.bytes()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }
}

/// A report that is being made. See `reports.rs`.
pub(super) struct ReportJob {
    pub(super) request: ReportRequest,
    pub(super) text: MetricsText,
    /// The whole text, once all samples are there.
    pub(super) whole: Option<String>,
    /// What is to be looked at next.
    pub(super) objects: Vec<Object>,
    /// The table that they come from, and the slot of it where the next ones are.
    pub(super) table: usize,
    pub(super) slot: usize,
}

/// Something that has figures of its own.
#[derive(Clone, Copy)]
pub(super) enum Object {
    Terminal(TerminalId),
    Client(ClientId),
    Watch(WatchId),
}

impl ReportJob {
    pub(super) fn new(request: ReportRequest) -> Self {
        let text = MetricsText::new();
        ReportJob { request, text, whole: None, objects: Vec::new(), table: 0, slot: 0 }
    }

    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let whole = self.whole.as_ref().map_or(0, String::capacity);
        self.text.memory() + whole + self.objects.capacity() * size_of::<Object>()
    }
}

/// A watch that clients share.
pub(super) struct ClientWatch {
    pub(super) watch: WatchId,
    pub(super) path: std::path::PathBuf,
    pub(super) clients: usize,
}

impl ClientWatch {
    pub(super) fn is_of(&self, watch: WatchId) -> bool {
        self.watch == watch
    }
}

/// A client's change set that waits for the host.
pub(super) struct Review {
    pub(super) number: u64,
    pub(super) client: ClientId,
    pub(super) mutation: u64,
    pub(super) changes: ChangeSet,
    pub(super) is_reported: bool,
}

//! File watching. Its product is a versioned tree that equals the disk; events are the tree's deltas.
//!
//! Watchers that trust the kernel's events fail, because events are lost, merged, late and ambiguous.
//! Here an event only says "this name is dirty", and what is published is decided by looking at the name.
//! The path of a change:
//!
//! ```text
//! kernel queue ─▶ kernel_events: marks names dirty, notes renames ─▶ dirty, moves
//!   a name is due ─▶ due_names: opens its directory, compares its identity, looks at the name
//!     ─▶ reconcile: base against now ─▶ tree and open batch ─▶ reports ─▶ host pulls
//!   a directory is new, moved, polled, or events were lost ─▶ scan: watches it, *then* lists it, and
//!     treats each name as if it were due
//! ```
//!
//! So there is one way into the tree, for the first reading, new directories, events, polling and the
//! rescan after an overflow alike.
//!
//! Everything is done in slices of a turn (`work.rs`): a round of names, a listing, rules that are compiled,
//! a directory that is emptied are each a cursor (`stages/`) that is left after a portion of work. While a batch
//! is unread nothing is looked at and no further batch is made: dirty names wait, and their number is bounded
//! (`dirty.rs`). One watch has one inotify instance and one timer.
//!
//! `tree`, `saved`, `merge`, `dirty`, `moves`, `filter`, `git/`, `batch`, `summary`, `path_trie`, `root_paths` decide and
//! are pure; `kernel`, `disk`, `name_lookup`, `mounts`, `repository` and `git_lock` make the system calls. `stages` is
//! what each stage keeps. `work`, `kernel_events`, `due_names`, `renames`, `reconcile`, `subtree_removal`, `unlinked`,
//! `scan`, `unreadable`, `roots`, `path_resolution`, `resume`, `rule_loading`, `rule_sources`, `tracked_names`,
//! `polling`, `sync_points` and `reports` join them and are methods of [`Watch`]; `table` is what the engine holds.

mod batch;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod coarse_timestamps;
mod dirty;
mod disk;
mod due_names;
mod event;
mod figures;
mod filter;
#[cfg(test)]
mod former_files;
mod git;
mod git_lock;
mod index;
mod kernel;
mod kernel_events;
mod key;
mod memory;
mod merge;
mod metrics;
mod mounts;
mod moves;
mod name_lookup;
mod options;
mod path_resolution;
mod path_trie;
mod polling;
mod reconcile;
mod renames;
mod reports;
mod repository;
mod resume;
mod root_paths;
mod roots;
mod rule_loading;
mod rule_sources;
mod saved;
mod scan;
mod stages;
mod subtree_removal;
mod summary;
mod sync_points;
mod table;
mod tracked_names;
mod tree;
mod unlinked;
mod unreadable;
mod work;

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::id::WatchId;
use crate::limits::Limits;
use crate::observe::{HealthReason, Reasons};
use crate::reactor::{Reactor, TimerId};
use dirty::DirtyNames;
use event::PendingEvent;
use figures::{Counters, Latency};
use filter::Filter;
use kernel::Kernel;
pub(crate) use key::{Alarm, Source};
use moves::Moves;
use name_lookup::NameLookup;
use stages::GitLock;
use stages::Hindrances;
use stages::OuterRules;
use stages::Polling;
use stages::Resuming;
use stages::Scan;
use stages::Sources;
use stages::SubtreeRemoval;
use stages::SyncPoint;
use stages::TrackedNames;
use stages::Unlinked;
use stages::{Backoff, Roots};
use stages::{Look, Round};
use summary::Shortening;
use tree::Tree;

pub use batch::{FileBatch, FileEvent, FileEventKind, FileSummary};
pub use event::{SaveProblem, WatchEvent, WatchProblem, WatchState};
pub(crate) use name_lookup::Granted;
pub use options::WatchOptions;
pub use saved::WatchSave;
pub(crate) use table::Watches;
pub use tree::{FileChanges, FileCursor, FileEntry, FileId, FileType, FileVersion};

/// Names that are due so soon are looked at together.
const SLACK: Duration = Duration::from_millis(4);
/// The wait before everything is listed again after events were lost; doubles while that goes on.
const RESCAN_WAIT: Duration = Duration::from_millis(100);

/// What is done between two looks at the clock costs about so much; no single step of a unit costs more.
const PORTION: u64 = 100_000;

/// Descriptors, entries and names that a watch may have to be freed in one step.
const FREED_AT_ONCE: usize = 256;
const RULES_FREED_AT_ONCE: usize = 8;
/// What freeing a root and a place of its path costs, and giving back a descriptor.
const FREE_COST: u64 = 400;
const RELEASE_COST: u64 = 3_000;

/// One watch: a tree of what is below its roots, and what changes in it.
///
/// Only [`Watches`] calls it. It has four kinds of methods:
///
/// - Wakeups: `on_readable` (the kernel's queue holds events), `on_alarm` (a deadline has passed). They only note
///   that there is something to do.
/// - Work: `work` reads the queue, looks at names, lists directories and makes batches, as far as the slice goes.
///   It is the only one that looks at the disk and changes the tree, beside the call that makes the watch.
/// - What goes out: `take_event`, and `recycle`, which gives the memory of a batch back. `changes` and `save` go
///   on from a cursor of the caller; `changes` may make a batch of what is open first.
/// - Commands and queries: `sync`, and with `&self` `state`, `version`, `has_work`, `has_event`.
///
/// The order: `set_now` at the start of a turn or call, then any of these, and `arm` at the end of whatever may
/// have changed what is due next. While a batch is unread, `work` looks at nothing. `teardown` takes a watch
/// out of the reactor; afterwards only `shed` is called, until everything is freed.
pub(crate) struct Watch {
    id: WatchId,
    tag: u64,
    options: WatchOptions,
    entry_limit: usize,
    /// All memory of the engine is used up.
    is_memory_full: bool,
    batch_events_max: usize,
    tree: Tree,
    epoch: u64,
    roots: Roots,
    /// Where names are looked up.
    lookup: NameLookup,
    kernel: Kernel,
    filter: Filter,
    dirty: DirtyNames,
    moves: Moves,
    unlinked: Unlinked,
    /// The rules above the roots, which are read first, and again when they change.
    outer: OuterRules,
    /// Where files of rules are watched for.
    sources: Sources,
    /// Names that are tracked now, or not any more.
    tracked_names: TrackedNames,
    /// Directories that lose what is in them.
    removal: SubtreeRemoval,
    /// The names that are being looked at.
    round: Option<Round>,
    /// A look that is applied when a directory is empty.
    parked: Option<Look>,
    scan: Scan,
    polling: Polling,
    sync_points: Vec<SyncPoint>,
    /// What was saved by a watch before this one.
    resuming: Resuming,
    pending_events: VecDeque<PendingEvent>,
    /// What changed since the last batch was made.
    open: FileBatch,
    opened: Option<Instant>,
    /// When the first thing happened that the open batch may be of.
    waiting_since: Option<Instant>,
    git_lock: GitLock,
    /// The batch that is being shortened.
    sealing: Option<Shortening>,
    /// The last batch that was made was not complete.
    reported_incomplete: bool,
    unread: Unread,
    /// The tree has been read for the first time.
    ready: bool,
    /// The kernel's queue may hold something.
    readable: bool,
    /// The kernel is not asked before this; see [`rest`](Self::rest).
    rest_until: Option<Instant>,
    /// The kernel's queue is registered with the reactor.
    registered: bool,
    /// A deadline has passed, and what is due is not all done.
    due: bool,
    timer: Option<(Instant, TimerId)>,
    counted: Counted,
    /// How often the kernel's queue was found empty; see `merge.rs`.
    emptied: u32,
    lost: Lost,
    hindrances: Hindrances,
    counters: Counters,
    latency: Latency,
    /// What was done since the last charge has cost so much.
    spent: u64,
    /// The last slice ended while the kernel's queue was read: the next one begins with the rest.
    looks_first: bool,
    /// The last slice ended with a round of names: the next one begins with a listing.
    scan_is_next: bool,
    /// The time of the turn, or of the call.
    now: Instant,
    /// A path and a name that are being worked on; kept for their memory.
    path: Vec<u8>,
    name: Vec<u8>,
}

/// What a reader has to see at once if it comes late.
#[derive(Default)]
struct Unread {
    /// The order of names when the last batch was made.
    order: u64,
    /// What the last batch listed, if it was still unread when something happened that the open batch is of.
    unseen: usize,
}

/// Events that the kernel dropped.
struct Lost {
    /// When everything will be listed again.
    rescan_at: Option<Instant>,
    /// Everything is being listed again.
    rescanning: bool,
    backoff: Backoff,
    /// Counts rescans.
    rescan: u32,
    /// Descriptors up to this one were checked at the end of a rescan.
    swept: i32,
}

impl Lost {
    fn new() -> Self {
        Lost {
            rescan_at: None,
            rescanning: false,
            backoff: Backoff::new(RESCAN_WAIT),
            rescan: 0,
            swept: 0,
        }
    }
}

/// Which of the counts of the table a watch is in, and what was noted of it; kept by the watch.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counted {
    event: bool,
    work: bool,
    bytes: usize,
    facts: Reasons,
    overflows: u64,
    /// Why the host could not save the tree last.
    save_failed: Option<HealthReason>,
}

fn filter_of(options: &WatchOptions) -> Result<Filter> {
    Filter::new(options.git_dir, options.hidden, options.gitignore, &options.ignore)
}

impl Watch {
    pub(crate) fn new(
        id: WatchId,
        options: &WatchOptions,
        limits: &Limits,
        now: Instant,
    ) -> Result<Self> {
        options.validate()?;
        let mut lookup = NameLookup::new(options.granted.clone());
        let roots = stages::resolve(options, &mut lookup)?;
        let paths = roots.iter().map(|root| root.path.clone()).collect();
        let filter = filter_of(options)?;
        let outer = OuterRules::new(roots.iter().filter(|_| options.gitignore));
        let entry_limit = options.entry_limit.unwrap_or(usize::MAX).min(limits.watch_entries);
        // 53 bits are exact in every language that counts in doubles.
        let random = std::hash::RandomState::new().build_hasher().finish();
        Ok(Watch {
            id,
            tag: options.tag,
            options: WatchOptions { since: None, ..options.clone() },
            entry_limit,
            is_memory_full: false,
            batch_events_max: limits.watch_batch_events,
            tree: Tree::new(limits.watch_tombstones),
            epoch: (random >> 11) | 1,
            roots,
            lookup,
            kernel: Kernel::new()?,
            filter,
            dirty: DirtyNames::new(options.window, options.max_wait, limits.watch_dirty_names),
            moves: Moves::default(),
            unlinked: Unlinked::default(),
            outer,
            sources: Sources::default(),
            tracked_names: TrackedNames::default(),
            removal: SubtreeRemoval::default(),
            round: None,
            parked: None,
            scan: Scan::default(),
            polling: Polling::new(options.poll_interval),
            sync_points: Vec::new(),
            resuming: Resuming::new(options, paths, entry_limit, limits),
            pending_events: VecDeque::new(),
            open: FileBatch::default(),
            opened: None,
            waiting_since: None,
            git_lock: GitLock::default(),
            sealing: None,
            reported_incomplete: false,
            unread: Unread::default(),
            ready: false,
            readable: false,
            rest_until: None,
            registered: false,
            due: true,
            timer: None,
            counted: Counted::default(),
            emptied: 0,
            lost: Lost::new(),
            hindrances: Hindrances::default(),
            counters: Counters::default(),
            latency: Latency::default(),
            spent: 0,
            looks_first: false,
            scan_is_next: false,
            now,
            path: Vec::new(),
            name: Vec::new(),
        })
    }

    /// Registers the kernel's queue with the reactor.
    pub(crate) fn register(&mut self, reactor: &Reactor) -> Result<()> {
        let queue = self.kernel.as_fd();
        reactor.register(queue, Source::Files(self.id), mio::Interest::READABLE)?;
        self.registered = true;
        Ok(())
    }

    pub(crate) fn tag(&self) -> u64 {
        self.tag
    }

    pub(crate) fn set_now(&mut self, now: Instant) {
        self.now = now;
    }

    /// Whether directories wait that could not be opened for want of descriptors or memory.
    pub(crate) fn has_refused(&self) -> bool {
        self.hindrances.refused > 0
    }

    /// What the table has counted of this watch.
    pub(crate) fn counted(&mut self) -> &mut Counted {
        &mut self.counted
    }

    /// Whether [`work`](Self::work) would do something now.
    pub(crate) fn has_work(&self) -> bool {
        self.readable
            || self.sealing.is_some()
            || (!self.is_blocked()
                && (self.due
                    || self.scan.is_pending()
                    || self.is_busy()
                    || self.filter.discarded() > 0))
    }

    pub(crate) fn has_event(&self) -> bool {
        !self.pending_events.is_empty()
    }

    pub(crate) fn on_readable(&mut self) {
        self.readable = true;
    }

    /// The timer has fired.
    pub(crate) fn on_alarm(&mut self) {
        self.timer = None;
        self.due = true;
        // Also while a batch is unread: else the kernel's queue would run over.
        self.readable |= self.rest_until.take().is_some();
    }

    /// Whether nothing waits to be listed.
    fn is_complete(&self) -> bool {
        self.ready
            && self.hindrances.refused == 0
            && !self.is_busy()
            && !self.scan.is_pending()
            && self.lost.rescan_at.is_none()
            && !self.lost.rescanning
    }

    /// Sets the timer to what is due next. The last step of every call that changes something.
    pub(crate) fn arm(&mut self, reactor: &mut Reactor) {
        let blocked = self.is_blocked();
        if self.due && !blocked {
            return;
        }
        let next = [
            self.dirty.deadline(),
            self.lost.rescan_at,
            self.roots.paths.deadline(),
            self.polling.deadline(),
            self.rest_until,
            self.seal_deadline(),
        ];
        let next = if blocked { self.rest_until } else { next.into_iter().flatten().min() };
        let Some(next) = next else { return };
        if next <= reactor.now() {
            self.due = true;
            self.readable |= self.rest_until.take_if(|until| *until <= next).is_some();
            return;
        }
        if self.timer.is_some_and(|(at, _)| at <= next) {
            return;
        }
        if let Some((_, timer)) = self.timer.take() {
            reactor.cancel_timer(timer);
        }
        self.timer = Some((next, reactor.set_timer(next, Alarm::Files(self.id))));
    }

    /// Deregisters from the reactor and cancels the timer; the rest is left to be freed.
    fn teardown(&mut self, reactor: &mut Reactor) {
        if let Some((_, timer)) = self.timer.take() {
            reactor.cancel_timer(timer);
        }
        if std::mem::take(&mut self.registered) {
            reactor.deregister(self.kernel.as_fd());
        }
        self.filter.discard_all();
    }

    /// Whether it takes no time to free and to close what a removed watch has.
    fn is_small(&self) -> bool {
        self.kernel.len() <= FREED_AT_ONCE
            && self.tree.len() <= FREED_AT_ONCE
            && self.dirty.len() <= FREED_AT_ONCE
            && self.roots.size() <= FREED_AT_ONCE
            && self.filter.discarded() <= RULES_FREED_AT_ONCE
    }

    /// Frees a part of a removed watch; what that cost, 0 when only the kernel's instance is left.
    fn shed(&mut self) -> u64 {
        let descriptors = self.kernel.shed(FREED_AT_ONCE / 4);
        if descriptors > 0 {
            return descriptors as u64 * RELEASE_COST;
        }
        if let Some(cost) = self.filter.drop_discarded() {
            return cost;
        }
        let roots = self.roots.shed(FREED_AT_ONCE);
        if roots > 0 {
            return roots as u64 * FREE_COST;
        }
        match self.dirty.shed() {
            0 => self.tree.shed(),
            cost => cost,
        }
    }
}

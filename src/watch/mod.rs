//! File watching. Its product is a versioned tree that equals the disk; events are the tree's deltas.
//!
//! Watchers that trust the kernel's events fail, because events are lost, merged, late and ambiguous.
//! Here an event only says "this name is dirty", and what is published is decided by looking at the name.
//! The path of a change:
//!
//! ```text
//! kernel queue ─▶ reading: marks names dirty, notes renames ─▶ dirty, moves
//!   a name is due ─▶ settle: opens its directory, compares its identity, looks at the name
//!     ─▶ apply: base against now ─▶ tree and open batch ─▶ telling ─▶ host pulls
//!   a directory is new, suspect, polled, or events were lost ─▶ scan: watches it, *then* lists it, and
//!     treats each name as if it were due
//! ```
//!
//! So there is one way into the tree, for the first reading, new directories, events, polling and the
//! rescan after an overflow alike.
//!
//! Everything is done in slices of a turn (`stages.rs`): a round of names, a listing, rules that are compiled,
//! a directory that is emptied are each a cursor that is left after a portion of work. While a batch is unread nothing is looked at and no further
//! batch is made: dirty names wait, and their number is bounded (`dirty.rs`). One watch has one inotify
//! instance and one timer.
//!
//! `tree`, `saved`, `merge`, `dirty`, `burst`, `moves`, `filter`, `git/`, `batch`, `summary`, `places`, `ways` decide and
//! are pure; `kernel`, `disk`, `anchor`, `mounts` and `git_lock` make the system calls; `stages`, `reading`, `settle`,
//! `renaming`, `apply`, `emptying`, `unlinked`, `scan`, `unreadable`, `roots`, `resolving`, `resuming`, `loading`, `repository`,
//! `sources`, `rejudging`, `polling`, `fence` join them and are methods of [`Watch`]; `table` is what the
//! engine holds.

mod anchor;
mod apply;
mod batch;
#[cfg(test)]
mod bounds;
mod burst;
#[cfg(test)]
mod coarse;
mod dirty;
mod disk;
mod emptying;
mod event;
mod fence;
mod filter;
mod git;
mod git_lock;
mod index;
mod kernel;
mod loading;
mod merge;
mod mounts;
mod moves;
mod options;
mod places;
mod polling;
mod reading;
mod rejudging;
mod renaming;
mod repository;
mod resolving;
mod resuming;
mod roots;
mod saved;
mod scan;
mod settle;
mod sources;
mod stages;
mod summary;
mod table;
mod telling;
mod tree;
mod unlinked;
mod unreadable;
mod ways;

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::limits::Limits;
use crate::reactor::{Alarm, Reactor, Source, TimerId, WatchId};
use anchor::Anchor;
use dirty::DirtyNames;
use emptying::Emptying;
use event::Telling;
use fence::Fence;
use filter::Filter;
use git_lock::GitLock;
use kernel::Kernel;
use loading::OuterRules;
use moves::Moves;
use polling::Polling;
use rejudging::Rejudging;
use resuming::Resuming;
use roots::{Backoff, Roots};
use scan::Scan;
use settle::{Look, Round};
use sources::Sources;
use summary::Shortening;
use table::Counted;
use tree::Tree;
use unlinked::Unlinked;

pub(crate) use anchor::Granted;
pub use batch::{FileBatch, FileEvent, FileEventKind, FileSummary};
pub use event::{SaveProblem, WatchEvent, WatchProblem, WatchState};
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

/// One watch: see the module's documentation.
pub(crate) struct Watch {
    id: WatchId,
    tag: u64,
    options: WatchOptions,
    entry_limit: usize,
    batch_events_max: usize,
    tree: Tree,
    epoch: u64,
    roots: Roots,
    /// Where names are looked up.
    anchor: Anchor,
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
    rejudging: Rejudging,
    /// Directories that lose what is in them.
    emptying: Emptying,
    /// The names that are being looked at.
    round: Option<Round>,
    /// A look that is applied when a directory is empty.
    parked: Option<Look>,
    scan: Scan,
    polling: Polling,
    fences: Vec<Fence>,
    /// What was saved by a watch before this one.
    resuming: Resuming,
    telling: VecDeque<Telling>,
    /// What changed since the last batch was made.
    open: FileBatch,
    opened: Option<Instant>,
    /// When the first thing happened that the open batch may be of.
    waiting_since: Option<Instant>,
    git_lock: GitLock,
    /// The batch that is being shortened.
    sealing: Option<Shortening>,
    /// The last batch that was made was not complete.
    told_incomplete: bool,
    unread: Unread,
    /// The tree has been read for the first time.
    ready: bool,
    /// The kernel's queue may hold something.
    readable: bool,
    /// The kernel is not asked before this; see [`rest`](Self::rest).
    rest_until: Option<Instant>,
    /// The reactor tells when the kernel's queue holds something.
    registered: bool,
    /// A deadline has passed, and what is due is not all done.
    due: bool,
    timer: Option<(Instant, TimerId)>,
    counted: Counted,
    /// How often the kernel's queue was found empty; see `merge.rs`.
    emptied: u32,
    lost: Lost,
    /// Directories that must not be read, and that could not be opened.
    unreadable: usize,
    refused: usize,
    counters: Counters,
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

#[derive(Default)]
struct Counters {
    kernel_events: u64,
    events: u64,
    batches: u64,
    overflows: u64,
}

impl Watch {
    pub(crate) fn new(
        id: WatchId,
        options: &WatchOptions,
        limits: &Limits,
        now: Instant,
    ) -> Result<Self> {
        options.validate()?;
        let mut anchor = Anchor::new(options.granted.clone());
        let roots = roots::resolve(options, &mut anchor)?;
        let paths = roots.iter().map(|root| root.path.clone()).collect();
        let filter =
            Filter::new(options.git_dir, options.hidden, options.gitignore, &options.ignore)?;
        let outer = OuterRules::new(roots.iter().filter(|_| options.gitignore));
        let entry_limit = options.entry_limit.unwrap_or(limits.watch_entries);
        let entry_limit = entry_limit.min(limits.watch_entries);
        // 53 bits are exact in every language that counts in doubles.
        let random = std::hash::RandomState::new().build_hasher().finish();
        Ok(Watch {
            id,
            tag: options.tag,
            options: WatchOptions { since: None, ..options.clone() },
            entry_limit,
            batch_events_max: limits.watch_batch_events,
            tree: Tree::new(limits.watch_tombstones),
            epoch: (random >> 11) | 1,
            roots,
            anchor,
            kernel: Kernel::new()?,
            filter,
            dirty: DirtyNames::new(options.window, options.max_wait, limits.watch_dirty_names),
            moves: Moves::default(),
            unlinked: Unlinked::default(),
            outer,
            sources: Sources::default(),
            rejudging: Rejudging::default(),
            emptying: Emptying::default(),
            round: None,
            parked: None,
            scan: Scan::default(),
            polling: Polling::new(options.poll_interval),
            fences: Vec::new(),
            resuming: Resuming::new(options, paths, entry_limit, limits),
            telling: VecDeque::new(),
            open: FileBatch::default(),
            opened: None,
            waiting_since: None,
            git_lock: GitLock::default(),
            sealing: None,
            told_incomplete: false,
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
            unreadable: 0,
            refused: 0,
            counters: Counters::default(),
            spent: 0,
            looks_first: false,
            scan_is_next: false,
            now,
            path: Vec::new(),
            name: Vec::new(),
        })
    }

    /// Has the reactor tell when events come.
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
        !self.telling.is_empty()
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
            && self.refused == 0
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
            self.roots.ways.deadline(),
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

    /// Takes everything back that the reactor knows; the rest is left to be freed.
    fn dismantle(&mut self, reactor: &mut Reactor) {
        if let Some((_, timer)) = self.timer.take() {
            reactor.cancel_timer(timer);
        }
        if std::mem::take(&mut self.registered) {
            reactor.deregister(self.kernel.as_fd());
        }
        self.filter.discard_all();
    }

    /// Whether it takes no time to free and to close what a dismantled watch has.
    fn is_small(&self) -> bool {
        self.kernel.len() <= FREED_AT_ONCE
            && self.tree.len() <= FREED_AT_ONCE
            && self.dirty.len() <= FREED_AT_ONCE
            && self.roots.size() <= FREED_AT_ONCE
            && self.filter.discarded() <= RULES_FREED_AT_ONCE
    }

    /// Frees a part of a dismantled watch; what that cost, 0 when only the kernel's instance is left.
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

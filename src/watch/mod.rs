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
//! Everything is done in slices of a turn. While a batch is unread nothing is looked at and no further
//! batch is made: dirty names wait, and their number is bounded (`dirty.rs`). One watch has one inotify
//! instance and one timer.
//!
//! `tree`, `merge`, `dirty`, `moves`, `filter`, `batch`, `summary` decide and are pure; `kernel`
//! `disk` and `anchor` make the system calls; `reading`, `settle`, `apply`, `scan`, `roots`, `polling`, `fence` join
//! them and are methods of [`Watch`]; `table` is what the engine holds.

mod anchor;
mod apply;
mod batch;
mod dirty;
mod disk;
mod event;
mod fence;
mod filter;
mod kernel;
mod merge;
mod moves;
mod options;
mod polling;
mod reading;
mod renaming;
mod roots;
mod scan;
mod settle;
mod summary;
mod table;
mod telling;
mod tree;

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::limits::Limits;
use crate::reactor::{Alarm, Reactor, Source, TimerId, WatchId};
use anchor::Anchor;
use dirty::DirtyNames;
use event::Telling;
use fence::Fence;
use filter::Filter;
use kernel::Kernel;
use moves::Moves;
use polling::Polling;
use roots::{Backoff, Root};
use scan::Scan;
use table::Counted;
use tree::Tree;

pub(crate) use anchor::Granted;
pub use batch::{FileBatch, FileEvent, FileEventKind, FileSummary};
pub use event::{WatchEvent, WatchProblem, WatchState};
pub use options::WatchOptions;
pub(crate) use table::Watches;
pub use tree::{FileChanges, FileCursor, FileEntry, FileId, FileType, FileVersion};

/// Names that are due so soon are looked at together.
const SLACK: Duration = Duration::from_millis(4);
/// Which part of the window the kernel collects events for, and the longest time that it does.
const REST_SHARE: u32 = 10;
const REST_MAX: Duration = Duration::from_millis(5);
/// The wait before everything is listed again after events were lost; doubles while that goes on.
const RESCAN_WAIT: Duration = Duration::from_millis(100);

/// The part of a turn that a watch may use.
#[derive(Clone, Copy)]
pub(crate) struct Slice<'r> {
    pub(crate) reactor: &'r Reactor,
    pub(crate) deadline: Instant,
}

impl Slice<'_> {
    pub(crate) fn now(&self) -> Instant {
        self.reactor.now()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.reactor.measure_now() >= self.deadline
    }
}

/// One watch: see the module's documentation.
pub(crate) struct Watch {
    id: WatchId,
    tag: u64,
    options: WatchOptions,
    entry_limit: usize,
    batch_events_max: usize,
    tree: Tree,
    epoch: u64,
    roots: Vec<Root>,
    /// Where names are looked up.
    anchor: Anchor,
    kernel: Kernel,
    filter: Filter,
    dirty: DirtyNames,
    moves: Moves,
    scan: Scan,
    polling: Polling,
    fences: Vec<Fence>,
    telling: VecDeque<Telling>,
    /// What changed since the last batch was made.
    open: FileBatch,
    opened: Option<Instant>,
    /// The last batch that was made was not complete.
    told_incomplete: bool,
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
    /// The time of the turn, or of the call.
    now: Instant,
    /// A path and a name that are being worked on; kept for their memory.
    path: Vec<u8>,
    name: Vec<u8>,
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
        let mut filter =
            Filter::new(options.git_dir, options.hidden, options.gitignore, &options.ignore)?;
        roots::load_outer_rules(&roots, &mut filter);
        let entry_limit = options.entry_limit.unwrap_or(limits.watch_entries);
        // 53 bits are exact in every language that counts in doubles.
        let random = std::hash::RandomState::new().build_hasher().finish();
        Ok(Watch {
            id,
            tag: options.tag,
            options: options.clone(),
            entry_limit: entry_limit.min(limits.watch_entries),
            batch_events_max: limits.watch_batch_events,
            tree: Tree::new(limits.watch_tombstones),
            epoch: (random >> 11) | 1,
            roots,
            anchor,
            kernel: Kernel::new()?,
            filter,
            dirty: DirtyNames::new(options.window, options.max_wait, limits.watch_dirty_names),
            moves: Moves::default(),
            scan: Scan::default(),
            polling: Polling::new(options.poll_interval),
            fences: Vec::new(),
            telling: VecDeque::new(),
            open: FileBatch::default(),
            opened: None,
            told_incomplete: false,
            ready: false,
            readable: false,
            rest_until: None,
            registered: false,
            due: true,
            timer: None,
            counted: Counted::default(),
            emptied: 0,
            lost: Lost {
                rescan_at: None,
                rescanning: false,
                backoff: Backoff::new(RESCAN_WAIT),
                rescan: 0,
            },
            unreadable: 0,
            refused: 0,
            counters: Counters::default(),
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
        self.readable || (!self.is_blocked() && (self.due || self.scan.is_pending()))
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

    /// Does what is due, as long as the slice lasts. `buffer` is for the kernel's events.
    pub(crate) fn work(&mut self, slice: Slice<'_>, buffer: &mut [u8]) {
        let now = slice.now();
        let had = self.counters.kernel_events;
        if self.rest_until.is_some_and(|until| until <= now) {
            self.rest_until = None;
            self.readable = true;
        }
        self.read(slice, buffer);
        self.start_what_is_due(now);
        let (mut over, mut looked) = (false, false);
        while !self.is_blocked() && !over {
            let settled = self.settle(slice);
            let scanned = self.scan(slice);
            over = slice.is_over();
            looked |= settled || scanned;
            if !settled && !scanned {
                self.due = false;
                break;
            }
        }
        if looked {
            // Empties the queue once more, so that what comes later is known to be news.
            self.readable = true;
            self.read(slice, buffer);
        }
        self.finish(now);
        self.rest(had != self.counters.kernel_events, slice.reactor);
    }

    /// Where events came, more will come, and nobody is told of any before its window is over: so the
    /// kernel collects them for a part of the window, and wakes us once for all. When there were none, the
    /// next one wakes us at once again.
    fn rest(&mut self, events_came: bool, reactor: &Reactor) {
        if self.readable || self.rest_until.is_some() {
            return;
        }
        let rest = (self.options.window / REST_SHARE).min(REST_MAX);
        if events_came && !rest.is_zero() && self.fences.is_empty() {
            if std::mem::take(&mut self.registered) {
                reactor.deregister(self.kernel.as_fd());
            }
            self.rest_until = Some(self.now + rest);
        } else if !self.registered && self.register(reactor).is_err() {
            // For want of memory; asking now and then does as well.
            self.rest_until = Some(self.now + REST_MAX);
        }
    }

    /// Starts what has a time of its own.
    fn start_what_is_due(&mut self, now: Instant) {
        self.moves.expire(now);
        if self.lost.rescan_at.is_some_and(|at| at <= now) {
            self.start_rescan();
        }
        self.tend_roots(now);
        self.start_polling(now);
    }

    /// Notices what has come to its end.
    fn finish(&mut self, now: Instant) {
        if !self.scan.is_pending() {
            self.finish_rescan();
            self.finish_polling(now);
            if !self.ready && self.lost.rescan_at.is_none() && self.refused == 0 {
                self.ready = true;
                let version = self.version();
                self.tell(Telling::Ready(version));
            }
        }
        self.make_batch(now);
        self.resolve_fences();
    }

    /// Lists everything again: the kernel has dropped events.
    fn start_rescan(&mut self) {
        self.lost.rescan_at = None;
        self.lost.rescanning = true;
        self.lost.rescan = self.lost.rescan.wrapping_add(1);
        for index in 0..self.roots.len() {
            self.look_at_root(index);
        }
        let roots: Vec<_> = self.tree.children(FileId::NOBODY).collect();
        for root in roots {
            self.request_scan(root, true);
        }
        self.reach_fences();
    }

    fn finish_rescan(&mut self) {
        if self.lost.rescanning {
            self.lost.rescanning = false;
            for entry in self.kernel.sweep(self.lost.rescan) {
                let Some(node) = self.tree.get_mut(entry) else { continue };
                node.wd = 0;
                // It moved meanwhile, or it is a root that is a file.
                self.request_scan(entry, true);
                self.on_root_changed(entry);
            }
            if self.lost.rescan_at.is_none() {
                self.lost.backoff.reset();
            }
        }
    }

    /// Whether nothing waits to be listed.
    fn is_complete(&self) -> bool {
        self.ready
            && self.refused == 0
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
        let opened = self.opened.map(|at| at + self.options.max_wait);
        let next = [
            self.dirty.deadline(),
            self.lost.rescan_at,
            self.roots.iter().filter_map(|root| root.retry_at).min(),
            self.polling.deadline(),
            self.rest_until,
            opened,
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

    /// Takes everything back that the reactor knows; the kernel's side is left to be closed.
    fn dismantle(mut self, reactor: &mut Reactor) -> Kernel {
        if let Some((_, timer)) = self.timer.take() {
            reactor.cancel_timer(timer);
        }
        if std::mem::take(&mut self.registered) {
            reactor.deregister(self.kernel.as_fd());
        }
        self.kernel
    }
}

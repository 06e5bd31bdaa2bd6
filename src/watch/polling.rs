//! Directories without a watch: the system has no more of them. They are listed now and then, and get a
//! watch when there is one again, those first in which something happened lately.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::{Duration, Instant};

use super::Watch;
use super::event::WatchProblem;
use super::tree::{FileId, flag};

/// When the system is asked for watches again.
const WATCHES_AGAIN: Duration = Duration::from_secs(5);
/// Polling takes at most one part of so many of the time.
const SHARE: u32 = 20;
/// Directories that are put into the queue of listings in one unit, and what each costs.
const QUEUED: usize = 256;
const QUEUED_COST: u64 = 300;

/// See the module's documentation.
pub(super) struct Polling {
    dirs: BTreeSet<FileId>,
    /// Those that something happened in since they were listed.
    active: BTreeSet<FileId>,
    interval: Duration,
    next_at: Option<Instant>,
    /// Directories that are still to be put into the queue of listings: the active ones, and all after one.
    first: BTreeSet<FileId>,
    after: Option<FileId>,
    /// When the listing that goes on began.
    began: Option<Instant>,
    /// The system has no watches before this.
    watches_at: Option<Instant>,
}

impl Polling {
    pub(super) fn new(interval: Duration) -> Self {
        Polling {
            dirs: BTreeSet::new(),
            active: BTreeSet::new(),
            interval,
            next_at: None,
            first: BTreeSet::new(),
            after: None,
            began: None,
            watches_at: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.dirs.len()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next_at
    }

    pub(super) fn is_going_on(&self) -> bool {
        self.began.is_some()
    }

    /// Whether directories are still to be put into the queue of listings.
    pub(super) fn is_queueing(&self) -> bool {
        self.after.is_some()
    }

    /// The next directory that is to be listed.
    fn next_queued(&mut self) -> Option<FileId> {
        if let Some(dir) = self.first.pop_first() {
            return Some(dir);
        }
        let rest = (Bound::Excluded(self.after?), Bound::Unbounded);
        self.after = self.dirs.range(rest).next().copied();
        self.after
    }

    /// Whether it makes sense to ask the system for a watch.
    pub(super) fn may_watch(&self, now: Instant) -> bool {
        self.watches_at.is_none_or(|at| at <= now)
    }

    /// The system has refused one.
    pub(super) fn out_of_watches(&mut self, now: Instant) {
        self.watches_at = Some(now + WATCHES_AGAIN);
    }

    pub(super) fn note_activity(&mut self, dir: FileId) {
        self.active.insert(dir);
    }

    pub(super) fn retry_soon(&mut self, now: Instant) {
        let at = now + self.interval;
        self.next_at = Some(self.next_at.map_or(at, |next| next.min(at)));
    }

    pub(super) fn forget(&mut self, dir: FileId) {
        self.dirs.remove(&dir);
        self.active.remove(&dir);
        if self.dirs.is_empty() {
            self.next_at = None;
        }
    }
}

impl Watch {
    /// Whether a directory is polled for want of a watch, and not of anything else.
    pub(super) fn is_short_of_watches(&self) -> bool {
        let other = flag::REFUSED | flag::UNREADABLE;
        self.polling.dirs.iter().any(|dir| !self.tree.has(*dir, other))
    }

    /// Has a directory polled from now on.
    pub(super) fn poll(&mut self, dir: FileId) {
        self.tree.set_flags(dir, flag::POLLED);
        let first = self.polling.dirs.is_empty();
        self.polling.dirs.insert(dir);
        if first && !self.polling.is_going_on() {
            self.polling.next_at = Some(self.now + self.polling.interval);
        }
        if first && self.polling.watches_at.is_some() {
            self.warn_of(WatchProblem::OutOfWatches, dir);
        }
    }

    /// A directory has a watch.
    pub(super) fn stop_polling(&mut self, dir: FileId) {
        if self.tree.has(dir, flag::POLLED) {
            self.tree.clear_flags(dir, flag::POLLED);
            self.polling.forget(dir);
        }
    }

    /// Begins to list the directories that are polled, when it is time to.
    pub(super) fn start_polling(&mut self, now: Instant) {
        if self.polling.next_at.is_some_and(|at| at <= now) {
            self.poll_now(now);
        }
    }

    pub(super) fn poll_now(&mut self, now: Instant) {
        self.polling.next_at = None;
        if self.polling.dirs.is_empty() {
            return;
        }
        self.polling.began = Some(now);
        // Those that something happened in come first.
        self.polling.first = std::mem::take(&mut self.polling.active);
        self.polling.after = Some(FileId::ROOT_PARENT);
    }

    /// Puts directories that are polled into the queue of listings.
    pub(super) fn queue_polled(&mut self) {
        for _ in 0..QUEUED {
            let Some(dir) = self.polling.next_queued() else { return };
            self.spent += QUEUED_COST;
            let Some(node) = self.tree.get(dir).filter(|node| node.has(flag::POLLED)) else {
                continue;
            };
            if node.stat.is_dir() {
                let deep = node.has(flag::DEEP);
                self.request_scan(dir, deep);
            } else {
                self.look_at_polled_file(dir);
            }
        }
    }

    pub(super) fn finish_polling(&mut self, now: Instant) {
        if let Some(began) = self.polling.began.take()
            && !self.polling.dirs.is_empty()
        {
            let took = now.saturating_duration_since(began);
            self.polling.next_at = Some(now + self.polling.interval.max(took * (SHARE - 1)));
        }
    }
}

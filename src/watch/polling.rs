//! Directories without a watch: the system has no more of them. They are listed now and then, and get a
//! watch when there is one again, those first in which something happened lately.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::Watch;
use super::event::WatchProblem;
use super::tree::{FileId, flag};

/// When the system is asked for watches again.
const WATCHES_AGAIN: Duration = Duration::from_secs(5);
/// Polling takes at most one part of so many of the time.
const SHARE: u32 = 20;

/// See the module's documentation.
pub(super) struct Polling {
    dirs: HashSet<FileId>,
    /// Those that something happened in since they were listed.
    active: HashSet<FileId>,
    interval: Duration,
    next_at: Option<Instant>,
    /// When the listing that goes on began.
    began: Option<Instant>,
    /// The system has no watches before this.
    watches_at: Option<Instant>,
}

impl Polling {
    pub(super) fn new(interval: Duration) -> Self {
        Polling {
            dirs: HashSet::new(),
            active: HashSet::new(),
            interval,
            next_at: None,
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
        let active = std::mem::take(&mut self.polling.active);
        let mut dirs: Vec<FileId> = self.polling.dirs.iter().copied().collect();
        dirs.sort_by_key(|dir| (!active.contains(dir), *dir));
        for dir in dirs {
            let deep = self.tree.has(dir, flag::DEEP);
            self.request_scan(dir, deep);
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

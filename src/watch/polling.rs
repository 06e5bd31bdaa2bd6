//! Directories without a watch: the system has no more of them. They are listed now and then, and get a
//! watch when there is one again, those first in which something happened lately.

use std::hash::BuildHasher;
use std::time::Instant;

use super::Watch;
use super::event::WatchProblem;
use super::tree::{FileId, flag};

/// Polling takes at most one part of so many of the time.
const SHARE: u32 = 20;

/// Directories that are put into the queue of listings in one unit, and what each costs.
const QUEUED: usize = 256;

const QUEUED_COST: u64 = 300;

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
        if first && self.polling.short.is_lasting() {
            self.warn_of(WatchProblem::OutOfWatches, dir);
        }
    }

    /// The system has given a watch, or has none left.
    pub(super) fn note_granted(&mut self, granted: bool) {
        if granted {
            self.polling.short.on_success();
        } else {
            self.polling.short.on_failure(self.now, self.random());
        }
    }

    /// A number for the delay of a try, which differs from watch to watch.
    pub(super) fn random(&self) -> u64 {
        self.roots.hasher.hash_one(self.now)
    }

    /// The engine has closed a descriptor: what could not be opened may be now.
    pub(super) fn retry_refused(&mut self) {
        if self.has_refused() {
            self.polling.retry_refused(self.now);
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
        if self.refused == 0 {
            self.polling.refused.on_success();
        }
        if let Some(began) = self.polling.began.take()
            && !self.polling.dirs.is_empty()
        {
            let took = now.saturating_duration_since(began);
            self.polling.next_at = Some(self.polling.next_after(now, took, SHARE));
        }
    }
}

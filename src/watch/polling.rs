//! Directories without a watch: the system has no more of them. They are listed now and then, and get a
//! watch when there is one again, those first in which something happened lately.

use std::hash::BuildHasher;
use std::io;
use std::time::Instant;

use nix::errno::Errno;

use super::Watch;
use super::event::WatchProblem;
use super::tree::{FileId, flag};

/// Directories that are put into the queue of listings in one unit, and what each costs.
const QUEUED: usize = 256;

const QUEUED_COST: u64 = 300;

impl Watch {
    /// Whether a directory is polled for want of a watch, and not of anything else.
    pub(super) fn is_short_of_watches(&self) -> bool {
        self.hindrances.unwatched > 0
    }

    /// Has a directory polled from now on.
    pub(super) fn poll(&mut self, dir: FileId) {
        self.set_hindrances(dir, flag::POLLED, 0);
        let first = self.polling.add(self.now, dir);
        if first && self.polling.short.is_lasting() {
            self.warn_of(WatchProblem::OutOfWatches, dir);
        }
    }

    /// The system was asked for a watch, when there were `had` descriptors: it has given one, has none left, or it says
    /// nothing of that. An inode that is watched already takes no other descriptor.
    pub(super) fn note_asked(&mut self, had: usize, outcome: &io::Result<i32>) {
        match outcome {
            Ok(_) if self.kernel.len() > had => _ = self.polling.short.on_success(),
            Err(error) if error.raw_os_error() == Some(Errno::ENOSPC as i32) => {
                self.polling.short.on_failure(self.now, self.random());
            }
            // Something else is short: memory, a file system that cannot, no /proc.
            _ => {}
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
            self.set_hindrances(dir, 0, flag::POLLED);
            self.polling.forget(dir);
        }
    }

    /// Begins to list the directories that are polled, when it is time to.
    pub(super) fn start_polling(&mut self, now: Instant) {
        if self.polling.is_due(now) {
            self.polling.begin(now);
        }
    }

    pub(super) fn poll_now(&mut self, now: Instant) {
        self.polling.begin(now);
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
        if self.hindrances.refused == 0 {
            self.polling.refused.on_success();
        }
        self.polling.finish(now);
    }
}

//! Fences: when has everything been told that had happened before a call?
//!
//! The kernel's queue has an order. So an event of our own is put at its end: an inode that nobody else
//! knows is watched, and the watch is taken away again, which leaves an `IGNORED` in the queue. When that
//! is read, everything before it has been. Nothing is written to the user's tree.

use std::os::fd::AsFd;

use nix::sys::memfd::{MFdFlags, memfd_create};

use super::Watch;
use super::event::Telling;
use crate::error::{Error, Result};

/// Calls that wait to be answered.
const FENCES_MAX: usize = 1024;

/// A call that waits to be answered.
pub(super) struct Fence {
    tag: u64,
    /// The descriptor whose event is waited for.
    wd: i32,
    /// It was read.
    pub(super) reached: bool,
    /// Names above this order became dirty later; set when it was read.
    order: Option<u64>,
}

impl Fence {
    fn has_no_order(&self) -> bool {
        self.reached && self.order.is_none()
    }
}

impl Watch {
    /// Has [`Synced`](super::WatchEvent::Synced) told when everything has been told that happened before.
    pub(crate) fn sync(&mut self, tag: u64) -> Result<()> {
        if self.fences.len() >= FENCES_MAX {
            return Err(Error::limit(format!("{FENCES_MAX} calls of sync wait already")));
        }
        let fd = memfd_create(c"orchflow-fence", MFdFlags::MFD_CLOEXEC)
            .map_err(|e| Error::system("memfd_create", e))?;
        let wd = match self.kernel.mark_end(fd.as_fd()) {
            Ok(wd) => wd,
            // No watch to be had: listing everything is the other way to be sure.
            Err(_) => {
                self.lost.rescan_at = Some(self.now);
                0
            }
        };
        // Its event is in the queue already.
        (self.rest_until, self.readable) = (None, true);
        self.due = true;
        self.fences.push(Fence { tag, wd, reached: wd == 0, order: None });
        Ok(())
    }

    /// The kernel dropped a descriptor: whether it was a fence's.
    pub(super) fn on_fence(&mut self, wd: i32) -> bool {
        let Some(fence) = self.fences.iter_mut().find(|fence| fence.wd == wd && !fence.reached)
        else {
            return false;
        };
        fence.reached = true;
        self.reach_fences();
        true
    }

    /// A fence was reached: roots are looked at, and what is polled. [`order_fences`](Self::order_fences) follows.
    pub(super) fn reach_fences(&mut self) {
        if self.fences.iter().any(Fence::has_no_order) {
            // Not all that a path leads through can be watched.
            self.roots.look_at_all(false);
            self.roots.ways.poll_now(self.now);
            self.poll_now(self.now);
            self.due = true;
        }
    }

    /// What is dirty when a fence was reached, and all roots are queued and their paths resolved, is looked at at
    /// once. Whether there was such a fence.
    pub(super) fn order_fences(&mut self) -> bool {
        if !self.fences.iter().any(Fence::has_no_order) {
            return false;
        }
        if self.look_at_roots() {
            return true;
        }
        let order = self.dirty.order();
        for fence in self.fences.iter_mut().filter(|fence| fence.has_no_order()) {
            fence.order = Some(order);
        }
        self.dirty.mark_all_urgent();
        true
    }

    /// Names became dirty for what had happened before fences were reached: they wait for them, too.
    pub(super) fn extend_fences(&mut self) {
        let order = self.dirty.order();
        for fence in self.fences.iter_mut().filter(|fence| fence.order.is_some()) {
            fence.order = Some(order);
        }
    }

    /// Whether somebody waits for what has happened so far.
    pub(super) fn is_fenced(&self) -> bool {
        self.fences.iter().any(|fence| fence.reached)
    }

    /// Answers the calls whose past has been told.
    pub(super) fn resolve_fences(&mut self) {
        if self.fences.is_empty() || !self.is_complete() || !self.open.events.is_empty() {
            return;
        }
        if self.sealing.is_some() {
            return;
        }
        let oldest = self.dirty.oldest().unwrap_or(u64::MAX);
        let version = self.version();
        let telling = &mut self.telling;
        self.fences.retain(|fence| {
            let told = fence.order.is_some_and(|order| oldest > order);
            if told {
                telling.push_back(Telling::Synced(fence.tag, version));
            }
            !told
        });
    }
}

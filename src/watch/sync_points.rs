//! Sync points: when has everything been reported that had happened before a call of `sync_watch`?
//!
//! The kernel's queue has an order. So an event of our own is put at its end: an inode that nobody else
//! knows is watched, and the watch is taken away again, which leaves an `IGNORED` in the queue. When that
//! is read, everything before it has been. Nothing is written to the user's tree.

use std::os::fd::AsFd;

use nix::sys::memfd::{MFdFlags, memfd_create};

use super::Watch;
use super::event::PendingEvent;
use super::stages::SyncPoint;
use crate::error::{Error, Result};

/// Calls that wait for their event.
const SYNC_POINTS_MAX: usize = 1024;

impl Watch {
    /// Has [`Synced`](super::WatchEvent::Synced) reported once everything has been reported that happened before.
    pub(crate) fn sync(&mut self, tag: u64) -> Result<()> {
        if self.sync_points.len() >= SYNC_POINTS_MAX {
            return Err(Error::limit(format!("{SYNC_POINTS_MAX} calls of sync wait already")));
        }
        let fd = memfd_create(c"orchflow-sync-point", MFdFlags::MFD_CLOEXEC)
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
        self.sync_points.push(SyncPoint { tag, wd, reached: wd == 0, order: None });
        Ok(())
    }

    /// The kernel dropped a descriptor: whether it was that of a sync point.
    pub(super) fn on_sync_point(&mut self, wd: i32) -> bool {
        let Some(sync_point) = self
            .sync_points
            .iter_mut()
            .find(|sync_point| sync_point.wd == wd && !sync_point.reached)
        else {
            return false;
        };
        sync_point.reached = true;
        self.reach_sync_points();
        true
    }

    /// A sync point was reached: roots are looked at, and what is polled. [`order_sync_points`](Self::order_sync_points) follows.
    pub(super) fn reach_sync_points(&mut self) {
        if self.sync_points.iter().any(SyncPoint::has_no_order) {
            // Not all that a path leads through can be watched.
            self.roots.look_at_all(false);
            self.roots.paths.poll_now(self.now);
            self.poll_now(self.now);
            self.due = true;
        }
    }

    /// What is dirty when a sync point was reached, and all roots are queued and their paths resolved, is looked at at
    /// once. Whether there was such a sync point.
    pub(super) fn order_sync_points(&mut self) -> bool {
        if !self.sync_points.iter().any(SyncPoint::has_no_order) {
            return false;
        }
        if self.look_at_roots() {
            return true;
        }
        let order = self.dirty.order();
        for sync_point in self.sync_points.iter_mut().filter(|sync_point| sync_point.has_no_order())
        {
            sync_point.order = Some(order);
        }
        self.dirty.mark_all_urgent();
        true
    }

    /// Names became dirty for what had happened before sync points were reached: they wait for them, too.
    pub(super) fn extend_sync_points(&mut self) {
        let order = self.dirty.order();
        for sync_point in
            self.sync_points.iter_mut().filter(|sync_point| sync_point.order.is_some())
        {
            sync_point.order = Some(order);
        }
    }

    /// Whether a call waits for what has happened so far.
    pub(super) fn has_reached_sync_point(&self) -> bool {
        self.sync_points.iter().any(|sync_point| sync_point.reached)
    }

    /// Reports `Synced` for the calls whose past has been reported.
    pub(super) fn report_synced(&mut self) {
        if self.sync_points.is_empty() || !self.is_complete() || !self.open.events.is_empty() {
            return;
        }
        if self.sealing.is_some() {
            return;
        }
        let oldest = self.dirty.oldest().unwrap_or(u64::MAX);
        let version = self.version();
        let events = &mut self.pending_events;
        self.sync_points.retain(|sync_point| {
            let is_reported = sync_point.order.is_some_and(|order| oldest > order);
            if is_reported {
                events.push_back(PendingEvent::Synced(sync_point.tag, version));
            }
            !is_reported
        });
    }
}

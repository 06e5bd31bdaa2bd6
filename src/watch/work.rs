//! What a watch does in its slice, stage by stage.
//!
//! Each stage is a cursor. It adds up what its steps cost ([`Watch::spent`]), and charges that as one unit
//! when it is a [`PORTION`]; between two units it can be left for another turn. The order is fixed, because
//! each stage relies on those before it: rules above the roots, directories that are being emptied, names,
//! listings, the end of a rescan. So the tree does not change while a directory is being emptied, and what
//! was seen before is applied afterwards.

use std::time::{Duration, Instant};

use super::event::{PendingEvent, WatchProblem};
use super::{PORTION, RELEASE_COST, Watch};
use crate::policy::Slice;
use crate::reactor::Reactor;

/// Which part of the window the kernel collects events for, and the longest time that it does.
const REST_SHARE: u32 = 10;
const REST_MAX: Duration = Duration::from_millis(5);

/// Descriptors that are compared in one unit, and what each costs.
const SWEEP: usize = 256;
const SWEEP_COST: u64 = 200;

/// Names that are made urgent in one unit, and what each costs.
const URGED: usize = 256;
const URGED_COST: u64 = 300;

impl Watch {
    /// Does what is due, as long as the slice lasts. `buffer` is for the kernel's events.
    pub(crate) fn work(&mut self, slice: &mut Slice, reactor: &Reactor, buffer: &mut [u8]) {
        let now = self.now;
        self.polling.hold(now, self.is_blocked());
        let had = self.counters.kernel_events;
        if self.rest_until.is_some_and(|until| until <= now) {
            self.rest_until = None;
            self.readable = true;
        }
        let mut over = false;
        if !std::mem::take(&mut self.looks_first) {
            over = self.read(slice, buffer);
            self.looks_first = over;
        }
        self.start_what_is_due(now);
        let mut looked = false;
        while !self.is_blocked() && !over {
            let busy = self.advance(slice);
            looked |= busy;
            if !busy {
                self.due = false;
                break;
            }
            over = slice.is_over();
        }
        if looked {
            // Empties the queue once more, so that what comes later is known to be new.
            self.readable = true;
            if !over {
                self.read(slice, buffer);
            }
        }
        self.finish(now);
        if self.sealing.is_some() && !slice.is_over() {
            self.shorten(slice);
            self.report_synced();
        }
        self.polling.hold(now, self.is_blocked());
        self.rest(had != self.counters.kernel_events, reactor);
    }

    /// Charges what was done since the last time as one unit. Whether the slice is over.
    pub(super) fn pay(&mut self, slice: &mut Slice) -> bool {
        slice.charge(std::mem::take(&mut self.spent) + self.filter.take_cost());
        if self.filter.notes_cut() {
            let root = self.roots.first().map(|root| root.path.clone());
            self.warn(WatchProblem::TooManyRules, root.unwrap_or_default());
        }
        slice.is_over()
    }

    /// Whether a stage has to be left here: the slice is over, a batch is unread, or a directory has to be
    /// emptied first.
    pub(super) fn must_pause(&mut self, slice: &mut Slice) -> bool {
        let is_portion = self.spent + self.filter.cost() >= PORTION;
        (is_portion && self.pay(slice)) || self.is_blocked() || self.removal.is_pending()
    }

    /// Whether something is half done.
    pub(super) fn is_busy(&self) -> bool {
        self.outer.is_pending()
            || self.resuming.is_loading()
            || self.resuming.has_missing()
            || self.tracked_names.is_pending()
            || self.removal.is_pending()
            || self.round.is_some()
            || self.parked.is_some()
            || self.dirty.is_urging()
            || self.polling.is_queueing()
            || self.roots.is_looking()
            || self.roots.paths.is_pending()
            || self.lost.rescanning
    }

    /// Goes on with the first stage that has something to do. Whether there was one.
    fn advance(&mut self, slice: &mut Slice) -> bool {
        let busy = self.advance_uncharged(slice);
        if self.spent + self.filter.cost() > 0 {
            self.pay(slice);
        }
        busy
    }

    fn advance_uncharged(&mut self, slice: &mut Slice) -> bool {
        if self.resuming.is_loading() {
            self.load_saved();
            return true;
        }
        if let Some(cost) = self.filter.drop_discarded() {
            self.spent += cost;
            return true;
        }
        if self.outer.is_pending() {
            self.load_outer_rules();
            return true;
        }
        if self.tracked_names.is_pending() {
            self.recheck_tracked_names();
            return true;
        }
        if self.removal.is_pending() {
            self.continue_removal(slice);
            return true;
        }
        if self.dirty.is_urging() {
            self.dirty.urge(URGED);
            self.spent += URGED as u64 * URGED_COST;
            return true;
        }
        if self.polling.is_queueing() {
            self.queue_polled();
            return true;
        }
        // The first reading comes before the paths of the roots: watches that are short are for the tree.
        if self.ready && (self.resolve_root_paths(slice) || self.order_sync_points()) {
            return true;
        }
        // Where names are always due, listings have their turns all the same.
        if std::mem::take(&mut self.scan_is_next) && self.scan(slice) {
            return true;
        }
        let looked_at = self.look_at_due_names(slice);
        if looked_at && (self.must_pause(slice) || slice.is_over()) {
            self.scan_is_next = self.round.is_none() && self.parked.is_none();
            return true;
        }
        let scanned = self.scan(slice);
        looked_at
            || scanned
            || self.look_at_roots()
            || self.resolve_root_paths(slice)
            || self.order_sync_points()
            || self.look_for_missing()
            || self.sweep()
    }

    /// Where events came, more will come, and none is reported before its window is over: so the
    /// kernel collects them for a part of the window, and wakes us once for all. When there were none, the
    /// next one wakes us at once again.
    fn rest(&mut self, events_came: bool, reactor: &Reactor) {
        if self.readable || self.rest_until.is_some() {
            return;
        }
        let rest = (self.options.window / REST_SHARE).min(REST_MAX);
        if events_came && !rest.is_zero() && self.sync_points.is_empty() {
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
        self.roots.paths.start_polling(now);
        self.start_polling(now);
    }

    /// Notices what has come to its end.
    fn finish(&mut self, now: Instant) {
        if !self.scan.is_pending() && !self.is_busy() {
            self.finish_polling(now);
            let is_read = self.roots.are_read() && self.hindrances.refused == 0 && !self.due;
            if !self.ready && is_read && self.lost.rescan_at.is_none() {
                self.become_ready();
            }
        }
        self.make_batch(now);
        self.report_synced();
    }

    /// The tree has been read for the first time. What changed since it was saved is reported before.
    fn become_ready(&mut self) {
        if self.is_behind_saved() {
            return;
        }
        if self.is_blocked() || !self.open.events.is_empty() {
            if !self.is_blocked() {
                self.seal();
            }
            // To come here again when that is read.
            self.due = true;
            return;
        }
        self.resuming.finish();
        self.ready = true;
        let version = self.version();
        self.push_event(PendingEvent::Ready(version));
    }

    /// Lists everything again: the kernel has dropped events.
    fn start_rescan(&mut self) {
        self.lost.rescan_at = None;
        self.lost.rescanning = true;
        self.lost.rescan = self.lost.rescan.wrapping_add(1);
        self.lost.swept = 0;
        self.roots.look_at_all(true);
        self.roots.paths.invalidate_all();
        self.reach_sync_points();
    }

    /// The end of a rescan: drops the descriptors of entries that it has not seen. Whether there was
    /// anything to do.
    fn sweep(&mut self) -> bool {
        if !self.lost.rescanning || self.scan.is_pending() {
            return false;
        }
        let (stale, last) = self.kernel.stale(self.lost.swept, SWEEP, self.lost.rescan);
        self.spent += SWEEP as u64 * SWEEP_COST;
        for (wd, entry) in stale {
            self.spent += RELEASE_COST;
            self.kernel.release(wd);
            // It moved meanwhile, or it is a root that is a file; of these several may share one.
            for entry in [vec![entry], self.roots.sharing(wd)].concat() {
                if self.lose(entry, wd) {
                    self.spent += RELEASE_COST;
                    self.request_scan(entry, true);
                    self.on_root_changed(entry);
                }
            }
        }
        match last {
            Some(last) => self.lost.swept = last,
            None => {
                self.lost.rescanning = false;
                if self.lost.rescan_at.is_none() {
                    self.lost.backoff.reset();
                }
            }
        }
        true
    }
}

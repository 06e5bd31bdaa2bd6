//! Events of a watch: batches are made of what changed, `Synced` and warnings come in between. And its state.

use std::time::Instant;

use super::Watch;
use super::batch::{FileEventKind, Raw};
use super::event::{PendingEvent, WatchProblem, WatchState};
use super::options::kind_bit;
use super::saved::WatchSave;
use super::stages::{GitLock, Lack};
use super::summary::Shortening;
use super::tree::{FileChanges, FileCursor, FileVersion};
use super::tree::{FileId, Removed, flag};
use crate::error::{Error, Result};
use crate::observe::{HealthReason, Reasons};
use crate::policy::Slice;

/// Warnings that wait to be read; of more the oldest is dropped: the state says what is wrong now.
const WARNINGS_MAX: usize = 64;
/// Bytes of paths after which a batch is full, however few its events are.
const TEXT_MAX: usize = 4 << 20;
/// What a byte of a path costs.
const PATH_BYTE_COST: u64 = 2;

impl Watch {
    pub(crate) fn version(&self) -> FileVersion {
        FileVersion { epoch: self.epoch, n: self.tree.seq() }
    }

    /// Whether the open batch may have no room for what one look can bring: a deletion and a creation.
    fn is_full(&self) -> bool {
        self.open.events.len() + 1 >= self.batch_events_max.max(2)
            || self.open.text.len() >= TEXT_MAX
    }

    /// While a batch is unread, and while the open one is full, nothing is looked at.
    pub(super) fn is_blocked(&self) -> bool {
        self.is_full()
            || self.sealing.is_some()
            || self.pending_events.iter().any(|event| matches!(event, PendingEvent::Batch(_)))
    }

    /// Notes a change of an entry that is alive.
    pub(super) fn publish(
        &mut self,
        kind: FileEventKind,
        entry: FileId,
        replaced: bool,
        from: Option<&[u8]>,
    ) {
        let is_reported = self.ready || self.resuming.is_comparing();
        if !is_reported || self.options.muted {
            return;
        }
        let Some(node) = self.tree.get(entry) else { return broken!("what is published is there") };
        let (file_type, ignored) = (node.stat.kind, node.has(flag::OPAQUE));
        if self.options.kinds & kind_bit(kind) == 0 {
            return;
        }
        let from = from.map(|from| self.open.keep(from));
        let start = self.open.text.len();
        self.tree.path_into(entry, &mut self.open.text);
        let path = start..self.open.text.len();
        self.spent += path.len() as u64 * PATH_BYTE_COST;
        self.open.events.push(Raw { kind, file_type, replaced, ignored, id: entry, path, from });
        self.counters.events += 1;
    }

    /// Until when the open batch is kept open for what belongs to it: while names keep coming, but not
    /// longer than the maximum wait after the first thing that happened.
    fn burst_until(&self) -> Option<Instant> {
        if !self.sync_points.is_empty() {
            return None;
        }
        let until = self.dirty.burst_until()?;
        let since = self.waiting_since.into_iter().chain(self.opened).min();
        Some(since.map_or(until, |since| until.min(since + self.options.max_wait)))
    }

    /// When it is to be seen whether the open batch can be made, if nothing happens before.
    pub(super) fn seal_deadline(&self) -> Option<Instant> {
        let opened = self.opened?;
        let held = self.burst_until().filter(|until| self.is_complete() && *until > self.now);
        Some(held.or(self.git_lock.next_look).unwrap_or(opened + self.options.max_wait))
    }

    /// Makes a batch of what changed when it is complete, full, or old enough. What was due together is one
    /// batch, also when it took more than one slice; and so is what many names bring that become dirty one
    /// soon after the other, and what git does under one lock.
    pub(super) fn make_batch(&mut self, now: Instant) {
        let is_empty = self.open.events.is_empty();
        if is_empty && !self.is_busy() {
            self.waiting_since = None;
        }
        if self.opened.is_none() && !is_empty {
            self.opened = Some(now);
        }
        if self.sealing.is_none()
            && !self.pending_events.iter().any(|event| matches!(event, PendingEvent::Batch(_)))
            && self.is_batch_due(now)
        {
            self.seal();
        }
    }

    fn is_batch_due(&mut self, now: Instant) -> bool {
        let Some(opened) = self.opened else {
            return self.reported_incomplete && self.is_complete() && !self.due;
        };
        let due = if self.is_complete() && !self.due {
            self.reported_incomplete || self.burst_until().is_none_or(|until| until <= now)
        } else {
            opened + self.options.max_wait <= now
        };
        let since = self.waiting_since.map_or(opened, |since| since.min(opened));
        self.is_full() || (due && !self.waits_for_git(since, now))
    }

    /// Makes a batch of what changed so far.
    pub(super) fn seal(&mut self) {
        let mut batch = std::mem::take(&mut self.open);
        if let Some(since) = self.waiting_since.into_iter().chain(self.opened).min() {
            self.latency.on_sealed(self.now.saturating_duration_since(since));
        }
        (self.opened, self.waiting_since) = (None, None);
        self.git_lock = GitLock::default();
        batch.version = self.version();
        batch.complete = self.is_complete();
        batch.original_events = batch.events.len();
        self.reported_incomplete = !batch.complete;
        self.counters.batches += 1;
        self.unread.order = self.dirty.order();
        let unseen = std::mem::take(&mut self.unread.unseen);
        let max = self.options.summary_threshold;
        if max > 0 && batch.events.len() + unseen > max {
            self.sealing = Some(Shortening::new(batch, max.saturating_sub(unseen).max(1)));
        } else {
            self.push_event(PendingEvent::Batch(batch));
        }
    }

    /// Shortens a batch that is too long, step by step. Until it is reported, the tree does not change.
    pub(super) fn shorten(&mut self, slice: &mut Slice) {
        while let Some(mut sealing) = self.sealing.take() {
            let roots = &self.roots;
            self.spent += sealing.step(|path| roots.find(path).is_some());
            if sealing.is_done() {
                self.push_event(PendingEvent::Batch(sealing.finish()));
            } else {
                self.sealing = Some(sealing);
            }
            if self.pay(slice) {
                return;
            }
        }
    }

    pub(super) fn warn(&mut self, problem: WatchProblem, path: Vec<u8>) {
        let is_warning = |event: &PendingEvent| matches!(event, PendingEvent::Warning(..));
        if self.pending_events.iter().filter(|event| is_warning(event)).count() >= WARNINGS_MAX
            && let Some(oldest) = self.pending_events.iter().position(is_warning)
        {
            self.pending_events.remove(oldest);
        }
        self.push_event(PendingEvent::Warning(problem, path));
    }

    /// Queues an event, unless the watch is muted: then its host reads the tree alone.
    pub(super) fn push_event(&mut self, event: PendingEvent) {
        if !self.options.muted {
            self.pending_events.push_back(event);
        }
    }

    pub(super) fn warn_of(&mut self, problem: WatchProblem, entry: FileId) {
        let path = self.tree.path(entry);
        self.warn(problem, path);
    }

    /// The next event. A batch during which something happened counts as unread together with that.
    pub(crate) fn take_event(&mut self) -> Option<PendingEvent> {
        let event = self.pending_events.pop_front()?;
        if let PendingEvent::Batch(batch) = &event {
            let listed = batch.events.len() + batch.summaries.len();
            self.unread.unseen = if self.has_changes_since_batch() { listed } else { 0 };
        }
        Some(event)
    }

    /// Whether something happened since the last batch was made.
    fn has_changes_since_batch(&self) -> bool {
        self.dirty.order() > self.unread.order
            || self.lost.rescan_at.is_some()
            || self.kernel.has_events()
    }

    /// Takes back the memory of a batch that was read.
    pub(crate) fn recycle(&mut self, event: PendingEvent) {
        if let PendingEvent::Batch(mut batch) = event
            && self.open.events.capacity() == 0
            && batch.text.capacity() <= 1 << 16
        {
            batch.clear();
            self.open = batch;
        }
    }

    /// What changed since a cursor. What belongs to the open batch is reported by a batch of its own, so that
    /// a version is never between two batches.
    pub(crate) fn changes(&mut self, cursor: &mut FileCursor, max: usize, out: &mut FileChanges) {
        if !self.open.events.is_empty() {
            self.seal();
        }
        self.tree.changes(self.epoch, cursor, max, out);
    }

    /// [`changes`](Self::changes) for somebody who gets no batches: they stay as they are.
    pub(crate) fn read_changes(
        &mut self,
        cursor: &mut FileCursor,
        max: usize,
        out: &mut FileChanges,
    ) {
        self.tree.changes(self.epoch, cursor, max, out);
    }

    /// Appends the next part of the saved tree, of at most `max` changes. Whether there is more.
    pub(crate) fn save(
        &mut self,
        save: &mut WatchSave,
        max: usize,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        if !self.ready {
            return Err(Error::invalid("the tree of this watch has not been read yet"));
        }
        if save.is_of_another(self.epoch) {
            return Err(Error::invalid("this was begun with another watch"));
        }
        let roots = self.roots.iter().map(|root| root.path.as_slice());
        Ok(save.write(&mut self.tree, self.epoch, roots, max, out))
    }

    /// What may be wrong, the gravest first, and whether it is.
    fn problems(&self) -> [(bool, WatchProblem); 9] {
        let is_short = self.is_short_of_watches() || self.roots.paths.short() > 0;
        [
            (self.lost.rescan_at.is_some() || self.lost.rescanning, WatchProblem::EventsLost),
            (self.roots.gone() > 0 && self.ready, WatchProblem::RootGone),
            (self.scan.lacks(Lack::Memory), WatchProblem::OutOfMemory),
            (self.scan.lacks(Lack::Entries), WatchProblem::TooManyEntries),
            (self.filter.has_left_out(), WatchProblem::TooManyRules),
            (self.roots.overlap(), WatchProblem::RootsOverlap),
            (self.hindrances.refused > 0, WatchProblem::Refused),
            (is_short, WatchProblem::OutOfWatches),
            (self.unreadable() > 0, WatchProblem::Unreadable),
        ]
    }

    fn unreadable(&self) -> usize {
        self.hindrances.unreadable + self.roots.paths.inaccessible()
    }

    /// What is wrong, for the health of the watch.
    pub(crate) fn facts(&self) -> Reasons {
        let reasons = self.problems().into_iter().filter(|(holds, _)| *holds);
        let reasons = reasons.filter_map(|(_, problem)| match problem {
            WatchProblem::EventsLost => Some(HealthReason::EventsLost),
            WatchProblem::RootGone => Some(HealthReason::RootMissing),
            WatchProblem::OutOfMemory => Some(HealthReason::MemoryFull),
            WatchProblem::TooManyEntries
            | WatchProblem::TooManyRules
            | WatchProblem::RootsOverlap => Some(HealthReason::Partial),
            WatchProblem::Refused => Some(HealthReason::OutOfDescriptors),
            WatchProblem::OutOfWatches => Some(HealthReason::OutOfWatches),
            WatchProblem::Unreadable => Some(HealthReason::Unreadable),
            // The watch has begun afresh.
            WatchProblem::SaveUnusable => None,
        });
        reasons
            .chain(self.counted.save_failed)
            .fold(Reasons::default(), |facts, reason| facts.with(reason, true))
    }

    /// How often the kernel dropped events.
    pub(crate) fn overflows(&self) -> u64 {
        self.counters.overflows
    }

    /// The host has saved the tree, or could not.
    pub(crate) fn note_saved(&mut self, problem: Option<HealthReason>) {
        self.counted.save_failed = problem;
    }

    pub(crate) fn state(&self) -> WatchState {
        let path_watches = self.path_watches();
        let unreadable = self.unreadable();
        let problem =
            self.problems().into_iter().find(|(holds, _)| *holds).map(|(_, problem)| problem);
        WatchState {
            tag: self.tag,
            roots: self.roots.iter().map(|root| root.path_buf()).collect(),
            version: self.version(),
            ready: self.ready,
            complete: self.is_complete(),
            healthy: problem.is_none(),
            problem,
            entries: self.tree.len(),
            directories: self.tree.directories(),
            kernel_watches: self.kernel.of_entries().saturating_sub(path_watches),
            polled_directories: self.polling.len(),
            unreadable_directories: unreadable,
            waiting_directories: self.scan.len(),
            dirty_names: self.dirty.len(),
            kernel_events: self.counters.kernel_events,
            events: self.counters.events,
            batches: self.counters.batches,
            overflows: self.counters.overflows,
            path_watches,
            save_problem: self.resuming.problem(),
        }
    }

    /// The bookkeeping of an entry that goes.
    pub(super) fn release_node(&mut self, entry: FileId, node: &Removed) {
        self.release(entry, node.wd);
        self.hindrances.on_flags(node.flags, 0);
        if node.has(flag::POLLED) {
            self.polling.forget(entry);
        }
        self.moves.forget(entry);
        self.filter.note_kept(entry, false);
        if node.stat.is_dir() {
            self.filter.forget(entry);
            self.roots.clear_overlap(entry);
            self.unwatch_sources(entry);
            self.scan.on_directory_moved();
        }
    }
}

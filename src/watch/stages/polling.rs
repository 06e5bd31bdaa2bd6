//! Directories that are polled, and when.
//!
//! Polling takes at most one part of [`SHARE`] of the time: a listing of them all that took so long is followed by a
//! rest. Whatever asks for the next listing earlier, such as a descriptor that the engine closes, asks for it at the end
//! of the rest.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::{Duration, Instant};

use super::super::tree::FileId;
use crate::policy::{Outage, RetryPolicy};

/// Polling takes at most one part of so many of the time.
const SHARE: u32 = 20;

/// When the system is asked for watches again, at first and at most.
const WATCHES_AGAIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// When a directory is opened again that could not be for want of descriptors or memory, at first; at most after the
/// interval of polling.
const REFUSED_AGAIN: Duration = Duration::from_millis(20);

/// See the module's documentation.
pub(in crate::watch) struct Polling {
    pub(in crate::watch) dirs: BTreeSet<FileId>,
    /// Those that something happened in since they were listed.
    pub(in crate::watch) active: BTreeSet<FileId>,
    interval: Duration,
    next_at: Option<Instant>,
    /// No listing begins by itself before this.
    rest_until: Option<Instant>,
    /// Directories that are still to be put into the queue of listings: the active ones, and all after one.
    first: BTreeSet<FileId>,
    after: Option<FileId>,
    /// When the listing that goes on began.
    began: Option<Instant>,
    /// Since when nothing is listed, because the host does not read: that is no part of what it takes.
    held_since: Option<Instant>,
    /// The system has no watches.
    pub(in crate::watch) short: Outage,
    /// It does not let directories be opened, for want of descriptors or memory.
    pub(in crate::watch) refused: Outage,
}

impl Polling {
    pub(in crate::watch) fn new(interval: Duration) -> Self {
        Polling {
            dirs: BTreeSet::new(),
            active: BTreeSet::new(),
            interval,
            next_at: None,
            rest_until: None,
            first: BTreeSet::new(),
            after: None,
            began: None,
            held_since: None,
            short: Outage::new(backoff(WATCHES_AGAIN.0, WATCHES_AGAIN.1)),
            refused: Outage::new(backoff(REFUSED_AGAIN.min(interval), interval)),
        }
    }

    pub(in crate::watch) fn len(&self) -> usize {
        self.dirs.len()
    }

    pub(in crate::watch) fn deadline(&self) -> Option<Instant> {
        self.next_at
    }

    pub(in crate::watch) fn is_going_on(&self) -> bool {
        self.began.is_some()
    }

    /// Whether directories are still to be put into the queue of listings.
    pub(in crate::watch) fn is_queueing(&self) -> bool {
        self.after.is_some()
    }

    /// The next directory that is to be listed.
    pub(in crate::watch) fn next_queued(&mut self) -> Option<FileId> {
        if let Some(dir) = self.first.pop_first() {
            return Some(dir);
        }
        let rest = (Bound::Excluded(self.after?), Bound::Unbounded);
        self.after = self.dirs.range(rest).next().copied();
        self.after
    }

    /// Whether it makes sense to ask the system for a watch.
    pub(in crate::watch) fn may_watch(&self, now: Instant) -> bool {
        self.short.retry_at().is_none_or(|at| at <= now)
    }

    /// Has a directory polled from now on. Whether it is the first one.
    pub(in crate::watch) fn add(&mut self, now: Instant, dir: FileId) -> bool {
        let first = self.dirs.is_empty();
        self.dirs.insert(dir);
        if first {
            self.retry_soon(now);
        }
        first
    }

    pub(in crate::watch) fn is_due(&self, now: Instant) -> bool {
        self.next_at.is_some_and(|at| at <= now)
    }

    /// Begins a listing of all directories, or begins the one anew that goes on.
    pub(in crate::watch) fn begin(&mut self, now: Instant) {
        self.next_at = None;
        if self.dirs.is_empty() {
            return;
        }
        self.began.get_or_insert(now);
        // Those that something happened in come first.
        self.first = std::mem::take(&mut self.active);
        self.after = Some(FileId::ROOT_PARENT);
    }

    /// Whether nothing can be listed now.
    pub(in crate::watch) fn hold(&mut self, now: Instant, is_held: bool) {
        if is_held {
            self.held_since.get_or_insert(now);
        } else if let (Some(since), Some(began)) = (self.held_since.take(), &mut self.began) {
            *began += now.saturating_duration_since(since.max(*began));
        }
    }

    /// The listing that goes on, if one does, is at its end.
    pub(in crate::watch) fn finish(&mut self, now: Instant) {
        let Some(began) = self.began.take() else { return };
        let took = now.saturating_duration_since(began);
        self.rest_until = Some(now + took * (SHARE - 1));
        if !self.dirs.is_empty() {
            let usual = now + self.interval;
            self.list_at(self.refused.retry_at().map_or(usual, |at| at.min(usual)));
        }
    }

    /// A directory could not be opened for want of descriptors or memory.
    pub(in crate::watch) fn on_refused(&mut self, now: Instant, random: u64) {
        self.refused.on_failure(now, random);
        if let Some(at) = self.refused.retry_at() {
            self.list_at(at);
        }
    }

    /// The engine has closed a descriptor: what could not be opened may be now.
    pub(in crate::watch) fn retry_refused(&mut self, now: Instant) {
        self.list_at(now);
    }

    pub(in crate::watch) fn note_activity(&mut self, dir: FileId) {
        self.active.insert(dir);
    }

    pub(in crate::watch) fn retry_soon(&mut self, now: Instant) {
        self.list_at(now + self.interval);
    }

    /// Has the next listing begin at a time, or earlier if that was asked for, but not before the rest is over. While a
    /// listing goes on, the next one is set at its end.
    fn list_at(&mut self, at: Instant) {
        if self.is_going_on() {
            return;
        }
        let at = self.rest_until.map_or(at, |until| at.max(until));
        self.next_at = Some(self.next_at.map_or(at, |next| next.min(at)));
    }

    pub(in crate::watch) fn forget(&mut self, dir: FileId) {
        self.dirs.remove(&dir);
        self.active.remove(&dir);
        if self.dirs.is_empty() {
            self.next_at = None;
        }
    }
}

/// An interval of zero is none that could be backed off from.
fn backoff(initial: Duration, max: Duration) -> RetryPolicy {
    RetryPolicy::new(initial, max).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::super::super::tree::{FileType, Stat, Tree};
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn new_dirs(count: u32) -> Vec<FileId> {
        let kind = FileType::Directory;
        let stat =
            Stat { ino: 0, size: 0, mtime: 0, ctime: 0, dev: 0, mode: 0, kind, linked: false };
        let mut tree = Tree::new(0);
        let mut insert = |name: u32| tree.insert(FileId::ROOT_PARENT, &name.to_ne_bytes(), stat);
        (0..count).map(&mut insert).collect()
    }

    /// Directories that are listed in a second, one a millisecond, by a watch of one second's interval; `disturb`
    /// does something in each millisecond.
    fn listed(dirs: u32, mut disturb: impl FnMut(&mut Polling, Instant)) -> u32 {
        let mut polling = Polling::new(Duration::from_secs(1));
        let mut now = Instant::now();
        polling.dirs = new_dirs(dirs).into_iter().collect();
        polling.begin(now);
        let mut listed = 0;
        for _ in 0..10_000 {
            disturb(&mut polling, now);
            if polling.is_due(now) {
                polling.begin(now);
            }
            now += MS;
            match polling.next_queued() {
                Some(_) => listed += 1,
                None => polling.finish(now),
            }
        }
        listed / 10
    }

    /// Whatever asks for the next listing, polling takes at most its share of the time.
    #[test]
    fn polling_keeps_to_its_share() {
        type Disturb = fn(&mut Polling, Instant);
        let cases: [(&str, Disturb); 5] = [
            ("nothing", |_, _| {}),
            ("descriptors are closed", |polling, now| polling.retry_refused(now)),
            ("directories are refused", |polling, now| polling.on_refused(now, 0)),
            ("a file system fails", |polling, now| polling.retry_soon(now)),
            ("the first directory goes and comes", |polling, now| {
                if let Some(dir) = polling.dirs.pop_first() {
                    polling.forget(dir);
                    polling.add(now, dir);
                }
            }),
        ];
        for (name, disturb) in cases {
            for dirs in [1, 10, 40] {
                let listed = listed(dirs, disturb);
                // A whole listing may be in the last part.
                let share = 1000 / SHARE + dirs;
                assert!(listed <= share, "{name}, {dirs}: {listed} of 1000");
                // One that is alone and comes anew was just looked at.
                assert!(listed > 0 || dirs == 1, "{name}, {dirs}: none");
            }
        }
    }

    /// A host that does not read for an hour does not stop the polling for most of a day.
    #[test]
    fn what_the_host_takes_is_no_part_of_the_share() {
        let mut polling = Polling::new(Duration::from_millis(10));
        let begun = Instant::now();
        polling.dirs = new_dirs(1).into_iter().collect();
        polling.begin(begun);
        polling.hold(begun + MS, true);
        polling.hold(begun + 2 * MS, true);
        let read = begun + Duration::from_secs(3600);
        polling.hold(read, false);
        polling.finish(read + MS);
        let next = read + MS + 2 * MS * (SHARE - 1);
        assert!(!polling.is_due(next - MS) && polling.is_due(next));
    }

    /// What asks for a listing while none goes on and no rest is due gets it at once.
    #[test]
    fn a_descriptor_that_is_closed_is_used_at_once() {
        let mut polling = Polling::new(Duration::from_secs(3600));
        let now = Instant::now();
        polling.add(now, new_dirs(1)[0]);
        polling.on_refused(now, 0);
        polling.retry_refused(now);
        assert!(polling.is_due(now));
    }
}

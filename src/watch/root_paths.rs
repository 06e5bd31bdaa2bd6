//! Which paths of roots are to be resolved, and when: after a change, and now and then where a change could not be
//! noticed. `path_resolution.rs` does it.
//!
//! There are two reasons why a place cannot be watched: the system has no inotify watch left, or permissions do
//! not let us. Such paths are resolved again at the interval of polling.
//!
//! Pure: time is a parameter.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::{Duration, Instant};

use super::path_trie::{PathNodeId, PathTrie, RootId, TOP};

/// Polling takes at most one part of so many of the time.
const SHARE: u32 = 20;

/// Why a path is resolved again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    /// A place on it cannot be watched. `short`: for want of inotify watches.
    Unwatched {
        short: bool,
    },
    /// Permissions close it.
    Inaccessible,
}

/// The resolution of one path.
pub(super) struct Walk {
    pub(super) root: RootId,
    pub(super) at: PathNodeId,
    /// Names that are still to be looked up, the next one last.
    pub(super) rest: Vec<Box<[u8]>>,
    pub(super) links: u32,
    pub(super) uses: Vec<PathNodeId>,
    pub(super) trouble: Trouble,
}

/// See the module's documentation.
pub(super) struct RootPaths {
    pub(super) trie: PathTrie,
    /// Paths that are to be resolved, and the one that is.
    pub(super) queue: BTreeSet<RootId>,
    pub(super) walk: Option<Walk>,
    /// The first ones, which were not queued yet, begin here.
    first: RootId,
    count: RootId,
    /// Roots with trouble, and when their paths are resolved again.
    polled: BTreeSet<RootId>,
    poll_at: Option<Instant>,
    /// The last one that was queued in this round, and when it began.
    round: Option<(Bound<RootId>, Instant)>,
    /// Roots by their trouble.
    inaccessible: usize,
    short: usize,
}

impl RootPaths {
    pub(super) fn new(count: usize) -> Self {
        RootPaths {
            trie: PathTrie::new(),
            queue: BTreeSet::new(),
            walk: None,
            first: 0,
            count: count as RootId,
            polled: BTreeSet::new(),
            poll_at: None,
            round: None,
            inaccessible: 0,
            short: 0,
        }
    }

    /// Has the path of a root resolved.
    pub(super) fn queue(&mut self, root: RootId) {
        self.queue.insert(root);
    }

    pub(super) fn is_pending(&self) -> bool {
        self.walk.is_some()
            || self.first < self.count
            || !self.queue.is_empty()
            || self.round.is_some()
            || self.trie.has_invalidated()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.poll_at
    }

    /// Roots whose path permissions close.
    pub(super) fn inaccessible(&self) -> usize {
        self.inaccessible
    }

    /// Roots whose path is polled for want of inotify watches.
    pub(super) fn short(&self) -> usize {
        self.short
    }

    /// Has all paths resolved anew: events of them may be lost.
    pub(super) fn invalidate_all(&mut self) {
        self.invalidate(TOP);
    }

    /// What is at a place may be something else now.
    pub(super) fn invalidate(&mut self, place: PathNodeId) {
        // The walk may be below it.
        self.queue.extend(self.walk.as_ref().map(|walk| walk.root));
        self.trie.invalidate(place);
    }

    /// Begins to resolve the paths again that cannot be watched, when it is time to.
    pub(super) fn start_polling(&mut self, now: Instant) {
        if self.poll_at.is_some_and(|at| at <= now) {
            self.poll_now(now);
        }
    }

    pub(super) fn poll_now(&mut self, now: Instant) {
        self.poll_at = None;
        if !self.polled.is_empty() {
            self.round = Some((Bound::Unbounded, now));
        }
    }

    /// The next path that is to be resolved.
    pub(super) fn next(&mut self, now: Instant, interval: Duration) -> Option<RootId> {
        if let Some(root) = self.queue.pop_first() {
            return Some(root);
        }
        if self.first < self.count {
            self.first += 1;
            return Some(self.first - 1);
        }
        let (after, began) = self.round?;
        let next = self.polled.range((after, Bound::Unbounded)).next().copied();
        self.round = next.map(|root| (Bound::Excluded(root), began));
        if next.is_none() && !self.polled.is_empty() {
            let took = now.saturating_duration_since(began);
            self.poll_at = Some(now + interval.max(took * (SHARE - 1)));
        }
        next
    }

    /// The trouble with the path of a root is another one now.
    pub(super) fn change_trouble(
        &mut self,
        root: RootId,
        (old, new): (Trouble, Trouble),
        next_poll: Instant,
    ) {
        for (trouble, by) in [(old, -1), (new, 1)] {
            let count = match trouble {
                Trouble::Inaccessible => &mut self.inaccessible,
                Trouble::Unwatched { short: true } => &mut self.short,
                _ => continue,
            };
            *count = count.saturating_add_signed(by);
        }
        if new == Trouble::None {
            self.polled.remove(&root);
        } else {
            self.polled.insert(root);
        }
        if self.polled.is_empty() {
            self.poll_at = None;
        } else if self.poll_at.is_none() && self.round.is_none() {
            self.poll_at = Some(next_poll);
        }
    }

    /// Lets go of what needs no steps.
    pub(super) fn shed(&mut self) {
        self.walk = None;
        self.queue.pop_first();
        self.polled.pop_first();
    }
}

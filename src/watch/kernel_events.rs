//! Reading the kernel's queue: every event becomes a dirty name, renames are noted.

use std::os::unix::ffi::OsStrExt;
use std::time::Instant;

use inotify::{Event, EventMask};

use super::dirty::PAIRING;
use super::event::WatchProblem;
use super::filter::{GIT_NAME, RULES_NAME, Verdict};
use super::merge::{Evidence, evidence};
use super::tree::{FileId, flag};
use super::{PORTION, Watch};
use crate::policy::Slice;

/// Bytes of the kernel's queue that are read in one unit: at most 512 events.
const READ_BYTES: usize = 8 << 10;
/// What a read costs, and each event.
const READ_COST: u64 = 2_000;
const EVENT_COST: u64 = 1_000;

/// What may change what a path means.
const PLACES: EventMask = EventMask::CREATE
    .union(EventMask::DELETE)
    .union(EventMask::MOVED_FROM)
    .union(EventMask::MOVED_TO)
    .union(EventMask::DELETE_SELF)
    .union(EventMask::MOVE_SELF)
    .union(EventMask::UNMOUNT)
    .union(EventMask::ATTRIB);

impl Watch {
    /// Empties the kernel's queue, as far as the slice goes. Whether the slice is over.
    pub(super) fn read(&mut self, slice: &mut Slice, buffer: &mut [u8]) -> bool {
        let now = self.now;
        let bytes = buffer.len().min(READ_BYTES);
        let Some(buffer) = buffer.get_mut(..bytes) else {
            return broken!("no more than it has", false);
        };
        while self.readable {
            self.spent += READ_COST;
            let Some(events) = self.kernel.read(buffer) else {
                self.readable = false;
                self.emptied = self.emptied.wrapping_add(1);
                return self.pay(slice);
            };
            for event in events {
                self.counters.kernel_events += 1;
                self.spent += EVENT_COST;
                self.on_event(&event, now);
            }
            if self.pay(slice) {
                return true;
            }
        }
        false
    }

    fn on_event(&mut self, event: &Event<&std::ffi::OsStr>, now: Instant) {
        // An overflow has no descriptor.
        if event.mask.contains(EventMask::Q_OVERFLOW) {
            self.on_overflow(now);
            return;
        }
        let wd = event.wd.get_watch_descriptor_id();
        if event.mask.contains(EventMask::IGNORED) {
            self.on_ignored(wd, now);
            return;
        }
        let Some(watched) = self.kernel.get(wd) else { return };
        let (entry, is_place) = (watched.entry, watched.is_place);
        if watched.has_sources {
            self.on_source(wd, event.name.map(OsStrExt::as_bytes));
        }
        if is_place && event.mask.intersects(PLACES) {
            self.on_place(wd, event.name.map(OsStrExt::as_bytes));
        }
        if !self.tree.is_alive(entry) || entry == FileId::ROOT_PARENT {
            return;
        }
        match event.name {
            Some(name) => self.on_name(entry, name.as_bytes(), event.mask, event.cookie, now),
            None => {
                self.on_self(entry, event.mask, now);
                for other in self.roots.sharing(wd).into_iter().filter(|other| *other != entry) {
                    self.on_self(other, event.mask, now);
                }
            }
        }
    }

    /// Something happened to a name in a directory.
    fn on_name(&mut self, dir: FileId, name: &[u8], mask: EventMask, cookie: u32, now: Instant) {
        let mut seen = self.evidence(mask);
        if mask.contains(EventMask::MOVED_FROM) {
            let before =
                self.dirty.get(dir, name).map_or(Evidence::default(), |mark| mark.evidence);
            self.moves.leave(cookie, dir, name, &self.tree, now + PAIRING);
            self.moves.carry(cookie, before.of_content());
            self.dirty.mark_left(dir, name, seen, now);
            return;
        }
        if mask.contains(EventMask::MOVED_TO) {
            // What was written under the name before is not lost with that name.
            let carried = self.moves.carried(cookie);
            let entry = self.moves.arrive(cookie, dir, name, &self.tree);
            let published = self.tree.child(dir, name);
            if published.is_some() && entry != published {
                seen = self.evidence_of(seen.kinds | carried.kinds | evidence::REPLACED);
            } else if carried.kinds != 0 {
                seen = Evidence {
                    kinds: seen.kinds | carried.kinds,
                    left_in: seen.left_in,
                    ..carried
                };
            }
            if let Some(node) = entry.and_then(|entry| self.tree.get(entry)) {
                self.dirty.release(node.parent, node.name);
            }
        } else if !mask.contains(EventMask::ISDIR) && self.is_of_no_interest(dir, name) {
            return;
        }
        if !mask.contains(EventMask::ISDIR) {
            self.note_unlinked(dir, name, seen);
        }
        self.dirty.mark(dir, name, seen, now);
    }

    /// A file that is hidden and was not there either: no need to look.
    fn is_of_no_interest(&self, dir: FileId, name: &[u8]) -> bool {
        let rules = (name == RULES_NAME || name == GIT_NAME) && self.filter.gitignore;
        // Where rules are many, the name is compared with them when it is looked at.
        !rules
            && self.filter.cost() < PORTION
            && self.tree.child(dir, name).is_none()
            && self.filter.verdict(&self.tree, dir, name, false) == Verdict::Hide
    }

    /// Something happened to a watched inode itself. For most directories the one above reports it too.
    fn on_self(&mut self, entry: FileId, mask: EventMask, now: Instant) {
        let Some(node) = self.tree.get(entry) else { return broken!("seen alive before") };
        let (parent, name) = (node.parent, node.name.to_vec());
        let seen = self.evidence(mask);
        let reported_above = self.tree.wd(parent) != 0;
        if !reported_above {
            self.dirty.mark(parent, &name, seen, now);
        }
        let closed = flag::UNREADABLE | flag::INACCESSIBLE;
        if seen.has(evidence::ATTRIBUTES) && self.tree.has(entry, closed) {
            self.tree.clear_flags(entry, flag::INACCESSIBLE);
            self.request_scan(entry, true);
        }
    }

    /// The kernel has dropped a descriptor: the inode is gone, or its file system is.
    fn on_ignored(&mut self, wd: i32, now: Instant) {
        if self.on_sync_point(wd) {
            return;
        }
        let Some(watched) = self.kernel.forget(wd) else { return };
        if watched.is_place {
            self.on_place_lost(wd);
        }
        if watched.has_sources {
            self.on_source_gone(wd);
        }
        for entry in [vec![watched.entry], self.roots.sharing(wd)].concat() {
            if self.lose(entry, wd)
                && let Some(node) = self.tree.get(entry)
            {
                let deleted = Evidence { kinds: evidence::DELETED, ..Evidence::default() };
                self.dirty.mark(node.parent, node.name, deleted, now);
            }
        }
    }

    /// The kernel has dropped events. What is believed of renames may be wrong, and so may the tree.
    fn on_overflow(&mut self, now: Instant) {
        self.counters.overflows += 1;
        self.moves.clear();
        self.restart_listing();
        if self.lost.rescan_at.is_none() {
            self.lost.rescan_at = Some(now + self.lost.backoff.next());
        }
        if self.ready && !self.reported_incomplete && !self.is_blocked() {
            self.seal();
        }
        let path = self.roots.first().map(|root| root.path.clone()).unwrap_or_default();
        self.warn(WatchProblem::EventsLost, path);
        // Their events may be among the lost ones: the rescan reaches them.
        self.sync_points.iter_mut().for_each(|sync_point| sync_point.reached = true);
    }

    /// Evidence that is read now.
    fn evidence_of(&self, kinds: u16) -> Evidence {
        // 0 stands for never.
        let emptying = self.emptied.wrapping_add(1).max(1);
        let of = |some: u16| if kinds & some != 0 { emptying } else { 0 };
        Evidence { kinds, written_in: of(evidence::NEW_CONTENT), left_in: of(evidence::LEFT) }
    }

    fn evidence(&self, mask: EventMask) -> Evidence {
        let table = [
            (EventMask::CREATE, evidence::CREATED | evidence::REPLACED),
            (EventMask::DELETE, evidence::DELETED),
            (EventMask::DELETE_SELF, evidence::DELETED),
            (EventMask::UNMOUNT, evidence::DELETED),
            (EventMask::MODIFY, evidence::WRITTEN | evidence::CONTENT),
            (EventMask::CLOSE_WRITE, evidence::WRITTEN | evidence::FINISHED),
            (EventMask::ATTRIB, evidence::ATTRIBUTES),
            (EventMask::MOVED_FROM, evidence::MOVED),
            (EventMask::MOVE_SELF, evidence::MOVED),
            (EventMask::MOVED_TO, evidence::MOVED | evidence::FINISHED),
        ];
        let kinds = table
            .iter()
            .filter(|(bit, _)| mask.contains(*bit))
            .fold(0, |kinds, (_, kind)| kinds | kind);
        self.evidence_of(kinds)
    }
}

//! Bringing the tree up to date with a name that was looked at; each difference becomes an event.

use super::batch::FileEventKind;
use super::event::WatchProblem;
use super::filter::Verdict;
use super::merge::{Decision, Evidence, Looked, decide, evidence};
use super::stages::{Classified, Observed};
use super::stages::{Lack, Look};
use super::tree::{FileId, Stat, flag};
use super::{RELEASE_COST, Watch};

/// What it costs to have another name of the same file looked at.
const LINK_COST: u64 = 500;

/// Names of one file in a row that could not be looked at, until those behind them are left alone.
const LINK_TRIES: u32 = 10;

impl Watch {
    /// Compares what is published of a name with what is there now. If a directory has to be emptied before,
    /// the look is [parked](Watch::parked), to be applied again afterwards.
    pub(super) fn reconcile(&mut self, dir: FileId, name: &[u8], now: Observed, seen: Evidence) {
        let base = self.tree.child(dir, name);
        let Classified { stat, is_opaque: opaque, is_kept } = self.classify(dir, name, now.stat);
        let published = base.and_then(|entry| self.tree.get(entry));
        let looked = published.map(|node| {
            let fresh = node.has(flag::FRESH);
            (node.stat, Looked { emptied: node.looked, fresh })
        });
        let decision =
            decide(looked.as_ref().map(|(stat, looked)| (stat, *looked)), stat.as_ref(), seen);
        if let (Some(entry), Some((before, looked))) = (base, &looked) {
            let is_there = stat.is_some_and(|stat| stat.is_same_inode(before));
            let is_written = match is_there {
                true => decision != Decision::Nothing && seen.has(evidence::CONTENT),
                false => seen.may_be_of_the_former(*looked),
            };
            if is_written {
                self.note_next_name(entry, seen);
            }
        }
        let entry = match (base, stat) {
            (None, None) => {
                self.open.vanished += u64::from(seen.has(evidence::CREATED));
                // Rules may hide their own file.
                self.note_rules(dir, name, now.stat, seen.kinds != 0);
                return;
            }
            (None, Some(stat)) => match self.create(dir, name, stat, opaque) {
                Some(entry) => entry,
                None => return,
            },
            (Some(entry), None) => {
                if self.empty(entry) {
                    self.parked = Some(Look { dir, name: name.into(), seen, now });
                    return;
                }
                self.delete_one(entry, true);
                self.note_rules(dir, name, now.stat, seen.kinds != 0);
                return;
            }
            (Some(entry), Some(stat)) if decision == Decision::Replace => {
                if self.empty(entry) {
                    self.parked = Some(Look { dir, name: name.into(), seen, now });
                    return;
                }
                self.delete_one(entry, true);
                match self.create(dir, name, stat, opaque) {
                    Some(entry) => entry,
                    None => return,
                }
            }
            (Some(entry), Some(stat)) => {
                // Whatever is here is this entry from now on, wherever it was believed to be.
                self.moves.forget(entry);
                self.change(entry, stat, decision);
                self.set_opaque(entry, opaque);
                entry
            }
        };
        self.note_look(entry, now);
        self.set_kept(entry, is_kept);
        self.note_rules(dir, name, now.stat, seen.kinds != 0);
        if decision != Decision::Nothing && self.tree.has(dir, flag::POLLED) {
            self.polling.note_activity(dir);
        }
    }

    /// What of a name is to be shown.
    pub(super) fn classify(&self, dir: FileId, name: &[u8], stat: Option<Stat>) -> Classified {
        let hidden = Classified { stat: None, is_opaque: false, is_kept: false };
        let Some(stat) = stat.filter(|_| !self.tree.has(dir, flag::OPAQUE)) else {
            return hidden;
        };
        let verdict = self.filter.verdict(&self.tree, dir, name, stat.is_dir());
        let is_closed = || stat.is_dir() && self.is_closed_to(dir, &stat);
        match verdict {
            Verdict::Hide => hidden,
            Verdict::Opaque => Classified { stat: Some(stat), is_opaque: true, ..hidden },
            Verdict::Show => Classified { stat: Some(stat), is_opaque: is_closed(), ..hidden },
            Verdict::Kept => Classified { stat: Some(stat), is_opaque: is_closed(), is_kept: true },
        }
    }

    /// Notes whether an entry is shown though it is ignored. Of a directory, what is in it is shown or hidden by that.
    fn set_kept(&mut self, entry: FileId, is_kept: bool) {
        self.filter.note_kept(entry, is_kept);
        let Some(node) = self.tree.get(entry).filter(|node| node.stat.is_dir()) else { return };
        if node.has(flag::KEPT) != is_kept {
            match is_kept {
                true => self.tree.set_flags(entry, flag::KEPT),
                false => self.tree.clear_flags(entry, flag::KEPT),
            }
            self.request_scan(entry, true);
        }
    }

    /// Whether a directory is too deep, or on a device that is not asked for.
    fn is_closed_to(&self, dir: FileId, stat: &Stat) -> bool {
        if dir == FileId::ROOT_PARENT {
            return false;
        }
        let above = self.tree.get(dir).map(|node| node.stat.dev);
        let foreign = !self.options.follow_devices && above.is_some_and(|dev| dev != stat.dev);
        foreign || self.tree.depth(dir) + 1 >= self.options.max_depth
    }

    fn create(&mut self, dir: FileId, name: &[u8], stat: Stat, opaque: bool) -> Option<FileId> {
        if self.is_memory_full || self.tree.len() >= self.entry_limit {
            let is_new = !self.tree.has(dir, flag::INCOMPLETE);
            self.tree.set_flags(dir, flag::INCOMPLETE);
            let (lack, problem) = match self.is_memory_full {
                true => (Lack::Memory, WatchProblem::OutOfMemory),
                false => (Lack::Entries, WatchProblem::TooManyEntries),
            };
            if self.scan.limit(dir, is_new, lack) {
                self.warn_of(problem, dir);
            }
            return None;
        }
        let entry = self.tree.insert(dir, name, stat);
        if !stat.is_dir() {
            self.unlinked.note_created(&stat);
        }
        if opaque {
            self.tree.set_flags(entry, flag::OPAQUE);
        }
        self.publish(FileEventKind::Create, entry, false, None);
        if stat.is_dir() {
            self.request_scan(entry, false);
        }
        self.recheck_links(entry);
        if dir == FileId::ROOT_PARENT {
            self.on_root_changed(entry);
        }
        Some(entry)
    }

    /// Brings an entry up to date that is of the same kind as before.
    fn change(&mut self, entry: FileId, stat: Stat, decision: Decision) {
        match decision {
            Decision::Modify { replaced } => {
                if replaced {
                    // The other names of what was here before.
                    self.recheck_links(entry);
                }
                self.tree.update(entry, stat);
                self.publish(FileEventKind::Modify, entry, replaced, None);
                if replaced {
                    self.on_replaced(entry);
                }
            }
            Decision::Metadata => {
                self.tree.update(entry, stat);
                self.publish(FileEventKind::Metadata, entry, false, None);
                if self.tree.has(entry, flag::UNREADABLE | flag::INACCESSIBLE) {
                    self.tree.clear_flags(entry, flag::INACCESSIBLE);
                    self.request_scan(entry, true);
                } else {
                    // It may be closed now.
                    self.request_scan(entry, false);
                }
            }
            Decision::Touch => {
                self.tree.mark_changed(entry);
                self.publish(FileEventKind::Touch, entry, false, None);
            }
            _ => {}
        }
        if decision != Decision::Nothing {
            self.recheck_links(entry);
        }
        if self.tree.has(entry, flag::WANTED) {
            if stat.is_dir() {
                self.request_scan(entry, true);
            } else {
                self.tree.clear_flags(entry, flag::WANTED);
                self.on_root_changed(entry);
            }
        }
    }

    /// Another inode has taken the place of an entry.
    fn on_replaced(&mut self, entry: FileId) {
        let Some(node) = self.tree.get(entry) else { return broken!("it was replaced") };
        let parent = node.parent;
        let wd = self.tree.take_wd(entry);
        self.release(entry, wd);
        self.scan.on_directory_moved();
        self.request_scan(entry, true);
        if parent == FileId::ROOT_PARENT {
            self.on_root_changed(entry);
        }
    }

    /// Takes an entry away that has nothing below it.
    pub(super) fn delete_one(&mut self, entry: FileId, report: bool) {
        if report {
            self.publish(FileEventKind::Delete, entry, false, None);
        }
        // It may have been written under this name; and it may have got others since it was looked at.
        self.recheck_links(entry);
        self.scan.step_over(&self.tree, entry);
        let has_others = self.tree.next_link(entry).is_some();
        let Some(node) = self.tree.remove(entry) else { return broken!("what goes is there") };
        self.spent += if node.wd == 0 { 0 } else { RELEASE_COST };
        self.release_node(entry, &node);
        if node.parent == FileId::ROOT_PARENT {
            self.warn(WatchProblem::RootGone, node.name.to_vec());
            self.on_root_gone(&node.name);
        } else if !node.stat.is_dir() {
            let has_others = node.stat.linked || has_others;
            self.unlinked.note(node.parent, node.name, &node.stat, has_others);
        }
        if !self.is_memory_full {
            self.scan.make_room(self.tree.len(), self.entry_limit);
        }
    }

    /// Opens or closes a directory, when rules or places have changed.
    fn set_opaque(&mut self, entry: FileId, opaque: bool) {
        let Some(node) = self.tree.get(entry).filter(|node| node.stat.is_dir()) else { return };
        if node.has(flag::OPAQUE) == opaque || node.has(flag::ALIAS) {
            return;
        }
        if opaque {
            self.close(entry);
        } else {
            self.tree.clear_flags(entry, flag::OPAQUE);
            self.tree.mark_changed(entry);
            self.request_scan(entry, false);
        }
    }

    /// Makes a directory one entry: it is closed at once, and emptied next.
    pub(super) fn close(&mut self, entry: FileId) {
        self.empty(entry);
        self.filter.forget(entry);
        self.unwatch_sources(entry);
        self.stop_polling(entry);
        self.set_hindrances(entry, 0, flag::UNREADABLE | flag::REFUSED);
        self.tree
            .clear_flags(entry, flag::WANTED | flag::DEEP | flag::INCOMPLETE | flag::INACCESSIBLE);
        self.tree.set_flags(entry, flag::OPAQUE);
        self.tree.mark_changed(entry);
        let wd = self.tree.take_wd(entry);
        self.release(entry, wd);
    }

    /// What was written under one name of a file is the content under the next one, whatever becomes of this
    /// name.
    fn note_next_name(&mut self, entry: FileId, seen: Evidence) {
        let kinds = evidence::WRITTEN | evidence::CONTENT;
        if let Some(next) = self.tree.next_link(entry).and_then(|next| self.tree.get(next)) {
            self.spent += LINK_COST;
            let seen = Evidence { kinds, left_in: 0, ..seen };
            self.dirty.mark(next.parent, next.name, seen, self.now);
        }
    }

    /// The other names of a file have to be looked at: links are counted, and content is shared. The next one
    /// is, and if that is different too, the one after it. So each name costs one look, and those that are up to
    /// date already end it.
    fn recheck_links(&mut self, entry: FileId) {
        self.recheck_next_link(entry, 0);
    }

    /// A name could not be looked at: those behind it do not wait for it. `tries` have failed in a row.
    pub(super) fn pass_link(&mut self, dir: FileId, name: &[u8], tries: u32) {
        if tries < LINK_TRIES
            && let Some(entry) = self.tree.child(dir, name)
        {
            self.recheck_next_link(entry, tries + 1);
        }
    }

    fn recheck_next_link(&mut self, entry: FileId, tries: u32) {
        let Some(next) = self.tree.next_link(entry).and_then(|next| self.tree.get(next)) else {
            return;
        };
        self.dirty.mark_link(next.parent, next.name, tries, self.now);
        self.due = true;
        self.spent += LINK_COST;
    }

    pub(super) fn note_look(&mut self, entry: FileId, now: Observed) {
        let Some(stat) = now.stat else { return };
        self.tree.note_look(entry, now.emptied);
        match stat.mtime.max(stat.ctime) >= now.file_time {
            true => self.tree.set_flags(entry, flag::FRESH),
            false => self.tree.clear_flags(entry, flag::FRESH),
        }
    }

    /// Moves an entry to a place that is free, or that a file leaves without an event of its own.
    pub(super) fn relocate(
        &mut self,
        entry: FileId,
        dir: FileId,
        name: &[u8],
        now: Observed,
        seen: Evidence,
    ) {
        let from = self.tree.path(entry);
        let Some(node) = self.tree.get(entry) else { return broken!("what moves is there") };
        let (old_parent, stat) = (node.parent, node.stat);
        let occupant = self.tree.child(dir, name);
        let replaced = occupant.is_some();
        if let Some(occupant) = occupant {
            self.delete_one(occupant, false);
        }
        let depends = stat.is_dir() && self.filter.depends_on_place(&self.tree, old_parent, dir);
        self.scan.step_over(&self.tree, entry);
        self.tree.relocate(entry, dir, name);
        self.moves.forget(entry);
        // A rename changes the time of the last change of attributes; that is no change of its own.
        if let Some(after) = now.stat {
            let same = (stat.size, stat.mtime, stat.mode) == (after.size, after.mtime, after.mode);
            if same && !seen.has(evidence::ATTRIBUTES | evidence::CONTENT) {
                self.tree.correct(entry, after);
            }
        }
        if stat.is_dir() {
            self.scan.on_directory_moved();
        }
        self.publish(FileEventKind::Rename, entry, replaced, Some(&from));
        if depends {
            self.request_scan(entry, true);
        }
        self.recheck_links(entry);
    }
}

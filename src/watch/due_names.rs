//! Looking at the names that are due, and publishing what is different.
//!
//! A name is looked at through its directory, which is opened by the path at which it is believed to be
//! and has to be the inode that it was. If it is not, the name of the directory itself is looked at, and
//! so on upwards: either something above is gone, and with it everything below, or the directory has moved
//! and its event has not come yet, and the name waits.
//!
//! Names are taken in rounds, those higher up in the tree first. What was seen is applied in this order:
//! renames, then one name after the other. A round is a cursor: it can be left for another turn after each
//! name, and only it changes the tree until it is done. What happens to a name after it was looked at makes
//! it dirty again, so a look may wait.

use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;

use super::dirty::Mark;
use super::disk;
use super::merge::{Evidence, evidence};
use super::stages::Observed;
use super::stages::Renames;
use super::stages::{Fate, Look, Round};
use super::tree::{FileId, flag};
use super::{SLACK, Watch};
use crate::policy::Slice;

/// Names that a round begins with, and the most that it may have with the other names of their renames.
const NAMES: usize = 64;

const MARKS_MAX: usize = 512;

/// Entries of the queue that a round looks at when it begins.
const STEPS: u32 = 256;

/// What it costs to take a name out of the queue, to look at it and apply what was seen, and to open its
/// directory, which costs more the deeper that lies.
const MARK_COST: u64 = 500;

const LOOK_COST: u64 = 5_000;

const OPEN_COST: u64 = 8_000;

const LEVEL_COST: u64 = 50;

/// How often a directory is looked for where it is believed to be.
const TRIES_BELIEVED: u32 = 3;

impl Watch {
    /// Looks at names that are due, until they are all applied or the slice is over. Whether there were
    /// any.
    pub(super) fn look_at_due_names(&mut self, slice: &mut Slice) -> bool {
        let begun = self.round.take().or_else(|| {
            let parked = self.parked.take().map(|look| Round {
                looks: VecDeque::from([look]),
                renames: Some(Renames::default()),
                ..Round::default()
            });
            parked.or_else(|| self.next_round())
        });
        let Some(mut round) = begun else { return false };
        while self.step(&mut round) {
            if self.must_pause(slice) {
                self.round = Some(round);
                return true;
            }
        }
        for mark in round.below {
            if self.tree.is_alive(mark.dir) {
                self.dirty.retry(mark, self.now);
            }
        }
        true
    }

    /// The next names that are due. One without names: there may be more behind what was looked through.
    fn next_round(&mut self) -> Option<Round> {
        let until = self.now + SLACK.min(self.options.window / 2);
        let mut steps = STEPS;
        let mut marks = Vec::new();
        while marks.len() < NAMES {
            let Some(mark) = self.dirty.take_due(until, &mut steps) else { break };
            if !self.tree.is_alive(mark.dir) || self.tree.has(mark.dir, flag::OPAQUE) {
                continue;
            }
            if self.scan.waits_for_rules(mark.dir) {
                self.dirty.put_off(mark, self.now);
            } else if mark.name.is_empty() {
                self.request_scan(mark.dir, false);
            } else {
                marks.push(mark);
            }
        }
        self.spent += u64::from(STEPS - steps) * MARK_COST;
        if marks.is_empty() && steps > 0 {
            return None;
        }
        self.add_partners(&mut marks);
        let mut depths: HashMap<FileId, usize> = HashMap::new();
        for mark in &marks {
            depths.entry(mark.dir).or_insert_with(|| self.tree.depth(mark.dir));
        }
        self.spent += marks.len() as u64 * MARK_COST;
        self.waiting_since = marks.iter().map(Mark::first).chain(self.waiting_since).min();
        marks.sort_by_key(|mark| (depths.get(&mark.dir).copied(), mark.dir));
        Some(Round { marks: marks.into(), ..Round::default() })
    }

    /// Looks at one name, or applies one look. False: the round is done.
    fn step(&mut self, round: &mut Round) -> bool {
        if let Some(mark) = round.marks.pop_front() {
            self.look_at(mark, round);
            return true;
        }
        let Some(renames) = &mut round.renames else {
            round.opened = None;
            round.renames = Some(self.plan_renames(&round.looks));
            return true;
        };
        if self.step_rename(renames, &round.looks) {
            return true;
        }
        let Some(look) = round.looks.pop_front() else { return false };
        if self.tree.is_alive(look.dir) {
            self.spent += LOOK_COST;
            self.reconcile(look.dir, &look.name, look.now, look.seen);
            if let Some(look) = self.parked.take() {
                round.looks.push_front(look);
            }
        }
        true
    }

    /// Adds the other name of each rename.
    fn add_partners(&mut self, marks: &mut Vec<Mark>) {
        if self.moves.is_empty() {
            return;
        }
        let mut at = 0;
        while let Some(mark) = marks.get(at).filter(|_| marks.len() < MARKS_MAX) {
            let place = (mark.dir, mark.name.clone());
            let arrived = self.moves.arrival(&place);
            let left = self.tree.child(mark.dir, &mark.name);
            let home = arrived
                .and_then(|entry| self.tree.get(entry))
                .map(|node| (node.parent, node.name.into()));
            let away = left.and_then(|entry| self.moves.place(entry)).cloned();
            for (dir, name) in [home, away].into_iter().flatten() {
                marks.extend(self.dirty.take(dir, &name));
            }
            at += 1;
        }
    }

    /// Looks at a name.
    fn look_at(&mut self, mark: Mark, round: &mut Round) {
        self.spent += LOOK_COST;
        if mark.dir == FileId::ROOT_PARENT {
            round.file_time = disk::file_time();
            match self.lookup.look_at_root(&mark.name) {
                Err(Errno::EACCES | Errno::EPERM) => self.on_root_inaccessible(&mark.name),
                stat => {
                    if stat.is_ok() {
                        self.on_root_read(&mark.name);
                    }
                    self.note(round, mark, stat);
                }
            }
            return;
        }
        if round.opened.as_ref().is_none_or(|(dir, _)| *dir != mark.dir) {
            round.file_time = disk::file_time();
            round.opened = None;
            round.opened = Some((mark.dir, self.open(mark.dir, round)));
        }
        match &round.opened {
            Some((_, Ok(fd))) => {
                let stat = disk::look(fd.as_fd(), &mark.name);
                self.note(round, mark, stat);
            }
            Some((_, Err(Fate::Elsewhere))) => {
                if mark.tries >= TRIES_BELIEVED {
                    self.drop_beliefs_above(mark.dir);
                }
                self.pass_link(mark.dir, &mark.name, mark.tries);
                self.dirty.retry(mark, self.now);
            }
            Some((_, Err(Fate::Gone))) => round.below.push(mark),
            Some((_, Err(Fate::Inaccessible))) => self.pass_link(mark.dir, &mark.name, mark.tries),
            None => {}
        }
    }

    /// A directory is not where it is believed to be, time and again: look where it was published.
    fn drop_beliefs_above(&mut self, dir: FileId) {
        let mut at = dir;
        while let Some(node) = self.tree.get(at).filter(|_| at != FileId::ROOT_PARENT) {
            self.moves.forget(at);
            at = node.parent;
        }
    }

    fn note(
        &mut self,
        round: &mut Round,
        mark: Mark,
        stat: Result<Option<super::tree::Stat>, Errno>,
    ) {
        match stat {
            Ok(stat) if self.is_unexplained(&mark, stat.as_ref()) => {
                self.dirty.retry(mark, self.now);
            }
            Ok(stat) => {
                let now = Observed { stat, file_time: round.file_time, emptied: self.emptied };
                round.looks.push_back(Look {
                    dir: mark.dir,
                    name: mark.name,
                    seen: mark.evidence,
                    now,
                });
            }
            Err(Errno::EACCES | Errno::EPERM) => {
                self.mark_inaccessible(mark.dir);
                self.pass_link(mark.dir, &mark.name, mark.tries);
            }
            Err(_) => {
                self.pass_link(mark.dir, &mark.name, mark.tries);
                self.dirty.retry(mark, self.now);
            }
        }
    }

    /// A directory that is gone without an event that says so: the event is on its way, and if it is a
    /// rename it must not be taken for a deletion. It waits once.
    fn is_unexplained(&self, mark: &Mark, stat: Option<&super::tree::Stat>) -> bool {
        let explained = mark.evidence.has(evidence::DELETED | evidence::MOVED);
        if explained || mark.tries > 0 || mark.dir == FileId::ROOT_PARENT {
            return false;
        }
        let base = self.tree.child(mark.dir, &mark.name).and_then(|entry| self.tree.get(entry));
        base.is_some_and(|node| {
            node.stat.is_dir() && stat.is_none_or(|stat| !stat.is_same_inode(&node.stat))
        })
    }

    /// Opens a directory to look at names in it.
    fn open(&mut self, dir: FileId, round: &mut Round) -> Result<OwnedFd, Fate> {
        if let Some(fate) = self.fate_above(dir, round) {
            return Err(fate);
        }
        let Some(node) = self.tree.get(dir) else { return Err(Fate::Gone) };
        let (stat, is_root) = (node.stat, node.parent == FileId::ROOT_PARENT);
        let mut path = std::mem::take(&mut self.path);
        path.clear();
        self.moves.path_into(&self.tree, dir, &mut path);
        let outcome = self.lookup.open_dir(&path, is_root);
        let levels = path.iter().filter(|byte| **byte == b'/').count();
        self.spent += OPEN_COST + levels as u64 * LEVEL_COST;
        self.path = path;
        match outcome {
            Ok(fd) if disk::identify(fd.as_fd()).is_ok_and(|now| now.is_same_inode(&stat)) => {
                return Ok(fd);
            }
            Err(Errno::EACCES | Errno::EPERM) => {
                self.mark_inaccessible(dir);
                round.fates.insert(dir, Fate::Inaccessible);
                return Err(Fate::Inaccessible);
            }
            // Nothing is known.
            Err(Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM) => {
                self.note_refused(dir);
                round.fates.insert(dir, Fate::Elsewhere);
                return Err(Fate::Elsewhere);
            }
            _ => {}
        }
        // Beliefs can go in a circle: whoever comes here again has to wait.
        round.fates.insert(dir, Fate::Elsewhere);
        let fate = self.look_upwards(dir, &stat, round);
        round.fates.insert(dir, fate);
        Err(fate)
    }

    /// The fate of the nearest directory above that has one.
    fn fate_above(&self, dir: FileId, round: &Round) -> Option<Fate> {
        if round.fates.is_empty() {
            return None;
        }
        let mut at = dir;
        while at != FileId::ROOT_PARENT {
            if let Some(fate) = round.fates.get(&at) {
                return Some(*fate);
            }
            at = self.tree.get(at)?.parent;
        }
        None
    }

    /// Looks at the name of a directory that could not be opened.
    fn look_upwards(&mut self, dir: FileId, was: &super::tree::Stat, round: &mut Round) -> Fate {
        let Some((above, name)) = self.moves.believed(&self.tree, dir) else { return Fate::Gone };
        let file_time = disk::file_time();
        let stat = if above == FileId::ROOT_PARENT {
            self.lookup.look_at_root(&name)
        } else {
            match self.open(above, round) {
                Ok(fd) => disk::look(fd.as_fd(), &name),
                Err(fate) => return fate,
            }
        };
        let there = match &stat {
            Ok(stat) => stat.is_some_and(|stat| stat.is_same_inode(was)),
            Err(_) => true,
        };
        if there {
            return Fate::Elsewhere;
        }
        let known = self.dirty.take(above, &name);
        let is_looked_at = round.looks.iter().any(|look| look.dir == above && look.name == name);
        if known.is_none() && !is_looked_at && above != FileId::ROOT_PARENT {
            // No event has come for it so far; see `is_unexplained`.
            self.dirty.mark_urgent(above, &name, self.now);
            if let Some(mark) = self.dirty.take(above, &name) {
                self.dirty.retry(mark, self.now);
            }
            return Fate::Elsewhere;
        }
        let seen = known.map_or(Evidence::default(), |mark| mark.evidence);
        let now = Observed { stat: stat.ok().flatten(), file_time, emptied: self.emptied };
        round.looks.push_back(Look { dir: above, name, seen, now });
        Fate::Gone
    }
}

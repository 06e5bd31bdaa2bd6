//! Looking at the names that are due, and publishing what is different.
//!
//! A name is looked at through its directory, which is opened by the path at which it is believed to be
//! and has to be the inode that it was. If it is not, the name of the directory itself is looked at, and
//! so on upwards: either something above is gone, and with it everything below, or the directory has moved
//! and nobody has told yet, and the name waits.
//!
//! Names are taken in pieces, those higher up in the tree first. What was seen is applied in this order:
//! renames, then one name after the other.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;

use super::apply::Now;
use super::dirty::Mark;
use super::disk;
use super::merge::{Evidence, evidence};
use super::tree::{FileId, flag};
use super::{SLACK, Slice, Watch};

/// Names that are looked at together.
const NAMES: usize = 64;

/// How often a directory is looked for where it is believed to be.
const TRIES_BELIEVED: u32 = 3;

/// A name that was looked at.
pub(super) struct Look {
    pub(super) dir: FileId,
    pub(super) name: Box<[u8]>,
    pub(super) seen: Evidence,
    pub(super) now: Now,
}

/// What became of a directory that could not be opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is gone: its own name, or one above it, is among the looks.
    Gone,
    /// It is there, and not where it was looked for.
    Elsewhere,
    /// It must not be looked into: what is known stays, and the permissions tell when that changes.
    Barred,
}

/// Looks at names of one piece.
#[derive(Default)]
struct Round {
    looks: Vec<Look>,
    /// Names in directories that are gone, if nothing turns up.
    below: Vec<Mark>,
    fates: HashMap<FileId, Fate>,
}

impl Watch {
    /// Looks at the next names that are due. Whether there were any.
    pub(super) fn settle(&mut self, slice: Slice<'_>) -> bool {
        let until = slice.now() + SLACK.min(self.options.window / 2);
        let mut marks = Vec::new();
        while marks.len() < NAMES {
            let Some(mark) = self.dirty.take_due(until) else { break };
            if !self.tree.is_alive(mark.dir) || self.tree.has(mark.dir, flag::OPAQUE) {
                continue;
            }
            if mark.name.is_empty() {
                self.request_scan(mark.dir, false);
            } else {
                marks.push(mark);
            }
        }
        if marks.is_empty() {
            return false;
        }
        self.add_partners(&mut marks);
        let mut depths: HashMap<FileId, usize> = HashMap::new();
        for mark in &marks {
            depths.entry(mark.dir).or_insert_with(|| self.tree.depth(mark.dir));
        }
        marks.sort_by_key(|mark| (depths.get(&mark.dir).copied(), mark.dir));
        let Round { looks, below, .. } = self.look(marks);
        if !self.moves.is_empty() {
            self.settle_renames(&looks);
        }
        for look in looks {
            if self.tree.is_alive(look.dir) {
                self.reconcile(look.dir, &look.name, look.now, look.seen);
            }
        }
        for mark in below {
            if self.tree.is_alive(mark.dir) {
                self.dirty.retry(mark, self.now);
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
        while let Some(mark) = marks.get(at) {
            let place = (mark.dir, mark.name.clone());
            let arrived = self.moves.arrival(&place);
            let left = self.tree.child(mark.dir, &mark.name);
            let home = arrived
                .and_then(|entry| self.tree.get(entry))
                .map(|node| (node.parent, node.name.clone()));
            let away = left.and_then(|entry| self.moves.place(entry)).cloned();
            for (dir, name) in [home, away].into_iter().flatten() {
                marks.extend(self.dirty.take(dir, &name));
            }
            at += 1;
        }
    }

    /// Looks at names, which are in the order of their directories.
    fn look(&mut self, marks: Vec<Mark>) -> Round {
        let mut round = Round::default();
        let mut opened: Option<(FileId, Result<OwnedFd, Fate>)> = None;
        let mut file_time = disk::file_time();
        for mark in marks {
            if mark.dir == FileId::NOBODY {
                let stat = self.anchor.look_at_root(&mark.name);
                self.note(&mut round, mark, stat, file_time);
                continue;
            }
            if opened.as_ref().is_none_or(|(dir, _)| *dir != mark.dir) {
                file_time = disk::file_time();
                opened = Some((mark.dir, self.open(mark.dir, &mut round)));
            }
            match &opened {
                Some((_, Ok(fd))) => {
                    let stat = disk::look(fd.as_fd(), &mark.name);
                    self.note(&mut round, mark, stat, file_time);
                }
                Some((_, Err(Fate::Elsewhere))) => {
                    if mark.tries >= TRIES_BELIEVED {
                        self.doubt(mark.dir);
                    }
                    self.dirty.retry(mark, self.now);
                }
                Some((_, Err(Fate::Gone))) => round.below.push(mark),
                _ => {}
            }
        }
        round
    }

    /// A directory is not where it is believed to be, time and again: look where it was published.
    fn doubt(&mut self, dir: FileId) {
        let mut at = dir;
        while let Some(node) = self.tree.get(at).filter(|_| at != FileId::NOBODY) {
            self.moves.forget(at);
            at = node.parent;
        }
    }

    fn note(
        &mut self,
        round: &mut Round,
        mark: Mark,
        stat: Result<Option<super::tree::Stat>, Errno>,
        file_time: i64,
    ) {
        match stat {
            Ok(stat) if self.is_unexplained(&mark, stat.as_ref()) => {
                self.dirty.retry(mark, self.now);
            }
            Ok(stat) => {
                let now = Now { stat, file_time };
                round.looks.push(Look { dir: mark.dir, name: mark.name, seen: mark.evidence, now });
            }
            Err(Errno::EACCES | Errno::EPERM) => self.bar(mark.dir),
            Err(_) => self.dirty.retry(mark, self.now),
        }
    }

    /// A directory that is gone without an event that says so: the event is on its way, and if it is a
    /// rename it must not be taken for a deletion. It waits once.
    fn is_unexplained(&self, mark: &Mark, stat: Option<&super::tree::Stat>) -> bool {
        let explained = mark.evidence.has(evidence::DELETED | evidence::MOVED);
        if explained || mark.tries > 0 || mark.dir == FileId::NOBODY {
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
        let (stat, is_root) = (node.stat, node.parent == FileId::NOBODY);
        let mut path = std::mem::take(&mut self.path);
        path.clear();
        self.moves.path_into(&self.tree, dir, &mut path);
        let outcome = self.anchor.open_dir(&path, is_root);
        self.path = path;
        match outcome {
            Ok(fd) if disk::identify(fd.as_fd()).is_ok_and(|now| now.is_same_inode(&stat)) => {
                return Ok(fd);
            }
            Err(Errno::EACCES | Errno::EPERM) => {
                self.bar(dir);
                round.fates.insert(dir, Fate::Barred);
                return Err(Fate::Barred);
            }
            // Short of descriptors or memory: nothing is known.
            Err(Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM) => {
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
        while at != FileId::NOBODY {
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
        let stat = if above == FileId::NOBODY {
            self.anchor.look_at_root(&name)
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
        let settled = round.looks.iter().any(|look| look.dir == above && look.name == name);
        if known.is_none() && !settled && above != FileId::NOBODY {
            // No event has told of it so far; see `is_unexplained`.
            self.dirty.mark_urgent(above, &name, self.now);
            if let Some(mark) = self.dirty.take(above, &name) {
                self.dirty.retry(mark, self.now);
            }
            return Fate::Elsewhere;
        }
        let seen = known.map_or(Evidence::default(), |mark| mark.evidence);
        round.looks.push(Look {
            dir: above,
            name,
            seen,
            now: Now { stat: stat.ok().flatten(), file_time },
        });
        Fate::Gone
    }
}

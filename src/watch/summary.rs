//! Summaries: a batch with very many events, made short enough to be shown.
//!
//! What is promised: whoever applies the listed events in order has the tree, but for what lies in the
//! directories that the summaries name; and the listed events and the counts of all summaries together are
//! the events that there were.
//!
//! - An event is counted in the directory in which its entry is after the batch, or was when it was deleted
//!   (`place`). So a directory that was changed and then renamed is named by its new path,
//!   which is found by going through the events backwards.
//! - What is below a directory that was deleted is counted in one summary of that directory; the deletion
//!   itself is listed. Then the directories with the most events are counted instead of listed.
//! - An event that cannot be applied without one that is not listed (in a directory whose creation is not, out of
//!   one or over a name whose change is not) is counted as well: see `split`.
//! - The directory from which a counted rename leads away is named too, with no count of its own.
//!
//! If there are still too many, all events are counted, and summaries are joined into one of the directory
//! above, the deepest first. Where roots are many the result can stay longer than asked: a summary never
//! goes beyond a root.
//!
//! A batch has up to thousands of events, so this goes in steps, each of some events or directories; what is
//! sorted lies in trees, which grow evenly.
//!
//! Pure.

mod paths;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::batch::{Counts, FileBatch, FileEventKind, Raw, RawSummary};
use super::tree::FileType;
use paths::{PathMap, above, parent};

/// Events or directories of a step.
const STEP: usize = 64;
/// What each costs, and each byte of its path.
const ITEM_COST: u64 = 1_500;
const BYTE_COST: u64 = 4;

/// A batch that is being shortened.
pub(super) struct Shortening {
    batch: FileBatch,
    max: usize,
    stage: Stage,
    /// Bytes of the batch when it began, which it takes once more at most.
    bytes: usize,
    /// Events whose place is not known yet, the first one first.
    events: Vec<Raw>,
    /// Those whose place is known, the last one first; and those that stay listed, the first one first.
    placed: Vec<Placed>,
    listed: Vec<Placed>,
    /// Paths that are others after the batch.
    moved: PathMap<Vec<u8>>,
    /// Their text.
    text: Vec<u8>,
    /// Directories that are gone, by their paths after the batch; how long those are.
    gone: BTreeSet<Vec<u8>>,
    gone_lengths: BTreeSet<usize>,
    /// How much happened in each directory, and the order in which they are counted.
    dirs: BTreeMap<Vec<u8>, usize>,
    order: BTreeSet<Rank>,
    /// Events and summaries that there are with those that are chosen.
    left: usize,
    named: BTreeMap<Vec<u8>, Named>,
    by_depth: BTreeSet<(Reverse<usize>, Vec<u8>)>,
    /// Paths that are not as the listed events so far leave them.
    untrue: PathMap<()>,
    /// Every event is counted.
    all: bool,
    cost: u64,
}

/// The largest first; of equal ones the deepest, then by name, so that the result is determined.
type Rank = (Reverse<usize>, Reverse<usize>, Vec<u8>);

/// An event and where it belongs.
struct Placed {
    event: Raw,
    /// Where it is counted; a root itself is in no directory of the watch.
    dir: Option<Place>,
    /// Where a rename came from.
    source: Option<Place>,
}

/// A directory, by its path after the batch.
struct Place {
    /// Its path in the batch's text, or among those that have changed.
    path: Range<usize>,
    is_moved: bool,
    /// It is gone: what is in it is counted.
    is_gone: bool,
}

/// A directory that a summary names.
#[derive(Default)]
struct Named {
    counts: Counts,
    recursive: bool,
    /// Everything in it is counted, not only what cannot be listed.
    whole: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Place,
    Rank,
    Choose,
    Split,
    Join,
    Write,
    Done,
}

fn depth(dir: &[u8]) -> usize {
    dir.iter().filter(|byte| **byte == b'/').count()
}

impl Shortening {
    /// Begins to shorten a batch to about `max` events and summaries together.
    pub(super) fn new(mut batch: FileBatch, max: usize) -> Self {
        let is_long = batch.events.len() > max;
        let bytes = batch.memory();
        let events = if is_long { std::mem::take(&mut batch.events) } else { Vec::new() };
        Shortening {
            batch,
            max,
            bytes,
            stage: if is_long { Stage::Place } else { Stage::Done },
            placed: Vec::with_capacity(events.len()),
            listed: Vec::new(),
            events,
            moved: PathMap::new(),
            text: Vec::new(),
            gone: BTreeSet::new(),
            gone_lengths: BTreeSet::new(),
            dirs: BTreeMap::new(),
            order: BTreeSet::new(),
            left: 0,
            named: BTreeMap::new(),
            by_depth: BTreeSet::new(),
            untrue: PathMap::new(),
            all: false,
            cost: 0,
        }
    }

    /// Bytes that it takes, about.
    pub(super) fn memory(&self) -> usize {
        2 * self.bytes
    }

    pub(super) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// The batch, when it is short.
    pub(super) fn finish(self) -> FileBatch {
        self.batch
    }

    /// Goes on; what that cost. `is_root` knows the paths that nothing is joined beyond.
    pub(super) fn step(&mut self, is_root: impl Fn(&[u8]) -> bool) -> u64 {
        for _ in 0..STEP {
            self.cost += ITEM_COST;
            let more = match self.stage {
                Stage::Place => self.moved.apply_next() || self.place(&is_root),
                Stage::Rank => self.rank(),
                Stage::Choose => self.choose(),
                Stage::Split => self.untrue.apply_next() || self.split(),
                Stage::Join => self.join(&is_root),
                Stage::Write => self.write(),
                Stage::Done => break,
            };
            if !more {
                self.next_stage();
            }
        }
        std::mem::take(&mut self.cost)
    }

    fn next_stage(&mut self) {
        let is_long = self.listed.len() + self.named.len() > self.max;
        self.stage = match self.stage {
            Stage::Place => Stage::Rank,
            Stage::Rank => Stage::Choose,
            Stage::Choose => Stage::Split,
            Stage::Split if is_long && !self.all => {
                // Listing single events does not help any more.
                self.all = true;
                self.placed = std::mem::take(&mut self.listed);
                self.placed.reverse();
                Stage::Split
            }
            Stage::Split if is_long => Stage::Join,
            Stage::Split | Stage::Join => {
                self.listed.reverse();
                Stage::Write
            }
            Stage::Write | Stage::Done => Stage::Done,
        };
        if self.stage == Stage::Choose {
            self.left += self.named.len();
        }
    }

    /// Finds where the last event belongs whose place is not known; so what is known of paths is what comes
    /// after it.
    fn place(&mut self, is_root: &impl Fn(&[u8]) -> bool) -> bool {
        let Some(event) = self.events.pop() else { return false };
        self.cost += event.path.len() as u64 * BYTE_COST;
        let dir = (!is_root(self.batch.bytes(&event.path))).then(|| match event.kind {
            // What is known of its own path is about another entry, which came later.
            FileEventKind::Delete => self.dir_after(&self.dir_now(&event.path)),
            _ => self.entry_after(&event.path),
        });
        let dir = dir.map(|path| self.within_gone(path));
        let source = event.from.as_ref().map(|from| self.dir_after(&self.dir_now(from)));
        let source = source.map(|path| self.within_gone(path));
        self.go_before(&event, dir.as_ref());
        match &dir {
            Some(dir) if dir.is_gone => {
                let path = self.text_of(dir).to_vec();
                self.name(path).recursive = true;
            }
            Some(dir) => {
                let path = self.text_of(dir).to_vec();
                *self.dirs.entry(path).or_default() += 1;
                self.left += 1;
            }
            None => self.left += 1,
        }
        self.placed.push(Placed { event, dir, source });
        true
    }

    /// The directory of a path in the batch's text.
    fn dir_now(&self, path: &Range<usize>) -> Range<usize> {
        let length = parent(self.batch.bytes(path)).map_or(0, <[u8]>::len);
        path.start..path.start + length
    }

    /// A directory by its path after the batch.
    fn dir_after(&mut self, dir: &Range<usize>) -> Place {
        let Some((at, to)) = self.moved.nearest(self.batch.bytes(dir)) else {
            return Place { path: dir.clone(), is_moved: false, is_gone: false };
        };
        let start = self.text.len();
        self.text.extend_from_slice(to);
        self.text.extend_from_slice(self.batch.bytes(&(dir.start + at.len()..dir.end)));
        Place { path: start..self.text.len(), is_moved: true, is_gone: false }
    }

    /// The directory in which an entry is after the batch.
    fn entry_after(&mut self, path: &Range<usize>) -> Place {
        let entry = self.dir_after(path);
        let length = parent(self.text_of(&entry)).map_or(0, <[u8]>::len);
        Place { path: entry.path.start..entry.path.start + length, ..entry }
    }

    /// If a place is in a directory that is gone, the topmost one stands for it.
    fn within_gone(&mut self, place: Place) -> Place {
        if self.gone.is_empty() {
            return place;
        }
        let path = self.text_of(&place);
        let dirs = std::iter::once(path).chain(above(path));
        let is_gone =
            |dir: &&[u8]| self.gone_lengths.contains(&dir.len()) && self.gone.contains(*dir);
        let Some(length) = dirs.filter(is_gone).last().map(<[u8]>::len) else { return place };
        Place { path: place.path.start..place.path.start + length, is_gone: true, ..place }
    }

    fn text_of(&self, place: &Place) -> &[u8] {
        let text = if place.is_moved { &self.text } else { &self.batch.text };
        text.get(place.path.clone()).unwrap_or_default()
    }

    /// Takes back what an event did to paths.
    fn go_before(&mut self, event: &Raw, dir: Option<&Place>) {
        let path = self.batch.bytes(&event.path);
        match (event.kind, &event.from) {
            (FileEventKind::Create | FileEventKind::Delete, _) => self.moved.drop_at(path),
            (FileEventKind::Rename, Some(from)) => {
                let from = self.batch.bytes(from);
                let after = match self.moved.nearest(path) {
                    Some((at, to)) => [to, path.get(at.len()..).unwrap_or_default()].concat(),
                    None => path.to_vec(),
                };
                self.moved.move_to(path, from);
                self.moved.set_after(from.to_vec(), after);
            }
            _ => {}
        }
        let is_dir = event.file_type == FileType::Directory;
        if is_dir && event.kind == FileEventKind::Delete && dir.is_none_or(|dir| !dir.is_gone) {
            let name = path.get(parent(path).map_or(0, <[u8]>::len)..).unwrap_or_default();
            let gone = dir.map_or(path.to_vec(), |dir| [self.text_of(dir), name].concat());
            self.gone_lengths.insert(gone.len());
            self.gone.insert(gone);
        }
    }

    fn rank(&mut self) -> bool {
        let Some((dir, events)) = self.dirs.pop_first() else { return false };
        self.order.insert((Reverse(events), Reverse(depth(&dir)), dir));
        true
    }

    /// Chooses directories whose events are counted instead of listed, until few enough are left.
    fn choose(&mut self) -> bool {
        let Some((Reverse(events), _, dir)) = self.order.pop_first() else { return false };
        if self.left <= self.max || events < 2 {
            // Those that are left are freed one by one.
            return true;
        }
        self.left -= events - 1;
        self.name(dir).whole = true;
        true
    }

    /// Has a summary for a directory.
    fn name(&mut self, dir: Vec<u8>) -> &mut Named {
        self.cost += dir.len() as u64 * BYTE_COST;
        if !self.named.contains_key(&dir) {
            self.by_depth.insert((Reverse(depth(&dir)), dir.clone()));
        }
        self.named.entry(dir).or_default()
    }

    /// Counts the next event, or leaves it listed. One that is counted leaves its paths untrue: whoever
    /// applies the listed events has something else there. An event that depends on such a path cannot be
    /// applied, and is counted too.
    fn split(&mut self) -> bool {
        let Some(placed) = self.placed.pop() else { return false };
        let event = &placed.event;
        let path = self.batch.bytes(&event.path);
        let from = event.from.as_ref().map(|from| self.batch.bytes(from));
        self.cost += 2 * path.len() as u64 * BYTE_COST;
        let mut paths = std::iter::once(path).chain(from);
        let is_counted = placed.dir.as_ref().is_some_and(|dir| {
            self.all
                || dir.is_gone
                || self.named.get(self.text_of(dir)).is_some_and(|named| named.whole)
                || paths.any(|path| self.untrue.nearest(path).is_some())
        });
        if is_counted {
            self.count(&placed);
            return true;
        }
        match (event.kind, from) {
            (FileEventKind::Delete, _) => self.untrue.drop_at(path),
            (FileEventKind::Rename, Some(from)) => self.untrue.move_to(from, path),
            _ => {}
        }
        self.listed.push(placed);
        true
    }

    fn count(&mut self, Placed { event, dir, source }: &Placed) {
        let Some(dir) = dir else { return broken!("an event of a root is listed") };
        let is_rename = event.kind == FileEventKind::Rename;
        if is_rename || matches!(event.kind, FileEventKind::Create | FileEventKind::Delete) {
            for path in std::iter::once(&event.path).chain(&event.from) {
                self.untrue.set(self.batch.bytes(path).to_vec(), ());
            }
        }
        // What was in a directory that is renamed is elsewhere, too.
        let deep = is_rename && event.file_type == FileType::Directory;
        for place in std::iter::once(dir).chain(source) {
            let named = self.name(self.text_of(place).to_vec());
            named.recursive |= place.is_gone || deep;
        }
        self.name(self.text_of(dir).to_vec()).counts.add(event.kind);
    }

    /// Joins the deepest summary into that of the directory above.
    fn join(&mut self, is_root: &impl Fn(&[u8]) -> bool) -> bool {
        if self.named.len() <= self.max.saturating_sub(self.listed.len()) {
            return false;
        }
        let Some((_, dir)) = self.by_depth.pop_first() else { return false };
        self.cost += dir.len() as u64 * BYTE_COST;
        let Some(above) = parent(&dir).filter(|above| !is_root(&dir) && above.len() < dir.len())
        else {
            return true;
        };
        let Some(joined) = self.named.remove(&dir) else { return true };
        let into = self.name(above.to_vec());
        into.counts.join(joined.counts);
        into.recursive = true;
        true
    }

    fn write(&mut self) -> bool {
        // What is left of the stages before is freed one by one.
        let spare = [
            self.by_depth.pop_first().is_some(),
            self.gone.pop_first().is_some(),
            self.moved.free(),
            self.untrue.free(),
        ];
        if let Some(placed) = self.listed.pop() {
            self.batch.events.push(placed.event);
            return true;
        }
        let Some((dir, Named { counts, recursive, .. })) = self.named.pop_first() else {
            return spare.contains(&true);
        };
        let dir = self.batch.keep(&dir);
        self.batch.summaries.push(RawSummary { dir, counts, recursive });
        true
    }
}

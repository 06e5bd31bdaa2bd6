//! Summaries: a batch with very many events, made short enough to be shown.
//!
//! First, directories that were deleted or renamed stand for what happened in them. Then the directories
//! with the most events are counted instead of listed. If there are still too many, summaries are joined
//! into one of the directory above, the deepest first. Where roots are many the result can stay longer
//! than asked: a summary never goes beyond a root.
//!
//! A batch has up to thousands of events, so this goes in steps, each of some events or directories; what is
//! sorted lies in trees, which grow evenly.
//!
//! Pure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::batch::{Counts, FileBatch, FileEventKind, Raw, RawSummary};
use super::tree::FileType;

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
    /// Events that are still to be looked at in this stage, the last one first, and those that are through.
    events: Vec<Raw>,
    done: Vec<Raw>,
    /// Directories that are gone, and the last event in them that they stand for; how long their paths are.
    gone: BTreeMap<Vec<u8>, usize>,
    gone_lengths: BTreeSet<usize>,
    /// What happened in each directory, and the order in which they are counted.
    dirs: BTreeMap<Vec<u8>, Counts>,
    order: BTreeMap<Rank, Counts>,
    /// Events and summaries that there are with those that are chosen.
    left: usize,
    chosen: BTreeMap<Vec<u8>, (Counts, bool)>,
    by_depth: BTreeSet<(Reverse<usize>, Vec<u8>)>,
    /// What is not needed any more, to be freed one by one.
    spare: BTreeMap<Vec<u8>, (Counts, bool)>,
    cost: u64,
}

/// The largest first; of equal ones the deepest, then by name, so that the result is determined.
type Rank = (Reverse<usize>, Reverse<usize>, Vec<u8>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    FindGone,
    Subsume,
    Count,
    Rank,
    Choose,
    Split,
    Join,
    Write,
    Done,
}

/// The directory that a path lies in.
fn parent(path: &[u8]) -> Option<&[u8]> {
    let at = path.iter().rposition(|byte| *byte == b'/')?;
    path.get(..at.max(1))
}

fn depth(dir: &[u8]) -> usize {
    dir.iter().filter(|byte| **byte == b'/').count()
}

impl Shortening {
    /// Begins to shorten a batch to about `max` events and summaries together.
    pub(super) fn new(mut batch: FileBatch, max: usize) -> Self {
        let mut events = std::mem::take(&mut batch.events);
        events.reverse();
        Shortening {
            batch,
            max,
            stage: if events.len() > max { Stage::FindGone } else { Stage::Done },
            done: Vec::new(),
            events,
            gone: BTreeMap::new(),
            gone_lengths: BTreeSet::new(),
            dirs: BTreeMap::new(),
            order: BTreeMap::new(),
            left: 0,
            chosen: BTreeMap::new(),
            by_depth: BTreeSet::new(),
            spare: BTreeMap::new(),
            cost: 0,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// The batch, when it is short.
    pub(super) fn finish(mut self) -> FileBatch {
        self.events.reverse();
        self.batch.events = self.events;
        self.batch
    }

    /// Goes on; what that cost. `is_root` knows the paths that nothing is joined beyond.
    pub(super) fn step(&mut self, is_root: impl Fn(&[u8]) -> bool) -> u64 {
        for _ in 0..STEP {
            self.cost += ITEM_COST;
            let more = match self.stage {
                Stage::FindGone => self.find_gone(),
                Stage::Subsume => self.subsume(),
                Stage::Count => self.count(&is_root),
                Stage::Rank => self.rank(),
                Stage::Choose => self.choose(),
                Stage::Split => self.split(&is_root),
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
        if matches!(self.stage, Stage::FindGone | Stage::Subsume | Stage::Count | Stage::Split) {
            self.done.reverse();
            self.events = std::mem::take(&mut self.done);
        }
        self.stage = match self.stage {
            Stage::FindGone if self.gone.is_empty() => Stage::Count,
            Stage::FindGone => Stage::Subsume,
            Stage::Subsume if self.events.len() <= self.max => Stage::Done,
            Stage::Subsume => Stage::Count,
            Stage::Count => Stage::Rank,
            Stage::Rank => Stage::Choose,
            Stage::Choose => Stage::Split,
            Stage::Split if self.left > self.max => Stage::Join,
            Stage::Split | Stage::Join => Stage::Write,
            Stage::Write | Stage::Done => Stage::Done,
        };
        self.left = if self.stage == Stage::Choose { self.events.len() } else { self.left };
        if self.stage == Stage::Split && self.left > self.max {
            // Listing single events does not help any more: everything is counted.
            self.spare = std::mem::take(&mut self.chosen);
        }
    }

    /// Finds directories that were deleted or renamed away.
    fn find_gone(&mut self) -> bool {
        let Some(event) = self.events.pop() else { return false };
        let path = match (event.kind, &event.from) {
            _ if event.file_type != FileType::Directory => None,
            (FileEventKind::Delete, _) => Some(&event.path),
            (FileEventKind::Rename, Some(from)) => Some(from),
            _ => None,
        };
        if let Some(path) = path {
            let path = self.batch.bytes(path).to_vec();
            self.cost += path.len() as u64 * BYTE_COST;
            self.gone_lengths.insert(path.len());
            self.gone.insert(path, self.done.len());
        }
        self.done.push(event);
        true
    }

    /// Takes out what happened in directories before they were gone.
    fn subsume(&mut self) -> bool {
        let Some(event) = self.events.pop() else {
            return false;
        };
        // How many came before, with those that were taken out.
        let index = self.left;
        self.left += 1;
        let path = self.batch.bytes(&event.path);
        self.cost += path.len() as u64 * BYTE_COST;
        let mut at = path;
        while let Some(dir) = parent(at).filter(|dir| dir.len() < at.len()) {
            if self.gone_lengths.contains(&dir.len())
                && self.gone.get(dir).is_some_and(|gone| *gone >= index)
            {
                return true;
            }
            at = dir;
        }
        self.done.push(event);
        true
    }

    /// The directory of an event; a root itself is in none of the watch.
    fn dir_of(&mut self, event: &Raw, is_root: &impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
        let path = self.batch.bytes(&event.path);
        self.cost += path.len() as u64 * BYTE_COST;
        if is_root(path) { None } else { parent(path).map(<[u8]>::to_vec) }
    }

    /// Counts the events of each directory.
    fn count(&mut self, is_root: &impl Fn(&[u8]) -> bool) -> bool {
        let Some(event) = self.events.pop() else { return false };
        if let Some(dir) = self.dir_of(&event, is_root) {
            self.dirs.entry(dir).or_default().add(event.kind);
        }
        self.done.push(event);
        true
    }

    fn rank(&mut self) -> bool {
        let Some((dir, counts)) = self.dirs.pop_first() else { return false };
        self.order.insert((Reverse(counts.sum()), Reverse(depth(&dir)), dir), counts);
        true
    }

    /// Chooses directories whose events are counted instead of listed, until few enough are left.
    fn choose(&mut self) -> bool {
        let Some(((Reverse(size), _, dir), counts)) = self.order.pop_first() else { return false };
        if self.left <= self.max || size < 2 {
            // Those that are left are freed one by one.
            return true;
        }
        self.left -= size - 1;
        self.chosen.insert(dir, (counts, false));
        true
    }

    /// Takes out the events that are counted.
    fn split(&mut self, is_root: &impl Fn(&[u8]) -> bool) -> bool {
        let Some(event) = self.events.pop() else { return false };
        match self.dir_of(&event, is_root) {
            Some(dir) if self.left > self.max => {
                self.by_depth.insert((Reverse(depth(&dir)), dir.clone()));
                self.chosen.entry(dir).or_default().0.add(event.kind);
            }
            Some(dir) if self.chosen.contains_key(&dir) => {}
            _ => self.done.push(event),
        }
        true
    }

    /// Joins the deepest summary into that of the directory above.
    fn join(&mut self, is_root: &impl Fn(&[u8]) -> bool) -> bool {
        if self.chosen.len() <= self.max.saturating_sub(self.events.len()) {
            return false;
        }
        let Some((Reverse(depth), dir)) = self.by_depth.pop_first() else { return false };
        self.cost += dir.len() as u64 * BYTE_COST;
        let Some(above) = parent(&dir).filter(|above| !is_root(&dir) && above.len() < dir.len())
        else {
            return true;
        };
        let Some((counts, _)) = self.chosen.remove(&dir) else { return true };
        self.by_depth.insert((Reverse(depth.saturating_sub(1)), above.to_vec()));
        let into = self.chosen.entry(above.to_vec()).or_default();
        into.0.join(counts);
        into.1 = true;
        true
    }

    fn write(&mut self) -> bool {
        // What is left of the stages before is freed one by one.
        let spare = [
            self.by_depth.pop_first().is_some(),
            self.gone.pop_first().is_some(),
            self.spare.pop_first().is_some(),
        ];
        let Some((dir, (counts, recursive))) = self.chosen.pop_first() else {
            return spare.contains(&true);
        };
        let dir = self.batch.keep(&dir);
        self.batch.summaries.push(RawSummary { dir, counts, recursive });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::tree::FileId;

    fn batch(events: &[(FileEventKind, FileType, &str, &str)]) -> FileBatch {
        let mut batch = FileBatch::default();
        for (kind, file_type, path, from) in events {
            let path = batch.keep(path.as_bytes());
            let from = (!from.is_empty()).then(|| batch.keep(from.as_bytes()));
            let id = FileId::NOBODY;
            let (replaced, ignored) = (false, false);
            batch.events.push(Raw {
                kind: *kind,
                file_type: *file_type,
                replaced,
                ignored,
                id,
                path,
                from,
            });
        }
        batch
    }

    fn shorten(batch: &mut FileBatch, max: usize, is_root: impl Fn(&[u8]) -> bool) {
        let mut shortening = Shortening::new(std::mem::take(batch), max);
        while !shortening.is_done() {
            let cost = shortening.step(&is_root);
            assert!(cost <= crate::policy::UNIT_COST_MAX, "{cost}");
        }
        *batch = shortening.finish();
    }

    fn created(paths: &[&str]) -> FileBatch {
        let events: Vec<_> =
            paths.iter().map(|path| (FileEventKind::Create, FileType::File, *path, "")).collect();
        batch(&events)
    }

    fn shown(batch: &FileBatch) -> Vec<String> {
        let events = batch.events().map(|event| event.path.display().to_string());
        let summaries = batch.summaries().map(|s| {
            let recursive = if s.recursive { "/**" } else { "/*" };
            let (c, m, d, r) = (s.created, s.modified, s.deleted, s.renamed);
            format!("{}{recursive} +{c} ~{m} -{d} >{r}", s.dir.display())
        });
        events.chain(summaries).collect()
    }

    fn is_root(path: &[u8]) -> bool {
        path == b"/r"
    }

    #[test]
    fn a_short_batch_is_left_alone() {
        let mut batch = created(&["/r/a", "/r/b"]);
        shorten(&mut batch, 2, is_root);
        assert_eq!(shown(&batch), ["/r/a", "/r/b"]);
    }

    #[test]
    fn a_deleted_directory_stands_for_what_was_in_it() {
        use FileEventKind::{Create, Delete, Rename};
        use FileType::{Directory, File};
        let mut batch = batch(&[
            (Delete, File, "/r/d/a", ""),
            (Delete, Directory, "/r/d/e", ""),
            (Delete, Directory, "/r/d", ""),
            (Create, Directory, "/r/d", ""),
            (Create, File, "/r/d/new", ""),
            (Create, File, "/r/x/before", ""),
            (Rename, Directory, "/r/y", "/r/x"),
        ]);
        shorten(&mut batch, 4, is_root);
        assert_eq!(shown(&batch), ["/r/d", "/r/d", "/r/d/new", "/r/y"]);
    }

    #[test]
    fn the_largest_directory_is_counted_first() {
        let mut batch = created(&["/r/a/1", "/r/a/2", "/r/a/3", "/r/b/1", "/r/b/2", "/r/c"]);
        shorten(&mut batch, 4, is_root);
        assert_eq!(shown(&batch), ["/r/b/1", "/r/b/2", "/r/c", "/r/a/* +3 ~0 -0 >0"]);
    }

    #[test]
    fn summaries_are_joined_from_the_deepest_up() {
        let mut batch = created(&["/r/a/x/1", "/r/a/y/1", "/r/b/z/1", "/r/b/z/2", "/r/c/1"]);
        shorten(&mut batch, 2, is_root);
        assert_eq!(shown(&batch), ["/r/** +4 ~0 -0 >0", "/r/c/* +1 ~0 -0 >0"]);
    }

    #[test]
    fn nothing_is_joined_beyond_a_root() {
        let mut batch = created(&["/r/a/1", "/r/b/1", "/r/c/1", "/r"]);
        shorten(&mut batch, 1, is_root);
        assert_eq!(shown(&batch), ["/r", "/r/** +3 ~0 -0 >0"]);
    }

    #[test]
    fn counts_add_up_whatever_the_bound() {
        let paths: Vec<String> = (0..200).map(|n| format!("/r/{}/{}/{n}", n % 7, n % 13)).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        for max in [1, 2, 5, 10, 50, 100, 150, 199, 200] {
            let mut batch = created(&paths);
            shorten(&mut batch, max, is_root);
            let counted: usize = batch.summaries().map(|s| s.created).sum();
            assert_eq!(batch.events.len() + counted, 200, "{max}");
            assert!(
                batch.events.len() + batch.summaries.len() <= max,
                "{max}: {:?}",
                shown(&batch)
            );
        }
    }
}

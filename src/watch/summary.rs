//! Summaries: a batch with very many events, made short enough to be shown.
//!
//! First, directories that were deleted or renamed stand for what happened in them. Then the directories
//! with the most events are counted instead of listed. If there are still too many, summaries are joined
//! into one of the directory above, the deepest first. Where roots are many the result can stay longer
//! than asked: a summary never goes beyond a root.
//!
//! Pure.

use std::collections::HashMap;

use super::batch::{Counts, FileBatch, FileEventKind, Raw, RawSummary};
use super::tree::FileType;

/// Shortens a batch to about `max` events and summaries together, if it has more. `is_root` tells paths
/// that nothing is joined beyond.
pub(super) fn shorten(batch: &mut FileBatch, max: usize, is_root: impl Fn(&[u8]) -> bool) {
    if batch.events.len() <= max {
        return;
    }
    subsume(batch);
    if batch.events.len() > max {
        collapse(batch, max, is_root);
    }
}

/// The directory that a path lies in.
fn parent(path: &[u8]) -> Option<&[u8]> {
    let at = path.iter().rposition(|byte| *byte == b'/')?;
    Some(if at == 0 { &path[..1] } else { &path[..at] })
}

/// Whether one of the directories above a path is among these.
fn is_below_any(path: &[u8], dirs: &HashMap<Vec<u8>, usize>, before: usize) -> bool {
    let mut at = path;
    while let Some(dir) = parent(at).filter(|dir| dir.len() < at.len()) {
        if dirs.get(dir).is_some_and(|index| *index >= before) {
            return true;
        }
        at = dir;
    }
    false
}

/// Takes out what happened in directories before they were deleted or renamed away.
fn subsume(batch: &mut FileBatch) {
    let mut gone: HashMap<Vec<u8>, usize> = HashMap::new();
    for (index, event) in batch.events.iter().enumerate() {
        if event.file_type != FileType::Directory {
            continue;
        }
        match (event.kind, &event.from) {
            (FileEventKind::Delete, _) => {
                gone.insert(batch.bytes(&event.path).to_vec(), index);
            }
            (FileEventKind::Rename, Some(from)) => {
                gone.insert(batch.bytes(from).to_vec(), index);
            }
            _ => {}
        }
    }
    if gone.is_empty() {
        return;
    }
    let events = std::mem::take(&mut batch.events);
    let keep: Vec<bool> = events
        .iter()
        .enumerate()
        .map(|(index, event)| !is_below_any(batch.bytes(&event.path), &gone, index))
        .collect();
    let mut keep = keep.into_iter();
    batch.events = events.into_iter().filter(|_| keep.next() == Some(true)).collect();
}

/// Counts the events of directories instead of listing them, until few enough are left.
fn collapse(batch: &mut FileBatch, max: usize, is_root: impl Fn(&[u8]) -> bool) {
    let dir_of = |batch: &FileBatch, event: &Raw| {
        let path = batch.bytes(&event.path);
        // A root itself is in no directory of the watch.
        if is_root(path) { None } else { parent(path).map(<[u8]>::to_vec) }
    };
    let mut dirs: HashMap<Vec<u8>, Counts> = HashMap::new();
    for event in &batch.events {
        if let Some(dir) = dir_of(batch, event) {
            dirs.entry(dir).or_default().add(event.kind);
        }
    }
    // The largest first; of equal ones the deepest, then by name, so that the result is determined.
    let size = |counts: &Counts| counts.created + counts.modified + counts.deleted + counts.renamed;
    let depth = |dir: &[u8]| dir.iter().filter(|byte| **byte == b'/').count();
    let mut order: Vec<(Vec<u8>, Counts)> = dirs.into_iter().collect();
    order.sort_by(|(a, x), (b, y)| {
        (size(y), depth(b), a.as_slice()).cmp(&(size(x), depth(a), b.as_slice()))
    });
    let mut left = batch.events.len();
    let mut chosen: HashMap<Vec<u8>, (Counts, bool)> = HashMap::new();
    for (dir, counts) in order {
        if left <= max || size(&counts) < 2 {
            break;
        }
        left -= size(&counts) - 1;
        chosen.insert(dir, (counts, false));
    }
    let events = std::mem::take(&mut batch.events);
    let (counted, listed) = events.into_iter().partition(|event| {
        left > max || dir_of(batch, event).is_some_and(|dir| chosen.contains_key(&dir))
    });
    batch.events = listed;
    let counted: Vec<Raw> = counted;
    if left > max {
        // Listing single events does not help any more: everything is counted.
        chosen.clear();
        for event in &counted {
            match dir_of(batch, event) {
                Some(dir) => chosen.entry(dir).or_default().0.add(event.kind),
                None => batch.events.push(event.clone()),
            }
        }
        join(&mut chosen, max.saturating_sub(batch.events.len()), is_root, depth);
    }
    let mut summaries: Vec<_> = chosen.into_iter().collect();
    summaries.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (dir, (counts, recursive)) in summaries {
        let dir = batch.keep(&dir);
        batch.summaries.push(RawSummary { dir, counts, recursive });
    }
}

/// Joins the deepest summaries into those of the directories above.
fn join(
    chosen: &mut HashMap<Vec<u8>, (Counts, bool)>,
    max: usize,
    is_root: impl Fn(&[u8]) -> bool,
    depth: impl Fn(&[u8]) -> usize,
) {
    let mut by_depth: Vec<Vec<Vec<u8>>> = Vec::new();
    for dir in chosen.keys() {
        let depth = depth(dir);
        by_depth.resize(by_depth.len().max(depth + 1), Vec::new());
        by_depth[depth].push(dir.clone());
    }
    for level in (1..by_depth.len()).rev() {
        let mut dirs = std::mem::take(&mut by_depth[level]);
        dirs.sort();
        for dir in dirs {
            if chosen.len() <= max {
                return;
            }
            let Some(above) = parent(&dir).filter(|_| !is_root(&dir)) else { continue };
            let Some((counts, _)) = chosen.remove(&dir) else { continue };
            let known = chosen.contains_key(above);
            let into = chosen.entry(above.to_vec()).or_default();
            into.0.join(counts);
            into.1 = true;
            if !known {
                by_depth[level - 1].push(above.to_vec());
            }
        }
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

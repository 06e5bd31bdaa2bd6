//! Tables, and random batches against a model that applies what is listed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::watch::tree::FileId;

fn batch(events: &[(FileEventKind, FileType, &str, &str)]) -> FileBatch {
    let mut batch = FileBatch::default();
    for (kind, file_type, path, from) in events {
        let path = batch.keep(path.as_bytes());
        let from = (!from.is_empty()).then(|| batch.keep(from.as_bytes()));
        let id = FileId::ROOT_PARENT;
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
    shorten(&mut batch, 6, is_root);
    let listed = ["/r/d", "/r/d", "/r/d/new", "/r/x/before", "/r/y"];
    assert_eq!(shown(&batch), [&listed[..], &["/r/d/** +0 ~0 -2 >0"]].concat());
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
        assert!(batch.events.len() + batch.summaries.len() <= max, "{max}: {:?}", shown(&batch));
    }
}

#[test]
fn a_renamed_directory_does_not_stand_for_what_changed_in_it() {
    use FileEventKind::{Modify, Rename};
    use FileType::{Directory, File};
    let mut batch = batch(&[
        (Modify, File, "/r/src/1", ""),
        (Modify, File, "/r/src/2", ""),
        (Modify, File, "/r/src/3", ""),
        (Rename, Directory, "/r/lib", "/r/src"),
        (Modify, File, "/r/lib/1", ""),
    ]);
    shorten(&mut batch, 4, is_root);
    assert_eq!(shown(&batch), ["/r/lib", "/r/lib/* +0 ~4 -0 >0"]);
}

#[test]
fn a_directory_that_files_were_renamed_out_of_is_named() {
    use FileEventKind::{Create, Rename};
    use FileType::{Directory, File};
    let events = [
        (Rename, File, "/r/b/1", "/r/a/1"),
        (Rename, File, "/r/b/2", "/r/a/2"),
        (Rename, File, "/r/b/3", "/r/a/3"),
        (Create, File, "/r/b/4", ""),
        (Rename, Directory, "/r/c", "/r/a"),
    ];
    let mut batch = batch(&events);
    shorten(&mut batch, 4, is_root);
    assert_eq!(shown(&batch), ["/r/c", "/r/b/* +1 ~0 -0 >3", "/r/c/* +0 ~0 -0 >0"]);
}

#[test]
fn what_was_in_a_directory_that_is_gone_may_be_elsewhere() {
    use FileEventKind::{Create, Delete, Rename};
    use FileType::{Directory, File};
    let events = [
        (Create, File, "/r/d/x", ""),
        (Rename, File, "/r/x", "/r/d/x"),
        (Delete, File, "/r/d/1", ""),
        (Delete, File, "/r/d/2", ""),
        (Delete, Directory, "/r/d", ""),
    ];
    let mut batch = batch(&events);
    shorten(&mut batch, 4, is_root);
    assert_eq!(shown(&batch), ["/r/d/x", "/r/x", "/r/d", "/r/d/** +0 ~0 -2 >0"]);
}

/// What somebody knows of the files: the type of each, and how often it was changed.
type Files = BTreeMap<String, (FileType, usize)>;
type Event = (FileEventKind, FileType, String, String);

/// A path and what is below it.
fn below(files: &Files, path: &str) -> Vec<String> {
    let inside = format!("{path}/");
    files.keys().filter(|at| *at == path || at.starts_with(&inside)).cloned().collect()
}

fn parent_of(path: &str) -> &str {
    &path[..path.rfind('/').unwrap()]
}

/// Applies an event, as strictly as a file system would, but that a deletion takes along what is in a
/// directory.
fn apply(files: &mut Files, kind: FileEventKind, file_type: FileType, path: &str, from: &str) {
    let what = || format!("{kind:?} {path} from {from:?}: {files:?}");
    match kind {
        FileEventKind::Create | FileEventKind::Rename => {
            let parent = files.get(parent_of(path)).map(|(kind, _)| *kind);
            let is_root = ["/r", "/s"].contains(&path);
            assert!(is_root || parent == Some(FileType::Directory), "no parent: {}", what());
            let old = files.get(path).map(|(kind, _)| *kind);
            let may = kind == FileEventKind::Rename && old == Some(FileType::File);
            assert!(old.is_none() || may, "there already: {}", what());
        }
        _ => assert!(files.contains_key(path), "not there: {}", what()),
    }
    match kind {
        FileEventKind::Create => {
            files.insert(path.to_owned(), (file_type, 0));
        }
        FileEventKind::Delete => {
            let gone = below(files, path);
            files.retain(|at, _| !gone.contains(at));
        }
        FileEventKind::Rename => {
            assert!(files.contains_key(from), "nothing to rename: {}", what());
            for at in below(files, from) {
                let entry = files.remove(&at).unwrap();
                files.insert(format!("{path}{}", &at[from.len()..]), entry);
            }
        }
        _ => files.get_mut(path).unwrap().1 += 1,
    }
}

/// A tree that random things happen to, and the events of that.
struct World {
    files: Files,
    events: Vec<Event>,
}

impl World {
    fn new() -> Self {
        let dirs = ["/r", "/s", "/r/a", "/r/b", "/r/a/a", "/s/a"];
        let mut files: Files =
            dirs.iter().map(|dir| ((*dir).to_owned(), (FileType::Directory, 0))).collect();
        for (at, dir) in dirs.iter().enumerate() {
            files.extend((0..at).map(|n| (format!("{dir}/f{n}"), (FileType::File, 0))));
        }
        World { files, events: Vec::new() }
    }

    fn happen(&mut self, kind: FileEventKind, path: &str, file_type: FileType, from: &str) {
        apply(&mut self.files, kind, file_type, path, from);
        self.events.push((kind, file_type, path.to_owned(), from.to_owned()));
    }

    /// The paths of a type; also of roots.
    fn all(&self, file_type: FileType) -> Vec<String> {
        let of_type = self.files.iter().filter(|(_, (kind, _))| *kind == file_type);
        of_type.map(|(path, _)| path.clone()).collect()
    }

    /// A deletion as the watch makes it: what is in a directory before the directory.
    fn delete(&mut self, path: &str) {
        for at in below(&self.files, path).iter().rev() {
            let (file_type, _) = self.files[at];
            self.happen(FileEventKind::Delete, at, file_type, "");
        }
    }

    fn rename(&mut self, from: &str, dir: &str, name: &str) {
        let to = format!("{dir}/{name}");
        let file_type = self.files[from].0;
        let into_itself = dir == from || dir.starts_with(&format!("{from}/"));
        let contains = from.starts_with(&format!("{to}/"));
        if into_itself || contains || to == from || ["/r", "/s"].contains(&from) {
            return;
        }
        let occupant = self.files.get(&to).map(|(occupant, _)| *occupant);
        let may_replace = file_type == FileType::File && occupant == Some(FileType::File);
        if occupant.is_some() && !may_replace {
            self.delete(&to);
        }
        self.happen(FileEventKind::Rename, &to, file_type, from);
    }

    /// One thing, chosen by three numbers.
    fn act(&mut self, what: u8, which: u16, where_to: u16) {
        use FileEventKind::{Create, Metadata, Modify};
        use FileType::{Directory, File};
        let pick = |all: &[String], n: u16| all.get(usize::from(n) % all.len().max(1)).cloned();
        let (files, dirs) = (self.all(File), self.all(Directory));
        let Some(dir) = pick(&dirs, which) else {
            self.happen(Create, "/r", Directory, "");
            return;
        };
        let Some(to) = pick(&dirs, where_to) else { return };
        let file = pick(&files, which);
        let name = ["a", "b", "c", "f0", "f1", "f2"][usize::from(where_to) % 6];
        let path = format!("{dir}/{name}");
        let is_free = !self.files.contains_key(&path) && path.matches('/').count() < 8;
        match (what, file) {
            (0, _) if is_free => self.happen(Create, &path, Directory, ""),
            (1, _) if is_free => self.happen(Create, &path, File, ""),
            (2, Some(file)) => self.happen(Modify, &file, File, ""),
            (3, _) => self.happen(Metadata, &dir, Directory, ""),
            (4, Some(file)) => self.delete(&file),
            (5, _) if dir.len() > 2 || which.is_multiple_of(8) => self.delete(&dir),
            (6 | 7, _) => self.rename(&dir, &to, name),
            (8 | 9, Some(file)) => self.rename(&file, &to, name),
            (10, _) => {
                for n in 0..12 {
                    let path = format!("{dir}/n{n}");
                    if !self.files.contains_key(&path) {
                        self.happen(Create, &path, File, "");
                    }
                }
            }
            (11, _) => {
                for at in below(&self.files, &dir) {
                    self.happen(Modify, &at, self.files[&at].0, "");
                }
            }
            (12, _) => {
                for at in below(&self.files, &dir).iter().filter(|at| parent_of(at) == dir) {
                    self.rename(at, &to, at.rsplit('/').next().unwrap());
                }
            }
            _ => {}
        }
    }
}

/// Whether a summary names the directory that a path lies in.
fn is_named(batch: &FileBatch, path: &str) -> bool {
    batch.summaries().any(|summary| {
        let dir = summary.dir.to_str().unwrap();
        dir == parent_of(path) || summary.recursive && path.starts_with(&format!("{dir}/"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]
    #[test]
    fn what_is_not_listed_lies_in_a_directory_that_a_summary_names(
        before in prop::collection::vec((0_u8..13, any::<u16>(), any::<u16>()), 0..20),
        acts in prop::collection::vec((0_u8..13, any::<u16>(), any::<u16>()), 1..40),
        max in 1_usize..60,
    ) {
        let mut world = World::new();
        before.iter().for_each(|(what, a, b)| world.act(*what, *a, *b));
        world.events.clear();
        let mut copy = world.files.clone();
        acts.iter().for_each(|(what, a, b)| world.act(*what, *a, *b));
        let events: Vec<_> =
            world.events.iter().map(|(kind, file_type, path, from)| (*kind, *file_type, &**path, &**from)).collect();
        let mut batch = batch(&events);
        shorten(&mut batch, max, |path| path == b"/r" || path == b"/s");
        let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
        for event in batch.events() {
            let from = event.from.map_or(String::new(), text);
            apply(&mut copy, event.kind, event.file_type, &text(event.path), &from);
        }
        let paths: BTreeSet<&String> = copy.keys().chain(world.files.keys()).collect();
        for path in paths.into_iter().filter(|path| copy.get(*path) != world.files.get(*path)) {
            prop_assert!(is_named(&batch, path), "{path} is not named: {:#?}\n{events:#?}", shown(&batch));
        }
        let counted: usize = batch.summaries().map(|s| s.created + s.modified + s.deleted + s.renamed).sum();
        prop_assert_eq!(batch.events.len() + counted, events.len());
        let is_short = batch.events.len() + batch.summaries.len() <= max;
        let only_roots = batch.summaries().all(|s| ["/r", "/s"].contains(&text(s.dir).as_str()));
        prop_assert!(is_short || only_roots, "{max}: {:#?}", shown(&batch));
    }
}

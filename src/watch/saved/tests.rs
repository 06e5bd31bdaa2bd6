//! What is saved is read back; whatever else is read is refused, and costs no more than it is long.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::tree::{FileId, FileType, Stat, Tree, flag};
use super::writer::push_number;
use super::{Checksum, Reader, Step, WatchSave, tag};

/// Paths with what is there.
type Walk = BTreeMap<Vec<u8>, (Stat, bool)>;

fn stat(kind: FileType, ino: u64) -> Stat {
    let ctime = i64::try_from(ino).unwrap() - 500;
    Stat {
        ino,
        size: ino * 3,
        mtime: 1_000,
        ctime,
        dev: 5,
        mode: 0o640,
        kind,
        linked: ino.is_multiple_of(7),
    }
}

fn walk(tree: &Tree) -> Walk {
    let mut out = Walk::new();
    let mut queue: Vec<FileId> = tree.children(FileId::ROOT_PARENT).collect();
    while let Some(id) = queue.pop() {
        let node = tree.get(id).unwrap();
        let stat = Stat { linked: node.stat.linked && !node.stat.is_dir(), ..node.stat };
        out.insert(tree.path(id), (stat, node.has(flag::OPAQUE)));
        queue.extend(tree.children(id));
    }
    out
}

fn roots() -> Vec<Vec<u8>> {
    vec![b"/r".to_vec(), b"/s".to_vec()]
}

/// The rest of a saved tree.
fn save(save: &mut WatchSave, tree: &mut Tree, max: usize, out: &mut Vec<u8>) {
    let roots = roots();
    while save.write(tree, 9, roots.iter().map(Vec::as_slice), max, out) {}
}

/// `None`: it is refused.
fn load(bytes: &[u8], entries_max: usize) -> Option<Tree> {
    let bytes: Arc<[u8]> = bytes.into();
    let mut reader = Some(Reader::new(bytes, roots(), entries_max, Tree::new(4)).ok()?);
    loop {
        let (rest, step) = reader.take()?.step(|_| None);
        match step {
            Step::More(cost) => assert!(cost > 0 && cost <= crate::policy::UNIT_COST_MAX),
            Step::Done(loaded) => return Some(loaded.tree),
            Step::Unusable(..) => return None,
        }
        reader = rest;
    }
}

/// Random changes of a tree, a part of which is saved in between.
fn grow(steps: &[(u8, u8, u8)], max: usize) -> (Tree, Vec<u8>) {
    let mut tree = Tree::new(3);
    let mut saving = WatchSave::default();
    let mut out = Vec::new();
    let mut dirs = vec![tree.insert(FileId::ROOT_PARENT, b"/r", stat(FileType::Directory, 1))];
    for (n, (what, first, second)) in steps.iter().enumerate() {
        dirs.retain(|dir| tree.is_alive(*dir));
        let dir = dirs[*first as usize % dirs.len()];
        let name = [b'a' + second % 8];
        let ino = n as u64 + 10;
        match (what % 6, tree.child(dir, &name)) {
            (0 | 1, None) => drop(tree.insert(dir, &name, stat(FileType::File, ino))),
            (2, None) => dirs.push(tree.insert(dir, &name, stat(FileType::Directory, ino))),
            (3, Some(id)) if !tree.has_children(id) => drop(tree.remove(id)),
            (4, Some(id)) => {
                let to = dirs[*second as usize % dirs.len()];
                if !tree.is_in(to, id) && tree.child(to, b"moved").is_none() {
                    tree.relocate(id, to, b"moved");
                }
            }
            (5, _) => {
                let roots = roots();
                saving.write(&mut tree, 9, roots.iter().map(Vec::as_slice), max, &mut out);
            }
            (_, Some(id)) if !tree.has_children(id) => tree.set_flags(id, flag::OPAQUE),
            _ => {}
        }
        if matches!(tree.child(dir, &name), Some(id) if tree.has(id, flag::OPAQUE)) {
            let id = tree.child(dir, &name).unwrap();
            dirs.retain(|dir| *dir != id);
            if !tree.get(id).unwrap().stat.is_dir() {
                tree.clear_flags(id, flag::OPAQUE);
            }
            tree.mark_changed(id);
        }
    }
    // Begun anew where it was whole before the end.
    if !saving.write(&mut tree, 9, roots().iter().map(Vec::as_slice), max, &mut out) {
        (saving, out) = (WatchSave::default(), Vec::new());
    }
    save(&mut saving, &mut tree, max, &mut out);
    (tree, out)
}

/// Bytes with the checksum that they should have.
fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let len = bytes.len().saturating_sub(8);
    bytes.truncate(len);
    let mut checksum = Checksum::new();
    checksum.add(&bytes);
    bytes.extend_from_slice(&checksum.0.to_le_bytes());
    bytes
}

proptest! {
    /// In parts, while it changes: what is read is the tree as it was at the end.
    #[test]
    fn what_is_saved_is_read_back(steps in vec(any::<(u8, u8, u8)>(), 0..200), max in 1..50usize) {
        let (tree, bytes) = grow(&steps, max);
        let loaded = load(&bytes, 1000).expect("what was saved is of use");
        prop_assert_eq!(walk(&loaded), walk(&tree));
        prop_assert!(tree.len() == 0 || load(&bytes, tree.len() - 1).is_none(), "too many entries");
    }

    /// Cut, damaged or spliced, also with the right checksum: refused or read, and never worse.
    #[test]
    fn damage_is_refused(
        steps in vec(any::<(u8, u8, u8)>(), 1..60),
        at in any::<prop::sample::Index>(),
        change in 1..=255u8,
        cut in any::<bool>(),
        with in vec(any::<u8>(), 0..12),
    ) {
        let (_, bytes) = grow(&steps, 1000);
        let mut damaged = bytes.clone();
        let at = at.index(damaged.len());
        if cut {
            damaged.truncate(at);
        } else {
            damaged[at] ^= change;
        }
        prop_assert!(load(&damaged, 1000).is_none());
        drop(load(&seal(damaged.clone()), 1000));
        let at = at.min(damaged.len());
        damaged.splice(at..at, with);
        drop(load(&seal(damaged), 1000));
    }

    #[test]
    fn noise_is_refused(noise in vec(any::<u8>(), 0..300)) {
        prop_assert!(load(&noise, 1000).is_none());
        let headed = [&b"orchtree\x01\x02\x02/r\x02/s"[..], &noise].concat();
        drop(load(&seal(headed), 1000));
    }
}

/// A saved tree of these records, with the right checksum.
fn forged(count: u64, records: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"orchtree\x01\x02\x02/r\x02/s".to_vec();
    records.iter().for_each(|record| bytes.extend_from_slice(record));
    bytes.push(tag::END);
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(&[0; 8]);
    seal(bytes)
}

fn record(bits: u8, slot: u64, parent: u64, name: &[u8]) -> Vec<u8> {
    let mut out = vec![tag::ENTRY, bits];
    push_number(&mut out, slot);
    push_number(&mut out, parent);
    push_number(&mut out, name.len() as u64);
    out.extend_from_slice(name);
    // Inode, device, mode, size; then the times.
    out.extend_from_slice(&[1, 1, 1, 1]);
    out.extend_from_slice(&[0; 9]);
    out
}

#[test]
fn forged_trees_are_refused() {
    let (dir, file) = (2, 1);
    let root = record(dir, 1, 0, b"/r");
    let is_read = |count, records: &[&[u8]]| load(&forged(count, records), 100).is_some();
    assert!(is_read(2, &[&root, &record(file, 2, 1, b"a")]));
    assert!(is_read(2, &[&record(file, 2, 1, b"a"), &root]), "a parent may come later");
    assert!(!is_read(3, &[&root, &record(file, 2, 1, b"a")]), "another number");
    assert!(!is_read(1, &[&record(dir, 1, 0, b"/x")]), "no root of ours");
    assert!(!is_read(2, &[&root, &record(file, 2, 7, b"a")]), "no parent");
    for name in [&b""[..], b".", b"..", b"a/b", b"a\0"] {
        assert!(!is_read(2, &[&root, &record(file, 2, 1, name)]), "{name:?}");
    }
    let twice = [&record(file, 2, 1, b"a")[..], &record(file, 3, 1, b"a")];
    assert!(!is_read(3, &[&root, twice[0], twice[1]]), "a name twice");
    let in_file = [&record(file, 2, 1, b"a")[..], &record(file, 3, 2, b"b")];
    assert!(!is_read(3, &[&root, in_file[0], in_file[1]]), "in a file");
    let circle = [&record(dir, 2, 3, b"a")[..], &record(dir, 3, 2, b"b")];
    assert!(!is_read(3, &[&root, circle[0], circle[1]]), "a circle");
    assert!(!is_read(2, &[&root, &record(dir, 2, 2, b"a")]), "in itself");
    let mut deep = vec![root.clone()];
    deep.extend((2..2000u64).map(|slot| record(dir, slot, slot - 1, b"d")));
    let deep: Vec<&[u8]> = deep.iter().map(Vec::as_slice).collect();
    assert!(load(&forged(1999, &deep), 5000).is_none(), "too deep");
    let shallow = &deep[..900];
    assert!(load(&forged(900, shallow), 5000).is_some());
    // A number of entries that would take all memory.
    assert!(!is_read(u64::MAX, &[&root]));
}

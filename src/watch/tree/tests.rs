//! The tree against plain models.

use std::collections::{BTreeMap, BTreeSet};

use super::{FileId, FileType, Stat, Tree};

fn stat(ino: u64) -> Stat {
    let kind = FileType::File;
    Stat { ino, size: 0, mtime: 0, ctime: 0, dev: 1, mode: 0o644, kind, linked: false }
}

/// All names of a file, from one of them on.
fn ring(tree: &Tree, from: FileId) -> Vec<FileId> {
    let mut ring = vec![from];
    let mut at = from;
    while let Some(next) = tree.next_link(at).filter(|next| *next != from) {
        assert!(ring.len() < 1000, "a ring without an end");
        ring.push(next);
        at = next;
    }
    ring
}

#[test]
fn the_names_of_a_file_are_a_ring() {
    let mut tree = Tree::new(0);
    let dir = Stat { kind: FileType::Directory, ..stat(1) };
    let root = tree.insert(FileId::ROOT_PARENT, b"/r", dir);
    let mut model: BTreeMap<FileId, u64> = BTreeMap::new();
    let mut random = 7u64;
    let mut next = |below: u64| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for step in 0..4000u32 {
        let ino = 10 + next(4);
        let any = model.keys().nth(next(model.len().max(1) as u64) as usize).copied();
        match (next(5), any) {
            (0, Some(id)) => {
                assert!(tree.remove(id).is_some());
                model.remove(&id);
            }
            (1, Some(id)) => {
                tree.update(id, stat(ino));
                model.insert(id, ino);
            }
            (2, Some(id)) => {
                // The same file, changed.
                let ino = model[&id];
                tree.correct(id, Stat { size: 9, ..stat(ino) });
            }
            (3, Some(id)) => tree.relocate(id, root, format!("moved{step}").as_bytes()),
            _ => {
                let id = tree.insert(root, step.to_string().as_bytes(), stat(ino));
                model.insert(id, ino);
            }
        }
        for (id, ino) in &model {
            let names: BTreeSet<FileId> = ring(&tree, *id).into_iter().collect();
            let expected = model.iter().filter(|(_, other)| *other == ino).map(|(id, _)| *id);
            assert_eq!(names, expected.collect(), "step {step}");
            if step % 100 != 0 {
                break;
            }
        }
    }
}

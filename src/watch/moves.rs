//! Renames: which entry is believed to be where now.
//!
//! The kernel reports a rename as two events with the same cookie, in the queues of two directories, other
//! events in between. Here they are joined into "the entry that was published there is now here", and
//! further renames of the same entry move it on, so that a chain is one rename. It is a belief: whoever
//! publishes it looks at both names first.
//!
//! Pure.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Instant;

use super::merge::Evidence;
use super::tree::{FileId, Tree};

/// Directories above an entry that are believed in: twice as many as are looked into.
const LEVELS_MAX: usize = 2048;

/// A name in a directory.
pub(crate) type Place = (FileId, Box<[u8]>);

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Moves {
    /// Entries that have left and not arrived, by cookie. Nothing has left with one of nothing.
    flying: HashMap<u32, Option<FileId>>,
    in_flight: HashSet<FileId>,
    /// What is known of the content of what has left, by cookie; only if there is anything.
    carried: HashMap<u32, Evidence>,
    /// Their cookies, the oldest first.
    left: VecDeque<(Instant, u32)>,
    /// Where entries are now that were published elsewhere.
    places: HashMap<FileId, Place>,
    /// The same by place.
    arrived: HashMap<Place, FileId>,
}

impl Moves {
    /// How many entries are not where they were published.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing moved since everything was published.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where an entry is now, if not where it was published.
    pub(crate) fn place(&self, entry: FileId) -> Option<&Place> {
        self.places.get(&entry)
    }

    /// The entry that has come to this place.
    pub(crate) fn arrival(&self, place: &Place) -> Option<FileId> {
        self.arrived.get(place).copied()
    }

    /// A name has left.
    pub(crate) fn leave(
        &mut self,
        cookie: u32,
        dir: FileId,
        name: &[u8],
        tree: &Tree,
        until: Instant,
    ) {
        let entry = self.arrived.remove(&(dir, name.into())).or_else(|| {
            // What was published here may have moved away before.
            let entry = tree.child(dir, name)?;
            let here = !self.places.contains_key(&entry) && !self.in_flight.contains(&entry);
            here.then_some(entry)
        });
        if let Some(entry) = entry {
            self.places.remove(&entry);
            self.in_flight.insert(entry);
        }
        self.flying.insert(cookie, entry);
        self.left.push_back((until, cookie));
    }

    /// What was noted under the name that has left.
    pub(crate) fn carry(&mut self, cookie: u32, seen: Evidence) {
        if seen.kinds != 0 {
            self.carried.insert(cookie, seen);
        }
    }

    /// What was noted under the name that arrives somewhere else now.
    pub(crate) fn carried(&mut self, cookie: u32) -> Evidence {
        self.carried.remove(&cookie).unwrap_or_default()
    }

    /// A name has arrived: the entry that it is, if it had been published.
    pub(crate) fn arrive(
        &mut self,
        cookie: u32,
        dir: FileId,
        name: &[u8],
        tree: &Tree,
    ) -> Option<FileId> {
        // Whatever had come here before is gone.
        if let Some(overwritten) = self.arrived.remove(&(dir, name.into())) {
            self.places.remove(&overwritten);
        }
        let entry = self.flying.remove(&cookie)??;
        self.in_flight.remove(&entry);
        let node = tree.get(entry)?;
        let home = node.parent == dir && *node.name == *name;
        if !home {
            let place: Place = (dir, name.into());
            self.arrived.insert(place.clone(), entry);
            self.places.insert(entry, place);
        }
        Some(entry)
    }

    /// An entry was found at a place where it was not published.
    pub(crate) fn found(&mut self, entry: FileId, dir: FileId, name: &[u8]) {
        self.forget(entry);
        let place: Place = (dir, name.into());
        if let Some(overwritten) = self.arrived.insert(place.clone(), entry) {
            self.places.remove(&overwritten);
        }
        self.places.insert(entry, place);
    }

    /// Gives up on what left and should have arrived by now.
    pub(crate) fn expire(&mut self, now: Instant) {
        while self.left.front().is_some_and(|(until, _)| *until <= now) {
            let Some((_, cookie)) = self.left.pop_front() else { return };
            self.carried.remove(&cookie);
            if let Some(Some(entry)) = self.flying.remove(&cookie) {
                self.in_flight.remove(&entry);
            }
        }
    }

    /// The entry is where it is published, or nowhere.
    pub(crate) fn forget(&mut self, entry: FileId) {
        if let Some(place) = self.places.remove(&entry) {
            self.arrived.remove(&place);
        }
    }

    /// Events were lost: nothing is believed any more.
    pub(crate) fn clear(&mut self) {
        *self = Moves::default();
    }

    /// Appends the path at which an entry is believed to be.
    pub(crate) fn path_into(&self, tree: &Tree, entry: FileId, path: &mut Vec<u8>) {
        if self.is_empty() {
            tree.path_into(entry, path);
            return;
        }
        let mut names: Vec<&[u8]> = Vec::new();
        let mut at = entry;
        // A belief may be wrong, even a circle.
        for _ in 0..LEVELS_MAX {
            let Some(node) = tree.get(at).filter(|_| at != FileId::ROOT_PARENT) else { break };
            match self.places.get(&at) {
                Some((dir, name)) => {
                    names.push(name);
                    at = *dir;
                }
                None => {
                    names.push(node.name);
                    at = node.parent;
                }
            }
        }
        for name in names.iter().rev() {
            if !path.is_empty() && path.last() != Some(&b'/') {
                path.push(b'/');
            }
            path.extend_from_slice(name);
        }
    }

    /// The name and directory under which an entry is believed to be.
    pub(crate) fn believed(&self, tree: &Tree, entry: FileId) -> Option<Place> {
        self.places
            .get(&entry)
            .cloned()
            .or_else(|| tree.get(entry).map(|node| (node.parent, node.name.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::tree::{FileType, Stat};

    struct World {
        tree: Tree,
        moves: Moves,
        root: FileId,
        now: Instant,
    }

    fn stat(kind: FileType) -> Stat {
        Stat { ino: 1, size: 0, mtime: 0, ctime: 0, dev: 0, mode: 0, kind, linked: false }
    }

    fn world() -> World {
        let mut tree = Tree::new(16);
        let root = tree.insert(FileId::ROOT_PARENT, b"/r", stat(FileType::Directory));
        let now = crate::reactor::Reactor::new().unwrap().now();
        World { tree, moves: Moves::default(), root, now }
    }

    impl World {
        fn file(&mut self, name: &str) -> FileId {
            self.tree.insert(self.root, name.as_bytes(), stat(FileType::File))
        }

        fn rename(&mut self, cookie: u32, from: &str, to: &str) {
            self.moves.leave(cookie, self.root, from.as_bytes(), &self.tree, self.now);
            self.moves.arrive(cookie, self.root, to.as_bytes(), &self.tree);
        }

        fn now_at(&self, entry: FileId) -> String {
            let mut path = Vec::new();
            self.moves.path_into(&self.tree, entry, &mut path);
            String::from_utf8(path).unwrap()
        }
    }

    #[test]
    fn a_chain_is_one_move() {
        let mut w = world();
        let a = w.file("a");
        w.rename(1, "a", "b");
        w.rename(2, "b", "c");
        assert_eq!(w.now_at(a), "/r/c");
        assert_eq!(w.moves.arrival(&(w.root, b"b"[..].into())), None);
        w.rename(3, "c", "a");
        assert!(w.moves.is_empty());
    }

    #[test]
    fn a_swap_by_a_third_name() {
        let mut w = world();
        let (a, b) = (w.file("a"), w.file("b"));
        w.rename(1, "a", "t");
        w.rename(2, "b", "a");
        w.rename(3, "t", "b");
        assert_eq!((w.now_at(a), w.now_at(b)), ("/r/b".into(), "/r/a".into()));
    }

    #[test]
    fn pairs_are_found_at_a_distance_and_lone_ends_are_nobody() {
        let mut w = world();
        let (a, b) = (w.file("a"), w.file("b"));
        w.moves.leave(1, w.root, b"a", &w.tree, w.now);
        w.moves.leave(2, w.root, b"b", &w.tree, w.now);
        assert_eq!(w.moves.arrive(2, w.root, b"y", &w.tree), Some(b));
        assert_eq!(w.moves.arrive(1, w.root, b"x", &w.tree), Some(a));
        assert_eq!(w.moves.arrive(9, w.root, b"z", &w.tree), None);
        // What was never published has no entry, either.
        w.moves.leave(3, w.root, b"new", &w.tree, w.now);
        assert_eq!(w.moves.arrive(3, w.root, b"a", &w.tree), None);
        assert_eq!(w.now_at(a), "/r/x");
    }

    #[test]
    fn an_arrival_over_another_one() {
        let mut w = world();
        let (a, b) = (w.file("a"), w.file("b"));
        w.rename(1, "a", "x");
        w.rename(2, "b", "x");
        assert_eq!(w.moves.place(a), None);
        assert_eq!(w.now_at(b), "/r/x");
    }

    #[test]
    fn a_departure_expires() {
        let mut w = world();
        w.file("a");
        w.moves.leave(1, w.root, b"a", &w.tree, w.now);
        w.moves.expire(w.now);
        assert_eq!(w.moves.arrive(1, w.root, b"b", &w.tree), None);
    }
}

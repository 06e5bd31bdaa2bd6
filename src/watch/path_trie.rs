//! The places that the paths of the roots lead through: a trie of names, from the root of the file system
//! down, as the kernel resolves them. A symbolic link is a place of its own, and what it leads to another one.
//!
//! Each root *uses* the place at which its path ends, each symbolic link on the way, and each directory that the
//! way leaves again by `..`. So the roots that a change of one place concerns are those that use it or a place
//! below it. [`PathTrie::invalidate`] starts the search for them, which is a cursor: a place can have very many others
//! below it.
//!
//! Pure: what is at a place is found out in `root_paths.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// Number of a place; never used again.
pub(super) type PathNodeId = u64;
/// Number of a root, in the order of the options.
pub(super) type RootId = u32;

/// The root of the file system.
pub(super) const TOP: PathNodeId = 0;

/// What is known of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It has to be looked at.
    Unknown,
    Directory,
    /// Something that no path leads through.
    Other,
    /// A symbolic link with this target.
    Link(Box<[u8]>),
    /// Nothing is there.
    Nothing,
}

/// How a change of a place is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// It is not, so it has to be looked at again.
    None,
    /// Its own inode is watched.
    Own,
    /// The directory that it is in is watched for its name.
    Name,
}

/// A name in a directory.
pub(super) struct PathNode {
    pub(super) parent: PathNodeId,
    name: Box<[u8]>,
    below: BTreeMap<Box<[u8]>, PathNodeId>,
    pub(super) what: What,
    pub(super) notice: Notice,
    /// The descriptor of its inode, 0 for none.
    pub(super) wd: i32,
    /// How many names in it are watched for.
    pub(super) names: u32,
    /// Roots that use it.
    users: u32,
}

/// A place whose users, and those of the places below it, are being searched for.
struct Invalidated {
    place: PathNodeId,
    user: Option<RootId>,
    name: Option<Box<[u8]>>,
}

/// See the module's documentation.
pub(super) struct PathTrie {
    /// Ordered, so that it grows and is freed evenly.
    nodes: BTreeMap<PathNodeId, PathNode>,
    next: PathNodeId,
    users: BTreeSet<(PathNodeId, RootId)>,
    /// Two places may be one inode: a bind mount.
    by_descriptor: BTreeSet<(i32, PathNodeId)>,
    invalidated: Vec<Invalidated>,
}

impl PathTrie {
    pub(super) fn new() -> Self {
        let top = PathNode::new(TOP, Box::default(), What::Directory);
        PathTrie {
            nodes: BTreeMap::from([(TOP, top)]),
            next: TOP + 1,
            users: BTreeSet::new(),
            by_descriptor: BTreeSet::new(),
            invalidated: Vec::new(),
        }
    }

    pub(super) fn get(&self, id: PathNodeId) -> Option<&PathNode> {
        self.nodes.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: PathNodeId) -> Option<&mut PathNode> {
        self.nodes.get_mut(&id)
    }

    pub(super) fn child(&self, dir: PathNodeId, name: &[u8]) -> Option<PathNodeId> {
        self.get(dir)?.below.get(name).copied()
    }

    /// The place of a name, which is made if it is new.
    pub(super) fn enter(&mut self, dir: PathNodeId, name: &[u8]) -> PathNodeId {
        if let Some(id) = self.child(dir, name) {
            return id;
        }
        let id = self.next;
        self.next += 1;
        self.nodes.insert(id, PathNode::new(dir, name.into(), What::Unknown));
        if let Some(dir) = self.get_mut(dir) {
            dir.below.insert(name.into(), id);
        }
        id
    }

    /// The path of a place.
    pub(super) fn path(&self, id: PathNodeId) -> Vec<u8> {
        let mut names = Vec::new();
        let mut at = id;
        while let Some(place) = self.get(at).filter(|_| at != TOP) {
            names.push(&*place.name);
            at = place.parent;
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() { b"/".to_vec() } else { path }
    }

    // Users.

    /// Notes that the path of a root leads here. Whether that is new.
    pub(super) fn add_user(&mut self, id: PathNodeId, root: RootId) -> bool {
        let is_new = self.users.insert((id, root));
        if is_new && let Some(place) = self.get_mut(id) {
            place.users += 1;
        }
        is_new
    }

    /// The path of a root does not lead here any more.
    pub(super) fn remove_user(&mut self, id: PathNodeId, root: RootId) {
        if self.users.remove(&(id, root))
            && let Some(place) = self.get_mut(id)
        {
            place.users -= 1;
        }
    }

    /// The roots that use a place.
    pub(super) fn users(&self, id: PathNodeId) -> impl Iterator<Item = RootId> + '_ {
        self.users.range((id, 0)..=(id, RootId::MAX)).map(|(_, root)| *root)
    }

    /// Whether a place can go: no root uses it or one below it.
    pub(super) fn is_unused(&self, id: PathNodeId) -> bool {
        let unused = |place: &PathNode| place.users == 0 && place.below.is_empty();
        id != TOP && self.get(id).is_some_and(unused)
    }

    /// Takes a place out that is unused and has no descriptor; the directory that it was in.
    pub(super) fn remove(&mut self, id: PathNodeId) -> Option<PathNodeId> {
        let place = self.nodes.remove(&id)?;
        if let Some(dir) = self.get_mut(place.parent) {
            dir.below.remove(&place.name);
        }
        self.invalidated.retain(|invalidated| invalidated.place != id);
        Some(place.parent)
    }

    // Descriptors.

    /// Sets the descriptor of a place; the one that no place has any more, or 0.
    pub(super) fn set_descriptor(&mut self, id: PathNodeId, wd: i32) -> i32 {
        let Some(place) = self.get_mut(id) else { return 0 };
        let old = std::mem::replace(&mut place.wd, wd);
        if old == wd {
            return 0;
        }
        self.by_descriptor.remove(&(old, id));
        if wd != 0 {
            self.by_descriptor.insert((wd, id));
        }
        if self.places_of(old).is_empty() { old } else { 0 }
    }

    /// The places that are the inode of a descriptor.
    pub(super) fn places_of(&self, wd: i32) -> Vec<PathNodeId> {
        let range = (wd, 0)..=(wd, PathNodeId::MAX);
        self.by_descriptor.range(range).map(|(_, place)| *place).filter(|_| wd != 0).collect()
    }

    /// All descriptors, some of them more than once.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = i32> + '_ {
        self.by_descriptor.iter().map(|(wd, _)| *wd)
    }

    // Invalidation.

    /// What is at a place may be something else now, and so may everything below it.
    pub(super) fn invalidate(&mut self, place: PathNodeId) {
        if self.get(place).is_some() {
            self.invalidated.push(Invalidated { place, user: None, name: None });
        }
    }

    pub(super) fn has_invalidated(&self) -> bool {
        !self.invalidated.is_empty()
    }

    /// Goes on with the search for the roots that invalid places concern; one of them, if this step has found one.
    pub(super) fn step_invalidated(&mut self) -> Option<RootId> {
        let invalidated = self.invalidated.last_mut()?;
        let id = invalidated.place;
        let place = self.nodes.get_mut(&id)?;
        if invalidated.user.is_none() && invalidated.name.is_none() && id != TOP {
            place.what = What::Unknown;
        }
        let from =
            invalidated.user.map_or(Bound::Included((id, 0)), |user| Bound::Excluded((id, user)));
        let users = self.users.range((from, Bound::Included((id, RootId::MAX)))).next();
        if let Some((_, user)) = users {
            invalidated.user = Some(*user);
            return Some(*user);
        }
        let from = invalidated.name.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        match place.below.range::<[u8], _>((from, Bound::Unbounded)).next() {
            Some((name, below)) => {
                let next = Invalidated { place: *below, user: None, name: None };
                invalidated.name = Some(name.clone());
                self.invalidated.push(next);
            }
            None => drop(self.invalidated.pop()),
        }
        None
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Frees a place of a watch that is gone. False: there is none left.
    pub(super) fn shed(&mut self) -> bool {
        self.users.pop_first();
        self.by_descriptor.pop_first();
        self.nodes.pop_first().is_some()
    }
}

impl PathNode {
    fn new(parent: PathNodeId, name: Box<[u8]>, what: What) -> Self {
        PathNode {
            parent,
            name,
            below: BTreeMap::new(),
            what,
            notice: Notice::None,
            wd: 0,
            names: 0,
            users: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(trie: &mut PathTrie, path: &str) -> PathNodeId {
        path.split('/').filter(|name| !name.is_empty()).fold(TOP, |at, name| {
            let id = trie.enter(at, name.as_bytes());
            if let Some(place) = trie.get_mut(id) {
                place.what = What::Directory;
            }
            id
        })
    }

    fn invalidate(trie: &mut PathTrie, path: &str) -> Vec<RootId> {
        let id = enter(trie, path);
        trie.invalidate(id);
        let mut found = Vec::new();
        while trie.has_invalidated() {
            found.extend(trie.step_invalidated());
        }
        found
    }

    #[test]
    fn an_invalid_place_concerns_who_uses_it_or_one_below() {
        let mut trie = PathTrie::new();
        for (root, path) in ["/a/b/c", "/a/b/d", "/a/x", "/e"].iter().enumerate() {
            let id = enter(&mut trie, path);
            assert!(trie.add_user(id, root as RootId) && !trie.add_user(id, root as RootId));
        }
        // The path of another one leads through a link.
        let link = enter(&mut trie, "/a/b");
        trie.add_user(link, 9);
        assert_eq!(invalidate(&mut trie, "/a/b"), [9, 0, 1]);
        assert_eq!(invalidate(&mut trie, "/a/b/c"), [0]);
        assert_eq!(invalidate(&mut trie, "/"), [9, 0, 1, 2, 3]);
        let c = enter(&mut trie, "/a/b/c");
        trie.invalidate(link);
        while trie.has_invalidated() {
            trie.step_invalidated();
        }
        assert_eq!(trie.get(c).map(|place| place.what.clone()), Some(What::Unknown));
        assert_eq!(trie.path(c), b"/a/b/c");
    }

    #[test]
    fn places_go_when_nobody_uses_them() {
        let mut trie = PathTrie::new();
        let deep = enter(&mut trie, "/a/b");
        trie.add_user(deep, 1);
        assert!(!trie.is_unused(deep));
        trie.remove_user(deep, 1);
        assert!(trie.is_unused(deep));
        let above = trie.remove(deep).unwrap();
        assert!(trie.is_unused(above) && trie.remove(above) == Some(TOP));
        assert!(!trie.is_unused(TOP) && trie.len() == 1);
    }

    #[test]
    fn two_places_may_be_one_inode() {
        let mut trie = PathTrie::new();
        let (a, b) = (enter(&mut trie, "/a"), enter(&mut trie, "/b"));
        assert_eq!((trie.set_descriptor(a, 7), trie.set_descriptor(b, 7)), (0, 0));
        assert_eq!(trie.places_of(7), [a, b]);
        assert_eq!(trie.set_descriptor(a, 0), 0);
        assert_eq!(trie.set_descriptor(b, 8), 7);
    }
}

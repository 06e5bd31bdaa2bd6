//! The places that the paths of the roots lead through: a trie of names, from the root of the file system
//! down, as the kernel resolves them. A symbolic link is a place of its own, and what it leads to another one.
//!
//! Each root *uses* the place at which its path ends, each symbolic link on the way, and each directory that the
//! way leaves again by `..`. So the roots that a change of one place concerns are those that use it or a place
//! below it. [`Places::doubt`] starts the search for them, which is a cursor: a place can have very many others
//! below it.
//!
//! Pure: what is at a place is found out in `ways.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// Number of a place; never used again.
pub(super) type PlaceId = u64;
/// Number of a root, in the order of the options.
pub(super) type RootId = u32;

/// The root of the file system.
pub(super) const TOP: PlaceId = 0;

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
pub(super) struct Place {
    pub(super) parent: PlaceId,
    name: Box<[u8]>,
    below: BTreeMap<Box<[u8]>, PlaceId>,
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
struct Doubted {
    place: PlaceId,
    user: Option<RootId>,
    name: Option<Box<[u8]>>,
}

/// See the module's documentation.
pub(super) struct Places {
    /// Ordered, so that it grows and is freed evenly.
    places: BTreeMap<PlaceId, Place>,
    next: PlaceId,
    users: BTreeSet<(PlaceId, RootId)>,
    /// Two places may be one inode: a bind mount.
    by_descriptor: BTreeSet<(i32, PlaceId)>,
    doubted: Vec<Doubted>,
}

impl Places {
    pub(super) fn new() -> Self {
        let top = Place::new(TOP, Box::default(), What::Directory);
        Places {
            places: BTreeMap::from([(TOP, top)]),
            next: TOP + 1,
            users: BTreeSet::new(),
            by_descriptor: BTreeSet::new(),
            doubted: Vec::new(),
        }
    }

    pub(super) fn get(&self, id: PlaceId) -> Option<&Place> {
        self.places.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: PlaceId) -> Option<&mut Place> {
        self.places.get_mut(&id)
    }

    pub(super) fn child(&self, dir: PlaceId, name: &[u8]) -> Option<PlaceId> {
        self.get(dir)?.below.get(name).copied()
    }

    /// The place of a name, which is made if it is new.
    pub(super) fn enter(&mut self, dir: PlaceId, name: &[u8]) -> PlaceId {
        if let Some(id) = self.child(dir, name) {
            return id;
        }
        let id = self.next;
        self.next += 1;
        self.places.insert(id, Place::new(dir, name.into(), What::Unknown));
        if let Some(dir) = self.get_mut(dir) {
            dir.below.insert(name.into(), id);
        }
        id
    }

    /// The path of a place.
    pub(super) fn path(&self, id: PlaceId) -> Vec<u8> {
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
    pub(super) fn add_user(&mut self, id: PlaceId, root: RootId) -> bool {
        let is_new = self.users.insert((id, root));
        if is_new && let Some(place) = self.get_mut(id) {
            place.users += 1;
        }
        is_new
    }

    /// The path of a root does not lead here any more.
    pub(super) fn remove_user(&mut self, id: PlaceId, root: RootId) {
        if self.users.remove(&(id, root))
            && let Some(place) = self.get_mut(id)
        {
            place.users -= 1;
        }
    }

    /// The roots that use a place.
    pub(super) fn users(&self, id: PlaceId) -> impl Iterator<Item = RootId> + '_ {
        self.users.range((id, 0)..=(id, RootId::MAX)).map(|(_, root)| *root)
    }

    /// Whether a place can go: no root uses it or one below it.
    pub(super) fn is_unused(&self, id: PlaceId) -> bool {
        let unused = |place: &Place| place.users == 0 && place.below.is_empty();
        id != TOP && self.get(id).is_some_and(unused)
    }

    /// Takes a place out that is unused and has no descriptor; the directory that it was in.
    pub(super) fn remove(&mut self, id: PlaceId) -> Option<PlaceId> {
        let place = self.places.remove(&id)?;
        if let Some(dir) = self.get_mut(place.parent) {
            dir.below.remove(&place.name);
        }
        self.doubted.retain(|doubted| doubted.place != id);
        Some(place.parent)
    }

    // Descriptors.

    /// Sets the descriptor of a place; the one that no place has any more, or 0.
    pub(super) fn set_descriptor(&mut self, id: PlaceId, wd: i32) -> i32 {
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
    pub(super) fn places_of(&self, wd: i32) -> Vec<PlaceId> {
        let range = (wd, 0)..=(wd, PlaceId::MAX);
        self.by_descriptor.range(range).map(|(_, place)| *place).filter(|_| wd != 0).collect()
    }

    /// All descriptors, some of them more than once.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = i32> + '_ {
        self.by_descriptor.iter().map(|(wd, _)| *wd)
    }

    // Doubts.

    /// What is at a place may be something else now, and so may everything below it.
    pub(super) fn doubt(&mut self, place: PlaceId) {
        if self.get(place).is_some() {
            self.doubted.push(Doubted { place, user: None, name: None });
        }
    }

    pub(super) fn has_doubts(&self) -> bool {
        !self.doubted.is_empty()
    }

    /// Goes on with the search for the roots that doubts concern; one of them, if this step has found one.
    pub(super) fn step_doubt(&mut self) -> Option<RootId> {
        let doubted = self.doubted.last_mut()?;
        let id = doubted.place;
        let place = self.places.get_mut(&id)?;
        if doubted.user.is_none() && doubted.name.is_none() && id != TOP {
            place.what = What::Unknown;
        }
        let from =
            doubted.user.map_or(Bound::Included((id, 0)), |user| Bound::Excluded((id, user)));
        let users = self.users.range((from, Bound::Included((id, RootId::MAX)))).next();
        if let Some((_, user)) = users {
            doubted.user = Some(*user);
            return Some(*user);
        }
        let from = doubted.name.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        match place.below.range::<[u8], _>((from, Bound::Unbounded)).next() {
            Some((name, below)) => {
                let next = Doubted { place: *below, user: None, name: None };
                doubted.name = Some(name.clone());
                self.doubted.push(next);
            }
            None => drop(self.doubted.pop()),
        }
        None
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Frees a place of a watch that is gone. False: there is none left.
    pub(super) fn shed(&mut self) -> bool {
        self.users.pop_first();
        self.by_descriptor.pop_first();
        self.places.pop_first().is_some()
    }
}

impl Place {
    fn new(parent: PlaceId, name: Box<[u8]>, what: What) -> Self {
        Place {
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

    fn enter(places: &mut Places, path: &str) -> PlaceId {
        path.split('/').filter(|name| !name.is_empty()).fold(TOP, |at, name| {
            let id = places.enter(at, name.as_bytes());
            if let Some(place) = places.get_mut(id) {
                place.what = What::Directory;
            }
            id
        })
    }

    fn doubt(places: &mut Places, path: &str) -> Vec<RootId> {
        let id = enter(places, path);
        places.doubt(id);
        let mut found = Vec::new();
        while places.has_doubts() {
            found.extend(places.step_doubt());
        }
        found
    }

    #[test]
    fn a_doubt_concerns_who_uses_a_place_or_one_below() {
        let mut places = Places::new();
        for (root, path) in ["/a/b/c", "/a/b/d", "/a/x", "/e"].iter().enumerate() {
            let id = enter(&mut places, path);
            assert!(places.add_user(id, root as RootId) && !places.add_user(id, root as RootId));
        }
        // The path of another one leads through a link.
        let link = enter(&mut places, "/a/b");
        places.add_user(link, 9);
        assert_eq!(doubt(&mut places, "/a/b"), [9, 0, 1]);
        assert_eq!(doubt(&mut places, "/a/b/c"), [0]);
        assert_eq!(doubt(&mut places, "/"), [9, 0, 1, 2, 3]);
        let c = enter(&mut places, "/a/b/c");
        places.doubt(link);
        while places.has_doubts() {
            places.step_doubt();
        }
        assert_eq!(places.get(c).map(|place| place.what.clone()), Some(What::Unknown));
        assert_eq!(places.path(c), b"/a/b/c");
    }

    #[test]
    fn places_go_when_nobody_uses_them() {
        let mut places = Places::new();
        let deep = enter(&mut places, "/a/b");
        places.add_user(deep, 1);
        assert!(!places.is_unused(deep));
        places.remove_user(deep, 1);
        assert!(places.is_unused(deep));
        let above = places.remove(deep).unwrap();
        assert!(places.is_unused(above) && places.remove(above) == Some(TOP));
        assert!(!places.is_unused(TOP) && places.len() == 1);
    }

    #[test]
    fn two_places_may_be_one_inode() {
        let mut places = Places::new();
        let (a, b) = (enter(&mut places, "/a"), enter(&mut places, "/b"));
        assert_eq!((places.set_descriptor(a, 7), places.set_descriptor(b, 7)), (0, 0));
        assert_eq!(places.places_of(7), [a, b]);
        assert_eq!(places.set_descriptor(a, 0), 0);
        assert_eq!(places.set_descriptor(b, 8), 7);
    }
}

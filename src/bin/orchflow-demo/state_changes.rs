//! The difference between a copy of a server's state and its previous version.
//!
//! Entries carry the version of their last change, so new and changed entries have a version above
//! the previous one. Known keys that are missing have been removed. Both need a walk over the whole
//! copy.

use std::collections::BTreeMap;

use orchflow::{Collection, FileKey, Replica, StateEntry, StateKey, StateVersion, StateView};

/// The maximum depth of a file; a deeper one would be a cycle.
const DEPTH_MAX: usize = 1024;

/// The previous version, the known keys, and the directory and name of each file.
#[derive(Default)]
pub(crate) struct Seen {
    version: Option<StateVersion>,
    keys: BTreeMap<StateKey, Option<Place>>,
}

/// The sort key of entries.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Other(StateKey),
    /// The watch and the path.
    File(u64, Vec<u8>),
}

struct Place {
    parent: u64,
    name: Box<[u8]>,
}

/// The kind of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    New,
    Changed,
    /// A file with another name or directory; its previous path.
    Renamed(Vec<u8>),
}

/// The differences. With `full` they replace everything before. Sorted by key, files last and by
/// path.
pub(crate) struct Changes<'a> {
    pub(crate) version: StateVersion,
    pub(crate) full: bool,
    /// Files with their previous path.
    pub(crate) removed: Vec<(StateKey, Vec<u8>)>,
    pub(crate) entries: Vec<(StateEntry<'a>, Difference)>,
}

impl Seen {
    /// Compares with the copy. `full`: the copy was replaced as a whole.
    pub(crate) fn look<'a>(&mut self, replica: &'a Replica, full: bool) -> Changes<'a> {
        let version = replica.version().unwrap_or_default();
        let full = full || self.version.is_none_or(|seen| seen.epoch != version.epoch);
        let after = if full { 0 } else { self.version.map_or(0, |seen| seen.n) };
        if full {
            self.keys.clear();
        }
        let mut entries: Vec<_> = entries(replica)
            .filter(|entry| full || entry.version() > after)
            .map(|entry| (entry, self.difference(&entry)))
            .collect();
        entries.sort_by_cached_key(|(entry, _)| match entry {
            StateEntry::File(key, ..) => Order::File(key.watch, path(replica, *key)),
            _ => Order::Other(entry.key().to_key()),
        });
        let fresh = entries.iter().filter(|(_, how)| *how == Difference::New).count();
        let count: usize = Collection::EACH.iter().map(|each| replica.count(*each)).sum();
        let removed =
            if self.keys.len() + fresh > count { self.forget(replica) } else { Vec::new() };
        for (entry, _) in &entries {
            let place = match entry {
                StateEntry::File(_, file, _) => {
                    Some(Place { parent: file.parent, name: file.name.clone() })
                }
                _ => None,
            };
            self.keys.insert(entry.key().to_key(), place);
        }
        self.version = Some(version);
        Changes { version, full, removed, entries }
    }

    /// Removes keys that are gone.
    fn forget(&mut self, replica: &StateView) -> Vec<(StateKey, Vec<u8>)> {
        let gone = self.keys.keys().filter(|key| replica.entry(key.as_ref()).is_none());
        let mut gone: Vec<_> = gone.map(|key| (key.clone(), self.old_path(key))).collect();
        gone.iter().for_each(|(key, _)| drop(self.keys.remove(key)));
        gone.sort_by_cached_key(|(key, path)| match key {
            StateKey::File(key) => Order::File(key.watch, path.clone()),
            _ => Order::Other(key.clone()),
        });
        gone
    }

    fn difference(&self, entry: &StateEntry<'_>) -> Difference {
        let key = entry.key().to_key();
        match (self.keys.get(&key), entry) {
            (None, _) => Difference::New,
            (Some(Some(place)), StateEntry::File(_, file, _))
                if (place.parent, &*place.name) != (file.parent, &*file.name) =>
            {
                Difference::Renamed(self.old_path(&key))
            }
            _ => Difference::Changed,
        }
    }

    fn old_path(&self, key: &StateKey) -> Vec<u8> {
        let StateKey::File(key) = key else { return Vec::new() };
        path_by(*key, |key| {
            let place = self.keys.get(&StateKey::File(key))?.as_ref()?;
            Some((place.parent, &*place.name))
        })
    }
}

fn entries(view: &StateView) -> impl Iterator<Item = StateEntry<'_>> {
    let sessions = view.sessions().map(|(id, value, n)| StateEntry::Session(id, value, n));
    let panes = view.panes().map(|(id, value, n)| StateEntry::Pane(id, value, n));
    let terminals = view.terminals().map(|(id, value, n)| StateEntry::Terminal(id, value, n));
    let files = view.files().map(|(key, value, n)| StateEntry::File(key, value, n));
    sessions.chain(panes).chain(terminals).chain(files)
}

/// The path of a file in the state.
pub(crate) fn path(view: &StateView, key: FileKey) -> Vec<u8> {
    path_by(key, |key| view.file(key).map(|(file, _)| (file.parent, &*file.name)))
}

/// Builds a path from directories and names.
fn path_by<'a>(key: FileKey, place: impl Fn(FileKey) -> Option<(u64, &'a [u8])>) -> Vec<u8> {
    let mut names = Vec::new();
    let mut id = key.id;
    while names.len() < DEPTH_MAX
        && let Some((parent, name)) = place(FileKey { id, ..key })
    {
        names.push(name);
        id = parent;
    }
    names.reverse();
    names.join(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchflow::{FileKind, OwnedStateEntry, StateFile, StateKeyRef, StateTerminal};

    fn terminal(id: u64, n: u64) -> OwnedStateEntry {
        OwnedStateEntry::Terminal(id, StateTerminal::default(), n)
    }

    fn file(id: u64, parent: u64, name: &str, n: u64) -> OwnedStateEntry {
        let metadata = StateFile {
            parent,
            name: name.as_bytes().into(),
            kind: FileKind::File,
            size: 0,
            modified_us: 0,
            mode: 0,
            ignored: false,
        };
        OwnedStateEntry::File(FileKey { watch: 1, id }, metadata, n)
    }

    fn version(epoch: u64, n: u64) -> StateVersion {
        StateVersion { epoch, n }
    }

    /// The changes as text: `*` all anew, `-` gone, `+` new, `~` changed, `>` renamed.
    fn look(seen: &mut Seen, replica: &Replica, full: bool) -> String {
        let changes = seen.look(replica, full);
        let mut out = String::from(if changes.full { "*" } else { "" });
        for (key, path) in &changes.removed {
            out.push_str(&match key {
                StateKey::Terminal(id) => format!(" -{id}"),
                _ => format!(" -{}", String::from_utf8_lossy(path)),
            });
        }
        for (entry, how) in &changes.entries {
            let sign = match how {
                Difference::New => "+".to_owned(),
                Difference::Changed => "~".to_owned(),
                Difference::Renamed(from) => format!("{}>", String::from_utf8_lossy(from)),
            };
            out.push_str(&match entry {
                StateEntry::Terminal(id, ..) => format!(" {sign}{id}"),
                StateEntry::File(key, ..) => {
                    format!(" {sign}{}", String::from_utf8_lossy(&path(replica, *key)))
                }
                _ => String::new(),
            });
        }
        out
    }

    #[test]
    fn what_is_different() {
        let (mut seen, mut replica) = (Seen::default(), Replica::new(1 << 20));
        for entry in [terminal(7, 1), terminal(8, 2), file(1, 0, "/r", 3), file(2, 1, "d", 3)] {
            replica.set(entry).unwrap();
        }
        replica.set(file(3, 2, "f", 3)).unwrap();
        replica.finish(version(1, 3));
        assert_eq!(look(&mut seen, &replica, true), "* +7 +8 +/r +/r/d +/r/d/f");
        assert_eq!(look(&mut seen, &replica, false), "");
        // One goes, one comes, one changes: the count alone would not tell.
        replica.removed(StateKeyRef::Terminal(7));
        replica.set(terminal(9, 4)).unwrap();
        replica.set(terminal(8, 4)).unwrap();
        replica.finish(version(1, 4));
        assert_eq!(look(&mut seen, &replica, false), " -7 ~8 +9");
        // A directory is called otherwise, then goes with what is in it.
        replica.set(file(2, 1, "e", 5)).unwrap();
        replica.finish(version(1, 5));
        assert_eq!(look(&mut seen, &replica, false), " /r/d>/r/e");
        for id in [2, 3] {
            replica.removed(StateKeyRef::File(FileKey { watch: 1, id }));
        }
        replica.finish(version(1, 6));
        assert_eq!(look(&mut seen, &replica, false), " -/r/e -/r/e/f");
        // Files are in the order of their paths, whatever their numbers. One is changed and moved.
        for (id, name) in [(9, "a"), (8, "c"), (7, "b")] {
            replica.set(file(id, 1, name, 7)).unwrap();
        }
        replica.finish(version(1, 7));
        assert_eq!(look(&mut seen, &replica, false), " +/r/a +/r/b +/r/c");
        replica.set(file(10, 1, "d", 8)).unwrap();
        replica.set(file(9, 10, "z", 8)).unwrap();
        replica.set(file(8, 1, "c", 8)).unwrap();
        replica.finish(version(1, 8));
        assert_eq!(look(&mut seen, &replica, false), " ~/r/c +/r/d /r/a>/r/d/z");
        for id in [7, 8, 9] {
            replica.removed(StateKeyRef::File(FileKey { watch: 1, id }));
        }
        replica.finish(version(1, 9));
        assert_eq!(look(&mut seen, &replica, false), " -/r/b -/r/c -/r/d/z");
        // Another engine.
        replica.begin(true);
        replica.set(terminal(7, 1)).unwrap();
        replica.finish(version(2, 1));
        assert_eq!(look(&mut seen, &replica, false), "* +7");
    }
}

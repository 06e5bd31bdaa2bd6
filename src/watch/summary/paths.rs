//! Notes about paths that follow when directories are renamed or deleted.
//!
//! A rename changes the paths of everything below it, which may be thousands. So it is only noted, and one
//! path is changed with each call of [`PathMap::apply_next`]; nothing is asked for before all are.
//!
//! Pure.

use std::collections::BTreeMap;

/// The directory that a path lies in; `/` lies in itself.
pub(super) fn parent(path: &[u8]) -> Option<&[u8]> {
    let at = path.iter().rposition(|byte| *byte == b'/')?;
    path.get(..at.max(1))
}

/// The directories above a path, the nearest first.
pub(super) fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(path), |at| parent(at).filter(|dir| dir.len() < at.len())).skip(1)
}

/// A change that is not carried out everywhere yet.
enum Change<V> {
    /// What is known of a path and of what is below it is not true any more.
    Drop(Vec<u8>),
    /// What is known of the first path and of what is below it belongs to the second one.
    Move(Vec<u8>, Vec<u8>),
    Set(Vec<u8>, V),
}

/// See the module's documentation.
pub(super) struct PathMap<V> {
    entries: BTreeMap<Vec<u8>, V>,
    changes: Vec<Change<V>>,
}

impl<V> PathMap<V> {
    pub(super) fn new() -> Self {
        PathMap { entries: BTreeMap::new(), changes: Vec::new() }
    }

    pub(super) fn set(&mut self, path: Vec<u8>, value: V) {
        self.entries.insert(path, value);
    }

    /// The entry of a path, or of the nearest directory above it that has one.
    pub(super) fn nearest(&self, path: &[u8]) -> Option<(&[u8], &V)> {
        if self.entries.is_empty() {
            return None;
        }
        let mut candidates = std::iter::once(path).chain(above(path));
        candidates.find_map(|at| self.entries.get_key_value(at)).map(|(at, value)| (&**at, value))
    }

    /// Forgets a path and what is below it.
    pub(super) fn drop_at(&mut self, path: &[u8]) {
        if !self.entries.is_empty() {
            self.changes.push(Change::Drop(path.to_vec()));
        }
    }

    /// Moves a path with what is below it to another one, where nothing is left of what was there.
    pub(super) fn move_to(&mut self, from: &[u8], to: &[u8]) {
        if !self.entries.is_empty() {
            self.changes.push(Change::Move(from.to_vec(), to.to_vec()));
            self.drop_at(to);
        }
    }

    /// Sets an entry when the changes before are carried out.
    pub(super) fn set_after(&mut self, path: Vec<u8>, value: V) {
        self.changes.insert(0, Change::Set(path, value));
    }

    /// Changes one path. False: there was none to be changed.
    pub(super) fn apply_next(&mut self) -> bool {
        let Some(change) = self.changes.pop() else { return false };
        let path = match &change {
            Change::Drop(path) | Change::Move(path, _) => path,
            Change::Set(..) => {
                if let Change::Set(path, value) = change {
                    self.entries.insert(path, value);
                }
                return true;
            }
        };
        let Some((key, value)) = self.take_first(path) else { return true };
        if let Change::Move(from, to) = &change {
            let rest = key.get(from.len()..).unwrap_or_default();
            self.entries.insert([to, rest].concat(), value);
        }
        self.changes.push(change);
        true
    }

    /// Takes out the entry of a path, or the first one below it.
    fn take_first(&mut self, path: &[u8]) -> Option<(Vec<u8>, V)> {
        if let Some(entry) = self.entries.remove_entry(path) {
            return Some(entry);
        }
        let start = [path, b"/"].concat();
        let key = self.entries.range(start.clone()..).next().map(|(key, _)| key.clone())?;
        key.starts_with(&start).then(|| self.entries.remove_entry(&key)).flatten()
    }

    /// Frees one entry. False: there was none.
    pub(super) fn free(&mut self) -> bool {
        self.entries.pop_first().is_some()
    }
}

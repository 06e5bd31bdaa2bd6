//! The store against a naive one: plain maps, cloned to try a change set out, compared as a whole.

mod histories;
mod reading;
mod writing;

use std::collections::BTreeMap;

use super::rules;
use super::{
    ApplicationState, Change, ChangeOp, ChangeSet, Collections, FileKey, FileKind, Key, OwnedEntry,
    Pane, PaneContent, Session, StateFile, StateTerminal, StateView,
};
use crate::limits::Limits;

pub(super) fn session(name: &str, panes: &[&str]) -> Session {
    let panes = panes.iter().map(|pane| (*pane).into()).collect();
    Session { name: name.into(), panes, ..Session::default() }
}

pub(super) fn pane(session: &str, content: PaneContent) -> Pane {
    Pane { session: session.into(), content, ..Pane::default() }
}

pub(super) fn put_session(id: &str, panes: &[&str]) -> Change {
    Change::PutSession { id: id.into(), session: session(id, panes) }
}

pub(super) fn put_pane(id: &str, session: &str) -> Change {
    Change::PutPane { id: id.into(), pane: pane(session, PaneContent::Empty) }
}

pub(super) fn remove_session(id: &str) -> Change {
    Change::RemoveSession { id: id.into() }
}

pub(super) fn remove_pane(id: &str) -> Change {
    Change::RemovePane { id: id.into() }
}

/// A set in which the last writer wins.
pub(super) fn set(changes: impl IntoIterator<Item = Change>) -> ChangeSet {
    let ops = changes.into_iter().map(|change| ChangeOp { change, base: None }).collect();
    ChangeSet { ops }
}

pub(super) fn terminal(title: &str) -> StateTerminal {
    StateTerminal { title: title.into(), cols: 80, rows: 24, ..StateTerminal::default() }
}

pub(super) fn file(name: &str, size: u64) -> StateFile {
    StateFile {
        parent: 0,
        name: name.as_bytes().into(),
        kind: FileKind::File,
        size,
        modified_us: -1,
        mode: 0o644,
        ignored: false,
    }
}

pub(super) fn file_key(watch: u64, id: u64) -> FileKey {
    FileKey { watch, id }
}

pub(super) fn check(state: &ApplicationState) {
    state.sessions.check();
    state.panes.check();
    state.terminals.check();
    state.files.check();
}

/// All entries of some collections, as a map.
pub(super) fn contents(view: &StateView, collections: Collections) -> BTreeMap<Key, OwnedEntry> {
    use super::Entry;
    let sessions = view.sessions().map(|(id, value, n)| Entry::Session(id, value, n));
    let panes = view.panes().map(|(id, value, n)| Entry::Pane(id, value, n));
    let terminals = view.terminals().map(|(id, value, n)| Entry::Terminal(id, value, n));
    let files = view.files().map(|(key, value, n)| Entry::File(key, value, n));
    sessions
        .chain(panes)
        .chain(terminals)
        .chain(files)
        .filter(|entry| collections.contains(entry.key().collection()))
        .map(|entry| (entry.key().to_key(), entry.to_owned()))
        .collect()
}

/// The hash of a map, computed anew.
pub(super) fn hash_of(entries: &BTreeMap<Key, OwnedEntry>) -> u64 {
    entries.values().fold(0, |sum, entry| sum.wrapping_add(entry.as_entry().digest()))
}

/// The naive store.
#[derive(Clone, Default, Debug, PartialEq)]
pub(super) struct Model {
    pub(super) n: u64,
    pub(super) sessions: BTreeMap<String, (Session, u64)>,
    pub(super) panes: BTreeMap<String, (Pane, u64)>,
    pub(super) terminals: BTreeMap<u64, (StateTerminal, u64)>,
    pub(super) files: BTreeMap<FileKey, (StateFile, u64)>,
}

impl Model {
    pub(super) fn contents(&self) -> BTreeMap<Key, OwnedEntry> {
        let mut all = BTreeMap::new();
        for (id, (value, n)) in self.sessions.clone() {
            all.insert(Key::Session(id.clone()), OwnedEntry::Session(id, value, n));
        }
        for (id, (value, n)) in self.panes.clone() {
            all.insert(Key::Pane(id.clone()), OwnedEntry::Pane(id, value, n));
        }
        for (id, (value, n)) in self.terminals.clone() {
            all.insert(Key::Terminal(id), OwnedEntry::Terminal(id, value, n));
        }
        for (key, (value, n)) in self.files.clone() {
            all.insert(Key::File(key), OwnedEntry::File(key, value, n));
        }
        all
    }

    /// Tries a change set out on a copy; `None` if it is refused.
    pub(super) fn commit(&self, set: &ChangeSet) -> Option<Model> {
        let mut new = self.clone();
        let mut arrived: Vec<&String> = Vec::new();
        for op in &set.ops {
            let version = match &op.change {
                Change::PutSession { id, .. } | Change::RemoveSession { id } => {
                    self.sessions.get(id).map_or(0, |(_, version)| *version)
                }
                Change::PutPane { id, .. } | Change::RemovePane { id } => {
                    self.panes.get(id).map_or(0, |(_, version)| *version)
                }
            };
            if op.base.is_some_and(|base| base != version) {
                return None;
            }
            new.carry_out(&op.change, &mut arrived)?;
        }
        for id in arrived {
            let Some((pane, _)) = new.panes.get(id) else { continue };
            let (session, _) = new.sessions.get_mut(&pane.session)?;
            if !session.panes.contains(id) {
                session.panes.push(id.clone());
            }
        }
        new.is_whole().then_some(())?;
        new.version_what_differs(self);
        Some(new)
    }

    fn carry_out<'a>(&mut self, change: &'a Change, arrived: &mut Vec<&'a String>) -> Option<()> {
        match change {
            Change::PutSession { id, session } => {
                rules::check_id(id).and_then(|()| rules::check_session(session)).ok()?;
                let mut session = session.clone();
                for pane in self.sessions.remove(id).map(|(old, _)| old.panes).unwrap_or_default() {
                    if !session.panes.contains(&pane) {
                        session.panes.push(pane);
                    }
                }
                self.sessions.insert(id.clone(), (session, 0));
            }
            Change::RemoveSession { id } => {
                if self.sessions.remove(id).is_some() {
                    self.panes.retain(|_, (pane, _)| pane.session != *id);
                }
            }
            Change::PutPane { id, pane } => {
                rules::check_id(id).and_then(|()| rules::check_pane(pane)).ok()?;
                let old = self.panes.insert(id.clone(), (pane.clone(), 0));
                if old.as_ref().is_none_or(|(old, _)| old.session != pane.session) {
                    if let Some((session, _)) =
                        old.and_then(|(old, _)| self.sessions.get_mut(&old.session))
                    {
                        session.panes.retain(|listed| listed != id);
                    }
                    arrived.retain(|other| *other != id);
                    arrived.push(id);
                }
            }
            Change::RemovePane { id } => {
                let old = self.panes.remove(id);
                if let Some((session, _)) =
                    old.and_then(|(old, _)| self.sessions.get_mut(&old.session))
                {
                    session.panes.retain(|listed| listed != id);
                }
            }
        }
        Some(())
    }

    /// Lists and panes say the same, and every terminal that is shown exists.
    pub(super) fn is_whole(&self) -> bool {
        let panes = self.panes.iter().all(|(id, (pane, _))| {
            let listed = |(session, _): &(Session, u64)| session.panes.contains(id);
            let shows = match pane.content {
                PaneContent::Terminal(terminal) => self.terminals.contains_key(&terminal),
                _ => true,
            };
            shows && self.sessions.get(&pane.session).is_some_and(listed)
        });
        let mut lists = self
            .sessions
            .iter()
            .flat_map(|(id, (session, _))| session.panes.iter().map(move |pane| (id, pane)));
        panes
            && lists
                .all(|(id, pane)| self.panes.get(pane).is_some_and(|(pane, _)| pane.session == *id))
    }

    /// Gives the next version to what is not as it was before.
    pub(super) fn version_what_differs(&mut self, old: &Model) {
        fn mark<K: Ord, V: PartialEq>(
            new: &mut BTreeMap<K, (V, u64)>,
            old: &BTreeMap<K, (V, u64)>,
            n: u64,
        ) -> bool {
            let mut differs = old.keys().any(|key| !new.contains_key(key));
            for (key, (value, version)) in new {
                match old.get(key) {
                    Some((same, before)) if same == value => *version = *before,
                    _ => (*version, differs) = (n, true),
                }
            }
            differs
        }
        let n = old.n + 1;
        let differs = [
            mark(&mut self.sessions, &old.sessions, n),
            mark(&mut self.panes, &old.panes, n),
            mark(&mut self.terminals, &old.terminals, n),
            mark(&mut self.files, &old.files, n),
        ];
        self.n = old.n + u64::from(differs.contains(&true));
    }
}

pub(super) fn small_limits(tombstones: usize) -> Limits {
    Limits { state_tombstone_bytes: tombstones, ..Limits::default() }
}

//! The store: the collections under one version, and the metadata that the engine puts in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::entry::{Entry, FileKey, Pane, PaneContent, Session, StateFile, StateTerminal};
use super::table::NIL;
use super::version::StateVersion;
use super::view::StateView;
use crate::limits::Limits;

/// A walk looks for its beginning among so many changes of a collection; beyond, slots are scanned, which
/// looks at more entries, but in the order of memory. About 0.1 ms.
const WALK_MAX: usize = 4096;

/// Slots and tombstones that one call looks at, reported or not. About 0.1 ms.
pub(super) const VISITS_MAX: u32 = 16 << 10;

/// Sessions, panes, terminals and files as one versioned value.
///
/// What is put with `put_*` and taken out with `remove_*` is part of no version until
/// [`commit_metadata`](Self::commit_metadata), though reading by key shows it already.
pub struct ApplicationState {
    version: StateVersion,
    pub(super) limits: Limits,
    /// What the entries may take now: all that the limits allow, while there is memory for it.
    pub(super) bytes_max: usize,
    view: StateView,
    /// Terminal and pane, for each pane that shows a terminal.
    shown: BTreeSet<(u64, String)>,
    /// By watch, for each watch that has files.
    watches: BTreeMap<u64, WatchFiles>,
    /// Some metadata is in no version yet.
    pending: bool,
    pub(super) walk_max: usize,
    pub(super) visits_max: u32,
}

/// What a change set comes to: entries to put, and `None` for those to take out.
pub(super) struct Plan {
    pub(super) sessions: BTreeMap<String, Option<Session>>,
    pub(super) panes: BTreeMap<String, Option<Pane>>,
}

#[derive(Default)]
struct WatchFiles {
    count: usize,
    /// Where the removal of all of them goes on.
    next: u32,
}

/// Reading by key is the same for the state and for its copies.
impl Deref for ApplicationState {
    type Target = StateView;

    fn deref(&self) -> &StateView {
        &self.view
    }
}

impl ApplicationState {
    /// An empty store at version 0 of an epoch, which the caller has chosen at random below 2^53.
    pub fn new(epoch: u64, limits: &Limits) -> Self {
        ApplicationState {
            version: StateVersion { epoch, n: 0 },
            limits: limits.clone(),
            bytes_max: limits.state_bytes,
            view: StateView::new(limits.state_tombstone_bytes),
            shown: BTreeSet::new(),
            watches: BTreeMap::new(),
            pending: false,
            walk_max: WALK_MAX,
            visits_max: VISITS_MAX,
        }
    }

    /// The version of the last commit.
    pub fn version(&self) -> StateVersion {
        self.version
    }

    /// All memory of the engine has room for so many bytes more.
    pub(crate) fn set_memory_room(&mut self, bytes: usize) {
        self.bytes_max = self.limits.state_bytes.min(self.bytes().saturating_add(bytes));
    }

    /// Bytes of what is remembered of removed entries, about.
    pub(crate) fn tombstone_bytes(&self) -> usize {
        self.view.tombstone_bytes()
    }

    /// Forgets what is remembered of removed entries until so many bytes are free, the oldest first: who reads
    /// changes since before begins anew. How many were freed.
    pub(crate) fn forget_tombstones(&mut self, bytes: usize) -> usize {
        let before = self.tombstone_bytes();
        self.view.forget_tombstones(bytes);
        before - self.tombstone_bytes()
    }

    /// Puts a terminal, new or in place of what was known. Always taken: the engine bounds terminals.
    pub fn put_terminal(&mut self, id: u64, metadata: StateTerminal) {
        let version = self.next();
        self.pending |= self.view.terminals.put(id, metadata, version);
    }

    /// Another terminal has taken the place of this one: panes that show it show the new one from now on.
    pub fn replace_terminal(&mut self, old: u64, new: u64) {
        self.show_instead(old, PaneContent::Terminal(new));
    }

    /// Takes a terminal out. Panes that show it show nothing from the same version on.
    pub fn remove_terminal(&mut self, id: u64) {
        let version = self.next();
        if self.view.terminals.remove(&id, version).is_none() {
            return;
        }
        self.pending = true;
        self.show_instead(id, PaneContent::Empty);
    }

    /// Panes that show a terminal show something else in the next version.
    fn show_instead(&mut self, terminal: u64, content: PaneContent) {
        let version = self.next();
        let of_this = (terminal, String::new())..=(terminal, String::from(char::MAX));
        let panes: Vec<String> = self.shown.range(of_this).map(|(_, pane)| pane.clone()).collect();
        for id in panes {
            if let Some((pane, _)) = self.view.panes.get(id.as_str()) {
                let pane = Pane { content: content.clone(), ..pane.clone() };
                self.pending |= self.set_pane(id, Some(pane), version);
            }
        }
    }

    /// Puts a file, new or in place of what was known; `false` if there is no room for it: it would
    /// take all entries past seven eighths of [`state_bytes`](Limits::state_bytes), the rest of which is
    /// for the layout. Then nothing has changed.
    #[must_use]
    pub fn put_file(&mut self, key: FileKey, metadata: StateFile) -> bool {
        let new = Entry::File(key, &metadata, 0).bytes();
        let old = self.view.files.get(&key);
        let is_new = old.is_none();
        let old = old.map_or(0, |(metadata, n)| Entry::File(key, metadata, n).bytes());
        let room = (self.limits.state_bytes - self.limits.state_bytes / 8).min(self.bytes_max);
        if new > old && self.bytes() - old + new > room {
            return false;
        }
        let version = self.next();
        self.pending |= self.view.files.put(key, metadata, version);
        if is_new {
            self.watches.entry(key.watch).or_default().count += 1;
        }
        true
    }

    /// Takes a file out.
    pub fn remove_file(&mut self, key: FileKey) {
        let version = self.next();
        if self.view.files.remove(&key, version).is_none() {
            return;
        }
        self.pending = true;
        if let Some(files) = self.watches.get_mut(&key.watch) {
            files.count -= 1;
            if files.count == 0 {
                self.watches.remove(&key.watch);
            }
        }
    }

    /// Takes at most `max` files of a watch out, and says whether there are more: call again in the next
    /// turn. Costs at most about 0.1 ms beside the removals, in which it may have found none.
    pub fn remove_watch_files(&mut self, watch: u64, max: usize) -> bool {
        let (mut visits, mut left) = (self.visits_max, max);
        while visits > 0
            && left > 0
            && let Some(files) = self.watches.get_mut(&watch)
        {
            let (found, next) =
                self.view.files.find_from(files.next, visits, |key| key.watch == watch);
            // At the end this call is over; files that were put meanwhile are found the next time round.
            visits = visits.saturating_sub(next.saturating_sub(files.next).max(1));
            files.next = if next == NIL { 0 } else { next };
            if let Some(key) = found {
                self.remove_file(key);
                left -= 1;
            }
        }
        self.watches.contains_key(&watch)
    }

    /// Makes all metadata that was put and removed since the last commit one version; `None` if nothing
    /// is different.
    pub fn commit_metadata(&mut self) -> Option<StateVersion> {
        std::mem::take(&mut self.pending).then(|| {
            self.version.n += 1;
            self.version
        })
    }

    /// The version of what is written now.
    fn next(&self) -> u64 {
        self.version.n + 1
    }

    /// Writes a checked change set; pending metadata has been committed.
    pub(super) fn apply(&mut self, plan: Plan) -> StateVersion {
        invariant!(!self.pending, "nothing is half committed");
        let version = self.next();
        let mut changed = false;
        for (id, session) in plan.sessions {
            changed |= match session {
                Some(session) => self.view.sessions.put(id, session, version),
                None => self.view.sessions.remove(id.as_str(), version).is_some(),
            };
        }
        for (id, pane) in plan.panes {
            changed |= self.set_pane(id, pane, version);
        }
        self.version.n += u64::from(changed);
        self.version
    }

    /// Puts a pane or takes it out, and keeps track of the terminal that it shows.
    fn set_pane(&mut self, id: String, pane: Option<Pane>, version: u64) -> bool {
        if let Some((old, _)) = self.view.panes.get(id.as_str())
            && let PaneContent::Terminal(terminal) = old.content
        {
            self.shown.remove(&(terminal, id.clone()));
        }
        match pane {
            Some(pane) => {
                if let PaneContent::Terminal(terminal) = pane.content {
                    self.shown.insert((terminal, id.clone()));
                }
                self.view.panes.put(id, pane, version)
            }
            None => self.view.panes.remove(id.as_str(), version).is_some(),
        }
    }
}

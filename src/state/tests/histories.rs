//! Random histories with several clients, whose messages are lost, repeated, and read in slices between
//! writes: each client's copy comes to equal the naive store.

use proptest::prelude::*;

use super::*;
use crate::state::{
    Budget, ChangeSink, Collection, Entry, KeyRef, Replica, StateCursor, StateVersion,
};

const EPOCH: u64 = 77;

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<(Change, Base)>),
    Terminal(u64, u16),
    NoTerminal(u64),
    File(u64, u64, u64),
    NoFile(u64, u64),
    NoWatch(u64, usize),
    CommitPending,
    /// Client, entries, what becomes of the message.
    Read(usize, usize, Fate),
    /// Reads until nothing is left.
    CatchUp(usize, usize),
    /// Comes back with a version of another run.
    Foreign(usize),
}

#[derive(Clone, Copy, Debug)]
enum Base {
    Any,
    Right,
    Of(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Arrives,
    ArrivesTwice,
    /// It is lost, and the client comes back with what it has.
    Lost,
    /// It arrives, and the client comes back all the same.
    ComesBack,
}

fn change() -> impl Strategy<Value = Change> {
    let sessions = || (0..3u8).prop_map(|n| format!("s{n}"));
    let panes = || (0..5u8).prop_map(|n| format!("p{n}"));
    let content = prop_oneof![
        Just(PaneContent::Empty),
        (1..4u64).prop_map(PaneContent::Terminal),
        Just(PaneContent::File(b"/f".to_vec())),
        Just(PaneContent::Custom("c".into())),
    ];
    prop_oneof![
        3 => (sessions(), prop::collection::vec(panes(), 0..3), 0..3u8).prop_map(|(id, panes, n)| {
            let metadata = (0..n).map(|n| (n.to_string(), "v".into())).collect();
            Change::PutSession { id, session: Session { name: n.to_string(), panes, metadata } }
        }),
        1 => sessions().prop_map(|id| Change::RemoveSession { id }),
        4 => (panes(), sessions(), content, 0..2u8).prop_map(|(id, session, content, n)| {
            let pane = Pane { session, title: n.to_string(), content, ..Pane::default() };
            Change::PutPane { id, pane }
        }),
        2 => panes().prop_map(|id| Change::RemovePane { id }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let base = prop_oneof![
        6 => Just(Base::Any),
        2 => Just(Base::Right),
        1 => (0..9u64).prop_map(Base::Of),
    ];
    let fate = prop_oneof![
        6 => Just(Fate::Arrives),
        1 => Just(Fate::ArrivesTwice),
        1 => Just(Fate::Lost),
        1 => Just(Fate::ComesBack),
    ];
    prop_oneof![
        6 => prop::collection::vec((change(), base), 1..5).prop_map(Step::Commit),
        2 => (1..4u64, 0..3u16).prop_map(|(id, cols)| Step::Terminal(id, cols)),
        1 => (1..4u64).prop_map(Step::NoTerminal),
        6 => (1..3u64, 1..9u64, 0..3u64).prop_map(|(watch, id, size)| Step::File(watch, id, size)),
        3 => (1..3u64, 1..9u64).prop_map(|(watch, id)| Step::NoFile(watch, id)),
        1 => (1..3u64, 0..9usize).prop_map(|(watch, max)| Step::NoWatch(watch, max)),
        3 => Just(Step::CommitPending),
        9 => (0..CLIENTS, 1..6usize, fate).prop_map(|(who, max, fate)| Step::Read(who, max, fate)),
        2 => (0..CLIENTS, 1..6usize).prop_map(|(who, max)| Step::CatchUp(who, max)),
        1 => (0..CLIENTS).prop_map(Step::Foreign),
    ]
}

const CLIENTS: usize = 4;

/// A client with a naive copy and a replica.
struct Client {
    collections: Collections,
    cursor: StateCursor,
    copy: BTreeMap<Key, OwnedEntry>,
    replica: Replica,
}

#[derive(Default)]
struct Message {
    removed: Vec<Key>,
    entries: Vec<OwnedEntry>,
}

impl ChangeSink for Message {
    fn removed(&mut self, key: KeyRef<'_>) {
        assert!(self.entries.is_empty(), "removed keys come first");
        self.removed.push(key.to_key());
    }

    fn set(&mut self, entry: Entry<'_>) {
        self.entries.push(entry.to_owned());
    }
}

impl Client {
    fn new(collections: Collections) -> Self {
        let (cursor, copy) = (StateCursor::default(), BTreeMap::new());
        Client { collections, cursor, copy, replica: Replica::new(1 << 20) }
    }

    /// Reads a slice; says whether there is more.
    fn read(&mut self, state: &ApplicationState, entries: usize, fate: Fate) -> bool {
        let mut message = Message::default();
        let budget = Budget { entries, bytes: usize::MAX };
        let announced = state.has_changes(&self.cursor, self.collections);
        let behind = state.is_behind_floor(&self.cursor, self.collections);
        let progress = state.changes(&mut self.cursor, self.collections, budget, &mut message);
        assert_eq!(behind, progress.full);
        assert!(announced || (message.removed.is_empty() && message.entries.is_empty()));
        assert!(message.removed.len() + message.entries.len() <= entries);
        for key in &message.removed {
            assert_eq!(state.entry(key.as_ref()), None, "reported as gone, but there");
        }
        for entry in &message.entries {
            let key = entry.as_entry().key();
            assert_eq!(state.entry(key), Some(entry.as_entry()), "reported otherwise than it is");
            assert!(self.collections.contains(key.collection()));
        }
        let times = match fate {
            Fate::Lost => 0,
            Fate::Arrives | Fate::ComesBack => 1,
            Fate::ArrivesTwice => 2,
        };
        for _ in 0..times {
            self.take(&message, progress.full, StateVersion { epoch: EPOCH, n: progress.to });
        }
        if matches!(fate, Fate::Lost | Fate::ComesBack) {
            self.cursor = self.replica.version().map_or(StateCursor::default(), StateCursor::at);
        }
        progress.more
    }

    fn take(&mut self, message: &Message, full: bool, version: StateVersion) {
        self.replica.begin(full);
        if full {
            self.copy.clear();
        }
        for key in &message.removed {
            self.copy.remove(key);
            self.replica.removed(key.as_ref());
        }
        for entry in &message.entries {
            self.copy.insert(entry.as_entry().key().to_key(), entry.clone());
            self.replica.set(entry.clone()).unwrap();
        }
        self.replica.finish(version);
    }

    fn catch_up(&mut self, state: &ApplicationState, model: &Model, entries: usize) {
        let mut slices = 0;
        while self.read(state, entries, Fate::Arrives) {
            slices += 1;
            assert!(slices < 500, "it does not come to an end");
        }
        let mut expected = model.contents();
        expected.retain(|key, _| self.collections.contains(key.as_ref().collection()));
        assert_eq!(self.copy, expected);
        assert_eq!(contents(&self.replica, Collections::ALL), expected);
        let hash = hash_of(&expected);
        assert_eq!(state.hash(self.collections), hash);
        assert_eq!(self.replica.hash(self.collections), hash);
        assert_eq!(self.cursor.version(), state.version());
        assert!(!state.has_changes(&self.cursor, self.collections));
    }
}

/// The store, the naive one at its last commit, and the naive one with pending metadata.
struct World {
    state: ApplicationState,
    model: Model,
    pending: Model,
    /// What was written since the last commit, back to the old value or not.
    touched: Touched,
    clients: Vec<Client>,
}

#[derive(Default)]
struct Touched {
    any: bool,
    keys: Vec<Key>,
}

impl World {
    fn new(tombstones: usize, walk_max: usize, visits_max: u32) -> Self {
        let mut state = ApplicationState::new(EPOCH, &small_limits(tombstones));
        (state.walk_max, state.visits_max) = (walk_max, visits_max);
        let sets = [
            Collections::ALL,
            Collections::LAYOUT,
            Collections::FACTS,
            Collections::ALL.without(Collection::Sessions).without(Collection::Terminals),
        ];
        World {
            state,
            model: Model::default(),
            pending: Model::default(),
            touched: Touched::default(),
            clients: sets.into_iter().map(Client::new).collect(),
        }
    }

    fn touch(&mut self, key: Key) {
        self.touched.any = true;
        self.touched.keys.push(key);
    }

    /// A pending write counts as a change even if a later one takes it back.
    fn commit_metadata(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        let n = self.model.n + u64::from(touched.any);
        let mut new = self.pending.clone();
        new.version_what_differs(&self.model);
        for key in touched.keys {
            match key {
                Key::Terminal(id) => drop(new.terminals.get_mut(&id).map(|of| of.1 = n)),
                Key::File(key) => drop(new.files.get_mut(&key).map(|of| of.1 = n)),
                Key::Pane(id) => drop(new.panes.get_mut(&id).map(|of| of.1 = n)),
                Key::Session(_) => unreachable!(),
            }
        }
        new.n = n;
        let version = touched.any.then_some(StateVersion { epoch: EPOCH, n });
        assert_eq!(self.state.commit_metadata(), version);
        self.model = new.clone();
        self.pending = new;
    }

    fn commit(&mut self, changes: Vec<(Change, Base)>) {
        self.commit_metadata();
        let ops = changes.into_iter().map(|(change, base)| {
            let base = match base {
                Base::Any => None,
                Base::Right => {
                    Some(self.state.entry(change.key()).map_or(0, |entry| entry.version()))
                }
                Base::Of(version) => Some(version),
            };
            ChangeOp { change, base }
        });
        let set = ChangeSet { ops: ops.collect() };
        let valid = self.state.validate(&set);
        match (self.state.commit(&set), self.model.commit(&set)) {
            (Ok(version), Some(model)) => {
                assert_eq!((valid, version.n), (Ok(()), model.n));
                self.model = model;
            }
            (Err(refusal), None) => assert_eq!(valid, Err(refusal)),
            (result, model) => panic!("{set:?} gives {result:?}, the model {model:?}"),
        }
        assert!(self.model.is_whole());
        self.pending = self.model.clone();
    }

    fn remove_file(&mut self, key: FileKey) {
        if self.pending.files.remove(&key).is_some() {
            self.touch(Key::File(key));
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Commit(changes) => self.commit(changes),
            Step::Terminal(id, cols) => {
                let metadata = StateTerminal { cols, ..terminal("t") };
                self.state.put_terminal(id, metadata.clone());
                let old = self.pending.terminals.insert(id, (metadata.clone(), 0));
                if old.is_none_or(|(old, _)| old != metadata) {
                    self.touch(Key::Terminal(id));
                }
            }
            Step::NoTerminal(id) => {
                self.state.remove_terminal(id);
                if self.pending.terminals.remove(&id).is_some() {
                    self.touch(Key::Terminal(id));
                    for (pane, (shows, _)) in &mut self.pending.panes {
                        if shows.content == PaneContent::Terminal(id) {
                            shows.content = PaneContent::Empty;
                            self.touched.keys.push(Key::Pane(pane.clone()));
                        }
                    }
                }
            }
            Step::File(watch, id, size) => {
                let (key, metadata) = (file_key(watch, id), file("f", size));
                assert!(self.state.put_file(key, metadata.clone()));
                let old = self.pending.files.insert(key, (metadata.clone(), 0));
                if old.is_none_or(|(old, _)| old != metadata) {
                    self.touch(Key::File(key));
                }
            }
            Step::NoFile(watch, id) => {
                self.state.remove_file(file_key(watch, id));
                self.remove_file(file_key(watch, id));
            }
            Step::NoWatch(watch, max) => {
                let more = self.state.remove_watch_files(watch, max);
                // Which ones have gone is the store's choice.
                let left: Vec<FileKey> = self.state.files().map(|(key, ..)| key).collect();
                let gone: Vec<FileKey> =
                    self.pending.files.keys().filter(|key| !left.contains(key)).copied().collect();
                assert!(gone.len() <= max && gone.iter().all(|key| key.watch == watch));
                assert_eq!(more, left.iter().any(|key| key.watch == watch));
                gone.into_iter().for_each(|key| self.remove_file(key));
            }
            Step::CommitPending => self.commit_metadata(),
            // What is not committed is left out, and reported once it is.
            Step::Read(who, max, fate) => drop(self.clients[who].read(&self.state, max, fate)),
            Step::CatchUp(who, max) => {
                self.commit_metadata();
                self.clients[who].catch_up(&self.state, &self.model, max);
            }
            Step::Foreign(who) => {
                let version = StateVersion { epoch: EPOCH + 1, n: self.state.version().n };
                self.clients[who].cursor = StateCursor::at(version);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn every_copy_comes_to_equal_the_store(
        tombstones in prop_oneof![Just(0), Just(60), Just(300), Just(1usize << 20)],
        walk_max in prop_oneof![Just(0usize), Just(3), Just(4096)],
        visits_max in prop_oneof![Just(2u32), Just(7), Just(16 << 10)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut world = World::new(tombstones, walk_max, visits_max);
        for step in steps {
            world.step(step);
            check(&world.state);
        }
        world.commit_metadata();
        assert_eq!(contents(&world.state, Collections::ALL), world.model.contents());
        for client in &mut world.clients {
            client.catch_up(&world.state, &world.model, 3);
        }
        let mut fresh = Client::new(Collections::ALL);
        fresh.catch_up(&world.state, &world.model, 2);
    }
}

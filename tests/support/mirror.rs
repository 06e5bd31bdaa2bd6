//! A host of a file watch that believes nothing: it keeps copies of the tree, one from the events, applied
//! strictly, and any number from changes since past versions, and compares all of them with a walk of the
//! disk.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Bound;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use orchflow::{
    Config, Engine, Event, FileBatch, FileChanges, FileCursor, FileEvent, FileEventKind, FileId,
    FileSummary, FileType, FileVersion, Limits, LogLevel, WatchEvent, WatchId, WatchOptions,
    WatchProblem, WatchState,
};

use super::{WATCHDOG, wait_readable};

/// What is compared of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) kind: FileType,
    inode: u64,
    mode: u16,
    /// Of a directory 0, as the next one.
    size: u64,
    modified_ns: i64,
}

type Kinds = BTreeMap<PathBuf, FileType>;

pub(crate) type Walk = BTreeMap<PathBuf, Seen>;

/// A copy of the tree that is brought up to date by changes.
#[derive(Clone, Default)]
pub(crate) struct Copy {
    cursor: FileCursor,
    /// Parent, name (of a root its path), and the rest: what is below a directory that is renamed is not
    /// reported again, so paths have to be put together.
    entries: BTreeMap<FileId, (Option<FileId>, PathBuf, Seen)>,
}

/// See the module's documentation.
pub(crate) struct Mirror {
    pub(crate) engine: Engine,
    pub(crate) watch: WatchId,
    roots: Vec<PathBuf>,
    pub(crate) ready: bool,
    /// It goes on from a saved tree, so batches may come before it is ready.
    pub(crate) resumes: bool,
    /// From the events alone.
    pub(crate) paths: Kinds,
    /// What happened, as text, since [`take_log`](Self::take_log).
    log: Vec<String>,
    /// The summaries, as text.
    pub(crate) summaries: Vec<String>,
    /// The last thing that happened to each path, for messages.
    history: Vec<String>,
    pub(crate) warnings: Vec<(WatchProblem, PathBuf)>,
    pub(crate) last_complete: bool,
    version: FileVersion,
    pub(crate) batches: usize,
    /// The directories that summaries named, and whether what is below them is meant too.
    named: Vec<(PathBuf, bool)>,
    /// Batches came after one that was shortened: the copy made by events is not kept up to date.
    behind: bool,
    synced: Vec<u64>,
    copies: Vec<Copy>,
}

impl Mirror {
    /// Watches and waits until the tree has been read.
    pub(crate) fn new(options: &WatchOptions) -> Self {
        let mut mirror = Mirror::start(options, Limits::default());
        mirror.wait("the first reading", |mirror| mirror.ready);
        mirror.adopt();
        mirror
    }

    /// Watches.
    pub(crate) fn start(options: &WatchOptions, limits: Limits) -> Self {
        let mut engine =
            Engine::new(Config { limits, log_level: LogLevel::Info, ..Config::default() }).unwrap();
        let watch = engine.add_watch(options).unwrap();
        let roots = engine.watch_state(watch).unwrap().roots;
        Mirror {
            engine,
            roots,
            watch,
            ready: false,
            resumes: false,
            paths: BTreeMap::new(),
            log: Vec::new(),
            summaries: Vec::new(),
            history: Vec::new(),
            warnings: Vec::new(),
            last_complete: true,
            version: FileVersion::default(),
            batches: 0,
            named: Vec::new(),
            behind: false,
            synced: Vec::new(),
            copies: Vec::new(),
        }
    }

    /// Takes the tree of this moment as what events are applied to.
    pub(crate) fn adopt(&mut self) {
        let copy = self.new_copy();
        self.read_events();
        self.paths = copy.walk().into_iter().map(|(path, seen)| (path, seen.kind)).collect();
        self.copies = vec![copy];
    }

    /// A copy of the tree of this moment.
    pub(crate) fn new_copy(&mut self) -> Copy {
        let mut copy = Copy::default();
        self.update(&mut copy, 7);
        copy
    }

    /// Keeps a copy of this moment's version, to be brought up to date at the end.
    pub(crate) fn keep_copy(&mut self) {
        let copy = self.new_copy();
        self.copies.push(copy);
    }

    /// Brings a copy up to date in slices.
    pub(crate) fn update(&mut self, copy: &mut Copy, slice: usize) {
        let mut changes = FileChanges::default();
        loop {
            self.engine.watch_changes(self.watch, &mut copy.cursor, slice, &mut changes).unwrap();
            if changes.full {
                copy.entries.clear();
            }
            for id in &changes.removed {
                copy.entries.remove(id);
            }
            for entry in changes.entries() {
                let seen = Seen {
                    kind: entry.kind,
                    inode: entry.inode,
                    mode: entry.mode,
                    size: entry.size,
                    modified_ns: entry.modified_ns,
                };
                let name = match entry.parent {
                    Some(_) => entry.path.file_name().unwrap().into(),
                    None => entry.path.to_path_buf(),
                };
                copy.entries.insert(entry.id, (entry.parent, name, seen));
            }
            if !changes.more {
                return;
            }
        }
    }

    /// Reads events and turns until `done`.
    pub(crate) fn wait(&mut self, what: &str, mut done: impl FnMut(&mut Mirror) -> bool) {
        let end = Instant::now() + WATCHDOG;
        loop {
            self.read_events();
            if done(self) {
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || !wait_readable(&self.engine, left) {
                let state = self.engine.watch_state(self.watch);
                panic!("stalled waiting for {what}: {state:#?}\n{:?}", self.warnings);
            }
            self.engine.turn(Some(Duration::ZERO)).unwrap();
        }
    }

    /// Turns until the state of the watch is as it should be, and reads no events meanwhile.
    pub(crate) fn turn_until(&mut self, done: impl Fn(&WatchState) -> bool) {
        while !done(&self.engine.watch_state(self.watch).unwrap()) {
            self.engine.turn(Some(Duration::from_secs(10))).unwrap();
        }
    }

    /// Waits until everything that has happened so far was reported.
    pub(crate) fn sync(&mut self) {
        let tag = self.synced.len() as u64 + 1000;
        self.engine.sync_watch(self.watch, tag).unwrap();
        self.wait("a sync point", |mirror| mirror.synced.contains(&tag));
    }

    /// The events since the last call, a line each: kind, path below the root, from.
    pub(crate) fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    pub(crate) fn read_events(&mut self) {
        // The batch is borrowed from the engine, so what is to be kept of it is copied.
        while let Some(event) = self.engine.next_event().unwrap() {
            let (id, event) = match event {
                Event::Watch { id, event, .. } => (id, event),
                Event::SlowTurn(_) | Event::Health(_) => continue,
                other => panic!("not of a watch: {other:?}"),
            };
            assert_eq!(id, self.watch);
            match event {
                WatchEvent::Ready { version } => {
                    assert!(!self.ready, "ready twice");
                    (self.ready, self.version) = (true, version);
                }
                WatchEvent::Batch { batch } => {
                    let batch = batch.clone();
                    self.on_batch(&batch);
                }
                WatchEvent::Synced { tag, .. } => self.synced.push(tag),
                WatchEvent::Warning { problem, path } => {
                    self.warnings.push((problem, path.to_path_buf()));
                }
                other => panic!("an unknown event: {other:?}"),
            }
        }
    }

    fn on_batch(&mut self, batch: &FileBatch) {
        let version = batch.version();
        assert!(self.ready || self.resumes, "a batch before the tree was read");
        assert!(version.n >= self.version.n, "{version:?} after {:?}", self.version);
        assert!(!self.ready || version.epoch == self.version.epoch);
        self.version = version;
        self.batches += 1;
        self.last_complete = batch.is_complete();
        self.behind |= !self.named.is_empty();
        for summary in batch.summaries() {
            self.named.push((summary.dir.to_path_buf(), summary.recursive));
            self.summaries.push(summary_line(&summary));
        }
        let counts = |s: FileSummary<'_>| s.created + s.modified + s.deleted + s.renamed;
        let counted: usize = batch.summaries().map(counts).sum();
        assert_eq!(batch.events().len() + counted, batch.original_events());
        for event in batch.events() {
            self.log.push(line(&event));
            self.history.push(line(&event));
            if !self.behind {
                self.apply(&event);
            }
        }
    }

    /// Applies an event to the copy, as strictly as a file system would.
    fn apply(&mut self, event: &FileEvent<'_>) {
        let path = event.path.to_path_buf();
        let problem = match event.kind {
            FileEventKind::Create => {
                let parent = path.parent().and_then(|parent| self.paths.get(parent)).copied();
                let orphan = parent != Some(FileType::Directory) && !self.roots.contains(&path);
                let old = self.paths.insert(path, event.file_type);
                old.map(|_| "exists").or(orphan.then_some("has no parent"))
            }
            FileEventKind::Delete => {
                let below: Vec<PathBuf> = self.below(&path).cloned().collect();
                let full = !below.is_empty() && !self.is_named(&path.join("in it"));
                for path in below {
                    self.paths.remove(&path);
                }
                let old = self.paths.remove(&path);
                old.is_none().then_some("is not there").or(full.then_some("is not empty"))
            }
            FileEventKind::Rename => self.apply_rename(event.from.unwrap(), event),
            _ => {
                let known = self.paths.get(&path);
                (known != Some(&event.file_type)).then_some("is not there, or of another type")
            }
        };
        if let Some(problem) = problem {
            let about: Vec<_> = self
                .history
                .iter()
                .filter(|line| line.contains(event.path.to_str().unwrap_or("\u{0}")))
                .collect();
            panic!("{}: {problem}; history: {about:#?}", line(event));
        }
    }

    /// Whether a summary names the directory that a path lies in.
    fn is_named(&self, path: &Path) -> bool {
        let named = |(dir, recursive): &(PathBuf, bool)| {
            path.parent() == Some(dir) || *recursive && path.starts_with(dir) && path != dir
        };
        self.named.iter().any(named)
    }

    /// The paths below one, which follow it in their order.
    fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a PathBuf> {
        let from = (Bound::Excluded(path), Bound::Unbounded);
        self.paths
            .range::<Path, _>(from)
            .map(|(below, _)| below)
            .take_while(move |p| p.starts_with(path))
    }

    fn apply_rename(&mut self, from: &Path, event: &FileEvent<'_>) -> Option<&'static str> {
        let to = event.path;
        if to.starts_with(from) {
            return Some("goes into itself");
        }
        if !self.paths.contains_key(from) {
            return Some("comes from nowhere");
        }
        let mut moved: Vec<PathBuf> = self.below(from).cloned().collect();
        moved.push(from.to_path_buf());
        let replaced = self.paths.remove(to);
        if replaced.is_some() != event.replaced {
            return Some("replaces what is not there, or replaces without saying so");
        }
        for path in moved {
            let kind = self.paths.remove(&path).unwrap();
            let rest = path.strip_prefix(from).unwrap();
            let new = if rest.as_os_str().is_empty() { to.to_path_buf() } else { to.join(rest) };
            self.paths.insert(new, kind);
        }
        None
    }

    /// Compares the tree, the copy made by events and the copies of past versions with the disk.
    pub(crate) fn check(&mut self, disk: &Walk) {
        let copy = self.new_copy();
        self.read_events();
        self.differ("the tree", disk, &copy.walk());
        if !self.behind {
            let kinds: Kinds = disk.iter().map(|(path, seen)| (path.clone(), seen.kind)).collect();
            let differ = |a: &Kinds, b: &Kinds| -> Vec<PathBuf> {
                let differs = |path: &&PathBuf| a.get(*path) != b.get(*path);
                a.keys().filter(differs).filter(|path| !self.is_named(path)).cloned().collect()
            };
            let (missing, extra) = (differ(&kinds, &self.paths), differ(&self.paths, &kinds));
            if !missing.is_empty() || !extra.is_empty() {
                panic!("events: missing {missing:?}, too many {extra:?}: {:#?}", self.history);
            }
        }
        for mut copy in std::mem::take(&mut self.copies) {
            self.update(&mut copy, 64);
            self.differ("a copy of a past version", disk, &copy.walk());
        }
    }

    /// Fails with the first difference and what happened to its path.
    fn differ(&mut self, what: &str, disk: &Walk, tree: &Walk) {
        if disk == tree {
            return;
        }
        let paths = disk.keys().chain(tree.keys());
        let first = paths.filter(|path| disk.get(*path) != tree.get(*path)).min().unwrap();
        let name = first.file_name().unwrap().to_string_lossy().into_owned();
        let about: Vec<_> = self.history.iter().filter(|line| line.contains(&name)).collect();
        panic!(
            "{what} differs first at {first:?}: on disk {:?}, in the tree {:?}\n{:#?}\nhistory: {about:#?}",
            disk.get(first),
            tree.get(first),
            self.engine.watch_state(self.watch),
        );
    }
}

impl Copy {
    pub(crate) fn walk(&self) -> Walk {
        self.entries.iter().map(|(id, (_, _, seen))| (self.path(*id), seen.clone())).collect()
    }

    fn path(&self, id: FileId) -> PathBuf {
        let (parent, name, _) = &self.entries[&id];
        parent.map_or(name.clone(), |parent| self.path(parent).join(name))
    }
}

/// An event as text.
fn line(event: &FileEvent<'_>) -> String {
    let kind = format!("{:?}", event.kind).to_lowercase();
    let replaced = if event.replaced { " replaced" } else { "" };
    let from = event.from.map_or(String::new(), |from| format!(" from {}", from.display()));
    format!("{kind}{replaced} {}{from}", event.path.display())
}

/// A summary as text.
fn summary_line(summary: &FileSummary<'_>) -> String {
    let below = if summary.recursive { "**" } else { "*" };
    let FileSummary { created, modified, deleted, renamed, .. } = summary;
    format!("{}/{below} +{created} ~{modified} -{deleted} >{renamed}", summary.dir.display())
}

/// Everything below a root, itself included; `skip` leaves out what is in a directory.
pub(crate) fn walk(root: &Path, skip: &dyn Fn(&Path) -> bool) -> Walk {
    let mut found = Walk::new();
    let mut waiting = vec![root.to_path_buf()];
    while let Some(path) = waiting.pop() {
        let Ok(meta) = fs::symlink_metadata(&path) else { continue };
        let is_dir = meta.is_dir();
        let of_file = |value| if is_dir { 0 } else { value };
        let seen = Seen {
            kind: match () {
                () if meta.is_file() => FileType::File,
                () if is_dir => FileType::Directory,
                () if meta.is_symlink() => FileType::Symlink,
                () => FileType::Other,
            },
            inode: meta.ino(),
            mode: meta.mode() as u16,
            size: if is_dir { 0 } else { meta.size() },
            modified_ns: of_file(meta.mtime() * 1_000_000_000 + meta.mtime_nsec()),
        };
        if is_dir && !skip(&path) {
            let entries = fs::read_dir(&path).unwrap();
            waiting.extend(entries.map(|entry| entry.unwrap().path()));
        }
        found.insert(path, seen);
    }
    found
}

/// [`walk`] that leaves nothing out.
pub(crate) fn walk_all(root: &Path) -> Walk {
    walk(root, &|_| false)
}

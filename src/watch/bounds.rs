//! What one unit of work costs, in trees that are large in each way: never more than it may.
//!
//! The watches run as in an engine, one unit at a time. `ORCHFLOW_SOAK=1`: a hundred thousand roots, and as many names
//! of one file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::key::{Alarm, Source};
use super::{FileEventKind, Watch, WatchEvent, WatchOptions, WatchProblem, Watches};
use crate::id::WatchId;
use crate::limits::Limits;
use crate::policy::{Slice, UNIT_COST_MAX};
use crate::reactor::{Polled, Reactor};

/// A folder that is gone at the end.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Self {
        // In memory where that can be had: tens of thousands of files are made.
        let memory = Some(PathBuf::from("/dev/shm")).filter(|path| path.is_dir());
        let base = memory.unwrap_or_else(std::env::temp_dir);
        let path = base.join(format!("orchflow-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path.canonicalize().unwrap())
    }

    pub(super) fn root(&self) -> PathBuf {
        self.0.join("root")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `normally`, or `in_soak` in the long form of the tests.
fn scaled(normally: usize, in_soak: usize) -> usize {
    let is_soak = std::env::var_os("ORCHFLOW_SOAK").is_some_and(|value| value == "1");
    if is_soak { in_soak } else { normally }
}

/// Files in directories of a thousand.
fn fill(dir: &Path, files: usize) {
    for n in 0..files {
        let dir = dir.join(format!("d{}", n / 1000));
        if n % 1000 == 0 {
            fs::create_dir_all(&dir).unwrap();
        }
        fs::File::create(dir.join(n.to_string())).unwrap();
    }
}

/// Events of a batch that are kept.
const SHORT: usize = 20;

fn line(event: &super::FileEvent<'_>) -> String {
    let name = event.path.file_name().unwrap_or_default().display();
    format!("{:?} {name}{}", event.kind, if event.replaced { " replaced" } else { "" })
}

pub(super) struct Host {
    watches: Watches,
    reactor: Reactor,
    polled: mio::Events,
    id: WatchId,
    /// Of one turn.
    units_max: u32,
    /// Units, and what they have cost.
    units: u64,
    cost: u64,
    batches: Vec<usize>,
    deleted: usize,
    warnings: Vec<WatchProblem>,
    /// The first events of each batch.
    log: Vec<String>,
    /// Entries at the time when it was ready.
    ready_with: Option<usize>,
}

impl Host {
    pub(super) fn new(options: &WatchOptions) -> Self {
        let mut reactor = Reactor::new().unwrap();
        let limits = Limits { watch_batch_events: 1000, ..Limits::default() };
        let mut watches = Watches::new(limits);
        let options = options.clone().window(Duration::from_millis(1));
        let id = watches.add(&options, &mut reactor).unwrap();
        let mut host = Host {
            watches,
            reactor,
            polled: mio::Events::with_capacity(64),
            id,
            units_max: 1,
            units: 0,
            cost: 0,
            batches: Vec::new(),
            deleted: 0,
            warnings: Vec::new(),
            log: Vec::new(),
            ready_with: None,
        };
        host.turn_until(|host| host.ask(|watch| watch.is_complete()));
        host
    }

    /// One turn, with one unit of work unless more are allowed.
    fn turn(&mut self) {
        let busy = self.watches.has_work() || self.watches.has_event();
        self.reactor.update_readiness(busy).unwrap();
        let timeout = Duration::from_secs(if busy { 0 } else { 60 });
        self.reactor.poll(&mut self.polled, Some(timeout)).unwrap();
        for event in &self.polled {
            if let Polled::User(key) = self.reactor.take_polled(event)
                && let Some(Source::Files(id)) = Source::from_key(key)
            {
                self.watches.on_readable(id);
            }
        }
        while let Some(Alarm::Files(id)) =
            self.reactor.expired().and_then(|(key, _)| Alarm::from_key(key))
        {
            self.watches.on_alarm(id, &self.reactor);
        }
        let mut slice = Slice::without_end().of_units(self.units_max);
        self.watches.work(&mut slice, &mut self.reactor);
        assert!(slice.largest() <= UNIT_COST_MAX, "a unit of {} ns", slice.largest());
        self.units += u64::from(slice.charged() > 0);
        self.cost += slice.charged();
        let mut ready = false;
        while self.watches.take_event(&mut self.reactor).is_some() {
            match self.watches.last_event().unwrap() {
                WatchEvent::Batch { batch } => {
                    let deleted =
                        |event: &super::FileEvent<'_>| event.kind == FileEventKind::Delete;
                    self.batches.push(batch.original_events());
                    self.deleted += batch.events().filter(deleted).count();
                    self.log.extend(batch.events().take(SHORT).map(|event| line(&event)));
                }
                WatchEvent::Warning { problem, .. } => self.warnings.push(problem),
                WatchEvent::Ready { .. } => ready = true,
                _ => {}
            }
        }
        if ready {
            self.ready_with = Some(self.entries());
        }
    }

    fn turn_until(&mut self, mut done: impl FnMut(&mut Host) -> bool) {
        while !done(self) {
            self.turn();
        }
    }

    pub(super) fn sync(&mut self) {
        self.begin_sync();
        self.finish_sync();
    }

    /// The same, where one turn has time for one unit and those that follow for all that there is.
    pub(super) fn sync_from_a_short_turn(&mut self) {
        self.begin_sync();
        self.turn();
        self.units_max = u32::MAX;
        self.finish_sync();
        self.units_max = 1;
    }

    fn begin_sync(&mut self) {
        self.watches.command(self.id, &mut self.reactor, |watch| watch.sync(1)).unwrap();
    }

    fn finish_sync(&mut self) {
        self.turn_until(|host| {
            host.ask(|watch| watch.is_complete() && watch.dirty.len() == 0)
                && !host.watches.has_work()
        });
    }

    /// Asks the watch itself: its state has all roots, which takes long where they are very many.
    pub(super) fn ask<T>(&mut self, question: impl FnOnce(&mut Watch) -> T) -> T {
        self.watches.command(self.id, &mut self.reactor, |watch| Ok(question(watch))).unwrap()
    }

    /// The events since the last call.
    pub(super) fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    fn entries(&mut self) -> usize {
        self.ask(|watch| watch.tree.len())
    }
}

#[test]
fn a_large_directory_leaves_in_many_units() {
    const FILES: usize = 50_000;
    let folder = Folder::new("leaves");
    let dir = folder.root().join("dir");
    fill(&dir, FILES);
    let mut host = Host::new(&WatchOptions::new(folder.root()).summary_threshold(0));
    assert_eq!(host.entries(), 2 + FILES / 1000 + FILES);
    fs::rename(&dir, folder.0.join("outside")).unwrap();
    (host.units, host.cost) = (0, 0);
    host.turn_until(|host| !host.batches.is_empty());
    // Another one takes its place while it is on its way out.
    let left = host.entries();
    assert!(left > FILES / 2 && left < FILES, "{left}");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("new"), b"x").unwrap();
    host.sync();
    assert_eq!(host.entries(), 3);
    assert_eq!(host.deleted, 1 + FILES / 1000 + FILES);
    assert!(host.batches.iter().all(|events| *events <= 1000), "{:?}", host.batches);
    assert!(host.cost >= FILES as u64 * 1000 && host.units >= host.cost / UNIT_COST_MAX);
    assert!(host.units > 500, "{} units", host.units);
}

/// An unwatched tree is freed in units as well, and a batch is shortened in units.
#[test]
fn a_large_watch_is_freed_in_many_units() {
    let folder = Folder::new("freed");
    fill(&folder.root().join("dir"), 10_000);
    let mut host = Host::new(&WatchOptions::new(folder.root()).summary_threshold(10));
    fs::rename(folder.root().join("dir"), folder.0.join("outside")).unwrap();
    host.sync();
    assert_eq!((host.entries(), host.deleted > 0), (1, true));
    fs::rename(folder.0.join("outside"), folder.root().join("dir")).unwrap();
    host.sync();
    assert_eq!(host.entries(), 2 + 10 + 10_000);
    host.watches.remove(host.id, &mut host.reactor).unwrap();
    host.units = 0;
    host.turn_until(|host| !host.watches.has_work());
    assert!(host.units >= 20, "{} units", host.units);
}

/// A file of 14,000 rules is compiled in units, and no name is checked before that is done.
#[test]
fn many_rules_are_built_in_many_units() {
    let folder = Folder::new("rules");
    let sub = folder.root().join("sub");
    fs::create_dir_all(&sub).unwrap();
    let mut rules: String = (0..14_000).map(|n| format!("a{n}*b\n")).collect();
    rules.push_str("*.log\n!keep.log\n");
    for name in ["a7-b", "a13999b", "x.log", "keep.log", "b"] {
        fs::write(sub.join(name), b"x").unwrap();
    }
    let mut host = Host::new(&WatchOptions::new(folder.root()).summary_threshold(0));
    assert_eq!(host.entries(), 7);
    host.units = 0;
    fs::write(sub.join(".gitignore"), &rules).unwrap();
    host.sync();
    assert!(host.units > 15, "{} units", host.units);
    // The root, the directory, its rules, and two files.
    assert_eq!((host.entries(), host.deleted), (5, 3));
    // In a new directory nothing shows that is ignored.
    let new = folder.root().join("new");
    fs::rename(&sub, folder.0.join("new")).unwrap();
    host.sync();
    let before = host.deleted;
    fs::rename(folder.0.join("new"), &new).unwrap();
    host.turn_until(|host| host.entries() > 1);
    fs::write(new.join("a1b"), b"x").unwrap();
    host.sync();
    assert_eq!((host.entries(), host.deleted), (5, before));
    assert!(host.warnings.is_empty());
    // And what is beyond the bounds is not left out in silence.
    let rules = rules.repeat(5);
    fs::write(new.join(".gitignore"), &rules).unwrap();
    host.sync();
    assert_eq!(host.warnings, [WatchProblem::TooManyRules]);
    assert_eq!(host.watches.state(host.id).unwrap().problem, Some(WatchProblem::TooManyRules));
    fs::write(new.join(".gitignore"), "b").unwrap();
    host.sync();
    assert_eq!(host.watches.state(host.id).unwrap().problem, None);
}

/// Roots are looked at in units, however many there are, and ready comes after all of them. Their paths are
/// resolved in units as well, when a directory above all of them goes and comes back.
#[test]
fn very_many_roots_are_read_in_many_units() {
    let roots = scaled(20_000, 100_000);
    let folder = Folder::new("roots");
    fill(&folder.root(), roots);
    let path = |n: usize| folder.root().join(format!("d{}/{n}", n / 1000));
    let first = WatchOptions::new(path(0)).summary_threshold(0).gitignore(false);
    let options = (1..roots).fold(first, |options, n| options.root(path(n)));
    let mut host = Host::new(&options);
    assert_eq!((host.ready_with, host.entries()), (Some(roots), roots));
    host.sync();
    assert!(host.batches.is_empty(), "nothing was created after that");
    // What all of this costs grows with the number of roots and not with its square.
    assert!(host.cost < roots as u64 * 200_000, "{} for a root", host.cost / roots as u64);
    let aside = folder.0.join("aside");
    host.units = 0;
    fs::rename(folder.root(), &aside).unwrap();
    host.turn_until(|host| host.entries() == 0);
    assert!(host.units > 500, "{} units", host.units);
    fs::rename(&aside, folder.root()).unwrap();
    host.turn_until(|host| host.entries() == roots);
    host.sync();
    assert_eq!(host.watches.state(host.id).unwrap().problem, None);
    host.watches.remove(host.id, &mut host.reactor).unwrap();
    host.units = 0;
    host.turn_until(|host| !host.watches.has_work());
    assert!(host.units >= 50, "{} units", host.units);
}

/// Roots share the rules above them: each file of rules is read once, and what is watched for them in units.
#[test]
fn rules_above_many_roots_are_read_once() {
    const ROOTS: usize = 1_000;
    let folder = Folder::new("above");
    let top = folder.root();
    for dir in [".git/objects", ".git/refs"] {
        fs::create_dir_all(top.join(dir)).unwrap();
    }
    fs::write(top.join(".git/HEAD"), b"ref: refs/heads/main").unwrap();
    fs::write(top.join(".gitignore"), "*.log\n*.tmp\n").unwrap();
    for n in 0..ROOTS {
        fs::create_dir_all(top.join(format!("d{n}/root"))).unwrap();
        fs::write(top.join(format!("d{n}/root/x.log")), b"x").unwrap();
    }
    let root = |n: usize| top.join(format!("d{n}/root"));
    let options = (1..ROOTS).fold(WatchOptions::new(root(0)), |options, n| options.root(root(n)));
    let mut host = Host::new(&options);
    assert_eq!(host.entries(), ROOTS);
    let room = Host::new(&WatchOptions::new(root(0))).ask(|watch| watch.filter.room());
    assert_eq!(host.ask(|watch| watch.filter.room()), room);
    fs::write(top.join(".gitignore"), "*.tmp\n").unwrap();
    host.turn_until(|host| host.entries() == 2 * ROOTS);
}

/// A hundred thousand rules, in two files: they are built in units, and a name is compared in one.
#[test]
fn a_hundred_thousand_rules_are_built_in_many_units() {
    let folder = Folder::new("more-rules");
    let sub = folder.root().join("sub");
    fs::create_dir_all(&sub).unwrap();
    for (dir, first) in [(folder.root(), 0), (sub.clone(), 50_000)] {
        let rules: String = (first..first + 50_000).map(|n| format!("a{n}*b\n")).collect();
        fs::write(dir.join(".gitignore"), rules).unwrap();
    }
    for name in ["a7-b", "a99999b", "a99999c"] {
        fs::write(sub.join(name), b"x").unwrap();
    }
    let mut host = Host::new(&WatchOptions::new(folder.root()).summary_threshold(0));
    // The root, the directory, their rules, and a file.
    assert_eq!(host.entries(), 5);
    assert!(host.units > 100 && host.warnings.is_empty(), "{} units", host.units);
    for name in ["a1b", "a50000b", "b"] {
        fs::write(sub.join(name), b"x").unwrap();
    }
    host.sync();
    assert_eq!(host.entries(), 6);
}

/// A change of a file with many names costs a look at each of them, and each shows it.
#[test]
fn a_change_costs_one_look_for_each_name_of_a_file() {
    /// More than a look costs, and a round of names for it.
    const EACH_MAX: u64 = 80_000;
    let names_all = scaled(4_000, 100_000) as u64;
    let folder = Folder::new("links");
    let file = folder.root().join("d0/0");
    fill(&folder.root(), 1);
    for n in 1..names_all {
        let dir = folder.root().join(format!("d{}", n % 7));
        fs::create_dir_all(&dir).unwrap();
        fs::hard_link(&file, dir.join(n.to_string())).unwrap();
    }
    let mut host = Host::new(&WatchOptions::new(folder.root()).summary_threshold(0));
    host.sync();
    let mut expect = |events: u64, what: &str| {
        (host.cost, host.units) = (0, 0);
        host.batches.clear();
        host.sync();
        assert_eq!(host.batches.iter().sum::<usize>() as u64, events, "{what}");
        assert!(host.cost < names_all * EACH_MAX, "{what}: {} ns", host.cost);
        assert!(host.units > 100, "{what}: {} units", host.units);
    };
    fs::write(&file, b"changed").unwrap();
    expect(names_all, "written");
    fs::hard_link(&file, folder.root().join("one-more")).unwrap();
    expect(names_all + 1, "linked");
    fs::rename(folder.root().join("one-more"), folder.0.join("outside")).unwrap();
    expect(names_all + 1, "moved away");
    // All names of a directory at once, and their other names.
    let names = fs::read_dir(folder.root().join("d1")).unwrap().count();
    fs::remove_dir_all(folder.root().join("d1")).unwrap();
    expect(names_all + 1, "some deleted");
    for n in (2..names_all).filter(|n| n % 7 == 2) {
        fs::remove_file(folder.root().join(format!("d2/{n}"))).unwrap();
    }
    expect(names_all - names as u64, "more deleted");
}

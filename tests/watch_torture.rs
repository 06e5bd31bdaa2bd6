//! The proof that a tree equals the disk: writers do whatever programs do, all at once, and when they are
//! done the tree, a copy made by the events alone, and copies of past versions brought up to date equal
//! an independent walk. Every seed is printed when it fails; `ORCHFLOW_SEED` runs one alone, and
//! `ORCHFLOW_SOAK=1` ten times as many.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use orchflow::{FileType, Limits, WatchOptions};
use support::files::TempDir;
use support::havoc::{Havoc, Random};
use support::mirror::{Mirror, walk, walk_all};
use support::scaled;

const WRITERS: u64 = 8;

/// How a run goes.
#[derive(Clone, Copy)]
struct Plan {
    steps: usize,
    window: Duration,
    read_bytes: usize,
    /// The engine does not turn while the writers write.
    asleep: bool,
    dirty_names: usize,
    replaces_root: bool,
    tombstones: usize,
}

const PLAIN: Plan = Plan {
    steps: 60,
    window: Duration::from_millis(5),
    read_bytes: 64 << 10,
    asleep: false,
    dirty_names: 65_536,
    replaces_root: true,
    tombstones: 65_536,
};

/// Names the seed of a run that fails.
struct SayOnPanic(u64);

impl Drop for SayOnPanic {
    #[allow(clippy::print_stderr)]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed is {0}: ORCHFLOW_SEED={0}", self.0);
        }
    }
}

/// Runs a plan with seeds, or with the one that was asked for.
fn run_seeds(seeds: std::ops::Range<u64>, plan: impl Fn(u64) -> Plan) {
    let only = std::env::var("ORCHFLOW_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    for seed in only.map_or(seeds, |seed| seed..seed + 1) {
        let _said = SayOnPanic(seed);
        run(seed, plan(seed));
    }
}

fn run(seed: u64, plan: Plan) {
    let folder = TempDir::new();
    let (root, outside) = (folder.path().join("root"), folder.path().join("outside"));
    fs::create_dir_all(&root).unwrap();
    fs::create_dir_all(&outside).unwrap();
    // Something is there before.
    Havoc::new(seed ^ 0xABCD, &root, &outside, false).run(30);
    let options = WatchOptions::new(&root)
        .window(plan.window)
        .max_wait(plan.window * 4)
        .summary_threshold(0)
        .gitignore(false);
    let limits = Limits {
        watch_read_bytes: plan.read_bytes,
        watch_dirty_names: plan.dirty_names,
        watch_tombstones: plan.tombstones,
        ..Limits::default()
    };
    let mut mirror = Mirror::start(&options, limits);
    mirror.wait("the first reading", |mirror| mirror.ready);
    mirror.adopt();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let seed = seed * WRITERS + writer;
                let mut havoc = Havoc::new(seed, &root, &outside, plan.replaces_root);
                scope.spawn(move || havoc.run(plan.steps))
            })
            .collect();
        let mut random = Random::new(seed);
        while !plan.asleep && writers.iter().any(|writer| !writer.is_finished()) {
            mirror.engine.turn(Some(Duration::from_millis(1))).unwrap();
            mirror.read_events();
            if random.below(8) == 0 {
                mirror.keep_copy();
            }
        }
    });
    // A root that is gone is allowed, but says nothing about what was in it.
    fs::create_dir_all(&root).unwrap();
    mirror.sync();
    mirror.check(&walk_all(&root));
    mirror
        .wait("quiet", |mirror| mirror.engine.watch_state(mirror.watch).unwrap().dirty_names == 0);
    mirror.check(&walk_all(&root));
    let state = mirror.engine.watch_state(mirror.watch).unwrap();
    assert_eq!(state.kernel_watches, state.directories, "a watch for each directory: {state:?}");
    assert!(state.complete, "{state:?}");
    let all = state.kernel_watches + state.path_watches;
    assert_eq!(inotify_watches(), all, "what the kernel has");
}

/// How many watches the kernel knows for the inotify instances of this process, by /proc.
fn inotify_watches() -> usize {
    let mut own = 0;
    for entry in fs::read_dir("/proc/self/fdinfo").unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
        own += text.lines().filter(|line| line.starts_with("inotify wd:")).count();
    }
    own
}

/// One after the other, since the kernel's watches are counted for the whole process.
#[test]
fn the_tree_equals_the_disk() {
    run_seeds(0..scaled(120, 2000) as u64, |_| PLAIN);
    // Every turn looks at once.
    run_seeds(1000..1000 + scaled(40, 400) as u64, |_| Plan { window: Duration::ZERO, ..PLAIN });
    // The kernel gives a few events at a time.
    run_seeds(2000..2000 + scaled(20, 200) as u64, |seed| Plan {
        read_bytes: 512 + (seed as usize % 3) * 300,
        window: Duration::from_millis(seed % 2 * 5),
        ..PLAIN
    });
    // Dirty names and tombstones at their bounds.
    run_seeds(3000..3000 + scaled(20, 200) as u64, |seed| Plan {
        dirty_names: 1 + seed as usize % 8,
        tombstones: seed as usize % 16,
        ..PLAIN
    });
    // Events are lost: nobody reads while more happens than the kernel's queue holds.
    run_seeds(4000..4000 + scaled(4, 40) as u64, |_| Plan { steps: 4000, asleep: true, ..PLAIN });
}

#[test]
fn walks_agree_with_themselves() {
    let folder = TempDir::new();
    fs::create_dir_all(folder.path().join("a/b")).unwrap();
    fs::write(folder.path().join("a/f"), b"x").unwrap();
    let all = walk_all(folder.path());
    assert_eq!(all.len(), 4);
    assert_eq!(all[&folder.path().join("a/f")].kind, FileType::File);
    let top = walk(folder.path(), &|path: &Path| path.ends_with("a"));
    assert_eq!(top.len(), 2);
}

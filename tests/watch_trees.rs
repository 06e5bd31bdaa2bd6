//! Trees in all states: roots that vanish and come back, single files, what is ignored, limits, fences,
//! batches that wait, other things in the same loop.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orchflow::{
    Config, Engine, ErrorKind, Event, FileChanges, FileCursor, FileEventKind, Limits, WatchEvent,
    WatchOptions, WatchProblem,
};
use support::files::TempDir;
use support::is_readable;
use support::mirror::{Mirror, walk_all};

fn options(root: &Path) -> WatchOptions {
    WatchOptions::new(root).window(Duration::from_millis(1)).summary_threshold(0)
}

/// The events since the last look, without the folder in their paths.
fn log(mirror: &mut Mirror, folder: &Path) -> Vec<String> {
    mirror.sync();
    let prefix = format!("{}/", folder.display());
    mirror.take_log().into_iter().map(|line| line.replace(&prefix, "")).collect()
}

fn paths(mirror: &Mirror, folder: &Path) -> Vec<String> {
    let below = |path: &PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
    mirror.paths.keys().map(below).collect()
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let folder = TempDir::new();
    fs::write(folder.path().join("f"), b"x").unwrap();
    fs::create_dir_all(folder.path().join("a/b")).unwrap();
    let mut engine = Engine::new(Config::default()).unwrap();
    let mut refuse = |options: WatchOptions| engine.watch(&options).unwrap_err();
    let at = |name: &str| WatchOptions::new(folder.path().join(name));
    let table = [
        (refuse(at("none")), ErrorKind::NotFound, "none"),
        (refuse(at("f/x")), ErrorKind::NotADirectory, "f/x"),
        (refuse(WatchOptions::new("")), ErrorKind::InvalidArgument, "empty"),
        (
            refuse(at("a").root(folder.path().join("a/b"))),
            ErrorKind::InvalidArgument,
            "in each other",
        ),
        (
            refuse(at("a").root(folder.path().join("a"))),
            ErrorKind::InvalidArgument,
            "in each other",
        ),
        (refuse(at("a").ignore("x{")), ErrorKind::InvalidArgument, "x{"),
        (refuse(at("a").kinds(&[])), ErrorKind::InvalidArgument, "kinds"),
        (refuse(at("a").max_depth(0)), ErrorKind::InvalidArgument, "max_depth"),
        (refuse(at("a").entry_limit(0)), ErrorKind::InvalidArgument, "entry_limit"),
        (refuse(at("a").window(Duration::from_secs(1))), ErrorKind::InvalidArgument, "max_wait"),
        (
            refuse(at("a").poll_interval(Duration::ZERO)),
            ErrorKind::InvalidArgument,
            "poll_interval",
        ),
        (refuse(at("a\0b")), ErrorKind::InvalidArgument, "NUL"),
    ];
    for (error, kind, mention) in table {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(mention), "{error}");
    }
    assert!(engine.watches().is_empty() && !is_readable(&engine));
}

#[test]
fn stale_ids_and_the_limit_on_watches() {
    let folder = TempDir::new();
    let limits = Limits { watches: 2, ..Limits::default() };
    let mut engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
    let options = WatchOptions::new(folder.path());
    let first = engine.watch(&options).unwrap();
    engine.watch(&options).unwrap();
    assert!(engine.watch(&options).unwrap_err().is_limit_reached());
    engine.unwatch(first).unwrap();
    let third = engine.watch(&options).unwrap();
    assert_ne!(third, first);
    assert_eq!(engine.watches().len(), 2);
    let (mut cursor, mut changes) = (FileCursor::default(), FileChanges::default());
    assert!(engine.unwatch(first).unwrap_err().is_stale_id());
    assert!(engine.sync_watch(first, 1).unwrap_err().is_stale_id());
    assert!(engine.watch_state(first).unwrap_err().is_stale_id());
    assert!(engine.file_changes(first, &mut cursor, 1, &mut changes).unwrap_err().is_stale_id());
    assert_eq!(cursor, FileCursor::default());
    engine.shutdown(Duration::ZERO).unwrap();
    assert!(engine.watches().is_empty());
    assert_eq!(engine.watch(&options).unwrap_err().kind(), ErrorKind::EngineGone);
}

#[test]
fn a_root_goes_and_comes_back() {
    let folder = TempDir::new();
    let root = folder.path().join("up/root");
    fs::create_dir_all(root.join("d")).unwrap();
    let mut mirror = Mirror::new(&options(&root));
    // Deleted, and made again.
    fs::remove_dir_all(&root).unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["delete up/root/d", "delete up/root"]);
    assert!(mirror.warnings.contains(&(WatchProblem::RootGone, root.clone())));
    let state = mirror.engine.watch_state(mirror.watch).unwrap();
    assert_eq!((state.problem, state.entries), (Some(WatchProblem::RootGone), 0));
    fs::create_dir_all(root.join("new")).unwrap();
    mirror.wait("the root", |mirror| mirror.paths.len() == 2);
    mirror.sync();
    mirror.check(&walk_all(&root));
    // Moved away, with the directory above it; another one takes its place.
    fs::rename(folder.path().join("up"), folder.path().join("aside")).unwrap();
    fs::rename(folder.path().join("aside/root"), folder.path().join("elsewhere")).unwrap();
    mirror.wait("no root", |mirror| mirror.paths.is_empty());
    fs::create_dir_all(root.join("third")).unwrap();
    mirror.wait("the root again", |mirror| mirror.paths.len() == 2);
    mirror.sync();
    mirror.check(&walk_all(&root));
    assert!(mirror.engine.watch_state(mirror.watch).unwrap().healthy);
    // What happens to the old one is of no interest.
    mirror.take_log();
    fs::write(folder.path().join("elsewhere/x"), b"x").unwrap();
    assert!(log(&mut mirror, folder.path()).is_empty());
}

#[test]
fn a_root_is_a_single_file() {
    let folder = TempDir::new();
    let root = folder.path().join("f");
    fs::write(&root, b"one").unwrap();
    fs::write(folder.path().join("beside"), b"x").unwrap();
    let mut mirror = Mirror::new(&options(&root));
    assert_eq!(paths(&mirror, folder.path()), ["f"]);
    fs::write(&root, b"two two").unwrap();
    fs::write(folder.path().join("beside"), b"y").unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["modify f"]);
    fs::write(folder.path().join("t"), b"three").unwrap();
    fs::rename(folder.path().join("t"), &root).unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["modify replaced f"]);
    // Its inode is the one that is watched now, also by another name.
    fs::hard_link(&root, folder.path().join("link")).unwrap();
    log(&mut mirror, folder.path());
    fs::write(folder.path().join("link"), b"four four four").unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["modify f"]);
    fs::remove_file(&root).unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["delete f"]);
    fs::write(&root, b"back").unwrap();
    mirror.wait("the file", |mirror| mirror.paths.len() == 1);
    // It may come back as a directory.
    fs::remove_file(&root).unwrap();
    fs::create_dir_all(root.join("in")).unwrap();
    mirror.wait("a directory", |mirror| mirror.paths.len() == 2);
    mirror.sync();
    mirror.check(&walk_all(&root));
}

#[test]
fn roots_that_are_links_and_relative_paths_with_dots() {
    let folder = TempDir::new();
    fs::create_dir_all(folder.path().join("real/d")).unwrap();
    symlink("real", folder.path().join("link")).unwrap();
    let dotted = folder.path().join("./link/../real/./d/../");
    let mirror = Mirror::new(&options(&dotted));
    assert_eq!(paths(&mirror, folder.path()), ["real", "real/d"]);
    let mut mirror = Mirror::new(&options(&folder.path().join("link")));
    assert_eq!(paths(&mirror, folder.path()), ["link", "link/d"]);
    fs::write(folder.path().join("real/d/f"), b"x").unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["create link/d/f"]);
}

#[test]
fn several_roots_are_one_tree() {
    let folder = TempDir::new();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    fs::create_dir_all(&a).unwrap();
    fs::create_dir_all(&b).unwrap();
    fs::write(a.join("f"), b"x").unwrap();
    let mut mirror = Mirror::new(&options(&a).root(&b));
    fs::rename(a.join("f"), b.join("g")).unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["rename b/g from a/f"]);
}

#[test]
fn what_is_ignored() {
    let folder = TempDir::new();
    let top = folder.path();
    fs::create_dir_all(top.join(".git/objects")).unwrap();
    fs::create_dir_all(top.join("target/debug")).unwrap();
    fs::create_dir_all(top.join("src/deep")).unwrap();
    fs::write(top.join(".gitignore"), "target/\n*.log\n").unwrap();
    fs::write(top.join("src/.gitignore"), "!keep.log\n/deep\n").unwrap();
    for name in ["a.log", "src/keep.log", "src/x.o", "src/deep/f", "target/debug/f", ".git/HEAD"] {
        fs::write(top.join(name), b"x").unwrap();
    }
    let mut mirror = Mirror::new(&options(&top.join("src")).ignore("*.o"));
    assert_eq!(paths(&mirror, top), ["src", "src/.gitignore", "src/deep", "src/keep.log"]);
    // The rules above the root, up to the repository, count too.
    fs::write(top.join("src/b.log"), b"x").unwrap();
    fs::write(top.join("src/deep/g"), b"x").unwrap();
    assert!(log(&mut mirror, top).is_empty());
    // Other rules: what they hide goes, what they show comes.
    fs::write(top.join("src/.gitignore"), "keep.log\n").unwrap();
    let mut got = log(&mut mirror, top);
    got.sort();
    assert_eq!(
        got,
        ["create src/deep/f", "create src/deep/g", "delete src/keep.log", "modify src/.gitignore"]
    );
    fs::remove_file(top.join("src/.gitignore")).unwrap();
    assert_eq!(log(&mut mirror, top), ["delete src/.gitignore"]);
    // A directory takes an ignored name, and leaves it.
    fs::rename(top.join("src/deep"), top.join("src/target")).unwrap();
    let got = log(&mut mirror, top);
    assert_eq!(got.last().unwrap(), "create src/target", "{got:?}");
    assert_eq!(paths(&mirror, top), ["src", "src/target"]);
    fs::rename(top.join("src/target"), top.join("src/deep")).unwrap();
    log(&mut mirror, top);
    assert_eq!(paths(&mirror, top), ["src", "src/deep", "src/deep/f", "src/deep/g"]);
    let state = mirror.engine.watch_state(mirror.watch).unwrap();
    assert_eq!(state.kernel_watches, 2, "none for what is ignored");
    // All of it.
    let all = options(top).gitignore(false).git_dir(true);
    let mut mirror = Mirror::new(&all);
    mirror.check(&walk_all(top));
    let visible = Mirror::new(&options(top).gitignore(false).hidden(false));
    assert!(visible.paths.keys().all(|path| !path.to_string_lossy().contains("/.git")));
}

#[test]
fn depth_and_entries_are_bounded() {
    let folder = TempDir::new();
    let root = folder.path().join("r");
    fs::create_dir_all(root.join("1/2/3")).unwrap();
    let mirror = Mirror::new(&options(&root).max_depth(2));
    assert_eq!(paths(&mirror, &root), ["", "1", "1/2"]);
    for n in 0..40 {
        fs::write(root.join(format!("f{n}")), b"x").unwrap();
    }
    let mut mirror = Mirror::new(&options(&root).entry_limit(20));
    assert_eq!(mirror.paths.len(), 20);
    assert_eq!(mirror.warnings, [(WatchProblem::TooManyEntries, root.clone())]);
    let state = mirror.engine.watch_state(mirror.watch).unwrap();
    assert!(!state.healthy && state.problem == Some(WatchProblem::TooManyEntries));
    // When there is room again, what was left out is found.
    for n in 0..30 {
        fs::remove_file(root.join(format!("f{n}"))).unwrap();
    }
    mirror.sync();
    mirror.check(&walk_all(&root));
    assert!(mirror.engine.watch_state(mirror.watch).unwrap().healthy);
}

#[test]
fn only_kinds_of_interest_are_told_and_the_tree_is_exact() {
    let folder = TempDir::new();
    fs::write(folder.path().join("f"), b"x").unwrap();
    let kinds = [FileEventKind::Create, FileEventKind::Delete];
    let mut mirror = Mirror::new(&options(folder.path()).kinds(&kinds));
    fs::write(folder.path().join("f"), b"more").unwrap();
    fs::write(folder.path().join("g"), b"x").unwrap();
    assert_eq!(log(&mut mirror, folder.path()), ["create g"]);
    mirror.check(&walk_all(folder.path()));
}

#[test]
fn many_events_are_summed_up() {
    let folder = TempDir::new();
    let mut mirror = Mirror::new(&options(folder.path()).summary_threshold(10));
    for n in 0..300 {
        let dir = folder.path().join(format!("d{}/e", n % 3));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join(format!("{n}")), b"x").unwrap();
    }
    mirror.sync();
    assert!(mirror.take_log().len() < 20);
    // The tree is exact all the same.
    mirror.check(&walk_all(folder.path()));
}

#[test]
fn names_are_bytes() {
    let folder = TempDir::new();
    let name = std::ffi::OsStr::from_bytes(b"not \xff utf-8\n");
    fs::write(folder.path().join(name), b"x").unwrap();
    let mut mirror = Mirror::new(&options(folder.path()));
    assert!(mirror.paths.contains_key(&folder.path().join(name)));
    fs::rename(folder.path().join(name), folder.path().join("plain")).unwrap();
    mirror.sync();
    mirror.check(&walk_all(folder.path()));
}

/// While a batch is unread nothing is looked at; what happens meanwhile is told afterwards, once.
#[test]
fn an_unread_batch_holds_back_the_next_one() {
    let folder = TempDir::new();
    let mut mirror = Mirror::new(&options(folder.path()).window(Duration::ZERO));
    fs::write(folder.path().join("a"), b"x").unwrap();
    let before = mirror.engine.watch_state(mirror.watch).unwrap().batches;
    while mirror.engine.watch_state(mirror.watch).unwrap().batches == before {
        mirror.engine.turn(Some(Duration::from_secs(10))).unwrap();
    }
    for n in 0..100 {
        fs::write(folder.path().join("b"), format!("{n}")).unwrap();
        mirror.engine.turn(Some(Duration::ZERO)).unwrap();
    }
    assert_eq!(mirror.engine.watch_state(mirror.watch).unwrap().batches, before + 1);
    assert_eq!(log(&mut mirror, folder.path()), ["create a", "create b"]);
}

#[test]
fn fences_answer_in_order_and_also_before_the_tree_is_read() {
    let folder = TempDir::new();
    for n in 0..500 {
        fs::create_dir_all(folder.path().join(format!("d{n}"))).unwrap();
    }
    let mut engine = Engine::new(Config::default()).unwrap();
    let watch = engine.watch(&WatchOptions::new(folder.path()).tag(9)).unwrap();
    for tag in 0..10 {
        engine.sync_watch(watch, tag).unwrap();
    }
    let (mut ready, mut told) = (false, Vec::new());
    while told.len() < 10 {
        engine.turn(None).unwrap();
        while let Some(event) = engine.next_event().unwrap() {
            match event {
                Event::Watch { tag, event: WatchEvent::Ready { .. }, .. } => {
                    ready = true;
                    assert_eq!(tag, 9);
                }
                Event::Watch { event: WatchEvent::Synced { tag, .. }, .. } => {
                    assert!(ready);
                    told.push(tag);
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(told, (0..10).collect::<Vec<_>>());
    // Too many of them at once are refused.
    for tag in 0..1024 {
        engine.sync_watch(watch, tag).unwrap();
    }
    assert!(engine.sync_watch(watch, 0).unwrap_err().is_limit_reached());
}

/// A cursor of another watch, or of a version whose removals are forgotten, begins anew.
#[test]
fn a_cursor_that_is_too_old_begins_anew() {
    let folder = TempDir::new();
    let limits = Limits { watch_tombstones: 3, ..Limits::default() };
    let mut mirror = Mirror::start(&options(folder.path()), limits);
    mirror.wait("the first reading", |mirror| mirror.ready);
    mirror.adopt();
    let (mut cursor, mut changes) = (FileCursor::default(), FileChanges::default());
    let watch = mirror.watch;
    mirror.engine.file_changes(watch, &mut cursor, 100, &mut changes).unwrap();
    assert!(changes.full && !changes.more && changes.entries().len() == 1);
    let old = cursor;
    mirror.engine.file_changes(watch, &mut cursor, 100, &mut changes).unwrap();
    assert!(!changes.full && changes.is_empty() && cursor == old);
    for n in 0..5 {
        fs::write(folder.path().join(format!("{n}")), b"x").unwrap();
    }
    mirror.sync();
    mirror.engine.file_changes(watch, &mut cursor, 100, &mut changes).unwrap();
    assert!(!changes.full && changes.entries().len() == 5);
    for n in 0..5 {
        fs::remove_file(folder.path().join(format!("{n}"))).unwrap();
    }
    mirror.sync();
    mirror.engine.file_changes(watch, &mut cursor, 100, &mut changes).unwrap();
    assert!(changes.full && changes.entries().len() == 1 && changes.removed.is_empty());
    let other = mirror.engine.watch(&options(folder.path())).unwrap();
    mirror.engine.file_changes(other, &mut cursor, 100, &mut changes).unwrap();
    assert!(changes.full);
}

/// With nothing happening the descriptor is not readable and no timer is set.
#[test]
fn an_idle_watch_does_not_wake() {
    let folder = TempDir::new();
    for n in 0..200 {
        fs::create_dir_all(folder.path().join(format!("d{n}"))).unwrap();
    }
    let mut mirror = Mirror::new(&options(folder.path()));
    let quiet = |mirror: &mut Mirror| {
        mirror.sync();
        mirror.wait("quiet", |mirror| {
            mirror.engine.time_to_deadline().is_none() && !is_readable(&mirror.engine)
        });
    };
    quiet(&mut mirror);
    fs::write(folder.path().join("d7/f"), b"x").unwrap();
    assert!(is_readable(&mirror.engine), "an event is there");
    quiet(&mut mirror);
    assert_eq!(mirror.take_log().len(), 1);
    // What is not asked for does not wake: reading and listing.
    fs::read(folder.path().join("d7/f")).unwrap();
    walk_all(folder.path());
    assert!(!is_readable(&mirror.engine));
    // A watch that is gone does not wake either.
    mirror.engine.unwatch(mirror.watch).unwrap();
    fs::write(folder.path().join("d7/g"), b"x").unwrap();
    assert!(!is_readable(&mirror.engine) && mirror.engine.time_to_deadline().is_none());
}

/// A watch with very many directories is closed in slices, and then the engine has nothing to do.
#[test]
fn a_large_watch_is_closed_in_slices() {
    let folder = TempDir::new();
    for n in 0..600 {
        fs::create_dir_all(folder.path().join(format!("d{n}"))).unwrap();
    }
    let mut mirror = Mirror::new(&options(folder.path()));
    assert_eq!(mirror.engine.watch_state(mirror.watch).unwrap().kernel_watches, 601);
    mirror.engine.unwatch(mirror.watch).unwrap();
    assert!(mirror.engine.watches().is_empty());
    assert!(is_readable(&mirror.engine), "descriptors are to be given back");
    while mirror.engine.time_to_deadline().is_some() {
        mirror.engine.turn(None).unwrap();
    }
    assert!(!is_readable(&mirror.engine));
}

/// A tree is read in slices, between which terminals are served.
#[test]
fn terminals_are_served_while_a_tree_is_read() {
    let folder = TempDir::new();
    for n in 0..4000 {
        fs::create_dir_all(folder.path().join(format!("d{}/e{n}", n % 50))).unwrap();
    }
    let limits = Limits {
        turn_time: Duration::from_micros(50),
        turn_time_typing: Duration::from_micros(50),
        ..Limits::default()
    };
    let mut engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
    let terminal = engine.spawn(&orchflow::SpawnOptions::program("cat")).unwrap();
    engine.watch(&options(folder.path())).unwrap();
    let (mut echoes, mut turns) = (0, 0);
    engine.write(terminal, b"x").unwrap();
    loop {
        engine.turn(Some(Duration::from_secs(60))).unwrap();
        turns += 1;
        let (mut echoed, mut ready) = (false, false);
        while let Some(event) = engine.next_event().unwrap() {
            match event {
                Event::Terminal { event: orchflow::TerminalEvent::Output { .. }, .. } => {
                    echoed = true;
                }
                Event::Watch { event: WatchEvent::Ready { .. }, .. } => ready = true,
                other => panic!("{other:?}"),
            }
        }
        if echoed {
            echoes += 1;
            engine.write(terminal, b"x").unwrap();
        }
        if ready {
            break;
        }
    }
    // No turn reads 4,000 directories in 50 us, and a turn without a reading would wait for the echo.
    assert!(turns >= 20, "{turns} turns, {echoes} echoes");
}

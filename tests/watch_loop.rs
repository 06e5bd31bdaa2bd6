//! File watches in the loop of an engine: readiness, slices, batches that wait, sync points, cursors.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use orchflow::{Config, Engine, Event, FileChanges, FileCursor, Limits, WatchEvent, WatchOptions};
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

/// While a batch is unread nothing is looked at; what happens meanwhile is reported afterwards, once.
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
    let watch = engine.add_watch(&WatchOptions::new(folder.path()).tag(9)).unwrap();
    for tag in 0..10 {
        engine.sync_watch(watch, tag).unwrap();
    }
    let (mut ready, mut reported) = (false, Vec::new());
    while reported.len() < 10 {
        engine.turn(None).unwrap();
        while let Some(event) = engine.next_event().unwrap() {
            match event {
                Event::Watch { tag, event: WatchEvent::Ready { .. }, .. } => {
                    ready = true;
                    assert_eq!(tag, 9);
                }
                Event::Watch { event: WatchEvent::Synced { tag, .. }, .. } => {
                    assert!(ready);
                    reported.push(tag);
                }
                Event::SlowTurn(_) | Event::Health(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(reported, (0..10).collect::<Vec<_>>());
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
    mirror.engine.watch_changes(watch, &mut cursor, 100, &mut changes).unwrap();
    assert!(changes.full && !changes.more && changes.entries().len() == 1);
    let old = cursor;
    mirror.engine.watch_changes(watch, &mut cursor, 100, &mut changes).unwrap();
    assert!(!changes.full && changes.is_empty() && cursor == old);
    for n in 0..5 {
        fs::write(folder.path().join(format!("{n}")), b"x").unwrap();
    }
    mirror.sync();
    mirror.engine.watch_changes(watch, &mut cursor, 100, &mut changes).unwrap();
    assert!(!changes.full && changes.entries().len() == 5);
    for n in 0..5 {
        fs::remove_file(folder.path().join(format!("{n}"))).unwrap();
    }
    mirror.sync();
    mirror.engine.watch_changes(watch, &mut cursor, 100, &mut changes).unwrap();
    assert!(changes.full && changes.entries().len() == 1 && changes.removed.is_empty());
    let other = mirror.engine.add_watch(&options(folder.path())).unwrap();
    mirror.engine.watch_changes(other, &mut cursor, 100, &mut changes).unwrap();
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
    mirror.engine.remove_watch(mirror.watch).unwrap();
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
    mirror.engine.remove_watch(mirror.watch).unwrap();
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
    engine.add_watch(&options(folder.path())).unwrap();
    let (mut echoes, mut turns) = (0, 0);
    engine.write(terminal, b"x\r").unwrap();
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
                Event::SlowTurn(_) | Event::Health(_) => {}
                other => panic!("{other:?}"),
            }
        }
        if echoed {
            echoes += 1;
            // A whole line: the kernel keeps no more than 4,095 bytes of one.
            engine.write(terminal, b"x\r").unwrap();
        }
        if ready {
            break;
        }
    }
    // No turn reads 4,000 directories in 50 us, and a turn without a reading would wait for the echo.
    assert!(turns >= 20, "{turns} turns, {echoes} echoes");
}

/// A directory with very much in it leaves the tree in slices and in batches, between which terminals are
/// served; one of the same name that comes meanwhile is there at the end.
#[test]
fn terminals_are_served_while_a_directory_leaves() {
    const FILES: usize = 5000;
    let folder = TempDir::new();
    let (root, outside) = (folder.path().join("root"), folder.path().join("outside"));
    for n in 0..FILES {
        fs::create_dir_all(root.join(format!("d/{}", n % 50))).unwrap();
        fs::write(root.join(format!("d/{}/{n}", n % 50)), b"").unwrap();
    }
    let limits = Limits {
        turn_time: Duration::from_micros(50),
        turn_time_typing: Duration::from_micros(50),
        watch_batch_events: 500,
        ..Limits::default()
    };
    let mut engine = Engine::new(Config { limits, ..Config::default() }).unwrap();
    let terminal = engine.spawn(&orchflow::SpawnOptions::program("cat")).unwrap();
    let watch = engine.add_watch(&options(&root)).unwrap();
    let mut entries = 0;
    let (mut deleted, mut echoes, mut turns, mut batches) = (0, 0, 0, 0);
    while deleted < FILES + 51 {
        engine.turn(Some(Duration::from_secs(60))).unwrap();
        turns += 1;
        let (mut echoed, mut ready) = (false, false);
        while let Some(event) = engine.next_event().unwrap() {
            match event {
                Event::Terminal { event: orchflow::TerminalEvent::Output { .. }, .. } => {
                    echoed = true;
                }
                Event::Watch { event: WatchEvent::Ready { .. }, .. } => ready = true,
                Event::Watch { event: WatchEvent::Batch { batch }, .. } => {
                    assert!(batch.events().len() <= 500);
                    let gone = |event: &orchflow::FileEvent<'_>| {
                        event.kind == orchflow::FileEventKind::Delete
                    };
                    deleted += batch.events().filter(gone).count();
                    batches += 1;
                }
                Event::SlowTurn(_) | Event::Health(_) => {}
                other => panic!("{other:?}"),
            }
        }
        if ready {
            entries = engine.watch_state(watch).unwrap().entries;
            fs::rename(root.join("d"), &outside).unwrap();
            engine.write(terminal, b"x").unwrap();
            turns = 0;
        }
        if echoed {
            echoes += 1;
            engine.write(terminal, b"x").unwrap();
        }
        if batches == 1 && !root.join("d").exists() {
            // The rest of what was there is still on its way out.
            fs::create_dir(root.join("d")).unwrap();
            fs::write(root.join("d/new"), b"x").unwrap();
        }
    }
    assert_eq!(entries, FILES + 52);
    // No turn takes 5,000 entries out in 50 us, nor out of a batch of 500.
    assert!(turns >= 20 && batches >= 10, "{turns} turns, {batches} batches, {echoes} echoes");
    while engine.watch_state(watch).unwrap().entries < 3 {
        engine.turn(Some(Duration::from_secs(60))).unwrap();
        while engine.next_event().unwrap().is_some() {}
    }
}

//! Watching where the system is short of something: inotify watches, instances, permissions; and where
//! file systems are mounted into each other. Each test runs in namespaces of its own.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use orchflow::{Config, Engine, Limits, WatchOptions, WatchProblem};
use support::files::{TempDir, sh};
use support::havoc::Havoc;
use support::mirror::{Mirror, walk, walk_all};
use support::namespace::{enter, limit};
use support::scaled;

fn options(root: &Path) -> WatchOptions {
    WatchOptions::new(root)
        .window(Duration::from_millis(2))
        .summary_threshold(0)
        .gitignore(false)
        .poll_interval(Duration::from_millis(10))
}

/// The system's limit on inotify instances has a message that names it.
#[test]
fn instances_run_out() {
    if !enter("instances_run_out") {
        return;
    }
    limit("max_inotify_instances", 3);
    let folder = TempDir::new();
    let mut engine = Engine::new(Config::default()).unwrap();
    for _ in 0..3 {
        engine.add_watch(&WatchOptions::new(folder.path())).unwrap();
    }
    let error = engine.add_watch(&WatchOptions::new(folder.path())).unwrap_err();
    assert!(error.is_limit_reached() && error.message().contains("max_user_instances"), "{error}");
    let some = engine.watches()[0];
    engine.remove_watch(some).unwrap();
    engine.add_watch(&WatchOptions::new(folder.path())).unwrap();
}

/// Without enough watches directories are polled, and the tree equals the disk all the same.
#[test]
fn watches_run_out() {
    if !enter("watches_run_out") {
        return;
    }
    limit("max_inotify_watches", 6);
    for seed in 0..scaled(8, 100) as u64 {
        let folder = TempDir::new();
        let (root, outside) = (folder.path().join("root"), folder.path().join("outside"));
        fs::create_dir_all(root.join("a/b/c/d/e/f/g")).unwrap();
        fs::create_dir_all(&outside).unwrap();
        let mut mirror = Mirror::new(&options(&root));
        assert!(mirror.warnings.iter().any(|(problem, _)| *problem == WatchProblem::OutOfWatches));
        let state = mirror.engine.watch_state(mirror.watch).unwrap();
        assert_eq!((state.kernel_watches, state.polled_directories), (6, 2), "{state:?}");
        assert_eq!((state.problem, state.healthy), (Some(WatchProblem::OutOfWatches), false));
        // A sync point covers what is polled.
        fs::write(root.join("a/b/c/d/e/f/g/file"), b"x").unwrap();
        mirror.sync();
        mirror.check(&walk_all(&root));
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    let mut havoc = Havoc::new(seed * 4 + writer, &root, &outside, false);
                    scope.spawn(move || havoc.run(100))
                })
                .collect();
            while writers.iter().any(|writer| !writer.is_finished()) {
                mirror.engine.turn(Some(Duration::from_millis(1))).unwrap();
                mirror.read_events();
            }
        });
        mirror.sync();
        mirror.check(&walk_all(&root));
    }
}

/// When there are watches again, directories get theirs.
#[test]
fn watches_come_back() {
    if !enter("watches_come_back") {
        return;
    }
    limit("max_inotify_watches", 2);
    let folder = TempDir::new();
    fs::create_dir_all(folder.path().join("a/b/c")).unwrap();
    let mut mirror = Mirror::new(&options(folder.path()));
    let polled =
        |mirror: &Mirror| mirror.engine.watch_state(mirror.watch).unwrap().polled_directories;
    assert_eq!(polled(&mirror), 2);
    limit("max_inotify_watches", 100);
    // And the path of the root.
    mirror
        .wait("watches for all", |mirror| mirror.engine.watch_state(mirror.watch).unwrap().healthy);
    assert_eq!(polled(&mirror), 0);
    fs::write(folder.path().join("a/b/c/f"), b"x").unwrap();
    mirror.sync();
    mirror.check(&walk_all(folder.path()));
}

/// A root that is a file is polled like a directory, and watched when there are watches again.
#[test]
fn a_file_without_a_watch() {
    if !enter("a_file_without_a_watch") {
        return;
    }
    limit("max_inotify_watches", 0);
    let folder = TempDir::new();
    let (file, other) = (folder.path().join("f"), folder.path().join("g"));
    fs::write(&file, b"x").unwrap();
    let mut mirror = Mirror::new(&options(&file));
    let state = mirror.engine.watch_state(mirror.watch).unwrap();
    assert_eq!((state.problem, state.healthy), (Some(WatchProblem::OutOfWatches), false));
    assert_eq!((state.kernel_watches, state.path_watches, state.polled_directories), (0, 0, 1));
    assert!(mirror.warnings.contains(&(WatchProblem::OutOfWatches, file.clone())));
    let change = |mirror: &mut Mirror, what: &str, change: &dyn Fn()| {
        let line = format!("{what} {}", file.display());
        change();
        mirror.wait(&line, |mirror| mirror.take_log().contains(&line));
    };
    change(&mut mirror, "modify", &|| fs::write(&file, b"more").unwrap());
    change(&mut mirror, "modify replaced", &|| {
        fs::write(&other, b"other").unwrap();
        fs::rename(&other, &file).unwrap();
    });
    change(&mut mirror, "delete", &|| fs::remove_file(&file).unwrap());
    change(&mut mirror, "create", &|| fs::write(&file, b"back").unwrap());
    limit("max_inotify_watches", 100);
    mirror.wait("a watch", |mirror| mirror.engine.watch_state(mirror.watch).unwrap().healthy);
    change(&mut mirror, "modify", &|| fs::write(&file, b"and more").unwrap());
    mirror.sync();
    mirror.check(&walk_all(&file));
}

/// A path that permissions close is a warning, and what happened meanwhile shows when it is open again.
#[test]
fn the_way_to_a_root_is_closed() {
    if !enter("the_way_to_a_root_is_closed") {
        return;
    }
    drop_capabilities();
    let folder = TempDir::new();
    let (up, dir) = (folder.path().join("up"), folder.path().join("up/in/root"));
    let (file, inner) = (up.join("file"), dir.join("d/f"));
    fs::create_dir_all(dir.join("d")).unwrap();
    for (root, written) in [(&dir, &inner), (&file, &file)] {
        fs::write(written, b"x").unwrap();
        let mut mirror = Mirror::new(&options(root));
        let state = |mirror: &Mirror| mirror.engine.watch_state(mirror.watch).unwrap();
        // Somebody who has it open goes on writing.
        let mut open = fs::OpenOptions::new().append(true).open(written).unwrap();
        fs::set_permissions(&up, fs::Permissions::from_mode(0o600)).unwrap();
        open.write_all(b"more").unwrap();
        mirror.wait("a warning", |mirror| state(mirror).problem.is_some());
        mirror.sync();
        assert_eq!(state(&mirror).problem, Some(WatchProblem::Unreadable));
        assert_eq!(mirror.warnings, [(WatchProblem::Unreadable, up.clone())]);
        // What was known stays known.
        assert!(mirror.paths.contains_key(written) && mirror.take_log().is_empty());
        fs::set_permissions(&up, fs::Permissions::from_mode(0o755)).unwrap();
        let line = format!("modify {}", written.display());
        mirror.wait("what was written", |mirror| mirror.take_log().contains(&line));
        mirror.wait("no problem", |mirror| state(mirror).healthy);
        mirror.sync();
        mirror.check(&walk_all(root));
    }
}

/// A directory that may be listed and not searched: what is in it cannot be looked at, which is a warning.
#[test]
fn a_directory_that_must_not_be_searched() {
    if !enter("a_directory_that_must_not_be_searched") {
        return;
    }
    drop_capabilities();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    let folder = TempDir::new();
    let listed = folder.path().join("listed");
    fs::create_dir_all(listed.join("in")).unwrap();
    mode(&listed, 0o644).unwrap();
    let mut mirror = Mirror::new(&options(folder.path()));
    let warning = (WatchProblem::Unreadable, listed.clone());
    let problem = |mirror: &Mirror| mirror.engine.watch_state(mirror.watch).unwrap().problem;
    assert_eq!(mirror.warnings, std::slice::from_ref(&warning));
    assert_eq!(problem(&mirror), Some(WatchProblem::Unreadable));
    mirror.sync();
    mode(&listed, 0o755).unwrap();
    mirror.wait("what is in it", |mirror| mirror.paths.contains_key(&listed.join("in")));
    mirror.sync();
    assert_eq!(problem(&mirror), None);
    mirror.check(&walk_all(folder.path()));
    // One that was open and is closed is a warning at once, and not twice.
    for closed in [0o644, 0o311, 0o000] {
        mode(&listed, closed).unwrap();
        mirror.wait("a warning", |mirror| problem(mirror).is_some());
        mirror.sync();
        assert_eq!(mirror.warnings.pop(), Some(warning.clone()), "{closed:o}");
        assert_eq!(mirror.warnings.len(), 1, "{closed:o}");
        assert!(mirror.paths.contains_key(&listed.join("in")));
        mode(&listed, 0o755).unwrap();
        mirror.wait("no problem", |mirror| problem(mirror).is_none());
    }
    // A root that comes back and must not be read.
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let mut mirror = Mirror::new(&options(&root));
    fs::rename(&root, folder.path().join("aside")).unwrap();
    mirror.wait("no root", |mirror| problem(mirror) == Some(WatchProblem::RootGone));
    fs::create_dir_all(folder.path().join("other/x")).unwrap();
    mode(&folder.path().join("other"), 0o000).unwrap();
    fs::rename(folder.path().join("other"), &root).unwrap();
    mirror.wait("a closed root", |mirror| problem(mirror) == Some(WatchProblem::Unreadable));
    mode(&root, 0o755).unwrap();
    mirror.wait("an open root", |mirror| mirror.paths.contains_key(&root.join("x")));
    mirror.sync();
    assert_eq!(problem(&mirror), None);
}

/// Another device is one entry unless it is asked for; what is mounted and unmounted shows at once.
#[test]
fn other_devices() {
    if !enter("other_devices") {
        return;
    }
    let folder = TempDir::new();
    let at = folder.path().join("mounted");
    fs::create_dir_all(&at).unwrap();
    fs::create_dir_all(folder.path().join("beside")).unwrap();
    mount(Some("tmpfs"), &at, Some("tmpfs"), MsFlags::empty(), None::<&str>).unwrap();
    fs::create_dir_all(at.join("in/deep")).unwrap();
    let mut mirror = Mirror::new(&options(folder.path()));
    assert_eq!(mirror.paths.len(), 3);
    fs::write(at.join("f"), b"x").unwrap();
    mirror.sync();
    assert!(mirror.take_log().is_empty());
    mirror.check(&walk(folder.path(), &|path| path == at));
    let mut all = Mirror::new(&options(folder.path()).follow_devices(true));
    all.check(&walk_all(folder.path()));
    fs::write(at.join("in/deep/g"), b"x").unwrap();
    all.sync();
    all.check(&walk_all(folder.path()));
    // The file system goes: what was in it is gone, the directory under it is there.
    umount2(&at, MntFlags::MNT_DETACH).unwrap();
    all.wait("the unmounted directory", |all| all.paths.len() == 3);
    all.sync();
    all.check(&walk_all(folder.path()));
}

/// A directory that is mounted into itself has no end; it is one entry there.
#[test]
fn a_loop_of_mounts() {
    if !enter("a_loop_of_mounts") {
        return;
    }
    let folder = TempDir::new();
    let (a, again) = (folder.path().join("a"), folder.path().join("a/b/again"));
    fs::create_dir_all(&again).unwrap();
    fs::create_dir_all(folder.path().join("other")).unwrap();
    fs::write(a.join("f"), b"x").unwrap();
    mount(Some(&a), &again, None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
    let mut mirror = Mirror::new(&options(folder.path()));
    let is_loop = |path: &Path| path == again;
    mirror.check(&walk(folder.path(), &is_loop));
    fs::write(again.join("g"), b"x").unwrap();
    mirror.sync();
    mirror.check(&walk(folder.path(), &is_loop));
    assert!(mirror.paths.contains_key(&a.join("g")));
    // The same directory in two places is looked into in one of them.
    let other = folder.path().join("other");
    mount(Some(&a.join("b")), &other, None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
    let mut mirror = Mirror::new(&options(folder.path()));
    let has = |mirror: &Mirror, path: &Path| mirror.paths.contains_key(&path.join("new"));
    fs::write(other.join("new"), b"x").unwrap();
    mirror.sync();
    let (here, there) = (has(&mirror, &other), has(&mirror, &a.join("b")));
    assert!(here != there, "{here}, {there}");
    // Unmounted, it is a plain directory again.
    umount2(&other, MntFlags::MNT_DETACH).unwrap();
    mirror.engine.remove_watch(mirror.watch).unwrap();
    let mut mirror = Mirror::new(&options(folder.path()));
    mirror.check(&walk(folder.path(), &is_loop));
}

/// A directory that must not be read is a warning, and read when it may be.
#[test]
fn permissions() {
    if !enter("permissions") {
        return;
    }
    // Without the capabilities of root, permissions count.
    nix::unistd::setfsuid(nix::unistd::Uid::from_raw(0));
    drop_capabilities();
    let folder = TempDir::new();
    let closed = folder.path().join("closed");
    fs::create_dir_all(closed.join("in")).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let mut mirror = Mirror::new(&options(folder.path()));
    assert_eq!(mirror.warnings, [(WatchProblem::Unreadable, closed.clone())]);
    let state = mirror.engine.watch_state(mirror.watch).unwrap();
    assert_eq!((state.unreadable_directories, state.healthy), (1, false));
    mirror.check(&walk(folder.path(), &|path| path == closed));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    mirror.sync();
    mirror.check(&walk_all(folder.path()));
    assert!(mirror.engine.watch_state(mirror.watch).unwrap().healthy);
    // Rules that must not be read are none.
    let rules = folder.path().join(".gitignore");
    fs::write(&rules, "closed/").unwrap();
    fs::set_permissions(&rules, fs::Permissions::from_mode(0o000)).unwrap();
    let mut ruled = Mirror::new(&options(folder.path()).gitignore(true));
    ruled.check(&walk_all(folder.path()));
    fs::set_permissions(&rules, fs::Permissions::from_mode(0o644)).unwrap();
    ruled.sync();
    assert!(!ruled.paths.contains_key(&closed.join("in")));
    drop(ruled);
    fs::remove_file(&rules).unwrap();
    // A directory that may be listed and not looked into.
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o444)).unwrap();
    let mut listed = Mirror::new(&options(folder.path()));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    listed.sync();
    listed.check(&walk_all(folder.path()));
    mirror.sync();
    // What was known stays known while it must not be looked at, and is true again afterwards.
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    mirror.sync();
    assert!(mirror.paths.contains_key(&closed.join("in")));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(closed.join("in/f"), b"x").unwrap();
    mirror.sync();
    mirror.check(&walk_all(folder.path()));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let error = mirror.engine.add_watch(&WatchOptions::new(&closed)).unwrap_err();
    assert_eq!(error.kind(), orchflow::ErrorKind::PermissionDenied);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Directories of another user, who changes what is in them and what others may do there. A namespace of one's own has
/// one user only, so this needs root.
#[test]
fn directories_of_another_user() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    // Everybody may go there.
    let folder = TempDir::in_memory();
    let at = |name: &str| folder.path().join(name);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(at("way/root/theirs/in")).unwrap();
    fs::set_permissions(at("way/root/theirs"), fs::Permissions::from_mode(0o744)).unwrap();
    // The owner is a thread of its own: user and capabilities are those of a thread.
    let (owner, scripts) = std::sync::mpsc::channel::<(String, std::sync::mpsc::Sender<()>)>();
    std::thread::spawn(move || {
        for (script, done) in scripts {
            sh(Path::new("/"), &script);
            done.send(()).unwrap();
        }
    });
    let does = |script: String| {
        let (done, is_done) = std::sync::mpsc::channel();
        owner.send((script, done)).unwrap();
        is_done.recv().unwrap();
    };
    nix::unistd::setfsuid(nix::unistd::Uid::from_raw(1));
    drop_capabilities();
    let (way, root) = (at("way"), at("way/root"));
    let theirs = root.join("theirs");
    let mut mirror = Mirror::new(&options(&root));
    let problem = |mirror: &Mirror| mirror.engine.watch_state(mirror.watch).unwrap().problem;
    assert_eq!(mirror.warnings, [(WatchProblem::Unreadable, theirs.clone())]);
    assert_eq!(problem(&mirror), Some(WatchProblem::Unreadable));
    does(format!("cd {}; echo x > f; chmod 755 .", theirs.display()));
    mirror.wait("what is in it", |mirror| mirror.paths.contains_key(&theirs.join("f")));
    mirror.sync();
    assert_eq!(problem(&mirror), None);
    mirror.check(&walk_all(&root));
    // The way to the root is closed, and things change behind it; and a directory in it is.
    for closed in [&way, &theirs] {
        does(format!("chmod 700 {}", closed.display()));
        does(format!("cd {}; mkdir new; echo y > new/g; echo y >> f", theirs.display()));
        mirror.wait("a problem", |mirror| problem(mirror) == Some(WatchProblem::Unreadable));
        mirror.sync();
        does(format!("chmod 755 {}", closed.display()));
        mirror.wait("no problem", |mirror| problem(mirror).is_none());
        mirror.sync();
        mirror.check(&walk_all(&root));
        does(format!("rm -r {}/new", theirs.display()));
    }
    // A file of rules that only its owner may read.
    does(format!("cd {}; echo f > .gitignore; chmod 600 .gitignore", theirs.display()));
    let mut ruled = Mirror::new(&options(&root).gitignore(true));
    assert!(ruled.paths.contains_key(&theirs.join("f")));
    does(format!("chmod 644 {}/.gitignore", theirs.display()));
    ruled.wait("rules", |ruled| !ruled.paths.contains_key(&theirs.join("f")));
}

/// The names of a file behind ones that must not be looked at show its changes all the same.
#[test]
fn names_behind_closed_directories() {
    if !enter("names_behind_closed_directories") {
        return;
    }
    nix::unistd::setfsuid(nix::unistd::Uid::from_raw(0));
    drop_capabilities();
    let folder = TempDir::new();
    let closed: Vec<_> = (0..5).map(|n| folder.path().join(format!("closed{n}"))).collect();
    let file = folder.path().join("f");
    fs::write(&file, b"1").unwrap();
    for (n, dir) in closed.iter().enumerate() {
        fs::create_dir(dir).unwrap();
        fs::hard_link(&file, dir.join("f")).unwrap();
        fs::hard_link(&file, folder.path().join(format!("open{n}"))).unwrap();
    }
    let mut mirror = Mirror::new(&options(folder.path()));
    let close = |mode| {
        for dir in &closed {
            fs::set_permissions(dir, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    close(0o000);
    mirror.sync();
    mirror.take_log();
    fs::write(&file, b"123").unwrap();
    mirror.sync();
    let mut log = mirror.take_log();
    log.sort();
    let mut names = vec!["f".to_owned()];
    names.extend((0..5).map(|n| format!("open{n}")));
    let line = |name: &String| format!("modify {}", folder.path().join(name).display());
    assert_eq!(log, names.iter().map(line).collect::<Vec<_>>());
    close(0o755);
    mirror.sync();
    mirror.check(&walk_all(folder.path()));
}

/// Gives up every effective capability of this thread.
fn drop_capabilities() {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    let header = Header { version: 0x2008_0522, pid: 0 };
    let none = [0u32; 6];
    // SAFETY: a header of version 3 goes with two sets of three words, and both live on this frame.
    let outcome = unsafe { libc::syscall(libc::SYS_capset, &raw const header, &raw const none) };
    assert_eq!(outcome, 0);
}

/// Limits of the engine that no other test needs.
#[test]
fn a_batch_that_is_full_is_reported_before_more_is_looked_at() {
    let folder = TempDir::new();
    let limits = Limits { watch_batch_events: 3, ..Limits::default() };
    let mut mirror = Mirror::start(&options(folder.path()), limits);
    mirror.wait("the first reading", |mirror| mirror.ready);
    mirror.adopt();
    for n in 0..50 {
        fs::create_dir_all(folder.path().join(format!("d{n}"))).unwrap();
        fs::write(folder.path().join(format!("d{n}/f")), b"x").unwrap();
    }
    mirror.sync();
    assert!(mirror.batches >= 10, "{}", mirror.batches);
    mirror.check(&walk_all(folder.path()));
}

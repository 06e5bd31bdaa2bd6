//! File systems that are mounted and unmounted while they are watched. Each test runs in namespaces of its own.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use orchflow::WatchOptions;
use support::files::TempDir;
use support::mirror::{Mirror, walk, walk_all};
use support::namespace::enter;

fn options(root: &Path) -> WatchOptions {
    WatchOptions::new(root).summary_threshold(0).gitignore(false)
}

fn bind(from: &Path, at: &Path) {
    mount(Some(from), at, None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
}

fn unmount(at: &Path) {
    umount2(at, MntFlags::MNT_DETACH).unwrap();
}

/// Waits until the tree has just these paths below a root, without asking for it.
fn has(mirror: &mut Mirror, root: &Path, below: &[&str]) {
    let all: BTreeSet<PathBuf> = below.iter().map(|name| root.join(name)).collect();
    let all: Vec<PathBuf> = all.into_iter().collect();
    let what = format!("{below:?}");
    mirror.wait(&what, |mirror| mirror.paths.keys().eq(&all));
}

/// A mount over the root, over a directory above it, and in it; each comes and goes.
#[test]
fn mounts_come_and_go() {
    if !enter("mounts_come_and_go") {
        return;
    }
    let folder = TempDir::new();
    let at = |name: &str| folder.path().join(name);
    let root = at("up/root");
    for name in ["up/root/d/in", "over/root/o", "other/x/y", "third"] {
        fs::create_dir_all(at(name)).unwrap();
    }
    fs::write(at("other/x/f"), b"x").unwrap();
    let mut mirror = Mirror::new(&options(&root));
    let before = ["", "d", "d/in"];
    for _ in 0..2 {
        // Over a directory in the root.
        bind(&at("other/x"), &root.join("d"));
        has(&mut mirror, &root, &["", "d", "d/f", "d/y"]);
        fs::write(at("other/x/g"), b"x").unwrap();
        has(&mut mirror, &root, &["", "d", "d/f", "d/g", "d/y"]);
        mirror.sync();
        mirror.check(&walk_all(&root));
        fs::remove_file(at("other/x/g")).unwrap();
        unmount(&root.join("d"));
        has(&mut mirror, &root, &before);
        // Over the root.
        bind(&at("other"), &root);
        has(&mut mirror, &root, &["", "x", "x/f", "x/y"]);
        fs::create_dir(at("other/new")).unwrap();
        has(&mut mirror, &root, &["", "new", "x", "x/f", "x/y"]);
        fs::remove_dir(at("other/new")).unwrap();
        // Over the directory above it.
        bind(&at("over"), &at("up"));
        has(&mut mirror, &root, &["", "o"]);
        bind(&at("third"), &at("up"));
        has(&mut mirror, &root, &[]);
        fs::create_dir(at("third/root")).unwrap();
        has(&mut mirror, &root, &[""]);
        fs::remove_dir(at("third/root")).unwrap();
        has(&mut mirror, &root, &[]);
        unmount(&at("up"));
        has(&mut mirror, &root, &["", "o"]);
        unmount(&at("up"));
        unmount(&root);
        has(&mut mirror, &root, &before);
        fs::write(root.join("d/in/f"), b"x").unwrap();
        has(&mut mirror, &root, &["", "d", "d/in", "d/in/f"]);
        fs::remove_file(root.join("d/in/f")).unwrap();
        has(&mut mirror, &root, &before);
    }
    mirror.sync();
    mirror.check(&walk_all(&root));
}

/// Another device is one entry, and a directory again when it is gone; and it is what is mounted at the file of
/// a root.
#[test]
fn devices_and_files() {
    if !enter("devices_and_files") {
        return;
    }
    let folder = TempDir::new();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("root/d/in")).unwrap();
    fs::write(at("root/f"), b"x").unwrap();
    fs::write(at("g"), b"more").unwrap();
    let (root, d, f) = (at("root"), at("root/d"), at("root/f"));
    let mut mirror = Mirror::new(&options(&root));
    let mut file = Mirror::new(&options(&f));
    mount(Some("tmpfs"), &d, Some("tmpfs"), MsFlags::empty(), None::<&str>).unwrap();
    fs::create_dir(d.join("hidden")).unwrap();
    has(&mut mirror, &root, &["", "d", "f"]);
    mirror.sync();
    mirror.check(&walk(&root, &|path| path == d));
    unmount(&d);
    has(&mut mirror, &root, &["", "d", "d/in", "f"]);
    let line = format!("modify replaced {}", f.display());
    for change in [|from: &Path, to: &Path| bind(from, to), |_: &Path, to: &Path| unmount(to)] {
        change(&at("g"), &f);
        file.wait("another file", |file| file.take_log().contains(&line));
        file.sync();
        file.check(&walk_all(&f));
        mirror.wait("another file", |mirror| mirror.take_log().contains(&line));
    }
    // Mounts elsewhere are of no interest.
    let events = |mirror: &Mirror| mirror.engine.watch_state(mirror.watch).unwrap().events;
    let known = events(&mirror);
    fs::create_dir(at("elsewhere")).unwrap();
    bind(&root, &at("elsewhere"));
    mirror.sync();
    assert_eq!(events(&mirror), known);
    unmount(&at("elsewhere"));
}

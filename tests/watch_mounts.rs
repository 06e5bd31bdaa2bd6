//! File systems that are mounted and unmounted while they are watched. Each test runs in namespaces of its own.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{chdir, chroot, fchdir};
use orchflow::{FileType, WatchOptions};
use support::files::{TempDir, sh};
use support::has_tool;
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

/// The paths that git lists in a directory of a repository, by their names in the repository.
fn listed(top: &Path, dir: &str) -> BTreeSet<PathBuf> {
    let args = ["ls-files", "-co", "--exclude-standard", "--full-name", "-z"];
    let output = Command::new("git").args(args).current_dir(top.join(dir)).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(|name| Path::new("/").join(str::from_utf8(name).unwrap())).collect()
}

/// A repository at `/`, as that of who keeps `/etc` in one: its rules hold for a root in it, and for `/` itself.
#[test]
fn a_repository_at_the_root_of_the_file_system() {
    if !has_tool("git") || !enter("a_repository_at_the_root_of_the_file_system") {
        return;
    }
    let folder = TempDir::new();
    let top = folder.path();
    mount(Some("tmpfs"), top, Some("tmpfs"), MsFlags::empty(), None::<&str>).unwrap();
    let script = "git init -q .; mkdir -p proc etc/sub; cd etc; touch a.log b keep.log sub/c sub/only tracked.log; \
                  git add -f tracked.log; echo '*.log' > ../.gitignore; echo '!/etc/keep.log' >> ../.gitignore; \
                  echo /etc/sub/only > ../.git/info/exclude";
    sh(top, script);
    let [all, etc, sub] = ["", "etc", "etc/sub"].map(|dir| listed(top, dir));
    assert!(etc.len() == 4 && sub.len() == 1, "{etc:?}, {sub:?}");
    let kinds = MsFlags::MS_BIND | MsFlags::MS_REC;
    mount(Some("/proc"), &top.join("proc"), None::<&str>, kinds, None::<&str>).unwrap();
    let outside = fs::File::open("/").unwrap();
    chroot(top).unwrap();
    chdir("/").unwrap();
    let mut mirrors = Vec::new();
    for (root, expected) in [("/etc", etc), ("/etc/sub", sub), ("/", all)] {
        let mirror = Mirror::new(&WatchOptions::new(root));
        let files = |mirror: &Mirror| -> BTreeSet<PathBuf> {
            mirror
                .paths
                .iter()
                .filter(|(_, kind)| **kind == FileType::File)
                .map(|(path, _)| path.clone())
                .collect()
        };
        assert_eq!(files(&mirror), expected, "{root}");
        mirrors.push((mirror, root));
    }
    // Rules at the top change for all of them.
    fs::write("/.gitignore", "c\n").unwrap();
    for (mirror, root) in &mut mirrors {
        let hidden = Path::new("/etc/sub/c");
        mirror.wait(root, |mirror| !mirror.paths.contains_key(hidden));
        let log = Path::new("/etc/a.log");
        mirror.wait(root, |mirror| *root == "/etc/sub" || mirror.paths.contains_key(log));
    }
    // To take the folder away.
    fchdir(&outside).unwrap();
    chroot(".").unwrap();
    drop(mirrors);
    unmount(&top.join("proc"));
    unmount(top);
}

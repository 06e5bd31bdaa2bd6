//! File systems whose time stamps are coarse, a second or two: what is written again within one looks as before in
//! everything that `stat` reports, and only the event says that it was written.
//!
//! Such a file system cannot be mounted by a test. So the file is written, and before the engine is turned the watch
//! is made to believe that it has seen this stamp before.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::bounds::{Folder, Host};
use super::tree::FileId;
use super::{WatchOptions, disk};

/// Writes a file that the watch has looked at, in the same tick of the clock.
fn write_again(host: &mut Host, root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    let before = fs::metadata(&path).unwrap().len();
    fs::write(&path, text).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), before, "of the same size");
    let stat = disk::look_at_root(path.as_os_str().as_bytes()).unwrap().unwrap();
    host.ask(|watch| {
        let dir = watch.tree.child(FileId::ROOT_PARENT, root.as_os_str().as_bytes()).unwrap();
        let entry = watch.tree.child(dir, name.as_bytes()).unwrap();
        watch.tree.correct(entry, stat);
        watch.filter.believe_stamp(dir, stat);
    });
}

fn has(host: &mut Host, root: &Path, name: &str) -> bool {
    host.ask(|watch| {
        let dir = watch.tree.child(FileId::ROOT_PARENT, root.as_os_str().as_bytes()).unwrap();
        watch.tree.child(dir, name.as_bytes()).is_some()
    })
}

#[test]
fn rules_that_are_written_again_within_a_tick_count() {
    let folder = Folder::new("coarse");
    let root = folder.root();
    fs::create_dir_all(&root).unwrap();
    for (name, text) in [(".gitignore", "a*\n"), ("a1", ""), ("b1", "")] {
        fs::write(root.join(name), text).unwrap();
    }
    let mut host = Host::new(&WatchOptions::new(&root));
    assert_eq!((has(&mut host, &root, "a1"), has(&mut host, &root, "b1")), (false, true));
    for (text, shown) in [("b*\n", "a1"), ("a*\n", "b1"), ("b*\n", "a1")] {
        write_again(&mut host, &root, ".gitignore", text);
        host.sync();
        let shows = ["a1", "b1"].map(|name| has(&mut host, &root, name));
        assert_eq!(shows, [shown == "a1", shown == "b1"], "{text}");
    }
}

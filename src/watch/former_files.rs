//! What is written under a name after its file has left it is content of the file that came, not of the one that left.
//!
//! As on a slow machine, a turn ends after the kernel's queue was read and before it is known to be empty. What was read
//! may then be older than the looks that follow, as far as the watch knows, and counts for names whose time stamps are
//! of the same tick.

use std::fs;

use super::WatchOptions;
use super::bounds::{Folder, Host};

/// How often, since it depends on the tick of the clock in which it happens.
const ROUNDS: usize = 20;

#[test]
fn a_log_is_rotated_and_each_name_changes_once() {
    let folder = Folder::new("rotated");
    for round in 0..ROUNDS {
        let root = folder.root().join(round.to_string());
        fs::create_dir_all(&root).unwrap();
        let path = |name: &str| root.join(name);
        for name in ["log", "log.1", "log.2"] {
            fs::write(path(name), name).unwrap();
        }
        let mut host = Host::new(&WatchOptions::new(&root).summary_threshold(0));
        fs::rename(path("log.1"), path("log.2")).unwrap();
        fs::rename(path("log"), path("log.1")).unwrap();
        fs::write(path("log"), "new").unwrap();
        host.sync_from_a_short_turn();
        let mut log = host.take_log();
        log.sort();
        let replaced = ["log", "log.1", "log.2"].map(|name| format!("Modify {name} replaced"));
        assert_eq!(log, replaced, "round {round}");
    }
}

/// A file with two names that was written, and then left one of them: the other name is modified.
#[test]
fn what_was_written_before_counts_for_the_other_name() {
    let folder = Folder::new("written-before");
    for round in 0..ROUNDS {
        let root = folder.root().join(round.to_string());
        fs::create_dir_all(&root).unwrap();
        let path = |name: &str| root.join(name);
        fs::write(path("a"), "one").unwrap();
        fs::hard_link(path("a"), path("b")).unwrap();
        let before = fs::metadata(path("a")).unwrap().modified().unwrap();
        let mut host = Host::new(&WatchOptions::new(&root).summary_threshold(0));
        fs::write(path("a"), "two").unwrap();
        // Only the event says that it was written.
        fs::File::options().write(true).open(path("a")).unwrap().set_modified(before).unwrap();
        fs::remove_file(path("a")).unwrap();
        fs::write(path("a"), "new").unwrap();
        host.sync_from_a_short_turn();
        let mut log = host.take_log();
        log.sort();
        assert_eq!(log, ["Modify a replaced", "Modify b"], "round {round}");
    }
}

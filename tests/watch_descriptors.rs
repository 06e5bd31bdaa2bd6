//! A watch without descriptors: what it cannot open is read as soon as the engine itself closes a descriptor, or soon
//! after somebody else did, whatever the interval of polling is. Alone in its binary with one test, because it lowers
//! the process's limit.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use orchflow::{ListenerOptions, WatchOptions, WatchProblem};
use support::files::TempDir;
use support::mirror::{Mirror, walk_all};

/// Each number below the next is taken, and no more are allowed.
fn leave_none() -> Vec<File> {
    let mut fillers = Vec::new();
    let open = fs::read_dir("/proc/self/fd").unwrap();
    let numbers = open.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap());
    let top: i32 = numbers.max().unwrap();
    while fillers.last().is_none_or(|file: &File| file.as_raw_fd() <= top) {
        fillers.push(File::open("/dev/null").unwrap());
    }
    let end = fillers.last().unwrap().as_raw_fd() as u64 + 1;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, end, hard).unwrap();
    fillers
}

#[test]
fn what_cannot_be_opened_is_tried_again() {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let folder = TempDir::new();
    let options = WatchOptions::new(folder.path())
        .window(Duration::from_millis(2))
        .summary_threshold(0)
        .gitignore(false)
        .poll_interval(Duration::from_secs(3600));
    let mut mirror = Mirror::new(&options);
    let listen = ListenerOptions::tcp("127.0.0.1:0".parse().unwrap());
    let listener = mirror.engine.add_listener(&listen).unwrap();
    let refused = |mirror: &Mirror| {
        mirror.engine.watch_state(mirror.watch).unwrap().problem == Some(WatchProblem::Refused)
    };
    for closes in [true, false] {
        let name = if closes { "a" } else { "b" };
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("f"), b"x").unwrap();
        let fillers = leave_none();
        mirror.wait("a directory that cannot be opened", |mirror| refused(mirror));
        if closes {
            mirror.engine.remove_listener(listener).unwrap();
        } else {
            setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
        }
        mirror.wait("everything", |mirror| {
            mirror.engine.watch_state(mirror.watch).unwrap().problem.is_none()
        });
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
        drop(fillers);
        mirror.sync();
        mirror.check(&walk_all(folder.path()));
    }
}

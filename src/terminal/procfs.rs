//! What /proc says about processes. Read only when a state query asks for it, for the application state once a
//! terminal is quiet, where there are no pidfds, or while an end of input is pending.
//!
//! Nothing here may touch the file system of a program: a look at its working directory could wait for a
//! network that is gone. A link in /proc is read without that.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Processes, and lists of children, that are looked at for the members of one process group.
const LOOKS_MAX: usize = 256;
/// Bytes of one list of children that are read.
const LIST_BYTES_MAX: u64 = 16 << 10;

/// The name of a process, at most 15 bytes (`comm`).
pub(crate) fn name(pid: i32) -> Option<OsString> {
    let mut name = fs::read(format!("/proc/{pid}/comm")).ok()?;
    if name.last() == Some(&b'\n') {
        name.pop();
    }
    Some(OsString::from_vec(name))
}

/// The working directory of a process; `None` also when it has been removed.
pub(crate) fn cwd(pid: i32) -> Option<PathBuf> {
    let link = format!("/proc/{pid}/cwd");
    let path = fs::read_link(&link).ok()?;
    if !path.as_os_str().as_bytes().ends_with(b" (deleted)") {
        return Some(path);
    }
    // The kernel's mark, or a name that really ends so. Only then is the directory itself looked at.
    is_same(Path::new(&link), &path).then_some(path)
}

/// Whether two paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    let inode = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    inode(one).is_some_and(|one| inode(other) == Some(one))
}

/// Whether a process runs: false for a zombie, `None` when nothing can be read about it.
pub(crate) fn is_alive(pid: i32) -> Option<bool> {
    Some(Stat::read(pid)?.is_alive)
}

/// The process that stands for a foreground group: its leader, or once that has ended the one that was
/// started last, as the last program of a pipeline is. `session` is where it is looked for.
pub(crate) fn foremost(group: i32, session: Option<i32>) -> i32 {
    if is_alive(group) == Some(true) {
        return group;
    }
    session.and_then(|session| last_started(group, session)).unwrap_or(group)
}

/// The living member of a group that was started last, among the descendants of a process. What a member of
/// the group has started itself does not count: it works for that one.
fn last_started(group: i32, ancestor: i32) -> Option<i32> {
    let mut waiting = VecDeque::from([ancestor]);
    let (mut looks, mut lists) = (LOOKS_MAX, LOOKS_MAX);
    let mut last: Option<(u64, i32)> = None;
    // Breadth first: a shell's own children come before what runs in them.
    while let Some(parent) = waiting.pop_front() {
        for child in children(parent, &mut lists) {
            if looks == 0 {
                return last.map(|(_, pid)| pid);
            }
            looks -= 1;
            match Stat::read(child) {
                Some(stat) if stat.group == group && stat.is_alive => {
                    last = last.max(Some((stat.started, child)));
                }
                Some(_) => waiting.push_back(child),
                None => {}
            }
        }
    }
    last.map(|(_, pid)| pid)
}

/// The children of a process, of all of its threads, in the order of their start. `lists`: how many lists may still
/// be read, one a thread.
fn children(pid: i32, lists: &mut usize) -> Vec<i32> {
    let mut children = Vec::new();
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    for thread in threads.take(*lists) {
        *lists -= 1;
        let mut list = String::new();
        if let Ok(file) = fs::File::open(thread.path().join("children"))
            && file.take(LIST_BYTES_MAX).read_to_string(&mut list).is_ok()
        {
            // A number that was cut off is that of another process.
            list.truncate(list.rfind(' ').unwrap_or(0));
            children.extend(list.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
        }
    }
    children
}

/// Whether a process computes or waits for a disk. One that is gone does not.
pub(crate) fn is_busy(pid: i32) -> bool {
    Stat::read(pid).is_some_and(|stat| stat.is_busy)
}

/// What `/proc/PID/stat` says.
struct Stat {
    is_alive: bool,
    /// It runs, could run, or waits for a disk.
    is_busy: bool,
    group: i32,
    /// In ticks of the clock since the system started.
    started: u64,
}

impl Stat {
    fn read(pid: i32) -> Option<Self> {
        Stat::parse(&fs::read(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        // The name in parentheses may contain anything, so the fields count from its end.
        let name_end = text.iter().rposition(|byte| *byte == b')')?;
        let mut fields = std::str::from_utf8(&text[name_end + 1..]).ok()?.split_ascii_whitespace();
        let state = fields.next()?;
        let is_alive = !matches!(state, "Z" | "X" | "x");
        let is_busy = matches!(state, "R" | "D");
        let group = fields.nth(1)?.parse().ok()?;
        let started = fields.nth(16)?.parse().ok()?;
        Some(Stat { is_alive, is_busy, group, started })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_stat() {
        let line = b"7 (a) Z 1 b) S 10 70 60 34816 70 4194304 1 2 3 4 5 6 7 8 20 0 1 0 4242 9 9\n";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.is_alive, stat.group, stat.started), (true, 70, 4242));
        let zombie = Stat::parse(b"7 (sh) Z 10 70 60 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 5 0").unwrap();
        assert!(!zombie.is_alive);
        for broken in ["", "7 (sh", "7 (sh) S", "7 (sh) S 10 x 60", "7 (sh) S 1 2 3"] {
            assert!(Stat::parse(broken.as_bytes()).is_none(), "{broken}");
        }
    }
}

//! Waiting for git: while `.git/index.lock` is there, a checkout, a merge or a rebase may be half done, and a
//! build of that state is of no use.
//!
//! Nothing is watched for that. When a batch could be made, its repositories are looked at, and while one of
//! them is locked again every [`PAUSE`], until it is not any more. A lock that is older than the time that is
//! waited at most was left behind, or is of a command that takes too long (`git commit -a` keeps it while the
//! message is written), and does not count.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::repository::{GitDir, LOOK_COST};
use super::stages::GitLock;
use super::{Watch, disk};

/// How often a lock is looked at while it is there. When it is gone, what was written last has as long to be
/// noticed.
const PAUSE: Duration = Duration::from_millis(20);

/// Roots whose repositories are looked at.
const ROOTS_MAX: usize = 16;

impl Watch {
    /// Whether the batch that could be made at `now` waits for git. `since`: when the first thing happened.
    pub(super) fn waits_for_git(&mut self, since: Instant, now: Instant) -> bool {
        let longest = self.options.git_wait;
        if longest.is_zero() || !self.sync_points.is_empty() || since + longest <= now {
            return false;
        }
        if self.git_lock.next_look.is_some_and(|at| at > now) {
            return true;
        }
        let roots: Vec<_> =
            self.roots.iter().take(ROOTS_MAX).map(|root| root.path.clone()).collect();
        let locked = roots.iter().any(|root| self.is_locked(root, longest));
        let waits = locked || self.git_lock.locked;
        self.git_lock = GitLock { locked, next_look: waits.then_some(now + PAUSE) };
        waits
    }

    /// Whether the repository of a directory is locked by somebody who is at work.
    fn is_locked(&mut self, root: &[u8], longest: Duration) -> bool {
        let mut dirs = Path::new(OsStr::from_bytes(root)).ancestors();
        let git = dirs.find_map(|dir| {
            self.spent += LOOK_COST;
            GitDir::of(dir)
        });
        git.is_some_and(|git| is_young(&git.index_lock(), longest))
    }
}

fn is_young(lock: &Path, longest: Duration) -> bool {
    let Some(stat) = disk::look_at_root(lock.as_os_str().as_bytes()).ok().flatten() else {
        return false;
    };
    let age = u64::try_from(disk::file_time().saturating_sub(stat.mtime));
    age.is_ok_and(|ns| Duration::from_nanos(ns) < longest)
}

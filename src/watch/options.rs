//! How files are watched.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::batch::FileEventKind;
use super::name_lookup::Granted;
use crate::error::{Error, Result};

/// Directories deeper below a root than this are one entry each.
pub(super) const DEPTH_MAX: usize = 1024;

/// What to watch and how.
///
/// By default everything below the roots is watched but what `.gitignore` files exclude and what is in
/// `.git` directories; a change is reported once the file has been quiet for 50 ms (10 ms after a writer closed it),
/// at the latest after 500 ms.
#[derive(Clone, Debug)]
pub struct WatchOptions {
    pub(crate) roots: Vec<PathBuf>,
    pub(crate) window: Duration,
    pub(crate) max_wait: Duration,
    pub(crate) summary_threshold: usize,
    pub(crate) ignore: Vec<String>,
    pub(crate) gitignore: bool,
    pub(crate) git_dir: bool,
    pub(crate) hidden: bool,
    pub(crate) kinds: u8,
    pub(crate) follow_devices: bool,
    pub(crate) max_depth: usize,
    pub(crate) entry_limit: Option<usize>,
    pub(crate) poll_interval: Duration,
    pub(crate) git_wait: Duration,
    pub(crate) tag: u64,
    /// The saved tree to begin with; see [`WatchOptions::since`].
    pub(crate) since: Option<Arc<[u8]>>,
    /// No event is reported; see [`WatchOptions::muted`].
    pub(crate) muted: bool,
    /// Names are looked up beneath this directory; see [`WatchOptions::beneath`].
    pub(crate) granted: Option<Arc<Granted>>,
}

impl WatchOptions {
    /// Watches a directory with all that is in it, or a single file. A relative path is relative to the
    /// working directory of the moment; a root that is a symbolic link is followed. Whatever its path means later
    /// is what is watched then.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        WatchOptions {
            roots: vec![root.into()],
            window: Duration::from_millis(50),
            max_wait: Duration::from_millis(500),
            summary_threshold: 100,
            ignore: Vec::new(),
            gitignore: true,
            git_dir: false,
            hidden: true,
            kinds: u8::MAX,
            follow_devices: false,
            max_depth: DEPTH_MAX,
            entry_limit: None,
            poll_interval: Duration::from_secs(1),
            git_wait: Duration::ZERO,
            tag: 0,
            since: None,
            muted: false,
            granted: None,
        }
    }

    /// One more root in the same tree; no root may lie in another one, nor lead to a directory in it. There may be
    /// very many.
    pub fn root(mut self, root: impl Into<PathBuf>) -> Self {
        self.roots.push(root.into());
        self
    }

    /// How long a name has to be quiet before it is looked at; at most 60 s. Zero: at once. Default 50 ms.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// When a name that is never quiet is looked at after its first event; not below the window, at most
    /// 600 s. Default 500 ms.
    ///
    /// What more than a few names bring that change one soon after the other (eight, each within the window after
    /// the one before) is one batch, as far as it fits into this time.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// A batch with more events than this is shortened by summaries; 0: never. Default 100.
    ///
    /// What the reader has not seen counts together: of what happens while a batch is unread, the next batch lists only
    /// what that batch has left of the threshold.
    pub fn summary_threshold(mut self, events: usize) -> Self {
        self.summary_threshold = events;
        self
    }

    /// Ignores what this glob matches, in the syntax of `.gitignore`, relative to the root: `*.o`,
    /// `build/`, `/only/here`, `!not-this`. Later ones win, and all of them over `.gitignore` files.
    pub fn ignore(mut self, glob: impl Into<String>) -> Self {
        self.ignore.push(glob.into());
        self
    }

    /// Whether what git ignores is left out: by `.gitignore` files in the roots and above them, `info/exclude`, and the list
    /// of the user (`core.excludesFile`). Default true.
    ///
    /// In another repository, a submodule or a working tree of its own, its own rules hold. Files that a repository
    /// tracks are there though a rule ignores them. The files that decide are read again when they change.
    /// Outside of a repository `.gitignore` files count up to the root. Configuration is read as git would in this
    /// process (`HOME`, `XDG_CONFIG_HOME`, `GIT_CONFIG_*`).
    ///
    /// Of one file 1 MiB and 65,536 rules count, of a rule 4,096 bytes; of all files of the watch 262,144 rules that take
    /// 16 MiB. What is beyond is left out, and [`TooManyRules`](crate::WatchProblem::TooManyRules) names the file. Rules are found by a
    /// literal part (`name`, `*.end`, `beginning*`, `directory/`), so a name is compared with few of them. Where
    /// thousands have none, a comparison ends after some 0.3 ms, and the same warning reports it.
    pub fn gitignore(mut self, on: bool) -> Self {
        self.gitignore = on;
        self
    }

    /// Whether to look into `.git` directories. Default false.
    pub fn git_dir(mut self, on: bool) -> Self {
        self.git_dir = on;
        self
    }

    /// Whether entries whose names begin with a dot are there. Default true.
    pub fn hidden(mut self, on: bool) -> Self {
        self.hidden = on;
        self
    }

    /// Reports only these kinds of events. The tree stays exact. Default: all.
    pub fn kinds(mut self, kinds: &[FileEventKind]) -> Self {
        self.kinds = kinds.iter().map(|kind| kind_bit(*kind)).fold(0, |all, bit| all | bit);
        self
    }

    /// Whether to look into directories that are on another device than their root. Default false: they
    /// are one entry.
    pub fn follow_devices(mut self, on: bool) -> Self {
        self.follow_devices = on;
        self
    }

    /// How many levels below a root to look into, 1 to 1,024: with 1, what is in its directories is left
    /// out. Default 1,024.
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.max_depth = levels;
        self
    }

    /// Entries to hold at most, up to [`Limits::watch_entries`](crate::Limits), which is the default.
    pub fn entry_limit(mut self, entries: usize) -> Self {
        self.entry_limit = Some(entries);
        self
    }

    /// How often directories, files that are roots, and paths of roots are looked at for which the system has no
    /// watch left, and paths that permissions close; at least 10 ms.
    /// Default 1 s. Polling takes at most a twentieth of the time, so it is rarer where there is much.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// Begins with a tree that [`Engine::save_watch`](crate::Engine::save_watch) has saved: what changed while
    /// nobody watched is reported in batches, and [`Ready`](crate::WatchEvent::Ready) comes after them. The roots
    /// have to be those of the saved watch; the other options may differ, and what they hide or show now is
    /// deleted or created.
    ///
    /// A file counts as modified if its inode, size or times differ. One that has another name is renamed if its
    /// inode, size, time and mode are the same, a directory if one of the first entries in it is there too; else
    /// it is deleted and created. Bytes that cannot be used are no error:
    /// [`SaveUnusable`](crate::WatchProblem::SaveUnusable) warns of them, and the watch begins afresh.
    pub fn since(mut self, saved: impl Into<Arc<[u8]>>) -> Self {
        self.since = Some(saved.into());
        self
    }

    /// How long a batch waits at most while git changes files, at most 60 s: while the index of a root's repository is
    /// locked (`index.lock`), changes are collected, so that a checkout is reported as a whole. A lock that is
    /// older does not count. The repositories of the first 16 roots are looked at, also if they begin above
    /// them. Default 0: batches do not wait.
    pub fn git_wait(mut self, longest: Duration) -> Self {
        self.git_wait = longest;
        self
    }

    /// A number of the host's own; comes back in every event of the watch.
    pub fn tag(mut self, tag: u64) -> Self {
        self.tag = tag;
        self
    }

    /// For a watch whose tree is read and that has no events: one of the server's clients asked for it.
    pub(crate) fn muted(mut self) -> Self {
        self.muted = true;
        self
    }

    /// For a watch that a client asked for: no name is followed out of this directory, in which the roots
    /// are, whatever becomes of it later. Their paths have no symbolic links.
    pub(crate) fn beneath(mut self, granted: Granted) -> Self {
        self.granted = Some(Arc::new(granted));
        self
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let checks = [
            (!self.roots.is_empty(), "a watch needs a root"),
            (self.window <= Duration::from_secs(60), "window: at most 60 s"),
            (self.max_wait <= Duration::from_secs(600), "max_wait: at most 600 s"),
            (self.max_wait >= self.window, "max_wait: not below the window"),
            ((1..=DEPTH_MAX).contains(&self.max_depth), "max_depth: 1 to 1,024"),
            (self.entry_limit != Some(0), "entry_limit: at least 1"),
            (self.poll_interval >= Duration::from_millis(10), "poll_interval: at least 10 ms"),
            (self.poll_interval <= Duration::from_secs(3600), "poll_interval: at most an hour"),
            (self.git_wait <= Duration::from_secs(60), "git_wait: at most 60 s"),
            (self.kinds != 0, "kinds: at least one"),
        ];
        match checks.iter().find(|(ok, _)| !ok) {
            Some((_, rule)) => Err(Error::invalid(*rule)),
            None => Ok(()),
        }
    }
}

/// The bit of a kind in a set.
pub(crate) fn kind_bit(kind: FileEventKind) -> u8 {
    1 << (kind as u8)
}

/// The absolute form of a root's path: without `.`, and `..` resolved by the file system.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    use std::path::Component;
    if path.as_os_str().is_empty() {
        return Err(Error::invalid("a root's path is empty"));
    }
    if std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).contains(&0) {
        return Err(Error::invalid("a root's path has a NUL byte"));
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return path.canonicalize().map_err(|e| super::disk::path_error(path, &e));
    }
    let absolute = std::path::absolute(path).map_err(|e| super::disk::path_error(path, &e))?;
    // Components leave out `.`, doubled and trailing slashes.
    Ok(absolute.components().collect())
}

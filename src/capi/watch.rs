//! File watches: what to watch.

use std::ffi::OsStr;
use std::mem::size_of;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr;
use std::time::Duration;

use super::argument;
use super::guard::{Inner, on_engine, orch_engine};
use super::sized::{self, SizedStruct, size_through};
use super::status::*;
use super::types::orch_bytes;
use crate::error::{Error, Result};
use crate::{FileEventKind, WatchId, WatchOptions};

/// Flags of `orch_watch_options`.
pub type orch_watch_flags = u32;
/// `.gitignore` files and git's exclude lists are not applied.
pub const ORCH_WATCH_NO_GITIGNORE: orch_watch_flags = 1;
/// Look into `.git` directories.
pub const ORCH_WATCH_GIT_DIR: orch_watch_flags = 2;
/// Entries whose names begin with a dot are left out.
pub const ORCH_WATCH_NO_HIDDEN: orch_watch_flags = 4;
/// Look into directories on other devices than their root.
pub const ORCH_WATCH_FOLLOW_DEVICES: orch_watch_flags = 8;

/// Names are looked at at once; `window_ms` is ignored.
pub const ORCH_WATCH_NO_DEBOUNCE: orch_watch_flags = 16;
/// Batches are never shortened; `summary_threshold` is ignored.
pub const ORCH_WATCH_NO_SUMMARIES: orch_watch_flags = 32;

/// What to watch and how. In every field but `roots` 0 is the default.
///
/// Pointers are read during the call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_watch_options {
    /// `sizeof(orch_watch_options)`.
    pub size: usize,
    /// Paths of directories or single files, at least one; none may lie in another one, nor lead to a directory
    /// in it. Relative ones are relative to the working directory; a root that is a symbolic link is followed.
    pub roots: *const orch_bytes,
    /// Elements of `roots`.
    pub root_count: usize,
    /// Globs of what to ignore, in the syntax of `.gitignore`, relative to the root. UTF-8.
    pub ignore: *const orch_bytes,
    /// Elements of `ignore`.
    pub ignore_count: usize,
    /// How long a name has to be quiet before it is looked at, in milliseconds, 1 to 60,000. Default 50; for none
    /// see ORCH_WATCH_NO_DEBOUNCE.
    pub window_ms: u32,
    /// When a name that is never quiet is looked at, in milliseconds, at most 600,000; not below the
    /// window. Default 500.
    pub max_wait_ms: u32,
    /// Sum of ORCH_WATCH_NO_GITIGNORE and the like. Default 0.
    pub flags: orch_watch_flags,
    /// Kinds of events to report: sum of `1 << ORCH_FILE_EVENT_CREATE` and the like. 0: all.
    pub kinds: u32,
    /// A batch with more events is shortened by summaries. What happens while a batch is unread counts together with
    /// it. Default 100; for never
    /// see ORCH_WATCH_NO_SUMMARIES.
    pub summary_threshold: usize,
    /// Levels below a root to look into, 1 to 1,024. Default 1,024.
    pub max_depth: usize,
    /// Entries to hold at most. Default: `watch_entries` of the engine.
    pub entry_limit: usize,
    /// How often directories without a watch are looked at, in milliseconds, 10 to
    /// 3,600,000. Default 1,000.
    pub poll_interval_ms: u32,
    /// How long a batch waits at most while git changes files, in milliseconds, at most 60,000: while the index
    /// of a root's repository is locked (`index.lock`), changes are collected, so that a checkout is reported
    /// as a whole. A lock that is older does not count. 0, the default: batches do not wait.
    pub git_wait_ms: u32,
    /// A number of the host's own; comes back in every event of the watch.
    pub tag: u64,
    /// A tree that orch_watch_save has saved, or nothing: what changed while nobody watched is reported in
    /// batches, and ORCH_EVENT_WATCH_READY comes after them. The roots have to be those of the saved watch; the
    /// other options may differ, and what they hide or show now is deleted or created. Bytes that cannot be used
    /// are no error: ORCH_WATCH_PROBLEM_SAVE_UNUSABLE warns of them. Copied.
    pub since: orch_bytes,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_watch_options {
    const FIRST_SIZE: usize = size_through!(orch_watch_options, tag, u64);
    fn defaults() -> Self {
        orch_watch_options {
            size: size_of::<Self>(),
            roots: ptr::null(),
            root_count: 0,
            ignore: ptr::null(),
            ignore_count: 0,
            window_ms: 0,
            max_wait_ms: 0,
            flags: 0,
            kinds: 0,
            summary_threshold: 0,
            max_depth: 0,
            entry_limit: 0,
            poll_interval_ms: 0,
            git_wait_ms: 0,
            tag: 0,
            since: orch_bytes { data: ptr::null(), len: 0 },
        }
    }
}

fn kinds_of(bits: u32) -> Result<Vec<FileEventKind>> {
    let all = [
        FileEventKind::Create,
        FileEventKind::Modify,
        FileEventKind::Metadata,
        FileEventKind::Touch,
        FileEventKind::Delete,
        FileEventKind::Rename,
    ];
    let bit = |kind: FileEventKind| 1 << kind as u32;
    sized::check_flags("orch_watch_options.kinds", bits, all.into_iter().map(bit).sum())?;
    Ok(all.into_iter().filter(|kind| bits == 0 || bits & bit(*kind) != 0).collect())
}

/// Options as Rust takes them.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
unsafe fn options_from(options: *const orch_watch_options) -> Result<WatchOptions> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, false) }?;
    let known = ORCH_WATCH_NO_GITIGNORE
        | ORCH_WATCH_GIT_DIR
        | ORCH_WATCH_NO_HIDDEN
        | ORCH_WATCH_FOLLOW_DEVICES
        | ORCH_WATCH_NO_DEBOUNCE
        | ORCH_WATCH_NO_SUMMARIES;
    sized::check_flags("orch_watch_options.flags", c.flags, known)?;
    let has = |flag| c.flags & flag != 0;
    // SAFETY: passed on from the caller.
    let roots = unsafe { argument::array("orch_watch_options.roots", c.roots, c.root_count) }?;
    let mut paths = Vec::new();
    for root in roots {
        // SAFETY: passed on from the caller.
        let bytes = unsafe { argument::bytes("orch_watch_options.roots", *root) }?;
        paths.push(PathBuf::from(OsStr::from_bytes(bytes)));
    }
    let Some((first, more)) = paths.split_first() else {
        return Err(Error::invalid("orch_watch_options.roots is empty: a watch needs a root"));
    };
    let default = WatchOptions::new(first);
    let or = |value: usize, default: usize| if value == 0 { default } else { value };
    let threshold = match c.summary_threshold {
        _ if has(ORCH_WATCH_NO_SUMMARIES) => 0,
        0 => default.summary_threshold,
        events => events,
    };
    let ms = |value: u32, default: Duration| {
        if value == 0 { default } else { Duration::from_millis(value.into()) }
    };
    let window =
        if has(ORCH_WATCH_NO_DEBOUNCE) { Duration::ZERO } else { ms(c.window_ms, default.window) };
    let (max_wait, poll) = (default.max_wait, default.poll_interval);
    let max_depth = default.max_depth;
    let mut out = more.iter().fold(default, WatchOptions::root);
    // SAFETY: passed on from the caller.
    for glob in unsafe { argument::array("orch_watch_options.ignore", c.ignore, c.ignore_count) }? {
        // SAFETY: passed on from the caller.
        let glob = unsafe { argument::bytes("orch_watch_options.ignore", *glob) }?;
        let glob = str::from_utf8(glob)
            .map_err(|_| Error::invalid("orch_watch_options.ignore: a glob is not UTF-8"))?;
        out = out.ignore(glob);
    }
    // SAFETY: passed on from the caller.
    let since = unsafe { argument::bytes("orch_watch_options.since", c.since) }?;
    if !since.is_empty() {
        out = out.since(since);
    }
    if c.entry_limit != 0 {
        out = out.entry_limit(c.entry_limit);
    }
    Ok(out
        .window(window)
        .max_wait(ms(c.max_wait_ms, max_wait.max(window)))
        .poll_interval(ms(c.poll_interval_ms, poll))
        .git_wait(Duration::from_millis(c.git_wait_ms.into()))
        .summary_threshold(threshold)
        .max_depth(or(c.max_depth, max_depth))
        .kinds(&kinds_of(c.kinds)?)
        .gitignore(!has(ORCH_WATCH_NO_GITIGNORE))
        .git_dir(has(ORCH_WATCH_GIT_DIR))
        .hidden(!has(ORCH_WATCH_NO_HIDDEN))
        .follow_devices(has(ORCH_WATCH_FOLLOW_DEVICES))
        .tag(c.tag))
}

/// Watches files: keeps a tree of what is below the roots and reports what changes in it. Reading the tree for the
/// first time takes many turns; ORCH_EVENT_WATCH_READY comes when it is done. A watch uses one file descriptor, and
/// the first one of an engine another one.
///
/// Owner thread. Looks at the roots, and compiles the globs. Errors: ORCH_E_NOT_FOUND,
/// ORCH_E_PERMISSION, ORCH_E_NOT_DIRECTORY; ORCH_E_LIMIT for the engine's limit and for the system's on
/// inotify instances; ORCH_E_INVALID, also for a bad glob and for roots that lie in or lead into each other;
/// ORCH_E_GONE while shutting down, ORCH_E_NO_FD, ORCH_E_SYSTEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_add(
    engine: *mut orch_engine,
    options: *const orch_watch_options,
    out_watch: *mut u64,
) -> orch_status {
    let add = |inner: &mut Inner| {
        argument::output("out_watch", out_watch)?;
        // SAFETY: the caller vouches for the struct and what it points to.
        let options = unsafe { options_from(options) }?;
        let id = inner.engine.add_watch(&options)?;
        // SAFETY: the pointer was checked; the caller vouches that it is writable.
        unsafe { sized::put(out_watch, id.to_u64()) };
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, add) }
}

/// Ends a watch; its id is stale afterwards. Unread events of it are discarded.
///
/// Owner thread. Errors: ORCH_E_STALE_ID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_remove(engine: *mut orch_engine, watch: u64) -> orch_status {
    let remove = |inner: &mut Inner| {
        inner.engine.remove_watch(WatchId::from_u64(watch))?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, remove) }
}

/// Requests ORCH_EVENT_WATCH_SYNCED with this `sync_tag`. It comes when everything that happened to the files before
/// this call has been reported. Names that wait to be quiet are looked at at once. Nothing is written to the watched
/// tree.
///
/// Owner thread. Errors: ORCH_E_STALE_ID, ORCH_E_LIMIT when 1,024 such calls wait, ORCH_E_NO_FD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_watch_sync(
    engine: *mut orch_engine,
    watch: u64,
    sync_tag: u64,
) -> orch_status {
    let sync = |inner: &mut Inner| {
        inner.engine.sync_watch(WatchId::from_u64(watch), sync_tag)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, sync) }
}

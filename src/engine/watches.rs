//! The engine's calls for file watches.

use super::Engine;
use crate::error::Result;
use crate::id::WatchId;
use crate::watch::{FileChanges, FileCursor, WatchOptions, WatchSave, WatchState};

impl Engine {
    /// Watches files: keeps a tree of what is below the roots, and reports what changes in it.
    ///
    /// Reading the tree for the first time takes many turns, in slices;
    /// [`Ready`](crate::WatchEvent::Ready) reports when it is done. The call itself looks at the roots, and
    /// compiles the globs of the options. It costs a descriptor, and the first one of an engine another one.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound), [`PermissionDenied`](crate::ErrorKind::PermissionDenied),
    /// [`NotADirectory`](crate::ErrorKind::NotADirectory) with the path in the message;
    /// [`LimitReached`](crate::ErrorKind::LimitReached) for the engine's limit and the system's on inotify
    /// instances; [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for options out of range, a bad glob, and
    /// roots that lie in each other or lead into each other; [`OutOfDescriptors`](crate::ErrorKind::OutOfDescriptors).
    pub fn add_watch(&mut self, options: &WatchOptions) -> Result<WatchId> {
        self.check_accepts_new()?;
        self.admit(0)?;
        let added = self.watches.add(options, &mut self.reactor);
        self.record_failure("add_watch", &added);
        self.finish_call_or_log();
        added
    }

    /// Ends a watch. Its unread events are discarded. A watch that clients asked for is no
    /// longer theirs: it stops counting for them, and when they end it they get `not_found`.
    ///
    /// # Errors
    /// `StaleId`, `Forked`.
    pub fn remove_watch(&mut self, id: WatchId) -> Result<()> {
        self.check_process()?;
        let removed = self.watches.remove(id, &mut self.reactor);
        let shared = self.client_watches.len();
        self.client_watches.retain(|known| !known.is_of(id));
        if self.client_watches.len() < shared {
            self.server.remove_watch(id);
        }
        self.unpublish(id);
        self.finish_call_or_log();
        removed
    }

    /// Has [`Synced`](crate::WatchEvent::Synced) reported with this tag once everything that happened to the
    /// files before this call has been reported. Names that wait for their window are looked at at once.
    /// Nothing is written to the watched tree. What the kernel does not report (writes through a mapping of
    /// memory, or through another name of a file that is outside of the tree or gone) is not part of the promise.
    ///
    /// # Errors
    /// `StaleId`, `Forked`, `LimitReached` when 1,024 such calls wait, `OutOfDescriptors`.
    pub fn sync_watch(&mut self, id: WatchId, tag: u64) -> Result<()> {
        self.check_process()?;
        self.reactor.refresh_now();
        let outcome = self.watches.command(id, &mut self.reactor, |watch| watch.sync(tag));
        self.finish_call_or_log();
        outcome
    }

    /// What changed in a watch's tree since a cursor, at most `max` changes, into `changes`; the cursor
    /// moves behind them. A fresh cursor gets the whole tree; ask again while
    /// [`more`](FileChanges::more) is set, also over several turns. Costs what changed.
    ///
    /// Batches up to the version that this leads to are contained in it.
    ///
    /// # Errors
    /// `StaleId`, `Forked`.
    pub fn watch_changes(
        &mut self,
        id: WatchId,
        cursor: &mut FileCursor,
        max: usize,
        changes: &mut FileChanges,
    ) -> Result<()> {
        self.check_process()?;
        let outcome = self.watches.changes(id, cursor, max, changes, &mut self.reactor);
        self.finish_call_or_log();
        outcome
    }

    /// Appends the next part of a watch's tree to `out`, as bytes for [`WatchOptions::since`]: at most `max`
    /// changes, some 60 bytes each. Call it again with the same `save` while it gives true, also over several
    /// turns; what changes meanwhile is in a later part. When it gives false, the bytes are whole.
    ///
    /// Batches that are unread are contained in it: read them first, or they are never reported. `docs/SAVED.md`
    /// describes the form.
    ///
    /// # Errors
    /// `StaleId`, `Forked`; `InvalidArgument` before the watch is ready, and for a `save` that was begun with
    /// another watch.
    pub fn save_watch(
        &mut self,
        id: WatchId,
        save: &mut WatchSave,
        max: usize,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        self.check_process()?;
        self.watches.save(id, save, max, out)
    }

    /// Everything that is known about a watch now.
    ///
    /// # Errors
    /// `StaleId`.
    pub fn watch_state(&self, id: WatchId) -> Result<WatchState> {
        self.watches.state(id)
    }

    /// The ids of all watches, in no particular order.
    pub fn watches(&self) -> Vec<WatchId> {
        self.watches.ids().collect()
    }
}

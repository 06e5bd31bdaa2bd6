//! The engine writes terminals and published files into the application state; the host reads and changes it.
//!
//! Terminals say which of them were touched, and are written down before anybody reads the state and at the
//! end of each turn; published watches say how far their trees are, and go in slices at the end of a turn.

use std::os::unix::ffi::OsStrExt;

use super::Engine;
use super::client_work::Review;
use super::observation::Published;
use crate::error::{Error, ErrorKind, Result};
use crate::id::WatchId;
use crate::policy::Slice;
use crate::state::{
    ApplicationState, Budget, ChangeSet, Collections, FileKey, FileKind, Refusal, StateChanges,
    StateCursor, StateFile, StateSizePolicy, StateTerminal, StateVersion, TerminalExit,
};
use crate::sync::ErrorCode;
use crate::terminal::{ExitStatus, SizePolicy, TerminalMetadata};
use crate::watch::{FileCursor, FileEntry, FileType};

/// Files written down, or taken out, in one unit of work.
const FILES_PER_UNIT: usize = 256;
/// What a unit of them costs.
const FILES_COST: u64 = 400_000;
/// The longest reason that a client gets for a change that the host refused, in bytes.
const REVIEW_REASON_MAX: usize = 1024;

impl Engine {
    /// The application state as it is now.
    ///
    /// # Errors
    /// [`Forked`](ErrorKind::Forked).
    pub fn application_state(&mut self) -> Result<&ApplicationState> {
        self.check_process()?;
        self.note_terminals();
        self.state.commit_metadata();
        self.finish_call()?;
        Ok(&self.state)
    }

    /// Changes sessions and panes: all of the set as one version, or nothing. Clients of the server see
    /// it like any other change. Returns the version that it made.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) when an entry is not the one that an operation was built on;
    /// `InvalidArgument` for a broken rule, `LimitReached`, `Forked`; the message names the operation.
    pub fn change_state(&mut self, changes: &ChangeSet) -> Result<StateVersion> {
        self.check_process()?;
        self.note_terminals();
        let outcome = self.state.commit(changes).map_err(|refusal| {
            self.note_refusal(&refusal);
            error_of(&refusal)
        });
        self.finish_call_or_log();
        outcome
    }

    /// What changed in these collections of the state since the cursor, as much as the budget allows, in
    /// place of what was in `changes`; the cursor moves behind it. A fresh cursor gets everything; ask
    /// again while [`more`](StateChanges::more) is set, also over several turns. Costs what changed.
    ///
    /// # Errors
    /// `Forked`.
    pub fn state_changes(
        &mut self,
        cursor: &mut StateCursor,
        collections: Collections,
        budget: Budget,
        changes: &mut StateChanges,
    ) -> Result<()> {
        self.check_process()?;
        self.note_terminals();
        self.state.commit_metadata();
        self.state.read_changes(cursor, collections, budget, changes);
        self.finish_call()
    }

    /// Makes the files of a watch part of the state, or takes them out again. It goes in slices: the
    /// state is behind while a large tree is written down. Batches of the watch have to be read for the
    /// tree to move on.
    ///
    /// # Errors
    /// `StaleId`, `Forked`.
    pub fn set_watch_published(&mut self, id: WatchId, publish: bool) -> Result<()> {
        self.check_process()?;
        self.watches.version(id)?;
        if publish {
            self.publish(id);
        } else {
            self.unpublish(id);
        }
        self.finish_call()
    }

    /// Answers a client's change set that waits for review ([`Event::Review`](crate::Event::Review)):
    /// `Ok` commits it, if it is still valid; an error is sent to the client.
    ///
    /// # Errors
    /// `StaleId` for a number that does not wait, `InvalidArgument` for an error of more than 1,024 bytes,
    /// `Forked`.
    pub fn answer_review(
        &mut self,
        review: u64,
        verdict: std::result::Result<(), String>,
    ) -> Result<()> {
        self.check_process()?;
        if verdict.as_ref().is_err_and(|reason| reason.len() > REVIEW_REASON_MAX) {
            return Err(Error::invalid("the reason of a refusal is at most 1,024 bytes"));
        }
        let at = self.reviews.iter().position(|waiting| waiting.number == review);
        let waiting = at.and_then(|at| self.reviews.remove(at));
        let Some(Review { client, mutation, changes, .. }) = waiting else {
            let message = format!("no review with the number {review} waits");
            return Err(Error::new(ErrorKind::StaleId, message));
        };
        self.review_bytes -= changes.bytes();
        match verdict {
            Ok(()) => self.commit_for(client, mutation, &changes),
            Err(reason) => self.reject(client, mutation, ErrorCode::Refused, &reason),
        }
        self.finish_call()
    }

    /// The next change set that the host has not seen.
    pub(super) fn unreported_review(&mut self) -> Option<&Review> {
        let review = self.reviews.iter_mut().find(|review| !review.is_reported)?;
        review.is_reported = true;
        Some(review)
    }

    pub(super) fn has_unreported_review(&self) -> bool {
        self.reviews.iter().any(|review| !review.is_reported)
    }

    pub(super) fn publish(&mut self, watch: WatchId) {
        let published = &mut self.observation.published;
        match published.iter_mut().find(|published| published.watch == watch) {
            Some(known) => known.is_ending = false,
            None => published.push(Published {
                watch,
                cursor: FileCursor::default(),
                is_emptying: false,
                is_ending: false,
                is_partial: false,
            }),
        }
    }

    pub(super) fn unpublish(&mut self, watch: WatchId) {
        let known = self.observation.published.iter_mut().find(|known| known.watch == watch);
        if let Some(known) = known {
            (known.is_emptying, known.is_ending) = (true, true);
            // Published again, it is written down from the beginning.
            (known.cursor, known.is_partial) = (FileCursor::default(), false);
        }
    }

    /// Whether files wait to be written down.
    pub(super) fn has_unpublished(&self) -> bool {
        self.observation.published.iter().any(|published| published.is_behind(&self.watches))
    }

    /// Whether a turn would write something down that clients wait for.
    pub(super) fn has_state_work(&self) -> bool {
        self.has_unpublished()
            || (self.server.has_connections()
                && (self.terminals.has_touched()
                    || !self.observation.touched.is_empty()
                    || self.server.is_behind(self.state.version())))
    }

    // Metadata of terminals.

    /// Writes down what terminals say of themselves.
    pub(super) fn note_terminals(&mut self) {
        if !self.terminals.has_touched() {
            return;
        }
        let mut fresh = std::mem::take(&mut self.observation.fresh);
        self.terminals.take_touched(&mut fresh);
        for id in &fresh {
            match self.terminals.metadata(*id) {
                Ok(metadata) if equals(self.state.terminal(id.to_u64()), &metadata) => {}
                Ok(metadata) => self.state.put_terminal(id.to_u64(), owned(&metadata)),
                Err(_) => self.state.remove_terminal(id.to_u64()),
            }
        }
        // The new ones are written down by now, and the old ones not taken out.
        for (old, new) in self.terminals.take_restarted() {
            self.state.replace_terminal(old.to_u64(), new.to_u64());
        }
        self.observation.touched.extend(&fresh);
        self.observation.fresh = fresh;
    }

    /// Writes down what is new of terminals, and makes a version of it and of the files.
    pub(super) fn observe(&mut self) {
        self.note_terminals();
        self.state.commit_metadata();
    }

    /// Writes down files of published watches, or takes them out, one watch after the other.
    pub(super) fn note_published(&mut self, slice: &mut Slice) {
        let mut published = std::mem::take(&mut self.observation.published);
        while let Some(at) = published.iter().position(|known| known.is_behind(&self.watches)) {
            self.note_files(&mut published[at]);
            slice.charge(FILES_COST);
            // The others go first next time.
            published[at..].rotate_left(1);
            published.retain(|known| !known.is_ending || known.is_emptying);
            if slice.is_over() {
                break;
            }
        }
        published.retain(|known| !known.is_ending || known.is_emptying);
        self.observation.published = published;
    }

    /// Writes down a slice of what changed in a watch.
    fn note_files(&mut self, known: &mut Published) {
        let watch = known.watch.to_u64();
        if known.is_emptying {
            known.is_emptying = self.state.remove_watch_files(watch, FILES_PER_UNIT);
            return;
        }
        let changes = &mut self.observation.changes;
        let before = known.cursor;
        let read =
            self.watches.read_changes(known.watch, &mut known.cursor, FILES_PER_UNIT, changes);
        if read.is_err() {
            (known.is_emptying, known.is_ending) = (true, true);
            return;
        }
        if changes.full && before != FileCursor::default() {
            // What is there goes first; then the tree is read anew.
            known.cursor = FileCursor::default();
            known.is_emptying = true;
            return;
        }
        for id in &changes.removed {
            self.state.remove_file(FileKey { watch, id: id.to_u64() });
        }
        let mut is_full = false;
        for entry in changes.entries() {
            let key = FileKey { watch, id: entry.id.to_u64() };
            is_full |= !self.state.put_file(key, file_facts(&entry));
        }
        if is_full && !std::mem::replace(&mut known.is_partial, true) {
            let text = "the state has no room for all files of a watch: state_bytes".into();
            self.log(super::LogLevel::Warn, text);
        }
    }
}

/// What a refusal of the state is as an error.
pub(super) fn error_of(refusal: &Refusal) -> Error {
    let kind = match refusal {
        Refusal::Conflict { .. } => ErrorKind::Conflict,
        Refusal::Invalid { .. } => ErrorKind::InvalidArgument,
        Refusal::Limit { .. } => ErrorKind::LimitReached,
    };
    Error::new(kind, refusal.to_string())
}

fn exit_of(status: ExitStatus) -> TerminalExit {
    match status {
        ExitStatus::Code(code) => TerminalExit::Code(code),
        ExitStatus::Signal { signal, .. } => TerminalExit::Signal(signal),
        ExitStatus::Unknown => TerminalExit::Unknown,
    }
}

fn policy_of(policy: SizePolicy) -> StateSizePolicy {
    match policy {
        SizePolicy::Latest => StateSizePolicy::Latest,
        SizePolicy::Smallest => StateSizePolicy::Smallest,
        SizePolicy::Fixed => StateSizePolicy::Fixed,
    }
}

fn equals(known: Option<(&StateTerminal, u64)>, metadata: &TerminalMetadata<'_>) -> bool {
    known.is_some_and(|(known, _)| {
        known.title == metadata.title
            && known.cwd.as_deref() == metadata.cwd
            && (known.cols, known.rows, known.pid) == (metadata.cols, metadata.rows, metadata.pid)
            && (known.running, known.closing) == (metadata.running, metadata.closing)
            && (known.exit, known.screen) == (metadata.exit.map(exit_of), metadata.has_screen)
            && (known.program.as_slice(), known.last_exit) == (metadata.program, metadata.last_exit)
            && known.hidden_input == metadata.hidden_input
            && known.size_policy == policy_of(metadata.size_policy)
    })
}

fn owned(metadata: &TerminalMetadata<'_>) -> StateTerminal {
    StateTerminal {
        title: metadata.title.into(),
        cwd: metadata.cwd.map(<[u8]>::to_vec),
        cols: metadata.cols,
        rows: metadata.rows,
        pid: metadata.pid,
        running: metadata.running,
        exit: metadata.exit.map(exit_of),
        closing: metadata.closing,
        screen: metadata.has_screen,
        program: metadata.program.into(),
        last_exit: metadata.last_exit,
        hidden_input: metadata.hidden_input,
        size_policy: policy_of(metadata.size_policy),
    }
}

fn file_facts(entry: &FileEntry<'_>) -> StateFile {
    let path = entry.path.as_os_str().as_bytes();
    // A root has no directory here that it could be named in.
    let name = match entry.parent {
        Some(_) => entry.path.file_name().map_or(path, OsStrExt::as_bytes),
        None => path,
    };
    StateFile {
        parent: entry.parent.map_or(0, |parent| parent.to_u64()),
        name: name.into(),
        kind: match entry.kind {
            FileType::File => FileKind::File,
            FileType::Directory => FileKind::Directory,
            FileType::Symlink => FileKind::Symlink,
            _ => FileKind::Other,
        },
        size: entry.size,
        modified_us: entry.modified_ns.div_euclid(1000),
        mode: entry.mode,
        ignored: entry.ignored,
    }
}

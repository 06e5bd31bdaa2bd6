//! Entries and change sets of the application state, lent to a host.
//!
//! Everything is copied in here, so that a loan does not depend on the store, which moves on. While it is
//! filled, the structs hold places in the vectors instead of addresses; [`StateLoan::seal`] makes addresses
//! of them when nothing moves any more. A debug build overwrites all of it when the loan ends.

use std::ptr;

use super::event_payload::{ORCH_EXIT_CODE, ORCH_EXIT_SIGNAL, ORCH_EXIT_UNKNOWN};
use super::lent::{Lent, poison, poison_all};
use super::sized::SizedStruct;
use super::state_entry::*;
use super::state_op::*;
use super::terminal_state::{
    ORCH_TERMINAL_CLOSING, ORCH_TERMINAL_HAS_EXIT_CODE, ORCH_TERMINAL_HAS_SCREEN,
    ORCH_TERMINAL_HIDDEN_INPUT, ORCH_TERMINAL_RUNNING, size_policy_number,
};
use super::types::{NO_BYTES, orch_bytes};
use super::watch_tree::ORCH_FILE_FLAG_IGNORED;
use crate::{
    Change, ChangeSet, FileKey, Metadata, Pane, PaneContent, Session, StateEntry, StateFile,
    StateKeyRef, StateSink, StateTerminal, TerminalExit,
};

pub(super) struct StateLoan {
    texts: Vec<u8>,
    lists: Vec<orch_bytes>,
    pairs: Vec<orch_key_value>,
    pub(super) removed: Vec<orch_state_key>,
    pub(super) sessions: Vec<orch_session>,
    pub(super) panes: Vec<orch_pane>,
    pub(super) terminals: Vec<orch_state_terminal>,
    pub(super) files: Vec<orch_state_file>,
    ops: Vec<orch_state_op>,
    review: orch_event_review,
}

impl Default for StateLoan {
    fn default() -> Self {
        StateLoan {
            texts: Vec::new(),
            lists: Vec::new(),
            pairs: Vec::new(),
            removed: Vec::new(),
            sessions: Vec::new(),
            panes: Vec::new(),
            terminals: Vec::new(),
            files: Vec::new(),
            ops: Vec::new(),
            review: NO_REVIEW,
        }
    }
}

impl StateLoan {
    /// Ends the loan.
    pub(super) fn end(&mut self) {
        if cfg!(debug_assertions) {
            self.texts.fill(Lent::POISON);
            poison_all(&mut self.lists);
            poison_all(&mut self.pairs);
            poison_all(&mut self.removed);
            poison_all(&mut self.sessions);
            poison_all(&mut self.panes);
            poison_all(&mut self.terminals);
            poison_all(&mut self.files);
            poison_all(&mut self.ops);
            poison(&mut self.review);
        }
    }

    /// Ends the loan and makes room for the next one, which [`seal`](Self::seal) completes.
    pub(super) fn begin(&mut self) {
        self.end();
        self.texts.clear();
        self.lists.clear();
        self.pairs.clear();
        self.removed.clear();
        self.sessions.clear();
        self.panes.clear();
        self.terminals.clear();
        self.files.clear();
        self.ops.clear();
    }

    /// Lends a change set that waits for review, until [`end`](Self::end) or the next loan.
    pub(super) fn lend_review(
        &mut self,
        review: u64,
        client: u64,
        changes: &ChangeSet,
    ) -> &orch_event_review {
        self.begin();
        for op in &changes.ops {
            let flags = if op.base.is_some() { ORCH_STATE_OP_HAS_BASE } else { 0 };
            let mut c = orch_state_op { flags, base: op.base.unwrap_or(0), ..NO_OP };
            match &op.change {
                Change::PutSession { id, session } => {
                    self.push_session(id, session, 0);
                    c.kind = ORCH_STATE_OP_SET_SESSION;
                    c.session = ptr::without_provenance(self.sessions.len());
                }
                Change::PutPane { id, pane } => {
                    self.push_pane(id, pane, 0);
                    c.kind = ORCH_STATE_OP_SET_PANE;
                    c.pane = ptr::without_provenance(self.panes.len());
                }
                Change::RemoveSession { .. } => c.kind = ORCH_STATE_OP_REMOVE_SESSION,
                Change::RemovePane { .. } => c.kind = ORCH_STATE_OP_REMOVE_PANE,
            }
            if let StateKeyRef::Session(id) | StateKeyRef::Pane(id) = op.change.key() {
                c.id = self.text(id.as_bytes());
            }
            self.ops.push(c);
        }
        self.seal();
        self.review = orch_event_review {
            review,
            client,
            ops: self.ops.as_ptr(),
            op_count: self.ops.len(),
            ..NO_REVIEW
        };
        &self.review
    }

    /// Lends one entry, until [`end`](Self::end) or the next loan.
    pub(super) fn lend_entry(&mut self, entry: StateEntry<'_>) -> orch_state_entry {
        self.begin();
        self.set(entry);
        self.seal();
        let mut out = orch_state_entry::defaults();
        if let Some(session) = self.sessions.first() {
            (out.collection, out.session) = (ORCH_COLLECTION_SESSIONS, session);
        } else if let Some(pane) = self.panes.first() {
            (out.collection, out.pane) = (ORCH_COLLECTION_PANES, pane);
        } else if let Some(terminal) = self.terminals.first() {
            (out.collection, out.terminal) = (ORCH_COLLECTION_TERMINALS, terminal);
        } else if let Some(file) = self.files.first() {
            (out.collection, out.file) = (ORCH_COLLECTION_FILES, file);
        }
        out
    }

    /// Makes addresses of places. Nothing may be added afterwards.
    pub(super) fn seal(&mut self) {
        let (texts, lists, pairs) = (self.texts.as_ptr(), self.lists.as_ptr(), self.pairs.as_ptr());
        let text = |bytes: &mut orch_bytes| {
            let mut place = bytes.data.cast();
            to_address(&mut place, texts);
            bytes.data = place.cast();
        };
        self.lists.iter_mut().for_each(text);
        for pair in &mut self.pairs {
            [&mut pair.key, &mut pair.value].into_iter().for_each(text);
        }
        for key in &mut self.removed {
            text(&mut key.text);
        }
        for session in &mut self.sessions {
            [&mut session.id, &mut session.name].into_iter().for_each(text);
            to_address(&mut session.panes, lists);
            to_address(&mut session.metadata, pairs);
        }
        for pane in &mut self.panes {
            [&mut pane.id, &mut pane.session, &mut pane.title, &mut pane.data]
                .into_iter()
                .for_each(text);
            to_address(&mut pane.metadata, pairs);
        }
        for terminal in &mut self.terminals {
            [&mut terminal.title, &mut terminal.cwd, &mut terminal.program]
                .into_iter()
                .for_each(text);
        }
        for file in &mut self.files {
            text(&mut file.name);
        }
        for op in &mut self.ops {
            text(&mut op.id);
            to_address(&mut op.session, self.sessions.as_ptr());
            to_address(&mut op.pane, self.panes.as_ptr());
        }
    }

    fn text(&mut self, text: &[u8]) -> orch_bytes {
        let place = self.texts.len() + 1;
        self.texts.extend_from_slice(text);
        orch_bytes { data: ptr::without_provenance(place), len: text.len() }
    }

    fn metadata(&mut self, metadata: &Metadata) -> *const orch_key_value {
        let place = self.pairs.len() + 1;
        for (key, value) in metadata {
            let pair = orch_key_value {
                key: self.text(key.as_bytes()),
                value: self.text(value.as_bytes()),
            };
            self.pairs.push(pair);
        }
        ptr::without_provenance(place)
    }

    fn push_session(&mut self, id: &str, session: &Session, version: u64) {
        let place = self.lists.len() + 1;
        for pane in &session.panes {
            let pane = self.text(pane.as_bytes());
            self.lists.push(pane);
        }
        let c = orch_session {
            id: self.text(id.as_bytes()),
            version,
            name: self.text(session.name.as_bytes()),
            panes: ptr::without_provenance(place),
            pane_count: session.panes.len(),
            metadata: self.metadata(&session.metadata),
            metadata_count: session.metadata.len(),
            ..orch_session::defaults()
        };
        self.sessions.push(c);
    }

    fn push_pane(&mut self, id: &str, pane: &Pane, version: u64) {
        let (content, terminal, data) = match &pane.content {
            PaneContent::Empty => (ORCH_PANE_EMPTY, 0, NO_BYTES),
            PaneContent::Terminal(terminal) => (ORCH_PANE_TERMINAL, *terminal, NO_BYTES),
            PaneContent::File(path) => (ORCH_PANE_FILE, 0, self.text(path)),
            PaneContent::Custom(name) => (ORCH_PANE_CUSTOM, 0, self.text(name.as_bytes())),
        };
        let c = orch_pane {
            id: self.text(id.as_bytes()),
            version,
            session: self.text(pane.session.as_bytes()),
            title: self.text(pane.title.as_bytes()),
            content,
            terminal,
            data,
            metadata: self.metadata(&pane.metadata),
            metadata_count: pane.metadata.len(),
            ..orch_pane::defaults()
        };
        self.panes.push(c);
    }

    fn push_terminal(&mut self, id: u64, terminal: &StateTerminal, version: u64) {
        let flags = [
            (terminal.running, ORCH_TERMINAL_RUNNING),
            (terminal.closing, ORCH_TERMINAL_CLOSING),
            (terminal.screen, ORCH_TERMINAL_HAS_SCREEN),
            (terminal.last_exit.is_some(), ORCH_TERMINAL_HAS_EXIT_CODE),
            (terminal.hidden_input, ORCH_TERMINAL_HIDDEN_INPUT),
        ];
        let (exit_kind, exit_value) = match terminal.exit {
            None => (0, 0),
            Some(TerminalExit::Code(code)) => (ORCH_EXIT_CODE, code),
            Some(TerminalExit::Signal(signal)) => (ORCH_EXIT_SIGNAL, signal),
            Some(TerminalExit::Unknown) => (ORCH_EXIT_UNKNOWN, 0),
        };
        let c = orch_state_terminal {
            terminal: id,
            version,
            title: self.text(terminal.title.as_bytes()),
            cwd: terminal.cwd.as_ref().map_or(NO_BYTES, |cwd| self.text(cwd)),
            cols: terminal.cols,
            rows: terminal.rows,
            flags: flags.iter().filter(|(holds, _)| *holds).map(|(_, flag)| flag).sum(),
            pid: terminal.pid.unwrap_or(0),
            exit_kind,
            exit_value,
            program: self.text(&terminal.program),
            last_exit_code: terminal.last_exit.unwrap_or(0),
            size_policy: size_policy_number(terminal.size_policy),
            ..orch_state_terminal::defaults()
        };
        self.terminals.push(c);
    }

    fn push_file(&mut self, key: FileKey, file: &StateFile, version: u64) {
        let c = orch_state_file {
            watch: key.watch,
            id: key.id,
            version,
            parent: file.parent,
            name: self.text(&file.name),
            bytes: file.size,
            modified_us: file.modified_us,
            file_type: file.kind as u32,
            flags: if file.ignored { ORCH_FILE_FLAG_IGNORED } else { 0 },
            mode: file.mode.into(),
            ..orch_state_file::defaults()
        };
        self.files.push(c);
    }
}

impl StateSink for StateLoan {
    fn removed(&mut self, key: StateKeyRef<'_>) {
        let (collection, text, id, watch) = match key {
            StateKeyRef::Session(id) => (ORCH_COLLECTION_SESSIONS, self.text(id.as_bytes()), 0, 0),
            StateKeyRef::Pane(id) => (ORCH_COLLECTION_PANES, self.text(id.as_bytes()), 0, 0),
            StateKeyRef::Terminal(id) => (ORCH_COLLECTION_TERMINALS, NO_BYTES, id, 0),
            StateKeyRef::File(key) => (ORCH_COLLECTION_FILES, NO_BYTES, key.id, key.watch),
        };
        self.removed.push(orch_state_key { collection, reserved: 0, text, id, watch });
    }

    fn set(&mut self, entry: StateEntry<'_>) {
        match entry {
            StateEntry::Session(id, session, version) => self.push_session(id, session, version),
            StateEntry::Pane(id, pane, version) => self.push_pane(id, pane, version),
            StateEntry::Terminal(id, terminal, version) => {
                self.push_terminal(id, terminal, version)
            }
            StateEntry::File(key, file, version) => self.push_file(key, file, version),
        }
    }
}

/// Makes an address of a place. Places count from 1, so that NULL stays NULL.
fn to_address<T>(place: &mut *const T, base: *const T) {
    if !place.is_null() {
        *place = base.wrapping_add(place.addr() - 1);
    }
}

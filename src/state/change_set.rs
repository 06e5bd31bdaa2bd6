//! Change sets: what the host and clients write.

use std::borrow::Cow;
use std::fmt;

use super::entry::{Entry, Key, KeyRef, Pane, Session};
use crate::limits::MEMORY_USED_UP;

/// One operation of a change set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Puts a session, new or in place of what was there. Its list names panes of this session, in the
    /// order wished for, those included that the same change set puts there, before or after. Panes that it
    /// leaves out are kept behind, in their old order, so that nobody loses a pane that he did not know.
    PutSession {
        /// 1 to 64 bytes of `A-Z a-z 0-9 _ . : -`.
        id: String,
        /// What to put.
        session: Session,
    },
    /// Takes a session out with all its panes. No effect if it is not there.
    RemoveSession {
        /// Which.
        id: String,
    },
    /// Puts a pane, new or in place of what was there. It joins its session at the end of the list, unless
    /// the session lists it, and leaves the one that it was in.
    PutPane {
        /// 1 to 64 bytes of `A-Z a-z 0-9 _ . : -`.
        id: String,
        /// What to put.
        pane: Pane,
    },
    /// Takes a pane out, of its session's list too. No effect if it is not there.
    RemovePane {
        /// Which.
        id: String,
    },
}

impl Change {
    /// The entry that it is about.
    pub fn key(&self) -> KeyRef<'_> {
        match self {
            Change::PutSession { id, .. } | Change::RemoveSession { id } => KeyRef::Session(id),
            Change::PutPane { id, .. } | Change::RemovePane { id } => KeyRef::Pane(id),
        }
    }
}

/// An operation and what it was built on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeOp {
    /// What to do.
    pub change: Change,
    /// The version of the entry that it was built on, before the change set: the set is refused if the
    /// entry has another one. 0: there must be none. `None`: the last writer wins.
    pub base: Option<u64>,
}

/// Operations that take effect together, in their order. Sessions and terminals that panes name have to be
/// there after the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// At most [`state_change_ops`](crate::Limits::state_change_ops).
    pub ops: Vec<ChangeOp>,
}

impl ChangeSet {
    /// Bytes that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        let bytes = |op: &ChangeOp| match &op.change {
            Change::PutSession { id, session } => Entry::Session(id, session, 0).bytes(),
            Change::PutPane { id, pane } => Entry::Pane(id, pane, 0).bytes(),
            Change::RemoveSession { id } | Change::RemovePane { id } => id.len(),
        };
        self.ops.len() * size_of::<ChangeOp>() + self.ops.iter().map(bytes).sum::<usize>()
    }
}

/// Why a change set had no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// An entry is not the one that an operation was built on.
    Conflict {
        /// The operation, from 0.
        index: usize,
        /// The entry.
        key: Key,
        /// The entry's version; 0 if it is not there.
        version: u64,
    },
    /// An operation breaks a rule.
    Invalid {
        /// The operation, from 0.
        index: usize,
        /// The rule, for a person.
        message: Cow<'static, str>,
    },
    /// A bound of [`Limits`](crate::Limits) would be passed.
    Limit {
        /// Which, for a person.
        message: &'static str,
    },
}

impl Refusal {
    /// Whether there is no memory for it.
    pub(crate) fn is_for_memory(&self) -> bool {
        matches!(self, Refusal::Limit { message } if *message == MEMORY_USED_UP)
    }

    pub(super) fn invalid(index: usize, message: impl Into<Cow<'static, str>>) -> Self {
        Refusal::Invalid { index, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Conflict { index, version, .. } => {
                write!(f, "operation {index}: the entry is at version {version} (0: gone)")
            }
            Refusal::Invalid { index, message } => write!(f, "operation {index}: {message}"),
            Refusal::Limit { message } => f.write_str(message),
        }
    }
}

impl std::error::Error for Refusal {}

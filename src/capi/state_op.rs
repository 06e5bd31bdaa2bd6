//! Change sets of the application state in C's form: operations, refusals, reviews.

use std::mem::size_of;
use std::ptr;

use super::argument;
use super::argument::unknown;
use super::lent::Lendable;
use super::sized::{self, SizedStruct, size_through};
use super::state_entry::*;
use super::types::{NO_BYTES, orch_bytes};
use crate::error::{Error, Result};
use crate::{Change, ChangeOp, ChangeSet, Refusal, StateKey};

/// What an operation of a change set does.
pub type orch_state_op_kind = u32;
/// Sets `session`: adds it, or replaces the one with its id.
pub const ORCH_STATE_OP_SET_SESSION: orch_state_op_kind = 1;
/// Removes the session `id` with all its panes. Nothing happens if there is none.
pub const ORCH_STATE_OP_REMOVE_SESSION: orch_state_op_kind = 2;
/// Sets `pane`: adds it, or replaces the one with its id. It leaves the session that it was in. It goes to the
/// end of its session's list, unless that list has it already.
pub const ORCH_STATE_OP_SET_PANE: orch_state_op_kind = 3;
/// Removes the pane `id`, also from its session's list. Nothing happens if there is none.
pub const ORCH_STATE_OP_REMOVE_PANE: orch_state_op_kind = 4;

/// Flags of `orch_state_op`.
pub type orch_state_op_flags = u32;
/// `base` counts.
pub const ORCH_STATE_OP_HAS_BASE: orch_state_op_flags = 1;

/// One operation of a change set. Set fields that its kind does not name to 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_op {
    /// One of ORCH_STATE_OP_SET_SESSION, ORCH_STATE_OP_REMOVE_SESSION, ORCH_STATE_OP_SET_PANE and
    /// ORCH_STATE_OP_REMOVE_PANE.
    pub kind: orch_state_op_kind,
    /// ORCH_STATE_OP_HAS_BASE or 0.
    pub flags: orch_state_op_flags,
    /// With ORCH_STATE_OP_HAS_BASE: the `version` of the entry that the operation was built on, or 0 if there was
    /// no entry. If the entry has another version when the change set comes, the set is refused with
    /// ORCH_E_CONFLICT. Without the flag it must be 0, and the operation is done whatever is there.
    pub base: u64,
    /// The id of the session or the pane. No bytes with ORCH_STATE_OP_SET_SESSION and ORCH_STATE_OP_SET_PANE: the
    /// id in `session` or `pane`.
    pub id: orch_bytes,
    /// ORCH_STATE_OP_SET_SESSION: the session.
    pub session: *const orch_session,
    /// ORCH_STATE_OP_SET_PANE: the pane.
    pub pane: *const orch_pane,
}

pub(super) const NO_OP: orch_state_op = orch_state_op {
    kind: 0,
    flags: 0,
    base: 0,
    id: NO_BYTES,
    session: ptr::null(),
    pane: ptr::null(),
};

/// The operation that a change set was refused for.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_refusal {
    /// `sizeof(orch_state_refusal)`, set by the host.
    pub size: usize,
    /// The index of the operation; the first one is 0.
    pub index: usize,
    /// ORCH_E_CONFLICT: the version of the entry; 0 if there is none.
    pub version: u64,
    /// ORCH_E_CONFLICT: the collection of the entry, ORCH_COLLECTION_SESSIONS or ORCH_COLLECTION_PANES.
    pub collection: orch_collections,
    /// Always 0.
    pub reserved: u32,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_state_refusal {
    const FIRST_SIZE: usize = size_through!(orch_state_refusal, reserved, u32);
    fn defaults() -> Self {
        orch_state_refusal {
            size: size_of::<Self>(),
            index: 0,
            version: 0,
            collection: 0,
            reserved: 0,
        }
    }
}

/// A change set of a client that waits for `orch_review_answer`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_event_review {
    /// The review, for `orch_review_answer`.
    pub review: u64,
    /// The client that made the change set.
    pub client: u64,
    /// The operations; elements lie `op_stride` bytes apart (`orch_element_at`). Each has its `id`. They were valid
    /// when the client sent them.
    pub ops: *const orch_state_op,
    /// Elements of `ops`.
    pub op_count: usize,
    /// Bytes from one element to the next.
    pub op_stride: usize,
}

pub(super) const NO_REVIEW: orch_event_review = orch_event_review {
    review: 0,
    client: 0,
    ops: ptr::null(),
    op_count: 0,
    op_stride: size_of::<orch_state_op>(),
};

// SAFETY: integers and raw pointers only.
unsafe impl Lendable for orch_state_op {}
// SAFETY: as above.
unsafe impl Lendable for orch_event_review {}

impl orch_state_op {
    const FIRST_SIZE: usize = size_through!(orch_state_op, pane, *const orch_pane);

    /// The operation as Rust takes it.
    ///
    /// # Safety
    /// What it points to is as the header describes it.
    unsafe fn to_op(self) -> Result<ChangeOp> {
        sized::check_flags("orch_state_op.flags", self.flags, ORCH_STATE_OP_HAS_BASE)?;
        let base = (self.flags & ORCH_STATE_OP_HAS_BASE != 0).then_some(self.base);
        if base.is_none() && self.base != 0 {
            return Err(Error::invalid(
                "orch_state_op.base: needs ORCH_STATE_OP_HAS_BASE in flags",
            ));
        }
        // SAFETY: passed on from the caller.
        let id = unsafe { argument::text("orch_state_op.id", self.id) }?.to_owned();
        let is_own = |own: &str| id.is_empty() || id == own;
        let change = match self.kind {
            ORCH_STATE_OP_SET_SESSION => {
                // SAFETY: passed on from the caller.
                let (own, session) = unsafe { session_from(self.session) }?;
                if !is_own(&own) {
                    return Err(Error::invalid("orch_state_op.id: not the session's id"));
                }
                Change::PutSession { id: own, session }
            }
            ORCH_STATE_OP_SET_PANE => {
                // SAFETY: passed on from the caller.
                let (own, pane) = unsafe { pane_from(self.pane) }?;
                if !is_own(&own) {
                    return Err(Error::invalid("orch_state_op.id: not the pane's id"));
                }
                Change::PutPane { id: own, pane }
            }
            ORCH_STATE_OP_REMOVE_SESSION => Change::RemoveSession { id },
            ORCH_STATE_OP_REMOVE_PANE => Change::RemovePane { id },
            other => return Err(unknown("orch_state_op.kind", other)),
        };
        Ok(ChangeOp { change, base })
    }
}

/// The operation that an error is about, as C gets it.
pub(super) fn refusal_of(refusal: &Refusal) -> Option<orch_state_refusal> {
    match refusal {
        Refusal::Conflict { index, key, version } => Some(orch_state_refusal {
            index: *index,
            version: *version,
            collection: match key {
                StateKey::Session(_) => ORCH_COLLECTION_SESSIONS,
                _ => ORCH_COLLECTION_PANES,
            },
            ..orch_state_refusal::defaults()
        }),
        Refusal::Invalid { index, .. } => {
            Some(orch_state_refusal { index: *index, ..orch_state_refusal::defaults() })
        }
        _ => None,
    }
}

/// Operations as Rust takes them, or the first one that makes no sense.
///
/// # Safety
/// `count` elements `stride` bytes apart are readable, and what they point to.
pub(super) unsafe fn ops_from(
    name: &str,
    ops: *const orch_state_op,
    count: usize,
    stride: usize,
) -> Result<std::result::Result<ChangeSet, (usize, Error)>> {
    argument::strided(name, ops, count, stride, orch_state_op::FIRST_SIZE)?;
    let mut set = ChangeSet::default();
    for index in 0..count {
        let element = ops.wrapping_byte_add(index * stride).cast();
        // SAFETY: passed on from the caller.
        let c = unsafe { sized::read_element(element, stride, orch_state_op::FIRST_SIZE, NO_OP) };
        // SAFETY: passed on from the caller.
        match c.and_then(|c| unsafe { c.to_op() }) {
            Ok(op) => set.ops.push(op),
            Err(error) => {
                return Ok(Err((index, argument::in_name(&format!("operation {index}"), &error))));
            }
        }
    }
    Ok(Ok(set))
}

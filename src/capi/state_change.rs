//! The application state: change sets of hosts and of clients.

use std::mem::size_of;
use std::ptr;

use super::guard::{Inner, on_engine, orch_engine};
use super::options::{NO_BYTES, orch_bytes, unknown};
use super::sized::{self, SizedStruct, size_through};
use super::state_entry::*;
use super::status::*;
use super::update::Lendable;
use crate::error::{Error, ErrorKind, Result};
use crate::{Change, ChangeOp, ChangeSet, Refusal, StateKey};

/// For the base of a change: it is made whatever the entry is at, the last writer wins.
pub const ORCH_STATE_NO_BASE: u64 = u64::MAX;

/// Change: sets `session`, new or in place of what was there.
pub const ORCH_STATE_OP_SET_SESSION: u32 = 1;
/// Change: removes the session `id` with all its panes. No effect if it is not there.
pub const ORCH_STATE_OP_REMOVE_SESSION: u32 = 2;
/// Change: sets `pane`, new or in place of what was there. It joins its session at the end of the list, unless
/// the session lists it, and leaves the one that it was in.
pub const ORCH_STATE_OP_SET_PANE: u32 = 3;
/// Change: removes the pane `id`, from its session's list too. No effect if it is not there.
pub const ORCH_STATE_OP_REMOVE_PANE: u32 = 4;

/// One operation of a change set. Set fields that its kind does not name to 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_op {
    /// One of ORCH_STATE_OP_SET_SESSION and the like.
    pub kind: u32,
    /// Must be 0.
    pub reserved: u32,
    /// The `version` of the entry that it was built on, before the change set: if the entry is at another
    /// one, the set is refused with ORCH_E_CONFLICT. 0: there must be none. ORCH_STATE_NO_BASE: any.
    pub base: u64,
    /// Which entry. May be left out for one that is set; then its own id counts.
    pub id: orch_bytes,
    /// ORCH_STATE_OP_SET_SESSION: the session.
    pub session: *const orch_session,
    /// ORCH_STATE_OP_SET_PANE: the pane.
    pub pane: *const orch_pane,
}

pub(super) const NO_OP: orch_state_op = orch_state_op {
    kind: 0,
    reserved: 0,
    base: 0,
    id: NO_BYTES,
    session: ptr::null(),
    pane: ptr::null(),
};

/// Which operation a change set was refused for.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_refusal {
    /// `sizeof(orch_state_refusal)`, set by the host.
    pub size: usize,
    /// The operation, counted from 0.
    pub index: usize,
    /// ORCH_E_CONFLICT: the version that the entry is at; 0 if there is none.
    pub version: u64,
    /// ORCH_E_CONFLICT: where the entry is, ORCH_COLLECTION_SESSIONS or ORCH_COLLECTION_PANES.
    pub collection: u32,
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
pub struct orch_state_review {
    /// Size of this struct as the library has it.
    pub size: usize,
    /// Names the review.
    pub review: u64,
    /// Whose change it is.
    pub client: u64,
    /// What it would change, valid when it was made; elements lie `op_stride` bytes apart
    /// (`orch_state_op_at`). All have their `id`.
    pub ops: *const orch_state_op,
    /// How many.
    pub op_count: usize,
    /// Bytes from one to the next.
    pub op_stride: usize,
}

pub(super) const NO_REVIEW: orch_state_review = orch_state_review {
    size: size_of::<orch_state_review>(),
    review: 0,
    client: 0,
    ops: ptr::null(),
    op_count: 0,
    op_stride: size_of::<orch_state_op>(),
};

// SAFETY: integers and raw pointers only.
unsafe impl Lendable for orch_state_op {}
// SAFETY: as above.
unsafe impl Lendable for orch_state_review {}

impl orch_state_op {
    const FIRST_SIZE: usize = size_through!(orch_state_op, pane, *const orch_pane);

    /// The operation as Rust takes it.
    ///
    /// # Safety
    /// What it points to is as the header describes it.
    unsafe fn to_op(self) -> Result<ChangeOp> {
        if self.reserved != 0 {
            return Err(Error::invalid("reserved: must be 0"));
        }
        // SAFETY: passed on from the caller.
        let id = unsafe { text_from("id", self.id) }?.to_owned();
        let is_own = |own: &str| id.is_empty() || id == own;
        let change = match self.kind {
            ORCH_STATE_OP_SET_SESSION => {
                // SAFETY: passed on from the caller.
                let (own, session) = unsafe { session_from(self.session) }?;
                if !is_own(&own) {
                    return Err(Error::invalid("the id is not the session's"));
                }
                Change::PutSession { id: own, session }
            }
            ORCH_STATE_OP_SET_PANE => {
                // SAFETY: passed on from the caller.
                let (own, pane) = unsafe { pane_from(self.pane) }?;
                if !is_own(&own) {
                    return Err(Error::invalid("the id is not the pane's"));
                }
                Change::PutPane { id: own, pane }
            }
            ORCH_STATE_OP_REMOVE_SESSION => Change::RemoveSession { id },
            ORCH_STATE_OP_REMOVE_PANE => Change::RemovePane { id },
            other => return Err(unknown("operation", other)),
        };
        let base = (self.base != ORCH_STATE_NO_BASE).then_some(self.base);
        Ok(ChangeOp { change, base })
    }
}

/// The operation that an error is about, as C gets it.
fn refusal_of(refusal: &Refusal) -> Option<orch_state_refusal> {
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

/// Changes sessions and panes: `count` operations, an array whose elements lie `stride` bytes apart
/// (`sizeof(orch_state_op)`), in their order, all of them as one version, or none. Sessions and terminals that
/// panes name have to be there after the last one. Clients of the server see it like any other change.
///
/// `out_version` (may be NULL) gets the version that it made; the current one, if nothing is different.
/// `out_refusal` (may be NULL; set its `size` before) is filled when the call fails because of one operation:
/// with ORCH_E_CONFLICT always, with ORCH_E_INVALID when one breaks a rule.
///
/// Owner thread. Errors: ORCH_E_CONFLICT when an entry is not at the version that an operation was built on;
/// ORCH_E_INVALID, the message names the operation; ORCH_E_LIMIT. Nothing has changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_change(
    engine: *mut orch_engine,
    ops: *const orch_state_op,
    count: usize,
    stride: usize,
    out_version: *mut orch_state_version,
    out_refusal: *mut orch_state_refusal,
) -> i32 {
    let change = |inner: &mut Inner| {
        if !out_refusal.is_null() {
            // SAFETY: the caller vouches for the struct.
            unsafe { sized::check_out(out_refusal) }?;
        }
        // SAFETY: the caller vouches for the array and what it points to.
        let refused = match unsafe { ops_from(ops, count, stride) }? {
            Ok(set) => match inner.engine.change_state(&set) {
                Ok(version) => {
                    // SAFETY: the caller vouches for the output.
                    unsafe { put_version(out_version, version.into()) };
                    return Ok(ORCH_OK);
                }
                Err(error) => {
                    // It changed nothing, so the state refuses it again for the same reason.
                    let refusal = inner.engine.application_state()?.validate(&set).err();
                    (refusal.as_ref().and_then(refusal_of), error)
                }
            },
            Err((index, error)) => {
                (Some(orch_state_refusal { index, ..orch_state_refusal::defaults() }), error)
            }
        };
        if let (Some(refusal), false) = (refused.0, out_refusal.is_null()) {
            // SAFETY: the output was checked; the caller vouches for its size.
            unsafe { sized::write(out_refusal, &refusal) };
        }
        Err(refused.1)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, change) }
}

/// Operations as Rust takes them, or the first one that makes no sense.
///
/// # Safety
/// `count` elements `stride` bytes apart are readable, and what they point to.
pub(super) unsafe fn ops_from(
    ops: *const orch_state_op,
    count: usize,
    stride: usize,
) -> Result<std::result::Result<ChangeSet, (usize, Error)>> {
    if count > 0 {
        sized::check_pointer(ops.cast_mut())?;
        sized::check_stride(count, stride, orch_state_op::FIRST_SIZE)?;
    }
    let mut set = ChangeSet::default();
    for index in 0..count {
        let element = ops.wrapping_byte_add(index * stride).cast();
        // SAFETY: passed on from the caller.
        let c = unsafe { sized::read_element(element, stride, orch_state_op::FIRST_SIZE, NO_OP) };
        // SAFETY: passed on from the caller.
        match c.and_then(|c| unsafe { c.to_op() }) {
            Ok(op) => set.ops.push(op),
            Err(error) => {
                let message = format!("operation {index}: {}", error.message());
                return Ok(Err((index, Error::new(ErrorKind::InvalidArgument, message))));
            }
        }
    }
    Ok(Ok(set))
}

unsafe fn put_version(out_version: *mut orch_state_version, version: orch_state_version) {
    if !out_version.is_null() {
        // SAFETY: passed on from the caller.
        unsafe { sized::put(out_version, version) };
    }
}

/// Makes one change.
///
/// # Safety
/// As [`on_engine`]; `out_version` is NULL or writable.
unsafe fn change_one(
    engine: *mut orch_engine,
    change: impl FnOnce() -> Result<Change>,
    base: u64,
    out_version: *mut orch_state_version,
) -> i32 {
    let work = |inner: &mut Inner| {
        let base = (base != ORCH_STATE_NO_BASE).then_some(base);
        let set = ChangeSet { ops: vec![ChangeOp { change: change()?, base }] };
        let version = inner.engine.change_state(&set)?;
        // SAFETY: passed on from the caller.
        unsafe { put_version(out_version, version.into()) };
        Ok(ORCH_OK)
    };
    // SAFETY: passed on from the caller.
    unsafe { on_engine(engine, work) }
}

/// Sets one session; see ORCH_STATE_OP_SET_SESSION. `base` is as in `orch_state_op`, `out_version` as in
/// `orch_state_change`. It may point to what a question has lent: get one, change what is to be different, set
/// it with its own `version` as the base.
///
/// Owner thread. Errors: as `orch_state_change`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_set_session(
    engine: *mut orch_engine,
    session: *const orch_session,
    base: u64,
    out_version: *mut orch_state_version,
) -> i32 {
    let change = || {
        // SAFETY: the caller vouches for the struct and what it points to.
        let (id, session) = unsafe { session_from(session) }?;
        Ok(Change::PutSession { id, session })
    };
    // SAFETY: the caller vouches for the pointers.
    unsafe { change_one(engine, change, base, out_version) }
}

/// Removes one session with all its panes. Arguments as in `orch_state_set_session`.
///
/// Owner thread. Errors: as `orch_state_change`; that it is not there is none, unless `base` says otherwise.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_remove_session(
    engine: *mut orch_engine,
    id: orch_bytes,
    base: u64,
    out_version: *mut orch_state_version,
) -> i32 {
    // SAFETY: the caller vouches for the bytes.
    let change = || Ok(Change::RemoveSession { id: unsafe { text_from("id", id) }?.into() });
    // SAFETY: the caller vouches for the pointers.
    unsafe { change_one(engine, change, base, out_version) }
}

/// Sets one pane; see ORCH_STATE_OP_SET_PANE. Arguments as in `orch_state_set_session`.
///
/// Owner thread. Errors: as `orch_state_change`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_set_pane(
    engine: *mut orch_engine,
    pane: *const orch_pane,
    base: u64,
    out_version: *mut orch_state_version,
) -> i32 {
    let change = || {
        // SAFETY: the caller vouches for the struct and what it points to.
        let (id, pane) = unsafe { pane_from(pane) }?;
        Ok(Change::PutPane { id, pane })
    };
    // SAFETY: the caller vouches for the pointers.
    unsafe { change_one(engine, change, base, out_version) }
}

/// Removes one pane. Arguments as in `orch_state_set_session`.
///
/// Owner thread. Errors: as `orch_state_remove_session`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_state_remove_pane(
    engine: *mut orch_engine,
    id: orch_bytes,
    base: u64,
    out_version: *mut orch_state_version,
) -> i32 {
    // SAFETY: the caller vouches for the bytes.
    let change = || Ok(Change::RemovePane { id: unsafe { text_from("id", id) }?.into() });
    // SAFETY: the caller vouches for the pointers.
    unsafe { change_one(engine, change, base, out_version) }
}

/// Answers a client's change set that waits for review (ORCH_EVENT_REVIEW). `accept` is 1 to commit it, if it
/// is still valid, or 0 to refuse it; then the client is told the `reason`, UTF-8, at most 1,024 bytes. No
/// bytes with 1.
///
/// Owner thread. Errors: ORCH_E_STALE_ID for a number that does not wait, ORCH_E_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orch_review_answer(
    engine: *mut orch_engine,
    review: u64,
    accept: u32,
    reason: orch_bytes,
) -> i32 {
    let answer = |inner: &mut Inner| {
        // SAFETY: the caller vouches for the bytes.
        let reason = unsafe { text_from("reason", reason) }?;
        let verdict = match accept {
            1 if reason.is_empty() => Ok(()),
            1 => return Err(Error::invalid("a reason is for a change that is refused")),
            0 => Err(reason.to_owned()),
            other => return Err(unknown("accept", other)),
        };
        inner.engine.answer_review(review, verdict)?;
        Ok(ORCH_OK)
    };
    // SAFETY: the caller vouches for the pointer.
    unsafe { on_engine(engine, answer) }
}

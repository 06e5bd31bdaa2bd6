//! Entries of the application state in C's form, and those of hosts as Rust takes them.

use std::mem::size_of;
use std::ptr;

use super::argument;
use super::argument::unknown;
use super::event_payload::orch_exit_kind;
use super::lent::Lendable;
use super::sized::{self, SizedStruct, size_through};
use super::terminal_state::{orch_size_policy, orch_terminal_flags};
use super::types::{NO_BYTES, orch_bytes};
use super::watch_tree::{orch_file_flags, orch_file_type};
use crate::error::{Error, Result};
use crate::{
    Collections, FileKey, Metadata, Pane, PaneContent, Session, StateKeyRef, StateVersion,
};

/// Collections of the state, a sum.
pub type orch_collections = u32;
/// Sessions, by an id that their maker chose.
pub const ORCH_COLLECTION_SESSIONS: orch_collections = 1;
/// Panes, by an id that their maker chose.
pub const ORCH_COLLECTION_PANES: orch_collections = 2;
/// The metadata of terminals.
pub const ORCH_COLLECTION_TERMINALS: orch_collections = 4;
/// The metadata of files in published watches (`orch_watch_set_published`).
pub const ORCH_COLLECTION_FILES: orch_collections = 8;
/// All collections.
pub const ORCH_COLLECTION_ALL: orch_collections = 15;

/// A version of the application state. Only versions of the same epoch can be compared.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_version {
    /// A random number below 2^53, one for each engine.
    pub epoch: u64,
    /// The number of changes so far. The `version` of an entry is the `n` of its last change.
    pub n: u64,
}

impl From<StateVersion> for orch_state_version {
    fn from(version: StateVersion) -> Self {
        orch_state_version { epoch: version.epoch, n: version.n }
    }
}

/// A piece of the host's own metadata of a session or a pane. Both texts are UTF-8.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_key_value {
    /// 1 to 64 bytes. An entry has each key once.
    pub key: orch_bytes,
    /// At most 4 KiB.
    pub value: orch_bytes,
}

/// A session: an ordered group of panes.
///
/// The host fills one to set it (ORCH_STATE_OP_SET_SESSION). The library lends those that are there.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_session {
    /// `sizeof(orch_session)`. In one that the library lends: its size in the library. A host that knows more
    /// fields does not read those behind it.
    pub size: usize,
    /// The id, chosen by the maker of the session: 1 to 64 bytes of `A-Z a-z 0-9 _ . : -`.
    pub id: orch_bytes,
    /// The `n` of its last change. Ignored when a host sets the session.
    pub version: u64,
    /// The name for people; UTF-8, at most 1 KiB.
    pub name: orch_bytes,
    /// The ids of its panes in order. When a host sets the session, panes that are missing here follow at the
    /// end, in their old order.
    pub panes: *const orch_bytes,
    /// Elements of `panes`.
    pub pane_count: usize,
    /// Metadata of the host's own: at most 32 pairs and 16 KiB. The library lends it in the order of the keys.
    pub metadata: *const orch_key_value,
    /// Elements of `metadata`.
    pub metadata_count: usize,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_session {
    const FIRST_SIZE: usize = size_through!(orch_session, metadata_count, usize);
    fn defaults() -> Self {
        orch_session {
            size: size_of::<Self>(),
            id: NO_BYTES,
            version: 0,
            name: NO_BYTES,
            panes: ptr::null(),
            pane_count: 0,
            metadata: ptr::null(),
            metadata_count: 0,
        }
    }
}

/// What a pane shows.
pub type orch_pane_content = u32;
/// Nothing. A pane whose terminal is gone becomes empty.
pub const ORCH_PANE_EMPTY: orch_pane_content = 0;
/// The terminal `terminal`.
pub const ORCH_PANE_TERMINAL: orch_pane_content = 1;
/// The file at the absolute path `data`, at most 4,096 bytes. The file need not exist.
pub const ORCH_PANE_FILE: orch_pane_content = 2;
/// Something of the host's, `data`: UTF-8, at most 256 bytes.
pub const ORCH_PANE_CUSTOM: orch_pane_content = 3;

/// A pane: a place in a session that shows something.
///
/// The host fills one to set it (ORCH_STATE_OP_SET_PANE). The library lends those that are there.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_pane {
    /// `sizeof(orch_pane)`, as in `orch_session`.
    pub size: usize,
    /// The id, made like that of a session.
    pub id: orch_bytes,
    /// The `n` of its last change. Ignored when a host sets the pane.
    pub version: u64,
    /// The id of its session, which must exist.
    pub session: orch_bytes,
    /// The title for people; UTF-8, at most 1 KiB.
    pub title: orch_bytes,
    /// What it shows, one of ORCH_PANE_*.
    pub content: orch_pane_content,
    /// Must be 0.
    pub reserved: u32,
    /// ORCH_PANE_TERMINAL: the terminal, which must exist. Otherwise 0.
    pub terminal: u64,
    /// ORCH_PANE_FILE: the path. ORCH_PANE_CUSTOM: the content. Otherwise no bytes.
    pub data: orch_bytes,
    /// As in `orch_session`.
    pub metadata: *const orch_key_value,
    /// Elements of `metadata`.
    pub metadata_count: usize,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_pane {
    const FIRST_SIZE: usize = size_through!(orch_pane, metadata_count, usize);
    fn defaults() -> Self {
        orch_pane {
            size: size_of::<Self>(),
            id: NO_BYTES,
            version: 0,
            session: NO_BYTES,
            title: NO_BYTES,
            content: ORCH_PANE_EMPTY,
            reserved: 0,
            terminal: 0,
            data: NO_BYTES,
            metadata: ptr::null(),
            metadata_count: 0,
        }
    }
}

/// The metadata of a terminal in the state. `orch_terminal_get_state` asks the system and has more.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_terminal {
    /// Its size in the library; see `orch_session.size`.
    pub size: usize,
    /// The terminal.
    pub terminal: u64,
    /// The `n` of its last change.
    pub version: u64,
    /// The title that its program has set, UTF-8.
    pub title: orch_bytes,
    /// The working directory that the program reports. Without a report, and once the engine listens for clients:
    /// that of the program in the foreground. `data` is NULL if it is not known.
    pub cwd: orch_bytes,
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// Sum of ORCH_TERMINAL_RUNNING, ORCH_TERMINAL_CLOSING, ORCH_TERMINAL_HAS_SCREEN, ORCH_TERMINAL_HAS_EXIT_CODE and
    /// ORCH_TERMINAL_HIDDEN_INPUT.
    pub flags: orch_terminal_flags,
    /// The process of its program; 0 if not known.
    pub pid: i32,
    /// How the program ended, one of ORCH_EXIT_*; 0 while it runs.
    pub exit_kind: orch_exit_kind,
    /// The exit code or the signal.
    pub exit_value: i32,
    /// Always 0.
    pub reserved: u32,
    /// The name of the program in the foreground, at most 15 bytes, once the engine listens for clients; none if not
    /// known. It is looked up, as `cwd` and ORCH_TERMINAL_HIDDEN_INPUT are, when the terminal has been quiet for 50 ms
    /// after output or input, at most twice a second.
    pub program: orch_bytes,
    /// Exit code of the last command; see ORCH_TERMINAL_HAS_EXIT_CODE.
    pub last_exit_code: i32,
    /// Who decides the size, one of ORCH_SIZE_POLICY_*.
    pub size_policy: orch_size_policy,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_state_terminal {
    const FIRST_SIZE: usize = size_through!(orch_state_terminal, reserved, u32);
    fn defaults() -> Self {
        orch_state_terminal {
            size: size_of::<Self>(),
            terminal: 0,
            version: 0,
            title: NO_BYTES,
            cwd: NO_BYTES,
            cols: 0,
            rows: 0,
            flags: 0,
            pid: 0,
            exit_kind: 0,
            exit_value: 0,
            reserved: 0,
            program: NO_BYTES,
            last_exit_code: 0,
            size_policy: 0,
        }
    }
}

/// The metadata of a file or a directory of a published watch.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_file {
    /// Its size in the library; see `orch_session.size`.
    pub size: usize,
    /// The watch.
    pub watch: u64,
    /// The file's id in the watch, as in `orch_file_entry`.
    pub id: u64,
    /// The `n` of its last change.
    pub version: u64,
    /// The id of the directory that it is in; 0 for a root.
    pub parent: u64,
    /// Its name in that directory; for a root its absolute path. Not necessarily UTF-8.
    pub name: orch_bytes,
    /// Its size in bytes; 0 for a directory.
    pub bytes: u64,
    /// The time of the last change of its content, in microseconds since 1970; 0 for a directory.
    pub modified_us: i64,
    /// One of ORCH_FILE_TYPE_FILE and the like.
    pub file_type: orch_file_type,
    /// ORCH_FILE_FLAG_IGNORED or 0.
    pub flags: orch_file_flags,
    /// Type and permission bits as in `st_mode`.
    pub mode: u32,
    /// Always 0.
    pub reserved: u32,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_state_file {
    const FIRST_SIZE: usize = size_through!(orch_state_file, reserved, u32);
    fn defaults() -> Self {
        orch_state_file {
            size: size_of::<Self>(),
            watch: 0,
            id: 0,
            version: 0,
            parent: 0,
            name: NO_BYTES,
            bytes: 0,
            modified_us: 0,
            file_type: 0,
            flags: 0,
            mode: 0,
            reserved: 0,
        }
    }
}

/// Names an entry of the state. Set fields that its collection does not name to 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_key {
    /// One of ORCH_COLLECTION_*.
    pub collection: orch_collections,
    /// Must be 0.
    pub reserved: u32,
    /// ORCH_COLLECTION_SESSIONS, ORCH_COLLECTION_PANES: the id.
    pub text: orch_bytes,
    /// ORCH_COLLECTION_TERMINALS: the terminal. ORCH_COLLECTION_FILES: the file's id in its watch.
    pub id: u64,
    /// ORCH_COLLECTION_FILES: the watch.
    pub watch: u64,
}

/// One entry of the state: the pointer that belongs to `collection` is set, the other ones are NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_entry {
    /// `sizeof(orch_state_entry)`, set by the host.
    pub size: usize,
    /// One of ORCH_COLLECTION_*.
    pub collection: orch_collections,
    /// Always 0.
    pub reserved: u32,
    /// ORCH_COLLECTION_SESSIONS: the session.
    pub session: *const orch_session,
    /// ORCH_COLLECTION_PANES: the pane.
    pub pane: *const orch_pane,
    /// ORCH_COLLECTION_TERMINALS: the terminal.
    pub terminal: *const orch_state_terminal,
    /// ORCH_COLLECTION_FILES: the file.
    pub file: *const orch_state_file,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_state_entry {
    const FIRST_SIZE: usize = size_through!(orch_state_entry, file, *const orch_state_file);
    fn defaults() -> Self {
        orch_state_entry {
            size: size_of::<Self>(),
            collection: 0,
            reserved: 0,
            session: ptr::null(),
            pane: ptr::null(),
            terminal: ptr::null(),
            file: ptr::null(),
        }
    }
}

// SAFETY: integers and raw pointers only, in all of them.
unsafe impl Lendable for orch_key_value {}
// SAFETY: as above.
unsafe impl Lendable for orch_bytes {}
// SAFETY: as above.
unsafe impl Lendable for orch_session {}
// SAFETY: as above.
unsafe impl Lendable for orch_pane {}
// SAFETY: as above.
unsafe impl Lendable for orch_state_terminal {}
// SAFETY: as above.
unsafe impl Lendable for orch_state_file {}
// SAFETY: as above.
unsafe impl Lendable for orch_state_key {}

/// A set of collections of a host's.
pub(super) fn collections_from(name: &str, bits: u32) -> Result<Collections> {
    sized::check_flags(name, bits, ORCH_COLLECTION_ALL)?;
    let set = u8::try_from(bits).ok().and_then(Collections::from_bits).unwrap_or_default();
    if set.is_empty() { Err(Error::invalid(format!("{name}: at least one"))) } else { Ok(set) }
}

/// The key of an entry.
///
/// # Safety
/// `key` is NULL or a struct as the header describes it.
pub(super) unsafe fn key_from<'a>(key: *const orch_state_key) -> Result<StateKeyRef<'a>> {
    argument::output("key", key.cast_mut())?;
    // SAFETY: the pointer was checked; the caller vouches that it is readable.
    let c = unsafe { key.read_unaligned() };
    argument::reserved("orch_state_key.reserved", c.reserved)?;
    // SAFETY: passed on from the caller.
    let text = || unsafe { argument::text("orch_state_key.text", c.text) };
    Ok(match c.collection {
        ORCH_COLLECTION_SESSIONS => StateKeyRef::Session(text()?),
        ORCH_COLLECTION_PANES => StateKeyRef::Pane(text()?),
        ORCH_COLLECTION_TERMINALS => StateKeyRef::Terminal(c.id),
        ORCH_COLLECTION_FILES => StateKeyRef::File(FileKey { watch: c.watch, id: c.id }),
        other => return Err(unknown("orch_state_key.collection", other)),
    })
}

/// # Safety
/// `pairs` is NULL or an array as the header describes it.
unsafe fn metadata_from(
    name: &str,
    pairs: *const orch_key_value,
    count: usize,
) -> Result<Metadata> {
    let mut metadata = Metadata::new();
    // SAFETY: passed on from the caller.
    for pair in unsafe { argument::array(name, pairs, count) }? {
        // SAFETY: passed on from the caller.
        let key = unsafe { argument::text("orch_key_value.key", pair.key) }?;
        // SAFETY: passed on from the caller.
        let value = unsafe { argument::text("orch_key_value.value", pair.value) }?;
        if metadata.insert(key.into(), value.into()).is_some() {
            return Err(Error::invalid(format!("{name}: the key {key:?} comes twice")));
        }
    }
    Ok(metadata)
}

/// A session of a host's, with its id.
///
/// # Safety
/// `from` is NULL or a struct as the header describes it.
pub(super) unsafe fn session_from(from: *const orch_session) -> Result<(String, Session)> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(from, false) }?;
    // SAFETY: passed on from the caller.
    let id = unsafe { argument::text("orch_session.id", c.id) }?;
    // SAFETY: passed on from the caller.
    let name = unsafe { argument::text("orch_session.name", c.name) }?;
    let mut panes = Vec::new();
    // SAFETY: passed on from the caller.
    for pane in unsafe { argument::array("orch_session.panes", c.panes, c.pane_count) }? {
        // SAFETY: passed on from the caller.
        panes.push(unsafe { argument::text("orch_session.panes", *pane) }?.into());
    }
    // SAFETY: passed on from the caller.
    let metadata = unsafe { metadata_from("orch_session.metadata", c.metadata, c.metadata_count) }?;
    Ok((id.into(), Session { name: name.into(), panes, metadata }))
}

/// A pane of a host's, with its id.
///
/// # Safety
/// `from` is NULL or a struct as the header describes it.
pub(super) unsafe fn pane_from(from: *const orch_pane) -> Result<(String, Pane)> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(from, false) }?;
    argument::reserved("orch_pane.reserved", c.reserved)?;
    // SAFETY: passed on from the caller.
    let id = unsafe { argument::text("orch_pane.id", c.id) }?;
    // SAFETY: passed on from the caller.
    let session = unsafe { argument::text("orch_pane.session", c.session) }?;
    // SAFETY: passed on from the caller.
    let title = unsafe { argument::text("orch_pane.title", c.title) }?;
    let content = match c.content {
        ORCH_PANE_EMPTY => PaneContent::Empty,
        ORCH_PANE_TERMINAL => PaneContent::Terminal(c.terminal),
        ORCH_PANE_FILE => {
            // SAFETY: passed on from the caller.
            PaneContent::File(unsafe { argument::bytes("orch_pane.data", c.data) }?.into())
        }
        ORCH_PANE_CUSTOM => {
            // SAFETY: passed on from the caller.
            PaneContent::Custom(unsafe { argument::text("orch_pane.data", c.data) }?.into())
        }
        other => return Err(unknown("orch_pane.content", other)),
    };
    // SAFETY: passed on from the caller.
    let metadata = unsafe { metadata_from("orch_pane.metadata", c.metadata, c.metadata_count) }?;
    let (session, title) = (session.into(), title.into());
    Ok((id.into(), Pane { session, title, content, metadata }))
}

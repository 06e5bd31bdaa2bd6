//! The application state: its entries in C's form, and entries of hosts as Rust takes them.

use std::mem::size_of;
use std::ptr;

use super::options::{NO_BYTES, orch_bytes, unknown};
use super::sized::{self, SizedStruct, size_through};
use super::update::Lendable;
use crate::error::{Error, Result};
use crate::{Collections, Metadata, Pane, PaneContent, Session, StateVersion};

/// Collection: sessions, by an id that their maker chose.
pub const ORCH_COLLECTION_SESSIONS: u32 = 1;
/// Collection: panes, by an id that their maker chose.
pub const ORCH_COLLECTION_PANES: u32 = 2;
/// Collection: what is known of terminals.
pub const ORCH_COLLECTION_TERMINALS: u32 = 4;
/// Collection: what is known of files in published watches (`orch_watch_set_published`).
pub const ORCH_COLLECTION_FILES: u32 = 8;
/// All collections.
pub const ORCH_COLLECTION_ALL: u32 = 15;

/// A version of the application state. Versions of different epochs do not compare.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_version {
    /// Chosen at random for each engine, below 2^53.
    pub epoch: u64,
    /// Change sets so far. An entry's `version` is the `n` at which it last changed.
    pub n: u64,
}

impl From<StateVersion> for orch_state_version {
    fn from(version: StateVersion) -> Self {
        orch_state_version { epoch: version.epoch, n: version.n }
    }
}

/// A word of the host's own about a session or a pane. UTF-8 both.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_key_value {
    /// 1 to 64 bytes; an entry has each key once.
    pub key: orch_bytes,
    /// At most 4 KiB.
    pub value: orch_bytes,
}

/// An ordered group of panes. To set one, fill it with zeroes and set `size` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_session {
    /// `sizeof(orch_session)`: set by the host for one that it gives or has filled, by the library in
    /// arrays, where it is also the distance from one to the next.
    pub size: usize,
    /// 1 to 64 bytes of `A-Z a-z 0-9 _ . : -`, chosen by its maker.
    pub id: orch_bytes,
    /// The `n` at which it last changed. Not looked at when a host sets it.
    pub version: u64,
    /// What to call it; UTF-8, at most 1 KiB.
    pub name: orch_bytes,
    /// The ids of its panes in order. When it is set, panes that it leaves out are kept behind, in their old
    /// order.
    pub panes: *const orch_bytes,
    /// How many.
    pub pane_count: usize,
    /// The host's own: at most 32 pairs, 16 KiB together; told in the order of the keys.
    pub metadata: *const orch_key_value,
    /// How many.
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

/// Content of a pane: nothing; also when the terminal that it showed is gone.
pub const ORCH_PANE_EMPTY: u32 = 0;
/// Content of a pane: the terminal `terminal`.
pub const ORCH_PANE_TERMINAL: u32 = 1;
/// Content of a pane: the file with the absolute path `data`, at most 4,096 bytes. It need not exist.
pub const ORCH_PANE_FILE: u32 = 2;
/// Content of a pane: something of the host's, `data`: UTF-8, at most 256 bytes.
pub const ORCH_PANE_CUSTOM: u32 = 3;

/// A place that shows something. To set one, fill it with zeroes and set `size` first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_pane {
    /// `sizeof(orch_pane)`, as in `orch_session`.
    pub size: usize,
    /// Made as a session's.
    pub id: orch_bytes,
    /// The `n` at which it last changed. Not looked at when a host sets it.
    pub version: u64,
    /// The id of its session, which has to exist.
    pub session: orch_bytes,
    /// What to call it; UTF-8, at most 1 KiB.
    pub title: orch_bytes,
    /// What it shows, one of ORCH_PANE_*.
    pub content: u32,
    /// Must be 0.
    pub reserved: u32,
    /// ORCH_PANE_TERMINAL: which, one that exists. Otherwise 0.
    pub terminal: u64,
    /// ORCH_PANE_FILE, ORCH_PANE_CUSTOM: see there. Otherwise no bytes.
    pub data: orch_bytes,
    /// As in `orch_session`.
    pub metadata: *const orch_key_value,
    /// How many.
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

/// What the state knows of a terminal.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_terminal {
    /// `sizeof(orch_state_terminal)`, as in `orch_session`.
    pub size: usize,
    /// Its id.
    pub terminal: u64,
    /// The `n` at which this last changed.
    pub version: u64,
    /// The title that its program has set, UTF-8.
    pub title: orch_bytes,
    /// Its working directory: as the program reports it, else that of the program in the foreground, once the engine
    /// listens for clients; `data` is NULL if it is not known.
    pub cwd: orch_bytes,
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// ORCH_TERMINAL_RUNNING, ORCH_TERMINAL_CLOSING and ORCH_TERMINAL_HAS_SCREEN, or a sum of them.
    pub flags: u32,
    /// The process of its program; 0 if not known.
    pub pid: i32,
    /// How the program ended, one of ORCH_EXIT_*; 0 while it runs.
    pub exit_kind: u32,
    /// The exit code or the signal.
    pub exit_value: i32,
    /// Always 0.
    pub reserved: u32,
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
        }
    }
}

/// What the state knows of a file or directory in a published watch.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_file {
    /// `sizeof(orch_state_file)`, as in `orch_session`.
    pub size: usize,
    /// The watch.
    pub watch: u64,
    /// Names it in the watch, as in `orch_file_entry`.
    pub id: u64,
    /// The `n` at which this last changed.
    pub version: u64,
    /// The directory that it is in; 0 for a root.
    pub parent: u64,
    /// Its name in that directory, not necessarily UTF-8; a root's absolute path.
    pub name: orch_bytes,
    /// Bytes; 0 for a directory.
    pub bytes: u64,
    /// Last change of the content in microseconds since 1970; 0 for a directory.
    pub modified_us: i64,
    /// One of ORCH_FILE_TYPE_FILE and the like.
    pub file_type: u32,
    /// ORCH_FILE_FLAG_IGNORED or 0.
    pub flags: u32,
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

/// Names an entry of the state.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_state_key {
    /// One of ORCH_COLLECTION_*.
    pub collection: u32,
    /// Always 0.
    pub reserved: u32,
    /// The id of a session or a pane. Otherwise no bytes.
    pub text: orch_bytes,
    /// The terminal, or the file's id in its watch. Otherwise 0.
    pub id: u64,
    /// The watch of a file. Otherwise 0.
    pub watch: u64,
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
pub(super) fn collections_from(bits: u32) -> Result<Collections> {
    sized::check_flags("collections", bits, ORCH_COLLECTION_ALL)?;
    let set = u8::try_from(bits).ok().and_then(Collections::from_bits).unwrap_or_default();
    if set.is_empty() { Err(Error::invalid("collections: at least one")) } else { Ok(set) }
}

/// Text of a host's, which has to be UTF-8.
///
/// # Safety
/// The bytes are readable during the call.
pub(super) unsafe fn text_from<'a>(what: &str, bytes: orch_bytes) -> Result<&'a str> {
    // SAFETY: passed on from the caller.
    let bytes = unsafe { sized::bytes(bytes.data, bytes.len) }?;
    str::from_utf8(bytes).map_err(|_| Error::invalid(format!("{what}: not UTF-8")))
}

unsafe fn metadata_from(pairs: *const orch_key_value, count: usize) -> Result<Metadata> {
    let mut metadata = Metadata::new();
    // SAFETY: passed on from the caller.
    for pair in unsafe { sized::array(pairs, count) }? {
        // SAFETY: passed on from the caller.
        let key = unsafe { text_from("a key of metadata", pair.key) }?;
        // SAFETY: passed on from the caller.
        let value = unsafe { text_from("a value of metadata", pair.value) }?;
        if metadata.insert(key.into(), value.into()).is_some() {
            return Err(Error::invalid(format!("metadata: the key {key:?} comes twice")));
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
    let id = unsafe { text_from("the id of a session", c.id) }?;
    // SAFETY: passed on from the caller.
    let name = unsafe { text_from("the name of a session", c.name) }?;
    let mut panes = Vec::new();
    // SAFETY: passed on from the caller.
    for pane in unsafe { sized::array(c.panes, c.pane_count) }? {
        // SAFETY: passed on from the caller.
        panes.push(unsafe { text_from("the id of a pane", *pane) }?.into());
    }
    // SAFETY: passed on from the caller.
    let metadata = unsafe { metadata_from(c.metadata, c.metadata_count) }?;
    Ok((id.into(), Session { name: name.into(), panes, metadata }))
}

/// A pane of a host's, with its id.
///
/// # Safety
/// `from` is NULL or a struct as the header describes it.
pub(super) unsafe fn pane_from(from: *const orch_pane) -> Result<(String, Pane)> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(from, false) }?;
    if c.reserved != 0 {
        return Err(Error::invalid("reserved: must be 0"));
    }
    // SAFETY: passed on from the caller.
    let id = unsafe { text_from("the id of a pane", c.id) }?;
    // SAFETY: passed on from the caller.
    let session = unsafe { text_from("the session of a pane", c.session) }?;
    // SAFETY: passed on from the caller.
    let title = unsafe { text_from("the title of a pane", c.title) }?;
    let content = match c.content {
        ORCH_PANE_EMPTY => PaneContent::Empty,
        ORCH_PANE_TERMINAL => PaneContent::Terminal(c.terminal),
        ORCH_PANE_FILE => {
            // SAFETY: passed on from the caller.
            PaneContent::File(unsafe { sized::bytes(c.data.data, c.data.len) }?.into())
        }
        ORCH_PANE_CUSTOM => {
            // SAFETY: passed on from the caller.
            PaneContent::Custom(unsafe { text_from("custom content", c.data) }?.into())
        }
        other => return Err(unknown("content", other)),
    };
    // SAFETY: passed on from the caller.
    let metadata = unsafe { metadata_from(c.metadata, c.metadata_count) }?;
    let (session, title) = (session.into(), title.into());
    Ok((id.into(), Pane { session, title, content, metadata }))
}

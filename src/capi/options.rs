//! Sizes, bytes, and the option structs of terminals.

use super::argument::{self, unknown};
use super::types::NO_BYTES;
use super::types::NO_SIZE;
use super::types::orch_bytes;
use super::types::orch_size;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::time::Duration;

use super::recovery_options::{orch_restart_options, restart_policy};
use super::screen_options::{orch_screen_options, screen_options};
use super::sized::{self, SizedStruct, size_through};
use crate::error::Result;
use crate::{AdoptOptions, Delivery, Lag, ReaderOptions, SpawnOptions, Start};

/// How output reaches a reader.
pub type orch_delivery = u32;
/// Every byte; the program blocks while too much is unread.
pub const ORCH_DELIVERY_LOSSLESS: orch_delivery = 0;
/// The program never waits; what the log no longer has is reported as a gap.
pub const ORCH_DELIVERY_LOSSY: orch_delivery = 1;
/// For `orch_spawn_options.delivery` and `orch_adopt_options.delivery`: no reader at all.
pub const ORCH_DELIVERY_NONE: orch_delivery = 2;
/// No bytes; what changed on the screen (ORCH_EVENT_SCREEN), at the reader's own pace. For a
/// terminal with a screen.
pub const ORCH_DELIVERY_SCREEN: orch_delivery = 3;

/// How to start a program in a terminal. In every field 0 is the default.
///
/// Pointers are read during the call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_spawn_options {
    /// `sizeof(orch_spawn_options)`.
    pub size: usize,
    /// The program and its arguments. The program is looked up in the child's PATH unless it
    /// contains a slash. No elements: the user's shell.
    pub argv: *const orch_bytes,
    /// Elements of `argv`.
    pub argv_len: usize,
    /// Changes to the environment, in order: "NAME=VALUE" sets, "NAME" unsets. They win over what is
    /// inherited, which is the host's environment without the variables that describe the host's own
    /// terminal or editor (such as TMUX, TERM_PROGRAM, VTE_VERSION, VSCODE_*, NVIM) and without
    /// ORCHFLOW_TOKEN; docs/ENVIRONMENT.md lists them all.
    pub env: *const orch_bytes,
    /// Elements of `env`.
    pub env_len: usize,
    /// Not 0: start from an empty environment instead of the host's.
    pub env_clear: u32,
    /// Delivery of the reader that is made with the terminal. Default ORCH_DELIVERY_LOSSLESS.
    pub delivery: orch_delivery,
    /// The working directory; no bytes for the host's.
    pub cwd: orch_bytes,
    /// The terminal's size. Default 80 columns, 24 rows.
    pub window: orch_size,
    /// Bytes of output to keep, at least 65,536; 0 for the engine's `log_bytes`.
    pub log_bytes: usize,
    /// A number of the host's own; comes back in every event of the terminal.
    pub tag: u64,
    /// How to keep the screen; NULL (the default) for none.
    pub screen: *const orch_screen_options,
    /// Starts the program again after it has ended; NULL (the default): it is not started again.
    pub restart: *const orch_restart_options,
}

/// How to take over a PTY master. In every field 0 is the default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_adopt_options {
    /// `sizeof(orch_adopt_options)`.
    pub size: usize,
    /// The program in the terminal, 0 if not known. The engine reaps it if it is a child of this
    /// process.
    pub pid: i32,
    /// As in `orch_spawn_options`.
    pub delivery: orch_delivery,
    /// The size to set; 0 by 0 leaves it as it is.
    pub window: orch_size,
    /// As in `orch_spawn_options`.
    pub log_bytes: usize,
    /// As in `orch_spawn_options`.
    pub tag: u64,
    /// As in `orch_spawn_options`.
    pub screen: *const orch_screen_options,
}

/// Where a reader starts.
pub type orch_start = u32;
/// For a terminal of this engine as ORCH_START_OLDEST. For a terminal of a peer: with a snapshot of the screen and at
/// most 1,000 rows of scrollback; if the terminal has no screen, as ORCH_START_OLDEST.
pub const ORCH_START_DEFAULT: orch_start = 0;
/// At the oldest byte that is kept.
pub const ORCH_START_OLDEST: orch_start = 1;
/// At the next byte that the program writes.
pub const ORCH_START_NOW: orch_start = 2;
/// At `offset`; what is no longer kept is reported as a gap. Not for a terminal of a peer.
pub const ORCH_START_OFFSET: orch_start = 3;
/// At `offset` if that is still kept, else with a snapshot of the screen (ORCH_EVENT_SNAPSHOT): for a host that has
/// read up to there before. If the terminal has no screen, as ORCH_START_OFFSET.
pub const ORCH_START_RESUME: orch_start = 4;
/// With a snapshot of the screen and at most `scrollback` rows above it.
pub const ORCH_START_SNAPSHOT: orch_start = 5;

/// Flags of `orch_attach_options`.
pub type orch_attach_flags = u32;
/// Updates of the screen come without a time between them; `interval_us` does not count.
pub const ORCH_ATTACH_NO_INTERVAL: orch_attach_flags = 1;

/// How to attach a reader. In every field 0 is the default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_attach_options {
    /// `sizeof(orch_attach_options)`.
    pub size: usize,
    /// ORCH_DELIVERY_LOSSLESS (default), ORCH_DELIVERY_LOSSY or ORCH_DELIVERY_SCREEN.
    pub delivery: orch_delivery,
    /// One of ORCH_START_*. Default ORCH_START_DEFAULT. ORCH_DELIVERY_SCREEN always starts with all of the
    /// screen.
    pub start: orch_start,
    /// For ORCH_START_OFFSET and ORCH_START_RESUME: bytes since the terminal's start.
    pub offset: u64,
    /// For ORCH_DELIVERY_SCREEN: the shortest time between two updates, in microseconds. Default 16,000; for none
    /// see ORCH_ATTACH_NO_INTERVAL.
    pub interval_us: u32,
    /// For ORCH_DELIVERY_LOSSLESS: makes it ORCH_DELIVERY_SCREEN, instead of stopping the program, once
    /// it has read nothing for so many milliseconds while there was something. ORCH_EVENT_DELIVERY_CHANGED
    /// reports it. 0 (the default): however long.
    pub downgrade_age_ms: u32,
    /// The same once so many bytes are unread, at most those that the log can keep unread. 0: those, if
    /// there is a `downgrade_age_ms`; when both are 0 (the default), it never happens.
    pub downgrade_bytes: u64,
    /// For ORCH_START_SNAPSHOT: rows of scrollback.
    pub scrollback: usize,
    /// Sum of ORCH_ATTACH_*.
    pub flags: orch_attach_flags,
    /// Must be 0.
    pub reserved: u32,
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_spawn_options {
    const FIRST_SIZE: usize = size_through!(orch_spawn_options, tag, u64);
    fn defaults() -> Self {
        orch_spawn_options {
            size: size_of::<Self>(),
            argv: ptr::null(),
            argv_len: 0,
            env: ptr::null(),
            env_len: 0,
            env_clear: 0,
            delivery: ORCH_DELIVERY_LOSSLESS,
            cwd: NO_BYTES,
            window: NO_SIZE,
            log_bytes: 0,
            tag: 0,
            screen: ptr::null(),
            restart: ptr::null(),
        }
    }
}

// SAFETY: repr(C), `size` first, integers and raw pointers only.
unsafe impl SizedStruct for orch_adopt_options {
    const FIRST_SIZE: usize = size_through!(orch_adopt_options, tag, u64);
    fn defaults() -> Self {
        orch_adopt_options {
            size: size_of::<Self>(),
            pid: 0,
            delivery: ORCH_DELIVERY_LOSSLESS,
            window: NO_SIZE,
            log_bytes: 0,
            tag: 0,
            screen: ptr::null(),
        }
    }
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_attach_options {
    const FIRST_SIZE: usize = size_through!(orch_attach_options, offset, u64);
    fn defaults() -> Self {
        orch_attach_options {
            size: size_of::<Self>(),
            delivery: ORCH_DELIVERY_LOSSLESS,
            start: ORCH_START_DEFAULT,
            offset: 0,
            interval_us: 0,
            downgrade_age_ms: 0,
            downgrade_bytes: 0,
            scrollback: 0,
            flags: 0,
            reserved: 0,
        }
    }
}

/// Spawn options as Rust takes them.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
pub(super) unsafe fn spawn_options(options: *const orch_spawn_options) -> Result<SpawnOptions> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, true) }?;
    // SAFETY: passed on from the caller.
    unsafe { spawn_options_from(&c) }
}

/// # Safety
/// The pointers in `c` are as the header describes them.
pub(super) unsafe fn spawn_options_from(c: &orch_spawn_options) -> Result<SpawnOptions> {
    // SAFETY: passed on from the caller.
    let argv = unsafe { strings("orch_spawn_options.argv", c.argv, c.argv_len) }?;
    let mut options = match argv.split_first() {
        Some((program, args)) => SpawnOptions::program(program).args(args.iter()),
        None => SpawnOptions::shell(),
    };
    if c.env_clear != 0 {
        options = options.env_clear();
    }
    // SAFETY: passed on from the caller.
    for entry in unsafe { strings("orch_spawn_options.env", c.env, c.env_len) }? {
        let entry = entry.as_bytes();
        options = match entry.iter().position(|byte| *byte == b'=') {
            Some(at) => {
                options.env(OsStr::from_bytes(&entry[..at]), OsStr::from_bytes(&entry[at + 1..]))
            }
            None => options.env_remove(OsStr::from_bytes(entry)),
        };
    }
    // SAFETY: passed on from the caller.
    let cwd = unsafe { argument::bytes("orch_spawn_options.cwd", c.cwd) }?;
    if !cwd.is_empty() {
        options = options.cwd(Path::new(OsStr::from_bytes(cwd)));
    }
    if c.log_bytes != 0 {
        options = options.log_bytes(c.log_bytes);
    }
    // SAFETY: passed on from the caller.
    if let Some(screen) = unsafe { screen_options(c.screen) }? {
        options = options.screen(screen);
    }
    if (c.window.cols, c.window.rows) != (0, 0) {
        options = options.size(c.window.into());
    }
    if !c.restart.is_null() {
        // SAFETY: passed on from the caller.
        options = options.restart(unsafe { restart_policy(c.restart) }?);
    }
    Ok(options.reader(reader_from("orch_spawn_options.delivery", c.delivery)?).tag(c.tag))
}

/// Adopt options as Rust takes them.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
pub(super) unsafe fn adopt_options(options: *const orch_adopt_options) -> Result<AdoptOptions> {
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, true) }?;
    let reader = reader_from("orch_adopt_options.delivery", c.delivery)?;
    let mut options = AdoptOptions::new().reader(reader).tag(c.tag);
    if c.pid != 0 {
        options = options.pid(c.pid);
    }
    if c.window.cols != 0 || c.window.rows != 0 {
        options = options.size(c.window.into());
    }
    if c.log_bytes != 0 {
        options = options.log_bytes(c.log_bytes);
    }
    // SAFETY: passed on from the caller.
    if let Some(screen) = unsafe { screen_options(c.screen) }? {
        options = options.screen(screen);
    }
    Ok(options)
}

/// Time without an end, and still one within the range of a clock.
const FOR_EVER: Duration = Duration::from_secs(1 << 32);

/// Attach options as Rust takes them.
pub(super) fn reader_options(c: &orch_attach_options) -> Result<ReaderOptions> {
    let start = match c.start {
        ORCH_START_DEFAULT | ORCH_START_OLDEST => Start::Oldest,
        ORCH_START_NOW => Start::Now,
        ORCH_START_OFFSET => Start::Offset(c.offset),
        ORCH_START_RESUME => Start::Resume(c.offset),
        ORCH_START_SNAPSHOT => Start::Snapshot(c.scrollback),
        other => return Err(unknown("orch_attach_options.start", other)),
    };
    let mut options =
        ReaderOptions::new(delivery_from("orch_attach_options.delivery", c.delivery)?).start(start);
    sized::check_flags("orch_attach_options.flags", c.flags, ORCH_ATTACH_NO_INTERVAL)?;
    argument::reserved("orch_attach_options.reserved", c.reserved)?;
    if c.flags & ORCH_ATTACH_NO_INTERVAL != 0 {
        options = options.interval(Duration::ZERO);
    } else if c.interval_us != 0 {
        options = options.interval(Duration::from_micros(c.interval_us.into()));
    }
    if (c.downgrade_bytes, c.downgrade_age_ms) != (0, 0) {
        let bytes = if c.downgrade_bytes == 0 { u64::MAX } else { c.downgrade_bytes };
        let age = match c.downgrade_age_ms {
            0 => FOR_EVER,
            ms => Duration::from_millis(ms.into()),
        };
        options = options.downgrade(Lag { bytes, age });
    }
    Ok(options)
}

/// The delivery of a reader that there is.
pub(super) fn delivery_from(what: &str, delivery: orch_delivery) -> Result<Delivery> {
    reader_from(what, delivery)?.ok_or_else(|| unknown(what, delivery))
}

fn reader_from(what: &str, delivery: orch_delivery) -> Result<Option<Delivery>> {
    match delivery {
        ORCH_DELIVERY_LOSSLESS => Ok(Some(Delivery::Lossless)),
        ORCH_DELIVERY_LOSSY => Ok(Some(Delivery::Lossy)),
        ORCH_DELIVERY_NONE => Ok(None),
        ORCH_DELIVERY_SCREEN => Ok(Some(Delivery::Screen)),
        other => Err(unknown(what, other)),
    }
}

/// The number of a delivery.
pub(super) fn delivery_number(delivery: Delivery) -> u32 {
    match delivery {
        Delivery::Lossless => ORCH_DELIVERY_LOSSLESS,
        Delivery::Lossy => ORCH_DELIVERY_LOSSY,
        Delivery::Screen => ORCH_DELIVERY_SCREEN,
    }
}

unsafe fn strings<'a>(name: &str, data: *const orch_bytes, len: usize) -> Result<Vec<&'a OsStr>> {
    // SAFETY: passed on from the caller.
    let array = unsafe { argument::array(name, data, len) }?;
    array
        .iter()
        .map(|bytes| {
            // SAFETY: passed on from the caller.
            unsafe { argument::bytes(name, *bytes) }.map(OsStr::from_bytes)
        })
        .collect()
}

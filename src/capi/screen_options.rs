//! How the engine keeps a screen.

use super::sized::{self, SizedStruct, size_through};
use super::update::{ORCH_COLOR_DEFAULT, ORCH_COLOR_RGB, orch_color};
use crate::error::{Error, Result};
use crate::{Rgb, ScreenOptions};

/// Flags of `orch_screen_options`.
pub type orch_screen_flags = u32;

/// The engine does not reply to queries of the program (cursor position, colours, capabilities). For output that
/// also goes to another terminal, which replies itself.
pub const ORCH_SCREEN_NO_REPLIES: orch_screen_flags = 1;

/// Programs may ask to set the clipboard (ORCH_EVENT_CLIPBOARD).
pub const ORCH_SCREEN_CLIPBOARD: orch_screen_flags = 2;

/// Programs may read back what is on the screen (checksums of rectangles, DECRQCRA) and the titles of the window
/// (CSI 20 t, CSI 21 t). A program then sees what other programs have written, and a title that another program
/// has set is typed as if the user had entered it, which has been used to run commands. Leave it off unless you
/// trust all programs that write to the terminal, as in tests of conformance.
pub const ORCH_SCREEN_READBACK: orch_screen_flags = 4;

/// No scrollback; `scrollback` does not count.
pub const ORCH_SCREEN_NO_SCROLLBACK: orch_screen_flags = 8;

const FLAGS: orch_screen_flags = ORCH_SCREEN_NO_REPLIES
    | ORCH_SCREEN_CLIPBOARD
    | ORCH_SCREEN_READBACK
    | ORCH_SCREEN_NO_SCROLLBACK;

/// How the engine keeps a terminal's screen. In every field 0 is the default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct orch_screen_options {
    /// `sizeof(orch_screen_options)`.
    pub size: usize,
    /// Rows of scrollback, at most the engine's `scrollback_rows`. Default 1,000.
    pub scrollback: usize,
    /// Sum of ORCH_SCREEN_*.
    pub flags: orch_screen_flags,
    /// The foreground that is reported to programs: ORCH_COLOR_RGB plus 0xRRGGBB. Default light grey.
    pub foreground: orch_color,
    /// The background that is reported to programs. Default black.
    pub background: orch_color,
    /// The colour of the cursor that is reported to programs. Default light grey.
    pub cursor: orch_color,
}

// SAFETY: repr(C), `size` first, integers only.
unsafe impl SizedStruct for orch_screen_options {
    const FIRST_SIZE: usize = size_through!(orch_screen_options, cursor, u32);
    fn defaults() -> Self {
        orch_screen_options {
            size: size_of::<Self>(),
            scrollback: 0,
            flags: 0,
            foreground: ORCH_COLOR_DEFAULT,
            background: ORCH_COLOR_DEFAULT,
            cursor: ORCH_COLOR_DEFAULT,
        }
    }
}

/// Screen options as Rust takes them; NULL for no screen.
///
/// # Safety
/// `options` is NULL or a struct as the header describes it.
pub(super) unsafe fn screen_options(
    options: *const orch_screen_options,
) -> Result<Option<ScreenOptions>> {
    if options.is_null() {
        return Ok(None);
    }
    // SAFETY: passed on from the caller.
    let c = unsafe { sized::read(options, false) }?;
    sized::check_flags("orch_screen_options.flags", c.flags, FLAGS)?;
    let default = ScreenOptions::default();
    let scrollback = match c.scrollback {
        _ if c.flags & ORCH_SCREEN_NO_SCROLLBACK != 0 => 0,
        0 => default.scrollback,
        rows => rows,
    };
    Ok(Some(ScreenOptions {
        scrollback,
        replies: c.flags & ORCH_SCREEN_NO_REPLIES == 0,
        clipboard: c.flags & ORCH_SCREEN_CLIPBOARD != 0,
        readback: c.flags & ORCH_SCREEN_READBACK != 0,
        foreground: rgb_from("orch_screen_options.foreground", c.foreground, default.foreground)?,
        background: rgb_from("orch_screen_options.background", c.background, default.background)?,
        cursor: rgb_from("orch_screen_options.cursor", c.cursor, default.cursor)?,
    }))
}

/// A colour of the host by its parts; ORCH_COLOR_DEFAULT is the library's own.
pub(super) fn rgb_from(what: &str, color: orch_color, default: Rgb) -> Result<Rgb> {
    const RGB: u8 = (ORCH_COLOR_RGB >> 24) as u8;
    match color.to_be_bytes() {
        [0, 0, 0, 0] => Ok(default),
        [RGB, r, g, b] => Ok(Rgb { r, g, b }),
        _ => Err(Error::invalid(format!(
            "{what} is {color:#x}: neither 0 nor ORCH_COLOR_RGB plus 0xRRGGBB"
        ))),
    }
}

//! Whether and how the engine keeps a screen.

use super::Rgb;

/// Whether and how the engine keeps a terminal's screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenOptions {
    /// Rows of scrollback, at most [`Limits::scrollback_rows`](crate::Limits). Default 1,000.
    pub scrollback: usize,
    /// The engine replies to the queries of the program (cursor position, colours, what
    /// the terminal can). Leave it on unless the output also goes to another terminal, which replies
    /// itself. Default true.
    pub replies: bool,
    /// Programs may ask to set the clipboard; it becomes an event. Default false.
    pub clipboard: bool,
    /// Programs may read back what is on the screen (checksums of rectangles, DECRQCRA) and the titles of the
    /// window (CSI 20 t, CSI 21 t). Default false: a program would see what others have written, and text that
    /// somebody else has put into a title is typed as if the user had entered it, which has been used to run commands.
    pub readback: bool,
    /// The foreground that is reported to programs. Default light grey.
    pub foreground: Rgb,
    /// The background that is reported to programs. Default black.
    pub background: Rgb,
    /// The cursor's colour that is reported to programs. Default light grey.
    pub cursor: Rgb,
}

impl Default for ScreenOptions {
    fn default() -> Self {
        let grey = Rgb { r: 229, g: 229, b: 229 };
        ScreenOptions {
            scrollback: 1000,
            replies: true,
            clipboard: false,
            readback: false,
            foreground: grey,
            background: Rgb { r: 0, g: 0, b: 0 },
            cursor: grey,
        }
    }
}

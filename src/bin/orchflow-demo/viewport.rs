//! Draws a terminal whose size differs from that of the window. Pure.
//!
//! The terminal's screen is kept as lines of cells. Of a larger terminal a part is drawn that
//! follows the cursor. A smaller one is drawn in the upper left corner, and dots fill the rest.
//! Only rows that changed are drawn, so an update costs what it changes.

use std::fmt::Write as _;

use orchflow::{
    Attributes, Color, Cursor, Modes, Row, Run, ScreenUpdate, Scroll, Size, Style, Underline,
};

/// Fills the part of the window outside the terminal.
const OUTSIDE: char = '.';

/// One character cell, or a cell with combining characters.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    /// Empty in the second column of a wide character.
    text: String,
    is_wide: bool,
    style: Style,
}

/// Columns from the left; those after the last cell are blank.
type Line = Vec<Cell>;

/// See the module documentation.
pub(crate) struct Viewport {
    /// Columns and rows of the window.
    window: (usize, usize),
    /// Columns and rows of the terminal.
    terminal: (usize, usize),
    lines: Vec<Line>,
    cursor: Cursor,
    modes: Modes,
    title: Option<String>,
    /// The column and row of the terminal in the window's upper left corner.
    origin: (usize, usize),
    /// What was drawn last: the rows of the window, and the modes of the outer terminal.
    drawn: Vec<String>,
    drawn_modes: Modes,
}

impl Viewport {
    /// Starts with an unknown terminal. The window must be blank and its modes the defaults.
    pub(crate) fn new(window: Size) -> Self {
        Viewport {
            window: cells(window),
            terminal: (0, 0),
            lines: Vec::new(),
            cursor: Cursor::default(),
            modes: Modes::default(),
            title: None,
            origin: (0, 0),
            drawn: Vec::new(),
            drawn_modes: Modes::default(),
        }
    }

    /// The window was resized: everything is drawn again.
    pub(crate) fn resize(&mut self, window: Size) {
        self.window = cells(window);
        self.origin = (0, 0);
        self.drawn.clear();
    }

    /// The terminal's screen changed.
    pub(crate) fn apply(&mut self, update: &ScreenUpdate) {
        self.terminal = (update.cols.into(), update.height.into());
        if update.full {
            self.lines.clear();
        }
        self.lines.resize(update.height.into(), Line::new());
        update.scrolls.iter().for_each(|scroll| self.scroll(scroll));
        for row in update.rows.iter() {
            let line = usize::try_from(row.index()).ok().and_then(|row| self.lines.get_mut(row));
            // Positions outside the screen are ignored.
            if let Some(line) = line {
                *line = line_of(&row);
            }
        }
        (self.cursor, self.modes) = (update.cursor, update.modes);
        if update.title.is_some() {
            self.title.clone_from(&update.title);
        }
    }

    fn scroll(&mut self, scroll: &Scroll) {
        let (top, bottom) = (usize::from(scroll.top), usize::from(scroll.bottom));
        let Some(region) = self.lines.get_mut(top..bottom) else { return };
        let by = usize::from(scroll.rows.unsigned_abs()).min(region.len());
        if scroll.rows > 0 {
            region.rotate_left(by);
        } else {
            region.rotate_right(by);
        }
    }

    /// The control sequences that update the window.
    pub(crate) fn draw(&mut self) -> Vec<u8> {
        self.follow_cursor();
        let mut out = String::new();
        self.drawn.resize(self.window.1, String::new());
        for row in 0..self.window.1 {
            let content = self.row(row);
            if self.drawn[row] != content {
                // The cursor is hidden while it moves.
                let hides = if out.is_empty() { "\x1b[?25l" } else { "" };
                let _ = write!(out, "{hides}\x1b[{};1H{content}\x1b[m", row + 1);
                self.drawn[row] = content;
            }
        }
        if let Some(title) = self.title.take() {
            let title: String = title.chars().filter(|c| !c.is_control()).collect();
            let _ = write!(out, "\x1b]2;{title}\x07");
        }
        self.set_modes(&mut out);
        let (left, top) = self.origin;
        let row = usize::from(self.cursor.row).saturating_sub(top) + 1;
        let col = usize::from(self.cursor.col).saturating_sub(left) + 1;
        let shown = if self.cursor.visible { 'h' } else { 'l' };
        let _ = write!(out, "\x1b[{row};{col}H\x1b[?25{shown}");
        out.into_bytes()
    }

    /// Moves the visible part to the cursor: to the first row and column if the cursor is visible
    /// there; otherwise as little as needed vertically, and horizontally so that the cursor is in
    /// the middle, because typing continues in that direction.
    fn follow_cursor(&mut self) {
        let ((cols, rows), (width, height)) = (self.terminal, self.window);
        let (col, row) = (usize::from(self.cursor.col), usize::from(self.cursor.row));
        let (left, top) = self.origin;
        let left = match col {
            _ if col < width => 0,
            _ if (left..left + width).contains(&col) => left,
            _ => col - width / 2,
        };
        let top = if row < height { 0 } else { top.clamp(row + 1 - height, row) };
        self.origin = (left.min(cols.saturating_sub(width)), top.min(rows.saturating_sub(height)));
    }

    /// A row of the window, with all of its columns.
    fn row(&self, row: usize) -> String {
        let (left, top) = self.origin;
        let width = self.window.0;
        let mut out = String::new();
        let line = self.lines.get(top + row);
        let inside = line.map_or(0, |_| self.terminal.0.saturating_sub(left).min(width));
        let blank = Cell { text: " ".into(), is_wide: false, style: Style::default() };
        let mut style = Style::default();
        for col in left..left + inside {
            let cell = line.and_then(|line| line.get(col)).unwrap_or(&blank);
            if cell.style != style {
                style = cell.style;
                push_style(style, &mut out);
            }
            // A wide character that is cut by the edge of the window is blank.
            let is_cut = if cell.is_wide { col + 1 == left + inside } else { col == left };
            match cell.text.as_str() {
                "" if is_cut => out.push(' '),
                _ if cell.is_wide && is_cut => out.push(' '),
                text => out.push_str(text),
            }
        }
        if inside < width {
            out.push_str("\x1b[0;2m");
            out.extend(std::iter::repeat_n(OUTSIDE, width - inside));
        }
        out
    }

    /// The outer terminal encodes keys, so it needs the modes that the program requested. Mouse
    /// modes are left out, because positions would differ.
    fn set_modes(&mut self, out: &mut String) {
        let (old, new) = (self.drawn_modes, self.modes);
        for (mode, on, off) in [
            (Modes::APPLICATION_CURSOR, "\x1b[?1h", "\x1b[?1l"),
            (Modes::APPLICATION_KEYPAD, "\x1b=", "\x1b>"),
            (Modes::BRACKETED_PASTE, "\x1b[?2004h", "\x1b[?2004l"),
        ] {
            if old.contains(mode) != new.contains(mode) {
                out.push_str(if new.contains(mode) { on } else { off });
            }
        }
        if old.keyboard() != new.keyboard() {
            let _ = write!(out, "\x1b[={}u", new.keyboard());
        }
        if old.modify_other_keys() != new.modify_other_keys() {
            let _ = write!(out, "\x1b[>4;{}m", new.modify_other_keys());
        }
        self.drawn_modes = new;
    }
}

fn cells(size: Size) -> (usize, usize) {
    (size.cols.into(), size.rows.into())
}

fn line_of(row: &Row<'_>) -> Line {
    let mut line = Line::new();
    row.runs().for_each(|run| push_run(&run, &mut line));
    line
}

fn push_run(run: &Run<'_>, line: &mut Line) {
    let width = if run.wide { 2 } else { 1 };
    let count = usize::from(run.cols) / width;
    let mut push = |text: String| {
        line.push(Cell { text, is_wide: run.wide, style: run.style });
        if run.wide {
            line.push(Cell { text: String::new(), is_wide: false, style: run.style });
        }
    };
    let printable = run.text.chars().map(|c| if c.is_control() { ' ' } else { c });
    if count == 1 {
        // With its combining characters.
        push(printable.collect());
    } else {
        printable.chain(std::iter::repeat(' ')).take(count).for_each(|c| push(c.into()));
    }
}

/// The sequence that sets this style.
fn push_style(style: Style, out: &mut String) {
    out.push_str("\x1b[0");
    for (attribute, code) in [
        (Attributes::BOLD, ";1"),
        (Attributes::DIM, ";2"),
        (Attributes::ITALIC, ";3"),
        (Attributes::BLINK, ";5"),
        (Attributes::INVERSE, ";7"),
        (Attributes::HIDDEN, ";8"),
        (Attributes::STRIKEOUT, ";9"),
    ] {
        if style.attributes.contains(attribute) {
            out.push_str(code);
        }
    }
    out.push_str(match style.underline {
        Underline::None => "",
        Underline::Single => ";4",
        Underline::Double => ";21",
        Underline::Curly => ";4:3",
        Underline::Dotted => ";4:4",
        Underline::Dashed => ";4:5",
    });
    push_color(style.foreground, 30, out);
    push_color(style.background, 40, out);
    let _ = match style.underline_color {
        Color::Default => Ok(()),
        Color::Indexed(index) => write!(out, ";58:5:{index}"),
        Color::Rgb(rgb) => write!(out, ";58:2::{}:{}:{}", rgb.r, rgb.g, rgb.b),
    };
    out.push('m');
}

/// `base` is 30 for the foreground, 40 for the background.
fn push_color(color: Color, base: u16, out: &mut String) {
    let _ = match color {
        Color::Default => Ok(()),
        Color::Indexed(index @ 0..8) => write!(out, ";{}", base + u16::from(index)),
        Color::Indexed(index @ 8..16) => write!(out, ";{}", base + 52 + u16::from(index)),
        Color::Indexed(index) => write!(out, ";{};5;{index}", base + 8),
        Color::Rgb(rgb) => write!(out, ";{};2;{};{};{}", base + 8, rgb.r, rgb.g, rgb.b),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str, cols: u16, wide: bool) -> Run<'_> {
        Run { text, cols, wide, style: Style::default(), link: None }
    }

    fn viewport(window: (u16, u16), terminal: (usize, usize), lines: &[&[Run<'_>]]) -> Viewport {
        let mut viewport = Viewport::new(Size::cells(window.0, window.1));
        viewport.terminal = terminal;
        viewport.lines = lines
            .iter()
            .map(|runs| {
                let mut line = Line::new();
                runs.iter().for_each(|run| push_run(run, &mut line));
                line
            })
            .collect();
        viewport.lines.resize(terminal.1, Line::new());
        viewport
    }

    #[test]
    fn a_row_of_the_window() {
        let text: &[Run<'_>] =
            &[run("ab", 2, false), run("日本", 4, true), run("e\u{301}", 1, false)];
        // (columns of the window, of the terminal, column that the window's left one shows, what it shows)
        for (width, cols, left, expected) in [
            (7, 7, 0, "ab日本e\u{301}"),
            (8, 8, 0, "ab日本e\u{301} "),
            (9, 7, 0, "ab日本e\u{301}\x1b[0;2m.."),
            (3, 7, 0, "ab "),
            (4, 7, 0, "ab日"),
            (4, 7, 3, " 本e\u{301}"),
            (2, 7, 5, " e\u{301}"),
            (1, 7, 2, " "),
        ] {
            let mut viewport = viewport((width, 1), (cols, 1), &[text]);
            viewport.origin.0 = left;
            assert_eq!(viewport.row(0), expected, "{width} {cols} {left}");
        }
        let viewport = viewport((3, 2), (7, 1), &[text]);
        assert_eq!(viewport.row(1), "\x1b[0;2m...", "below the terminal");
    }

    #[test]
    fn the_part_that_is_shown_follows_the_cursor() {
        let mut viewport = viewport((10, 4), (100, 20), &[]);
        // (column and row of the cursor, of the corner)
        for (cursor, origin) in [
            ((0, 0), (0, 0)),
            ((9, 3), (0, 0)),
            ((10, 4), (5, 1)),
            ((14, 19), (5, 16)),
            ((15, 18), (10, 16)),
            ((99, 10), (90, 10)),
            ((91, 13), (90, 10)),
            ((50, 2), (45, 0)),
            ((0, 0), (0, 0)),
        ] {
            (viewport.cursor.col, viewport.cursor.row) = cursor;
            viewport.follow_cursor();
            assert_eq!(viewport.origin, origin, "{cursor:?}");
        }
        // The terminal has become smaller than the window.
        viewport.origin = (90, 16);
        viewport.terminal = (8, 3);
        viewport.follow_cursor();
        assert_eq!(viewport.origin, (0, 0));
    }

    #[test]
    fn only_what_differs_is_drawn() {
        let mut viewport = viewport((4, 2), (3, 1), &[&[run("abc", 3, false)]]);
        viewport.cursor.visible = true;
        let first = String::from_utf8(viewport.draw()).unwrap();
        let all = "\x1b[?25l\x1b[1;1Habc\x1b[0;2m.\x1b[m\x1b[2;1H\x1b[0;2m....\x1b[m";
        assert_eq!(first, format!("{all}\x1b[1;1H\x1b[?25h"));
        assert_eq!(viewport.draw(), b"\x1b[1;1H\x1b[?25h");
        viewport.resize(Size::cells(2, 1));
        assert_eq!(viewport.draw(), b"\x1b[?25l\x1b[1;1Hab\x1b[m\x1b[1;1H\x1b[?25h");
        viewport.title = Some("a\x1bb".into());
        assert_eq!(viewport.draw(), b"\x1b]2;ab\x07\x1b[1;1H\x1b[?25h");
    }

    #[test]
    fn styles_are_sequences() {
        let rgb = orchflow::Rgb { r: 1, g: 2, b: 3 };
        for (style, expected) in [
            (Style::default(), "\x1b[0m"),
            (Style { underline: Underline::Double, ..Style::default() }, "\x1b[0;21m"),
            (
                Style {
                    foreground: Color::Indexed(1),
                    background: Color::Indexed(9),
                    ..Style::default()
                },
                "\x1b[0;31;101m",
            ),
            (
                Style {
                    foreground: Color::Indexed(200),
                    background: Color::Rgb(rgb),
                    underline: Underline::Curly,
                    underline_color: Color::Rgb(rgb),
                    attributes: Attributes::BOLD,
                },
                "\x1b[0;1;4:3;38;5;200;48;2;1;2;3;58:2::1:2:3m",
            ),
        ] {
            let mut out = String::new();
            push_style(style, &mut out);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn lines_scroll() {
        let lines: Vec<_> = ["a", "b", "c", "d"].map(|text| [run(text, 1, false)]).into();
        let lines: Vec<&[Run<'_>]> = lines.iter().map(|line| &line[..]).collect();
        for (top, bottom, rows, expected) in
            [(0, 4, 1, "bcda"), (1, 3, 1, "acbd"), (0, 4, -1, "dabc"), (0, 9, 1, "abcd")]
        {
            let mut viewport = viewport((1, 4), (1, 4), &lines);
            viewport.scroll(&Scroll { top, bottom, rows });
            let text: String = (0..4).map(|row| viewport.row(row)).collect();
            assert_eq!(text, expected, "{top} {bottom} {rows}");
        }
    }
}

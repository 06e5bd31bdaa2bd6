//! Control sequences: which one does what.

use super::super::parser::{Head, Params};
use super::super::update::CursorShape;
use super::title_stack::Which;
use super::{Protection, Terminal, sgr};

/// Characters that one REP may print. More than a wide row has is of no use and lets a few bytes cost a lot
/// of time.
const REPEAT_MAX: usize = 2048;

impl Terminal {
    #[inline]
    pub(super) fn control_sequence(&mut self, head: &Head, last: u8) {
        let params = &head.params;
        match (head.prefix, head.intermediates()) {
            (0, []) if last == b'm' => self.set_rendition(params),
            // As in xterm: only SGR has sub-parameters.
            _ if params.has_subs() => {}
            (0, []) => self.plain_sequence(params, last),
            (b'?', []) => self.private_sequence(params, last),
            (0, [b' ']) => self.space_sequence(params, last),
            (0, [b'$']) => self.dollar_sequence(params, last),
            (b'?', [b'$']) if last == b'p' => self.report_private_mode(params.get(0)),
            (0, [b'"']) => self.quote_sequence(params, last),
            (0, [b'!']) if last == b'p' => self.reset_softly(),
            (0, [b'\'']) => match last {
                b'}' => self.grid.insert_columns(params.or(0, 1)),
                b'~' => self.grid.delete_columns(params.or(0, 1)),
                _ => {}
            },
            (0, [b'*']) => match last {
                b'x' if params.get(0) <= 2 => self.change_extent = params.get(0) as u8,
                b'y' => self.report_checksum(params),
                _ => {}
            },
            (b'<' | b'=' | b'>', []) => self.marked_sequence(head.prefix, params, last),
            _ => {}
        }
    }

    /// SGR.
    fn set_rendition(&mut self, params: &Params) {
        let mut pen = self.grid.pen();
        sgr::apply(params, &mut pen.style);
        self.grid.set_pen(pen);
        self.grid.note_rendition();
    }

    /// Those without a private marker and intermediates, but for SGR.
    fn plain_sequence(&mut self, params: &Params, last: u8) {
        let count = params.or(0, 1);
        let grid = &mut self.grid;
        match last {
            b'A' => grid.move_up(count),
            b'B' => grid.move_down(count),
            b'C' => grid.move_right(count),
            b'D' => grid.move_left(count),
            b'E' => grid.next_line(count),
            b'F' => grid.previous_line(count),
            b'G' | b'`' => grid.goto_col(count - 1),
            b'H' | b'f' => grid.goto(count - 1, params.or(1, 1) - 1),
            b'I' => self.tab(count),
            b'Z' => grid.back_tab(count),
            b'a' => grid.move_right_relative(count),
            b'b' if self.has_printed => grid.repeat(count.min(REPEAT_MAX)),
            b'd' => grid.goto_row(count - 1),
            b'e' => grid.move_down_relative(count),
            b'@' => grid.insert_chars(count),
            b'P' => grid.delete_chars(count),
            b'X' => grid.erase_chars(count, self.protection == Protection::Iso),
            b'L' => grid.insert_lines(count),
            b'M' => grid.delete_lines(count),
            b'S' => grid.scroll_up(count),
            // As in xterm: with more parameters it tracks the mouse, with 0 it ends that.
            b'T' if params.len() == 1 && !params.is_zero() => grid.scroll_down(count),
            b'^' => grid.scroll_down(count),
            b'J' => self.erase_display(params.get(0), self.protection == Protection::Iso),
            b'K' => self.erase_line(params.get(0), self.protection == Protection::Iso),
            b'g' if params.get(0) == 0 => grid.clear_tab(),
            b'g' if params.get(0) == 3 => grid.clear_tabs(),
            b'h' | b'l' => {
                self.each(params, |terminal, mode| terminal.set_ansi_mode(mode, last == b'h'))
            }
            b'r' => self.set_rows_margin(params),
            b's' if self.grid.cols_margin_enabled() => self.set_cols_margin(params),
            b's' => self.save_cursor(),
            b'u' => self.restore_cursor(),
            b'c' if params.get(0) == 0 => self.report_identity(),
            b'n' => self.report_status(params.get(0)),
            b't' => self.window_operation(params),
            _ => {}
        }
    }

    /// Those marked with `?`.
    fn private_sequence(&mut self, params: &Params, last: u8) {
        match last {
            b'h' | b'l' => {
                self.each(params, |terminal, mode| terminal.set_private_mode(mode, last == b'h'));
            }
            b's' => self.each(params, Terminal::save_mode),
            b'r' => self.each(params, Terminal::restore_mode),
            b'J' => self.erase_display(params.get(0), self.protection != Protection::None),
            b'K' => self.erase_line(params.get(0), self.protection != Protection::None),
            b'W' if params.get(0) == 5 => self.grid.set_tabs_every(8),
            b'n' => self.report_private_status(params),
            b'u' => self.report_keyboard(),
            b'm' if params.get(0) == 4 => self.report_other_keys(),
            _ => {}
        }
    }

    /// Those marked with `<`, `=` or `>`.
    fn marked_sequence(&mut self, prefix: u8, params: &Params, last: u8) {
        match (prefix, last) {
            (b'>', b'c') if params.get(0) == 0 => self.report_version_number(),
            (b'=', b'c') if params.get(0) == 0 => self.report_unit(),
            (b'>', b't' | b'T') => self.set_title_modes(params, last == b't'),
            (b'>', b'q') if params.get(0) == 0 => self.report_version(),
            (b'>', b'm') => match (params.get(0), params.get(1)) {
                (0, _) => self.keyboard.modify_other_keys = 0,
                (4, level @ 0..=2) => self.keyboard.modify_other_keys = level as u8,
                _ => {}
            },
            (b'>', b'n') if params.get(0) == 4 => self.keyboard.modify_other_keys = 0,
            (b'>', b'u') => self.keyboard.push(params.get(0)),
            (b'<', b'u') => self.keyboard.pop(params.or(0, 1)),
            (b'=', b'u') => self.keyboard.set(params.get(0), params.get(1)),
            _ => {}
        }
    }

    /// Those with a space before the final byte.
    fn space_sequence(&mut self, params: &Params, last: u8) {
        match last {
            b'@' => self.grid.scroll_left(params.or(0, 1)),
            b'A' => self.grid.scroll_right(params.or(0, 1)),
            b'q' => self.set_cursor_look(params.get(0)),
            _ => {}
        }
    }

    /// Those with `"` before the final byte.
    fn quote_sequence(&mut self, params: &Params, last: u8) {
        match (last, params.get(0)) {
            (b'q', 0 | 2) => self.protect(Protection::None),
            (b'q', 1) => self.protect(Protection::Dec),
            // As in xterm a level above the terminal's own is refused.
            (b'p', level @ 61..=64) => {
                self.reset_softly();
                self.level = level - 60;
            }
            _ => {}
        }
    }

    /// DECSCA and SPA: whether text that comes is protected. How cells are protected is remembered when
    /// protection ends.
    pub(super) fn protect(&mut self, protection: Protection) {
        if protection != Protection::None {
            self.protection = protection;
        }
        let mut pen = self.grid.pen();
        pen.protected = protection != Protection::None;
        self.grid.set_pen(pen);
    }

    /// Does something for each parameter.
    fn each(&mut self, params: &Params, act: impl Fn(&mut Terminal, u16)) {
        for number in params.groups().filter_map(|group| group.first()) {
            act(self, *number);
        }
    }

    /// ED and DECSED.
    fn erase_display(&mut self, what: u16, selective: bool) {
        match what {
            0 => self.grid.erase_below(selective),
            1 => self.grid.erase_above(selective),
            2 => self.grid.erase_all(selective),
            3 => self.grid.erase_scrollback(),
            _ => {}
        }
    }

    /// EL and DECSEL.
    fn erase_line(&mut self, what: u16, selective: bool) {
        match what {
            0 => self.grid.erase_to_end(selective),
            1 => self.grid.erase_to_start(selective),
            2 => self.grid.erase_line(selective),
            _ => {}
        }
    }

    /// DECSTBM.
    fn set_rows_margin(&mut self, params: &Params) {
        let rows = self.grid.rows();
        if let Some((top, bottom)) = margin(params, rows) {
            self.grid.set_rows_margin(top, bottom);
            self.grid.goto(0, 0);
        }
    }

    /// DECSLRM.
    fn set_cols_margin(&mut self, params: &Params) {
        let cols = self.grid.cols();
        if let Some((left, right)) = margin(params, cols) {
            self.grid.set_cols_margin(left, right);
            self.grid.goto(0, 0);
        }
    }

    /// DECSCUSR.
    fn set_cursor_look(&mut self, style: u16) {
        let look = &mut self.cursor;
        look.shape = match style {
            0..=2 => CursorShape::Block,
            3 | 4 => CursorShape::Underline,
            5 | 6 => CursorShape::Bar,
            _ => return,
        };
        look.is_styled = style != 0;
        look.blinking = style % 2 == 1;
    }

    /// XTWINOPS. The window is the host's: sizes are reported, titles kept, the rest is refused.
    fn window_operation(&mut self, params: &Params) {
        match params.get(0) {
            14 if params.get(1) == 0 => self.report_pixels(),
            16 => self.report_cell_pixels(),
            18 => self.report_size(),
            20 => self.report_title(Which::Icon),
            21 => self.report_title(Which::Window),
            operation @ (22 | 23) => {
                let Some(which) = Which::by_number(params.get(1)) else { return };
                match operation {
                    22 => self.push_title(which),
                    _ => self.pop_title(which),
                }
            }
            _ => {}
        }
    }
}

/// First and last place of a margin, from 0; `None` if there are not two places between them.
fn margin(params: &Params, len: usize) -> Option<(usize, usize)> {
    let (first, last) = (params.or(0, 1), params.or(1, len).min(len));
    (first < last).then(|| (first - 1, last - 1))
}

//! What the parser's sequences do: passed on to the grid, recorded, or answered.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Column;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::vte::ansi::{
    Attr, CharsetIndex, ClearMode, CursorShape, CursorStyle, Handler, Hyperlink, KeyboardModes,
    KeyboardModesApplyBehavior, LineClearMode, Mode, ModifyOtherKeys, NamedPrivateMode,
    PrivateMode, Rgb, StandardCharset, TabulationClearMode,
};

use super::model::{
    Deed, LINK_BYTES_MAX, LINKS_BYTES_MAX, Model, STACK_MAX, TITLE_BYTES_MAX, charset_number,
};

/// Deeds that wait to be fetched after each read; more of them say nothing new.
const DEEDS_MAX: usize = 64;

/// Sequences that only concern the grid.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {
        $(fn $name(&mut self $(, $argument: $kind)*) {
            self.term.$name($($argument),*);
        })*
    };
}

impl Handler for Model {
    pass_on! {
        goto(line: i32, col: usize);
        goto_line(line: i32);
        move_forward(cols: usize);
        move_backward(cols: usize);
        put_tab(count: u16);
        backspace();
        carriage_return();
        linefeed();
        newline();
        substitute();
        scroll_up(rows: usize);
        scroll_down(rows: usize);
        insert_blank_lines(rows: usize);
        delete_lines(rows: usize);
        move_forward_tabs(count: u16);
        save_cursor_position();
        reverse_index();
        terminal_attribute(attribute: Attr);
        set_mode(mode: Mode);
        unset_mode(mode: Mode);
        set_keypad_application_mode();
        unset_keypad_application_mode();
        configure_charset(index: CharsetIndex, charset: StandardCharset);
        reset_color(index: usize);
        decaln();
    }

    fn input(&mut self, c: char) {
        #[cfg(test)]
        super::tests::panic_when_due(c);
        if let Some(left) = &mut self.repeats_left {
            if *left == 0 {
                return;
            }
            *left -= 1;
        }
        if c.is_ascii() && self.put_plain(c) {
            return;
        }
        if c.is_ascii() || self.fits(c) {
            self.term.input(c);
            if self.term.mode().contains(TermMode::INSERT) {
                self.mend_cursor_row();
            }
        }
    }

    // `Term` lets these pass the margins, and with origin mode on it takes a row of the screen for a
    // row of the region.

    fn goto_col(&mut self, col: usize) {
        self.move_to(self.cursor_row(), col);
    }

    fn move_up(&mut self, rows: usize) {
        self.move_to(self.row_above(rows), self.cursor_col());
    }

    fn move_down(&mut self, rows: usize) {
        self.move_to(self.row_below(rows), self.cursor_col());
    }

    fn move_up_and_cr(&mut self, rows: usize) {
        self.move_to(self.row_above(rows), 0);
    }

    fn move_down_and_cr(&mut self, rows: usize) {
        self.move_to(self.row_below(rows), 0);
    }

    fn restore_cursor_position(&mut self) {
        self.term.restore_cursor_position();
        self.keep_in_region();
    }

    // These may cut wide characters in half.

    fn insert_blank(&mut self, count: usize) {
        self.term.insert_blank(count);
        self.mend_cursor_row();
    }

    fn erase_chars(&mut self, count: usize) {
        self.term.erase_chars(count);
        self.mend_cursor_row();
    }

    fn delete_chars(&mut self, count: usize) {
        // With more than there are, `Term` also clears what is before the cursor.
        self.term.delete_chars(count.min(self.cols() - self.cursor_col()));
        self.mend_cursor_row();
    }

    fn clear_line(&mut self, mode: LineClearMode) {
        self.term.clear_line(mode);
        self.mend_cursor_row();
    }

    fn clear_screen(&mut self, mode: ClearMode) {
        self.term.clear_screen(mode);
        self.mend_cursor_row();
    }

    // Recorded as well.

    fn set_scrolling_region(&mut self, top: usize, bottom: Option<usize>) {
        let bottom = bottom.unwrap_or(self.rows()).min(self.rows());
        if top >= 1 && top < bottom {
            self.term.set_scrolling_region(top, Some(bottom));
            self.record.region = (top - 1, bottom);
        }
    }

    fn set_horizontal_tabstop(&mut self) {
        self.term.set_horizontal_tabstop();
        let col = self.term.grid().cursor.point.column.0;
        self.record.tabs[col] = true;
    }

    fn clear_tabs(&mut self, mode: TabulationClearMode) {
        match mode {
            TabulationClearMode::Current => {
                let col = self.term.grid().cursor.point.column.0;
                self.record.tabs[col] = false;
            }
            TabulationClearMode::All => self.record.tabs.fill(false),
        }
        self.term.clear_tabs(mode);
    }

    fn move_backward_tabs(&mut self, count: u16) {
        self.term.move_backward_tabs(count);
        self.settle_cursors();
    }

    /// `Term` does not know it; made of what it knows.
    fn set_tabs(&mut self, interval: u16) {
        let cursor = self.term.grid().cursor.clone();
        self.clear_tabs(TabulationClearMode::All);
        for col in (0..self.cols()).step_by(usize::from(interval.max(1))) {
            self.term.grid_mut().cursor.point.column = Column(col);
            self.set_horizontal_tabstop();
        }
        self.term.grid_mut().cursor = cursor;
    }

    fn set_active_charset(&mut self, index: CharsetIndex) {
        self.term.set_active_charset(index);
        self.record.active_charset = charset_number(index);
    }

    fn set_cursor_style(&mut self, style: Option<CursorStyle>) {
        self.record.cursor_styled = style.is_some();
        self.term.set_cursor_style(style);
    }

    fn set_cursor_shape(&mut self, shape: CursorShape) {
        self.record.cursor_styled = true;
        self.term.set_cursor_shape(shape);
    }

    fn reset_state(&mut self) {
        self.leave_alternate();
        self.term.reset_state();
        let had_title = !self.record.title.is_empty();
        self.record.reset(self.rows(), self.cols());
        for index in 0..256 {
            self.term.reset_color(index);
        }
        for index in [256, 257, 258] {
            self.term.reset_color(index);
        }
        if had_title {
            self.deed(Deed::TitleChanged);
        }
    }

    fn set_private_mode(&mut self, mode: PrivateMode) {
        match mode {
            PrivateMode::Named(NamedPrivateMode::SwapScreenAndSetRestoreCursor)
            | PrivateMode::Unknown(47 | 1047) => self.enter_alternate(),
            PrivateMode::Unknown(1048) => self.save_cursor_position(),
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => self.record.synchronized = true,
            PrivateMode::Named(NamedPrivateMode::BlinkingCursor) => {
                self.record.cursor_styled = true;
                self.term.set_private_mode(mode);
            }
            // As xterm unless told otherwise.
            PrivateMode::Named(NamedPrivateMode::ColumnMode) => {}
            _ => self.term.set_private_mode(mode),
        }
    }

    fn unset_private_mode(&mut self, mode: PrivateMode) {
        match mode {
            PrivateMode::Named(NamedPrivateMode::SwapScreenAndSetRestoreCursor)
                if !self.is_alternate() =>
            {
                self.restore_cursor_position();
            }
            PrivateMode::Named(NamedPrivateMode::SwapScreenAndSetRestoreCursor)
            | PrivateMode::Unknown(47 | 1047) => self.leave_alternate(),
            PrivateMode::Unknown(1048) => self.restore_cursor_position(),
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => self.record.synchronized = false,
            PrivateMode::Named(NamedPrivateMode::BlinkingCursor) => {
                self.record.cursor_styled = true;
                self.term.unset_private_mode(mode);
            }
            // As xterm unless told otherwise.
            PrivateMode::Named(NamedPrivateMode::ColumnMode) => {}
            _ => self.term.unset_private_mode(mode),
        }
    }

    fn set_color(&mut self, index: usize, color: Rgb) {
        if !self.overlong {
            self.term.set_color(index, color);
        }
    }

    // Kept here alone.

    fn set_title(&mut self, title: Option<String>) {
        if self.overlong {
            return;
        }
        let mut title = title.unwrap_or_default();
        truncate(&mut title, TITLE_BYTES_MAX);
        title.retain(|c| !c.is_control());
        if title != self.record.title {
            self.record.title = title;
            self.deed(Deed::TitleChanged);
        }
    }

    fn push_title(&mut self) {
        if self.record.titles.len() == STACK_MAX {
            self.record.titles.remove(0);
        }
        self.record.titles.push(self.record.title.clone());
    }

    fn pop_title(&mut self) {
        if let Some(title) = self.record.titles.pop() {
            self.set_title(Some(title));
        }
    }

    fn set_hyperlink(&mut self, link: Option<Hyperlink>) {
        let fits = |link: &Hyperlink| {
            let id = link.id.as_ref().map_or(0, String::len);
            let mut chars = link.uri.chars().chain(link.id.iter().flat_map(|id| id.chars()));
            link.uri.len() + id <= LINK_BYTES_MAX && !chars.any(char::is_control)
        };
        let mut link = link.filter(|link| fits(link) && !self.overlong);
        if let Some(link) = &mut link {
            // Without an id of its own each is another link; `Term` would number them per process.
            let number = |id: &String| id.strip_prefix('~').and_then(|n| n.parse::<u32>().ok());
            let taken = link.id.as_ref().and_then(number).unwrap_or(0);
            self.links = self.links.max(taken.into()) + u64::from(link.id.is_none());
            link.id.get_or_insert_with(|| format!("~{}", self.links));
            self.links_bytes += link.uri.len() + 128;
            if self.links_bytes > LINKS_BYTES_MAX {
                self.links_bytes = self.count_link_bytes();
                if self.links_bytes > LINKS_BYTES_MAX / 2 {
                    return self.term.set_hyperlink(None);
                }
            }
        }
        self.term.set_hyperlink(link);
    }

    fn bell(&mut self) {
        self.deed(Deed::Bell);
    }

    fn clipboard_store(&mut self, clipboard: u8, base64: &[u8]) {
        if !self.options.clipboard || self.overlong {
            return;
        }
        let decoded = super::clipboard::decode(base64);
        if let Some(text) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
            self.deed(Deed::Clipboard { selection: clipboard != b'c', text });
        }
    }

    fn push_keyboard_mode(&mut self, mode: KeyboardModes) {
        if self.record.keyboard.len() == STACK_MAX {
            self.record.keyboard.remove(1);
        }
        self.record.keyboard.push(mode.bits());
    }

    fn pop_keyboard_modes(&mut self, count: u16) {
        let left = self.record.keyboard.len().saturating_sub(usize::from(count));
        if left == 0 {
            self.record.keyboard[0] = 0;
        }
        self.record.keyboard.truncate(left.max(1));
    }

    fn set_keyboard_mode(&mut self, mode: KeyboardModes, how: KeyboardModesApplyBehavior) {
        if let Some(current) = self.record.keyboard.last_mut() {
            *current = match how {
                KeyboardModesApplyBehavior::Replace => mode.bits(),
                KeyboardModesApplyBehavior::Union => *current | mode.bits(),
                KeyboardModesApplyBehavior::Difference => *current & !mode.bits(),
            };
        }
    }

    fn set_modify_other_keys(&mut self, mode: ModifyOtherKeys) {
        self.record.modify_other_keys = mode as u8;
    }

    // Questions.

    fn identify_terminal(&mut self, intermediate: Option<char>) {
        self.answer_identity(intermediate);
    }

    fn device_status(&mut self, what: usize) {
        self.answer_status(what);
    }

    fn report_mode(&mut self, mode: Mode) {
        self.answer_mode(mode);
    }

    fn report_private_mode(&mut self, mode: PrivateMode) {
        self.answer_private_mode(mode);
    }

    fn report_keyboard_mode(&mut self) {
        let mode = self.record.keyboard.last().copied().unwrap_or(0);
        self.answer(format_args!("\x1b[?{mode}u"));
    }

    fn report_modify_other_keys(&mut self) {
        let mode = self.record.modify_other_keys;
        self.answer(format_args!("\x1b[>4;{mode}m"));
    }

    fn dynamic_color_sequence(&mut self, prefix: String, index: usize, terminator: &str) {
        let super::Rgb { r, g, b } = self.color(index);
        self.answer(format_args!(
            "\x1b]{prefix};rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}{terminator}"
        ));
    }

    fn text_area_size_pixels(&mut self) {
        let (height, width) = (self.size.pixel_height, self.size.pixel_width);
        if height > 0 && width > 0 {
            self.answer(format_args!("\x1b[4;{height};{width}t"));
        }
    }

    fn text_area_size_chars(&mut self) {
        let (rows, cols) = (self.rows(), self.cols());
        self.answer(format_args!("\x1b[8;{rows};{cols}t"));
    }
}

impl Model {
    fn deed(&mut self, deed: Deed) {
        if self.deeds.len() < DEEDS_MAX {
            self.deeds.push(deed);
        }
    }

    /// A fresh screen with a cursor of its own: what an earlier use of it left is not brought back.
    fn enter_alternate(&mut self) {
        if self.is_alternate() {
            return;
        }
        self.term.swap_alt();
        self.term.grid_mut().saved_cursor = Default::default();
        std::mem::swap(&mut self.record.keyboard, &mut self.record.other_keyboard);
        self.record.keyboard = vec![0];
    }

    fn leave_alternate(&mut self) {
        if !self.is_alternate() {
            return;
        }
        self.term.swap_alt();
        self.settle();
        let cursor = self.term.grid().cursor.clone();
        self.term.grid_mut().saved_cursor = cursor;
        self.keep_in_region();
        std::mem::swap(&mut self.record.keyboard, &mut self.record.other_keyboard);
        self.record.other_keyboard = vec![0];
    }

    /// Bytes of the links on the screen and in its history.
    fn count_link_bytes(&self) -> usize {
        let mut last: *const str = "";
        let grid = self.term.grid();
        let top = -(grid.history_size() as i32);
        let cells = (top..grid.screen_lines() as i32)
            .flat_map(|line| &grid[alacritty_terminal::index::Line(line)]);
        let mut bytes = 0;
        for link in cells.filter_map(|cell| cell.hyperlink()) {
            // Neighbours share a link; what is counted twice is counted on the safe side.
            if !std::ptr::eq(last, link.uri()) {
                last = link.uri();
                bytes += link.uri().len() + 128;
            }
        }
        bytes
    }
}

/// Shortens a string to this many bytes, between characters.
pub(super) fn truncate(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        let boundary = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(boundary.unwrap_or(0));
    }
}

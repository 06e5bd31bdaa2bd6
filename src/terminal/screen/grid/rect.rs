//! Operations on rectangles. With origin mode they count from the margins and stay inside.

use std::ops::Range;

use super::super::cells::Cell;
use super::row::ROW_COST;
use super::{Grid, Margins, Pen, width};
use crate::terminal::screen::style::{Attributes, Style, Underline};

/// A rectangle, inclusive, counted from the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) top: usize,
    pub(crate) left: usize,
    pub(crate) bottom: usize,
    pub(crate) right: usize,
}

/// How attributes change: some are cleared, then some are set, then some are toggled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AttributeChange {
    pub(crate) clear: Attributes,
    pub(crate) set: Attributes,
    pub(crate) toggle: Attributes,
    pub(crate) underline: Option<Underline>,
    pub(crate) toggle_underline: bool,
}

impl AttributeChange {
    fn apply(self, style: Style) -> Style {
        let bits = style.attributes.bits() & !self.clear.bits() | self.set.bits();
        let underline = match self.underline.unwrap_or(style.underline) {
            underline if !self.toggle_underline => underline,
            Underline::None => Underline::Single,
            _ => Underline::None,
        };
        Style { attributes: Attributes::from_bits(bits ^ self.toggle.bits()), underline, ..style }
    }
}

impl Grid {
    /// The part of the screen that a rectangle is; `None` if that is nothing.
    fn resolve(&self, rect: Rect) -> Option<Margins> {
        let whole = Margins { top: 0, bottom: self.rows - 1, left: 0, right: self.cols - 1 };
        let area = if self.modes.origin { self.margins } else { whole };
        let found = Margins {
            top: rect.top.saturating_add(area.top),
            bottom: rect.bottom.saturating_add(area.top).min(area.bottom),
            left: rect.left.saturating_add(area.left),
            right: rect.right.saturating_add(area.left).min(area.right),
        };
        (found.top <= found.bottom && found.left <= found.right).then_some(found)
    }

    /// Fills a rectangle with a character of one column, as the pen would print it (DECFRA).
    pub(crate) fn fill_rect(&mut self, c: char, rect: Rect) {
        let Some(area) = self.resolve(rect).filter(|_| width(c) == 1) else { return };
        let cell = self.looks().printed.with_char(c, 1);
        self.fill_area(area, cell);
    }

    /// Counts work on the cells of an area, so much on each.
    fn charge_area(&mut self, area: Margins, each: usize) {
        let (rows, cols) = (area.bottom + 1 - area.top, area.right + 1 - area.left);
        self.charge(rows * (ROW_COST + each * cols));
    }

    fn fill_area(&mut self, area: Margins, cell: Cell) {
        let cols = self.cols;
        self.charge_area(area, 1);
        for row in area.top..=area.bottom {
            let row = self.row_mut(row);
            row.split(area.left);
            row.split(area.right + 1);
            row.fill(cols, area.left, area.right + 1, cell);
            row.wrapped &= area.right + 1 < cols;
        }
    }

    /// Erases a rectangle (DECERA).
    pub(crate) fn erase_rect(&mut self, rect: Rect) {
        let Some(area) = self.resolve(rect) else { return };
        for row in area.top..=area.bottom {
            self.erase_cells(row, area.left, area.right + 1, false);
        }
    }

    /// Erases the characters of a rectangle, which keep their attributes (DECSERA); `spares` those that are
    /// protected.
    pub(crate) fn erase_rect_text(&mut self, rect: Rect, spares: bool) {
        let Some(area) = self.resolve(rect) else { return };
        self.charge_area(area, 3);
        let cols = self.cols;
        for row in area.top..=area.bottom {
            if area.left == 0 {
                self.part_above(row);
            }
            let row = self.row_mut(row);
            row.wrapped &= area.right + 1 < cols;
            for col in area.left..=area.right {
                let cell = row.cell(col);
                if cell.is_written() && !(spares && cell.is_protected()) {
                    row.split(col);
                    row.split(col + 1);
                    row.set(cols, col, cell.blank().with_ascii(b' '));
                }
            }
        }
    }

    /// Copies a rectangle to another place (DECCRA), as far as that is on the screen. Halves of wide characters
    /// at its edges become blanks.
    pub(crate) fn copy_rect(&mut self, rect: Rect, row: usize, col: usize) {
        let Some(area) = self.resolve(rect) else { return };
        let (height, width) = (area.bottom - area.top, area.right - area.left);
        let (bottom, right) = (row.saturating_add(height), col.saturating_add(width));
        let Some(to) = self.resolve(Rect { top: row, left: col, bottom, right }) else { return };
        self.charge_area(area, 2);
        let copied = area.left..area.left + to.right + 1 - to.left;
        let height = (to.bottom - to.top).min(area.bottom - area.top) + 1;
        for step in 0..height {
            // No row is written before it is read.
            let step = if to.top > area.top { height - 1 - step } else { step };
            self.copy_row(area.top + step, copied.clone(), to.top + step, to.left);
        }
    }

    fn copy_row(&mut self, from: usize, copied: Range<usize>, to: usize, left: usize) {
        let (cols, end) = (self.cols, left + copied.len());
        let copy = self.active.rows[from].part_of(copied);
        let row = self.row_mut(to);
        row.split(left);
        row.split(end);
        row.copy(cols, left, end, &copy, 0);
        row.wrapped &= end < cols;
    }

    /// Changes attributes of a rectangle (DECCARA, DECRARA), or of the text from its first corner to its last
    /// one.
    pub(crate) fn change_attributes(
        &mut self,
        rect: Rect,
        change: AttributeChange,
        is_stream: bool,
    ) {
        let whole = self.area();
        let top_left = Rect { bottom: usize::MAX, right: usize::MAX, ..rect };
        let area = if is_stream { self.resolve(top_left) } else { self.resolve(rect) };
        let Some(area) = area else { return };
        let bottom = rect.bottom.saturating_add(whole.top).min(whole.bottom);
        let right = rect.right.saturating_add(whole.left).min(whole.right);
        let mut known = None;
        for row in area.top..=bottom {
            let first = if is_stream && row > area.top { whole.left } else { area.left };
            let last = if is_stream && row < bottom { whole.right } else { right };
            if first <= last {
                self.change_row(row, first..last + 1, change, &mut known);
            }
        }
    }

    /// Changes a row's cells in these columns, both halves of wide characters at their ends. `known`: the number of
    /// the style that was changed last, and of what it became.
    fn change_row(
        &mut self,
        row: usize,
        cols: Range<usize>,
        change: AttributeChange,
        known: &mut Option<(u16, u16)>,
    ) {
        self.charge(ROW_COST + 2 * cols.len());
        let width = self.cols;
        let changed_row = self.row_mut(row);
        let first = cols.start - usize::from(changed_row.cell(cols.start).is_continuation());
        let end = cols.end + usize::from(changed_row.cell(cols.end).is_continuation());
        let mut col = first;
        while col < end {
            let style = self.active.rows[row].cell(col).style();
            let (_, number) = match *known {
                Some(pair) if pair.0 == style => pair,
                _ => {
                    let changed = change.apply(self.tables.style(style));
                    *known.insert((style, self.style_number(changed)))
                }
            };
            col = self.active.rows[row].restyle(width, col..end, style, number);
        }
    }

    /// The checksum of a rectangle as xterm counts it (DECRQCRA): the negative sum of characters, cut to eight
    /// bits, and of weights of their attributes; blanks at its end do not count.
    pub(crate) fn checksum(&mut self, rect: Rect) -> u16 {
        let Some(area) = self.resolve(rect) else { return 0 };
        self.charge_area(area, 4);
        let (mut sum, mut trimmed, mut is_first) = (0u32, 0u32, true);
        for row in area.top..=area.bottom {
            for col in area.left..=area.right {
                let cell = self.active.rows[row].cell(col);
                let text = self.tables.text(cell);
                let c = match text {
                    Some(super::Text::Char(c)) => u32::from(c),
                    Some(super::Text::Cluster(text)) => text.chars().map(u32::from).sum(),
                    None => 0,
                };
                let weight = self.weight(cell);
                sum = sum.wrapping_add((c & 0xFF) + weight);
                if is_first || (c != u32::from(b' ') && c != 0) || weight != 0 {
                    trimmed = sum;
                }
                is_first = false;
            }
        }
        (trimmed as u16).wrapping_neg()
    }

    fn weight(&self, cell: Cell) -> u32 {
        const BLINK: u16 = 64;
        let style = self.tables.style(cell.style());
        let has = |bit: u16| style.attributes.bits() & bit != 0;
        let weights = [
            (has(Attributes::HIDDEN.bits()), 0x08),
            (style.underline != Underline::None, 0x10),
            (has(Attributes::INVERSE.bits()), 0x20),
            (has(BLINK), 0x40),
            (has(Attributes::BOLD.bits()), 0x80),
        ];
        weights.iter().filter(|(is_set, _)| *is_set).map(|(_, weight)| weight).sum()
    }

    /// Fills the screen with the letter E, resets the margins and the attributes of text but for colours, as
    /// xterm does, and puts the cursor home (DECALN).
    pub(crate) fn align_test(&mut self) {
        let (attributes, underline) = (Attributes::default(), Underline::None);
        let style = Style { attributes, underline, ..self.pen.style };
        self.set_pen(Pen { style, ..self.pen });
        self.margins = self.whole();
        self.modes.origin = false;
        for row in 0..self.rows {
            self.part_above(row);
            self.drop_tag(row);
        }
        self.fill_area(self.margins, Cell::BLANK.with_ascii(b'E'));
        self.goto(0, 0);
    }
}

//! A cell in eight bytes.
//!
//! ```text
//!  bits  0..21  a scalar value, or with GRAPHEME the number of a text of several; 0: never written
//!  bits 21..26  GRAPHEME, WIDE, CONTINUATION, LEADING, PROTECTED
//!  bits 32..48  number of the style, 0 for the default one
//!  bits 48..64  number of the link, 0 for none
//! ```
//!
//! A wide character is a WIDE cell and a CONTINUATION cell behind it, never one without the other. LEADING
//! marks the last column of a row that stayed free because a wide character did not fit.

/// See the module's documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell(u64);

const _: () = assert!(size_of::<Cell>() == 8);

const CONTENT: u64 = 0x1F_FFFF;
const GRAPHEME: u64 = 1 << 21;
const WIDE: u64 = 1 << 22;
const CONTINUATION: u64 = 1 << 23;
const LEADING: u64 = 1 << 24;
const PROTECTED: u64 = 1 << 25;
const STYLE_SHIFT: u32 = 32;
const LINK_SHIFT: u32 = 48;

/// What of a cell is not its character.
const LOOK: u64 = PROTECTED | 0xFFFF_FFFF << STYLE_SHIFT;

impl Cell {
    /// Never written, in the default style.
    pub(crate) const BLANK: Cell = Cell(0);

    /// A cell without a character that looks so.
    pub(crate) fn new(style: u16, link: u16, protected: bool) -> Cell {
        let protected = if protected { PROTECTED } else { 0 };
        Cell(u64::from(style) << STYLE_SHIFT | u64::from(link) << LINK_SHIFT | protected)
    }

    /// This look with a printable ASCII character.
    #[inline]
    pub(crate) fn with_ascii(self, byte: u8) -> Cell {
        Cell(self.0 & LOOK | u64::from(byte))
    }

    /// Writes characters of ASCII into as many cells, in this look. Runs are mostly short, and no processor foresees
    /// how short: the ends of a run are written in pieces of one size that may overlap.
    #[inline]
    pub(crate) fn write_ascii(self, bytes: &[u8], cells: &mut [Cell]) {
        if bytes.len() > 16 {
            for (cell, byte) in cells.iter_mut().zip(bytes) {
                *cell = self.with_ascii(*byte);
            }
        } else if !self.write_ends::<8>(bytes, cells) && !self.write_ends::<4>(bytes, cells) {
            self.write_ends::<1>(bytes, cells);
            // Of three the one in the middle.
            if let (Some(cell), Some(byte)) = (cells.get_mut(1), bytes.get(1)) {
                *cell = self.with_ascii(*byte);
            }
        }
    }

    /// Writes the first and the last so many, if there are so many.
    #[inline]
    fn write_ends<const N: usize>(self, bytes: &[u8], cells: &mut [Cell]) -> bool {
        let (Some(first), Some(last)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>()) else {
            return false;
        };
        if let Some(cells) = cells.first_chunk_mut::<N>() {
            *cells = first.map(|byte| self.with_ascii(byte));
        }
        if let Some(cells) = cells.last_chunk_mut::<N>() {
            *cells = last.map(|byte| self.with_ascii(byte));
        }
        true
    }

    /// This look with a character of `cols` columns.
    #[inline]
    pub(crate) fn with_char(self, c: char, cols: usize) -> Cell {
        Cell(self.0 & LOOK | u64::from(u32::from(c)) | if cols == 2 { WIDE } else { 0 })
    }

    /// This look with a text of several characters, of `cols` columns.
    pub(crate) fn with_grapheme(self, number: u32, cols: usize) -> Cell {
        let width = if cols == 2 { WIDE } else { 0 };
        Cell(self.0 & LOOK | u64::from(number) & CONTENT | GRAPHEME | width)
    }

    /// The second half of a wide character that looks so.
    #[inline]
    pub(crate) fn continuation(self) -> Cell {
        Cell(self.0 & LOOK | CONTINUATION)
    }

    /// A blank that looks so and stayed free for a wide character.
    pub(crate) fn leading(self) -> Cell {
        Cell(self.0 & LOOK | LEADING)
    }

    /// This look without a character.
    pub(crate) fn blank(self) -> Cell {
        Cell(self.0 & LOOK)
    }

    /// The same character in another style.
    pub(crate) fn with_style(self, style: u16) -> Cell {
        Cell(self.0 & !(0xFFFF << STYLE_SHIFT) | u64::from(style) << STYLE_SHIFT)
    }

    pub(crate) fn style(self) -> u16 {
        (self.0 >> STYLE_SHIFT) as u16
    }

    pub(crate) fn link(self) -> u16 {
        (self.0 >> LINK_SHIFT) as u16
    }

    pub(crate) fn is_wide(self) -> bool {
        self.0 & WIDE != 0
    }

    pub(crate) fn is_continuation(self) -> bool {
        self.0 & CONTINUATION != 0
    }

    pub(crate) fn is_leading(self) -> bool {
        self.0 & LEADING != 0
    }

    pub(crate) fn is_protected(self) -> bool {
        self.0 & PROTECTED != 0
    }

    /// The number of its text, if it has several characters.
    pub(crate) fn grapheme(self) -> Option<u32> {
        (self.0 & GRAPHEME != 0).then_some((self.0 & CONTENT) as u32)
    }

    /// Its character, if it has exactly one.
    pub(crate) fn char(self) -> Option<char> {
        let is_single = self.0 & (GRAPHEME | CONTINUATION) == 0 && self.0 & CONTENT != 0;
        char::from_u32((self.0 & CONTENT) as u32).filter(|_| is_single)
    }

    /// Its character as a number if it has exactly one or none, which is a space.
    #[inline]
    pub(crate) fn scalar(self) -> u32 {
        let scalar = (self.0 & CONTENT) as u32;
        if scalar == 0 { u32::from(' ') } else { scalar }
    }

    /// Whether among cells with this union are wide characters, and texts of several characters.
    #[inline]
    pub(crate) fn is_uneven(union: u64) -> (bool, bool) {
        (union & WIDE != 0, union & GRAPHEME != 0)
    }

    /// Whether something was printed here.
    pub(crate) fn is_written(self) -> bool {
        self.0 & (CONTENT | CONTINUATION | GRAPHEME) != 0
    }

    /// Whether it shows nothing but the terminal's own background. A space does, too.
    #[inline]
    pub(crate) fn shows_nothing(self) -> bool {
        let text = self.0 & !(LEADING | PROTECTED);
        text == 0 || text == u64::from(b' ')
    }

    /// Whether it is shown in the same style and with the same link as another one, and is as wide.
    #[inline]
    pub(crate) fn is_shown_as(self, other: Cell) -> bool {
        (self.0 ^ other.0) & (LOOK & !PROTECTED | WIDE) == 0
    }

    /// A bit for each of up to 64 cells that looks otherwise than the one before it.
    #[inline]
    pub(crate) fn look_changes(mut before: Cell, cells: &[Cell]) -> u64 {
        let mut changes = 0;
        for (index, cell) in cells.iter().enumerate().take(64) {
            changes |= u64::from((cell.0 ^ before.0) & LOOK != 0) << index;
            before = *cell;
        }
        changes
    }

    /// The union of cells of ASCII in a look, or more bits.
    #[inline]
    pub(crate) fn union_of_ascii(look: Cell) -> u64 {
        look.0 & LOOK | 0x7F
    }

    /// All bits of a row's cells that are set somewhere: shows quickly that a row is plain.
    #[inline]
    pub(crate) fn union(cells: &[Cell]) -> u64 {
        cells.iter().fold(0, |bits, cell| bits | cell.0)
    }

    /// Whether cells with this union are all of ASCII in the default look.
    #[inline]
    pub(crate) fn is_plain(union: u64) -> bool {
        union & !0x7F == 0
    }

    /// Whether cells with this union are all in the default look.
    #[inline]
    pub(crate) fn is_in_default_look(union: u64) -> bool {
        union & LOOK == 0
    }

    /// Whether cells with this union are all of ASCII, in any look.
    #[inline]
    pub(crate) fn is_ascii(union: u64) -> bool {
        union & !(LOOK | 0x7F) == 0
    }

    /// The bytes of eight cells of ASCII, as [`ascii`](Self::ascii) gives them.
    #[inline]
    pub(crate) fn ascii_of_eight(cells: &[Cell; 8]) -> [u8; 8] {
        let mut word = 0;
        for (index, cell) in cells.iter().enumerate() {
            word |= (cell.0 & 0xFF) << (8 * index);
        }
        // The highest bit of each byte that is not 0, which has no such bit of its own.
        let written = word.wrapping_add(0x7F7F_7F7F_7F7F_7F7F) & 0x8080_8080_8080_8080;
        (word | (written ^ 0x8080_8080_8080_8080) >> 2).to_le_bytes()
    }

    /// The byte of a cell of ASCII; what was never written is a space.
    #[inline]
    pub(crate) fn ascii(self) -> u8 {
        let byte = self.0 as u8;
        byte | u8::from(byte == 0) << 5
    }
}

//! How many columns a character takes: as the tables of `unicode-width` say, kept in a table that is found without a
//! branch for the kind of character. A place is filled when its character is first asked for. A test compares the two
//! for every character. The soft hyphen takes a column, as in xterm.
//!
//! The table has two bits a character: 272 KiB of zeros that no file holds and of which only pages in use take memory.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Joins what is around it (ZWJ).
const JOINER: char = '\u{200D}';

const SOFT_HYPHEN: char = '\u{AD}';

/// Two bits for each character: its columns and one, or 0 while they are not known. Zeros, which no file holds.
static WIDTHS: [AtomicU8; (char::MAX as usize + 1) / 4] =
    [const { AtomicU8::new(0) }; (char::MAX as usize + 1) / 4];

/// Columns of a printable character: 0, 1 or 2. Control characters take none.
#[inline]
pub(crate) fn width(c: char) -> usize {
    let (number, shift) = (c as usize, c as usize % 4 * 2);
    let Some(four) = WIDTHS.get(number / 4) else { return 0 };
    match usize::from(four.load(Relaxed) >> shift & 3) {
        0 => measure(c, four, shift),
        known => known - 1,
    }
}

/// Fills the place of a character. Threads that do so at once write the same.
#[cold]
fn measure(c: char, four: &AtomicU8, shift: usize) -> usize {
    let cols = look_up(c);
    four.fetch_or((cols as u8 + 1) << shift, Relaxed);
    cols
}

fn look_up(c: char) -> usize {
    if c == SOFT_HYPHEN { 1 } else { c.width().unwrap_or(0).min(2) }
}

fn is_regional(c: char) -> bool {
    ('\u{1F1E6}'..='\u{1F1FF}').contains(&c)
}

fn is_modifier(c: char) -> bool {
    ('\u{1F3FB}'..='\u{1F3FF}').contains(&c)
}

/// With mode 2027: whether a character that takes columns belongs to the text before it. This is a rule by
/// properties, not all of UAX 29: two regional indicators are a flag; an emoji joins what ends with a ZWJ, and
/// a skin tone what is before it, where the tables know them as one.
pub(crate) fn joins(before: &str, c: char) -> bool {
    let Some(last) = before.chars().next_back() else { return false };
    if is_regional(c) {
        return is_regional(last) && before.chars().count() == 1;
    }
    if last != JOINER && !is_modifier(c) {
        return false;
    }
    let mut joined = String::with_capacity(before.len() + c.len_utf8());
    joined.push_str(before);
    joined.push(c);
    joined.width() < before.width() + width(c)
}

/// With mode 2027: columns of a text that is one cell, 1 or 2. A VS16 makes an emoji wide.
pub(crate) fn width_of_text(text: &str) -> usize {
    text.width().clamp(1, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_tables() {
        for c in '\0'..=char::MAX {
            let expected = if c == '\u{AD}' { 1 } else { c.width().unwrap_or(0).min(2) };
            // When it is looked up, and when it is known.
            assert_eq!((width(c), width(c)), (expected, expected), "{c:?}");
        }
    }

    #[test]
    fn what_joins() {
        let table = [
            ("👩\u{200D}", '👩', true),
            ("👍", '\u{1F3FD}', true),
            ("a", '\u{1F3FD}', false),
            ("🇩", '🇪', true),
            ("🇩🇪", '🇫', false),
            ("a\u{200D}", 'b', false),
            ("a", 'b', false),
            ("", 'b', false),
            ("ل", 'ا', false),
        ];
        for (before, c, expected) in table {
            assert_eq!(joins(before, c), expected, "{before:?} {c:?}");
        }
        assert_eq!(width_of_text("❤\u{FE0F}"), 2);
        assert_eq!(width_of_text("❤"), 1);
    }
}

//! How many columns a character takes: as the tables of `unicode-width` say, kept in blocks that are found without a
//! branch for the kind of character. A block is filled when one of its characters is first asked for. A test compares
//! the two for every character. The soft hyphen takes a column, as in xterm.

use std::sync::OnceLock;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Joins what is around it (ZWJ).
const JOINER: char = '\u{200D}';

const SOFT_HYPHEN: char = '\u{AD}';

/// Characters of a block; each takes two bits.
const BLOCK: usize = 256;
const BLOCKS: usize = (char::MAX as usize + 1) / BLOCK;

static WIDTHS: [OnceLock<[u8; BLOCK / 4]>; BLOCKS] = [const { OnceLock::new() }; BLOCKS];

/// Columns of a printable character: 0, 1 or 2. Control characters take none.
#[inline]
pub(crate) fn width(c: char) -> usize {
    let number = c as usize;
    let Some(block) = WIDTHS.get(number / BLOCK) else { return 0 };
    let block = block.get_or_init(|| measure(number / BLOCK));
    let four = block.get(number % BLOCK / 4).copied().unwrap_or(0);
    usize::from(four >> (number % 4 * 2) & 3)
}

#[cold]
fn measure(block: usize) -> [u8; BLOCK / 4] {
    let mut widths = [0; BLOCK / 4];
    for (index, four) in widths.iter_mut().enumerate() {
        for place in 0..4 {
            let number = block * BLOCK + index * 4 + place;
            let c = u32::try_from(number).ok().and_then(char::from_u32);
            *four |= (c.map_or(0, look_up) as u8) << (2 * place);
        }
    }
    widths
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
    fn blocks_are_as_the_tables() {
        for c in '\0'..=char::MAX {
            let expected = if c == '\u{AD}' { 1 } else { c.width().unwrap_or(0).min(2) };
            assert_eq!(width(c), expected, "{c:?}");
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

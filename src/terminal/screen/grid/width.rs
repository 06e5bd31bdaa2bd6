//! How many columns a character takes: by the tables of `unicode-width`, with the frequent ranges decided
//! before them. A test compares the two for every character. The soft hyphen takes a column, as in xterm.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Joins what is around it (ZWJ).
const JOINER: char = '\u{200D}';

/// Columns of a printable character: 0, 1 or 2. Control characters take none.
#[inline]
pub(crate) fn width(c: char) -> usize {
    match c {
        ' '..='~' | '\u{A1}'..='\u{2FF}' => 1,
        '\u{370}'..='\u{377}' | '\u{37A}'..='\u{37F}' | '\u{400}'..='\u{482}' => 1,
        // Kana without the marks that combine, ideographs, Hangul.
        '\u{3041}'..='\u{3096}' | '\u{309B}'..='\u{30FF}' => 2,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' => 2,
        _ => c.width().unwrap_or(0).min(2),
    }
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
    fn frequent_ranges_are_those_of_the_tables() {
        for c in ('\0'..=char::MAX).filter(|c| *c != '\u{AD}') {
            assert_eq!(width(c), UnicodeWidthChar::width(c).unwrap_or(0).min(2), "{c:?}");
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

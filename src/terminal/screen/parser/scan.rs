//! Finds the end of a run of bytes that need no decision: printable ASCII, text, the body of a string.

/// Bytes that are looked at together; a loop over an array of this size is vectorised.
const BLOCK: usize = 32;

/// Every byte of a word set to one.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The length of the printable ASCII (0x20 to 0x7E) at the beginning.
#[inline]
pub(super) fn ascii(bytes: &[u8]) -> usize {
    let mut at = 0;
    // Between sequences most runs are short.
    if let Some(word) = bytes.first_chunk::<8>() {
        let marks = not_ascii(u64::from_le_bytes(*word));
        if marks != 0 {
            return marks.trailing_zeros() as usize / 8;
        }
        at = 8;
    }
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        let is_plain = block.iter().fold(true, |plain, byte| plain & is_ascii(*byte));
        if !is_plain {
            break;
        }
        at += BLOCK;
    }
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let marks = not_ascii(u64::from_le_bytes(*word));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or(&[]);
    at + rest.iter().position(|byte| !is_ascii(*byte)).unwrap_or(rest.len())
}

fn is_ascii(byte: u8) -> bool {
    byte.wrapping_sub(0x20) < 0x5F
}

/// A word whose lowest set bit is in the first byte that is not printable ASCII; 0 if all are.
fn not_ascii(word: u64) -> u64 {
    let below = word.wrapping_sub(0x20 * ONES) & !word;
    let delete_or_above = word.wrapping_add(ONES) | word;
    (below | delete_or_above) & (0x80 * ONES)
}

/// The length of the text at the beginning: all but C0, DEL, and the two bytes of a C1 control. It may
/// hold invalid UTF-8.
pub(super) fn text(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or(&[]);
        at += until(rest, |byte| (byte < 0x20) | (byte == 0x7F) | (byte == super::C1_LEAD));
        let is_other = bytes.get(at) != Some(&super::C1_LEAD);
        if is_other || matches!(bytes.get(at + 1), Some(0x80..=0x9F)) {
            return at;
        }
        at += 1;
    }
}

/// The length of a string's body up to a C0 control.
pub(super) fn body(bytes: &[u8]) -> usize {
    until(bytes, |byte| byte < 0x20)
}

/// The number of bytes before the first one at which `stops` is true.
#[inline(always)]
fn until(bytes: &[u8], stops: impl Fn(u8) -> bool) -> usize {
    let mut at = 0;
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        if block.iter().fold(false, |any, byte| any | stops(*byte)) {
            break;
        }
        at += BLOCK;
    }
    let rest = bytes.get(at..).unwrap_or(&[]);
    at + rest.iter().position(|byte| stops(*byte)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_at_the_first_other_byte() {
        for other in (0..=0x1F).chain(0x7F..=0xFF) {
            for at in 0..70 {
                let mut bytes = vec![b'~'; 70];
                bytes[at] = other;
                assert_eq!(ascii(&bytes), at, "{other:#x} at {at}");
                let stops = other < 0x20 || other == 0x7F;
                assert_eq!(text(&bytes), if stops { at } else { 70 }, "{other:#x} at {at}");
            }
        }
        assert_eq!(ascii(&[b' '; 70]), 70);
        assert_eq!(ascii(b""), 0);
    }

    #[test]
    fn text_goes_on_behind_characters_that_only_look_like_controls() {
        let table: &[(&[u8], usize)] = &[
            ("a°b\u{9b}".as_bytes(), 4),
            (b"\xc2\x9f", 0),
            (b"ab\xc2", 3),
            (b"\xe2\x9c\x93\x07", 3),
            (b"\xc2\xc2\x85", 1),
        ];
        for (bytes, len) in table {
            assert_eq!(text(bytes), *len, "{bytes:?}");
        }
    }
}

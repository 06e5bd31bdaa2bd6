//! Decodes UTF-8, some characters at a time and without a branch for their lengths, which no processor foresees in
//! mixed text.

/// Characters that are decoded at a time.
pub(super) const BATCH: usize = 64;

/// For each number of bytes (0: no character begins so): the bits of the first byte that belong to the character, how
/// far what was composed of four bytes is to be shifted down, the smallest character of that length, and the marks
/// that are to be found in the first byte and those that follow.
const FIRST_BITS: [u32; 5] = [0, 0x7F, 0x1F, 0x0F, 0x07];
const SHIFT: [u32; 5] = [0, 18, 12, 6, 0];
const LEAST: [u32; 5] = [u32::MAX, 0x20, 0xA0, 0x800, 0x1_0000];
const MARK_BITS: [u32; 5] = [0, 0, 0x00C0_0000, 0x00C0_C000, 0x00C0_C0C0];
const MARKS: [u32; 5] = [0, 0, 0x0080_0000, 0x0080_8000, 0x0080_8080];

/// The number of bytes of a character, by the upper five bits of its first one.
const LEN: [u8; 32] = [
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 3, 3, 4, 0,
];

/// Decodes printable characters at the beginning of these bytes. Stops at a control character, at what is not valid,
/// before the last bytes, and when there is no place for more. Gives the number of characters and of their bytes.
#[inline]
pub(super) fn decode(bytes: &[u8], chars: &mut [char; BATCH]) -> (usize, usize) {
    let mut at = 0;
    for (count, place) in chars.iter_mut().enumerate() {
        let Some(four) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else {
            return (count, at);
        };
        let Some((c, len)) = first(*four) else { return (count, at) };
        *place = c;
        at += len;
    }
    (BATCH, at)
}

/// The printable character at the beginning of four bytes, and how many of these it takes.
#[inline(always)]
fn first(bytes: [u8; 4]) -> Option<(char, usize)> {
    let len = usize::from(LEN[usize::from(bytes[0] >> 3)]);
    let word = u32::from_be_bytes(bytes);
    let composed = (word >> 24 & FIRST_BITS[len]) << 18
        | (word >> 16 & 0x3F) << 12
        | (word >> 8 & 0x3F) << 6
        | word & 0x3F;
    let bits = composed >> SHIFT[len];
    // Below 0x20, from 0x80 to 0x9F, and what is written in more bytes than it needs.
    let is_less = bits < LEAST[len];
    let is_valid = !is_less & (word & MARK_BITS[len] == MARKS[len]) & (bits != 0x7F);
    char::from_u32(bits).filter(|_| is_valid).map(|c| (c, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the library: each character, and what no character is.
    #[test]
    fn characters_are_those_of_the_library() {
        for c in '\0'..=char::MAX {
            let mut bytes = [b'x'; 4];
            c.encode_utf8(&mut bytes);
            let expected = (!c.is_control()).then_some((c, c.len_utf8()));
            assert_eq!(first(bytes), expected, "{c:?}");
        }
    }

    #[test]
    fn what_is_invalid_is_left() {
        let edges = [0x00, 0x20, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2];
        let edges = [&edges[..], &[0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xF8, 0xFF]].concat();
        for a in 0..=255 {
            for b in &edges {
                for c in &edges {
                    for d in &edges {
                        let bytes = [a, *b, *c, *d];
                        let valid = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
                        let expected = valid.chars().next().filter(|c| !c.is_control());
                        assert_eq!(first(bytes).map(|(c, _)| c), expected, "{bytes:x?}");
                    }
                }
            }
        }
    }

    #[test]
    fn as_many_as_there_is_place_for() {
        let mut chars = ['\0'; BATCH];
        let text = "日本x".repeat(40);
        assert_eq!(decode(text.as_bytes(), &mut chars), (BATCH, 64 / 3 * 7 + 3));
        assert!(text.starts_with(&String::from_iter(chars)));
        assert_eq!(decode("é日".as_bytes(), &mut chars), (1, 2));
        assert_eq!(decode("é日\n ".as_bytes(), &mut chars), (2, 5));
        assert_eq!(decode(b"abc", &mut chars), (0, 0));
    }
}

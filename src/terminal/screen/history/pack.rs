//! Packs cells into text: ASCII by eight cells at a time, other characters through a small buffer. A row is mostly one
//! or the other.

use crate::terminal::screen::cells::Cell;

/// Characters that go through the buffer at a time, and the bytes that one takes at most.
const CHARS: usize = 64;
const CHAR_BYTES: usize = 4;

/// Appends a byte for each cell of ASCII, what was never written as a space.
#[inline]
pub(super) fn ascii(cells: &[Cell], text: &mut Vec<u8>) {
    text.reserve(cells.len());
    let (many, rest) = cells.as_chunks::<32>();
    for cells in many {
        let mut bytes = [0; 32];
        let eights = cells.as_chunks::<8>().0.iter();
        for (place, eight) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(eights) {
            *place = Cell::ascii_of_eight(eight);
        }
        text.extend_from_slice(&bytes);
    }
    let (eights, rest) = rest.as_chunks::<8>();
    for eight in eights {
        text.extend_from_slice(&Cell::ascii_of_eight(eight));
    }
    text.extend(rest.iter().map(|cell| cell.ascii()));
}

/// Appends the characters of cells that have one each, or are the second half of such a one. Nothing here branches by
/// the kind of character.
pub(super) fn chars(cells: &[Cell], text: &mut Vec<u8>) {
    let mut index = 0;
    while index < cells.len() {
        let (mut buffer, mut len) = ([0; CHARS * CHAR_BYTES], 0);
        for _ in 0..CHARS {
            let Some(cell) = cells.get(index) else { break };
            let Some(place) = buffer.get_mut(len..).and_then(|rest| rest.first_chunk_mut()) else {
                break;
            };
            let (bytes, char_len) = encode(cell.scalar());
            *place = bytes;
            len += char_len;
            index += 1 + usize::from(cell.is_wide());
        }
        text.extend_from_slice(buffer.get(..len).unwrap_or(&[]));
    }
}

/// A scalar value in UTF-8, and its length; behind it are zeros.
#[inline(always)]
fn encode(scalar: u32) -> ([u8; CHAR_BYTES], usize) {
    // By the number of bytes behind the first one: the marks of all, and the bits of the last two.
    const MARKS: [u32; 4] = [0, 0xC080, 0x00E0_8080, 0xF080_8080];
    const LAST: [u32; 4] = [0x7F, 0x3F, 0x3F, 0x3F];
    const SECOND_LAST: [u32; 4] = [0, 0xFC0, 0xFC0, 0xFC0];
    let more = [0x80, 0x800, 0x1_0000].map(|least| usize::from(scalar >= least));
    let more = more[0] + more[1] + more[2];
    let word = scalar & LAST[more]
        | (scalar & SECOND_LAST[more]) << 2
        | (scalar & 0x3_F000) << 4
        | (scalar & 0x1C_0000) << 6
        | MARKS[more];
    ((word << (8 * (3 - more))).to_be_bytes(), more + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_encoded_as_the_library_does() {
        for c in '\0'..=char::MAX {
            let (bytes, len) = encode(c.into());
            assert_eq!(&bytes[..len], c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    #[test]
    fn ascii_of_any_length() {
        let look = Cell::new(7, 3, true);
        for len in 0..40 {
            let cells: Vec<Cell> = (0..len)
                .map(|n| if n % 5 == 3 { look } else { look.with_ascii(b' ' + (n * 7 % 95) as u8) })
                .collect();
            let mut text = b"before".to_vec();
            ascii(&cells, &mut text);
            let expected: Vec<u8> = cells.iter().map(|cell| cell.ascii()).collect();
            assert_eq!(text.strip_prefix(b"before").unwrap(), expected);
        }
    }

    #[test]
    fn characters_of_any_number_of_cells() {
        let text: String = "a界é🎉~日".chars().cycle().take(200).collect();
        let mut cells = Vec::new();
        for c in text.chars() {
            let cols = crate::terminal::screen::cells::width(c);
            cells.push(Cell::BLANK.with_char(c, cols));
            cells.extend((1..cols).map(|_| Cell::BLANK.continuation()));
        }
        let mut packed = Vec::new();
        chars(&cells, &mut packed);
        assert_eq!(packed, text.as_bytes());
    }
}

//! Finds the end of a run of bytes that need no decision: printable ASCII, the body of a string.

/// Bytes that are looked at together; a loop over an array of this size is vectorised.
const BLOCK: usize = 32;

/// Every byte of a word set to one.
const ONES: u128 = 0x0101_0101_0101_0101_0101_0101_0101_0101;

/// Bytes of a word.
const WORD: usize = 16;

/// The length of the printable ASCII (0x20 to 0x7E) at the beginning.
#[inline]
pub(super) fn ascii(bytes: &[u8]) -> usize {
    let mut at = 0;
    // Between sequences most runs are short.
    if let Some(word) = bytes.first_chunk::<WORD>() {
        let marks = not_ascii(u128::from_le_bytes(*word));
        if marks != 0 {
            return marks.trailing_zeros() as usize / 8;
        }
        at = WORD;
    }
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        let is_plain = block.iter().fold(true, |plain, byte| plain & is_ascii(*byte));
        if !is_plain {
            break;
        }
        at += BLOCK;
    }
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WORD>()) {
        let marks = not_ascii(u128::from_le_bytes(*word));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += WORD;
    }
    let rest = bytes.get(at..).unwrap_or(&[]);
    at + rest.iter().position(|byte| !is_ascii(*byte)).unwrap_or(rest.len())
}

fn is_ascii(byte: u8) -> bool {
    byte.wrapping_sub(0x20) < 0x5F
}

/// A word whose lowest set bit is in the first byte that is not printable ASCII; 0 if all are.
fn not_ascii(word: u128) -> u128 {
    let below = word.wrapping_sub(0x20 * ONES) & !word;
    let delete_or_above = word.wrapping_add(ONES) | word;
    (below | delete_or_above) & (0x80 * ONES)
}

/// The parameters of an SGR at the beginning, behind CSI, as a number whose lowest bits are the first byte, and their
/// length; `None` for anything else, and where that cannot be seen at once.
#[inline]
pub(super) fn rendition(bytes: &[u8]) -> Option<(u128, usize)> {
    let word = u128::from_le_bytes(*bytes.first_chunk::<WORD>()?);
    // Digits, colons and semicolons are 0x30 to 0x3B.
    let high = word ^ (0x30 * ONES);
    let others = (((high & (0x7F * ONES)) + (0x74 * ONES)) | high) & (0x80 * ONES);
    let len = others.trailing_zeros() as usize / 8;
    let params = word & (1u128 << (8 * len % 128)).wrapping_sub(1);
    (bytes.get(len) == Some(&b'm') && len < WORD).then_some((params, len))
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
    fn an_sgr_is_seen_at_once() {
        let table: &[(&[u8], Option<&[u8]>)] = &[
            (b"m and what follows it", Some(b"")),
            (b"0;31mand what follows", Some(b"0;31")),
            (b"38;2;123;45;67mx", Some(b"38;2;123;45;67")),
            (b"38:2::1:2:3m    ", Some(b"38:2::1:2:3")),
            (b"123456789012345m", Some(b"123456789012345")),
            (b"1234567890123456m", None),
            (b"0;31m", None),
            (b"0;31H            ", None),
            (b">4;1m            ", None),
            (b"1 m\x1b[31m       ", None),
            (b"3\xb1m             ", None),
            (b"3\x001m            ", None),
        ];
        for (bytes, expected) in table {
            let expected = expected.map(|params| {
                let mut word = [0; WORD];
                word[..params.len()].copy_from_slice(params);
                (u128::from_le_bytes(word), params.len())
            });
            assert_eq!(rendition(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_run_ends_at_the_first_other_byte() {
        for other in (0..=0x1F).chain(0x7F..=0xFF) {
            for at in 0..70 {
                let mut bytes = vec![b'~'; 70];
                bytes[at] = other;
                assert_eq!(ascii(&bytes), at, "{other:#x} at {at}");
                assert_eq!(body(&bytes), if other < 0x20 { at } else { 70 }, "{other:#x} at {at}");
            }
        }
        assert_eq!(ascii(&[b' '; 70]), 70);
        assert_eq!(ascii(b""), 0);
    }
}

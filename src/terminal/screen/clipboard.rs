//! The base64 of clipboard writes (OSC 52), read as leniently as the widespread terminals read it.
//!
//! Programs leave the padding out, wrap the text into lines, or put spaces into it (xterm skips both, kitty
//! and WezTerm need no padding). Line ends never come here: the parser drops control characters in strings.
//! Anything else that is not of the alphabet means that the text was garbled, and nothing is written.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// With padding or without, and whatever the bits are that the last character has too many.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes that the text stands for; `None` when it is not base64.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if !text.iter().any(u8::is_ascii_whitespace) {
        return LENIENT.decode(text).ok();
    }
    let text: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    LENIENT.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let table: &[(&str, Option<&str>)] = &[
            ("", Some("")),
            ("aGVsbG8=", Some("hello")),
            ("aGVsbG8", Some("hello")),
            ("aGVsbA==", Some("hell")),
            ("aGVsbA=", Some("hell")),
            ("aGVsbA", Some("hell")),
            ("aGVs", Some("hel")),
            ("aGVsbB", Some("hell")),
            ("aGVs bG8=", Some("hello")),
            (" aGVs\tbG8 = \r\n", Some("hello")),
            ("aGVsbA= =", Some("hell")),
            ("a", None),
            ("=", None),
            ("aGVs=bG8", None),
            ("aGVsbG8==", None),
            ("aGVs!G8=", None),
            ("aGVs-_8=", None),
        ];
        for (text, expected) in table {
            assert_eq!(decode(text.as_bytes()).as_deref(), expected.map(str::as_bytes), "{text:?}");
        }
    }
}

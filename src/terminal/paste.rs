//! Pasted text, made harmless: what comes from a clipboard must not act as keys.

/// What ends bracketed text.
const END: &[u8] = b"\x1b[201~";
/// The same with the 8-bit introducer: as a byte that is no part of a character, and as UTF-8.
const END_C1: &[u8] = b"\x9b201~";
const END_C1_UTF8: &[u8] = b"\xc2\x9b201~";

/// Text as it may be typed: no end of brackets, also none that appears when another one is taken out,
/// and no control characters but tab and the ends of lines, which become carriage returns as the
/// Enter key sends them.
pub(crate) fn sanitize(text: &[u8], bracketed: bool) -> Vec<u8> {
    let plain = without_controls(&without_ends(text));
    if !bracketed {
        return plain;
    }
    [b"\x1b[200~", &plain[..], END].concat()
}

fn without_ends(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    for byte in text {
        kept.push(*byte);
        // Looking back after each byte finds also what was apart before.
        if *byte == b'~'
            && let Some(start) = end_at(&kept)
        {
            kept.truncate(start);
        }
    }
    kept
}

/// Where the end of brackets begins that these bytes end with.
fn end_at(bytes: &[u8]) -> Option<usize> {
    if let Some(before) = [END, END_C1_UTF8].into_iter().find_map(|end| bytes.strip_suffix(end)) {
        return Some(before.len());
    }
    // The byte 9B is the introducer only by itself; it is also the last byte of many characters.
    let before = bytes.strip_suffix(END_C1)?;
    let introducer = &bytes[..=before.len()];
    (!ends_with_long_character(introducer)).then_some(before.len())
}

/// Whether the last bytes are one valid character of UTF-8 that takes several of them.
fn ends_with_long_character(bytes: &[u8]) -> bool {
    (2..=4).any(|length| {
        let start = bytes.len().checked_sub(length);
        let last = start.and_then(|start| std::str::from_utf8(&bytes[start..]).ok());
        last.is_some_and(|text| text.chars().count() == 1)
    })
}

fn without_controls(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        let mut chars = chunk.valid().chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' if chars.peek() == Some(&'\n') => {}
                '\r' | '\n' => kept.push(b'\r'),
                '\t' => kept.push(b'\t'),
                c if c.is_control() => {}
                c => kept.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        // Bytes that are no text are passed on, but for those that are 8-bit controls.
        kept.extend(chunk.invalid().iter().filter(|byte| !(0x80..=0x9F).contains(*byte)));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts() {
        let table: &[(&[u8], &[u8])] = &[
            (b"plain", b"plain"),
            (b"a\nb\r\nc\rd\te", b"a\rb\rc\rd\te"),
            ("naïve 日本 🎉".as_bytes(), "naïve 日本 🎉".as_bytes()),
            (b"a\x1b[201~b", b"ab"),
            (b"a\x1b[20\x1b[201~1~b", b"ab"),
            (b"\x1b[20\x1b[20\x1b[201~1~1~x", b"x"),
            (b"\x9b201~x\xc2\x9b201~y", b"xy"),
            ("周四201~205教室".as_bytes(), "周四201~205教室".as_bytes()),
            ("\u{45b}201~\u{41b}201~x".as_bytes(), "\u{45b}201~\u{41b}201~x".as_bytes()),
            ("\u{1f41b}201~ \u{661b}201~".as_bytes(), "\u{1f41b}201~ \u{661b}201~".as_bytes()),
            (b"\xe5\x9b201~x\xff\x9b201~y", b"\xe5x\xffy"),
            (b"\xe5\x9b\x9b201~\x9b201~x", b"\xe5\x9b\x9b201~x"),
            (b"\xc2\x1b[201~\x9b201~x", b"x"),
            (b"\x1b]0;t\x07\x03\x04\x7f", b"]0;t"),
            (b"\xff\x85\xfe", b"\xff\xfe"),
            (b"", b""),
        ];
        for (text, expected) in table {
            assert_eq!(sanitize(text, false), *expected, "{text:?}");
            let bracketed = [b"\x1b[200~", *expected, b"\x1b[201~"].concat();
            assert_eq!(sanitize(text, true), bracketed, "{text:?}");
        }
    }

    /// Text without controls, rich in what the ends of brackets are made of.
    fn plain_text() -> impl Strategy<Value = String> {
        let character = prop_oneof![
            any::<char>(),
            Just('四'),
            (0u32..0x40).prop_filter_map("a character", |n| char::from_u32(n << 6 | 0x1B)),
            (0u32..0x4400).prop_filter_map("a character", |n| char::from_u32(n << 6 | 0x1B)),
        ];
        let character = character.prop_filter("no control", |c| !c.is_control());
        let part = prop_oneof![character.prop_map(String::from), Just(String::from("201~"))];
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn text_without_controls_passes_unchanged(text in plain_text()) {
            prop_assert_eq!(sanitize(text.as_bytes(), false), text.as_bytes());
        }

        #[test]
        fn nothing_gets_out_of_the_brackets(
            parts in prop::collection::vec(prop_oneof![
                Just(b"\x1b[201~".to_vec()), Just(b"\x1b[20".to_vec()), Just(b"1~".to_vec()),
                Just(b"\x9b".to_vec()), Just(b"\xc2\x9b".to_vec()), Just(b"201~".to_vec()),
                prop::collection::vec(any::<u8>(), 0..4),
            ], 0..12),
        ) {
            let text = sanitize(&parts.concat(), true);
            let inside = &text[6..text.len() - 6];
            prop_assert!(inside.iter().all(|b| *b == b'\t' || *b == b'\r' || *b >= 0x20 && *b != 0x7F));
            let is_c1 = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
            prop_assert!(!String::from_utf8_lossy(inside).chars().any(is_c1));
        }
    }
}

//! Pasted text, made harmless: what comes from a clipboard must not act as keys.

/// What ends bracketed text.
const END: &[u8] = b"\x1b[201~";
/// The same with the 8-bit introducer, raw and as UTF-8.
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
            && let Some(end) =
                [END, END_C1_UTF8, END_C1].into_iter().find(|end| kept.ends_with(end))
        {
            kept.truncate(kept.len() - end.len());
        }
    }
    kept
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

    proptest! {
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

//! Untrusted text, made safe to print on a terminal.
//!
//! File names, titles and messages can contain control characters that a terminal would execute.
//! They are printed as `\x1b` and the like, byte by byte: C0 controls, DEL, C1 controls and
//! everything that is not UTF-8. The result is always UTF-8. Backslashes are not escaped; the JSON
//! output is the unambiguous form.

use std::io::Write;

/// Appends text with its control characters escaped.
pub(crate) fn push_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for each in chunk.valid().chars() {
            let mut buffer = [0; 4];
            let encoded = each.encode_utf8(&mut buffer).as_bytes();
            match each.is_control() {
                true => push_hex(out, encoded),
                false => out.extend_from_slice(encoded),
            }
        }
        push_hex(out, chunk.invalid());
    }
}

/// Text with its control characters escaped.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    push_escaped(&mut out, text.as_bytes());
    String::from_utf8_lossy(&out).into_owned()
}

fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        // Writing to memory cannot fail.
        let _ = write!(out, "\\x{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_printed_controls_a_terminal() {
        for (bytes, expected) in [
            (&b"plain-1.rs"[..], "plain-1.rs"),
            ("grün \u{1f600}\u{a0}".as_bytes(), "grün \u{1f600}\u{a0}"),
            (b"a\x1b[2Jb\x07c\nd\x7fe", "a\\x1b[2Jb\\x07c\\x0ad\\x7fe"),
            ("\u{9b}31m".as_bytes(), "\\xc2\\x9b31m"),
            (b"\x9b31m \xff \xe2\x82", "\\x9b31m \\xff \\xe2\\x82"),
            (b"\\x1b", "\\x1b"),
        ] {
            let mut out = Vec::new();
            push_escaped(&mut out, bytes);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        for byte in 0..=u8::MAX {
            let mut out = Vec::new();
            push_escaped(&mut out, &[byte, b'x']);
            let text = String::from_utf8(out).unwrap();
            assert!(text.chars().all(|each| !each.is_control()), "{byte}");
        }
    }
}

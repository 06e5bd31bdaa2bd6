//! The format of recordings: asciinema's, version 2
//! (<https://docs.asciinema.org/manual/asciicast/v2/>).
//!
//! The first line is a JSON object that describes the session. Each further line is an event:
//! seconds since the start, a code (`o` output, `i` input, `r` a new size) and text. This module
//! reads no file and no clock.

use std::fmt::Write;
use std::time::Duration;

use orchflow::Size;
use serde::{Deserialize, Serialize};

/// The first line.
#[derive(Serialize)]
pub(crate) struct Description<'a> {
    pub(crate) version: u32,
    pub(crate) width: u16,
    pub(crate) height: u16,
    /// Seconds since 1970.
    pub(crate) timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    pub(crate) env: Environment<'a>,
}

/// Variables that are useful to a player.
#[derive(Serialize)]
pub(crate) struct Environment<'a> {
    #[serde(rename = "TERM", skip_serializing_if = "Option::is_none")]
    pub(crate) term: Option<&'a str>,
    #[serde(rename = "SHELL", skip_serializing_if = "Option::is_none")]
    pub(crate) shell: Option<&'a str>,
}

/// The version that is written and read.
pub(crate) const VERSION: u32 = 2;

/// The line of an event.
pub(crate) fn event_line(at: Duration, code: char, text: &str) -> String {
    // Strings cannot fail.
    let text = serde_json::to_string(text).unwrap_or_default();
    format!("[{}.{:06},\"{code}\",{text}]\n", at.as_secs(), at.subsec_micros())
}

/// The text of an event `r`.
pub(crate) fn size_text(size: Size) -> String {
    format!("{}x{}", size.cols, size.rows)
}

/// Converts bytes that arrive in pieces to text. A character that is split between two pieces is
/// completed by the second one. Bytes that are not UTF-8 become U+FFFD.
#[derive(Default)]
pub(crate) struct Text {
    /// The first bytes of an incomplete character, at most three.
    cut: Vec<u8>,
}

impl Text {
    /// The text that these bytes complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> String {
        self.cut.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.cut);
        let mut text = String::with_capacity(bytes.len());
        let mut end = 0;
        for chunk in bytes.utf8_chunks() {
            end += chunk.valid().len() + chunk.invalid().len();
            text.push_str(chunk.valid());
            if end == bytes.len() && is_cut(chunk.invalid()) {
                self.cut = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        text
    }

    /// Ends the text: an incomplete character becomes U+FFFD.
    pub(crate) fn finish(&mut self) -> String {
        let mut text = String::new();
        if !std::mem::take(&mut self.cut).is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        text
    }
}

/// Whether more bytes can complete this character.
fn is_cut(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// Reads the first line: the size of the recorded terminal.
pub(crate) fn parse_description(line: &[u8]) -> Result<(u32, u32), String> {
    #[derive(Deserialize)]
    struct First {
        version: u32,
    }
    #[derive(Deserialize)]
    struct Described {
        width: u32,
        height: u32,
    }
    let wrong = |error: serde_json::Error| format!("not a recording: {}", brief(&error));
    let First { version } = serde_json::from_slice(line).map_err(wrong)?;
    if version != VERSION {
        return Err(format!("recording of version {version}; expected version {VERSION}"));
    }
    let Described { width, height } = serde_json::from_slice(line).map_err(wrong)?;
    Ok((width, height))
}

/// A recorded event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) at: Duration,
    pub(crate) code: String,
    pub(crate) text: String,
}

/// Reads the line of an event.
pub(crate) fn parse_event(line: &[u8]) -> Result<Recorded, String> {
    let (seconds, code, text): (f64, String, String) =
        serde_json::from_slice(line).map_err(|error| format!("not an event: {}", brief(&error)))?;
    let at = Duration::try_from_secs_f64(seconds)
        .map_err(|_| format!("not an event: {seconds} is not a time"))?;
    Ok(Recorded { at, code, text })
}

/// The message without serde_json's line number, which counts from the start of this line.
fn brief(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    let mut brief = text.get(..end).unwrap_or(&text).to_owned();
    // Writing to memory cannot fail.
    let _ = write!(brief, " (column {})", error.column());
    brief
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_are_cut_wait_for_their_rest() {
        let table: &[(&[&[u8]], &[&str])] = &[
            (&[b"abc"], &["abc", ""]),
            (&["é日😀".as_bytes()], &["é日😀", ""]),
            (&[b"\xf0\x9f", b"\x98", b"\x80x"], &["", "", "😀x", ""]),
            (&[b"a\xe6", b"\x97\xa5b"], &["a", "日b", ""]),
            (&[b"a\xe6", b"b"], &["a", "\u{fffd}b", ""]),
            (&[b"\xff\xc3(", b"\xc3"], &["\u{fffd}\u{fffd}(", "", "\u{fffd}"]),
            (&[b"\xe6\x97"], &["", "\u{fffd}"]),
            (&[b""], &["", ""]),
        ];
        for (pieces, expected) in table {
            let mut text = Text::default();
            let mut got: Vec<String> = pieces.iter().map(|piece| text.push(piece)).collect();
            got.push(text.finish());
            assert_eq!(got, *expected, "{pieces:?}");
        }
    }

    /// However a text is split, it is the same text.
    #[test]
    fn it_does_not_matter_how_text_is_split() {
        let bytes = b"a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80\xff\xe6\x97z\xc3";
        let whole = String::from_utf8_lossy(bytes);
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let mut text = Text::default();
                let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                let mut got: String = pieces.iter().map(|piece| text.push(piece)).collect();
                got += &text.finish();
                assert_eq!(got, whole, "{first} {second}");
            }
        }
    }

    #[test]
    fn events_are_read_as_they_were_written() {
        for (micros, text) in
            [(0, ""), (1_000_001, "\x1b[1m\"é\"\r\n\0"), (86_400_500_000, "\u{fffd}")]
        {
            let at = Duration::from_micros(micros);
            let line = event_line(at, 'o', text);
            let expected = Recorded { at, code: "o".into(), text: text.into() };
            assert_eq!(parse_event(line.trim_end().as_bytes()).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_recording() {
        for (line, mention) in [
            ("", "not a recording: EOF"),
            ("x", "not a recording: expected value (column 1)"),
            ("{\"version\":1,\"stdout\":[]}", "version 1; expected version 2"),
            ("{\"version\":3}", "version 3; expected version 2"),
            ("{\"version\":2,\"width\":80}", "missing field `height`"),
            ("{\"version\":2,\"width\":-1,\"height\":1}", "not a recording: invalid value"),
        ] {
            let error = parse_description(line.as_bytes()).unwrap_err();
            assert!(error.contains(mention), "{line}: {error}");
        }
        for line in
            ["", "[]", "[1]", "[1,\"o\"]", "[1,\"o\",2]", "[-1,\"o\",\"\"]", "[1e300,\"o\",\"\"]"]
        {
            assert!(
                parse_event(line.as_bytes()).unwrap_err().starts_with("not an event"),
                "{line}"
            );
        }
        assert!(parse_event(b"[1,\"o\",\"\xff\"]").is_err());
        let more = parse_description(b"{\"version\":2,\"width\":80,\"height\":24,\"theme\":{}}");
        assert_eq!(more, Ok((80, 24)));
    }
}

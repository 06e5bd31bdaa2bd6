//! Looks over the text of a JSON message before it is decoded: which message it is, how deep it nests, how
//! many values it has, and what can be left out because nobody knows it. Keeps nothing of it, and goes in
//! parts.
//!
//! Only what is inside of strings is distinguished from what is outside; whether the text is JSON is found out
//! by decoding it. Values of unknown fields that are longer than [`SKIP_BYTES`] are not decoded, so that
//! skipping them takes no step that is long; of them only brackets, strings and depth are looked at.

use memchr::memchr2;

use super::error::{DecodeError, DecodeErrorKind, Result, malformed};
use crate::sync::protocol::About;

/// Values nest no deeper; the decoder has the same bound, but not for what it skips.
pub(crate) const DEPTH_MAX: u32 = 127;
/// The value of an unknown field of more bytes is left out, and so is more space behind the message.
pub(crate) const SKIP_BYTES: usize = 4 << 10;
/// The longest way to write the key `type`: four escapes of six bytes.
const KEY_BYTES_MAX: usize = 24;

/// What is known of a text so far.
#[derive(Debug)]
pub(super) struct Scan {
    /// Everything before has been looked at.
    at: usize,
    depth: u32,
    string: Option<Text>,
    /// The next string of the message's own object is a key.
    is_key_next: bool,
    tag: Value,
    /// The value of the field `ops`.
    list: Value,
    /// Commas and opened brackets since the last operation.
    marks: u32,
    /// Those outside of operations.
    outer_marks: u32,
    /// More of either are refused.
    marks_max: u32,
    /// Whether a field of this name is known to any message.
    knows: fn(&[u8]) -> bool,
    /// The field of the message's own object that is being looked at: where its value begins, and whether
    /// nobody knows it.
    value_from: usize,
    is_unknown: bool,
    /// Where the value goes that is being looked at, if the message is about it.
    about_next: Option<fn(&mut About) -> &mut Option<u64>>,
    about: About,
    /// Commas and opened brackets in the value of an unknown field.
    unknown_marks: u32,
    /// Values that are left out.
    skips: Vec<(usize, usize)>,
    /// Where the message's own object has ended, and whether something other than space follows.
    end: Option<usize>,
    has_more: bool,
}

/// A text without what nobody knows of it, and where its operations stand.
#[derive(Debug)]
pub(super) struct Reduced {
    pub(super) text: Vec<u8>,
    pub(super) list: Option<(usize, usize)>,
}

/// A string that has begun.
#[derive(Clone, Copy, Debug)]
struct Text {
    /// After its quotation mark.
    start: usize,
    has_escape: bool,
    /// The byte at `at` belongs to an escape.
    is_escaped: bool,
}

/// Where the value of a field stands, the first time that the field is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// The key has not come.
    Missing,
    /// The key has.
    Next,
    /// The value has begun here.
    From(usize),
    /// From its first byte to the one after its last: a string, or a list.
    At(usize, usize),
    /// It is of another type.
    Bad,
}

impl Value {
    fn of(self, text: &[u8]) -> Option<&[u8]> {
        match self {
            Value::At(start, end) => text.get(start..end),
            _ => None,
        }
    }
}

impl Scan {
    /// `marks_max`: commas and opened brackets in one operation, and in all that is not operations.
    pub(super) fn new(marks_max: u32, knows: fn(&[u8]) -> bool) -> Scan {
        Scan {
            at: 0,
            depth: 0,
            string: None,
            is_key_next: false,
            tag: Value::Missing,
            list: Value::Missing,
            marks: 0,
            outer_marks: 0,
            marks_max,
            knows,
            value_from: 0,
            is_unknown: false,
            about_next: None,
            about: About::default(),
            unknown_marks: 0,
            skips: Vec::new(),
            end: None,
            has_more: false,
        }
    }

    /// The text without what is left out, if that is something: a value that is left out is a 0 in it.
    pub(super) fn reduced(&self, text: &[u8]) -> Option<Reduced> {
        let end = self.end.filter(|end| !self.has_more && text.len() - end > SKIP_BYTES);
        if self.skips.is_empty() && end.is_none() {
            return None;
        }
        let end = end.unwrap_or(text.len());
        let skipped: usize = self.skips.iter().map(|(from, to)| to - from - 1).sum();
        let mut kept = Vec::with_capacity(end - skipped);
        let mut at = 0;
        let mut list = self.list();
        for (from, to) in &self.skips {
            kept.extend_from_slice(text.get(at..*from).unwrap_or_default());
            kept.push(b'0');
            at = *to;
            list = list.map(|(start, end)| match start < *to {
                true => (start, end),
                false => (start - (to - from - 1), end - (to - from - 1)),
            });
        }
        kept.extend_from_slice(text.get(at..end).unwrap_or_default());
        Some(Reduced { text: kept, list })
    }

    /// How much has been looked at, in bytes.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The value of `type`, with its quotation marks.
    pub(super) fn tag<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        self.tag.of(text)
    }

    /// What the message is about, as far as its own fields say it in whole numbers; the first time that each is there.
    pub(super) fn about(&self) -> About {
        self.about
    }

    /// Commas and opened brackets outside of operations.
    pub(super) fn outer_marks(&self) -> u32 {
        self.outer_marks
    }

    /// Where the list `ops` stands, with its brackets.
    pub(super) fn list(&self) -> Option<(usize, usize)> {
        match self.list {
            Value::At(start, end) => Some((start, end)),
            _ => None,
        }
    }

    /// Looks at the text up to `end`.
    pub(super) fn look(&mut self, text: &[u8], end: usize) -> Result<()> {
        let text = text.get(..end).unwrap_or(text);
        while self.at < text.len() {
            match self.string {
                Some(string) => self.inside(text, string),
                None => self.outside(text)?,
            }
        }
        Ok(())
    }

    fn inside(&mut self, text: &[u8], mut string: Text) {
        let rest = text.get(self.at..).unwrap_or_default();
        if string.is_escaped {
            string.is_escaped = false;
            self.string = Some(string);
            self.at += 1;
            return;
        }
        let Some(found) = memchr2(b'"', b'\\', rest) else {
            self.at = text.len();
            return;
        };
        let at = self.at + found;
        self.at = at + 1;
        if text.get(at) == Some(&b'"') {
            self.string = None;
            self.on_string(text, string, at);
        } else {
            self.string = Some(Text { has_escape: true, is_escaped: true, ..string });
        }
    }

    /// A string of the message's own object has ended at `end`.
    fn on_string(&mut self, text: &[u8], string: Text, end: usize) {
        if self.depth != 1 {
            return;
        }
        if self.tag == Value::Next {
            self.tag = Value::At(string.start - 1, end + 1);
        } else if self.list == Value::Next {
            self.list = Value::Bad;
        } else if self.is_key_next {
            let key = text.get(string.start..end).unwrap_or_default();
            let is = |name: &str| {
                if !string.has_escape {
                    return key == name.as_bytes();
                }
                let quoted = text.get(string.start - 1..end + 1).unwrap_or_default();
                key.len() <= KEY_BYTES_MAX
                    && serde_json::from_slice::<String>(quoted).is_ok_and(|key| key == name)
            };
            self.is_unknown = !string.has_escape && !(self.knows)(key);
            self.about_next = match key {
                b"id" | b"mutation" => Some(|about| &mut about.id),
                b"terminal" => Some(|about| &mut about.terminal),
                _ => None,
            };
            // Without a colon there is no value to leave out.
            self.value_from = usize::MAX;
            if self.tag == Value::Missing && is("type") {
                self.tag = Value::Next;
            } else if self.list == Value::Missing && is("ops") {
                self.list = Value::Next;
            }
        }
        self.is_key_next = false;
    }

    /// Goes on to the next string, or to the end.
    fn outside(&mut self, text: &[u8]) -> Result<()> {
        while let Some(byte) = text.get(self.at) {
            self.at += 1;
            self.has_more |= self.end.is_some() && !byte.is_ascii_whitespace();
            match byte {
                b'"' => {
                    let start = self.at;
                    self.string = Some(Text { start, has_escape: false, is_escaped: false });
                    return Ok(());
                }
                b' ' | b'\n' | b'\r' | b'\t' => continue,
                b':' => {
                    if self.depth == 1 && self.value_from == usize::MAX {
                        self.value_from = self.at;
                    }
                    continue;
                }
                b'{' | b'[' => {
                    if *byte == b'[' && self.depth == 1 && self.list == Value::Next {
                        self.list = Value::From(self.at - 1);
                    }
                    self.depth += 1;
                    self.mark()?;
                    if self.depth > DEPTH_MAX {
                        return Err(malformed(format_args!("recursion limit exceeded")));
                    }
                    self.is_key_next = self.depth == 1 && *byte == b'{';
                }
                b'}' | b']' => {
                    if self.depth == 1 {
                        self.end_field(text, self.at - 1)?;
                        self.end.get_or_insert(self.at);
                    }
                    self.depth = self.depth.saturating_sub(1);
                    if let Value::From(start) = self.list
                        && self.depth == 1
                    {
                        self.list = Value::At(start, self.at);
                    }
                }
                b',' => {
                    if self.depth == 1 {
                        self.end_field(text, self.at - 1)?;
                    }
                    self.mark()?;
                    self.is_key_next = self.depth == 1;
                }
                _ => {}
            }
            for value in [&mut self.tag, &mut self.list] {
                if *value == Value::Next {
                    *value = Value::Bad;
                }
            }
        }
        Ok(())
    }

    /// A field of the message's own object has ended: what nobody knows is left out if it is long.
    fn end_field(&mut self, text: &[u8], end: usize) -> Result<()> {
        if let Some(place) = self.about_next.take() {
            let value = text.get(self.value_from..end).and_then(number);
            let place = place(&mut self.about);
            *place = place.or(value);
        }
        if !std::mem::take(&mut self.is_unknown) {
            return Ok(());
        }
        let marks = std::mem::take(&mut self.unknown_marks);
        if end.saturating_sub(self.value_from) > SKIP_BYTES {
            self.skips.push((self.value_from, end));
            return Ok(());
        }
        (0..marks).try_for_each(|_| self.mark())
    }

    /// Counts a comma or an opened bracket.
    fn mark(&mut self) -> Result<()> {
        if self.is_unknown {
            self.unknown_marks = self.unknown_marks.saturating_add(1);
            return Ok(());
        }
        let marks = match self.list {
            Value::From(_) if self.depth == 2 => {
                self.marks = 0;
                return Ok(());
            }
            Value::From(_) => &mut self.marks,
            _ => &mut self.outer_marks,
        };
        *marks += 1;
        if *marks > self.marks_max {
            let message =
                format!("one piece of the message has more than {} values", self.marks_max);
            return Err(DecodeError { kind: DecodeErrorKind::TooBig, message });
        }
        Ok(())
    }
}

/// A value that is a whole number and nothing else.
fn number(value: &[u8]) -> Option<u64> {
    let value = value.trim_ascii();
    let is_number =
        value.iter().all(u8::is_ascii_digit) && (value.len() == 1 || !value.starts_with(b"0"));
    std::str::from_utf8(value).ok().filter(|_| is_number)?.parse().ok()
}

/// Where the element of a list that begins at `at` ends: at the comma or the bracket after it.
pub(super) fn element_end(text: &[u8], mut at: usize) -> usize {
    let mut depth = 0u32;
    while let Some(byte) = text.get(at) {
        match byte {
            b',' | b']' if depth == 0 => break,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => at = string_end(text, at + 1),
            _ => {}
        }
        at += 1;
    }
    at
}

/// Where the quotation mark stands that ends a string.
fn string_end(text: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        at += found;
        if text.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    text.len()
}

//! The parser: the state machine of VT500 terminals over UTF-8.
//!
//! ```text
//!            ┌────────────────── ground ◀──────────────────┐
//!   print ◀──┤  ESC                                        │ final byte, CAN, SUB
//!   control ◀┘      ▼                                      │
//!              escape ──[──▶ CSI: parameters, intermediates┤──▶ csi
//!                 │ ├──────▶ intermediates ────────────────┤──▶ esc
//!                 │ └─P─▶ DCS: the same head ─▶ string ────┤──▶ string
//!                 └─] X ^ _ ──────────────────▶ string ────┘
//! ```
//!
//! UTF-8 is decoded first: a byte of 0x80 to 0x9F inside a character is text, also in a string. As in xterm
//! in UTF-8 mode there are no C1 controls: U+0080 to U+009F are ignored. Invalid UTF-8 gives U+FFFD for each
//! maximal part, as the Unicode standard recommends. Where the input is cut makes no difference to what is
//! done, but for how printable text is divided into runs.
//!
//! A string is handed over when it is complete. It ends with ST (BEL also ends an OSC); CAN and SUB, and ESC
//! before anything but `\`, abort it, and nothing is handed over. Of a string of more than
//! [`STRING_BYTES_MAX`](strings::STRING_BYTES_MAX) only the fact is reported.
//!
//! The parser also knows where a stream may be cut: [`ground_offset`](Parser::ground_offset).

mod actions;
mod params;
mod scan;
mod strings;
#[cfg(test)]
mod tests;
mod utf8;

pub(crate) use self::actions::{Actions, ControlString, Head, StringKind};
pub(crate) use self::params::Params;

const CAN: u8 = 0x18;
const SUB: u8 = 0x1A;
const ESC: u8 = 0x1B;
const BEL: u8 = 0x07;
const DEL: u8 = 0x7F;

/// The byte that begins U+0080 to U+00BF, of which the first half are controls. It is never inside a
/// character.
const C1_LEAD: u8 = 0xC2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ground,
    Escape,
    EscapeIntermediate,
    /// In the head of a control sequence or, with `is_dcs`, of a DCS string.
    Entry,
    Parameter,
    Intermediate,
    /// A malformed control sequence.
    Ignore,
    /// In the body of a string.
    Body,
    /// ESC in a string: `\` ends it, anything else aborts it.
    BodyEscape,
}

/// See the module's documentation.
pub(crate) struct Parser {
    state: State,
    /// The head belongs to a DCS string.
    is_dcs: bool,
    head: Head,
    kind: StringKind,
    last: u8,
    /// A DCS string with a malformed head, which is skipped.
    is_skipped: bool,
    body: Vec<u8>,
    is_overlong: bool,
    /// Offset after the last byte.
    offset: u64,
    /// Offset of the byte with which the ground state was left.
    left_ground: u64,
    /// The beginning of a character whose end is still to come; in the ground state.
    partial: [u8; 4],
    partial_len: usize,
}

impl Parser {
    /// Begins in the ground state at `offset`.
    pub(crate) fn new(offset: u64) -> Self {
        Parser {
            state: State::Ground,
            is_dcs: false,
            head: Head::default(),
            kind: StringKind::Osc,
            last: 0,
            is_skipped: false,
            body: Vec::new(),
            is_overlong: false,
            offset,
            left_ground: offset,
            partial: [0; 4],
            partial_len: 0,
        }
    }

    /// Offset after the last byte.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The last offset so far at which the stream may be cut: in the ground state, between characters.
    pub(crate) fn ground_offset(&self) -> u64 {
        if self.is_in_sequence() { self.left_ground } else { self.offset - self.partial_len as u64 }
    }

    /// Whether a sequence has begun and not ended.
    pub(crate) fn is_in_sequence(&self) -> bool {
        self.state != State::Ground
    }

    /// Bytes that it has allocated.
    pub(crate) fn bytes(&self) -> usize {
        self.body.capacity()
    }

    /// What makes another parser go on from [`offset`](Self::offset) as this one does, when it does not
    /// get what was before: the beginning of a sequence of the same kind, one that asks for nothing.
    pub(crate) fn resumption(&self) -> Vec<u8> {
        let beginning: &[u8] = match (self.state, self.kind) {
            (State::Ground, _) => self.partial.get(..self.partial_len).unwrap_or(&[]),
            (State::Escape, _) => b"\x1b",
            // More intermediates than any sequence has.
            (State::EscapeIntermediate, _) => b"\x1b ,,",
            (State::Entry | State::Parameter | State::Intermediate, _) if self.is_dcs => b"\x1bP<",
            (State::Entry | State::Parameter | State::Intermediate | State::Ignore, _) => {
                b"\x1b[<<"
            }
            (State::Body, StringKind::Osc) => b"\x1b]0000;",
            (State::Body, StringKind::Dcs) => b"\x1bP0z",
            (State::Body, _) => b"\x1b_",
            (State::BodyEscape, _) => b"\x1b_\x1b",
        };
        beginning.to_vec()
    }

    /// Takes the next bytes of the stream apart, until the actions are spent. Gives how many bytes these are: at
    /// least one, all of them if the actions are never spent.
    pub(crate) fn advance(&mut self, bytes: &[u8], actions: &mut impl Actions) -> usize {
        let base = self.offset;
        let mut at = 0;
        if self.partial_len > 0 {
            at = self.complete_character(bytes, actions);
        }
        while at < bytes.len() && !(at > 0 && actions.is_spent()) {
            at = match self.state {
                State::Ground => self.ground(bytes, at, base, actions),
                State::Body => self.continue_string(bytes, at, base, actions),
                _ => self.sequence(bytes, at, base, actions),
            };
        }
        self.offset = base + at as u64;
        at
    }

    /// In the ground state from `at` on; returns where it was left.
    fn ground(
        &mut self,
        bytes: &[u8],
        mut at: usize,
        base: u64,
        actions: &mut impl Actions,
    ) -> usize {
        loop {
            let rest = bytes.get(at..).unwrap_or(&[]);
            let plain = scan::ascii(rest);
            if plain > 0 {
                let printed = actions.print_ascii(rest.get(..plain).unwrap_or(&[]));
                at += printed;
                if printed < plain {
                    return at;
                }
            }
            let rest = rest.get(plain..).unwrap_or(&[]);
            match rest {
                [] => return at,
                [ESC, b'[', tail @ ..] => {
                    let start = base + at as u64;
                    if let Some((params, len)) = scan::rendition(tail)
                        && actions.render(params)
                    {
                        at += len + 3;
                        actions.ended(start, base + at as u64);
                        continue;
                    }
                    self.begin(start);
                    at = self.control_sequence(bytes, at + 2, base, actions);
                    if self.is_in_sequence() || actions.is_spent() {
                        return at;
                    }
                }
                [ESC, ..] => {
                    self.begin(base + at as u64);
                    return at + 1;
                }
                [DEL, ..] => at += 1,
                [byte @ ..0x20, ..] => {
                    actions.control(*byte);
                    at += 1;
                    if actions.is_spent() {
                        return at;
                    }
                }
                [C1_LEAD, 0x80..=0x9F, ..] => at += 2,
                _ => {
                    at += self.text(rest, actions);
                    if actions.is_spent() {
                        return at;
                    }
                }
            }
        }
    }

    /// A control sequence, its usual form at once: a private marker, parameters, a final byte.
    #[inline]
    fn control_sequence(
        &mut self,
        bytes: &[u8],
        mut at: usize,
        base: u64,
        actions: &mut impl Actions,
    ) -> usize {
        let start = at;
        if let Some(marker @ b'<'..=b'?') = bytes.get(at) {
            self.head.prefix = *marker;
            at += 1;
        }
        at = self.head.params.read(bytes, at);
        self.is_dcs = false;
        self.state = if at > start { State::Parameter } else { State::Entry };
        match bytes.get(at) {
            Some(last @ 0x40..=0x7E) => {
                self.end_head(*last, base + at as u64 + 1, actions);
                at + 1
            }
            _ => at,
        }
    }

    /// Prints characters at the beginning of these bytes, of which the first is printable or not complete; returns the
    /// length of what is done.
    fn text(&mut self, bytes: &[u8], actions: &mut impl Actions) -> usize {
        let mut chars = ['\0'; utf8::BATCH];
        let (count, len) = utf8::decode(bytes, &mut chars);
        if count == 0 {
            return self.single(bytes, actions);
        }
        let chars = chars.get(..count).unwrap_or(&[]);
        match actions.print(chars) {
            printed if printed == count => len,
            printed => chars.iter().take(printed).map(|c| c.len_utf8()).sum(),
        }
    }

    /// The same for a single character: the last one of the input, or an invalid one.
    fn single(&mut self, bytes: &[u8], actions: &mut impl Actions) -> usize {
        let first = bytes.get(..4).unwrap_or(bytes);
        let (valid, error_len) = match std::str::from_utf8(first) {
            Ok(valid) => (valid, None),
            Err(error) => {
                let valid = first.get(..error.valid_up_to()).unwrap_or(&[]);
                (std::str::from_utf8(valid).unwrap_or(""), error.error_len())
            }
        };
        if let Some(c) = valid.chars().next() {
            actions.print(&[c]);
            return c.len_utf8();
        }
        if let Some(invalid) = error_len {
            actions.print(&[char::REPLACEMENT_CHARACTER]);
            return invalid;
        }
        self.hold(first);
        first.len()
    }

    /// Keeps the beginning of a character.
    fn hold(&mut self, beginning: &[u8]) {
        for (place, byte) in self.partial.iter_mut().zip(beginning) {
            *place = *byte;
        }
        self.partial_len = beginning.len();
    }

    /// Goes on with the character that the last bytes began; returns how many of these bytes belong to it.
    fn complete_character(&mut self, bytes: &[u8], actions: &mut impl Actions) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            let mut character = self.partial;
            let Some(place) = character.get_mut(self.partial_len) else { break };
            *place = *byte;
            let len = self.partial_len + 1;
            match std::str::from_utf8(character.get(..len).unwrap_or(&[])) {
                Ok(text) => {
                    self.partial_len = 0;
                    if let Some(c) = text.chars().next().filter(|c| !c.is_control()) {
                        actions.print(&[c]);
                    }
                    return at + 1;
                }
                Err(error) if error.error_len().is_none() => {
                    (self.partial, self.partial_len) = (character, len);
                }
                Err(_) => {
                    // It never ends; the byte is looked at again.
                    self.partial_len = 0;
                    actions.print(&[char::REPLACEMENT_CHARACTER]);
                    return at;
                }
            }
        }
        bytes.len()
    }

    /// Leaves the ground state at `offset`.
    fn begin(&mut self, offset: u64) {
        self.left_ground = offset;
        self.introduce();
    }

    fn introduce(&mut self) {
        self.state = State::Escape;
        self.head.clear();
    }

    /// In a sequence from `at` on; returns where it ended or a string's body begins.
    fn sequence(
        &mut self,
        bytes: &[u8],
        mut at: usize,
        base: u64,
        actions: &mut impl Actions,
    ) -> usize {
        loop {
            if matches!(self.state, State::Entry | State::Parameter) {
                let start = at;
                at = self.head.params.read(bytes, at);
                if at > start {
                    self.state = State::Parameter;
                }
            }
            let Some(byte) = bytes.get(at) else { return at };
            at += 1;
            self.step(*byte, base + at as u64, actions);
            if matches!(self.state, State::Ground | State::Body) {
                return at;
            }
        }
    }

    /// One byte of a sequence. `end`: the offset behind it.
    #[inline]
    fn step(&mut self, byte: u8, end: u64, actions: &mut impl Actions) {
        match byte {
            0x40..=0x7E
                if matches!(self.state, State::Entry | State::Parameter | State::Intermediate) =>
            {
                self.end_head(byte, end, actions);
            }
            ESC if self.state == State::BodyEscape => {}
            ESC => self.introduce(),
            CAN | SUB => {
                self.end_sequence(end, actions);
                actions.control(byte);
            }
            ..0x20 => {
                // A DCS string's head has none.
                let is_head =
                    matches!(self.state, State::Entry | State::Parameter | State::Intermediate);
                if !(is_head && self.is_dcs) {
                    actions.control(byte);
                }
            }
            // DEL, and what is not ASCII, is ignored in a sequence.
            DEL.. => {}
            _ => self.graphic(byte, end, actions),
        }
    }

    /// A byte of 0x20 to 0x7E in a sequence; no final byte of a head.
    fn graphic(&mut self, byte: u8, end: u64, actions: &mut impl Actions) {
        match (self.state, byte) {
            (State::BodyEscape, b'\\') => self.end_string(false, end, actions),
            (State::BodyEscape, _) => {
                // The string is aborted.
                self.drop_body();
                self.introduce();
                self.escape(byte, end, actions);
            }
            (State::Escape | State::EscapeIntermediate, _) => self.escape(byte, end, actions),
            (State::Entry, b'<'..=b'?') => {
                self.head.prefix = byte;
                self.state = State::Parameter;
            }
            (State::Entry | State::Parameter | State::Intermediate, 0x20..=0x2F) => {
                self.head.collect(byte);
                self.state = State::Intermediate;
            }
            (State::Ignore, 0x40..) => self.end_sequence(end, actions),
            (State::Parameter | State::Intermediate, _) if self.is_dcs => {
                self.begin_string(StringKind::Dcs);
                self.is_skipped = true;
            }
            (State::Entry | State::Parameter | State::Intermediate, _) => {
                self.state = State::Ignore
            }
            _ => {}
        }
    }

    /// A byte of 0x20 to 0x7E behind ESC and perhaps intermediates.
    fn escape(&mut self, byte: u8, end: u64, actions: &mut impl Actions) {
        if byte < 0x30 {
            self.head.collect(byte);
            self.state = State::EscapeIntermediate;
            return;
        }
        match byte {
            _ if self.state == State::EscapeIntermediate => {
                if !self.head.is_malformed {
                    actions.esc(self.head.intermediates(), byte);
                }
                self.end_sequence(end, actions);
            }
            b'[' | b'P' => {
                self.state = State::Entry;
                self.is_dcs = byte == b'P';
            }
            b']' => self.begin_string(StringKind::Osc),
            b'X' => self.begin_string(StringKind::Sos),
            b'^' => self.begin_string(StringKind::Pm),
            b'_' => self.begin_string(StringKind::Apc),
            _ => {
                actions.esc(&[], byte);
                self.end_sequence(end, actions);
            }
        }
    }

    /// The final byte of a control sequence or of a DCS string's head.
    #[inline]
    fn end_head(&mut self, byte: u8, end: u64, actions: &mut impl Actions) {
        self.head.params.finish(false);
        if self.is_dcs {
            self.begin_string(StringKind::Dcs);
            self.last = byte;
            self.is_skipped = self.head.is_malformed;
            return;
        }
        if !self.head.is_malformed {
            actions.csi(&self.head, byte);
        }
        self.end_sequence(end, actions);
    }

    #[inline]
    fn end_sequence(&mut self, end: u64, actions: &mut impl Actions) {
        self.state = State::Ground;
        actions.ended(self.left_ground, end);
    }
}

//! What stands in front of the parser: a state machine that knows where sequences begin and end.
//!
//! It follows the parser's states exactly (a property test compares the two) and is there for three
//! reasons: the parser's strings have no bound, so only the first 64 KiB of one get through; the
//! parser ignores some OSC strings that we read; and a stream may be cut only where the parser is in
//! its ground state and between characters, which the parser does not tell.

use memchr::memchr;

/// Bytes of one OSC, DCS, SOS, PM or APC string that reach the parser. The rest of the string is
/// dropped, and what such a string asks for is not done.
const STRING_BYTES_MAX: usize = 64 << 10;

/// Bytes that are kept of an OSC string for [`Sink::osc`].
const OSC_BYTES_MAX: usize = 8 << 10;

/// Capacity that is kept for the next OSC string.
const OSC_CAPACITY_IDLE: usize = 256;

const CAN: u8 = 0x18;
const SUB: u8 = 0x1A;
const ESC: u8 = 0x1B;
const BEL: u8 = 0x07;

/// Where the parts of a stream go.
pub(super) trait Sink {
    /// Bytes for the parser, in order.
    fn parse(&mut self, bytes: &[u8]);
    /// The end of a string that did not get through whole.
    fn parse_end_of_overlong(&mut self, bytes: &[u8]);
    /// The last byte of a sequence that repeats the character before it, perhaps many times.
    fn parse_repeat(&mut self, bytes: &[u8]);
    /// An OSC string without its introducer and end.
    fn osc(&mut self, string: &[u8]);
    /// What was passed on last may have ended with a question: the sequence between these offsets.
    fn asked(&mut self, from: u64, to: u64);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ground,
    Escape,
    EscapeIntermediate,
    Csi,
    Osc,
    /// Before the byte that ends the head of a DCS string.
    DcsEntry,
    DcsParameter,
    DcsIntermediate,
    DcsPassthrough,
    /// SOS, PM, APC, and a DCS string with a malformed head.
    OtherString,
}

/// See the module's documentation.
pub(super) struct Scanner {
    state: State,
    /// Offset after the last byte that was scanned.
    offset: u64,
    /// Offset of the byte with which the parser left its ground state.
    left_ground: u64,
    /// Bytes of the string so far.
    string_len: usize,
    osc: Vec<u8>,
    /// The beginning of a character whose end is still to come.
    partial: [u8; 4],
    partial_len: usize,
}

impl Scanner {
    /// Begins in the ground state at `offset`.
    pub(super) fn new(offset: u64) -> Self {
        Scanner {
            state: State::Ground,
            offset,
            left_ground: offset,
            string_len: 0,
            osc: Vec::new(),
            partial: [0; 4],
            partial_len: 0,
        }
    }

    /// Offset after the last byte that was scanned.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The last offset so far at which the stream may be cut.
    pub(super) fn ground_offset(&self) -> u64 {
        if self.state == State::Ground {
            self.offset - self.partial_len as u64
        } else {
            self.left_ground
        }
    }

    /// Whether a sequence has begun and not ended.
    pub(super) fn is_in_sequence(&self) -> bool {
        self.state != State::Ground
    }

    /// What makes another parser go on from [`offset`](Self::offset) as ours does, when it does not
    /// get what was before: the beginning of a string of the same kind, one that nobody understands.
    /// Empty where there is none.
    pub(super) fn resumption(&self) -> &'static [u8] {
        match self.state {
            State::Osc => b"\x1b]0000;",
            State::DcsPassthrough => b"\x1bP0z",
            State::OtherString => b"\x1b_",
            _ => b"",
        }
    }

    /// Takes the next bytes of the stream apart.
    pub(super) fn scan(&mut self, bytes: &[u8], sink: &mut impl Sink) {
        let base = self.offset;
        self.offset += bytes.len() as u64;
        let mut at = self.complete_partial(bytes, sink);
        if self.partial_len > 0 {
            return;
        }
        // Everything before it has been passed on.
        let mut passed = at;
        while at < bytes.len() {
            if self.state == State::Ground {
                let Some(escape) = memchr(ESC, &bytes[at..]) else { break };
                at += escape;
                self.left_ground = base + at as u64;
                self.state = State::Escape;
                at += 1;
                continue;
            }
            let (was, was_overlong) = (self.state, self.is_overlong());
            self.state = was.after(bytes[at]);
            at += 1;
            let new = &bytes[passed..at];
            let is_passed = match (was, self.state) {
                (State::Csi, State::Ground) => self.end_sequence(new, base + at as u64, sink),
                (was, now) if now.is_string() && was == now => {
                    self.continue_string(was_overlong, new, sink)
                }
                (_, now) if now.is_string() => {
                    self.string_len = 0;
                    self.osc.clear();
                    false
                }
                (was, _) if was.is_string() => {
                    self.end_string(was, was_overlong, new, base + at as u64, sink)
                }
                _ => false,
            };
            if is_passed {
                passed = at;
            }
        }
        if self.state == State::Ground {
            self.partial_len = incomplete_tail(&bytes[passed..]);
        }
        let end = bytes.len() - self.partial_len;
        self.partial[..self.partial_len].copy_from_slice(&bytes[end..]);
        sink.parse(&bytes[passed..end]);
    }

    /// A CSI sequence has ended with the last of these bytes. Whether they have been passed on.
    fn end_sequence(&self, new: &[u8], offset: u64, sink: &mut impl Sink) -> bool {
        let Some((last, before)) = new.split_last() else { return false };
        match last {
            b'b' => {
                sink.parse(before);
                sink.parse_repeat(&[*last]);
            }
            // DA, DSR, DECRQM, kitty keyboard, sizes; more frequent sequences are no questions.
            b'c' | b'n' | b'p' | b'u' | b't' => {
                sink.parse(new);
                sink.asked(self.left_ground, offset);
            }
            _ => return false,
        }
        true
    }

    /// One more byte of a string. Whether these bytes have been passed on, or dropped.
    fn continue_string(&mut self, was_overlong: bool, new: &[u8], sink: &mut impl Sink) -> bool {
        self.string_len += 1;
        if self.state == State::Osc && self.osc.len() < OSC_BYTES_MAX {
            self.osc.extend(new.last());
        }
        if !was_overlong && self.is_overlong() {
            sink.parse(new);
        }
        self.is_overlong()
    }

    /// A string has ended with the last of these bytes. Whether they have been passed on.
    fn end_string(
        &mut self,
        was: State,
        was_overlong: bool,
        new: &[u8],
        offset: u64,
        sink: &mut impl Sink,
    ) -> bool {
        let byte = new.last().copied().unwrap_or(CAN);
        if was_overlong {
            sink.parse_end_of_overlong(&[byte]);
        } else if was == State::Osc {
            sink.parse(new);
            // An ESC stays in the stream: it begins the ST.
            sink.asked(self.left_ground, offset - u64::from(byte == ESC));
            if matches!(byte, BEL | ESC) {
                sink.osc(&self.osc);
            }
        }
        self.osc.clear();
        self.osc.shrink_to(OSC_CAPACITY_IDLE);
        self.string_len = 0;
        was_overlong || was == State::Osc
    }

    /// Passes on the character that the last bytes began; returns how many of these bytes belong to
    /// it.
    fn complete_partial(&mut self, bytes: &[u8], sink: &mut impl Sink) -> usize {
        if self.partial_len == 0 {
            return 0;
        }
        let held = self.partial_len;
        for (taken, byte) in bytes.iter().enumerate() {
            self.partial[held + taken] = *byte;
            let character = &self.partial[..=held + taken];
            match std::str::from_utf8(character) {
                Ok(_) => {
                    sink.parse(character);
                    self.partial_len = 0;
                    return taken + 1;
                }
                Err(error) if error.error_len().is_none() => self.partial_len += 1,
                Err(_) => {
                    // It never ends; the parser sees what comes instead.
                    sink.parse(&self.partial[..held + taken]);
                    self.partial_len = 0;
                    return taken;
                }
            }
        }
        bytes.len()
    }

    fn is_overlong(&self) -> bool {
        self.state.is_string() && self.string_len >= STRING_BYTES_MAX
    }
}

impl State {
    fn is_string(self) -> bool {
        matches!(self, State::Osc | State::DcsPassthrough | State::OtherString)
    }

    /// The state after one more byte, outside the ground state.
    fn after(self, byte: u8) -> State {
        match (self, byte) {
            (State::Escape, ESC) => State::Escape,
            (_, ESC) => State::Escape,
            (_, CAN | SUB) => State::Ground,
            (State::Escape, 0x20..=0x2F) => State::EscapeIntermediate,
            (State::Escape, b'[') => State::Csi,
            (State::Escape, b']') => State::Osc,
            (State::Escape, b'P') => State::DcsEntry,
            (State::Escape, b'X' | b'^' | b'_') => State::OtherString,
            (State::Escape | State::EscapeIntermediate, 0x30..=0x7E) => State::Ground,
            (State::Csi, 0x40..=0x7E) => State::Ground,
            (State::Osc, BEL) => State::Ground,
            (State::DcsPassthrough, 0x9C) => State::Ground,
            (State::DcsEntry | State::DcsParameter | State::DcsIntermediate, 0x40..=0x7E) => {
                State::DcsPassthrough
            }
            (State::DcsEntry | State::DcsParameter, 0x20..=0x2F) => State::DcsIntermediate,
            (State::DcsEntry, 0x30..=0x3F) => State::DcsParameter,
            (State::DcsParameter, 0x3C..=0x3F) => State::OtherString,
            (State::DcsIntermediate, 0x30..=0x3F) => State::OtherString,
            (state, _) => state,
        }
    }
}

/// Bytes at the end that begin a character and do not end it.
fn incomplete_tail(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    // The last byte that is not a continuation begins the last character.
    let Some(lead) = tail.iter().rposition(|byte| !(0x80..=0xBF).contains(byte)) else { return 0 };
    match std::str::from_utf8(&tail[lead..]) {
        Err(error) if error.valid_up_to() == 0 && error.error_len().is_none() => tail.len() - lead,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alacritty_terminal::vte::{Params, Parser, Perform};
    use proptest::prelude::*;

    /// Collects what gets through.
    #[derive(Default)]
    struct Collected {
        parsed: Vec<u8>,
        overlong_ends: usize,
        strings: Vec<Vec<u8>>,
    }

    impl Sink for Collected {
        fn parse(&mut self, bytes: &[u8]) {
            self.parsed.extend_from_slice(bytes);
        }
        fn parse_end_of_overlong(&mut self, bytes: &[u8]) {
            self.overlong_ends += 1;
            self.parsed.extend_from_slice(bytes);
        }
        fn parse_repeat(&mut self, bytes: &[u8]) {
            assert_eq!(bytes, b"b");
            self.parsed.extend_from_slice(bytes);
        }
        fn osc(&mut self, string: &[u8]) {
            self.strings.push(string.to_vec());
        }
        fn asked(&mut self, from: u64, to: u64) {
            assert!(from < to);
        }
    }

    /// Whether the parser is in its ground state: it prints what comes next.
    fn parser_is_in_ground(bytes: &[u8]) -> bool {
        struct Last(Option<char>);
        impl Perform for Last {
            fn print(&mut self, c: char) {
                self.0 = Some(c);
            }
            fn csi_dispatch(&mut self, _: &Params, _: &[u8], _: bool, _: char) {
                self.0 = None;
            }
        }
        let (mut parser, mut last) = (Parser::new(), Last(None));
        parser.advance(&mut last, bytes);
        last.0 = None;
        parser.advance(&mut last, b"~");
        last.0 == Some('~')
    }

    fn alphabet() -> impl Strategy<Value = Vec<u8>> {
        let special = prop_oneof![
            Just(ESC),
            Just(ESC),
            Just(ESC),
            Just(b'['),
            Just(b']'),
            Just(b'P'),
            Just(b'_'),
            Just(b'X'),
            Just(BEL),
            Just(b'\\'),
            Just(CAN),
            Just(SUB),
            Just(0x9C),
            Just(b'b'),
            Just(b';'),
            Just(b'1'),
            Just(b'?'),
            Just(b' '),
            Just(b'm'),
            Just(0x7F),
            Just(0xC2),
            Just(0xE2),
            Just(0x82),
            Just(0xAC),
            Just(0xF0),
            Just(0x9F),
            Just(0x80),
            Just(b'\n'),
            any::<u8>(),
        ];
        prop::collection::vec(special, 0..40)
    }

    proptest! {
        /// At every byte: the parser's ground state is ours, and cuts lie between characters.
        #[test]
        fn ground_is_where_the_parser_is_in_ground(bytes in alphabet()) {
            let mut scanner = Scanner::new(0);
            let mut collected = Collected::default();
            for end in 1..=bytes.len() {
                scanner.scan(&bytes[end - 1..end], &mut collected);
                prop_assert_eq!(scanner.offset(), end as u64);
                let is_ground = scanner.state == State::Ground;
                prop_assert_eq!(is_ground, parser_is_in_ground(&bytes[..end]), "{:?}", &bytes[..end]);
                let cut = scanner.ground_offset() as usize;
                prop_assert!(parser_is_in_ground(&bytes[..cut]));
                if is_ground {
                    prop_assert_eq!(end - cut, incomplete_tail(&bytes[..end]).min(scanner.partial_len));
                }
            }
        }

        /// Short strings get through unchanged, however the stream is split.
        #[test]
        fn the_parser_gets_everything(bytes in alphabet(), splits in prop::collection::vec(0..40usize, 0..6)) {
            let mut scanner = Scanner::new(7);
            let mut collected = Collected::default();
            let mut at = 0;
            for split in splits.iter().copied().chain([bytes.len()]) {
                let end = split.clamp(at, bytes.len());
                scanner.scan(&bytes[at..end], &mut collected);
                at = end;
            }
            let held = if scanner.state == State::Ground { scanner.partial_len } else { 0 };
            prop_assert_eq!(&collected.parsed[..], &bytes[..bytes.len() - held]);
            prop_assert_eq!(scanner.offset(), 7 + bytes.len() as u64);
        }
    }

    #[test]
    fn osc_strings_are_told() {
        let mut scanner = Scanner::new(0);
        let mut collected = Collected::default();
        scanner.scan(b"a\x1b]7;file:///x\x07b\x1b]133;A\x1b\\c\x1b]9;cut\x18d", &mut collected);
        assert_eq!(collected.strings, [&b"7;file:///x"[..], b"133;A"]);
    }

    #[test]
    fn long_strings_are_cut_and_marked() {
        for introducer in [&b"\x1b]0;"[..], b"\x1bP1q", b"\x1b_", b"\x1bX"] {
            let mut scanner = Scanner::new(0);
            let mut collected = Collected::default();
            scanner.scan(introducer, &mut collected);
            for _ in 0..1000 {
                scanner.scan(&[b'x'; 1000], &mut collected);
                assert_eq!(scanner.ground_offset(), 0);
            }
            assert!(collected.parsed.len() <= STRING_BYTES_MAX + introducer.len());
            scanner.scan(b"\x1b\\", &mut collected);
            assert_eq!(collected.overlong_ends, 1);
            assert!(collected.strings.is_empty() && scanner.osc.capacity() <= OSC_BYTES_MAX * 2);
            assert_eq!(scanner.ground_offset(), scanner.offset());
            scanner.scan(b"after", &mut collected);
            assert!(collected.parsed.ends_with(b"\x1b\\after"));
        }
    }
}

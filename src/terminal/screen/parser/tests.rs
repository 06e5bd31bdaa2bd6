//! What the parser makes of streams: tables of cases, and that cutting a stream changes nothing.

use proptest::prelude::*;

use crate::terminal::screen::tests::cases;

use super::strings::{STRING_BYTES_MAX, STRING_CAPACITY_IDLE};
use super::*;

/// An action, as text. Runs of text are joined.
#[derive(Default)]
struct Recorder {
    actions: Vec<String>,
    ended: Vec<(u64, u64)>,
}

impl Recorder {
    fn text(&mut self, text: &str) -> usize {
        assert!(!text.is_empty() && !text.contains(|c: char| c.is_control()));
        match self.actions.last_mut().filter(|last| last.starts_with('"')) {
            Some(last) => last.push_str(text),
            None => self.actions.push(format!("\"{text}")),
        }
        text.len()
    }
}

fn describe(head: &Head) -> String {
    let groups = head
        .params
        .groups()
        .map(|group| group.iter().map(u16::to_string).collect::<Vec<_>>().join(":"));
    let prefix = if head.prefix == 0 { String::new() } else { char::from(head.prefix).to_string() };
    let params = groups.collect::<Vec<_>>().join(";");
    format!("{prefix}{params}{}", String::from_utf8_lossy(head.intermediates()))
}

impl Actions for Recorder {
    fn print_ascii(&mut self, bytes: &[u8]) -> usize {
        assert!(bytes.is_ascii());
        self.text(std::str::from_utf8(bytes).unwrap())
    }
    fn print(&mut self, chars: &[char]) -> usize {
        self.text(&String::from_iter(chars));
        chars.len()
    }
    fn control(&mut self, byte: u8) {
        assert!(byte < 0x20 && byte != ESC);
        self.actions.push(format!("{byte:02x}"));
    }
    fn esc(&mut self, intermediates: &[u8], last: u8) {
        let intermediates = String::from_utf8_lossy(intermediates);
        self.actions.push(format!("ESC {intermediates}{}", char::from(last)));
    }
    fn csi(&mut self, head: &Head, last: u8) {
        self.actions.push(format!("CSI {}{}", describe(head), char::from(last)));
    }
    fn render(&mut self, params: u128) -> bool {
        assert!(params.to_le_bytes().iter().all(|byte| matches!(byte, 0 | b'0'..=b';')));
        false
    }
    fn string(&mut self, string: ControlString<'_>) {
        let body = String::from_utf8_lossy(string.body);
        let head = match string.kind {
            StringKind::Dcs => format!(" {}{}", describe(string.head), char::from(string.last)),
            _ => String::new(),
        };
        let end = if string.by_bell { " BEL" } else { "" };
        self.actions.push(format!("{:?}{head} {body}{end}", string.kind));
    }
    fn overlong(&mut self, kind: StringKind) {
        self.actions.push(format!("overlong {kind:?}"));
    }
    fn ended(&mut self, from: u64, to: u64) {
        assert!(from < to);
        self.ended.push((from, to));
    }
    fn is_spent(&self) -> bool {
        false
    }
}

fn parse(pieces: &[&[u8]]) -> (Recorder, Parser) {
    let (mut parser, mut recorder) = (Parser::new(100), Recorder::default());
    for piece in pieces {
        assert_eq!(parser.advance(piece, &mut recorder), piece.len());
    }
    (recorder, parser)
}

fn check(table: &[(&[u8], &[&str])]) {
    for (bytes, actions) in table {
        let (recorder, _) = parse(&[bytes]);
        assert_eq!(recorder.actions, *actions, "{:?}", String::from_utf8_lossy(bytes));
        let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(parse(&bytewise).0.actions, *actions, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn text_and_controls() {
    check(&[
        (b"plain ~", &["\"plain ~"]),
        (b"a\tb\r\n\x7fc", &["\"a", "09", "\"b", "0d", "0a", "\"c"]),
        ("é日👩".as_bytes(), &["\"é日👩"]),
        (b"\xff\xc3(", &["\"\u{fffd}\u{fffd}("]),
        (b"\xe6\x97\x1bMx", &["\"\u{fffd}", "ESC M", "\"x"]),
        (b"\xf0\x9f\x98\n", &["\"\u{fffd}", "0a"]),
        (b"\xe2\xe2\x82\xacz\xc0\x80", &["\"\u{fffd}€z\u{fffd}\u{fffd}"]),
        // Lone bytes of 80 to 9F are invalid, not controls.
        (b"a\x9b31mb\x85", &["\"a\u{fffd}31mb\u{fffd}"]),
        ("“周”\u{a0}°".as_bytes(), &["\"“周”\u{a0}°"]),
    ]);
}

/// As in xterm in UTF-8 mode.
#[test]
fn c1_controls_are_ignored() {
    check(&[
        ("a\u{85}b\u{84}".as_bytes(), &["\"ab"]),
        ("a\u{9b}31mx".as_bytes(), &["\"a31mx"]),
        ("a\u{9d}2;t\x07b".as_bytes(), &["\"a2;t", "07", "\"b"]),
        ("\x1b]2;日\u{9c}x\x07y".as_bytes(), &["Osc 2;日\u{9c}x BEL", "\"y"]),
        ("\x1b[1\u{9b}2mx".as_bytes(), &["CSI 12m", "\"x"]),
        ("\x1b[1\u{9c}mx".as_bytes(), &["CSI 1m", "\"x"]),
        (b"\xe2\xc2\x9bmx", &["\"\u{fffd}mx"]),
        ("\x1b\u{84}Dx".as_bytes(), &["ESC D", "\"x"]),
    ]);
}

#[test]
fn sequences() {
    check(&[
        (b"\x1b7\x1b(0\x1b#8\x1b%G", &["ESC 7", "ESC (0", "ESC #8", "ESC %G"]),
        (b"\x1b(%5\x1b %,5", &["ESC (%5"]),
        (b"\x1b[m\x1b[1;2H", &["CSI 0m", "CSI 1;2H"]),
        (b"\x1b[38:2::1:2:3;4:3m", &["CSI 38:2:0:1:2:3;4:3m"]),
        (b"\x1b[?25h\x1b[>c\x1b[!p\x1b[?6$p", &["CSI ?25h", "CSI >0c", "CSI 0!p", "CSI ?6$p"]),
        (b"\x1b[1;\nH\x1b[2\x1b[3A", &["0a", "CSI 1;0H", "CSI 3A"]),
        (b"\x1b[12\x18x\x1b[12\x1ax\x1b\x18y", &["18", "\"x", "1a", "\"x", "18", "\"y"]),
        // Malformed ones are ignored as a whole.
        (b"\x1b[1?2hx\x1b[1 2qx\x1b[<<0mx\x1b[ !!px", &["\"xxxx"]),
        (b"\x1b[1\x7f2\xff3\xe93mx", &["CSI 1233m", "\"x"]),
        (b"\x1b\x1b\x1bMx", &["ESC M", "\"x"]),
        (b"\x1b[99999999999999999999A", &["CSI 65535A"]),
    ]);
}

#[test]
fn strings() {
    check(&[
        (b"\x1b]0;t\x07x", &["Osc 0;t BEL", "\"x"]),
        (b"\x1b]0;t\x1b\\x", &["Osc 0;t", "\"x"]),
        (b"\x1b]\x07\x1b]2;a\tb\r\x07", &["Osc  BEL", "Osc 2;ab BEL"]),
        // A byte 9C inside a character ends nothing.
        ("a\x1bPtmux;say “hi”\x1b\\C".as_bytes(), &["\"a", "Dcs 0t mux;say “hi”", "\"C"]),
        ("\x1b]2;“✓”\x1b\\C".as_bytes(), &["Osc 2;“✓”", "\"C"]),
        (b"\x1bP1;2|a\nb\x07\x1b\\", &["Dcs 1;2| a\nb\x07"]),
        (b"\x1bP+q544e\x1b\\\x1bP>|v\x1b\\", &["Dcs 0+q 544e", "Dcs >0| v"]),
        (b"\x1bP1?2qxx\x1b\\y\x1bP $ \"qxx\x1b\\y", &["\"yy"]),
        (b"\x1b_a\x1b\\\x1b^p\x1b\\\x1bXs\x1b\\", &["Apc a", "Pm p", "Sos s"]),
        // Aborted.
        (b"\x1b]0;t\x18x\x1bPq\x1ax\x1b_\x1b[1mx", &["18", "\"x", "1a", "\"x", "CSI 1m", "\"x"]),
        (b"\x1b]0;t\x1b]2;u\x07x", &["Osc 2;u BEL", "\"x"]),
        (b"\x1b]0;t\x1bDx", &["ESC D", "\"x"]),
        (b"\x1b]0;t\x1b\x1b\\x", &["Osc 0;t", "\"x"]),
    ]);
}

#[test]
fn overlong_strings_are_reported_and_dropped() {
    for (extra, is_overlong) in [(0, false), (1, true), (2, true), (1 << 20, true)] {
        let body = "x".repeat(STRING_BYTES_MAX + extra);
        let stream = format!("\x1bPq{body}\x1b\\y");
        for piece in [1 << 30, 4096, 1] {
            let pieces: Vec<&[u8]> = stream.as_bytes().chunks(piece).collect();
            let (recorder, parser) = parse(&pieces);
            assert_eq!(recorder.actions[0] == "overlong Dcs", is_overlong, "{extra} {piece}");
            assert_eq!(recorder.actions[1..], ["\"y"]);
            assert!(parser.bytes() <= STRING_CAPACITY_IDLE);
        }
    }
}

/// An endless string takes no more memory than one that is kept.
#[test]
fn memory_is_bounded() {
    let (mut parser, mut recorder) = (Parser::new(0), Recorder::default());
    for introducer in ["\x1b]2;", "\x1bPq", "\x1b_", "\x1b[", "\x1b(", "\x1bP1"] {
        parser.advance(introducer.as_bytes(), &mut recorder);
        for _ in 0..100 {
            parser.advance(&[b'1'; 4096], &mut recorder);
            assert!(parser.bytes() <= 4 * STRING_BYTES_MAX);
        }
        parser.advance(b"\x18", &mut recorder);
        assert!(parser.bytes() <= STRING_CAPACITY_IDLE, "{introducer:?}");
    }
}

/// Where a sequence began and ended, and where the stream may be cut meanwhile.
#[test]
fn offsets() {
    type Row<'a> = (&'a [&'a [u8]], &'a [(u64, u64)], u64, u64);
    let table: &[Row<'_>] = &[
        (&[b"abc"], &[], 103, 103),
        (&[b"ab\xe6\x97"], &[], 104, 102),
        (&[b"ab\xe6", b"\x97\xa5"], &[], 105, 105),
        (&[b"a\x1b[", b"6n"], &[(101, 105)], 105, 105),
        (&[b"a\x1b[6"], &[], 104, 101),
        (&[b"a\x1b]2;x\x1b"], &[], 107, 101),
        (&[b"a\x1b]2;x\x1b", b"\\"], &[(101, 108)], 108, 108),
        (&[b"a\xc2", b"\x9b6"], &[], 104, 104),
    ];
    for (pieces, ended, offset, ground) in table {
        let (recorder, parser) = parse(pieces);
        assert_eq!(recorder.ended, *ended, "{pieces:?}");
        assert_eq!((parser.offset(), parser.ground_offset()), (*offset, *ground), "{pieces:?}");
        assert_eq!(parser.is_in_sequence(), ground < offset && parser.partial_len == 0);
    }
}

fn alphabet() -> impl Strategy<Value = Vec<u8>> {
    let special = prop::sample::select(
        b"\x1b\x1b\x1b\x1b[]P_X^\x07\\\\\x18\x1a\x9c\x9b\x90\x85b;:1? $m\x7f\xc2\xc2\xe2\x82\xac\xf0\x9f\x80\n0"
            .to_vec(),
    );
    let word = prop::sample::select(vec![
        "\x1b[1;2m",
        "日本",
        "\u{9b}3A",
        "plain text of a row",
        "\u{9c}",
    ]);
    let piece = prop_oneof![
        6 => special.prop_map(|byte| vec![byte]),
        2 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => word.prop_map(|word| word.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(cases(3000, 20_261_127))]

    /// The same actions, the same offsets, however the stream is cut; and at a cut that
    /// `ground_offset` gives a fresh parser goes on in the same way.
    #[test]
    fn cuts_change_nothing(bytes in alphabet(), cuts in prop::collection::vec(0..90usize, 0..6)) {
        let (whole, parser) = parse(&[&bytes]);
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut at = 0;
        for cut in cuts.iter().copied().chain([bytes.len()]) {
            let end = cut.clamp(at, bytes.len());
            pieces.push(&bytes[at..end]);
            at = end;
        }
        let (split, other) = parse(&pieces);
        prop_assert_eq!(&whole.actions, &split.actions);
        prop_assert_eq!(&whole.ended, &split.ended);
        prop_assert_eq!(parser.ground_offset(), other.ground_offset());
        let cut = (parser.ground_offset() - 100) as usize;
        let (mut first, before) = parse(&[&bytes[..cut]]);
        if before.partial_len > 0 {
            // The byte at the cut has ended a character that was not complete.
            first.text("\u{fffd}");
        }
        let mut fresh = Parser::new(100 + cut as u64);
        fresh.advance(&bytes[cut..], &mut first);
        prop_assert_eq!(whole.actions, first.actions);
        prop_assert_eq!(whole.ended, first.ended);
    }

    /// A parser that begins with the resumption ends a sequence where the other one does.
    #[test]
    fn resumption_is_in_the_same_state(before in alphabet(), after in alphabet()) {
        let (_, mut parser) = parse(&[&before]);
        let (_, mut resumed) = parse(&[&parser.resumption()]);
        let mut recorder = Recorder::default();
        for byte in &after {
            prop_assert_eq!(resumed.is_in_sequence(), parser.is_in_sequence());
            if !parser.is_in_sequence() {
                break;
            }
            parser.advance(&[*byte], &mut recorder);
            resumed.advance(&[*byte], &mut recorder);
        }
    }
}

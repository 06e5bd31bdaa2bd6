//! Random streams: nothing panics at any size, and where the output is cut does not matter.

use proptest::prelude::*;

use crate::terminal::screen::tests::cases;

use super::*;

fn words() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-z ]{1,30}".prop_map(String::into_bytes),
        prop::sample::select(vec![
            "日本語テキスト",
            "e\u{301}o\u{308}\u{323}",
            "👩\u{200d}👩 🎉",
            "🇩🇪🇫🇷",
            "☺\u{fe0f}x",
            "\u{ad}a\u{200b}b",
            "a wide one at the edge 界",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 1..6),
    ]
}

/// Sequences without parameters that mean anything.
fn fixed() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![
        "\r\n",
        "\n",
        "\r",
        "\x08",
        "\t",
        "\x0e",
        "\x0f",
        "\x07",
        "\x0b",
        "\x18",
        "\x1a",
        "\x1b",
        "\x1bM",
        "\x1bD",
        "\x1bE",
        "\x1b6",
        "\x1b7",
        "\x1b8",
        "\x1b9",
        "\x1bH",
        "\x1bN",
        "\x1bO",
        "\x1bV",
        "\x1bW",
        "\x1bn",
        "\x1bo",
        "\x1b(0",
        "\x1b(B",
        "\x1b)0",
        "\x1b*A",
        "\x1b+>",
        "\x1b=",
        "\x1b>",
        "\x1b#8",
        "\x1bc",
        "\x1b[!p",
        "\x1b[?5W",
        "\x1b[0c",
        "\x1b[6n",
        "\x1b[?6n",
        "\x1bP$qm\x1b\\",
        "\x1bP$qr\x1b\\",
        "\x1b]2;a title\x07",
        "\x1b]0;\x1b\\",
        "\x1b]8;;http://example.com\x1b\\",
        "\x1b]8;id=z;u\x07",
        "\x1b]8;;\x07",
        "\x1b]4;1;#102030\x07",
        "\x1b]104\x07",
        "\x1b]4;256;CIELuv:50/.9/-1\x07",
        "\x1b]5;1;TekHVC:200/30/80;1;?\x07",
        "\x1b]105\x07",
        "\x1bP+q436f;zz\x1b\\",
        "\x1bP1$t5;7;1;O;A;H;1;3;L;0<AA\x1b\\",
        "\x1bP2$t3/99999/9\x1b\\",
        "\x1b-A",
        "\x1b[22t",
        "\x1b]133;A\x07",
        "\x1b]133;C\x07",
        "\x1b]133;D;0\x07",
        "\x1b]9;4;1;5\x07",
        "\x1bP1;2q#0~~\x1b\\",
        "\x1b_apc\x1b\\",
        "\x1b]2;“",
    ])
    .prop_map(|text| text.as_bytes().to_vec())
}

/// Control sequences of every kind.
fn csi() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![4 => 0..12u32, 1 => 0..70u32, 1 => 60_000..70_000u32];
    let end = prop::sample::select(vec![
        "@", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "P", "S", "T", "X",
        "Z", "^", "`", "a", "b", "d", "e", "f", "g", "m", "r", "s", "u", " @", " A", " q", "'}",
        "'~", "$x", "$z", "${", "$v", "$r", "$t", "$w", "*x", "*y", "\"q", "\"p", "t",
    ]);
    let private = prop::sample::select(vec![
        "?J", "?K", ">u", "<u", "=u", ">m", ">t", ">T", "?s", "?r", "?$p", "$p",
    ]);
    let plain = (prop::collection::vec(number.clone(), 0..8), end);
    let marked = (prop::collection::vec(number, 0..3), private);
    let list = |numbers: Vec<u32>| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(";");
    prop_oneof![
        5 => plain.prop_map(move |(numbers, end)| format!("\x1b[{}{end}", list(numbers))),
        1 => marked.prop_map(move |(numbers, end)| {
            let at = usize::from(!end.starts_with('$'));
            let (prefix, end) = end.split_at(at);
            format!("\x1b[{prefix}{}{end}", list(numbers))
        }),
    ]
    .prop_map(String::into_bytes)
}

fn modes() -> impl Strategy<Value = Vec<u8>> {
    let mode = prop::sample::select(vec![
        "?1", "?3", "?5", "?6", "?6", "?7", "?12", "?25", "?42", "?45", "?47", "?69", "?69",
        "?1000", "?1006", "?1047", "?1048", "?1049", "?2004", "?2026", "?2027", "?2031", "4", "20",
    ]);
    (mode, any::<bool>())
        .prop_map(|(mode, on)| format!("\x1b[{mode}{}", if on { 'h' } else { 'l' }).into_bytes())
}

fn output() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![4 => words(), 3 => fixed(), 5 => csi(), 2 => modes()];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Text in few styles, which come again and again, and what else sets the pen between them.
fn styled() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "\x1b[m",
        "\x1b[0m",
        "\x1b[00m",
        "\x1b[1m",
        "\x1b[31m",
        "\x1b[0;31m",
        "\x1b[1;38;5;9m",
        "\x1b[48;2;1;2;3m",
        "\x1b[4:3m",
        "\x1b[22;24;49m",
        "\x1b7",
        "\x1b8",
        "\x1b[1\"q",
        "\x1b[\"q",
        "\x1b]8;;u\x07",
        "\x1b]8;;\x07",
        "\x1b[K",
        "text",
        "界",
        "\r\n",
        "\x1b[!p",
        "\x1bc",
    ]);
    let pieces = prop::collection::vec(piece, 0..60);
    // SGR is seen at once only where enough follows it.
    pieces.prop_map(|pieces| format!("{}and what follows it", pieces.concat()).into_bytes())
}

/// Everything that can be seen of an emulator.
fn seen(emulator: &mut Emulator) -> String {
    let grid = emulator.grid();
    let mut seen = String::new();
    for row in -(grid.history_rows() as i64)..grid.rows() as i64 {
        let row = grid.row(row).unwrap();
        let cells: Vec<_> = row.cells().collect();
        seen += &format!("{cells:?} {}\n", row.is_wrapped());
    }
    let state =
        (grid.cursor(), grid.margins(), grid.pen().style, grid.tab_stops().collect::<Vec<_>>());
    let terminal = &emulator.terminal;
    seen +=
        &format!("{state:?} {:?} {:?} {:?}", terminal.charsets, terminal.modes, terminal.keyboard);
    let reported = (&terminal.titles, &terminal.queries, &terminal.palette);
    seen += &format!("{reported:?} {:?} {:?}", emulator.cursor(), emulator.modes());
    seen += &format!("{:?} {:?}", emulator.take_replies(), emulator.take_effects());
    seen
}

fn check_bounds(emulator: &Emulator) {
    let (grid, at) = (emulator.grid(), emulator.grid().cursor());
    assert!(at.row < grid.rows() && at.col < grid.cols(), "{at:?}");
    assert!(emulator.title().len() <= 4096);
    assert!(emulator.bytes() < 4 << 20, "{}", emulator.bytes());
}

proptest! {
    #![proptest_config(cases(400, 20_261_127))]

    /// Sizes from one cell on, with changes of size between.
    #[test]
    fn nothing_panics(steps in prop::collection::vec((output(), 1..200u16, 1..60u16, 0..4u8), 1..5)) {
        let options = ScreenOptions { readback: true, ..ScreenOptions::default() };
        let mut emulator = Emulator::new(Size::cells(80, 24), &options, 0);
        for (bytes, cols, rows, kind) in steps {
            let size = match kind {
                0 => Size::cells(1, 1),
                1 => Size::cells(cols % 5 + 1, rows % 4 + 1),
                _ => Size::cells(cols, rows),
            };
            emulator.resize(size);
            check_bounds(&emulator);
            feed(&mut emulator, &bytes);
            check_bounds(&emulator);
        }
    }

    /// Bytes without any sense.
    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..3000),
        cols in 1..200u16,
        rows in 1..60u16,
    ) {
        let mut emulator = emulator(cols, rows);
        feed(&mut emulator, &bytes);
        check_bounds(&emulator);
        prop_assert_eq!(emulator.parser().offset(), bytes.len() as u64);
    }

    /// Fed whole, in pieces, a byte at a time, and in parts that stop when they have cost too much.
    #[test]
    fn cuts_change_nothing(
        bytes in prop_oneof![2 => output(), 1 => styled()],
        piece in 2..40usize,
        work_max in 0..2000u64,
        cols in 1..40u16,
        rows in 1..12u16,
    ) {
        let mut whole = emulator(cols, rows);
        feed(&mut whole, &bytes);
        let expected = seen(&mut whole);
        for piece in [1, piece] {
            let mut split = emulator(cols, rows);
            bytes.chunks(piece).for_each(|bytes| feed(&mut split, bytes));
            prop_assert_eq!(seen(&mut split), &expected[..], "in pieces of {}", piece);
        }
        for work_max in [0, work_max] {
            let mut parted = emulator(cols, rows);
            feed_in_parts(&mut parted, &bytes, work_max);
            prop_assert_eq!(seen(&mut parted), &expected[..], "in parts of {}", work_max);
        }
    }
}

//! The promises of the screen, on generated output: it does not matter how output is split; a snapshot
//! is exact and stays exact; diffs give what the screen shows; nothing panics and nothing grows.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// The character that makes the emulator panic, as often as [`PANICS_LEFT`] says.
const PANICKING: char = '\u{F8FF}';

thread_local! {
    static PANICS_LEFT: Cell<u32> = const { Cell::new(0) };
}

/// Stands for a bug.
pub(super) fn panic_when_due(chars: &[char]) {
    if PANICS_LEFT.get() > 0 && chars.contains(&PANICKING) {
        PANICS_LEFT.set(PANICS_LEFT.get() - 1);
        panic!("as arranged");
    }
}

const NOW: Duration = Duration::ZERO;

fn size(cols: u16, rows: u16) -> Size {
    Size { cols, rows, pixel_width: 0, pixel_height: 0 }
}

fn screen(cols: u16, rows: u16) -> Screen {
    screen_with(cols, rows, 50)
}

fn screen_with(cols: u16, rows: u16, scrollback: usize) -> Screen {
    Screen::new(size(cols, rows), &ScreenOptions { scrollback, ..Default::default() }, 0)
}

/// Everything that a screen shows and knows, to be compared.
#[derive(PartialEq)]
pub(super) struct Seen {
    rows: Vec<String>,
    cursor: Cursor,
    modes: Modes,
    state: String,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = self.rows.join("\n");
        write!(f, "\n{rows}\n{:?} {:?}\n{}\n", self.cursor, self.modes, self.state)
    }
}

/// What can be seen or comes to light later, without what a snapshot is known to lose.
pub(super) fn seen(screen: &mut Screen) -> Seen {
    let mut rows = Rows::default();
    screen.rows(i32::MIN, usize::MAX, &mut rows);
    // Links without an id are numbered as they come.
    for link in rows.links.iter_mut().filter(|link| link.id.starts_with('~')) {
        link.id.clear();
    }
    let state = screen.emulator.describe_state();
    let rows = rows.iter().map(|row| format!("{:>3} {}", row.index(), describe(row))).collect();
    Seen { rows, cursor: screen.cursor(), modes: screen.modes(), state }
}

pub(super) fn feed(screen: &mut Screen, output: &[u8]) {
    assert!(screen.advance(output, NOW), "it panicked on {:?}", String::from_utf8_lossy(output));
}

/// Text that fits, wraps, combines, is wide, is none.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-z ]{1,30}".prop_map(String::into_bytes),
        Just("日本語テキスト".as_bytes().to_vec()),
        Just("e\u{301}o\u{308}\u{323} 👩\u{200d}👩 🎉".as_bytes().to_vec()),
        Just(vec![b'x'; 100]),
        Just(b"\xff\xc3(".to_vec()),
        Just("wide at the edge 界".as_bytes().to_vec()),
    ]
}

/// Control characters and short sequences.
fn control() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\x08".to_vec()),
        Just(b"\t".to_vec()),
        Just(b"\x0e".to_vec()),
        Just(b"\x0f".to_vec()),
        Just(b"\x07".to_vec()),
        Just(b"\x1bM".to_vec()),
        Just(b"\x1bD".to_vec()),
        Just(b"\x1bE".to_vec()),
        Just(b"\x1b7".to_vec()),
        Just(b"\x1b8".to_vec()),
        Just(b"\x1bH".to_vec()),
        Just(b"\x1b(0".to_vec()),
        Just(b"\x1b(B".to_vec()),
        Just(b"\x1b)0".to_vec()),
        Just(b"\x1b=".to_vec()),
        Just(b"\x1b>".to_vec()),
        Just(b"\x1b#8".to_vec()),
    ]
}

/// Sequences that stand for a family.
fn other() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![
        "\x1b]2;a title\x07",
        "\x1b]0;\x1b\\",
        "\x1b[22t",
        "\x1b[23t",
        "\x1b[>5u",
        "\x1b[=3;2u",
        "\x1b[<u",
        "\x1b[<9u",
        "\x1b[>4;2m",
        "\x1b[3g",
        "\x1b[g",
        "\x1b[?5W",
        "\x1b[2J",
        "\x1b[3J",
        "\x1b[K",
        "\x1b[1K",
        "\x1b[2K",
        "\x1b[J",
        "\x1b[1J",
        "\x1b[5 q",
        "\x1b[2 q",
        "\x1b[0 q",
        "\x1b]8;;http://example.com/a\x1b\\",
        "\x1b]8;id=z;http://example.com/b\x1b\\",
        "\x1b]8;;\x1b\\",
        "\x1b]4;1;#102030\x07",
        "\x1b]10;rgb:1/2/3\x07",
        "\x1b]104\x07",
        "\x1b]5;2;#040506\x07",
        "\x1b[>0;1t",
        "\x1b[1*x",
        "=\x1b[7b",
        "\x1bP1;2q#0~~\x1b\\",
        "\x1b_apc\x1b\\",
        "-\x1b[9999b",
        "\x1bc",
        "\x1b[!p",
    ])
    .prop_map(|text| text.as_bytes().to_vec())
}

/// Pieces of output as programs write them, and as they should not.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let final_byte = prop::sample::select(b"@ABCDEFGHIJKLMPSTXZ`adefg".to_vec());
    let csi = (prop::collection::vec(0..40u16, 0..3), final_byte).prop_map(|(parameters, end)| {
        let list: Vec<String> = parameters.iter().map(u16::to_string).collect();
        format!("\x1b[{}{}", list.join(";"), end as char).into_bytes()
    });
    let region =
        (1..12u16, 1..14u16).prop_map(|(top, bottom)| format!("\x1b[{top};{bottom}r").into_bytes());
    let sgr = prop::sample::select(vec![
        "0",
        "1",
        "2",
        "3",
        "4",
        "4:3",
        "4:5",
        "7",
        "8",
        "9",
        "22",
        "24",
        "27",
        "31",
        "42",
        "97",
        "100",
        "38;5;200",
        "48;5;17",
        "38;2;1;2;3",
        "48;2;9;8;7",
        "58;5;3",
        "58;2;4;5;6",
        "59",
        "39",
        "49",
    ])
    .prop_map(|codes| format!("\x1b[{codes}m").into_bytes());
    let modes = (
        prop::sample::select(vec![
            "?1", "?6", "?7", "?25", "?12", "?47", "?1000", "?1002", "?1003", "?1004", "?1005",
            "?1006", "?1007", "?1047", "?1048", "?1049", "?2004", "?2026", "4", "20", "?3", "?19",
            "?41",
        ]),
        prop::bool::ANY,
    )
        .prop_map(|(mode, on)| format!("\x1b[{mode}{}", if on { 'h' } else { 'l' }).into_bytes());
    prop_oneof![
        6 => text(), 4 => control(), 4 => csi, 1 => region, 3 => sgr, 2 => modes, 2 => other(),
    ]
}

/// Output, between whiles changes of size.
#[derive(Clone)]
enum Step {
    Output(Vec<u8>),
    Resize(u16, u16),
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Output(output) => write!(f, "{:?}", String::from_utf8_lossy(output)),
            Step::Resize(cols, rows) => write!(f, "{cols}x{rows}"),
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => piece().prop_map(Step::Output),
        1 => (1..40u16, 1..15u16).prop_map(|(cols, rows)| Step::Resize(cols, rows)),
    ]
}

fn apply(screen: &mut Screen, steps: &[Step]) {
    for step in steps {
        match step {
            Step::Output(output) => feed(screen, output),
            Step::Resize(cols, rows) => screen.resize(size(*cols, *rows)),
        }
    }
}

/// A client that keeps rows as text and applies updates.
#[derive(Default)]
pub(super) struct Client {
    generation: u64,
    pub(super) rows: Vec<String>,
    title: String,
    cursor: Cursor,
}

impl Client {
    pub(super) fn catch_up(&mut self, screen: &mut Screen) -> ScreenUpdate {
        let mut update = ScreenUpdate::default();
        screen.look();
        screen.changes_since(self.generation, &mut update);
        if update.full {
            self.rows = vec![String::new(); usize::from(update.height)];
            assert_eq!(update.rows.len(), self.rows.len());
        }
        for scroll in &update.scrolls {
            let region = &mut self.rows[usize::from(scroll.top)..usize::from(scroll.bottom)];
            let by = usize::from(scroll.rows.unsigned_abs());
            let height = region.len();
            if scroll.rows > 0 {
                region.rotate_left(by);
                region[height - by..].fill("moved in".to_owned());
            } else {
                region.rotate_right(by);
                region[..by].fill("moved in".to_owned());
            }
        }
        for row in update.rows.iter() {
            self.rows[row.index() as usize] = describe(row);
        }
        if let Some(title) = &update.title {
            self.title.clone_from(title);
        }
        self.cursor = update.cursor;
        self.generation = update.generation;
        update
    }
}

fn describe(row: Row<'_>) -> String {
    let run = |run: Run<'_>| {
        let look =
            if run.style == Style::default() { String::new() } else { format!("{:?}", run.style) };
        let link = run.link.map_or(String::new(), |link| format!(" {link:?}"));
        format!("{:?}x{}{}{look}{link}", run.text, run.cols, if run.wide { "w" } else { "" })
    };
    let runs: Vec<_> = row.runs().map(run).collect();
    format!("{} {}", runs.join(" "), if row.is_wrapped() { "wrapped" } else { "" })
}

pub(super) fn all_rows(screen: &Screen) -> Vec<String> {
    let mut rows = Rows::default();
    screen.rows(0, usize::MAX, &mut rows);
    rows.iter().map(describe).collect()
}

proptest! {
    #![proptest_config(cases(300, 20_261_124))]

    /// Fed whole, and a byte at a time.
    #[test]
    fn how_output_is_split_does_not_matter(pieces in prop::collection::vec(piece(), 0..60)) {
        let output = pieces.concat();
        let (mut whole, mut split) = (screen(30, 8), screen(30, 8));
        feed(&mut whole, &output);
        for byte in &output {
            feed(&mut split, &[*byte]);
        }
        prop_assert_eq!(seen(&mut whole), seen(&mut split));
        prop_assert_eq!(whole.take_replies(), split.take_replies());
    }

    /// A snapshot makes a fresh screen that shows the same, and goes on in the same way.
    #[test]
    fn a_snapshot_is_exact(
        before in prop::collection::vec(step(), 0..60),
        after in prop::collection::vec(piece(), 0..20),
    ) {
        let mut original = screen(24, 8);
        apply(&mut original, &before);
        // In the ground state, where snapshots are cut.
        feed(&mut original, b"\x18");
        let expected = seen(&mut original);
        let snapshot = original.snapshot(usize::MAX, 0).unwrap();
        prop_assert_eq!(seen(&mut original), expected, "taking it changes nothing");
        let mut copy = screen(snapshot.cols, snapshot.rows);
        feed(&mut copy, &snapshot.bytes);
        let text = String::from_utf8_lossy(&snapshot.bytes).into_owned();
        prop_assert_eq!(seen(&mut copy), seen(&mut original), "{:?}", text);
        for piece in &after {
            feed(&mut original, piece);
            feed(&mut copy, piece);
            prop_assert_eq!(seen(&mut copy), seen(&mut original), "{:?} then {:?}", text, piece);
        }
    }

    /// Clients that catch up at different times hold what the screen shows.
    #[test]
    fn diffs_give_the_screen(
        rounds in prop::collection::vec((prop::collection::vec(step(), 0..8), any::<u8>()), 1..25),
    ) {
        let mut screen = screen(20, 8);
        let mut clients: Vec<Client> = (0..5).map(|_| Client::default()).collect();
        for (steps, who) in rounds {
            apply(&mut screen, &steps);
            for (index, client) in clients.iter_mut().enumerate() {
                if who & (1 << index) != 0 {
                    client.catch_up(&mut screen);
                    prop_assert_eq!(&client.rows, &all_rows(&screen));
                    prop_assert_eq!(&client.title, screen.title());
                    prop_assert_eq!(client.cursor, screen.cursor());
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..3000),
        cols in 1..60u16,
        rows in 1..20u16,
    ) {
        let mut screen = screen(cols, rows);
        feed(&mut screen, &bytes);
        let cells = screen.snapshot(usize::MAX, 0).unwrap();
        prop_assert_eq!((cells.cols, cells.rows), (cols, rows));
    }
}

/// So many cases, the same ones each time; in the long form of the tests other ones, and more.
pub(in crate::terminal::screen) fn cases(cases: u32, seed: u64) -> ProptestConfig {
    let is_soak = std::env::var_os("ORCHFLOW_SOAK").is_some();
    let (cases, rng_seed) =
        if is_soak { (20_000, RngSeed::Random) } else { (cases, RngSeed::Fixed(seed)) };
    ProptestConfig { cases, rng_seed, ..ProptestConfig::default() }
}

/// What fills its row has nothing behind it to be erased.
#[test]
fn coloured_lines_of_two_columns_are_exact() {
    let mut screen = screen_with(2, 3, 100);
    feed(&mut screen, "\x1b[42mab日c日日d".as_bytes());
    let snapshot = screen.snapshot(usize::MAX, 0).unwrap();
    let mut copy = screen_with(2, 3, 100);
    feed(&mut copy, &snapshot.bytes);
    assert_eq!(seen(&mut copy), seen(&mut screen));
    assert!(copy.text(usize::MAX).contains("日\nc\n日\n日\nd\n"));
}

/// What is wide only by what is joined to it does not leave a column free by itself.
#[test]
fn joined_text_at_the_edge_is_exact() {
    let mut screen = screen_with(10, 3, 100);
    feed(&mut screen, "\x1b[?2027habcdefg❤\u{fe0f}h".as_bytes());
    screen.resize(size(8, 3));
    assert_eq!(screen.text(0), "abcdefg\n❤\u{fe0f}h\n\n");
    let snapshot = screen.snapshot(usize::MAX, 0).unwrap();
    let mut copy = screen_with(8, 3, 100);
    feed(&mut copy, &snapshot.bytes);
    assert_eq!(copy.text(usize::MAX), screen.text(usize::MAX));
}

/// A wide character has no place in a single column. In the history it is there again when there is more room.
#[test]
fn wide_characters_are_blank_in_a_single_column() {
    let mut screen = screen_with(10, 2, 100);
    feed(&mut screen, "a日\r\nb👩\u{200d}\r\n".as_bytes());
    screen.resize(size(1, 2));
    assert_eq!(screen.text(usize::MAX), "a\n\nb\n\n\n");
    let snapshot = screen.snapshot(usize::MAX, 0).unwrap();
    let mut copy = screen_with(1, 2, 100);
    feed(&mut copy, &snapshot.bytes);
    assert_eq!(copy.text(usize::MAX), screen.text(usize::MAX));
    screen.resize(size(10, 2));
    assert_eq!(screen.text(usize::MAX), "a日\nb\n\n");
}

#[test]
fn a_scroll_is_reported_as_a_scroll() {
    let mut screen = screen(20, 8);
    let mut client = Client::default();
    for n in 0..8 {
        feed(&mut screen, format!("row {n}\r\n").as_bytes());
    }
    client.catch_up(&mut screen);
    feed(&mut screen, b"row 8\r\nrow 9\r\n");
    let update = client.catch_up(&mut screen);
    assert!(!update.full);
    assert_eq!(update.scrolls, [Scroll { top: 0, bottom: 8, rows: 2 }]);
    assert_eq!(update.rows.len(), 3, "two lines, and the row that came in last");
    assert_eq!(client.rows, all_rows(&screen));
    let nothing = client.catch_up(&mut screen);
    assert!(nothing.rows.is_empty() && nothing.scrolls.is_empty() && nothing.title.is_none());
}

/// A panic is caught; the screen is built anew from the log, without its replies and events.
#[test]
fn a_panic_is_survived() {
    let output = format!("\x1b]2;title\x07\x07one {PANICKING} two\x1b[c");
    for (panics, shown) in [(1, format!("one {PANICKING} two")), (2, String::new())] {
        let mut screen = screen(30, 3);
        let mut client = Client::default();
        feed(&mut screen, b"kept ");
        client.catch_up(&mut screen);
        PANICS_LEFT.set(panics);
        assert!(!screen.advance(output.as_bytes(), NOW));
        let whole = ["kept ".as_bytes(), output.as_bytes()];
        screen.rebuild(0, whole, screen.offset());
        let expected = if shown.is_empty() { "" } else { "kept " };
        assert_eq!(screen.text(0).lines().next(), Some(&*format!("{expected}{shown}")));
        assert_eq!((screen.failures(), screen.take_replies(), screen.title()), (1, None, "title"));
        feed(&mut screen, b"!");
        let update = client.catch_up(&mut screen);
        assert!(update.full, "nothing that was known counts");
        assert_eq!(client.rows, all_rows(&screen));
    }
}

#[test]
fn the_beginning_of_a_query_is_known() {
    let long = format!("x\x1b]10;{}", "?".repeat(300));
    for (output, expected) in [
        ("text", None),
        ("text\x1b", Some(4)),
        ("text\x1b[", Some(4)),
        ("text\x1b[c", None),
        ("\x1b[c\x1b[>", Some(3)),
        ("x\x1bP$q", Some(1)),
        ("x\x1b]10;?", Some(1)),
        (&long, None),
        ("\u{e9}", None),
    ] {
        let mut replying = screen(10, 3);
        assert!(replying.advance(output.as_bytes(), NOW));
        assert_eq!(replying.unfinished_query(), expected, "{output:?}");
        let options = ScreenOptions { replies: false, ..Default::default() };
        let mut silent = Screen::new(size(10, 3), &options, 0);
        assert!(silent.advance(output.as_bytes(), NOW));
        assert_eq!(silent.unfinished_query(), None, "{output:?}");
    }
    // The beginning of a character is no sequence.
    let mut screen = screen(10, 3);
    assert!(screen.advance(&"\u{e9}".as_bytes()[..1], NOW));
    assert_eq!(screen.unfinished_query(), None);
}

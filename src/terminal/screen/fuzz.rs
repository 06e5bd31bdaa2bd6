//! What the fuzzer does with a screen: output with changes of size, looks and snapshots in between.
//! Nothing may panic, bounds hold, and a snapshot shows what the screen shows.

use super::*;

/// Bytes that end a piece of output; the byte after one says what happens then.
const MARK: u8 = 0xFE;

/// Feeds `data` to a screen of 40x10.
pub(crate) fn fuzz(data: &[u8]) {
    let options = ScreenOptions { scrollback: 30, clipboard: true, ..ScreenOptions::default() };
    let mut screen = Screen::new(Size::cells(40, 10), &options, 0);
    let mut update = ScreenUpdate::default();
    let mut pieces = data.split(|byte| *byte == MARK);
    feed(&mut screen, pieces.next().unwrap_or(&[]));
    for piece in pieces {
        let (choice, output) =
            piece.split_first().map_or((0, piece), |(choice, rest)| (*choice, rest));
        match choice % 8 {
            0 => {
                screen.look();
                screen.changes_since(update.generation, &mut update);
            }
            1 => screen.clear(),
            2 => compare_snapshot(&mut screen, &options),
            3 => {
                let search = Search { matches_max: 7, ..Search::regex("a.*b|[^a]+|\\bx") };
                let Ok(pattern) = Patterns::default().get(&search, &mut 0) else {
                    panic!("the expression is a good one");
                };
                let mut cursor = SearchCursor::new(&search, pattern);
                let mut scratch = Scratch::default();
                while !cursor.is_done() {
                    cursor.step(&screen, &mut scratch);
                }
                assert!(cursor.result(&screen).matches.len() <= 7);
            }
            4 => screen.resize(Size::cells(1, 1).for_screen()),
            5 => screen.resize(Size::cells(300, 120)),
            _ => screen.resize(Size::cells(u16::from(choice % 77) + 1, u16::from(choice % 31) + 1)),
        }
        feed(&mut screen, output);
    }
    compare_snapshot(&mut screen, &options);
}

fn feed(screen: &mut Screen, output: &[u8]) {
    assert!(screen.advance(output, Duration::ZERO), "it panicked");
    assert!(screen.title().len() <= 4096);
    assert!(screen.history() <= 30);
    assert!(screen.take_replies().is_none_or(|replies| replies.len() <= 70_000));
    while screen.take_event().is_some() {}
}

fn compare_snapshot(screen: &mut Screen, options: &ScreenOptions) {
    let Ok(snapshot) = screen.snapshot(usize::MAX, u64::MAX) else { panic!("no snapshot") };
    let size = Size::cells(snapshot.cols, snapshot.rows);
    let mut copy = Screen::new(size, options, 0);
    assert!(copy.advance(&snapshot.bytes, Duration::ZERO), "it panicked");
    assert_eq!(copy.text(usize::MAX), screen.text(usize::MAX));
    assert_eq!(copy.cursor(), screen.cursor());
    assert_eq!(copy.modes(), screen.modes());
}

//! What sequences do: tables of cases, and properties on random streams.

mod editing;
mod faults;
mod moving;
mod presentation;
mod random;
mod rendition;
mod reports;
mod saving;
mod sets;
mod shifting;
mod states;
mod streams;
mod strings;
mod vttest;
mod work;

use std::time::Duration;

use super::*;

/// Output at 20x6, the rows that it leaves without trailing blanks, and the cursor's row and column from the
/// origin.
type Case = (&'static [u8], &'static str, (usize, usize));

fn emulator(cols: u16, rows: u16) -> Emulator {
    let options = ScreenOptions { scrollback: 50, clipboard: true, ..ScreenOptions::default() };
    Emulator::new(Size::cells(cols, rows), &options, 0)
}

fn feed(emulator: &mut Emulator, bytes: impl AsRef<[u8]>) {
    feed_in_parts(emulator, bytes.as_ref(), u64::MAX);
}

/// Feeds it until it has done so much work, again and again.
fn feed_in_parts(emulator: &mut Emulator, bytes: &[u8], work_max: u64) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (taken, _) = emulator.advance(rest, Duration::ZERO, work_max);
        assert!(taken > 0, "it comes to nothing");
        rest = &rest[taken..];
    }
}

/// An emulator of 20x6 that was given this.
fn fed(bytes: impl AsRef<[u8]>) -> Emulator {
    let mut emulator = emulator(20, 6);
    feed(&mut emulator, bytes);
    emulator
}

/// What is answered to this on a screen whose contents programs may read back.
fn read_back(bytes: impl AsRef<[u8]>) -> String {
    let options = ScreenOptions { readback: true, ..ScreenOptions::default() };
    let mut emulator = Emulator::new(Size::cells(20, 6), &options, 0);
    feed(&mut emulator, bytes);
    String::from_utf8(emulator.take_replies().unwrap_or_default()).unwrap()
}

/// The screen's rows without trailing blanks and blank rows at the end.
fn text(emulator: &Emulator) -> String {
    let mut text = String::new();
    for row in 0..emulator.grid().rows() as i64 {
        emulator.grid().row(row).unwrap().push_text(&mut text);
        text.push('\n');
    }
    text.truncate(text.trim_end_matches('\n').len());
    text
}

fn check(table: &[Case]) {
    let mut wrong = Vec::new();
    for (bytes, rows, cursor) in table {
        let emulator = fed(bytes);
        let (row, col) = emulator.terminal.reported_position();
        let seen = (text(&emulator), (row - 1, col - 1));
        if seen != (rows.to_string(), *cursor) {
            wrong.push((String::from_utf8_lossy(bytes), seen, (rows, cursor)));
        }
    }
    assert!(wrong.is_empty(), "{} cases: {wrong:#?}", wrong.len());
}

/// What is answered to this.
fn replies(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8(fed(bytes).take_replies().unwrap_or_default()).unwrap()
}

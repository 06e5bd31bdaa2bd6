//! A search while the screen changes under it.

use std::time::Duration;

use super::*;
use crate::terminal::screen::{Screen, ScreenOptions};
use crate::terminal::size::Size;

/// A screen of ten columns with `lines` lines, each with its number and an `x`.
fn screen(rows: u16, scrollback: usize, lines: usize) -> Screen {
    let options = ScreenOptions { scrollback, ..ScreenOptions::default() };
    let mut screen = Screen::new(Size::cells(100, rows), &options, 0);
    print(&mut screen, 0..lines);
    screen
}

fn print(screen: &mut Screen, lines: std::ops::Range<usize>) {
    let text: String = lines.map(|n| format!("\r\n{n} x {}", "-".repeat(80))).collect();
    assert!(screen.advance(text.as_bytes(), Duration::ZERO));
}

struct Running {
    cursor: SearchCursor,
    scratch: Scratch,
}

impl Running {
    fn new(search: &Search) -> Self {
        let pattern = Patterns::default().get(search, &mut 0).unwrap();
        Running { cursor: SearchCursor::new(search, pattern), scratch: Scratch::default() }
    }

    /// A step that does not end it.
    fn step(&mut self, screen: &Screen) {
        self.cursor.step(screen, &mut self.scratch);
        assert!(!self.cursor.is_done(), "too little to search");
    }

    fn end(&mut self, screen: &Screen) -> Matches {
        while !self.cursor.is_done() {
            self.cursor.step(screen, &mut self.scratch);
        }
        self.cursor.result(screen)
    }
}

/// What each match's row says.
fn lines_of(screen: &Screen, found: &Matches) -> Vec<usize> {
    let mut rows = crate::terminal::Rows::default();
    let mut number = |row| {
        screen.rows(row, 1, &mut rows);
        let text = rows.iter().next().unwrap().text();
        text.split(' ').next().unwrap().parse().unwrap()
    };
    found.matches.iter().map(|found| number(found.start.row)).collect()
}

fn x() -> Search {
    Search { matches_max: usize::MAX, rows_max: usize::MAX, ..Search::regex("x") }
}

#[test]
fn places_stay_with_rows_that_scroll() {
    let mut screen = screen(5, 10_000, 2000);
    let mut running = Running::new(&x());
    running.step(&screen);
    print(&mut screen, 2000..2500);
    running.step(&screen);
    print(&mut screen, 2500..3000);
    let found = running.end(&screen);
    assert!(found.next.is_none());
    assert_eq!(lines_of(&screen, &found), (0..3000).collect::<Vec<_>>(), "each once, at its place");
}

#[test]
fn what_has_left_the_scrollback_is_not_reported() {
    let mut screen = screen(5, 2000, 2005);
    let mut running = Running::new(&x());
    running.step(&screen);
    print(&mut screen, 2005..3505);
    let found = running.end(&screen);
    let lines = lines_of(&screen, &found);
    assert_eq!(lines, (1500..3505).collect::<Vec<_>>());
    // Everything goes.
    let mut running = Running::new(&x());
    running.step(&screen);
    print(&mut screen, 3505..9000);
    let found = running.end(&screen);
    assert_eq!(lines_of(&screen, &found), (6995..9000).collect::<Vec<_>>());
}

#[test]
fn rows_that_move_otherwise_begin_it_anew() {
    let changes: [fn(&mut Screen); 5] = [
        |screen| screen.resize(Size::cells(50, 7)),
        |screen| screen.clear(),
        |screen| assert!(screen.advance(b"\x1b[3J", Duration::ZERO)),
        |screen| assert!(screen.advance(b"\x1b[?1049h x", Duration::ZERO)),
        |screen| assert!(screen.advance(b"\x1bcx", Duration::ZERO)),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut screen = screen(5, 10_000, 4000);
        let mut running = Running::new(&x());
        running.step(&screen);
        change(&mut screen);
        let found = running.end(&screen);
        assert_eq!(found, Running::new(&x()).end(&screen), "change {number}");
    }
}

#[test]
fn it_does_not_begin_anew_for_ever() {
    let mut screen = screen(5, 10_000, 4000);
    let mut running = Running::new(&x());
    let switch = |screen: &mut Screen| {
        assert!(screen.advance(b"\x1b[?1049h\x1b[?1049l", Duration::ZERO));
    };
    for _ in 0..3 {
        running.step(&screen);
        switch(&mut screen);
    }
    running.step(&screen);
    switch(&mut screen);
    running.cursor.step(&screen, &mut running.scratch);
    assert!(running.cursor.is_done());
    let found = running.cursor.result(&screen);
    assert!(found.matches.is_empty() && found.next.is_some(), "it is not complete");
}

#[test]
fn output_in_pieces_moves_rows_as_much_as_in_one() {
    // A line that wraps is cut by what comes after it has scrolled away.
    let mut screen = screen(5, 10_000, 3000);
    let mut running = Running::new(&x());
    running.step(&screen);
    for n in 3000..3100 {
        print(&mut screen, n..n + 1);
        running.cursor.step(&screen, &mut running.scratch);
    }
    let found = running.end(&screen);
    let lines = lines_of(&screen, &found);
    assert!(lines.is_sorted_by(|a, b| a < b), "none twice");
    assert_eq!(lines[..3000], (0..3000).collect::<Vec<_>>());
}

#[test]
fn leaving_a_line_loses_nothing() {
    let options = ScreenOptions { scrollback: 5000, ..ScreenOptions::default() };
    let mut screen = Screen::new(Size::cells(80, 24), &options, 0);
    assert!(screen.advance("ab ".repeat(50_000).as_bytes(), Duration::ZERO));
    let search = Search { matches_max: usize::MAX, ..Search::regex(r"\bab\b") };
    let whole = Running::new(&search).end(&screen);
    let mut running = Running::new(&search);
    let mut steps = 0;
    while !running.cursor.is_done() {
        running.cursor.step(&screen, &mut running.scratch);
        steps += 1;
        if steps % 3 == 0 {
            running.cursor.leave_line();
            running.scratch = Scratch::default();
        }
    }
    assert!(steps > 20, "too little to search");
    let found = running.cursor.result(&screen);
    // A match over the end of a piece is not found whole, and pieces end elsewhere.
    assert!(whole.matches.len().abs_diff(found.matches.len()) <= 4);
    assert!(whole.matches.len() > 49_990);
    assert!(found.matches.is_sorted_by(|a, b| a.end <= b.start), "none twice");
}

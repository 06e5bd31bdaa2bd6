//! What is found is what a naive search finds in the lines as they were printed, in pieces
//! too, and while rows scroll and the width changes.

use std::rc::Rc;

use proptest::prelude::*;

use crate::terminal::screen::tests::cases;

use super::cursor::{Scratch, SearchCursor};
use super::pattern::Pattern;
use super::*;
use crate::terminal::screen::cells::width;
use crate::terminal::screen::grid::{Grid, LinePlace};

fn print(grid: &mut Grid, lines: &[String]) {
    for line in lines {
        grid.print(line);
        grid.carriage_return();
        grid.line_feed();
    }
}

fn compile(search: &Search) -> Rc<Pattern> {
    Patterns::default().get(search, &mut 0).unwrap()
}

fn everywhere(search: Search) -> Search {
    Search { rows_max: usize::MAX, matches_max: usize::MAX, ..search }
}

/// Searches to the end; between two steps `meanwhile` happens.
fn run(grid: &mut Grid, search: &Search, mut meanwhile: impl FnMut(&mut Grid)) -> SearchCursor {
    let mut cursor = SearchCursor::new(search, compile(search));
    let mut scratch = Scratch::default();
    while !cursor.is_done() {
        cursor.step_in(grid, &mut scratch);
        meanwhile(grid);
    }
    cursor
}

type Found = Vec<((u64, usize), (u64, usize))>;

fn places(cursor: &SearchCursor) -> Found {
    let pair = |place: LinePlace| (place.line, place.col);
    cursor.places().iter().map(|(start, end)| (pair(*start), pair(*end))).collect()
}

/// The columns of a line before a byte. A character that combines belongs to the one before it.
fn cols(line: &str, byte: usize) -> usize {
    line[..byte].chars().map(width).sum()
}

fn expected(lines: &[String], needle: &str) -> Found {
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        for (at, _) in line.trim_end_matches(' ').match_indices(needle) {
            let (start, end) = (cols(line, at), cols(line, at + needle.len()));
            found.push(((number as u64, start), (number as u64, end)));
        }
    }
    found
}

/// All matches, found piece by piece.
fn find_in_pieces(grid: &mut Grid, search: &Search) -> Vec<Match> {
    let (mut search, mut all) = (search.clone(), Vec::new());
    loop {
        let found = run(grid, &search, |_| {}).result_in(grid);
        assert!(found.matches.len() <= search.matches_max);
        all.extend(found.matches.iter());
        let Some(row) = found.next else { return all };
        let next = Search { from: Some(row), from_col: found.next_col, ..search.clone() };
        assert!((next.from, next.from_col) != (search.from, search.from_col), "no progress");
        search = next;
    }
}

fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => "[ab]{1,6}".prop_map(String::from),
        1 => Just("日本".to_owned()),
        1 => Just("é".to_owned()),
        1 => Just("  ".to_owned()),
    ];
    prop::collection::vec(word, 0..14).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(cases(200, 20_261_128))]

    #[test]
    fn the_grid_is_searched_as_it_was_printed(
        lines in prop::collection::vec(line(), 0..40),
        needle in prop::sample::select(vec!["ab", "a", "日", "本é", "bbb", "b a"]),
        (rows, cols) in (1..6usize, 2..20usize),
        (rows_max, matches_max) in (1..30usize, 1..10usize),
    ) {
        let mut grid = Grid::new(rows, cols, 10_000);
        print(&mut grid, &lines);
        let expected = expected(&lines, needle);
        let literal = everywhere(Search::literal(needle));
        let cursor = run(&mut grid, &literal, |_| {});
        prop_assert_eq!(places(&cursor), expected.clone());
        let regex = everywhere(Search::regex(needle));
        prop_assert_eq!(places(&run(&mut grid, &regex, |_| {})), expected.clone());
        let pieces = Search { matches_max, ..literal.clone() };
        let found = cursor.result_in(&grid).matches;
        prop_assert_eq!(&find_in_pieces(&mut grid, &pieces), &found);
        // Longer lines are looked at in parts, at whose ends a match may be lost.
        let rows_max = rows_max.max(lines.iter().map(|line| line.len()).max().unwrap_or(0));
        let pieces = Search { rows_max, ..literal };
        prop_assert_eq!(&find_in_pieces(&mut grid, &pieces), &found);
    }
}

fn numbered(lines: std::ops::Range<usize>) -> Vec<String> {
    lines.map(|n| format!("{n} x {}", "日-".repeat(30))).collect()
}

/// Lines keep their numbers while they scroll and while the width changes, so the search goes on.
#[test]
fn places_stay_while_everything_moves() {
    let mut grid = Grid::new(5, 100, 100_000);
    print(&mut grid, &numbered(0..20_000));
    let search = everywhere(Search::regex("x"));
    let mut steps = 0;
    let cursor = run(&mut grid, &search, |grid| {
        steps += 1;
        if steps <= 5 {
            print(grid, &numbered(20_000 + (steps - 1) * 10..20_000 + steps * 10));
            grid.resize(5, 90 + steps);
        }
    });
    assert!(steps > 5, "{steps}");
    let lines: Vec<_> = places(&cursor).iter().map(|(start, _)| start.0).collect();
    assert_eq!(lines, (0..20_050).collect::<Vec<_>>());
}

#[test]
fn what_has_left_the_history_is_not_reported() {
    let mut grid = Grid::new(5, 100, 3000);
    print(&mut grid, &numbered(0..3000));
    let search = everywhere(Search::regex("x"));
    let mut is_first = true;
    let cursor = run(&mut grid, &search, |grid| {
        if std::mem::take(&mut is_first) {
            print(grid, &numbered(3000..9000));
        }
    });
    let found = cursor.result_in(&grid);
    assert_eq!(found.matches.len(), 3004);
    assert!(found.matches.iter().all(|found| found.start.row >= -3000));
}

#[test]
fn the_other_screen_begins_it_anew() {
    let mut grid = Grid::new(5, 100, 100_000);
    print(&mut grid, &numbered(0..20_000));
    let search = everywhere(Search::regex("x"));
    let mut is_first = true;
    let cursor = run(&mut grid, &search, |grid| {
        if std::mem::take(&mut is_first) {
            grid.enter_alternate(true);
            grid.goto(2, 0);
            grid.print("one x");
        }
    });
    let found = cursor.result_in(&grid);
    assert_eq!(found.matches.len(), 1);
    assert_eq!(found.matches[0].start, Position { row: 2, col: 4 });
}

/// A line of more than 16 KiB is kept as several lines, and searched as one.
#[test]
fn long_lines_are_searched_over_their_parts() {
    let mut grid = Grid::new(3, 80, 100_000);
    let text = "0123456789".repeat(5000);
    print(&mut grid, &[text]);
    let cursor = run(&mut grid, &everywhere(Search::literal("90")), |_| {});
    assert_eq!(cursor.places().len(), 4999);
    let cursor = run(&mut grid, &everywhere(Search::regex(r"\b01")), |_| {});
    assert_eq!(cursor.places().len(), 1);
}

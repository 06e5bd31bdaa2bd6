//! What a search promises: it finds what the regex crate finds, bounds are exact, going on neither loses nor
//! repeats, no step costs more than a unit may, and rows may move meanwhile.

use std::time::Duration;

use proptest::prelude::*;

use crate::terminal::screen::tests::cases;

use super::finder::{Finder, Haystack, Step};
use super::pattern::Pattern;
use super::*;
use crate::terminal::screen::{Screen, ScreenOptions};
use crate::terminal::size::Size;

fn screen(cols: u16, rows: u16, scrollback: usize, output: &str) -> Screen {
    let options = ScreenOptions { scrollback, ..ScreenOptions::default() };
    let mut screen = Screen::new(Size::cells(cols, rows), &options, 0);
    play(&mut screen, output);
    screen
}

fn play(screen: &mut Screen, output: &str) {
    for piece in output.as_bytes().chunks(64 << 10) {
        assert!(screen.advance(piece, Duration::ZERO));
    }
}

fn compile(search: &Search) -> std::rc::Rc<Pattern> {
    Patterns::default().get(search, &mut 0).unwrap()
}

fn find(screen: &Screen, search: &Search) -> Matches {
    let mut cursor = SearchCursor::new(search, compile(search));
    let mut scratch = Scratch::default();
    while !cursor.is_done() {
        cursor.step(screen, &mut scratch);
    }
    cursor.result(screen)
}

/// Where it goes on after what was found.
fn resumed(search: &Search, found: &Matches) -> Search {
    Search { from: found.next, from_col: found.next_col, ..search.clone() }
}

/// All matches, found piece by piece.
fn find_in_pieces(screen: &Screen, search: &Search) -> Vec<Match> {
    let mut search = search.clone();
    let mut all = Vec::new();
    loop {
        let found = find(screen, &search);
        assert!(found.matches.len() <= search.matches_max);
        all.extend(found.matches.iter());
        if found.next.is_none() {
            return all;
        }
        let next = resumed(&search, &found);
        assert!((next.from, next.from_col) != (search.from, search.from_col), "no progress");
        search = next;
    }
}

fn spot(found: &Match) -> (i32, u16, i32, u16) {
    (found.start.row, found.start.col, found.end.row, found.end.col)
}

fn spots(found: &Matches) -> Vec<(i32, u16, i32, u16)> {
    found.matches.iter().map(spot).collect()
}

// The judge: the regex crate.

/// Matches in a text, found in steps that cost at most so much.
fn matches_of(pattern: &Pattern, text: &str, cost_max: u64) -> Vec<(usize, usize)> {
    let haystack = Haystack { text, end: text.len() };
    let (mut finder, mut found, mut from) = (Finder::default(), Vec::new(), 0);
    while from <= text.len() {
        finder.begin(pattern, from);
        let step = loop {
            match finder.step(pattern, haystack, cost_max).0 {
                Step::More => {}
                step => break step,
            }
        };
        let Step::Match(start, end) = step else { break };
        from = end;
        if start < end {
            found.push((start, end));
        } else {
            from += text[end..].chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

fn parts() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a"),
        Just("b"),
        Just("é"),
        Just("ab"),
        Just("日"),
        Just("."),
        Just(r"\w"),
        Just(r"\d"),
        Just(r"\s"),
        Just(r"\W"),
        Just(r"\b"),
        Just(r"\B"),
        Just("^"),
        Just("$"),
        Just("[a-b]"),
        Just("[^a]"),
        Just("[é日]"),
        Just("(?i:É)"),
        Just("(?-u:\\b)"),
        Just("(?m:^)"),
        Just(r"\b{start}"),
        Just(r"\b{end-half}"),
        Just("(?:)"),
        Just(r"[\w&&[^b]]"),
        Just("K"),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|parts| format!("(?:{})", parts.join("|"))),
            (
                inner,
                prop::sample::select(vec![
                    "*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,3}?", "{2,}", "{0}",
                ])
            )
                .prop_map(|(part, times)| format!("({part}){times}")),
        ]
    })
}

/// A boundary that does not hold behind a character holds further on, past what is skipped.
#[test]
fn boundaries_are_looked_at_anew_behind_what_is_skipped() {
    for (pattern, text, expected) in [
        (r"(?:[é日]|)(?-u:\b)\w", "é\n_", (3, 4)),
        (r"(?:a|)\b{start}b", "aa--b", (4, 5)),
        (r"(?:x|)\bx", "ax x", (3, 4)),
    ] {
        let pattern = compile(&Search::regex(pattern));
        for cost_max in [1, 50, u64::MAX] {
            assert_eq!(matches_of(&pattern, text, cost_max), [expected], "{text:?} {cost_max}");
        }
    }
}

proptest! {
    #![proptest_config(cases(500, 20_261_127))]

    #[test]
    fn finds_what_the_regex_crate_finds(
        pattern in parts(),
        text in "[abéÉ日 1kK_\u{301}\n]{0,40}",
        ignore_case: bool,
        cost_max in prop::sample::select(vec![1, 50, 300, u64::MAX]),
    ) {
        let judge = regex::RegexBuilder::new(&pattern).case_insensitive(ignore_case).build().unwrap();
        let expected: Vec<_> = judge
            .find_iter(&text)
            .filter(|found| !found.is_empty())
            .map(|found| (found.start(), found.end()))
            .collect();
        let search = Search { ignore_case, ..Search::regex(pattern) };
        prop_assert_eq!(matches_of(&compile(&search), &text, cost_max), expected);
    }

    #[test]
    fn going_on_neither_loses_nor_repeats(
        text in "(a|b| |é|日|\r\n){0,200}",
        pattern in prop::sample::select(vec!["a", "a+", "日", r"\b\w", "^a", "b$", "é|a b", "[^a]+"]),
        matches_max in 1usize..5,
    ) {
        let screen = screen(7, 4, 100, &text);
        let search = Search::regex(pattern);
        let all = find(&screen, &search);
        prop_assert!(all.next.is_none());
        let pieces = find_in_pieces(&screen, &Search { matches_max, ..search });
        prop_assert_eq!(pieces, all.matches);
    }
}

#[test]
fn text_is_found_as_it_is() {
    let screen = screen(40, 3, 10, "a.b a+b axb\r\nÄ ä K k ſ s");
    let found = |search| spots(&find(&screen, &search));
    assert_eq!(found(Search::literal("a.b")), [(0, 0, 0, 3)]);
    assert_eq!(found(Search::literal("A+B")), []);
    let any = |text: &str| Search { ignore_case: true, ..Search::literal(text) };
    assert_eq!(found(any("A+B")), [(0, 4, 0, 7)]);
    assert_eq!(found(any("ä")), [(1, 0, 1, 1), (1, 2, 1, 3)]);
}

// Bounds.

#[test]
fn matches_are_bounded_within_a_line() {
    let screen = screen(100, 10, 700, &"q".repeat(60_000));
    for (search, max) in [(Search::literal("q"), 10), (Search::regex("q"), 1000)] {
        let search = Search { matches_max: max, ..search };
        let found = find(&screen, &search);
        assert_eq!(found.matches.len(), max);
        assert!(found.matches.capacity() <= 2 * max, "no more memory than that");
        let next = resumed(&search, &found);
        assert_eq!(spot(&find(&screen, &next).matches[0]).0, found.next.unwrap());
    }
    let search = Search { matches_max: 7000, ..Search::literal("q") };
    assert_eq!(find_in_pieces(&screen, &search).len(), 60_000);
}

#[test]
fn the_last_match_is_the_end() {
    let screen = screen(10, 1, 10, "x\r\nx\r\nxx");
    let found = find(&screen, &Search { matches_max: 4, ..Search::literal("x") });
    assert_eq!((found.matches.len(), found.next), (4, None));
    let found = find(&screen, &Search { matches_max: 3, ..Search::literal("x") });
    assert_eq!((found.matches.len(), found.next, found.next_col), (3, Some(0), 1));
}

#[test]
fn rows_are_bounded() {
    // Rows 0 and 1, then a line of three rows, then one more row.
    let screen = screen(4, 6, 0, "ax\r\nax\r\naaaaxxxxaa\r\nax");
    let with = |rows_max, from| {
        let found = find(&screen, &Search { rows_max, from, ..Search::literal("a") });
        (found.matches.iter().map(|found| found.start.row).collect::<Vec<_>>(), found.next)
    };
    assert_eq!(with(1, None), (vec![0], Some(1)));
    assert_eq!(with(2, None), (vec![0, 1], Some(2)));
    // The long line does not fit into what is left, so it waits.
    assert_eq!(with(4, None), (vec![0, 1], Some(2)));
    assert_eq!(with(5, None), (vec![0, 1, 2, 2, 2, 2, 4, 4], Some(5)));
    assert_eq!(with(3, Some(2)), (vec![2, 2, 2, 2, 4, 4], Some(5)));
    // It is longer than all: it is looked at in parts.
    assert_eq!(with(2, Some(2)), (vec![2, 2, 2, 2], Some(4)));
    assert_eq!(with(2, Some(4)), (vec![4, 4, 5], None));
    // A row that is blank counts as well.
    let blank = self::screen(4, 6, 0, "");
    assert_eq!(find(&blank, &Search { rows_max: 5, ..Search::literal("a") }).next, Some(5));
    assert_eq!(find(&blank, &Search { rows_max: 6, ..Search::literal("a") }).next, None);
}

#[test]
fn a_part_of_a_line_knows_what_is_around_it() {
    let screen = screen(4, 6, 0, "abcdefgh ij\r\nabcd");
    let with = |pattern: &str, from, rows_max| {
        let search = Search { from: Some(from), rows_max, ..Search::regex(pattern) };
        spots(&find(&screen, &search))
    };
    assert_eq!(with("^.", 1, 2), [], "the line does not begin there");
    assert_eq!(with(r"\b\w", 1, 2), [(2, 1, 2, 2)], "nor does a word");
    assert_eq!(with(".$", 1, 1), [], "nor does it end where the part ends");
    assert_eq!(with("^.", 3, 2), [(3, 0, 3, 1)]);
    assert_eq!(with(".$", 1, 2), [(2, 2, 2, 3)]);
    let wide = self::screen(4, 3, 0, "日日日");
    let found = Search { from: Some(0), from_col: 1, ..Search::literal("日") };
    assert_eq!(spots(&find(&wide, &found)), [(0, 2, 0, 4), (1, 0, 1, 2)], "not half a character");
}

#[test]
fn places_outside_of_the_screen() {
    let screen = screen(4, 2, 1, "a\r\na\r\na\r\na");
    let with = |from, from_col| {
        let found = find(&screen, &Search { from: Some(from), from_col, ..Search::literal("a") });
        (found.matches.len(), found.next)
    };
    assert_eq!(with(i32::MIN, u16::MAX), (3, None));
    assert_eq!(with(-1, u16::MAX), (2, None));
    assert_eq!(with(1, 0), (1, None));
    assert_eq!(with(2, 0), (0, None));
    assert_eq!(with(i32::MAX, u16::MAX), (0, None));
}

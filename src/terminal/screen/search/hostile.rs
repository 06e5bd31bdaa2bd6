//! Patterns and screens that are made to cost as much as they can.

use std::time::Duration;

use super::*;
use crate::error::ErrorKind;
use crate::policy::UNIT_COST_MAX;
use crate::terminal::screen::{Screen, ScreenOptions};
use crate::terminal::size::Size;

fn compile(pattern: &str, ignore_case: bool) -> (crate::Result<()>, u64) {
    let (search, mut cost) = (Search { ignore_case, ..Search::regex(pattern) }, 0);
    let outcome = Patterns::default().get(&search, &mut cost);
    (outcome.map(drop), cost)
}

#[test]
fn no_compilation_costs_more_than_a_unit() {
    let many = |part: &str| part.repeat(2048 / part.len());
    let classes = |part: &str| format!("[{}]", part.repeat(2000 / part.len()));
    let nested = |inner: &str| format!("{}{inner}{}", "(".repeat(300), ")".repeat(300));
    let distinct: String =
        (0..680u32).filter_map(|n| char::from_u32(0x4E00 + n * 7919 % 20_000)).collect();
    let patterns = [
        "(a{1,100}){1,100}",
        "((((a{1,30}){1,30}){1,30}){1,30}){1,30}",
        r"\w{4000}",
        r"\pL{500}",
        r"(\w{1000}){0}",
        "(a?){1000}a{1000}",
        "(a*)*{1000}",
        "((a|b)*c|(d|e)*f){900}",
        r"(^|\b){1000}",
        "(){1000}{1000}{1000}",
        "(?i)[\\S\\s]",
        "(?i)[\\x00-\\u{10ffff}]{500}",
        r"[\w--\d&&\W~~\s]",
        "a{4294967295}",
        "a{1000}{1000}{1000}{1000}",
        "(a|(b|(c|(d|(e|f{100}){100}){100}){100}){100})",
        &many(r"\w"),
        &many(r"\W"),
        &many(r"[\w-]"),
        &many(r"\b"),
        &many("()|"),
        &many("|"),
        &many("a|"),
        &many("(?i:k)"),
        &many("[a-z]"),
        &many("."),
        &many("a?"),
        &many("(?:a+)*"),
        &many("q"),
        &many("é"),
        &many("[^a]|"),
        &classes(r"\w\W"),
        &classes(r"\d\s"),
        &classes(r"\D"),
        &classes("a-c"),
        &classes("[:alpha:]"),
        &classes(r"\w&&"),
        &classes(r"\w--\d~~"),
        &classes(&distinct),
        &nested("a"),
        &nested(r"\w{50}"),
        &format!("a{}", "?".repeat(2000)),
        &format!("{}a{}", "[".repeat(1000), "]".repeat(1000)),
    ];
    for pattern in patterns {
        for ignore_case in [false, true] {
            let (outcome, cost) = compile(pattern, ignore_case);
            assert!(cost <= UNIT_COST_MAX, "{pattern:.60} {ignore_case}: {cost}");
            if let Err(error) = outcome {
                assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                assert!(error.message().starts_with("search pattern: "), "{error}");
            }
        }
    }
}

#[test]
fn what_is_too_large_is_refused() {
    for pattern in ["(a{1,100}){1,100}", r"\w{5000}", "(?i)[\\S\\s]", "((a{99}){99}){99}"] {
        let (outcome, _) = compile(pattern, false);
        assert!(outcome.unwrap_err().message().contains("too large"), "{pattern}");
    }
    let length = |regex, ignore_case, len: usize| {
        let search = Search { regex, ignore_case, ..Search::literal("q".repeat(len)) };
        check_length(&search).is_ok() && Patterns::default().get(&search, &mut 0).is_ok()
    };
    assert!(length(false, false, 16 << 10) && !length(false, false, (16 << 10) + 1));
    for (regex, ignore_case) in [(true, false), (false, true), (true, true)] {
        assert!(length(regex, ignore_case, 2 << 10), "{regex} {ignore_case}");
        assert!(!length(regex, ignore_case, (2 << 10) + 1));
    }
}

#[test]
fn ordinary_expressions_pass() {
    let words: Vec<_> = (0..50).map(|n| format!("word{n}developer")).collect();
    let patterns = [
        r"\bfn\s+\w+\s*\(",
        r"[\w.+-]+@[\w-]+\.[\w.-]+",
        r"https?://[^\s/$.?#].[^\s]*",
        r"\b\d{1,3}(\.\d{1,3}){3}\b",
        r"^\s*(error|warning)(\[E\d{4}\])?: .*$",
        r"[^\s:]+:\d+(:\d+)?",
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        r"\w{1,50}",
        r"(\w+\W+){0,20}\w+",
        r"\S+\s+\S+",
        r"(?i)todo|fixme|xxx",
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?",
        r"(?x) a \w+ # a comment",
        r#""(\\.|[^"\\])*""#,
        r"#[0-9a-fA-F]{3,8}\b",
        r"\[[\w-]+\]\s+\[[\w/ -]+\]",
        &words.join("|"),
    ];
    for pattern in patterns {
        for ignore_case in [false, true] {
            let (outcome, _) = compile(pattern, ignore_case);
            assert!(outcome.is_ok(), "{pattern} {ignore_case}: {outcome:?}");
        }
    }
}

#[test]
fn what_was_compiled_is_kept() {
    let mut patterns = Patterns::default();
    let mut cost_of = |n: usize| {
        let mut cost = 0;
        patterns.get(&Search::regex(format!(r"\w+{n}")), &mut cost).unwrap();
        cost
    };
    for n in 0..8 {
        assert!(cost_of(n) > 0);
    }
    assert_eq!((0..8).map(&mut cost_of).sum::<u64>(), 0);
    assert!(cost_of(8) > 0);
    assert_eq!(cost_of(7), 0);
    assert!(cost_of(0) > 0, "it is the one that was not used for the longest time");
    // Text and an expression that look the same are not.
    let mut cost = 0;
    patterns.get(&Search::literal(r"\w+7"), &mut cost).unwrap();
    assert!(cost > 0);
}

#[test]
fn no_step_costs_more_than_a_unit() {
    let play = |cols, rows, output: &str| {
        let options = ScreenOptions { scrollback: 2000, ..ScreenOptions::default() };
        let mut screen = Screen::new(Size::cells(cols, rows), &options, 0);
        for piece in output.as_bytes().chunks(64 << 10) {
            assert!(screen.advance(piece, Duration::ZERO));
        }
        screen
    };
    let marks = "e\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}\u{30a}";
    let screens = [
        play(65_535, 2, &"a".repeat(131_000)),
        play(65_535, 2, &marks.repeat(20_000)),
        play(100, 10, &"a".repeat(100_000)),
        play(100, 10, &"日".repeat(30_000)),
        play(2, 10, &"\r\n".repeat(1500)),
        play(80, 24, ""),
    ];
    let expressions =
        ["a", "b|a.*c", "(a?){1000}b", r"(\w?){2000}!", "(.*)(.*)(.*)(.*)x", "(a|aa)+$", "[^b]"];
    for (number, screen) in screens.iter().enumerate() {
        for pattern in expressions {
            let search = Search { matches_max: 300, ..Search::regex(pattern) };
            let pattern = Patterns::default().get(&search, &mut 0).unwrap();
            let mut cursor = SearchCursor::new(&search, pattern);
            let mut scratch = Scratch::default();
            // Some of them would take minutes, which is what steps are for.
            for _ in 0..40 {
                let cost = cursor.step(screen, &mut scratch);
                assert!(cost <= UNIT_COST_MAX, "screen {number}, {}: {cost}", search.pattern);
                if cursor.is_done() {
                    break;
                }
            }
        }
    }
}

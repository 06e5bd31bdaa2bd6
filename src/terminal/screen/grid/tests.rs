//! Operations one by one, as tables: what is done, and what the screen and the history show then.

use super::*;
use crate::terminal::screen::position::{Mark, MarkKind};
use crate::terminal::screen::style::Color;

/// The rows of history and screen, trailing blanks cut; `|` is between them, a wrapped row ends with `\`.
pub(super) fn shown(grid: &Grid) -> String {
    let mut out = String::new();
    for index in -(grid.history_rows() as i64)..grid.rows() as i64 {
        let row = grid.row(index).unwrap();
        row.push_text(&mut out);
        if row.is_wrapped() {
            out.push('\\');
        }
        out.push(if index == -1 { '^' } else { '|' });
    }
    out.truncate(out.trim_end_matches('|').len());
    out
}

/// Prints; line feeds return the carriage.
pub(super) fn print(grid: &mut Grid, text: &str) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            grid.carriage_return();
            grid.line_feed();
        }
        grid.print(line);
    }
}

pub(super) fn marks(grid: &Grid) -> Vec<Mark> {
    let mut marks = Vec::new();
    grid.marks(|mark| marks.push(mark));
    marks
}

fn grid(rows: usize, cols: usize, text: &str) -> Grid {
    let mut grid = Grid::new(rows, cols, 100);
    print(&mut grid, text);
    grid
}

#[test]
fn marks_are_bounded() {
    let mut grid = Grid::new(3, 10, 100_000);
    (0..1000).for_each(|_| grid.mark(MarkKind::PromptStart));
    assert_eq!(marks(&grid).len(), 256);
    for _ in 0..6000 {
        grid.mark(MarkKind::CommandStart);
        print(&mut grid, "x\n");
    }
    let marks = marks(&grid);
    assert_eq!(marks.len(), 4096 + 2, "those of the history, and of two rows");
    let lines: Vec<u64> = marks.iter().map(|mark| mark.position.line).collect();
    assert_eq!(lines, (6000 - 4098..6000).collect::<Vec<_>>(), "the newest are kept");
}

/// With origin mode the cursor is inside of the region, also after the host has cleared the screen.
#[test]
fn clearing_ends_the_region_of_origin_mode() {
    let mut grid = grid(5, 10, "a\nb\nc\nd\n$ ");
    grid.set_rows_margin(2, 4);
    grid.set_origin(true);
    grid.goto(2, 0);
    grid.clear();
    let Margins { top, bottom, .. } = grid.margins();
    assert_eq!((grid.cursor().row, top, bottom, grid.origin()), (0, 0, 4, true));
}

/// The newest rows that can be printed for a cost: more of them when they are plain.
#[test]
fn rows_within_a_cost_are_counted() {
    let plain = "x".repeat(80) + "\n";
    let mut grid = Grid::new(2, 80, 5000);
    (0..5000).for_each(|_| print(&mut grid, &plain));
    assert_eq!(grid.rows_within(1000, u64::MAX), 1000);
    let count = grid.rows_within(usize::MAX, 100_000);
    assert!((100..1000).contains(&count), "{count}");
    for n in 0..5000 * 80 {
        let color = Color::Indexed((n % 7) as u8);
        grid.set_pen(Pen {
            style: Style { foreground: color, ..Style::default() },
            ..Pen::default()
        });
        grid.print("x");
        if n % 80 == 79 {
            print(&mut grid, "\n");
        }
    }
    let coloured = grid.rows_within(usize::MAX, 100_000);
    assert!(coloured > 0 && coloured < count / 5, "{coloured} of {count}");
    assert_eq!(grid.newest_rows(coloured).count(), coloured);
    assert_eq!(grid.newest_rows(usize::MAX).count(), grid.history_rows());
    assert_eq!(grid.newest_rows(0).count(), 0);
}

/// So many rows come back that the last ones are of a block whose rows are not counted yet.
#[test]
fn many_rows_come_back_at_another_width() {
    let mut grid = Grid::new(2, 120, 10_000);
    for line in 0..1000 {
        print(&mut grid, &format!("{line:0100}\n"));
    }
    // Each line has two rows; the first one on the screen begins in the middle of one.
    grid.resize(450, 60);
    random::check(&grid);
    while grid.count_history(1_000_000) > 0 {}
    random::check(&grid);
    grid.resize(451, 60);
    random::check(&grid);
}

#[test]
fn text_wraps_and_scrolls_into_the_history() {
    let table = [
        (3, 10, "abc", "abc"),
        (3, 4, "abcdef", "abcd\\|ef"),
        (2, 4, "abcdefghijk", "abcd\\^efgh\\|ijk"),
        (2, 4, "a\nb\nc", "a^b|c"),
        (2, 4, "日本語", "日本\\|語"),
        (2, 5, "日本語", "日本\\|語"),
        (1, 1, "abc", "a\\|b\\^c"),
    ];
    for (rows, cols, text, expected) in table {
        assert_eq!(shown(&grid(rows, cols, text)), expected, "{text}");
    }
}

#[test]
fn combining_characters_join() {
    let grid = grid(2, 10, "e\u{301}x界\u{308}");
    assert_eq!(grid.text_at(0, 0), Some(Text::Cluster("e\u{301}")));
    assert_eq!(grid.text_at(0, 2), Some(Text::Cluster("界\u{308}")));
    assert_eq!(grid.cursor().col, 4);
}

/// A2.
#[test]
fn insert_mode_cuts_a_wide_character_only_at_the_edge() {
    let mut grid = Grid::new(2, 20, 0);
    grid.goto(0, 16);
    grid.print("語尾");
    grid.goto(0, 0);
    grid.print("ca");
    grid.set_insert(true);
    grid.print("t");
    assert_eq!(shown(&grid), "cat              語");
}

/// A8.
#[test]
fn operations_part_lines_that_they_tear_apart() {
    type Operation = (&'static str, fn(&mut Grid));
    let operations: [Operation; 6] = [
        ("insert lines", |grid| grid.insert_lines(1)),
        ("delete lines", |grid| grid.delete_lines(1)),
        ("erase line", |grid| grid.erase_line(false)),
        ("erase to end", |grid| grid.erase_to_end(false)),
        ("erase below", |grid| grid.erase_below(false)),
        ("scroll down", |grid| {
            grid.set_rows_margin(1, 5);
            grid.scroll_down(1);
        }),
    ];
    for (name, operation) in operations {
        let mut grid = grid(6, 10, "aaaaaaaaaabbb\nccc");
        grid.goto(1, 0);
        operation(&mut grid);
        grid.goto(1, 0);
        grid.print("NEW");
        grid.resize(6, 20);
        assert!(shown(&grid).starts_with("aaaaaaaaaa|NEW"), "{name}: {}", shown(&grid));
    }
}

/// A1.
#[test]
fn the_cursor_stays_on_its_character() {
    let table = [
        ((4, 20), "user日本語:~$ ", (4, 9), "Q", "user日本\\|語:~$ Q"),
        ((6, 24), "日日日日日日xyz", (6, 5), "Q", "日日\\|日日\\|日日x\\|yzQ"),
        ((3, 10), "abcdefghij", (3, 5), "Q", "abcde\\|fghij\\|Q"),
        ((3, 10), "abcdefghij", (3, 20), "Q", "abcdefghijQ"),
    ];
    for ((rows, cols), text, to, more, expected) in table {
        let mut grid = grid(rows, cols, text);
        grid.resize(to.0, to.1);
        grid.print(more);
        assert_eq!(shown(&grid), expected, "{text}");
    }
}

#[test]
fn a_taller_screen_takes_rows_back() {
    let mut grid = grid(2, 10, "a\nb\nc\nd");
    assert_eq!(shown(&grid), "a|b^c|d");
    grid.resize(3, 10);
    assert_eq!(shown(&grid), "a^b|c|d");
    grid.resize(1, 10);
    assert_eq!(shown(&grid), "a|b|c^d");
    grid.resize(6, 10);
    assert_eq!((shown(&grid).as_str(), grid.cursor().row), ("a|b|c|d", 3));
}

/// A9: what ends a pending wrap.
#[test]
fn operations_end_a_pending_wrap() {
    type Operation = (&'static str, fn(&mut Grid), &'static str);
    let operations: [Operation; 8] = [
        ("line feed", Grid::line_feed, "abcdefghij|         Z"),
        ("reverse index", |grid| grid.reverse_index(), "         Z|abcdefghij"),
        ("delete", |grid| grid.delete_chars(1), "abcdefghiZ"),
        ("insert", |grid| grid.insert_chars(1), "abcdefghiZ"),
        ("erase characters", |grid| grid.erase_chars(1, false), "abcdefghiZ"),
        ("erase below", |grid| grid.erase_below(false), "abcdefghiZ"),
        ("erase to start", |grid| grid.erase_to_start(false), "         Z"),
        ("carriage return", Grid::carriage_return, "Zbcdefghij"),
    ];
    for (name, operation, expected) in operations {
        let mut grid = grid(4, 10, "abcdefghij");
        operation(&mut grid);
        grid.print("Z");
        assert_eq!(shown(&grid), expected, "{name}");
    }
}

#[test]
fn margins_bound_printing_and_scrolling() {
    let mut grid = Grid::new(4, 10, 100);
    for row in 0..4 {
        grid.goto(row, 0);
        grid.print("0123456789");
    }
    grid.enable_cols_margin(true);
    grid.set_cols_margin(2, 5);
    grid.set_rows_margin(1, 2);
    grid.goto(1, 2);
    grid.print("abcdefghijkl");
    assert_eq!(shown(&grid), "0123456789|01efgh6789|01ijkl6789|0123456789");
    grid.goto(1, 2);
    grid.insert_lines(1);
    assert_eq!(shown(&grid), "0123456789|01    6789|01efgh6789|0123456789");
    grid.goto(2, 3);
    grid.delete_chars(1);
    assert_eq!(shown(&grid), "0123456789|01    6789|01egh 6789|0123456789");
    grid.scroll_up(1);
    assert_eq!(shown(&grid), "0123456789|01egh 6789|01    6789|0123456789");
}

#[test]
fn what_is_protected_stays() {
    let mut grid = grid(2, 10, "ab");
    grid.set_pen(Pen { protected: true, ..Pen::default() });
    grid.print("界d");
    grid.set_pen(Pen::default());
    grid.print("e");
    grid.erase_line(true);
    assert_eq!(shown(&grid), "  界d");
    grid.erase_line(false);
    assert_eq!(shown(&grid), "");
}

/// More styles than have numbers: the rest is shown in the default style, and nothing grows.
#[test]
fn styles_are_bounded() {
    let style = |n: u32| Style {
        foreground: Color::Rgb(super::super::style::Rgb {
            r: (n >> 16) as u8,
            g: (n >> 8) as u8,
            b: n as u8,
        }),
        ..Style::default()
    };
    let mut grid = Grid::new(2, 100, 10);
    for n in 0..100_000 {
        grid.set_pen(Pen { style: style(n), ..Pen::default() });
        grid.print("x");
    }
    // Numbers that nothing has are given away again.
    let last = grid.row(1).unwrap().cells().last().unwrap();
    assert_eq!(last.style, style(99_999));
    assert!(grid.bytes() < 4 << 20, "{}", grid.bytes());
    // With all of them in use there is none for another one.
    let mut grid = Grid::new(700, 100, 0);
    for n in 0..69_900 {
        grid.set_pen(Pen { style: style(n), ..Pen::default() });
        grid.print("x");
    }
    let style_at = |row, col| grid.row(row).unwrap().cells().nth(col).unwrap().style;
    assert_eq!(style_at(655, 34), style(65_534));
    assert_eq!(style_at(655, 35), Style::default());
    assert_eq!(style_at(698, 99), Style::default());
}

/// Texts of several characters, and links: bounded as well.
#[test]
fn graphemes_and_links_are_bounded() {
    let mut grid = Grid::new(3, 80, 10);
    let marks: Vec<char> = ('\u{300}'..'\u{340}').collect();
    for n in 0..200_000usize {
        let text: String =
            ['a', marks[n & 63], marks[n >> 6 & 63], marks[n >> 12 & 63]].iter().collect();
        grid.print(&text);
        let id = n.to_string();
        let link = grid.link(Some(&id), "http://example.com/");
        grid.set_pen(Pen { link, ..Pen::default() });
    }
    assert!(grid.bytes() < 16 << 20, "{}", grid.bytes());
    assert_eq!(grid.row(2).unwrap().cells().last().unwrap().link.unwrap().id, "199998");
    assert!(grid.link(None, &"x".repeat(3000)).is_none());
    assert!(grid.link(None, "a\nb").is_none());
}

/// A change of size costs what the screen costs: rows of a long history are counted afterwards, in steps.
#[test]
fn a_long_history_is_counted_in_steps() {
    let mut grid = Grid::new(5, 40, 200_000);
    for n in 0..150_000 {
        print(&mut grid, &format!("line {n}\n"));
    }
    let rows = grid.history_rows();
    grid.resize(5, 39);
    assert!(!grid.is_history_counted() && grid.history_rows() > 10_000);
    let mut steps = 0;
    while grid.count_history(50_000) > 0 {
        steps += 1;
    }
    assert!(steps > 1);
    assert_eq!(grid.history_rows(), rows);
}

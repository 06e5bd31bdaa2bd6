//! Operations one by one, as tables: what is done, and what the screen and the history show then.

use super::*;

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

fn grid(rows: usize, cols: usize, text: &str) -> Grid {
    let mut grid = Grid::new(rows, cols, 100);
    print(&mut grid, text);
    grid
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

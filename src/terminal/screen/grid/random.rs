//! Random operations on grids of any size: invariants after each, viewers that keep up, text that stays.

use proptest::prelude::*;

use crate::terminal::screen::tests::cases;

use super::tests::{marks, print};
use super::*;
use crate::terminal::screen::position::{LinePosition, MarkKind};
use crate::terminal::screen::rows::Rows;
use crate::terminal::screen::style::{Attributes, Color, Rgb, Underline};

/// One call of the grid.
#[derive(Clone, Debug)]
enum Op {
    Print(String),
    Ascii(String),
    Repeat(usize),
    Move(u8, usize, usize),
    Edit(u8, usize, bool),
    Margins(usize, usize, usize, usize),
    Mode(u8, bool),
    Pen(u8),
    Rect(u8, Rect, usize, usize),
    Screens(u8, bool),
    Mark(u8),
    Resize(usize, usize),
    HistoryMax(usize),
    DropHistory,
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z ]{1,30}",
        2 => Just("日本語テキスト界".to_owned()),
        1 => Just("e\u{301}o\u{308}\u{323}👩\u{200d}👩🎉".to_owned()),
        1 => Just("❤\u{fe0f}🇩🇪x👍🏽".to_owned()),
        1 => Just("\u{301}\u{200d}".to_owned()),
        1 => Just("x".repeat(100)),
        1 => Just("äöüß wide at the edge 界".to_owned()),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let rect = (0..12usize, 0..24usize, 0..12usize, 0..24usize);
    let rect = rect.prop_map(|(top, left, bottom, right)| Rect { top, left, bottom, right });
    prop_oneof![
        8 => text().prop_map(Op::Print),
        4 => "[ -~]{1,40}".prop_map(Op::Ascii),
        1 => (0..50usize).prop_map(Op::Repeat),
        10 => (0..24u8, 0..14usize, 0..30usize).prop_map(|(n, a, b)| Op::Move(n, a, b)),
        10 => (0..20u8, 0..12usize, any::<bool>()).prop_map(|(n, a, b)| Op::Edit(n, a, b)),
        2 => (0..8usize, 0..10usize, 0..20usize, 0..25usize)
            .prop_map(|(a, b, c, d)| Op::Margins(a, b, c, d)),
        3 => (0..6u8, any::<bool>()).prop_map(|(n, on)| Op::Mode(n, on)),
        4 => any::<u8>().prop_map(Op::Pen),
        3 => (0..7u8, rect, 0..10usize, 0..20usize).prop_map(|(n, r, a, b)| Op::Rect(n, r, a, b)),
        2 => (0..9u8, any::<bool>()).prop_map(|(n, b)| Op::Screens(n, b)),
        1 => (0..4u8).prop_map(Op::Mark),
        1 => (1..14usize, 1..40usize).prop_map(|(rows, cols)| Op::Resize(rows, cols)),
        1 => (0..40usize).prop_map(Op::HistoryMax),
        1 => Just(Op::DropHistory),
    ]
}

fn apply(grid: &mut Grid, op: &Op) {
    match op {
        Op::Print(text) => {
            grid.print(text);
        }
        Op::Ascii(text) => {
            grid.print_ascii(text.as_bytes());
        }
        Op::Repeat(count) => grid.repeat(*count),
        Op::Move(which, a, b) => move_cursor(grid, *which, *a, *b),
        Op::Edit(which, count, flag) => edit(grid, *which, *count, *flag),
        Op::Margins(top, bottom, left, right) => {
            grid.set_rows_margin(*top, *bottom);
            grid.set_cols_margin(*left, *right);
        }
        Op::Mode(which, on) => [
            Grid::set_insert,
            Grid::set_autowrap,
            Grid::set_origin,
            Grid::set_reverse_wrap,
            Grid::set_graphemes,
            Grid::enable_cols_margin,
        ][usize::from(*which)](grid, *on),
        Op::Pen(seed) => set_pen(grid, *seed),
        Op::Rect(which, rect, row, col) => rectangle(grid, *which, *rect, *row, *col),
        Op::Screens(which, flag) => match which {
            0..=1 => grid.enter_alternate(*flag),
            2..=5 => grid.leave_alternate(),
            6 => grid.soft_reset(),
            7 => grid.clear(),
            _ if *flag => grid.reset(),
            _ => grid.erase_scrollback(),
        },
        Op::Mark(which) => grid.mark(
            [
                MarkKind::PromptStart,
                MarkKind::CommandStart,
                MarkKind::OutputStart,
                MarkKind::OutputEnd,
            ][usize::from(*which)],
        ),
        Op::Resize(rows, cols) => grid.resize(*rows, *cols),
        Op::HistoryMax(rows) => grid.set_history_max(*rows),
        Op::DropHistory => {
            grid.drop_oldest_history();
        }
    }
}

fn move_cursor(grid: &mut Grid, which: u8, a: usize, b: usize) {
    match which {
        0..=2 => grid.goto(a, b),
        3 => grid.goto_row(a),
        4 => grid.goto_col(b),
        5 => grid.move_up(a),
        6 => grid.move_down(a),
        7 => grid.move_left(b),
        8 => grid.move_right(b),
        9 => grid.next_line(a),
        10 => grid.previous_line(a),
        11 => grid.move_right_relative(b),
        12 => grid.move_down_relative(a),
        13 => grid.backspace(),
        14 => grid.carriage_return(),
        15 => grid.tab(a),
        16 => grid.back_tab(a),
        17 => [Grid::set_tab, Grid::clear_tab, Grid::clear_tabs][a % 3](grid),
        18 => grid.set_tabs_every(a),
        19 => grid.save_cursor(SavedState(7)),
        20 => drop(grid.restore_cursor()),
        _ => {
            grid.carriage_return();
            grid.line_feed();
        }
    }
}

fn edit(grid: &mut Grid, which: u8, count: usize, flag: bool) {
    match which {
        0 => grid.line_feed(),
        1 => grid.reverse_index(),
        2 => grid.back_index(),
        3 => grid.forward_index(),
        4 => grid.erase_below(flag),
        5 => grid.erase_above(flag),
        6 => grid.erase_all(flag),
        7 => grid.erase_to_end(flag),
        8 => grid.erase_to_start(flag),
        9 => grid.erase_line(flag),
        10 => grid.erase_chars(count, flag),
        11 => grid.insert_chars(count),
        12 => grid.delete_chars(count),
        13 => grid.insert_lines(count),
        14 => grid.delete_lines(count),
        15 => grid.scroll_up(count),
        16 => grid.scroll_down(count),
        17 => [Grid::scroll_left, Grid::scroll_right][usize::from(flag)](grid, count),
        18 => grid.insert_columns(count),
        _ => grid.delete_columns(count),
    }
}

fn set_pen(grid: &mut Grid, seed: u8) {
    let color = match seed & 3 {
        0 => Color::Default,
        1 => Color::Indexed(seed),
        _ => Color::Rgb(Rgb { r: seed, g: 1, b: 2 }),
    };
    let style = Style {
        foreground: color,
        background: if seed & 4 == 0 { Color::Default } else { color },
        attributes: Attributes::from_bits(u16::from(seed >> 3 & 3)),
        underline: if seed & 64 == 0 { Underline::None } else { Underline::Curly },
        ..Style::default()
    };
    let link = (seed & 32 != 0).then(|| grid.link(Some("id"), "http://example.com/")).flatten();
    let style = if seed < 60 { Style::default() } else { style };
    grid.set_pen(Pen { style, link, protected: seed & 128 != 0 && seed & 1 == 0 });
}

fn rectangle(grid: &mut Grid, which: u8, rect: Rect, row: usize, col: usize) {
    let change = AttributeChange {
        set: Attributes::BOLD,
        toggle: Attributes::INVERSE,
        toggle_underline: true,
        ..AttributeChange::default()
    };
    match which {
        0 => grid.fill_rect('#', rect),
        1 if row.is_multiple_of(3) => grid.erase_rect(rect),
        1 => grid.erase_rect_text(rect, row.is_multiple_of(2)),
        2..=3 => grid.copy_rect(rect, row, col),
        4 => grid.change_attributes(rect, change, row.is_multiple_of(2)),
        5 => grid.align_test(),
        _ => drop(grid.checksum(rect)),
    }
}

/// What holds after every operation.
pub(super) fn check(grid: &Grid) {
    let (rows, cols) = (grid.rows(), grid.cols());
    let CursorPos { row, col, pending_wrap } = grid.cursor();
    assert!(row < rows && col < cols, "the cursor is on the screen: {row} {col}");
    let margins = grid.margins();
    assert!(margins.top <= margins.bottom && margins.bottom < rows);
    assert!(margins.left <= margins.right && margins.right < cols);
    assert!(!pending_wrap || col == cols - 1 || col == margins.right);
    for screen in [Some(&grid.active), grid.other.as_ref()].into_iter().flatten() {
        assert_eq!(screen.rows.len(), rows);
        screen.rows.iter().for_each(|row| check_row(grid, row));
        assert!(!screen.rows[rows - 1].wrapped, "nothing is below the last row");
    }
    grid.history.check();
    let marks = marks(grid);
    assert!(marks.iter().all(|mark| mark.position.line >= grid.first_line()));
}

fn check_row(grid: &Grid, row: &Row) {
    row.check(grid.cols());
    let cells: Vec<_> = (0..grid.cols()).map(|col| row.cell(col)).collect();
    for (col, cell) in cells.iter().enumerate() {
        let next = cells.get(col + 1).copied().unwrap_or_default();
        assert_eq!(cell.is_wide(), next.is_continuation(), "column {col} of {cells:?}");
        assert!(!cell.is_wide() || cell.is_protected() == next.is_protected());
        let has = |number: u16, is_there: bool| assert!(number == 0 || is_there);
        has(cell.style(), grid.tables.styles.get(cell.style().into()).is_some());
        has(cell.link(), grid.tables.link(cell.link()).is_some());
        assert!(cell.grapheme().is_none_or(|n| grid.tables.graphemes.get(n).is_some()));
    }
    assert!(!cells[0].is_continuation());
}

/// The rows of the screen, in words.
fn all_rows(grid: &Grid) -> Vec<String> {
    (0..grid.rows() as i64).map(|row| describe(grid, row)).collect()
}

fn describe(grid: &Grid, index: i64) -> String {
    let mut rows = Rows::default();
    rows.push(index as i32, None, &grid.row(index).unwrap());
    let row = rows.iter().next().unwrap();
    format!("{:?} {}", row.runs().collect::<Vec<_>>(), row.is_wrapped())
}

/// A client that keeps rows and applies updates.
#[derive(Default)]
struct Viewer {
    generation: u64,
    rows: Vec<String>,
}

impl Viewer {
    fn catch_up(&mut self, grid: &mut Grid) {
        let generation = grid.look();
        let is_full = !grid.knows(self.generation);
        if is_full {
            self.rows = vec![String::new(); grid.rows()];
        } else {
            for scroll in grid.scrolls_since(self.generation) {
                let by = usize::from(scroll.rows.unsigned_abs());
                let region = &mut self.rows[usize::from(scroll.top)..usize::from(scroll.bottom)];
                assert!(by < region.len());
                if scroll.rows > 0 { region.rotate_left(by) } else { region.rotate_right(by) }
            }
        }
        for row in 0..grid.rows() {
            if is_full || grid.row_generation(row) > self.generation {
                self.rows[row] = describe(grid, row as i64);
            }
        }
        self.generation = generation;
        assert_eq!(self.rows, all_rows(grid));
    }
}

/// The text of every line, joined over rows that wrap.
fn lines(grid: &Grid) -> Vec<String> {
    let mut lines = vec![String::new()];
    for index in -(grid.history_rows() as i64)..grid.rows() as i64 {
        let row = grid.row(index).unwrap();
        let last = lines.last_mut().unwrap();
        let mut cols = 0;
        for cell in row.cells().filter(|cell| !cell.leading) {
            cell.text.push_to(last);
            cols += cell.cols;
        }
        // Blanks at the end of a row that goes on are text.
        let len = usize::try_from(index).map_or(0, |row| grid.wrapped_len(row));
        last.extend((cols..len).map(|_| ' '));
        if !row.is_wrapped() {
            last.truncate(last.trim_end_matches(' ').len());
            lines.push(String::new());
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

proptest! {
    #![proptest_config(cases(300, 20_261_127))]

    #[test]
    fn invariants_hold_and_viewers_keep_up(
        ops in prop::collection::vec((op(), any::<u8>()), 0..80),
        (rows, cols) in (1..10usize, 1..24usize),
        history in 0..40usize,
    ) {
        let mut grid = Grid::new(rows, cols, history);
        let mut viewers: [Viewer; 3] = Default::default();
        for (op, who) in &ops {
            apply(&mut grid, op);
            check(&grid);
            for (index, viewer) in viewers.iter_mut().enumerate() {
                if who >> index & 1 == 1 || index == 0 {
                    viewer.catch_up(&mut grid);
                }
            }
        }
    }

    /// Whatever the widths in between, the text of every line is what was printed.
    #[test]
    fn text_is_kept(
        printed in prop::collection::vec(prop_oneof![text(), "[a-z]{0,12}"], 1..30),
        sizes in prop::collection::vec((1..12usize, 2..30usize), 0..4),
        (rows, cols) in (1..10usize, 2..24usize),
    ) {
        let mut grid = Grid::new(rows, cols, 10_000);
        let mut printed = printed;
        printed.iter_mut().for_each(|text| text.insert(0, '>'));
        print(&mut grid, &printed.join("\n"));
        let expected: Vec<_> = printed.iter().map(|text| text.trim_end_matches(' ')).collect();
        prop_assert_eq!(&lines(&grid), &expected);
        for (rows, cols) in sizes {
            grid.resize(rows, cols);
            check(&grid);
            prop_assert_eq!(&lines(&grid), &expected, "{}x{}", cols, rows);
        }
    }

    /// What is printed after a change of size comes where it would have come.
    #[test]
    fn the_cursor_stays_at_the_end(
        text in text(), more in "[a-z]{1,5}", (rows, cols) in (1..12usize, 2..30usize),
    ) {
        let mut grid = Grid::new(8, 20, 1000);
        let text = format!(">{text}");
        grid.print(&text);
        grid.resize(rows, cols);
        grid.print(&more);
        check(&grid);
        prop_assert_eq!(lines(&grid), [format!("{text}{more}")]);
    }

    /// Lines keep their numbers, and marks their places.
    #[test]
    fn numbers_of_lines_stay(
        texts in prop::collection::vec("[a-z]{1,30}", 1..30),
        sizes in prop::collection::vec((1..12usize, 1..30usize), 0..4),
    ) {
        let mut grid = Grid::new(5, 12, 10_000);
        for (number, text) in texts.iter().enumerate() {
            grid.print(&format!("{number}"));
            grid.mark(MarkKind::PromptStart);
            print(&mut grid, &format!("{text}\n"));
        }
        let mut sizes = sizes;
        sizes.push((5, 12));
        for (rows, cols) in sizes {
            grid.resize(rows, cols);
            check(&grid);
            for (number, mark) in marks(&grid).iter().enumerate() {
                prop_assert_eq!((mark.position.line, mark.position.col), (number as u64, number.to_string().len() as u64));
                let (row, col) = grid.row_of_line(mark.position.line, mark.position.col as usize).unwrap();
                let (line, first) = grid.line_of_row(row).unwrap();
                prop_assert_eq!(LinePosition { line, col: (first + col) as u64 }, mark.position);
            }
            prop_assert_eq!(marks(&grid).len(), texts.len());
        }
    }
}

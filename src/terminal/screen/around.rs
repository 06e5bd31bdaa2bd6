//! Rows around a place, for those who read a screen and its scrollback in parts.
//!
//! The rows that come are neighbours, and those nearest to the place come first: so a bound leaves out what is far away,
//! above and below alike. Each is found in the time that its cells take; nothing else of the scrollback is looked at.

use super::grid::{LinePlace, RowView};
use super::{LinePosition, Row, Rows, Screen};

/// What reading rows may cost at once, in about nanoseconds. The row that goes beyond it is the last one.
const READ_COST: u64 = 250_000;

/// Which rows are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowsAround {
    /// A place in the text; without one the top row of the screen.
    pub(crate) from: Option<LinePosition>,
    /// Rows above the one that shows the place.
    pub(crate) above: usize,
    /// Rows from that one on.
    pub(crate) max: usize,
    /// Rows that come at most.
    pub(crate) rows_max: usize,
}

impl RowsAround {
    /// What reading them costs at most, in about nanoseconds, without the row that is the last one because of it.
    pub(crate) const COST_MAX: u64 = Screen::FIND_COST + READ_COST;
}

/// What there is beside the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The places of the oldest row and of the top row of the primary screen.
    pub(crate) from: LinePosition,
    pub(crate) to: LinePosition,
    /// Rows of scrollback, also while the alternate screen is in use.
    pub(crate) history: usize,
    pub(crate) cols: u16,
    /// What it cost to read the rows, in about nanoseconds.
    pub(crate) cost: u64,
}

/// A row, what it costs to read, its index and its place.
type Found<'a> = (i64, Option<LinePosition>, RowView<'a>, u64);

impl Screen {
    /// Reads rows around a place, as many as `fits` takes; the first one in any case. Rows of scrollback that are not
    /// counted yet are not there, see [`count_history`](Self::count_history).
    pub(crate) fn rows_around(
        &self,
        wanted: &RowsAround,
        rows: &mut Rows,
        mut fits: impl FnMut(Row<'_>) -> bool,
    ) -> Kept {
        rows.clear();
        let first = self.row_that_shows(wanted.from);
        let mut below = self.rows_from(first).take(wanted.max);
        let mut above = self.rows_above(first).take(wanted.above);
        let mut cost = Screen::FIND_COST;
        for at in 0_usize.. {
            let next = match at.is_multiple_of(2) {
                true => below.next().or_else(|| above.next()),
                false => above.next().or_else(|| below.next()),
            };
            let Some((index, line, view, row_cost)) = next else { break };
            rows.push(index as i32, line, &view);
            cost += row_cost;
            let has_room = rows.last().is_some_and(&mut fits);
            if !has_room && rows.len() > 1 {
                rows.pop();
            }
            if !has_room || rows.len() >= wanted.rows_max || cost >= READ_COST {
                break;
            }
        }
        rows.sort();
        let (from, to) = self.grid().kept();
        Kept {
            from: from.into(),
            to: to.into(),
            history: self.grid().primary_history_rows(),
            cols: self.emulator.size().cols,
            cost,
        }
    }

    /// The row that shows a place. For one that is gone it is the oldest row, for one behind the end the last one. The
    /// alternate screen hides the primary one: then it is its top row.
    fn row_that_shows(&self, place: Option<LinePosition>) -> i64 {
        let Some(place) = place.map(LinePlace::from) else { return 0 };
        let grid = self.grid();
        match grid.row_of_line(place.line, place.col) {
            Some((row, _)) if grid.has_line_numbers() => row,
            Some((row, _)) => row.min(0),
            None if place < grid.kept().1 => -(grid.primary_history_rows() as i64),
            None => grid.rows() as i64 - 1,
        }
    }

    /// The rows from this one on, to the last one of the screen.
    fn rows_from(&self, first: i64) -> impl Iterator<Item = Found<'_>> {
        let grid = self.grid();
        let above = usize::try_from(-first).unwrap_or(0);
        let history = grid.newest_rows(above).take(above).map(RowView::History);
        let history = (first..).zip(history).map(|(index, view)| self.found(index, None, view));
        let top = usize::try_from(first).unwrap_or(0);
        let screen = grid.places().enumerate().skip(top);
        history.chain(screen.filter_map(|(row, place)| {
            let view = grid.row(row as i64)?;
            Some(self.found(row as i64, Some(place), view))
        }))
    }

    /// The rows above this one, from the lowest up.
    fn rows_above(&self, first: i64) -> impl Iterator<Item = Found<'_>> {
        let grid = self.grid();
        let top = usize::try_from(first).unwrap_or(0);
        let places: Vec<_> = grid.places().take(top).collect();
        let screen = places.into_iter().enumerate().rev().filter_map(|(row, place)| {
            let view = grid.row(row as i64)?;
            Some(self.found(row as i64, Some(place), view))
        });
        let highest = first.min(0);
        let history = grid.history_above(highest).map(RowView::History);
        let indices = (1..).map(move |by| highest - by);
        screen.chain(indices.zip(history).map(|(index, view)| self.found(index, None, view)))
    }

    fn found<'a>(&self, index: i64, place: Option<LinePlace>, view: RowView<'a>) -> Found<'a> {
        let grid = self.grid();
        let place = match &view {
            RowView::History(row) => Some(grid.place_of_row(row)),
            RowView::Screen(..) => place.filter(|_| grid.has_line_numbers()),
        };
        let cost = self.row_cost(&view);
        (index, place.map(Into::into), view, cost)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::terminal::screen::ScreenOptions;
    use crate::terminal::size::Size;

    /// The number of a row, its place and its text.
    type Shown = (i32, Option<(u64, u64)>, String);

    fn screen(cols: u16, rows: u16, output: &str) -> Screen {
        let options = ScreenOptions { scrollback: 100, ..ScreenOptions::default() };
        let mut screen = Screen::new(Size::cells(cols, rows), &options, 0);
        assert!(screen.advance(output.as_bytes(), Duration::ZERO));
        screen
    }

    /// Reads rows, of which `count` fit. Gives their numbers, places and texts.
    fn read(screen: &Screen, wanted: RowsAround, count: usize) -> Vec<Shown> {
        let mut rows = Rows::default();
        let mut left = count;
        screen.rows_around(&wanted, &mut rows, |_| {
            let fits = left > 0;
            left = left.saturating_sub(1);
            fits
        });
        let place = |row: &Row<'_>| row.line().map(|place| (place.line, place.col));
        rows.iter().map(|row| (row.index(), place(&row), row.text())).collect()
    }

    fn indices(
        screen: &Screen,
        from: Option<(u64, u64)>,
        above: usize,
        max: usize,
        count: usize,
    ) -> Vec<i32> {
        let from = from.map(|(line, col)| LinePosition { line, col });
        let rows = read(screen, RowsAround { from, above, max, rows_max: 1000 }, count);
        rows.into_iter().map(|(index, ..)| index).collect()
    }

    /// Lines `0` to `19`, the last four on the screen with the cursor's empty row.
    fn lines() -> Screen {
        let text: String = (0..20).map(|line| format!("{line}\r\n")).collect();
        screen(10, 5, &text)
    }

    #[test]
    fn rows_around_places() {
        let screen = lines();
        // (from, above, max, how many fit, the rows)
        type Case = (Option<(u64, u64)>, usize, usize, usize, Vec<i32>);
        let table: [Case; 14] = [
            (None, 0, 0, 9, vec![]),
            (None, 0, 2, 9, vec![0, 1]),
            (None, 0, 9, 9, vec![0, 1, 2, 3, 4]),
            (None, 2, 0, 9, vec![-2, -1]),
            (None, 2, 2, 9, vec![-2, -1, 0, 1]),
            (None, 9, 9, 4, vec![-2, -1, 0, 1]),
            (None, 9, 9, 0, vec![0]),
            (Some((3, 0)), 1, 2, 9, vec![-14, -13, -12]),
            (Some((3, 7)), 1, 1, 9, vec![-14, -13]),
            (Some((1, 0)), 5, 1, 9, vec![-16, -15]),
            (Some((18, 0)), 3, 9, 9, vec![-1, 0, 1, 2, 3, 4]),
            (Some((20, 0)), 1, 9, 9, vec![3, 4]),
            (Some((u64::MAX, u64::MAX)), 1, usize::MAX, 9, vec![3, 4]),
            (Some((0, u64::MAX)), usize::MAX, 1, 9, vec![-16]),
        ];
        for (from, above, max, count, expected) in table {
            assert_eq!(
                indices(&screen, from, above, max, count),
                expected,
                "{from:?} {above} {max}"
            );
        }
    }

    #[test]
    fn a_place_that_is_gone_is_the_oldest_row() {
        let mut screen = lines();
        assert!(screen.advance(b"\n".repeat(95).as_slice(), Duration::ZERO));
        let rows = read(
            &screen,
            RowsAround { from: Some(LinePosition::default()), above: 3, max: 1, rows_max: 9 },
            9,
        );
        assert_eq!(rows, [(-100, Some((11, 0)), "11".into())]);
        screen.clear();
        assert_eq!(indices(&screen, Some((0, 0)), 3, 1, 9), [0]);
    }

    #[test]
    fn rows_of_a_line_that_wraps_into_the_screen() {
        let screen = screen(4, 2, "abcdefghijklmnop\r\nx");
        let rows = read(
            &screen,
            RowsAround {
                from: Some(LinePosition { line: 0, col: 6 }),
                above: 9,
                max: 9,
                rows_max: 9,
            },
            9,
        );
        let expected = [(-3, 0, "abcd"), (-2, 4, "efgh"), (-1, 8, "ijkl"), (0, 12, "mnop")];
        let expected = expected.map(|(row, col, text)| (row, Some((0, col)), text.to_owned()));
        assert_eq!(rows[..4], expected);
        assert_eq!(rows[4], (1, Some((1, 0)), "x".into()));
        assert_eq!(indices(&screen, Some((0, 6)), 1, 1, 9), [-3, -2]);
        assert_eq!(indices(&screen, Some((0, 13)), 1, 1, 9), [-1, 0]);
    }

    #[test]
    fn the_scrollback_above_the_alternate_screen() {
        let mut screen = lines();
        assert!(screen.advance(b"\x1b[?1049h\x1b[Hother", Duration::ZERO));
        let rows = read(&screen, RowsAround { from: None, above: 1, max: 1, rows_max: 9 }, 9);
        assert_eq!(rows, [(-1, Some((15, 0)), "15".into()), (0, None, "other".into())]);
        // (place, the row)
        for (from, row) in [((0, 0), -16), ((15, 1), -1), ((16, 0), 0), ((18, 0), 0), ((99, 0), 4)]
        {
            assert_eq!(indices(&screen, Some(from), 0, 1, 9), [row], "{from:?}");
        }
        let mut rows = Rows::default();
        let kept = screen.rows_around(
            &RowsAround { from: None, above: 0, max: 0, rows_max: 9 },
            &mut rows,
            |_| true,
        );
        assert_eq!((kept.from.line, kept.to.line, kept.history, kept.cols), (0, 16, 16, 10));
        assert_eq!(screen.history(), 0);
    }

    /// What reading costs is bounded, whatever the lines are.
    #[test]
    fn costly_rows_come_in_parts() {
        let colours: String = (0..4000).map(|n| format!("\x1b[3{}mx", n % 7)).collect();
        let screen = screen(2, 2, &colours);
        let rows =
            read(&screen, RowsAround { from: None, above: 1000, max: 2, rows_max: 1000 }, 1000);
        assert!((3..99).contains(&rows.len()), "{}", rows.len());
        let mut found = Rows::default();
        let kept = screen.rows_around(
            &RowsAround { from: None, above: 1000, max: 2, rows_max: 1000 },
            &mut found,
            |_| true,
        );
        assert!((READ_COST..2 * READ_COST).contains(&kept.cost), "{}", kept.cost);
    }
}

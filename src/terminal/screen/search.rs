//! Search in the screen and its scrollback, by literal text or regular expression.
//!
//! Rows that wrap into each other are one line. [`SearchCursor`] is a search under way: it looks through a block
//! of the history at once, or reads a line, finds matches in it, and goes on with the next one, in steps of bounded cost between which the screen may
//! change. A [`Search`] by the host runs one to its end; one by a client is run in slices of the turn.

mod cursor;
mod finder;
#[cfg(test)]
mod hostile;
mod line;
#[cfg(test)]
mod moving;
mod pattern;
#[cfg(test)]
mod printed;
mod program;
#[cfg(test)]
mod tests;

pub(crate) use self::cursor::{Scratch, SearchCursor};
pub(crate) use self::pattern::{Patterns, check_length};
use super::position::{LinePosition, Position};

/// What to search and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Text, or an expression in the syntax of the `regex` crate. At most 16 KiB; an expression, or text
    /// with `ignore_case`, at most 2 KiB, and no larger when compiled than what takes about a
    /// millisecond.
    pub pattern: String,
    /// The pattern is a regular expression.
    pub regex: bool,
    /// Upper and lower case are the same.
    pub ignore_case: bool,
    /// The first row to look at, or `None` for the oldest one: 0 is the top of the screen, -1 the
    /// newest row of the scrollback. In the middle of a line, matches are those that begin there or later;
    /// what is before decides only whether a word or the line begins there.
    pub from: Option<i32>,
    /// The column in that row to begin at; without `from` of no effect. Default 0.
    pub from_col: u16,
    /// The place to begin at in place of `from`; if its line is gone, the oldest one. On the alternate screen, whose lines
    /// have no numbers, of no effect. Default `None`.
    pub from_line: Option<LinePosition>,
    /// The most rows to look at; 0 counts as 1. Each row of a line that wraps counts. A line that does not
    /// fit into what is left is kept for the next call; one that is longer than all is looked at in parts
    /// of this size, and a match over the end of a part is not found whole. Default 10,000.
    pub rows_max: usize,
    /// The most matches to find; 0 counts as 1. Default 1,000.
    pub matches_max: usize,
}

impl Search {
    /// Searches literal text, everywhere.
    pub fn literal(text: impl Into<String>) -> Self {
        Search {
            pattern: text.into(),
            regex: false,
            ignore_case: false,
            from: None,
            from_col: 0,
            from_line: None,
            rows_max: 10_000,
            matches_max: 1_000,
        }
    }

    /// Searches a regular expression, everywhere.
    pub fn regex(expression: impl Into<String>) -> Self {
        Search { regex: true, ..Search::literal(expression) }
    }
}

/// A match: from the first character's column up to, not including, the column after the last one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Where it begins.
    pub start: Position,
    /// Where it ends; a match in a wrapped line may end in another row.
    pub end: Position,
    /// Where it begins and ends in its line, which stays; `None` on the alternate screen, and of another engine where it
    /// goes on in another line (one of more than 16 KiB counts as several).
    pub in_line: Option<(LinePosition, LinePosition)>,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// In the order of the text, at most [`Search::matches_max`]. Empty matches are left out.
    pub matches: Vec<Match>,
    /// The row to go on from, as [`Search::from`], when the search was ended by one of its bounds.
    pub next: Option<i32>,
    /// The column in that row, for [`Search::from_col`].
    pub next_col: u16,
    /// The same place in its line, for [`Search::from_line`]: it stays when more output comes in between. `None` on the
    /// alternate screen.
    pub next_line: Option<LinePosition>,
}

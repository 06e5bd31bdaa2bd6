//! Rows of a terminal of another engine, as a host gets them.

use crate::terminal::{LinePosition, Rows};

/// Rows of a terminal of another engine, read by [`RemoteRequest::Rows`](crate::RemoteRequest).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteRows {
    /// Neighbours, from the top. [`Row::line`](crate::Row::line) is the place from which to read on.
    pub rows: Rows,
    /// The place of the oldest row that is kept. Every engine gives it.
    pub kept_from: Option<LinePosition>,
    /// The place of the top row of the primary screen, where the scrollback ends. Every engine gives it.
    pub kept_to: Option<LinePosition>,
    /// Rows of scrollback, also while the alternate screen is in use.
    pub history: u32,
    /// Columns for which the rows are wrapped.
    pub cols: u16,
}

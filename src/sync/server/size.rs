//! What size a terminal gets that several viewers show. Pure.
//!
//! Each attachment has a [`Viewer`]: the grid of its window, if the client has reported it, and when it was
//! used. [`choose`] makes one size of them, by the terminal's policy. Nothing here remembers a size: the answer
//! follows from the viewers that are there, so it is asked anew whenever one comes, changes, types or goes.
//!
//! The rules, and why:
//!
//! - *Latest* is the default, as in tmux: one person with several windows works in one of them at a time. Unlike in
//!   tmux, attaching and changing a window are no activity, or a tiny or background window would take the size
//!   from who is typing. The first viewer decides until somebody types.
//! - Several viewers make a terminal no smaller than 20 by 5, by whatever policy: a window of one cell would make it
//!   unusable for the others. One alone may have 2 by 1, the smallest screen.
//! - A host that resizes a terminal itself shows it itself, so from then on it decides (*fixed*).
//! - A client without the scope `type` has no say: it could not do as much by typing either. One that stalled until
//!   its time was over may be gone, so it does not count before its next message.
//! - Nothing is sent to a new attachment before the change that its grid causes is made, if coalescing delays it:
//!   the first snapshot has the new size, and repeated attachments are no way around the interval.

use crate::terminal::{Size, SizePolicy};

/// The smallest size that several viewers give a terminal, in columns and rows. A window that is smaller than this
/// shows a part of the terminal, so that nobody makes it unusable for the others.
const SHARED_MIN: (u16, u16) = (20, 5);
/// The smallest size that a single viewer gives a terminal: the smallest screen.
const SINGLE_MIN: (u16, u16) = (2, 1);

/// Columns and rows of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) cols: u16,
    pub(crate) rows: u16,
}

impl Grid {
    /// The largest size that this grid can make of a terminal.
    pub(super) fn largest(self) -> Size {
        self.at_least(SHARED_MIN).into()
    }

    fn at_least(self, (cols, rows): (u16, u16)) -> Grid {
        Grid { cols: self.cols.max(cols), rows: self.rows.max(rows) }
    }

    fn is_size(self, size: Size) -> bool {
        (self.cols, self.rows) == (size.cols, size.rows)
    }
}

impl From<Grid> for Size {
    fn from(grid: Grid) -> Size {
        Size::cells(grid.cols, grid.rows)
    }
}

/// The part that one attachment has in the size of its terminal. Times are given by the caller: each is greater
/// than the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Viewer {
    /// The grid of its window, if its client has reported it.
    grid: Option<Grid>,
    /// When the first grid was reported.
    reported_at: u64,
    /// When the client typed last; 0: never.
    typed_at: u64,
    /// Its client held the program back for too long and has not been heard of since.
    is_stalled: bool,
}

impl Viewer {
    /// The client reports a grid.
    pub(super) fn report(&mut self, grid: Grid, time: u64) {
        if self.grid.replace(grid).is_none() {
            self.reported_at = time;
        }
        self.is_stalled = false;
    }

    /// The client attaches anew: it is still the same viewer, with the grid that it reports now.
    pub(super) fn attach_anew(&mut self, grid: Option<Grid>, time: u64) {
        match grid {
            Some(grid) => self.report(grid, time),
            None => self.grid = None,
        }
    }

    /// The client types.
    pub(super) fn note_typing(&mut self, time: u64) {
        self.typed_at = time;
        self.is_stalled = false;
    }

    /// Whether the terminal may get another size because this viewer has typed.
    pub(super) fn may_resize(&self, size: Size) -> bool {
        let fits = |grid: Grid| grid.is_size(size) && grid.at_least(SHARED_MIN) == grid;
        self.grid.is_some_and(|grid| !fits(grid))
    }

    /// The client is heard of. Whether that is news.
    pub(super) fn wake(&mut self) -> bool {
        std::mem::take(&mut self.is_stalled)
    }

    /// The client has held the program back for too long: it does not count before it is heard of.
    pub(super) fn stall(&mut self) {
        self.is_stalled = true;
    }
}

/// The size for a terminal of this size, or `None` if it stays as it is. `viewers` are those whose clients may type.
pub(super) fn choose(
    policy: SizePolicy,
    size: Size,
    viewers: impl Iterator<Item = Viewer>,
) -> Option<Size> {
    if policy == SizePolicy::Fixed {
        return None;
    }
    let mut count = 0;
    let mut smallest: Option<Grid> = None;
    let mut latest: Option<(Viewer, Grid)> = None;
    for viewer in viewers.filter(|viewer| !viewer.is_stalled) {
        let Some(grid) = viewer.grid else { continue };
        count += 1;
        let least = smallest.unwrap_or(grid);
        smallest = Some(Grid { cols: least.cols.min(grid.cols), rows: least.rows.min(grid.rows) });
        if latest.is_none_or(|(known, _)| is_before(known, viewer)) {
            latest = Some((viewer, grid));
        }
    }
    let chosen = match policy {
        SizePolicy::Smallest => smallest,
        _ => latest.map(|(_, grid)| grid),
    };
    let min = if count > 1 { SHARED_MIN } else { SINGLE_MIN };
    let chosen = chosen?.at_least(min);
    (!chosen.is_size(size)).then(|| chosen.into())
}

/// Whether the second one decides: it typed later; if neither has typed, it reported its grid before the first.
fn is_before(first: Viewer, second: Viewer) -> bool {
    match (first.typed_at, second.typed_at) {
        (0, 0) => second.reported_at < first.reported_at,
        (first, second) => second > first,
    }
}

#[cfg(test)]
mod tests;

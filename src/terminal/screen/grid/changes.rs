//! Which rows changed since when, for any number of viewers.
//!
//! Whoever writes into a row stamps it with the current *generation*. A look publishes that generation, and the
//! next write begins a new one. A viewer who knows generation `g` needs the rows that are younger.
//!
//! An operation that scrolls records it; the rows keep their stamps, and the viewer moves them too. Rows that
//! come in are stamped. The record is bounded: a viewer who is further behind gets everything.

use std::collections::VecDeque;

use super::geometry::CursorPos;
use crate::terminal::screen::position::Scroll;

/// Scrolls that are remembered.
const SCROLLS_MAX: usize = 32;

/// See the module's documentation.
pub(super) struct Changes {
    /// What is written now gets this generation.
    pub(super) clock: u64,
    pub(super) published: u64,
    pub(super) is_dirty: bool,
    pub(super) scrolls: VecDeque<(u64, Scroll)>,
    /// Viewers that know less get everything.
    pub(super) floor: u64,
    /// What else was there at the last look.
    pub(super) seen: (CursorPos, usize),
}

impl Changes {
    pub(super) fn new() -> Self {
        Changes {
            clock: 1,
            published: 0,
            is_dirty: true,
            scrolls: VecDeque::new(),
            floor: 0,
            seen: Default::default(),
        }
    }

    /// The generation of what is written now. Something is written.
    #[inline]
    pub(super) fn touch(&mut self) -> u64 {
        self.is_dirty = true;
        self.clock
    }

    /// The generation of what is written now.
    pub(super) fn clock(&self) -> u64 {
        self.clock
    }

    /// Makes every viewer get everything.
    pub(super) fn forget(&mut self) {
        self.floor = self.touch();
        self.scrolls.clear();
    }

    /// Records that rows from `top` up to, not including, `bottom` moved up by `count`, down if it is less than
    /// 0. The rows that came in are stamped. `false` if it cannot be recorded: then all of them must be.
    pub(super) fn note_scroll(&mut self, top: usize, bottom: usize, count: isize) -> bool {
        let when = self.touch();
        let height = bottom - top;
        let mut rows = count;
        let last = self.scrolls.back_mut().filter(|(then, last)| {
            *then == when
                && (usize::from(last.top), usize::from(last.bottom)) == (top, bottom)
                && (last.rows > 0) == (count > 0)
        });
        if let Some((_, last)) = last {
            rows += isize::from(last.rows);
            if let Ok(more) = i16::try_from(rows)
                && rows.unsigned_abs() < height
            {
                last.rows = more;
                return true;
            }
            self.scrolls.pop_back();
        }
        if rows.unsigned_abs() >= height {
            // All of them came in since then, and are stamped.
            return true;
        }
        let numbers = (u16::try_from(top), u16::try_from(bottom), i16::try_from(rows));
        let (Ok(top), Ok(bottom), Ok(rows)) = numbers else { return false };
        if self.scrolls.len() == SCROLLS_MAX
            && let Some((oldest, _)) = self.scrolls.pop_front()
        {
            self.floor = self.floor.max(oldest);
        }
        self.scrolls.push_back((when, Scroll { top, bottom, rows }));
        true
    }

    pub(super) fn bytes(&self) -> usize {
        self.scrolls.capacity() * size_of::<(u64, Scroll)>()
    }
}

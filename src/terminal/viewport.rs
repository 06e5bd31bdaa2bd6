//! Where a viewer looks: at the screen, or at a part of the scrollback above it.
//!
//! A viewport in the scrollback stays with its text: it is kept as the place of its first row. Of what happens elsewhere
//! its viewer is shown no rows.

use std::hash::{BuildHasher, Hash, Hasher};

use super::screen::{Cursor, LinePosition, Modes, Screen, ScreenUpdate};

/// See the module's documentation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Viewport {
    /// The place in the scrollback that it begins at, unless it shows the screen itself.
    anchor: Option<LinePosition>,
    /// What its viewer saw last in the scrollback.
    seen: Option<Seen>,
}

/// What was shown of a scrollback.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    /// A hash of the rows.
    rows: u64,
    /// How far it is from the screen, of how many rows.
    at: (u32, u32),
    modes: Modes,
    /// The cursor, where it is within what is shown.
    cursor: Option<Cursor>,
}

impl Viewport {
    /// Whether it shows the screen itself, and did so the last time.
    pub(crate) fn is_at_screen(&self) -> bool {
        self.anchor.is_none() && self.seen.is_none()
    }

    /// Looks at what begins at this place of the scrollback, or at the screen. Whether that is something else.
    pub(crate) fn scroll_to(&mut self, anchor: Option<LinePosition>) -> bool {
        let has_moved = anchor != self.anchor;
        if has_moved {
            *self = Viewport { anchor, seen: None };
        }
        has_moved
    }

    /// Writes what a viewer needs who knows the generation `known`, or nothing (0). Whether anything of it is new to the
    /// viewer, beside the generation and the offset.
    pub(crate) fn look(
        &mut self,
        screen: &mut Screen,
        hasher: &impl BuildHasher,
        known: u64,
        update: &mut ScreenUpdate,
    ) -> bool {
        screen.look();
        let back = self.anchor.and_then(|anchor| screen.rows_back(anchor));
        self.anchor = self.anchor.filter(|_| back.is_some());
        let Some(back @ 1..) = back else {
            let known = if self.seen.take().is_some() { 0 } else { known };
            screen.changes_since(known, update);
            return true;
        };
        screen.viewport(back, known, update);
        let cursor = update.cursor;
        let is_seen = u32::from(cursor.row) + update.viewport < u32::from(update.height);
        let seen = Seen {
            rows: hasher.hash_one(HashRows(update)),
            at: (update.viewport, update.history),
            modes: update.modes,
            cursor: Some(cursor).filter(|_| is_seen),
        };
        let before = self.seen.replace(seen);
        let (Some(before), Some(seen)) = (before.filter(|_| known != 0), &self.seen) else {
            return true;
        };
        if before.rows == seen.rows {
            // Still the same rows; what is new beside them comes without them.
            update.full = false;
            update.rows.clear();
        }
        before != *seen || update.title.is_some()
    }
}

/// The rows of an update, hashed.
struct HashRows<'a>(&'a ScreenUpdate);

impl Hash for HashRows<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.cols, self.0.height).hash(state);
        for row in self.0.rows.iter() {
            state.write_u8(u8::from(row.is_wrapped()));
            for run in row.runs() {
                run.text.hash(state);
                (run.cols, run.wide, run.style).hash(state);
                run.link.map(|link| &link.uri).hash(state);
            }
        }
    }
}

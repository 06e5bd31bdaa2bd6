//! Where a viewer looks: at the screen, or at a part of the scrollback above it.
//!
//! A viewport in the scrollback stays with its text: it is kept as the place of its first row. Of what happens elsewhere
//! its viewer is shown no rows, and as long as no row of it can change, none is read either.

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

/// What a look has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Anything of the update is new to the viewer, beside the generation and the offset.
    pub(crate) is_new: bool,
    /// What it cost, in about nanoseconds.
    pub(crate) cost: u64,
}

/// What was shown of a scrollback.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    rows: SeenRows,
    /// How far it is from the screen, of how many rows.
    at: (u32, u32),
    modes: Modes,
    /// The cursor, where it is within what is shown.
    cursor: Option<Cursor>,
}

/// Rows that were shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SeenRows {
    hash: u64,
    /// The place of the first one, and columns and rows of the screen.
    place: (Option<LinePosition>, u16, u16),
    /// All of them were above the newest row of the scrollback, so they stay as they are while they are there.
    are_final: bool,
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

    /// Writes what a viewer needs who knows the generation `known`, or nothing (0).
    pub(crate) fn look(
        &mut self,
        screen: &mut Screen,
        hasher: &impl BuildHasher,
        known: u64,
        update: &mut ScreenUpdate,
    ) -> Look {
        screen.look();
        let back = self.anchor.and_then(|anchor| screen.rows_back(anchor));
        self.anchor = self.anchor.filter(|_| back.is_some());
        let Some(back @ 1..) = back else {
            let known = if self.seen.take().is_some() { 0 } else { known };
            return Look { is_new: true, cost: screen.changes_since(known, update) };
        };
        let mut cost = screen.viewport(back, known, update);
        let before = self.seen.take().filter(|_| known != 0);
        let place = (update.line, update.cols, update.height);
        let stay = |rows: &SeenRows| {
            rows.are_final && rows.place == place && screen.keeps_rows_since(known)
        };
        let rows = before.as_ref().map(|before| before.rows).filter(stay).unwrap_or_else(|| {
            cost += screen.viewport_rows(update);
            let are_final = update.viewport > u32::from(update.height);
            SeenRows { hash: hasher.hash_one(HashRows(update)), place, are_final }
        });
        let cursor = update.cursor;
        let is_seen = u32::from(cursor.row) + update.viewport < u32::from(update.height);
        let seen = Seen {
            rows,
            at: (update.viewport, update.history),
            modes: update.modes,
            cursor: Some(cursor).filter(|_| is_seen),
        };
        let is_new = before.as_ref() != Some(&seen) || update.title.is_some();
        if before.is_some_and(|before| before.rows.hash == rows.hash) {
            // Still the same rows; what is new beside them comes without them.
            update.full = false;
            update.rows.clear();
        }
        self.seen = Some(seen);
        Look { is_new, cost }
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

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasherDefault, DefaultHasher};
    use std::time::Duration;

    use super::*;
    use crate::terminal::screen::ScreenOptions;
    use crate::terminal::size::Size;

    /// A screen and a viewer of its scrollback.
    struct Viewer {
        screen: Screen,
        viewport: Viewport,
        update: ScreenUpdate,
        known: u64,
        /// What it shows.
        rows: Vec<String>,
        hasher: BuildHasherDefault<DefaultHasher>,
    }

    impl Viewer {
        /// After forty lines on five rows, so many rows back.
        fn new(back: usize) -> Viewer {
            let options = ScreenOptions { scrollback: 50, ..ScreenOptions::default() };
            let mut viewer = Viewer {
                screen: Screen::new(Size::cells(10, 5), &options, 0),
                viewport: Viewport::default(),
                update: ScreenUpdate::default(),
                known: 0,
                rows: Vec::new(),
                hasher: BuildHasherDefault::default(),
            };
            viewer.print(&(1..=40).map(|line| format!("{line}\r\n")).collect::<String>());
            viewer.viewport.scroll_to(viewer.screen.anchor(back));
            assert!(viewer.look().is_new && viewer.update.full);
            viewer
        }

        fn print(&mut self, text: &str) {
            assert!(self.screen.advance(text.as_bytes(), Duration::ZERO));
        }

        /// Looks, and holds that what it shows then is there.
        fn look(&mut self) -> Look {
            let Viewer { screen, viewport, update, known, .. } = self;
            let look = viewport.look(screen, &self.hasher, *known, update);
            *known = update.generation;
            if update.full {
                self.rows = update.rows.iter().map(|row| row.text()).collect();
            }
            let mut there = crate::terminal::screen::Rows::default();
            let height = usize::from(update.height);
            self.screen.rows(-(update.viewport as i32), height, &mut there);
            let there: Vec<_> = there.iter().map(|row| row.text()).collect();
            if update.viewport == 0 {
                // Changes of the screen itself; others hold that they are right.
                self.rows.clone_from(&there);
            }
            assert_eq!(self.rows, there);
            look
        }
    }

    /// What a look costs that reads no row.
    const WITHOUT_ROWS: u64 = 20_000;

    #[test]
    fn rows_that_cannot_change_are_not_read_again() {
        let mut viewer = Viewer::new(6);
        for n in 0..3 {
            viewer.print(&format!("more {n}\r\n"));
            assert_eq!(viewer.look(), Look { is_new: true, cost: WITHOUT_ROWS });
            assert!(!viewer.update.full && viewer.update.rows.is_empty());
            // Seen by nobody who looks at the scrollback.
            viewer.print("\x1b7\x1b[Hx\x1b8");
            assert_eq!(viewer.look(), Look { is_new: false, cost: WITHOUT_ROWS });
        }
        assert_eq!((viewer.rows[0].as_str(), viewer.update.viewport), ("31", 9));
    }

    #[test]
    fn rows_that_may_change_are_read() {
        // The newest row of the scrollback; rows of the screen.
        for back in [5, 4] {
            let mut viewer = Viewer::new(back);
            viewer.print("\x1b7\x1b[Hx\x1b8");
            assert!(viewer.look().cost > WITHOUT_ROWS, "{back}");
        }
        // A size that is the same again, and other text in its place.
        let mut viewer = Viewer::new(6);
        viewer.screen.resize(Size::cells(10, 20));
        viewer.print("\x1b[2J\x1b[Hother\x1b[20H");
        viewer.screen.resize(Size::cells(10, 5));
        assert!(viewer.look().cost > WITHOUT_ROWS);
    }

    /// Whatever happens to the text, what is shown is there; [`Viewer::look`] holds it.
    #[test]
    fn what_is_shown_is_there() {
        for back in [1, 4, 5, 6, 20, 36] {
            for text in [
                "more\r\n",
                &"\n".repeat(60),
                &"same\r\n".repeat(100),
                "\x1b[?1049hx\x1b[?1049l",
                "\x1b[?1049hx",
                "\x1b[3J",
                "\x1bc",
                // A line that goes on from the scrollback, and ends there.
                &format!("{}\x1b[H\x1b[2Jx\x1b[5H\n\n", "0123456789".repeat(6)),
                // One that lacks a column for a wide character, which goes.
                &format!("{}\x1b[H\x1b[2Jx\x1b[5H\n\n", "012345678漢".repeat(6)),
            ] {
                let mut viewer = Viewer::new(back);
                // Cut at each byte, so that each state is looked at.
                for part in text.as_bytes().chunks(1) {
                    assert!(viewer.screen.advance(part, Duration::ZERO));
                    viewer.look();
                }
            }
        }
    }

    #[test]
    fn what_is_read_is_charged_by_cells() {
        let cost = |cols| {
            let mut screen = Screen::new(Size::cells(cols, 5), &ScreenOptions::default(), 0);
            assert!(screen.advance("x\r\n".repeat(40).as_bytes(), Duration::ZERO));
            let mut viewport = Viewport::default();
            let mut update = ScreenUpdate::default();
            let hasher = BuildHasherDefault::<DefaultHasher>::default();
            let at_screen = viewport.look(&mut screen, &hasher, 0, &mut update).cost;
            viewport.scroll_to(screen.anchor(1));
            (at_screen, viewport.look(&mut screen, &hasher, 0, &mut update).cost)
        };
        let ((narrow, above), (wide, far_above)) = (cost(10), cost(210));
        assert_eq!(wide - narrow, 5 * 200 * 8);
        assert_eq!(far_above - above, 4 * 200 * 8);
    }
}

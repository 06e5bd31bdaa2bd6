//! A viewer: keeps the rows of a screen as text and applies updates to them, as a user interface does.

use orchflow::{Cursor, LinePosition, Modes, ScreenUpdate};

/// What a viewer shows.
#[derive(Default, Debug)]
pub(crate) struct View {
    pub(crate) rows: Vec<String>,
    pub(crate) title: String,
    pub(crate) cursor: Cursor,
    pub(crate) modes: Modes,
    pub(crate) viewport: u32,
    pub(crate) line: Option<LinePosition>,
    pub(crate) offset: u64,
    /// Updates so far, and rows in them.
    pub(crate) updates: usize,
    pub(crate) updated_rows: usize,
}

impl View {
    pub(crate) fn apply(&mut self, update: &ScreenUpdate) {
        self.updates += 1;
        self.updated_rows += update.rows.len();
        if update.full {
            self.rows = vec![String::new(); usize::from(update.height)];
            assert_eq!(update.rows.len(), self.rows.len(), "all of it");
        }
        for scroll in &update.scrolls {
            let region = &mut self.rows[usize::from(scroll.top)..usize::from(scroll.bottom)];
            let (by, height) = (usize::from(scroll.rows.unsigned_abs()), region.len());
            assert!((1..height).contains(&by));
            if scroll.rows > 0 {
                region.rotate_left(by);
                region[height - by..].fill(String::new());
            } else {
                region.rotate_right(by);
                region[..by].fill(String::new());
            }
        }
        for row in update.rows.iter() {
            self.rows[(row.index() + update.viewport as i32) as usize] = row.text();
        }
        if let Some(title) = &update.title {
            self.title.clone_from(title);
        }
        (self.cursor, self.modes) = (update.cursor, update.modes);
        (self.viewport, self.offset) = (update.viewport, update.offset);
        self.line = update.line;
    }

    /// The rows as text, a line each.
    pub(crate) fn text(&self) -> String {
        self.rows.iter().map(|row| format!("{row}\n")).collect()
    }
}

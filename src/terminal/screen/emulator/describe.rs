//! The state of an emulator as text, to be compared in tests.

use super::Emulator;
use super::mode_set::flag;

impl Emulator {
    /// What comes to light later: everything that is not seen in rows, but for what snapshots are known to lose.
    pub(in super::super) fn describe_state(&self) -> String {
        let (terminal, grid) = (&self.terminal, &self.terminal.grid);
        let link = |pen: super::super::grid::Pen| {
            pen.link.and_then(|link| grid.link_of(link)).map(|link| &link.uri)
        };
        let saved = |saved: Option<(_, super::super::grid::Pen, bool, _)>| {
            saved.map(|(at, pen, origin, state)| {
                (at, pen.style, link(pen), pen.protected, origin, state)
            })
        };
        let (pen, tabs) = (grid.pen(), grid.tab_stops().collect::<Vec<_>>());
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            (&terminal.titles, &terminal.keyboard, &terminal.palette),
            (&terminal.charsets, terminal.cursor, terminal.protection, terminal.level),
            (terminal.change_extent, terminal.progress, tabs),
            (terminal.modes.private_changes().collect::<Vec<_>>()),
            (terminal.modes.ansi_changes().collect::<Vec<_>>()),
            (terminal.modes.mouse, terminal.modes.mouse_form),
            (grid.insert(), grid.autowrap(), grid.origin(), grid.reverse_wrap(), grid.graphemes()),
            (grid.margins(), grid.cols_margin_enabled(), grid.is_alternate()),
            grid.cursor(),
            pen.style,
            link(pen),
            pen.protected,
            saved(grid.primary_saved_cursor()),
            saved(grid.saved_cursor()),
            saved(grid.hidden_saved_cursor()),
            grid.primary_history_rows(),
            terminal.modes.has(flag::SYNCHRONIZED),
        )
    }
}

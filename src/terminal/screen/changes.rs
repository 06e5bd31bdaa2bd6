//! Which rows changed since when, for any number of viewers.
//!
//! The model says only what changed since it was asked last, for one asker. So each look at the model
//! ([`Changes::look`]) that finds something different is a new *generation*: every row keeps a hash of
//! what it shows and the generation in which that changed. A viewer who knows generation `g` needs the
//! rows that are younger.
//!
//! A scroll would make every row younger. When the hashes say that a block of rows moved, that is
//! recorded as a scroll, and the moved rows keep their generations: the viewer moves them too. The
//! hashes are keyed, so that a program cannot make two rows look the same.
//!
//! Nothing here costs anything while nobody looks.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};

use alacritty_terminal::grid::Row as ModelRow;
use alacritty_terminal::index::Line;
use alacritty_terminal::term::TermDamage;
use alacritty_terminal::term::cell::{Cell, Flags};
use alacritty_terminal::vte::ansi::Color;

use super::model::Model;
use super::update::{Cursor, Modes, Scroll};

/// Scrolls that are remembered. A viewer who is further behind gets everything.
const SCROLLS_MAX: usize = 32;

/// A scroll is worth telling when it saves this many rows.
const ROWS_SAVED_MIN: usize = 2;

/// Distances that are tried for a scroll.
const DISTANCES_MAX: usize = 8;

#[derive(Clone, Copy)]
struct Seen {
    hash: u64,
    generation: u64,
}

/// See the module's documentation.
pub(super) struct Changes {
    generation: u64,
    rows: Vec<Seen>,
    scrolls: VecDeque<(u64, Scroll)>,
    /// Viewers that know less get everything.
    floor: u64,
    /// What else was seen at the last look, and in which generation the title changed.
    cursor: Cursor,
    modes: Modes,
    alternate: bool,
    history: usize,
    title: String,
    title_generation: u64,
    hasher: RandomState,
    scratch: Vec<u64>,
}

impl Changes {
    pub(super) fn new() -> Self {
        Changes {
            generation: 0,
            rows: Vec::new(),
            scrolls: VecDeque::new(),
            floor: 0,
            cursor: Cursor::default(),
            modes: Modes::default(),
            alternate: false,
            history: 0,
            title: String::new(),
            title_generation: 0,
            hasher: RandomState::new(),
            scratch: Vec::new(),
        }
    }

    /// The youngest generation; 0 before the first look.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Viewers that know this generation or a later one are told only what changed.
    pub(super) fn knows(&self, generation: u64) -> bool {
        generation >= self.floor && generation > 0 && generation <= self.generation
    }

    /// The generation in which a row changed last.
    pub(super) fn row_generation(&self, row: usize) -> u64 {
        self.rows.get(row).map_or(self.generation, |seen| seen.generation)
    }

    /// Scrolls since a generation, the oldest first.
    pub(super) fn scrolls_since(&self, generation: u64) -> impl Iterator<Item = Scroll> + '_ {
        self.scrolls.iter().filter(move |(when, _)| *when > generation).map(|(_, scroll)| *scroll)
    }

    pub(super) fn title_generation(&self) -> u64 {
        self.title_generation
    }

    /// Makes every viewer get everything.
    pub(super) fn forget(&mut self) {
        self.rows.clear();
    }

    /// Gives back memory that the next look takes again.
    pub(super) fn release(&mut self) {
        self.scratch = Vec::new();
    }

    /// Looks at the model; whether something is different, and then a new generation begins.
    pub(super) fn look(&mut self, model: &mut Model) -> bool {
        let next = self.generation + 1;
        let mut changed = false;
        let is_new = self.rows.len() != model.rows() || self.alternate != model.is_alternate();
        self.alternate = model.is_alternate();
        if is_new {
            self.rows.clear();
            self.rows.resize(model.rows(), Seen { hash: 0, generation: next });
            self.scrolls.clear();
            self.floor = next;
            for row in 0..model.rows() {
                self.rows[row].hash = self.hash(&model.grid()[Line(row as i32)]);
            }
            changed = true;
        } else {
            changed |= self.look_at_rows(model, next);
        }
        model.term.reset_damage();
        let cursor = Cursor::of(model);
        let modes = Modes::of(model);
        if (cursor, modes, model.history()) != (self.cursor, self.modes, self.history) {
            (self.cursor, self.modes, self.history) = (cursor, modes, model.history());
            changed = true;
        }
        if self.title != model.record.title {
            self.title.clone_from(&model.record.title);
            self.title_generation = next;
            changed = true;
        }
        if changed {
            self.generation = next;
        }
        changed
    }

    fn look_at_rows(&mut self, model: &mut Model, next: u64) -> bool {
        let mut hashes = std::mem::take(&mut self.scratch);
        hashes.clear();
        hashes.extend(self.rows.iter().map(|seen| seen.hash));
        let damaged: Option<Vec<usize>> = match model.term.damage() {
            TermDamage::Full => None,
            TermDamage::Partial(lines) => Some(lines.map(|bounds| bounds.line).collect()),
        };
        let is_full = damaged.is_none();
        let all = 0..self.rows.len();
        for row in damaged.unwrap_or_else(|| all.collect()) {
            hashes[row] = self.hash(&model.grid()[Line(row as i32)]);
        }
        if is_full && let Some(scroll) = find_scroll(&self.rows, &hashes) {
            self.scroll(scroll, next);
        }
        let mut changed = false;
        for (seen, hash) in self.rows.iter_mut().zip(&hashes) {
            if seen.hash != *hash {
                *seen = Seen { hash: *hash, generation: next };
            }
            changed |= seen.generation == next;
        }
        self.scratch = hashes;
        changed
    }

    /// Moves what is known of rows as a scroll moves them.
    fn scroll(&mut self, scroll: Scroll, next: u64) {
        let region = &mut self.rows[usize::from(scroll.top)..usize::from(scroll.bottom)];
        let distance = usize::from(scroll.rows.unsigned_abs());
        let fresh = Seen { hash: 0, generation: next };
        if scroll.rows > 0 {
            region.rotate_left(distance);
            let kept = region.len() - distance;
            region[kept..].fill(fresh);
        } else {
            region.rotate_right(distance);
            region[..distance].fill(fresh);
        }
        if self.scrolls.len() == SCROLLS_MAX
            && let Some((oldest, _)) = self.scrolls.pop_front()
        {
            self.floor = self.floor.max(oldest);
        }
        self.scrolls.push_back((next, scroll));
    }

    fn hash(&self, row: &ModelRow<Cell>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        for cell in row {
            let c = if cell.c == '\t' { ' ' } else { cell.c };
            hasher.write_u64(u64::from(u32::from(c)) | u64::from(cell.flags.bits()) << 32);
            hasher.write_u64(color_bits(cell.fg) | color_bits(cell.bg) << 32);
            if cell.extra.is_some() {
                hash_extra(cell, &mut hasher);
            }
        }
        let wrapped = row.last().is_some_and(|cell| cell.flags.contains(Flags::WRAPLINE));
        hasher.write_u8(u8::from(wrapped));
        // Zero is nobody's hash: rows that are not known differ from all.
        hasher.finish().max(1)
    }
}

fn hash_extra(cell: &Cell, hasher: &mut impl Hasher) {
    for mark in cell.zerowidth().unwrap_or(&[]) {
        hasher.write_u32(u32::from(*mark));
    }
    hasher.write_u64(cell.underline_color().map_or(u64::MAX, color_bits));
    if let Some(link) = cell.hyperlink() {
        hasher.write(link.id().as_bytes());
        hasher.write_u8(0xFF);
        hasher.write(link.uri().as_bytes());
        hasher.write_u8(0xFF);
    }
}

fn color_bits(color: Color) -> u64 {
    match color {
        Color::Named(name) => name as u64,
        Color::Indexed(index) => 0x0100_0000 | u64::from(index),
        Color::Spec(rgb) => {
            0x0200_0000 | u64::from(rgb.r) << 16 | u64::from(rgb.g) << 8 | u64::from(rgb.b)
        }
    }
}

/// The scroll that explains most of what is different, if one is worth telling.
fn find_scroll(old: &[Seen], new: &[u64]) -> Option<Scroll> {
    let differs = |row: usize| old[row].hash != new[row];
    let top = (0..new.len()).find(|row| differs(*row))?;
    let bottom = (0..new.len()).rev().find(|row| differs(*row))? + 1;
    // Further than a scroll can tell is no scroll.
    let height = (bottom - top).min(i16::MAX as usize);
    let unmoved = (top..bottom).filter(|row| !differs(*row)).count();
    let up = (1..height).filter(|by| old[top + by].hash == new[top]);
    let down = (1..height).filter(|by| old[bottom - 1 - by].hash == new[bottom - 1]);
    let score = |rows: i32| {
        let from = |row: usize| row as i32 + rows;
        let is_inside = |row: i32| (top as i32..bottom as i32).contains(&row);
        (top..bottom)
            .filter(|row| is_inside(from(*row)) && old[from(*row) as usize].hash == new[*row])
            .count()
    };
    let distances = up
        .take(DISTANCES_MAX)
        .map(|by| by as i32)
        .chain(down.take(DISTANCES_MAX).map(|by| -(by as i32)));
    let (kept, rows) = distances.map(|rows| (score(rows), rows)).max_by_key(|(kept, _)| *kept)?;
    (kept >= unmoved + ROWS_SAVED_MIN).then_some(Scroll {
        top: top as u16,
        bottom: bottom as u16,
        rows: rows as i16,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(old: &str, new: &str) -> Option<(u16, u16, i16)> {
        let seen = |hash: u8| Seen { hash: u64::from(hash), generation: 1 };
        let old: Vec<_> = old.bytes().map(seen).collect();
        let new: Vec<_> = new.bytes().map(u64::from).collect();
        find_scroll(&old, &new).map(|scroll| (scroll.top, scroll.bottom, scroll.rows))
    }

    #[test]
    fn scrolls_are_found_where_they_save_rows() {
        let table = [
            ("abcdef", "abcdef", None),
            ("abcdef", "bcdefg", Some((0, 6, 1))),
            ("abcdef", "defghi", Some((0, 6, 3))),
            ("abcdef", "zabcde", Some((0, 6, -1))),
            ("ab1234yz", "ab234Xyz", Some((2, 6, 1))),
            ("ab1234yz", "abX123yz", Some((2, 6, -1))),
            ("abcdeS", "bcdefT", Some((0, 6, 1))),
            ("abcdef", "abXdef", None),
            ("abcdef", "uvwxyz", None),
            ("aaaaaa", "aaaaab", None),
            ("ab", "ba", None),
        ];
        for (old, new, scroll) in table {
            assert_eq!(find(old, new), scroll, "{old} -> {new}");
        }
    }
}

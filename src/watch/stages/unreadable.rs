//! How many directories are hindered, and by what: counted as their flags change, so that what is wrong with a watch is
//! known without going through them.

use super::super::tree::flag;

const ALL: u16 = flag::POLLED | flag::REFUSED | flag::UNREADABLE;

/// See the module's documentation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::watch) struct Hindrances {
    /// Those that the system had no descriptor or memory for.
    pub(in crate::watch) refused: usize,
    /// Those that must not be read.
    pub(in crate::watch) unreadable: usize,
    /// Those that are polled for want of a watch alone.
    pub(in crate::watch) unwatched: usize,
}

impl Hindrances {
    /// An entry has other flags; 0 if it is none any more.
    pub(in crate::watch) fn on_flags(&mut self, old: u16, new: u16) {
        let update = |count: &mut usize, counts: fn(u16) -> bool| {
            *count = *count + usize::from(counts(new)) - usize::from(counts(old));
        };
        update(&mut self.refused, |flags| flags & flag::REFUSED != 0);
        update(&mut self.unreadable, |flags| flags & flag::UNREADABLE != 0);
        update(&mut self.unwatched, |flags| flags & ALL == flag::POLLED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flag::{KEPT, POLLED, REFUSED, UNREADABLE};

    /// From all flags to all others, and what is counted of two entries is what two of them are.
    #[test]
    fn every_change_of_flags() {
        let counts = |flags: u16| Hindrances {
            refused: usize::from(flags & REFUSED != 0),
            unreadable: usize::from(flags & UNREADABLE != 0),
            unwatched: usize::from(matches!(flags & !KEPT, POLLED)),
        };
        let all = KEPT | POLLED | REFUSED | UNREADABLE;
        let sets: Vec<u16> = (0..=all).filter(|flags| flags & !all == 0).collect();
        assert_eq!(sets.len(), 16);
        for old in &sets {
            for new in &sets {
                let mut hindrances = counts(*old);
                hindrances.on_flags(*old, *new);
                assert_eq!(hindrances, counts(*new), "{old} to {new}");
                hindrances.on_flags(0, *old);
                hindrances.on_flags(*new, 0);
                assert_eq!(hindrances, counts(*old), "{old} and {new}");
            }
        }
    }
}

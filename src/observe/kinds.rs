//! Counts by kind: of errors, of refusals, of ends.

/// How often something of one kind happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindCount {
    /// Its name, in lower case with underscores, or a number of a protocol.
    pub kind: &'static str,
    /// How often.
    pub count: u64,
}

/// Counts of the kinds that have happened so far. Kinds are variants of our enums, so there are few of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct KindCounts(Vec<KindCount>);

impl KindCounts {
    pub(crate) fn add(&mut self, kind: &'static str) {
        match self.0.iter_mut().find(|known| known.kind == kind) {
            Some(known) => known.count += 1,
            None => self.0.push(KindCount { kind, count: 1 }),
        }
    }

    /// All of them, by name.
    pub(crate) fn sorted(&self) -> Vec<KindCount> {
        let mut counts = self.0.clone();
        counts.sort_unstable_by_key(|count| count.kind);
        counts
    }
}

//! Versions of the state.

/// A state of the store: `n` counts its change sets. Versions of different epochs (another run of the
/// engine) do not compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StateVersion {
    /// Chosen at random for each store, below 2^53.
    pub epoch: u64,
    /// Change sets so far.
    pub n: u64,
}

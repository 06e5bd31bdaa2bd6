//! A bound on the delays of the other policies.

use std::time::Duration;

/// The longest delay that options may have: a year. Longer than anybody waits, and short enough that
/// added to an `Instant` of now it cannot overflow.
pub(super) const DELAY_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

//! A histogram of durations with a relative error of at most an eighth, in 1.3 KiB and without allocation.
//!
//! Each power of two of nanoseconds is cut into eight equal buckets; everything above 35 minutes is in the
//! last one. That is coarser than a crate like `hdrhistogram` can be, and a tenth of its size: an engine
//! keeps one for each stage of its turn.

use std::time::Duration;

/// Buckets of one power of two, as a power of two.
const PRECISION: u32 = 3;
/// Powers of two, the first ones together: 2^41 ns are 36 minutes.
const POWERS: u32 = 41;
const BUCKETS: usize = ((POWERS - PRECISION + 1) << PRECISION) as usize;

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    counts: [u32; BUCKETS],
    total: u64,
    /// In nanoseconds.
    sum: u64,
    /// In nanoseconds.
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: [0; BUCKETS], total: 0, sum: 0, max: 0 }
    }
}

impl Histogram {
    /// A time in nanoseconds.
    pub(super) fn record(&mut self, nanos: u64) {
        let bucket = bucket_of(nanos);
        self.sum = self.sum.saturating_add(nanos);
        self.counts[bucket] = self.counts[bucket].saturating_add(1);
        self.total += 1;
        self.max = self.max.max(nanos);
    }

    pub(super) fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }

    /// How many were recorded.
    pub(super) fn count(&self) -> u64 {
        self.total
    }

    /// All together, in nanoseconds.
    pub(super) fn sum(&self) -> u64 {
        self.sum
    }

    /// The smallest duration that at least so many of a hundred are not above, rounded up to the end of
    /// its bucket; zero when nothing was recorded.
    pub(super) fn percentile(&self, percent: u64) -> Duration {
        let wanted = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return Duration::from_nanos(end_of(bucket).min(self.max));
            }
        }
        self.max()
    }
}

fn bucket_of(nanos: u64) -> usize {
    let power = nanos.checked_ilog2().unwrap_or(0);
    if power < PRECISION {
        return nanos as usize;
    }
    let within = (nanos >> (power - PRECISION)) - (1 << PRECISION);
    let first = u64::from(power - PRECISION + 1) << PRECISION;
    usize::try_from(first + within).unwrap_or(usize::MAX).min(BUCKETS - 1)
}

/// The largest number of nanoseconds in a bucket.
fn end_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let (group, within) = (bucket >> PRECISION, bucket & ((1 << PRECISION) - 1));
    match group {
        0 => bucket,
        _ => ((within + (1 << PRECISION) + 1) << (group - 1)) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_one_another_and_hold_what_they_say() {
        assert_eq!(bucket_of(0), 0);
        for bucket in 0..BUCKETS - 1 {
            assert_eq!(bucket_of(end_of(bucket)), bucket);
            assert_eq!(bucket_of(end_of(bucket) + 1), bucket + 1);
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_right_within_an_eighth() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(99), Duration::ZERO);
        for us in 1..=1000 {
            histogram.record(us * 1000);
        }
        for percent in [1, 50, 90, 99, 100] {
            let exact = Duration::from_micros(percent * 10);
            let found = histogram.percentile(percent);
            assert!(found >= exact && found <= exact + exact / 8, "{percent}: {found:?}");
        }
        assert_eq!(histogram.max(), Duration::from_millis(1));
        assert_eq!((histogram.count(), histogram.sum()), (1000, 500_500_000));
    }
}

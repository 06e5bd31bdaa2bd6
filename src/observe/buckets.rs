//! A distribution for one object of many: powers of two, in 152 bytes.
//!
//! Percentiles are rounded up to the end of a bucket, so by at most a factor of two; count, sum and maximum are exact.

use super::distribution::Distribution;

const BUCKETS: usize = 32;

/// The first bucket of times ends at 2^10 ns, the last one begins at 18 minutes.
pub(crate) type Times = Buckets<10>;
/// The first bucket of sizes ends at 16 bytes, the last one begins at 16 GiB.
pub(crate) type Sizes = Buckets<4>;

/// See the module's documentation. The first bucket ends at two to the power of `FIRST`. The sum is of 64 bits, which are
/// 584 years of waiting.
#[derive(Clone, Debug)]
pub(crate) struct Buckets<const FIRST: u32> {
    sum: u64,
    count: u64,
    max: u64,
    counts: [u32; BUCKETS],
}

// Whoever has the most of them, a client, has three: they are to stay below 512 bytes.
const _: () = assert!(3 * size_of::<Times>() <= 512);

impl<const FIRST: u32> Default for Buckets<FIRST> {
    fn default() -> Self {
        Buckets { sum: 0, count: 0, max: 0, counts: [0; BUCKETS] }
    }
}

impl<const FIRST: u32> Buckets<FIRST> {
    pub(crate) fn record(&mut self, value: u64) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(value);
        self.max = self.max.max(value);
        if let Some(count) = self.counts.get_mut(Self::bucket_of(value)) {
            *count = count.saturating_add(1);
        }
    }

    pub(crate) fn distribution(&self) -> Distribution {
        let [p50, p95, p99] = [50, 95, 99].map(|percent| self.percentile(percent));
        Distribution { count: self.count, sum: self.sum, p50, p95, p99, max: self.max }
    }

    fn percentile(&self, percent: u64) -> u64 {
        let wanted = self.count.saturating_mul(percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate().take(BUCKETS - 1) {
            seen += u64::from(*count);
            if seen >= wanted {
                return ((1 << (FIRST + bucket as u32)) - 1).min(self.max);
            }
        }
        self.max
    }

    fn bucket_of(value: u64) -> usize {
        // Everything below the end of the first bucket counts as its upper half.
        let half = FIRST - 1;
        let power = (value | 1 << half).ilog2();
        ((power - half) as usize).min(BUCKETS - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_within_a_factor_of_two() {
        let mut times = Times::default();
        assert_eq!(times.distribution(), Distribution::default());
        for us in 1..=1000 {
            times.record(us * 1000);
        }
        let Distribution { count, sum, p50, p95, p99, max } = times.distribution();
        assert_eq!((count, sum, max), (1000, 500_500_000, 1_000_000));
        for (found, exact) in [(p50, 500_000), (p95, 950_000), (p99, 990_000)] {
            assert!((exact..2 * exact).contains(&found), "{found} for {exact}");
        }
    }

    #[test]
    fn every_value_has_a_bucket() {
        for (value, bucket) in [
            (0, 0),
            (15, 0),
            (16, 1),
            (31, 1),
            (32, 2),
            ((1 << 34) - 1, 30),
            (1 << 34, 31),
            (u64::MAX, 31),
        ] {
            assert_eq!(Sizes::bucket_of(value), bucket, "{value}");
        }
        let mut sizes = Sizes::default();
        [0, 3, u64::MAX].into_iter().for_each(|value| sizes.record(value));
        let found = sizes.distribution();
        assert_eq!((found.p50, found.p99, found.max), (15, u64::MAX, u64::MAX));
    }
}

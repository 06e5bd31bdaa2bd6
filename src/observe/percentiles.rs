//! A distribution for the engine as a whole, by `hdrhistogram`: two significant digits, over a fixed range.
//!
//! It is allocated when it is made, 14 KiB for times, and recording allocates nothing: resizing is off, and a value
//! beyond the range counts at its end. Its exact sum and maximum are kept beside it.

use hdrhistogram::Histogram;

use super::distribution::Distribution;

const DIGITS: u8 = 2;
/// Nanoseconds below which times are not distinguished, and the longest time, an hour.
const TIMES: (u64, u64) = (1_000, 3_600_000_000_000);
/// Bytes below which sizes are not distinguished, and the largest size.
const SIZES: (u64, u64) = (16, 1 << 30);

/// See the module's documentation.
pub(crate) struct Percentiles {
    /// `None` if the bounds make no sense, which the tests exclude.
    values: Option<Histogram<u32>>,
    sum: u64,
    max: u64,
}

impl Percentiles {
    /// Of times, in nanoseconds.
    pub(crate) fn of_times() -> Self {
        Percentiles::within(TIMES)
    }

    /// Of sizes, in bytes.
    pub(crate) fn of_sizes() -> Self {
        Percentiles::within(SIZES)
    }

    fn within((low, high): (u64, u64)) -> Self {
        let mut values = Histogram::new_with_bounds(low, high, DIGITS).ok();
        if let Some(values) = &mut values {
            values.auto(false);
        }
        Percentiles { values, sum: 0, max: 0 }
    }

    #[inline]
    pub(crate) fn record(&mut self, value: u64) {
        if let Some(values) = &mut self.values {
            values.saturating_record(value);
        }
        self.sum = self.sum.wrapping_add(value);
        self.max = self.max.max(value);
    }

    pub(crate) fn distribution(&self) -> Distribution {
        let Some(values) = &self.values else { return Distribution::default() };
        let [p50, p95, p99] =
            [50.0, 95.0, 99.0].map(|percent| values.value_at_percentile(percent).min(self.max));
        Distribution { count: values.len(), sum: self.sum, p50, p95, p99, max: self.max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(percentiles: &Percentiles) -> usize {
        percentiles.values.as_ref().unwrap().distinct_values()
    }

    #[test]
    fn two_digits_over_the_whole_range() {
        let mut times = Percentiles::of_times();
        assert_eq!(times.distribution(), Distribution::default());
        for us in 1..=1000 {
            times.record(us * 1000);
        }
        let Distribution { count, sum, p50, p95, p99, max } = times.distribution();
        assert_eq!((count, sum, max), (1000, 500_500_000, 1_000_000));
        for (found, exact) in [(p50, 500_000), (p95, 950_000), (p99, 990_000)] {
            assert!((exact..exact + exact / 50).contains(&found), "{found} for {exact}");
        }
    }

    #[test]
    fn values_beyond_the_range_take_no_memory() {
        for mut percentiles in [Percentiles::of_times(), Percentiles::of_sizes()] {
            let before = buckets(&percentiles);
            assert!(before * size_of::<u32>() <= 14 << 10, "{before}");
            [0, 1, u64::MAX].into_iter().for_each(|value| percentiles.record(value));
            let found = percentiles.distribution();
            assert_eq!((found.count, found.max, buckets(&percentiles)), (3, u64::MAX, before));
        }
    }
}

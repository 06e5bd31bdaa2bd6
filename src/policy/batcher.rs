//! The adaptive batcher: when bytes that keep coming are sent on.
//!
//! Each message costs something however small it is, so bytes wait for others, but never for long: what
//! comes after a pause goes at once, and then there is a batch each few milliseconds. It counts bytes
//! and does not hold them.
//!
//! One rule decides, [`AdaptiveBatcher::due`], and both the answer to "now?" and the deadline follow from
//! it; only an idle source can bring a batch forward.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// The longest that bytes may be made to wait.
const MAX_WAIT_MAX: Duration = Duration::from_secs(60);

/// The throughput is smoothed over so many times the maximum wait. A lone burst of `b` bytes then counts
/// as a flow of `b / RATE_WAITS` in a whole wait, which is less than [`GROWTH_MIN`]: it is not held for
/// companions. A flow that lasts is known for what it is after some batches.
const RATE_WAITS: u32 = 8;

/// A rate cannot be measured over less than this.
const RATE_WINDOW_MIN: Duration = Duration::from_millis(1);

/// Waiting must make a batch larger by this share of it, or it adds nothing. With a steady flow that
/// ends the wait at 1 / (1 + 1/4) of the maximum: 3.2 ms of 4.
const GROWTH_MIN: f64 = 0.25;

/// How large batches are and how long bytes wait. [`BatcherOptions::default`] is made for terminal
/// output: 4 KiB to 64 KiB, 4 ms, so that a flow comes as batches of 3 to 5 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatcherOptions {
    min_bytes: usize,
    max_bytes: usize,
    max_wait: Duration,
}

impl BatcherOptions {
    /// - `min_bytes`: a smaller batch goes early only after a pause; at most `max_bytes`.
    /// - `max_bytes`: no batch is larger; at least 1.
    /// - `max_wait`: no byte waits longer, if the batcher is polled at its deadlines; at most 60 s. With
    ///   zero nothing waits.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) outside these ranges.
    pub fn new(min_bytes: usize, max_bytes: usize, max_wait: Duration) -> Result<BatcherOptions> {
        if max_bytes == 0 {
            return Err(Error::invalid("max_bytes: at least 1"));
        }
        if min_bytes > max_bytes {
            return Err(Error::invalid("min_bytes: at most max_bytes"));
        }
        check_max_wait(max_wait)?;
        Ok(BatcherOptions { min_bytes, max_bytes, max_wait })
    }
}

impl Default for BatcherOptions {
    fn default() -> Self {
        BatcherOptions {
            min_bytes: 4 << 10,
            max_bytes: 64 << 10,
            max_wait: Duration::from_millis(4),
        }
    }
}

fn check_max_wait(max_wait: Duration) -> Result<()> {
    if max_wait > MAX_WAIT_MAX {
        return Err(Error::invalid("max_wait: at most 60 s"));
    }
    Ok(())
}

/// A batch to send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flush {
    /// How many of the pending bytes, the oldest ones: 1 to the maximum size.
    pub bytes: usize,
    /// How long the first of them has waited.
    pub waited: Duration,
    /// Why now.
    pub reason: FlushReason,
}

/// Why a batch goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlushReason {
    /// It is as large as a batch may be.
    Size,
    /// Its first byte has waited as long as it may.
    Wait,
    /// Its source has nothing more for now, and it has the minimum size.
    Idle,
    /// It has the minimum size, and at the measured throughput waiting longer would add little: because
    /// little comes, or because it is nearly full.
    Throughput,
    /// The first bytes after a pause.
    First,
}

/// What an [`AdaptiveBatcher`] has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatcherStats {
    /// Batches.
    pub flushes: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Bytes of a batch on average.
    pub average_bytes: u64,
    /// How long the first byte of a batch waited on average.
    pub average_wait: Duration,
    /// Bytes that come in, per second, smoothed over eight times the maximum wait.
    pub bytes_per_second: u64,
}

/// Decides when bytes that keep coming are sent on.
///
/// [`push`](AdaptiveBatcher::push) says that there are more; [`poll`](AdaptiveBatcher::poll) after that
/// and at the [`deadline`](AdaptiveBatcher::deadline) until it has nothing to send. Poll only while what
/// it gives can be sent: a flush counts as done.
///
/// ```
/// use std::time::{Duration, Instant};
/// use orchflow::{AdaptiveBatcher, BatcherOptions, FlushReason};
///
/// let wait = Duration::from_millis(4);
/// let mut batcher = AdaptiveBatcher::new(BatcherOptions::new(1000, 5000, wait)?);
/// let now = Instant::now();
/// batcher.push(1, now); // The echo of a key, after a pause.
/// assert_eq!(batcher.poll(now, false).map(|flush| flush.reason), Some(FlushReason::First));
///
/// batcher.push(10, now); // More right after it waits for company.
/// assert_eq!(batcher.poll(now, true), None);
/// assert_eq!(batcher.deadline(), Some(now + wait));
/// batcher.push(990, now);
/// let flush = batcher.poll(now, true).unwrap();
/// assert_eq!((flush.bytes, flush.reason), (1000, FlushReason::Idle));
/// # Ok::<(), orchflow::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AdaptiveBatcher {
    options: BatcherOptions,
    pending: usize,
    /// When the first pending byte came; `None` when there is none.
    since: Option<Instant>,
    /// When the first byte beyond a full batch came, while there is one: it starts the next batch.
    over_since: Option<Instant>,
    /// What is pending came after a pause.
    first: bool,
    flushed_at: Option<Instant>,
    /// Bytes per second, as of `rate_at`.
    rate: f64,
    rate_at: Option<Instant>,
    flushes: u64,
    bytes: u64,
    waited: Duration,
}

impl AdaptiveBatcher {
    /// A batcher with nothing pending.
    pub fn new(options: BatcherOptions) -> AdaptiveBatcher {
        AdaptiveBatcher {
            options,
            pending: 0,
            since: None,
            over_since: None,
            first: false,
            flushed_at: None,
            rate: 0.0,
            rate_at: None,
            flushes: 0,
            bytes: 0,
            waited: Duration::ZERO,
        }
    }

    /// So many bytes more are there to send.
    pub fn push(&mut self, bytes: usize, now: Instant) {
        if bytes == 0 {
            return;
        }
        self.rate = self.rate_as_of(now) + bytes as f64 / self.rate_window().as_secs_f64();
        self.rate_at = self.rate_at.max(Some(now));
        if self.since.is_none() {
            self.since = Some(now);
            // A pause is a maximum wait without a batch. Measured when the bytes come: they either go
            // at once or wait their time, and do not become urgent in between.
            self.first = self.flushed_at.is_none_or(|flushed| {
                now.saturating_duration_since(flushed) >= self.options.max_wait
            });
        }
        self.pending = self.pending.saturating_add(bytes);
        if self.pending > self.options.max_bytes {
            self.over_since.get_or_insert(now);
        }
    }

    /// The batch to send now, if there is one; it is no longer pending afterwards. `source_idle` says
    /// that nothing else is to come in this turn.
    pub fn poll(&mut self, now: Instant, source_idle: bool) -> Option<Flush> {
        let since = self.since?;
        let reason = match self.due(since) {
            // Which is the case whatever else would be a reason.
            (_, FlushReason::Throughput) if now >= since + self.options.max_wait => {
                FlushReason::Wait
            }
            // Idle: nothing is about to come, so what is worth a message goes without a wait. Less
            // than that waits: programs write in small pieces, with the end of a turn after each.
            (_, FlushReason::Throughput) if source_idle => FlushReason::Idle,
            (at, reason) if now >= at => reason,
            _ => return None,
        };
        let flush = Flush {
            bytes: self.pending.min(self.options.max_bytes),
            waited: now.saturating_duration_since(since),
            reason,
        };
        self.flushed(&flush, now);
        Some(flush)
    }

    /// When [`poll`](AdaptiveBatcher::poll) will have a batch if nothing else comes and the source is
    /// not idle; in the past when it has one already. `None` when nothing is pending. It moves with
    /// every push and poll.
    pub fn deadline(&self) -> Option<Instant> {
        self.since.map(|since| self.due(since).0)
    }

    /// Bytes that wait.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Forgets the pending bytes, which were dropped; they do not count as flushed. What comes next
    /// goes at once: after an interrupt that dropped a flood, that is the prompt.
    pub fn clear(&mut self) {
        self.pending = 0;
        self.since = None;
        self.over_since = None;
        self.first = false;
        self.flushed_at = None;
    }

    /// How long bytes wait at most from now on, pending ones too; at most 60 s.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) beyond that.
    pub fn set_max_wait(&mut self, max_wait: Duration) -> Result<()> {
        check_max_wait(max_wait)?;
        self.options.max_wait = max_wait;
        Ok(())
    }

    /// What it has done so far, and the throughput as of now.
    pub fn stats(&self, now: Instant) -> BatcherStats {
        let count = self.flushes.max(1);
        let average_wait_ns = self.waited.as_nanos() / u128::from(count);
        BatcherStats {
            flushes: self.flushes,
            bytes: self.bytes,
            average_bytes: self.bytes / count,
            average_wait: Duration::from_nanos(average_wait_ns.try_into().unwrap_or(u64::MAX)),
            bytes_per_second: self.rate_as_of(now).round() as u64,
        }
    }

    /// When what has been pending since then goes out, source idle or not, and why.
    fn due(&self, since: Instant) -> (Instant, FlushReason) {
        let BatcherOptions { min_bytes, max_bytes, max_wait } = self.options;
        let end = since + max_wait;
        // First: after a pause there is nobody to be batched with, and mostly it is an echo.
        if self.first {
            return (since, FlushReason::First);
        }
        // Size: it cannot become larger.
        if self.pending >= max_bytes {
            return (since, FlushReason::Size);
        }
        // Wait: below the minimum, a message costs more than the rest of the wait.
        if self.pending < min_bytes {
            return (end, FlushReason::Wait);
        }
        // Throughput: from the minimum on, waiting must pay by more bytes in the batch. High throughput
        // alone is no reason to go early, or a flood would come in many small batches; it fills a batch
        // soon enough. Waiting adds nothing when the growth that is worth it does not fit any more, or
        // is not to be expected in what is left of the wait: from this long before its end.
        let growth = self.pending as f64 * GROWTH_MIN;
        if growth > (max_bytes - self.pending) as f64 {
            return (since, FlushReason::Throughput);
        }
        let takes = Duration::try_from_secs_f64(growth / self.rate).unwrap_or(Duration::MAX);
        (since + max_wait.saturating_sub(takes), FlushReason::Throughput)
    }

    fn flushed(&mut self, flush: &Flush, now: Instant) {
        self.pending -= flush.bytes;
        self.since = if self.pending > 0 { self.over_since } else { None };
        if self.pending <= self.options.max_bytes {
            self.over_since = None;
        }
        self.first = false;
        self.flushed_at = Some(now);
        self.flushes += 1;
        self.bytes = self.bytes.saturating_add(flush.bytes as u64);
        self.waited = self.waited.saturating_add(flush.waited);
    }

    /// Exponential smoothing over time: a byte counts 1/window when it comes and fades with its age, so a
    /// steady flow sums up to its rate, and any number of pushes at one time is no special case.
    fn rate_as_of(&self, now: Instant) -> f64 {
        let age = self.rate_at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.rate * (-age.as_secs_f64() / self.rate_window().as_secs_f64()).exp()
    }

    fn rate_window(&self) -> Duration {
        (self.options.max_wait * RATE_WAITS).max(RATE_WINDOW_MIN)
    }
}

#[cfg(test)]
mod tests;

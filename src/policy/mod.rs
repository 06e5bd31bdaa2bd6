//! Decisions about when and how much: the slices of a turn and who gets them, what a client may cost,
//! batching, how long somebody is waited for, who gives memory up, circuit breaker, retry with backoff,
//! token bucket. Pure state machines; time and randomness come in as parameters.
//!
//! None of them holds what it decides about (bytes, connections, messages), sets a timer or allocates.
//! Where one has to be asked again later, it says when. A clock that steps back harms none of them: the
//! time in between counts as none.

mod balance;
mod batcher;
mod breaker;
mod bucket;
mod budget;
mod delay;
mod outage;
mod restart;
mod retry;
mod shares;
mod slice;
mod wait_clock;

pub(crate) use balance::Balance;
pub use batcher::{AdaptiveBatcher, BatcherOptions, BatcherStats, Flush, FlushReason};
pub(crate) use breaker::BreakerParts;
pub use breaker::{BreakerOptions, BreakerState, CircuitBreaker};
pub use bucket::TokenBucket;
pub use budget::{GaveWay, MemoryUse};
pub(crate) use budget::{MemoryBudget, MemoryRoom, Yield};
pub(crate) use outage::Outage;
pub use restart::RestartPolicy;
pub(crate) use restart::{NextStart, Restarts};
pub use retry::{Retry, RetryPolicy};
pub(crate) use shares::Shares;
pub(crate) use slice::{Slice, UNIT_COST_MAX};
pub(crate) use wait_clock::WaitClock;

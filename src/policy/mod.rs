//! Decisions about when: batching, circuit breaker, retry with backoff, token bucket. Pure state
//! machines; time and randomness come in as parameters.

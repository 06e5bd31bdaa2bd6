//! What an engine says of itself: figures, and the health of its parts.

use serde::{Deserialize, Serialize};

/// Figures of the engine, as often as the client wants them. Counters and distributions are of the time since the
/// engine was made: who wants those of an interval takes the difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Since the engine was made.
    pub(crate) uptime_ms: u64,
    pub(crate) turns: u64,
    /// Turns that left work for the next one.
    pub(crate) unfinished_turns: u64,
    /// Output of programs, and input for them.
    pub(crate) pty_read_bytes: u64,
    pub(crate) pty_written_bytes: u64,
    /// Of and to all clients.
    pub(crate) received_bytes: u64,
    pub(crate) sent_bytes: u64,
    pub(crate) received_messages: u64,
    pub(crate) sent_messages: u64,
    pub(crate) file_events: u64,
    /// Directories or trees that were listed again because events were lost.
    pub(crate) rescans: u64,
    /// Bytes of output that a client or reader did not get.
    pub(crate) gap_bytes: u64,
    pub(crate) errors: u64,
    /// Time on the clock in a turn.
    pub(crate) turn: Times,
    /// How late the engine serves what is due.
    pub(crate) lag: Times,
    /// From input to the first output after it.
    pub(crate) response: Times,
    /// From the first sign of a change to its event.
    pub(crate) file_latency: Times,
    /// From a change of the state to the diff that carries it.
    pub(crate) diff_age: Times,
    /// From a diff to its acknowledgement.
    pub(crate) round_trip: Times,
    /// What uses how much memory, and the limit of all together; 0: none.
    pub(crate) memory: Vec<MemoryPart>,
    pub(crate) memory_limit: u64,
    /// Bytes that wait to be sent to this client.
    pub(crate) queued_bytes: u64,
    pub(crate) terminals: u32,
    pub(crate) clients: u32,
    pub(crate) watches: u32,
    pub(crate) peers: u32,
}

/// A distribution of times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Times {
    pub(crate) count: u64,
    pub(crate) sum_us: u64,
    pub(crate) p50_us: u64,
    pub(crate) p95_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) max_us: u64,
}

/// Bytes that one part of the engine uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemoryPart {
    /// `logs`, `screens` and so on.
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// How the engine is, and every part of it that is not well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Health {
    /// That of the worst part.
    pub(crate) status: HealthStatus,
    pub(crate) parts: Vec<PartHealth>,
    /// Parts that are not well and not listed.
    pub(crate) more: u32,
}

/// How well a part works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HealthStatus {
    Ok,
    /// It works, and not as it should.
    Degraded,
    /// It does not work.
    Failed,
}

/// A part that is not well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartHealth {
    /// `terminal`, `watch`, `listener`, `client`, `peer`, `spawning`, `loop`, `memory`.
    pub(crate) part: String,
    /// The number of the terminal and so on; 0 where there is only one.
    pub(crate) id: u64,
    pub(crate) status: HealthStatus,
    /// A name for programs, such as `out_of_descriptors`.
    pub(crate) reason: String,
    /// A sentence for people.
    pub(crate) message: String,
    /// How long it has been so.
    pub(crate) since_ms: u64,
}

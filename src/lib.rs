//! OrchFlow: an embeddable real-time engine for editors and developer tools.
//!
//! One single-threaded event loop carries terminals, file watches and a WebSocket server; the host drives it by
//! polling **one file descriptor** and calling [`Engine::turn`]. Nothing blocks, nothing is lost silently, nothing
//! grows without a bound, and an idle engine costs nothing. The same interface exists for C and C++ (`orchflow.h`,
//! `orchflow.hpp`).
//!
//! ```
//! use std::ops::ControlFlow;
//! use orchflow::{Config, Engine, Event, SpawnOptions, TerminalEvent};
//!
//! let mut engine = Engine::new(Config::default())?;
//! let terminal = engine.spawn(&SpawnOptions::program("cat"))?;
//! engine.write(terminal, b"hello\n")?;
//! engine.send_eof(terminal)?;
//! let status = engine.run(|engine| {
//!     while let Some(Event::Terminal { event, .. }) = engine.next_event()? {
//!         match event {
//!             TerminalEvent::Output { bytes, .. } => print!("{}", String::from_utf8_lossy(bytes)),
//!             TerminalEvent::Exited { status, .. } => return Ok(ControlFlow::Break(status)),
//!             _ => {}
//!         }
//!     }
//!     Ok(ControlFlow::Continue(()))
//! })?;
//! assert!(status.success());
//! # Ok::<(), orchflow::Error>(())
//! ```
//!
//! The rooms of the house, lowest floor first; a room imports only from floors below:
//!
//! - `invariant`, `error`, `limits`: what is counted as a fault, the one error type, every bound in one struct.
//! - `id`: ids that never name another object.
//! - `reactor`: mio, the clock, timers, the ready queue, the inbox.
//! - `policy`: batching, circuit breaker, retry, rate limits: pure state machines.
//! - `terminal`: PTYs, processes, the output log and its readers, input, batch operations.
//! - `watch`: trees of files that equal the disk, and what changes in them.
//! - `state`: sessions, panes, terminals and files as versions that can be compared.
//! - `sync`: the WebSocket server and the outbound peer.
//! - `engine`: owns them, runs the turn; the Rust interface.
//! - `capi`: the C interface, the only place with `extern "C"`.

#[cfg(not(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")))]
compile_error!("OrchFlow needs 64-bit Linux with glibc 2.34 or newer");

#[macro_use]
mod invariant;
#[doc(hidden)]
pub mod capi;
mod engine;
mod error;
mod id;
mod limits;
mod observe;
mod policy;
mod reactor;
mod state;
mod sync;
mod terminal;
mod tick;
mod watch;

/// The version of this library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub use engine::{Command, Completion, Config, Engine, Event, LogLevel, Sender};
pub use error::{Error, ErrorKind, Result};
pub use id::{ClientId, ListenerId, PeerId, ReaderId, TerminalId, WatchId};
pub use invariant::invariants_broken;
pub use limits::Limits;
pub use observe::{
    ClientMetrics, Distribution, Gaps, Health, HealthPart, HealthReason, HealthStatus, KindCount,
    LongestTurn, Metrics, PartHealth, SlowTurn, Stage, StageMetrics, StageStats, TerminalMetrics,
    Traffic, TurnStats, TurnTimes, WatchMetrics,
};
pub use policy::{
    AdaptiveBatcher, BatcherOptions, BatcherStats, BreakerOptions, BreakerState, CircuitBreaker,
    Flush, FlushReason, GaveWay, MemoryUse, RestartPolicy, Retry, RetryPolicy, TokenBucket,
};
pub use state::{
    ApplicationState, Budget as StateBudget, Change, ChangeOp, ChangeSet, ChangeSink as StateSink,
    Collection, Collections, Entry as StateEntry, FileKey, FileKind, Key as StateKey,
    KeyRef as StateKeyRef, Metadata, OwnedEntry as OwnedStateEntry, Pane, PaneContent,
    Progress as StateProgress, Refusal, Replica, Session, StateChanges, StateCursor, StateFile,
    StateSizePolicy, StateTerminal, StateVersion, StateView, TerminalExit,
};
pub use sync::{
    ClientState, ListenAddress, ListenerOptions, ListenerState, PROTOCOL, PeerAddress, PeerEvent,
    PeerOptions, PeerState, PeerStatus, RemoteAttach, RemoteCode, RemoteFailure, RemoteFileVersion,
    RemoteMode, RemoteOp, RemoteOutcome, RemoteRequest, RemoteRows, RemoteSlice, RemoteStart,
    RemoteStats, RemoteTerminal, Scopes, TokenId, TokenOptions,
};
pub use terminal::{
    AdoptOptions, Attributes, BatchEntry, BatchReport, Color, Cursor, CursorShape, Delivery,
    ExitStatus, Lag, LinePosition, Link, Mark, MarkKind, Match, Matches, Mode, Modes, NoticeKind,
    NoticeKinds, Op, Position, Process, Progress, ProgressState, ReaderOptions, ReaderState,
    RestartEvent, RestartState, Rgb, Row, Rows, Run, ScreenOptions, ScreenState, ScreenUpdate,
    Scroll, Search, SignalTarget, Size, SizePolicy, Snapshot, SpawnOptions, Start, Style,
    TerminalEvent, TerminalFilter, TerminalNotice, TerminalState, Underline, reap_programs,
};
pub use watch::{
    FileBatch, FileChanges, FileCursor, FileEntry, FileEvent, FileEventKind, FileId, FileSummary,
    FileType, FileVersion, SaveProblem, WatchEvent, WatchOptions, WatchProblem, WatchSave,
    WatchState,
};

/// Entry points of the fuzz targets in `fuzz/`.
#[cfg(fuzzing)]
pub mod fuzzing {
    /// Feeds a screen; see `src/terminal/screen/fuzz.rs`.
    pub fn screen(data: &[u8]) {
        crate::terminal::fuzz_screen(data);
    }

    /// Feeds the decoders of the protocol; see `src/sync/codec/fuzz.rs`. `measure` runs what it is given,
    /// which may allocate so many bytes at once.
    pub fn protocol(data: &[u8], measure: &mut dyn FnMut(&mut dyn FnMut(), usize)) {
        crate::sync::fuzz_protocol(data, measure);
    }

    /// Feeds the reader of frames; see `src/sync/frames/fuzz.rs`.
    pub fn frames(data: &[u8]) {
        crate::sync::fuzz_frames(data);
    }
}

//! What the engine knows of itself: how long its turns take, and which stage of them took the time.
//!
//! Pure: times come in as parameters. Recording allocates nothing.

mod histogram;
mod turns;

pub(crate) use turns::TurnRecorder;
pub use turns::{LongestTurn, SlowTurn, Stage, StageStats, TurnStats, TurnTimes};

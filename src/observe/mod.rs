//! What the engine knows of itself: how long its turns take, what it has counted and measured, how its parts are, what
//! happened last, and the texts of that.
//!
//! Pure: times come in as parameters. Recording allocates nothing.

mod buckets;
mod distribution;
mod flight;
mod health;
mod histogram;
mod kinds;
mod metrics;
mod notes;
mod percentiles;
mod table;
mod text;
mod turns;

pub(crate) use buckets::{Sizes, Times};
pub use distribution::Distribution;
pub(crate) use distribution::nanos;
pub(crate) use flight::{FlightRecorder, Recorded, Seconds};
pub use health::{Health, HealthPart, HealthReason, HealthStatus, PartHealth};
pub(crate) use health::{HealthTable, Reasons};
pub use kinds::KindCount;
pub(crate) use kinds::KindCounts;
pub use metrics::{ClientMetrics, Gaps, Metrics, TerminalMetrics, Traffic, WatchMetrics};
pub(crate) use notes::{Note, Notes};
pub(crate) use percentiles::Percentiles;
pub(crate) use text::{MEDIA_TYPE, MetricsText};
pub(crate) use turns::TurnRecorder;
pub use turns::{LongestTurn, SlowTurn, Stage, StageMetrics, StageStats, TurnStats, TurnTimes};

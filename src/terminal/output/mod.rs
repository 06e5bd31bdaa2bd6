//! The output of one terminal: a bounded log of bytes with absolute offsets, and consumers of it.
//!
//! ```text
//!   dropped        history          unread by the slowest       not produced yet
//! ──────────────┬───────────────┬────────────────────────────┬──────────────────▶ offset
//!               start           lossless cursor               end
//! ```
//!
//! The PTY is read into the log at `end`; each consumer, a reader of the host or an attachment of a client, is a [`Consumer`] with a cursor that follows at its own pace.
//! What every lossless reader has passed is history: kept for readers that come late, dropped from
//! `start` when room is needed. What a lossless reader has not passed is never dropped; instead
//! [`Flow`] stops reading the PTY when that much is unread (the high mark) and starts again when
//! half of it is (the low mark). A lossy reader that `start` has overtaken gets a gap.
//!
//! Everything here is pure: no descriptor, no clock.

mod consumer;
mod flow;
mod log;
mod reader;
mod view;

pub(crate) use consumer::{Cleared, Consumer, Landmarks, Next, OnLoss, Output};
pub(crate) use flow::Flow;
pub(crate) use log::{LogBudget, OutputLog};
pub(crate) use reader::Reader;
pub(crate) use view::{Due, Shown, View};

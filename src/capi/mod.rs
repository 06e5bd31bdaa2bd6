//! The C ABI: the only place with `extern "C"`.
//!
//! Everything here is a thin wrapper around [`Engine`](crate::Engine); nothing is decided here. Each
//! export goes through `guard`: pointers checked, owner thread and process checked, panics caught,
//! the error kept for `orch_error_get`. Outputs are written only on success.
//!
//! `include/orchflow.h` is generated from this module (`tests/header.rs` compares); its doc comments
//! are the manual of C hosts, so they speak C.

// The names and the documentation are those of the C header, whose opening states what a caller has
// to guarantee; repeating it as a Rust safety section in each function would only blur it.
// What looks like a link in it, such as an address of IPv6, is none.
#![allow(non_camel_case_types, clippy::missing_safety_doc, rustdoc::broken_intra_doc_links)]

mod argument;
mod batch;
mod client_state;
mod config;
mod engine;
mod event;
mod event_loan;
mod event_payload;
mod event_peer;
mod guard;
mod health;
mod health_query;
mod lent;
mod line;
mod list;
mod listen;
mod matches;
mod memory;
mod metrics;
mod metrics_query;
mod notice;
mod options;
mod peer;
mod peer_file;
mod peer_request;
mod peer_rows;
mod peer_state;
mod peer_terminal;
mod recovery;
mod recovery_options;
mod screen;
mod screen_loan;
mod screen_options;
mod search;
mod sender;
mod serve;
mod sized;
mod state_change;
mod state_entry;
mod state_loan;
mod state_op;
mod state_read;
mod state_slice;
mod stats;
mod status;
mod strings;
mod terminal;
mod terminal_query;
mod terminal_state;
mod types;
mod update;
mod watch;
mod watch_batch;
mod watch_query;
mod watch_save;
mod watch_tree;

pub use batch::*;
pub use client_state::*;
pub use config::*;
pub use engine::*;
pub use event::*;
pub use event_payload::*;
pub use event_peer::*;
pub use health::*;
pub use health_query::*;
pub use line::*;
pub use list::*;
pub use listen::*;
pub use matches::*;
pub use metrics::*;
pub use metrics_query::*;
pub use notice::*;
pub use options::*;
pub use peer::*;
pub use peer_file::*;
pub use peer_request::*;
pub use peer_rows::*;
pub use peer_state::*;
pub use peer_terminal::*;
pub use recovery::*;
pub use recovery_options::*;
pub use screen::*;
pub use screen_loan::*;
pub use screen_options::*;
pub use search::*;
pub use sender::*;
pub use serve::*;
pub use state_change::*;
pub use state_entry::*;
pub use state_op::*;
pub use state_read::*;
pub use state_slice::*;
pub use stats::*;
pub use status::*;
pub use strings::*;
pub use terminal::*;
pub use terminal_query::*;
pub use terminal_state::*;
pub use types::*;
pub use update::*;
pub use watch::*;
pub use watch_batch::*;
pub use watch_query::*;
pub use watch_save::*;
pub use watch_tree::*;

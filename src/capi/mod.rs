//! The C ABI: the only place with `extern "C"`.
//!
//! Everything here is a thin coat over [`Engine`](crate::Engine); nothing is decided here. Each
//! export goes through `guard`: pointers checked, owner thread and process checked, panics caught,
//! the error kept for `orch_error_get`. Outputs are written only on success.
//!
//! `include/orchflow.h` is generated from this module (`tests/header.rs` compares); its doc comments
//! are the manual of C hosts, so they speak C.

// The names and the documentation are those of the C header, whose opening states what a caller has
// to guarantee; repeating it as a Rust safety section in each function would only blur it.
// What looks like a link in it, such as an address of IPv6, is none.
#![allow(non_camel_case_types, clippy::missing_safety_doc, rustdoc::broken_intra_doc_links)]

mod guard;
mod sized;
mod state_loan;

// Apart, so that they stay in the order in which they appear in the header.
mod status;

mod config;

mod engine;

mod options;

mod terminal;

mod batch;

mod update;

mod watch_tree;

mod watch_save;

mod watch_batch;

mod state_entry;

mod state_change;

mod peer_event;

mod event;

mod state;

mod screen;

mod line;

mod search;

mod watch;

mod state_read;

mod listen;

mod serve;

mod peer;

mod turns;

mod peer_request;

mod peer_read;

mod sender;

pub use batch::*;
pub use config::*;
pub use engine::*;
pub use event::*;
pub use line::*;
pub use listen::*;
pub use options::*;
pub use peer::*;
pub use peer_event::*;
pub use peer_read::*;
pub use peer_request::*;
pub use screen::*;
pub use search::*;
pub use sender::*;
pub use serve::*;
pub use state::*;
pub use state_change::*;
pub use state_entry::*;
pub use state_read::*;
pub use status::*;
pub use terminal::*;
pub use turns::*;
pub use update::*;
pub use watch::*;
pub use watch_batch::*;
pub use watch_save::*;
pub use watch_tree::*;

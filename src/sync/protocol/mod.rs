//! The messages of the protocol, as they travel. `docs/PROTOCOL.md` is their manual.
//!
//! These types are the wire's own: the engine's types may change, these may not. Each has two forms, JSON
//! and bincode, both by serde, so fields are never left out nor reordered; new messages are
//! added at the end of their enum. Nothing is recursive, so that no input can nest.

mod about;
mod client;
mod close;
mod entry;
mod figures;
mod file;
mod screen;
mod server;
pub(crate) mod values;

pub(crate) use about::About;
pub(crate) use client::*;
pub(crate) use close::{CloseCode, REASON_BYTES_MAX};
pub(crate) use entry::*;
pub(crate) use figures::*;
pub(crate) use file::*;
pub(crate) use screen::*;
pub(crate) use server::*;

/// The version of the protocol that the server and the outbound peer speak. See `docs/PROTOCOL.md`.
pub const PROTOCOL: u32 = 1;

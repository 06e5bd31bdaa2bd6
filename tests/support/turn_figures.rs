//! What tests hold the engine's own account of its turns against, and the bounds that they shorten.
//!
//! The engine keeps no such account yet: everything passes.

#![allow(dead_code)] // Every test binary uses another part of it.

use std::time::Duration;

use orchflow::{Engine, Limits};

/// Bounds under which a client that may only observe holds a program back for so long at most.
pub(crate) fn limits(_hold: Duration) -> Limits {
    Limits::default()
}

/// Begins the account anew.
pub(crate) fn reset(_engine: &mut Engine) {}

/// What the account says that must not be; empty when all is well.
pub(crate) fn faults(_engine: &Engine) -> Vec<String> {
    Vec::new()
}

/// Of each stage that has worked: its name, its longest turn in processor time, in microseconds.
pub(crate) fn stages(_engine: &Engine) -> Vec<(String, f64)> {
    Vec::new()
}

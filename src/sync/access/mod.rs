//! Access: who a client is, what it may do, and what the host has granted. Everything that says no to a
//! client because of who it is stands here.
//!
//! - [`origin`]: which names and web pages a request may come by, before anything else is looked at;
//! - [`tokens`]: which token a client shows, hence who it is;
//! - [`permission`]: what the scopes of that token allow. Each kind of request asks one question, an
//!   [`Action`]; no other code compares scopes;
//! - [`files`]: how a file is opened that others name;
//! - [`directories`]: which directories the host has granted, and what a client's path leads to.
//!
//! Nothing here knows a connection: callers pass what a client has sent and get a decision.

pub(crate) mod directories;
pub(crate) mod files;
pub(crate) mod origin;
mod permission;
mod scopes;
pub(crate) mod tokens;

use std::collections::BTreeMap;

pub(crate) use files::open_regular;
pub(crate) use permission::{Action, FORBIDDEN};
pub use scopes::Scopes;
pub use tokens::{TokenId, TokenOptions};

use self::directories::Directories;
use self::tokens::Tokens;
use crate::terminal::SpawnOptions;

/// What the host has granted to clients.
#[derive(Default)]
pub(crate) struct Access {
    pub(crate) tokens: Tokens,
    pub(crate) directories: Directories,
    /// Programs that clients may start, by name.
    pub(crate) profiles: BTreeMap<String, SpawnOptions>,
}

//! Why a connection to a peer ends.

use std::borrow::Cow;

use crate::error::one_line;

/// Why a connection cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: Cow<'static, str>,
    /// Trying again would end in the same way.
    pub(super) is_final: bool,
}

impl Fault {
    pub(super) fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Fault { reason: one_line(reason.into()), is_final: false }
    }

    pub(super) fn fatal(reason: impl Into<Cow<'static, str>>) -> Self {
        Fault { reason: one_line(reason.into()), is_final: true }
    }
}

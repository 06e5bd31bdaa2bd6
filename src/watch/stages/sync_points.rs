//! A call of `sync_watch` that waits.

/// A call that waits for its event.
pub(in crate::watch) struct SyncPoint {
    pub(in crate::watch) tag: u64,
    /// The descriptor whose event is waited for.
    pub(in crate::watch) wd: i32,
    /// It was read.
    pub(in crate::watch) reached: bool,
    /// Names above this order became dirty later; set when it was read.
    pub(in crate::watch) order: Option<u64>,
}

impl SyncPoint {
    pub(in crate::watch) fn has_no_order(&self) -> bool {
        self.reached && self.order.is_none()
    }
}

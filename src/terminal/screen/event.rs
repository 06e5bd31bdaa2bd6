//! What happens on a screen and is not seen in its rows.

use super::MetadataEvent;

/// Something that happened on the screen and is not seen in its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ScreenEvent {
    Title,
    Bell(u32),
    Clipboard { selection: bool, text: String },
    Progress(Option<Progress>),
    MetadataEvent(MetadataEvent),
}

/// Progress of the program's work, as it reports it (OSC 9;4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How the work goes on.
    pub state: ProgressState,
    /// Percent, 0 to 100; without meaning while it is indeterminate.
    pub percent: u8,
}

/// How a program's work goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ProgressState {
    /// As it should.
    Normal = 1,
    /// It has failed.
    Failed = 2,
    /// Nobody knows how far it is.
    Indeterminate = 3,
    /// It has paused, or something is to be looked at.
    Paused = 4,
}

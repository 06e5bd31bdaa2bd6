//! What an error is about.

use super::client::{Attach, ClientMessage, Read, RowsRequest, Search, Spawn};

/// What an error is about, as far as the message says: its number, and the terminal that it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct About {
    /// `id`, or `mutation`.
    pub(crate) id: Option<u64>,
    pub(crate) terminal: Option<u64>,
}

impl About {
    /// Input and attachments have no number.
    pub(crate) fn terminal(terminal: u64) -> About {
        About { id: None, terminal: Some(terminal) }
    }

    /// What a message is about.
    pub(crate) fn message(message: &ClientMessage) -> About {
        let (id, terminal) = match message {
            ClientMessage::Attach(Attach { terminal, .. })
            | ClientMessage::Detach { terminal }
            | ClientMessage::Credit { terminal, .. }
            | ClientMessage::Input { terminal, .. }
            | ClientMessage::Scroll { terminal, .. } => (None, Some(*terminal)),
            ClientMessage::Batch { id, .. }
            | ClientMessage::Spawn(Spawn { id, .. })
            | ClientMessage::Change { mutation: id, .. }
            | ClientMessage::Watch { id, .. }
            | ClientMessage::Unwatch { id, .. }
            | ClientMessage::Ping { id }
            | ClientMessage::Cancel { id }
            | ClientMessage::Read(Read { id, .. })
            | ClientMessage::Stats { id } => (Some(*id), None),
            ClientMessage::Search(Search { id, terminal, .. })
            | ClientMessage::Rows(RowsRequest { id, terminal, .. })
            | ClientMessage::Query { id, terminal } => (Some(*id), Some(*terminal)),
            ClientMessage::Hello(_)
            | ClientMessage::Ack { .. }
            | ClientMessage::Subscribe { .. }
            | ClientMessage::Snapshot
            | ClientMessage::Notices { .. }
            | ClientMessage::Observe { .. } => (None, None),
        };
        About { id, terminal }
    }
}

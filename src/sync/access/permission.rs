//! Permission: which scope an action needs. The only place where scopes are compared. Pure.

use super::Scopes;
use crate::error::{Error, ErrorKind, Result};
use crate::sync::codec::ClientKind;
use crate::sync::protocol::Op;

/// Something that a client does, as far as it depends on this whether its token allows it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action<'a> {
    /// Sends a message of this kind. The operations of a batch and the attachments of a hello are actions of
    /// their own.
    Message(ClientKind),
    /// Attaches to a terminal.
    Attach,
    /// Sends input to a terminal, in a frame or in a message.
    Input,
    /// Carries out an operation on a terminal, which it is attached to or not.
    Operate { op: &'a Op, is_attached: bool },
    /// Reads entries of the state: diffs, or the entry that a change set conflicts with.
    ReadState,
    /// Hears of what happens in terminals.
    ReadNotices,
    /// Hears what programs put on the clipboard.
    ReadClipboard,
    /// Reads the names of the profiles.
    ReadProfiles,
    /// Has its window count when the size of a terminal is chosen.
    ChooseSize,
    /// Reads the figures of the engine.
    ReadMetrics,
    /// Reads what is wrong with which part of the engine.
    ReadHealth,
    /// Exerts backpressure on a program for a time of its own, which it does not share with others.
    HoldBack,
}

impl Action<'_> {
    /// The scope that it needs; nothing in particular is [`Scopes::NONE`].
    fn scope(self) -> Scopes {
        match self {
            Action::Message(kind) => scope_of_message(kind),
            Action::Attach
            | Action::ReadState
            | Action::ReadNotices
            | Action::ReadMetrics
            | Action::ReadHealth => Scopes::OBSERVE,
            Action::Input | Action::ChooseSize | Action::HoldBack => Scopes::TYPE,
            Action::ReadProfiles => Scopes::MANAGE,
            Action::ReadClipboard => Scopes::CLIPBOARD,
            Action::Operate { op, is_attached } => match op {
                Op::Signal(_) | Op::Clear | Op::Close { .. } => Scopes::MANAGE,
                // An attached client reports the grid of its window, which counts by `ChooseSize`.
                Op::Resize { .. } if is_attached => Scopes::OBSERVE,
                Op::Input(_) | Op::Paste(_) | Op::Interrupt | Op::Eof | Op::Resize { .. } => {
                    Scopes::TYPE
                }
            },
        }
    }
}

fn scope_of_message(kind: ClientKind) -> Scopes {
    match kind {
        ClientKind::Attach
        | ClientKind::Search
        | ClientKind::Query
        | ClientKind::Subscribe
        | ClientKind::Snapshot
        | ClientKind::Rows
        | ClientKind::Scroll
        | ClientKind::Notices
        | ClientKind::Stats
        | ClientKind::Observe => Scopes::OBSERVE,
        ClientKind::Input => Scopes::TYPE,
        ClientKind::Spawn
        | ClientKind::Change
        | ClientKind::Watch
        | ClientKind::Unwatch
        | ClientKind::Read => Scopes::MANAGE,
        ClientKind::Hello
        | ClientKind::Ack
        | ClientKind::Detach
        | ClientKind::Credit
        | ClientKind::Batch
        | ClientKind::Ping
        | ClientKind::Cancel => Scopes::NONE,
    }
}

impl Scopes {
    /// Whether these scopes allow an action.
    pub(crate) fn allow(self, action: Action<'_>) -> bool {
        self.contains(action.scope())
    }

    /// The error of a client whose token does not allow an action.
    pub(crate) fn authorize(self, action: Action<'_>) -> Result<()> {
        if self.allow(action) {
            return Ok(());
        }
        let message = match action {
            Action::Input => "the token does not allow input",
            _ => FORBIDDEN,
        };
        Err(Error::new(ErrorKind::Forbidden, message))
    }
}

/// The reply to a client whose token does not allow what it asks for.
pub(crate) const FORBIDDEN: &str = "the token does not allow this";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::protocol::values::Octets;

    /// What each scope allows, by name: what is not named here it does not allow.
    #[test]
    fn each_scope_allows_its_own() {
        let bytes = Octets(b"x".to_vec());
        let resize = Op::Resize { cols: 80, rows: 24 };
        let typing = [Op::Input(bytes.clone()), Op::Paste(bytes), Op::Interrupt, Op::Eof];
        let managing = [Op::Signal(2), Op::Clear, Op::Close { grace_ms: 0 }];
        let operate = |op, is_attached| Action::Operate { op, is_attached };
        let observe = vec![
            Action::Attach,
            Action::ReadState,
            Action::ReadNotices,
            Action::ReadMetrics,
            Action::ReadHealth,
            operate(&resize, true),
            Action::Message(ClientKind::Attach),
            Action::Message(ClientKind::Search),
            Action::Message(ClientKind::Query),
            Action::Message(ClientKind::Subscribe),
            Action::Message(ClientKind::Snapshot),
            Action::Message(ClientKind::Rows),
            Action::Message(ClientKind::Scroll),
            Action::Message(ClientKind::Notices),
            Action::Message(ClientKind::Stats),
            Action::Message(ClientKind::Observe),
        ];
        let mut types = vec![
            Action::Input,
            Action::ChooseSize,
            Action::HoldBack,
            operate(&resize, false),
            Action::Message(ClientKind::Input),
        ];
        types.extend(typing.iter().flat_map(|op| [operate(op, true), operate(op, false)]));
        let mut manage = vec![
            Action::ReadProfiles,
            Action::Message(ClientKind::Spawn),
            Action::Message(ClientKind::Change),
            Action::Message(ClientKind::Watch),
            Action::Message(ClientKind::Unwatch),
            Action::Message(ClientKind::Read),
        ];
        manage.extend(managing.iter().flat_map(|op| [operate(op, true), operate(op, false)]));
        let table = [
            (Scopes::OBSERVE, observe),
            (Scopes::TYPE, types),
            (Scopes::MANAGE, manage),
            (Scopes::CLIPBOARD, vec![Action::ReadClipboard]),
        ];
        for (held, _) in &table {
            for (needed, actions) in &table {
                for action in actions {
                    assert_eq!(held.allow(*action), held == needed, "{held:?} {action:?}");
                    assert!(Scopes::ALL.allow(*action) && !Scopes::NONE.allow(*action));
                }
            }
        }
        for kind in [ClientKind::Hello, ClientKind::Ack, ClientKind::Batch, ClientKind::Ping] {
            assert!(Scopes::NONE.allow(Action::Message(kind)), "{kind:?}");
        }
    }
}

//! What a message is about that cannot be decoded: its number and its terminal, as far as they can be read all the same.
//!
//! In JSON they are found while the text is looked over (`scan`): fields of the message's own object whose whole value is
//! there and is a number. In bincode they are the first fields of the messages that have them. Nothing is believed that
//! was not read.

use bincode::config;

use super::envelope::{Codec, Incoming};
use super::kind::ClientKind;
use super::opening::Opening;
use crate::sync::protocol::{About, ClientMessage};

impl Opening<ClientMessage> {
    /// What is known so far of what the message is about. `incoming` is what it was made from.
    pub(crate) fn about(&self, incoming: Incoming<'_>) -> About {
        match (self.codec(), self.kind()) {
            (Codec::Json, _) => self.seen(),
            (Codec::Bincode, Some(kind)) => of_fields(kind, self.plain(incoming)),
            (Codec::Bincode, None) => About::default(),
        }
    }
}

/// Which numbers a message in bincode begins with.
enum Begins {
    WithId,
    WithTerminal,
    WithBoth,
    Otherwise,
}

fn begins(kind: ClientKind) -> Begins {
    match kind {
        ClientKind::Batch
        | ClientKind::Spawn
        | ClientKind::Change
        | ClientKind::Watch
        | ClientKind::Unwatch
        | ClientKind::Ping
        | ClientKind::Cancel
        | ClientKind::Read
        | ClientKind::Stats => Begins::WithId,
        ClientKind::Attach
        | ClientKind::Detach
        | ClientKind::Credit
        | ClientKind::Input
        | ClientKind::Scroll => Begins::WithTerminal,
        ClientKind::Search | ClientKind::Query | ClientKind::Rows => Begins::WithBoth,
        ClientKind::Hello
        | ClientKind::Ack
        | ClientKind::Subscribe
        | ClientKind::Snapshot
        | ClientKind::Notices
        | ClientKind::Observe => Begins::Otherwise,
    }
}

/// The fields that a message in bincode begins with, behind the number of its kind.
fn of_fields(kind: ClientKind, plain: &[u8]) -> About {
    let config = config::standard();
    let one = || bincode::decode_from_slice::<(u32, u64), _>(plain, config).ok();
    let first = one().map(|((_, first), _)| first);
    let two = || bincode::decode_from_slice::<(u32, u64, u64), _>(plain, config).ok();
    match begins(kind) {
        Begins::WithId => About { id: first, terminal: None },
        Begins::WithTerminal => About { id: None, terminal: first },
        Begins::WithBoth => About { id: first, terminal: two().map(|((.., second), _)| second) },
        Begins::Otherwise => About::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::codec::vectors::{Any, load};

    fn about(codec: Codec, incoming: Incoming<'_>) -> Option<About> {
        let mut opening = codec.open::<ClientMessage>(incoming, 1 << 20).ok()?;
        while !opening.is_open() {
            if opening.open_part(incoming).is_err() {
                break;
            }
        }
        Some(opening.about(incoming))
    }

    /// Of every message what can be read is what it says, whole or cut at any byte.
    #[test]
    fn what_is_read_is_what_the_message_says() {
        let messages = load().messages.into_iter().map(|vector| vector.message());
        let messages = messages.filter_map(|message| match message {
            Any::Client(message) => Some(message),
            Any::Server(_) => None,
        });
        for message in messages {
            let expected = About::message(&message);
            let text = json(&message);
            assert_eq!(about(Codec::Json, Incoming::Text(&text)), Some(expected), "{text}");
            for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
                let cut = about(Codec::Json, Incoming::Text(&text[..end])).unwrap();
                assert!(cut.id.is_none() || cut.id == expected.id, "{}", &text[..end]);
                assert!(cut.terminal.is_none() || cut.terminal == expected.terminal);
            }
            let bytes = bincode::serde::encode_to_vec(&message, config::standard()).unwrap();
            let Some(kind) = kind_of(&bytes) else { panic!("{text}") };
            assert_eq!(of_fields(kind, &bytes), expected, "{text}");
            for end in 0..bytes.len() {
                let cut = of_fields(kind, &bytes[..end]);
                assert!(cut.id.is_none() || cut.id == expected.id, "{text}");
                assert!(cut.terminal.is_none() || cut.terminal == expected.terminal, "{text}");
            }
        }
    }

    fn json(message: &ClientMessage) -> String {
        let encoded = Codec::Json.encode_client(message, false);
        String::from_utf8(encoded.payload).unwrap()
    }

    fn kind_of(bytes: &[u8]) -> Option<ClientKind> {
        let (number, _) = bincode::decode_from_slice::<u32, _>(bytes, config::standard()).ok()?;
        super::super::kind::numbered::<ClientMessage>(number).ok()
    }

    #[test]
    fn what_is_no_number_is_not_read() {
        let of = |text: &str| {
            let about = about(Codec::Json, Incoming::Text(text)).unwrap();
            (about.id, about.terminal)
        };
        for (text, expected) in [
            (r#"{"id": 7 , "terminal":8}"#, (Some(7), Some(8))),
            (r#"{"terminal":8,"mutation":18446744073709551615,}"#, (Some(u64::MAX), Some(8))),
            (r#"{"id":7,"id":8,"x":1}"#, (Some(7), None)),
            (r#"{"id":18446744073709551616,"terminal":1e3}"#, (None, None)),
            (r#"{"id":"7","terminal":[8]}"#, (None, None)),
            (r#"{"id":-7,"terminal":8.0}"#, (None, None)),
            (r#"{"id":+7,"terminal":0x8}"#, (None, None)),
            (r#"{"id":null,"ops":[{"id":7,"terminal":8}]}"#, (None, None)),
            (r#"{"id":7"#, (None, None)),
            (r#"{"id"7,"terminal",8}"#, (None, None)),
            (r#"[{"id":7,"terminal":8}]"#, (None, None)),
            (r#"["id",7]"#, (None, None)),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}

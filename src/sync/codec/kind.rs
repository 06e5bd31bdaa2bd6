//! Which messages there are, apart from what they carry: known before a message is decoded.

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer, U32Deserializer};
use serde::de::{DeserializeOwned, Deserializer};

use super::envelope::Codec;
use super::error::{Result, malformed};
use super::meter::access::start_of;
use crate::sync::protocol::{ChangeOp, ClientMessage, ServerMessage, TerminalOp};

/// Bytes of a message, after inflating, of a kind that has no long lists or strings: more than the longest
/// path, pattern or name takes. In JSON it may be padded, with space or with fields that are not known, up to
/// what an uncompressed message may have by default.
const SMALL_JSON_BYTES: usize = 1 << 20;
const SMALL_BINCODE_BYTES: usize = 64 << 10;

/// See [`SMALL_JSON_BYTES`].
pub(crate) fn small(codec: Codec) -> usize {
    match codec {
        Codec::Json => SMALL_JSON_BYTES,
        Codec::Bincode => SMALL_BINCODE_BYTES,
    }
}

/// A message as the codecs see it.
pub(crate) trait Message: serde::Serialize + DeserializeOwned {
    /// Which one it is.
    type Kind: Kind;
    /// What the lists and strings of one may take when decoded, in bytes.
    const MEMORY: usize;
    /// Name of the type, for errors.
    const NAME: &'static str;
    /// Commas and opened brackets in one operation of a JSON message, and in all that is not operations.
    /// Decoding or skipping what is between two takes 10 to 40 ns: this bounds the time for one piece.
    const MARKS_MAX: u32;
    /// Whether one of them has a field of this name.
    fn knows_field(name: &[u8]) -> bool;
    /// Its operations, while it is decoded in parts.
    type Ops: Ops<Self>;
}

/// What decoding one operation gives.
type Pushed<E> = std::result::Result<(), E>;

/// Operations of a message that is decoded in parts.
pub(crate) trait Ops<M: Message>: Sized + std::fmt::Debug {
    /// None yet, of a message of this kind; nothing if it has no operations.
    fn new(kind: M::Kind) -> Option<Self>;

    fn len(&self) -> usize;

    /// Bytes that one takes in memory, without its lists and strings.
    fn size(&self) -> usize;

    /// Decodes one more.
    fn push<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Pushed<D::Error>;

    /// Puts them into the message that they belong to.
    fn put_into(self, message: &mut M);
}

/// Which message it is.
pub(crate) trait Kind: DeserializeOwned + Copy {
    /// Its number in bincode.
    fn number(self) -> u32;

    /// It may be larger than [`small`].
    fn may_be_large(self) -> bool;
}

macro_rules! kinds {
    ($(#[$doc:meta])* $kind:ident of $message:ident: $memory:expr, $marks:expr, $ops:ty, $knows:path; $($variant:ident)*; large: $($large:ident)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs, reason = "they are those of the messages")]
        pub(crate) enum $kind { $($variant),* }

        impl Kind for $kind {
            fn number(self) -> u32 {
                self as u32
            }

            fn may_be_large(self) -> bool {
                matches!(self, $($kind::$large)|*)
            }
        }

        impl Message for $message {
            type Kind = $kind;
            const MEMORY: usize = $memory;
            const NAME: &'static str = stringify!($message);
            const MARKS_MAX: u32 = $marks;
            type Ops = $ops;
            fn knows_field(name: &[u8]) -> bool {
                $knows(name)
            }
        }
    };
}

kinds! {
    /// Which message of a client.
    ClientKind of ClientMessage: 4 << 20, 16_384, ClientOps, is_client_field;
    Hello Ack Attach Detach Credit Input Batch Spawn Change Subscribe Watch Unwatch Search Query Snapshot
    Ping Cancel Rows Scroll Notices Read Stats
    Observe;
    large: Input Batch Change
}

kinds! {
    /// Which message of the server. It is decoded whole, in some 6 ms for as many values. A `Screen` has up to a run for each cell, and a run takes some 200 bytes
    /// while its list grows: 64 MiB are 300,000 cells that all look different.
    ServerKind of ServerMessage: 64 << 20, 150_000, NoOps, is_any_field;
    Welcome Diff Rejected Attached Detached Gap TerminalSnapshot Screen Ended Result Error Pong LagWarning
    Notice Figures Health;
    large: Welcome Diff Rejected TerminalSnapshot Screen Result
}

/// The fields of the messages of clients; a test compares them with the declarations.
const CLIENT_FIELDS: [&str; 34] = [
    "type",
    "token",
    "client",
    "resume",
    "collections",
    "attach",
    "compress",
    "version",
    "terminal",
    "mode",
    "start",
    "window",
    "offset",
    "data",
    "id",
    "ops",
    "profile",
    "cwd",
    "cols",
    "rows",
    "mutation",
    "path",
    "watch",
    "pattern",
    "regex",
    "ignore_case",
    "max",
    "from",
    "above",
    "kinds",
    "base",
    "notices",
    "figures_ms",
    "health",
];

fn is_client_field(name: &[u8]) -> bool {
    CLIENT_FIELDS.iter().any(|field| field.as_bytes() == name)
}

/// Nothing of the server's messages is left out.
fn is_any_field(_: &[u8]) -> bool {
    true
}

/// Those of a batch or of a change.
#[derive(Debug)]
pub(crate) enum ClientOps {
    Batch(Vec<TerminalOp>),
    Change(Vec<ChangeOp>),
}

impl Ops<ClientMessage> for ClientOps {
    fn new(kind: ClientKind) -> Option<ClientOps> {
        match kind {
            ClientKind::Batch => Some(ClientOps::Batch(Vec::new())),
            ClientKind::Change => Some(ClientOps::Change(Vec::new())),
            _ => None,
        }
    }

    fn len(&self) -> usize {
        match self {
            ClientOps::Batch(ops) => ops.len(),
            ClientOps::Change(ops) => ops.len(),
        }
    }

    fn size(&self) -> usize {
        match self {
            ClientOps::Batch(_) => size_of::<TerminalOp>(),
            ClientOps::Change(_) => size_of::<ChangeOp>(),
        }
    }

    fn push<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Pushed<D::Error> {
        match self {
            ClientOps::Batch(ops) => ops.push(TerminalOp::deserialize(deserializer)?),
            ClientOps::Change(ops) => ops.push(ChangeOp::deserialize(deserializer)?),
        }
        Ok(())
    }

    fn put_into(self, message: &mut ClientMessage) {
        match (self, message) {
            (ClientOps::Batch(all), ClientMessage::Batch { ops, .. }) => *ops = all,
            (ClientOps::Change(all), ClientMessage::Change { ops, .. }) => *ops = all,
            _ => {}
        }
    }
}

/// The server's messages are decoded whole.
#[derive(Debug)]
pub(crate) enum NoOps {}

impl Ops<ServerMessage> for NoOps {
    fn new(_: ServerKind) -> Option<NoOps> {
        None
    }

    fn len(&self) -> usize {
        match *self {}
    }

    fn size(&self) -> usize {
        match *self {}
    }

    fn push<'de, D: Deserializer<'de>>(&mut self, _: D) -> Pushed<D::Error> {
        match *self {}
    }

    fn put_into(self, _: &mut ServerMessage) {
        match self {}
    }
}

/// The kind with this number.
pub(super) fn numbered<M: Message>(number: u32) -> Result<M::Kind> {
    M::Kind::deserialize(U32Deserializer::<Error>::new(number))
        .map_err(|_| malformed(format_args!("{} has no variant {number}", M::NAME)))
}

/// The kind with this name.
pub(super) fn named<M: Message>(name: &str) -> Result<M::Kind> {
    M::Kind::deserialize(StrDeserializer::<Error>::new(start_of(name)))
        .map_err(|error| malformed(format_args!("{error}")))
}

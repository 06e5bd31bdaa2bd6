//! Why a connection is closed, as its close frame says.

/// The longest reason that a close frame has room for.
pub(crate) const REASON_BYTES_MAX: usize = 123;

/// Why a connection is closed, as the close frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum CloseCode {
    /// It said goodbye.
    Bye = 1000,
    /// The server shuts down.
    Shutdown = 1001,
    /// It does not speak WebSocket.
    Protocol = 1002,
    /// A text that is not UTF-8.
    NotUtf8 = 1007,
    /// A message above the bounds.
    TooBig = 1009,
    /// No token, one that is not known, or one that is no longer valid.
    Unauthorized = 4001,
    /// No hello in time.
    NoHello = 4002,
    /// A message that cannot be understood.
    BadMessage = 4003,
    /// It does not read what it is sent.
    TooSlow = 4004,
    /// There are as many clients as are allowed.
    TooMany = 4006,
    /// It speaks another version of the protocol.
    Version = 4007,
}

impl CloseCode {
    /// The number as text, for counts.
    pub(crate) fn number_text(self) -> &'static str {
        match self {
            CloseCode::Bye => "1000",
            CloseCode::Shutdown => "1001",
            CloseCode::Protocol => "1002",
            CloseCode::NotUtf8 => "1007",
            CloseCode::TooBig => "1009",
            CloseCode::Unauthorized => "4001",
            CloseCode::NoHello => "4002",
            CloseCode::BadMessage => "4003",
            CloseCode::TooSlow => "4004",
            CloseCode::TooMany => "4006",
            CloseCode::Version => "4007",
        }
    }
}

//! The WebSocket server and the outbound peer: state and terminals for other programs.

mod access;
mod codec;
pub(crate) mod convert;
mod key;
#[cfg(test)]
mod manual;
mod peer;
pub(crate) mod protocol;
mod rows;
mod server;
mod websocket;

pub(crate) use access::{Action, FORBIDDEN, open_regular};
pub use access::{Scopes, TokenId, TokenOptions};
pub(crate) use key::{Alarm, Source};
pub(crate) use peer::Peers;
pub use peer::{
    PeerAddress, PeerEvent, PeerOptions, PeerState, PeerStatus, RemoteAttach, RemoteCode,
    RemoteFailure, RemoteFileVersion, RemoteMode, RemoteOp, RemoteOutcome, RemoteRequest,
    RemoteRows, RemoteSlice, RemoteStart, RemoteStats, RemoteTerminal,
};
pub use protocol::PROTOCOL;
pub(crate) use protocol::{ErrorCode, REASON_BYTES_MAX};
pub(crate) use rows::{row_bytes, rows_reply};
pub(crate) use server::{
    Body, Effect, MadeFigures, Report, ReportReply, ReportRequest, Request, Server, collections_of,
};
pub use server::{ClientState, ListenAddress, ListenerOptions, ListenerState};

/// Feeds decoders of the protocol; see `codec/fuzz.rs`.
#[cfg(fuzzing)]
pub(crate) fn fuzz_protocol(data: &[u8], measure: &mut dyn FnMut(&mut dyn FnMut(), usize)) {
    codec::fuzz::fuzz(data, measure);
}

/// Feeds the reader of frames; see `websocket/frames/fuzz.rs`.
#[cfg(fuzzing)]
pub(crate) fn fuzz_frames(data: &[u8]) {
    websocket::frames::fuzz::fuzz(data);
}

//! The WebSocket server and the outbound peer: state and terminals for other programs.

mod access;
mod admission;
mod attaching;
mod attachment;
mod client;
mod codec;
pub(crate) mod convert;
mod deadline;
mod frames;
mod gate;
mod head;
mod holding;
mod key;
mod lanes;
mod leaving;
mod listener;
mod octets;
mod options;
mod origin;
mod outflow;
mod pace;
mod pages;
mod paths;
mod peer;
pub(crate) mod protocol;
mod pump;
mod reading;
mod screens;
mod sending;
mod server;
mod share;
mod sizes;
mod understanding;
mod viewers;
mod wire;

pub use access::{Scopes, TokenId, TokenOptions};
pub use attaching::ClientInfo;
pub(crate) use client::REASON_BYTES_MAX;
pub(crate) use gate::collections_of;
pub(crate) use key::{Alarm, Source};
pub use options::{ListenAddress, ListenOptions};
pub(crate) use peer::Peers;
pub use peer::{
    PeerAddress, PeerEvent, PeerOptions, PeerState, PeerStatus, RemoteAttach, RemoteCode,
    RemoteFailure, RemoteMode, RemoteOp, RemoteOutcome, RemoteRequest, RemoteStart, RemoteTerminal,
};
pub(crate) use protocol::ErrorCode;
pub(crate) use reading::{Body, Request};
pub(crate) use server::{News, Server};

/// Feeds decoders of the protocol; see `codec/fuzz.rs`.
#[cfg(fuzzing)]
pub(crate) fn fuzz_protocol(data: &[u8], measure: &mut dyn FnMut(&mut dyn FnMut(), usize)) {
    codec::fuzz::fuzz(data, measure);
}

/// Feeds the reader of frames; see `frames/fuzz.rs`.
#[cfg(fuzzing)]
pub(crate) fn fuzz_frames(data: &[u8]) {
    frames::fuzz::fuzz(data);
}

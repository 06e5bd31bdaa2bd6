//! The WebSocket server and the outbound peer: state and terminals for other programs.

#![allow(dead_code)]

mod codec;
mod octets;
mod protocol;

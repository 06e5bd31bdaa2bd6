//! The WebSocket server and the outbound peer: state and terminals for other programs.

#![allow(dead_code, unreachable_pub)]

mod access;
mod codec;
mod head;
mod octets;
mod origin;
mod paths;
mod protocol;
mod wire;

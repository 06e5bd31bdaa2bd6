//! WebSockets, for both ends: the HTTP heads before them, the frames that come in, and the socket with the
//! frames that wait to go out. Nothing here knows the messages of the protocol.

pub(crate) mod frames;
pub(crate) mod http;
mod mapped_buffer;
pub(crate) mod transport;

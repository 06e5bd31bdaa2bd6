//! Why a payload is not a message.

use crate::error::one_line;

/// Messages about an error show no more than this of what the other side sent.
pub(super) const ERROR_BYTES_MAX: usize = 400;

/// Why a payload is not a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecodeError {
    pub(crate) kind: DecodeErrorKind,
    /// One line for people; it may quote a little of what came.
    pub(crate) message: String,
}

/// What the other side did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecodeErrorKind {
    /// It is no message.
    Malformed,
    /// It is, or claims to be, larger than allowed.
    TooBig,
    /// It was made for other declarations of the messages than ours.
    Schema,
}

pub(super) type Result<T> = std::result::Result<T, DecodeError>;

pub(super) fn short(frame: &[u8]) -> DecodeError {
    malformed(format_args!("a binary frame of {} bytes is too short", frame.len()))
}

pub(super) fn unknown_kind(frame: &[u8]) -> DecodeError {
    let kind = frame.first().copied().unwrap_or_default();
    malformed(format_args!(
        "a binary frame of the kind {kind:#04x} with {} bytes is not known here",
        frame.len()
    ))
}

pub(super) fn wrong_length(found: usize, claimed: usize) -> DecodeError {
    malformed(format_args!("the message has {found} bytes, its header says {claimed}"))
}

pub(super) fn too_big(length: usize, max: usize) -> DecodeError {
    let message = format!("a message of {length} bytes; {max} are allowed");
    DecodeError { kind: DecodeErrorKind::TooBig, message }
}

/// An error in one line of bounded length, whatever it quotes.
pub(super) fn malformed(text: std::fmt::Arguments<'_>) -> DecodeError {
    let mut message = text.to_string();
    if message.len() > ERROR_BYTES_MAX {
        let end = (0..=ERROR_BYTES_MAX).rev().find(|at| message.is_char_boundary(*at));
        message.truncate(end.unwrap_or_default());
        message.push('…');
    }
    let message = one_line(message.into()).into_owned();
    DecodeError { kind: DecodeErrorKind::Malformed, message }
}

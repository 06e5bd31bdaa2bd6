//! Decoding within bounds: a message, or a part of one, and what it may take in memory.
//!
//! Which bound holds follows from the size of the message alone, so no length that it claims matters.

use bincode::config;
use bincode::error::DecodeError as BincodeError;
use serde::de::DeserializeSeed;

use super::envelope::Codec;
use super::error::{DecodeError, DecodeErrorKind, Result, malformed};
use super::kind::{Kind, Message};
use super::meter::choice::Tagged;
use super::meter::{Meter, Metered};

/// Memory of a message up to [`SMALL_PAYLOAD`] bytes, so that a few bytes cannot make the server allocate
/// megabytes.
pub(crate) const SMALL_MEMORY: usize = 128 * 1024;
pub(crate) const SMALL_PAYLOAD: usize = 1024;
/// Memory for each byte of a larger one, up to what its type allows. The densest is a session of 7 bytes,
/// which takes 130 times that; see the tests.
pub(crate) const MEMORY_PER_BYTE: usize = 192;
/// The longest string that a message in bincode may claim.
const CLAIMED_MAX: usize = 4 * 1024 * 1024;

/// Reads with bincode, from which a seed takes what it wants; and how many bytes that were. A string that
/// claims more than the memory of the message is too big rather than cut short.
pub(super) fn read<'de, S: DeserializeSeed<'de>>(
    seed: S,
    bytes: &'de [u8],
) -> std::result::Result<(S::Value, usize), BincodeError> {
    // One bound for all of them, since each has a decoder of its own made for it. A length that a small message
    // cannot have shows in what is missing.
    let config = config::standard().with_limit::<CLAIMED_MAX>();
    bincode::serde::seed_decode_from_slice(seed, bytes, config).map_err(|error| match error {
        BincodeError::UnexpectedEnd { additional }
            if bytes.len() <= SMALL_PAYLOAD && additional > SMALL_MEMORY =>
        {
            BincodeError::LimitExceeded
        }
        error => error,
    })
}

/// What the lists and strings of a message of this many bytes may take when decoded.
pub(super) fn memory<M: Message>(length: usize) -> usize {
    match length {
        ..=SMALL_PAYLOAD => SMALL_MEMORY,
        _ => length.saturating_mul(MEMORY_PER_BYTE).min(M::MEMORY),
    }
}

/// Decodes a message in one go.
pub(super) fn whole<M: Message>(
    codec: Codec,
    plain: &[u8],
    kind: M::Kind,
    meter: &Meter,
) -> Result<M> {
    match codec {
        Codec::Json => from_json(plain, kind.number(), meter),
        Codec::Bincode => from_bincode(plain, meter),
    }
}

fn from_json<M: Message>(text: &[u8], variant: u32, meter: &Meter) -> Result<M> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let content = Metered::top(&mut deserializer, meter);
    M::deserialize(Tagged { content, meter, variant })
        .and_then(|message| deserializer.end().map(|()| message))
        .map_err(|error| match meter.is_over() {
            true => over(),
            false => malformed(format_args!("{}: {error}", meter.name())),
        })
}

fn from_bincode<M: Message>(payload: &[u8], meter: &Meter) -> Result<M> {
    let seed = Seed { meter, message: std::marker::PhantomData };
    match read(seed, payload) {
        Ok((message, used)) if used == payload.len() => Ok(message),
        Ok((_, used)) => {
            let after = payload.len() - used;
            Err(malformed(format_args!("{after} bytes follow the message")))
        }
        Err(_) if meter.is_over() => Err(over()),
        Err(error) => Err(bincode_error(&error)),
    }
}

struct Seed<'m, M> {
    meter: &'m Meter,
    message: std::marker::PhantomData<M>,
}

impl<'de, M: Message> DeserializeSeed<'de> for Seed<'_, M> {
    type Value = M;

    fn deserialize<D: serde::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<M, D::Error> {
        M::deserialize(Metered::new(deserializer, self.meter))
    }
}

pub(super) fn over() -> DecodeError {
    DecodeError {
        kind: DecodeErrorKind::TooBig,
        message: "a list or a string is longer than its message can be".into(),
    }
}

/// What bincode says, in words.
pub(super) fn bincode_error(error: &BincodeError) -> DecodeError {
    match error {
        BincodeError::LimitExceeded => over(),
        BincodeError::UnexpectedEnd { .. } => malformed(format_args!("the message ends too early")),
        BincodeError::UnexpectedVariant { type_name, found, .. } => {
            malformed(format_args!("{type_name} has no variant {found}"))
        }
        BincodeError::InvalidBooleanValue(value) => {
            malformed(format_args!("a bool is {value}, neither 0 nor 1"))
        }
        BincodeError::Utf8 { .. } => malformed(format_args!("a string is not UTF-8")),
        BincodeError::InvalidIntegerType { expected, found } => {
            malformed(format_args!("a number is of type {found:?}, expected {expected:?}"))
        }
        BincodeError::OtherString(text) => malformed(format_args!("{text}")),
        other => malformed(format_args!("{other:?}")),
    }
}

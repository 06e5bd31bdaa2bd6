//! Raw deflate: messages are compressed at once, and inflated in parts.
//!
//! The only file that calls flate2.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::envelope::PART_BYTES;
use super::error::{Result, malformed, wrong_length};

/// Deflate cannot make more than 1,032 bytes of one, see its specification (RFC 1951): a match of 258 bytes in two bits.
const RATIO: usize = 1032;

/// `header` and behind it `payload` as a raw deflate stream, if both are shorter than `plain`.
pub(super) fn deflate(header: Vec<u8>, payload: &[u8], plain: usize) -> Option<Vec<u8>> {
    let mut out = header;
    // The stream is given no more space than it may take.
    out.reserve_exact(plain.checked_sub(out.len() + 1)?);
    let mut compress = Compress::new(Compression::fast(), false);
    let status = compress.compress_vec(payload, &mut out, FlushCompress::Finish);
    (matches!(status, Ok(Status::StreamEnd)) && out.len() < plain).then_some(out)
}

/// A raw deflate stream that has to give exactly `length` bytes.
///
/// Memory grows with what really came out, not with what was claimed.
#[derive(Debug)]
pub(super) struct Inflating {
    /// Nothing once the stream has ended.
    stream: Option<Decompress>,
    out: Vec<u8>,
    /// Bytes of the stream that have been read.
    used: usize,
    length: usize,
}

impl Inflating {
    /// `deflated`: the whole stream, which is given again with each part.
    pub(super) fn new(deflated: &[u8], length: usize) -> Result<Inflating> {
        if length > deflated.len().saturating_mul(RATIO) {
            return Err(malformed(format_args!(
                "{} bytes cannot inflate to {length}",
                deflated.len()
            )));
        }
        let space = (length + 1).min(deflated.len().saturating_mul(4));
        let (stream, out) = (Some(Decompress::new(false)), Vec::with_capacity(space));
        Ok(Inflating { stream, out, used: 0, length })
    }

    /// What has come out so far.
    pub(super) fn plain(&self) -> &[u8] {
        &self.out
    }

    /// Everything has come out.
    pub(super) fn is_done(&self) -> bool {
        self.stream.is_none()
    }

    /// Reads and writes at most [`PART_BYTES`].
    pub(super) fn work(&mut self, deflated: &[u8]) -> Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let rest = deflated.get(self.used..).unwrap_or_default();
        let part = rest.get(..PART_BYTES).unwrap_or(rest);
        let before = self.out.len();
        // One byte of space more than wanted shows whether there is more.
        let end = (before + PART_BYTES).min(self.length + 1);
        if end > self.out.capacity() {
            let room = (self.out.capacity() * 2).clamp(end, self.length + 1);
            self.out.reserve_exact(room - before);
        }
        self.out.resize(end, 0);
        let read_before = stream.total_in();
        let space = self.out.get_mut(before..).unwrap_or_default();
        let status = stream.decompress(part, space, FlushDecompress::None);
        let read = usize::try_from(stream.total_in() - read_before).unwrap_or(usize::MAX);
        let written = usize::try_from(stream.total_out()).unwrap_or(usize::MAX);
        self.out.truncate(written);
        self.used += read;
        let status = status.map_err(|error| malformed(format_args!("{error}")))?;
        if written > self.length {
            let length = self.length;
            return Err(malformed(format_args!(
                "inflates to more than the {length} bytes it claims"
            )));
        }
        if status == Status::StreamEnd {
            self.stream = None;
            return self.check(deflated.len() - self.used);
        }
        if read == 0 && written == before {
            return Err(malformed(format_args!("the deflate stream ends too early")));
        }
        Ok(())
    }

    fn check(&self, after: usize) -> Result<()> {
        match after {
            0 if self.out.len() == self.length => Ok(()),
            0 => Err(wrong_length(self.out.len(), self.length)),
            after => Err(malformed(format_args!("{after} bytes follow the deflate stream"))),
        }
    }
}

//! What the fuzzer does with frames: any bytes, cut anywhere. Nothing may panic, what is kept is bounded by
//! what has come, and what comes out does not depend on where the bytes were cut.

use super::message::SMALL_BYTES;
use super::*;

/// The first byte of `data` says the role and the size of the pieces, the second the largest message.
pub(crate) fn fuzz(data: &[u8]) {
    let Some(([choice, size], data)) = data.split_first_chunk() else { return };
    let role = if choice & 1 == 0 { Role::Server } else { Role::Client };
    let max = usize::from(*size) << (choice >> 4);
    let piece = usize::from((choice >> 1) & 7) * 5 + 1;
    let mut frames = Frames::new(role, max);
    let mut steps = Vec::new();
    let mut scratch = vec![0; piece];
    let mut source = data;
    let outcome = loop {
        let step = if frames.has_rest() {
            frames.next()
        } else {
            match frames.read(&mut source, &mut scratch) {
                Ok((_, step)) => step,
                Err(_) => break Ok(()),
            }
        };
        // A quarter more than has come, or one step of growth.
        let came = usize::try_from(frames.total).unwrap_or(usize::MAX);
        assert!(frames.held() <= (came + came / 4).min(max.max(SMALL_BYTES)) + piece);
        assert!(frames.rest.capacity() <= piece);
        match step {
            Ok(Step::NeedBytes) => assert!(!frames.has_rest()),
            Ok(step) => steps.push(step),
            Err(broken) => break Err(broken),
        }
    };
    assert!(frames.broken.is_none() || frames.held() == 0);
    let whole = all(Frames::new(role, max), data);
    assert_eq!((steps, outcome), whole);
}

/// What comes of bytes that are there at once.
pub(crate) fn all(mut frames: Frames, mut bytes: &[u8]) -> (Vec<Step>, Result<(), Broken>) {
    let mut steps = Vec::new();
    while !bytes.is_empty() {
        let (used, step) = frames.take(bytes);
        bytes = bytes.get(used..).unwrap_or_default();
        match step {
            Ok(Step::NeedBytes) => assert!(bytes.is_empty()),
            Ok(step) => steps.push(step),
            Err(broken) => return (steps, Err(broken)),
        }
    }
    (steps, Ok(()))
}

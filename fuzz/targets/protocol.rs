//! Any payload for the decoders of the protocol, with and without a right header.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| orchflow::fuzzing::protocol(data));

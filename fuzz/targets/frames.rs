//! Any bytes as WebSocket frames, cut anywhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| orchflow::fuzzing::frames(data));

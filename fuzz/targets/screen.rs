//! Any output, in any order with changes of size and snapshots.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| orchflow::fuzzing::screen(data));

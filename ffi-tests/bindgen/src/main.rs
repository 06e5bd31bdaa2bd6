//! A host on bindings that bindgen has made: spawns a program and reads its output and its exit.

#[allow(dead_code, non_camel_case_types, non_snake_case, non_upper_case_globals)]
mod orchflow {
    include!(concat!(env!("OUT_DIR"), "/orchflow.rs"));
}

use orchflow::*;

/// A struct with every default.
fn new<T>() -> T {
    let mut value = std::mem::MaybeUninit::<T>::uninit();
    // SAFETY: the struct has so many bytes, and all of them are written.
    unsafe {
        assert_eq!(orch_struct_init(value.as_mut_ptr().cast(), size_of::<T>()), ORCH_OK);
        value.assume_init()
    }
}

fn main() {
    let mut engine = std::ptr::null_mut();
    // The type of a status is that of its constants: this would not compile otherwise.
    let status: orch_status = unsafe { orch_engine_create(std::ptr::null(), &mut engine) };
    assert_eq!(status, ORCH_OK);
    let argv = [c"sh", c"-c", c"echo hello; exit 3"].map(|word| unsafe { orch_str(word.as_ptr()) });
    let mut options: orch_spawn_options = new();
    (options.argv, options.argv_len) = (argv.as_ptr(), argv.len());
    let mut terminal = 0;
    assert_eq!(unsafe { orch_terminal_spawn(engine, &options, &mut terminal) }, ORCH_OK);

    let mut output = Vec::new();
    let mut event: orch_event = new();
    let exit = 'turns: loop {
        assert_eq!(unsafe { orch_engine_turn(engine, -1) }, ORCH_OK);
        while unsafe { orch_engine_next_event(engine, &mut event) } == ORCH_OK {
            assert_eq!(event.source, terminal);
            match event.kind {
                ORCH_EVENT_OUTPUT => unsafe {
                    let payload = &*event.payload.output;
                    output.extend_from_slice(std::slice::from_raw_parts(payload.data, payload.len));
                },
                ORCH_EVENT_EXITED => unsafe { break 'turns (*event.payload.exited).exit_value },
                _ => {}
            }
        }
    };
    assert_eq!((output.as_slice(), exit), (&b"hello\r\n"[..], 3));
    assert_eq!(unsafe { orch_engine_destroy(engine) }, ORCH_OK);
}

"""The header for FFI parsers, read by cffi as it is: an engine, a program, what it reads and writes.

    python3 ffi_cffi.py HEADER LIBRARY
"""

import select
import sys

import cffi

header, library = sys.argv[1:]
ffi = cffi.FFI()
with open(header, encoding="utf-8") as file:
    ffi.cdef(file.read())
orch = ffi.dlopen(library)


def new(name):
    """A struct with every default."""
    struct = ffi.new(f"{name} *")
    assert orch.orch_struct_init(struct, ffi.sizeof(name)) == orch.ORCH_OK
    assert struct.size == ffi.sizeof(name)
    return struct


def spawn(engine, *words):
    kept = [ffi.new("char[]", word.encode()) for word in words]
    argv = ffi.new("orch_bytes[]", [orch.orch_str(word) for word in kept])
    options = new("orch_spawn_options")
    options.argv = argv
    options.argv_len = len(words)
    options.tag = 7
    terminal = ffi.new("uint64_t *")
    assert orch.orch_terminal_spawn(engine, options, terminal) == orch.ORCH_OK
    return terminal[0]


def talk(engine, terminal):
    """Types once the program is ready; what it wrote, and how it ended."""
    poll = select.poll()
    poll.register(orch.orch_engine_get_fd(engine), select.POLLIN)
    event = new("orch_event")
    output, code, written = b"", None, False
    while code is None:
        poll.poll()
        assert orch.orch_engine_turn(engine, 0) == orch.ORCH_OK
        while orch.orch_engine_next_event(engine, event) == orch.ORCH_OK:
            assert event.source == terminal and event.tag == 7
            if event.kind == orch.ORCH_EVENT_OUTPUT:
                assert event.payload.output.offset == len(output)
                output += ffi.buffer(event.payload.output.data, event.payload.output.len)[:]
            elif event.kind == orch.ORCH_EVENT_EXITED:
                assert event.payload.exited.exit_kind == orch.ORCH_EXIT_CODE
                code = event.payload.exited.exit_value
        if not written and b"ready" in output:
            accepted = ffi.new("size_t *")
            assert orch.orch_terminal_write(engine, terminal, b"typed\n", 6, accepted) == orch.ORCH_OK
            assert accepted[0] == 6
            written = True
    return output, code


def check_helpers(engine):
    """Elements of a lent array, and an error with its message."""
    stats = new("orch_engine_stats")
    assert orch.orch_engine_get_stats(engine, stats) == orch.ORCH_OK
    assert stats.stage_count == orch.ORCH_STAGE_SENDING
    last = orch.orch_element_at(stats.stages, stats.stage_stride, stats.stage_count - 1)
    assert ffi.cast("orch_stage_stats *", last).stage == orch.ORCH_STAGE_SENDING
    error = new("orch_error")
    assert orch.orch_terminal_close(engine, 1, 0) == orch.ORCH_E_STALE_ID
    assert orch.orch_error_get(engine, error) == orch.ORCH_OK
    assert error.status == orch.ORCH_E_STALE_ID
    assert b"terminal" in ffi.buffer(error.message.data, error.message.len)[:]
    assert ffi.string(orch.orch_status_get_name(error.status)) == b"ORCH_E_STALE_ID"


def main():
    out = ffi.new("orch_engine **")
    assert orch.orch_engine_create(ffi.NULL, out) == orch.ORCH_OK
    engine = out[0]
    script = 'stty -echo; echo ready; read x; echo "<$x>"; exit 3'
    output, code = talk(engine, spawn(engine, "/bin/sh", "-c", script))
    assert output == b"ready\r\n<typed>\r\n", output
    assert code == 3
    check_helpers(engine)
    assert orch.orch_engine_destroy(engine) == orch.ORCH_OK


main()

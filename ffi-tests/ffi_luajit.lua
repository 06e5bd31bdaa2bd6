-- The header for FFI parsers, read by LuaJIT as it is: an engine, a program, what it reads and writes.
--
--     luajit ffi_luajit.lua HEADER LIBRARY

local ffi = require("ffi")

local header, library = arg[1], arg[2]
local file = assert(io.open(header))
ffi.cdef(file:read("*a"))
file:close()
local orch = ffi.load(library)

local function text(data, len) return ffi.string(ffi.cast("const char *", data), len) end

-- A struct with every default.
local function new(name)
    local struct = ffi.new(name)
    assert(orch.orch_struct_init(struct, ffi.sizeof(struct)) == orch.ORCH_OK)
    assert(struct.size == ffi.sizeof(name))
    return struct
end

local function create()
    local out = ffi.new("orch_engine *[1]")
    assert(orch.orch_engine_create(nil, out) == orch.ORCH_OK)
    return out[0]
end

local function spawn(engine, words)
    local argv = ffi.new("orch_bytes[?]", #words)
    for i, word in ipairs(words) do argv[i - 1] = orch.orch_str(word) end
    local options = new("orch_spawn_options")
    options.argv = argv
    options.argv_len = #words
    options.tag = 7
    local terminal = ffi.new("uint64_t[1]")
    assert(orch.orch_terminal_spawn(engine, options, terminal) == orch.ORCH_OK)
    return terminal[0]
end

local engine = create()
assert(orch.orch_engine_get_fd(engine) >= 0)
local terminal = spawn(engine, { "/bin/sh", "-c", "stty -echo; echo ready; read x; echo \"<$x>\"; exit 3" })

local event = new("orch_event")
local output, exited, written = "", nil, false
while not exited do
    assert(orch.orch_engine_turn(engine, -1) == orch.ORCH_OK)
    while orch.orch_engine_next_event(engine, event) == orch.ORCH_OK do
        assert(event.source == terminal and event.tag == 7)
        if event.kind == orch.ORCH_EVENT_OUTPUT then
            assert(event.payload.output.offset == #output)
            output = output .. text(event.payload.output.data, event.payload.output.len)
        elseif event.kind == orch.ORCH_EVENT_EXITED then
            assert(event.payload.exited.exit_kind == orch.ORCH_EXIT_CODE)
            exited = event.payload.exited.exit_value
        end
    end
    if not written and output:find("ready", 1, true) then
        local accepted = ffi.new("size_t[1]")
        assert(orch.orch_terminal_write(engine, terminal, "typed\n", 6, accepted) == orch.ORCH_OK)
        assert(accepted[0] == 6)
        written = true
    end
end
assert(exited == 3)
assert(output == "ready\r\n<typed>\r\n", output)

-- Elements of a lent array, and an error with its message.
local stats = new("orch_engine_stats")
assert(orch.orch_engine_get_stats(engine, stats) == orch.ORCH_OK)
assert(stats.stage_count == orch.ORCH_STAGE_SENDING)
local last = orch.orch_element_at(stats.stages, stats.stage_stride, stats.stage_count - 1)
assert(ffi.cast("const orch_stage_stats *", last).stage == orch.ORCH_STAGE_SENDING)
local failed = new("orch_error")
assert(orch.orch_terminal_close(engine, 1, 0) == orch.ORCH_E_STALE_ID)
assert(orch.orch_error_get(engine, failed) == orch.ORCH_OK)
assert(failed.status == orch.ORCH_E_STALE_ID)
assert(text(failed.message.data, failed.message.len):find("terminal", 1, true))
assert(ffi.string(orch.orch_status_get_name(failed.status)) == "ORCH_E_STALE_ID")
assert(orch.orch_engine_destroy(engine) == orch.ORCH_OK)

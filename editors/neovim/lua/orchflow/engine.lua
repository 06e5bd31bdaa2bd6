-- An engine in Neovim's loop.
--
-- The engine has one file descriptor. libuv polls it; when it is readable, the callback stops polling and schedules
-- one `round`, because only the main loop may change buffers. `round` does turns and hands out events for at most
-- SLICE_MS, and polls again. What is left keeps the descriptor readable, so the next round of the loop goes on with
-- it, after the keys that were typed in between. While Neovim waits at a prompt and carries out nothing, nothing is
-- polled. There is no timer: without work the descriptor stays quiet and Neovim is not woken.
--
-- Calls that fail return nil, a sentence, and the name of the status.

local cffi = require("ffi")
local ffi = require("orchflow.ffi")
local events = require("orchflow.events")
local uv = vim.uv or vim.loop

local M = {}

-- How long one round hands out events. A key that is typed meanwhile waits so long at most.
local SLICE_MS = 4

local Engine = {}
Engine.__index = Engine

-- The message of the last call that failed, as return values.
function Engine:failure(status)
  local error = ffi.new("orch_error")
  local name = cffi.string(self.lib.orch_status_get_name(status))
  local message = name
  if self.lib.orch_error_get(self.pointer, error) == 0 and error.message.len > 0 then
    message = ffi.text(error.message)
  end
  return nil, message, name
end

-- True for a success, else what `failure` returns.
function Engine:result(status)
  if status == 0 then return true end
  return self:failure(status)
end

local function report(message)
  vim.schedule(function() vim.notify("orchflow: " .. message, vim.log.levels.ERROR) end)
end

-- Makes an engine. `options` are limits of `orch_config` by name, such as `{ terminals = 64 }`.
function M.create(options)
  local lib, reason = ffi.load()
  if not lib then return nil, reason end
  local config = ffi.new("orch_config")
  for name, value in pairs(options or {}) do
    if not pcall(function() config[name] = value end) then
      return nil, ("there is no limit %s, or %s is no value for it"):format(name, vim.inspect(value))
    end
  end
  local out = cffi.new("orch_engine *[1]")
  local status = lib.orch_engine_create(config, out)
  local self = setmetatable({
    lib = lib,
    pointer = nil,
    kinds = nil,
    sources = {},
    listeners = {},
    event = ffi.new("orch_event"),
    timeout = cffi.new("int32_t[1]"),
    -- How often the descriptor has woken Neovim.
    wakes = 0,
    -- Terminals whose output is not read byte by byte, because it is a flood.
    floods = 0,
  }, Engine)
  if status ~= 0 then return self:failure(status) end
  self.pointer = out[0]
  self.kinds = events.table_of(lib)
  self.output_kind = tonumber(lib.ORCH_EVENT_OUTPUT)
  self.peer_output_kind = tonumber(lib.ORCH_EVENT_PEER_OUTPUT)
  self:start_polling()
  return self
end

function Engine:start_polling()
  self.poll = assert(uv.new_poll(self.lib.orch_engine_get_fd(self.pointer)))
  local function round() self:round() end
  self.on_readable = function()
    self.wakes = self.wakes + 1
    self.poll:stop()
    vim.schedule(round)
  end
  self.poll:start("r", self.on_readable)
end

-- Calls a function of somebody else; its error is reported and ends nothing.
function Engine:call(handler, ...)
  local ok, message = xpcall(handler, debug.traceback, ...)
  if not ok then report(message) end
end

-- Whether there is something to do now.
function Engine:has_work()
  return self.lib.orch_engine_get_timeout(self.pointer, self.timeout) == 0 and self.timeout[0] == 0
end

-- One round: turns and their events until nothing is left or the time is up. In a flood a turn waits for a
-- millisecond: the program writes again sooner than Neovim's loop comes back.
function Engine:round()
  if not self.pointer or self.in_round then return end
  self.in_round = true
  local stop_at = uv.hrtime() + SLICE_MS * 1e6
  repeat
    local status = self.lib.orch_engine_turn(self.pointer, self.floods > 0 and 1 or 0)
    if status < 0 then
      local _, message = self:failure(status)
      report(message)
      self.in_round = false
      return self:destroy()
    end
    local is_late = false
    while self.pointer and not is_late and self.lib.orch_engine_next_event(self.pointer, self.event) == 0 do
      self:dispatch(self.event)
      is_late = uv.hrtime() > stop_at
    end
  until not self.pointer or is_late or uv.hrtime() > stop_at or (self.floods == 0 and not self:has_work())
  self.in_round = false
  -- A handler may have destroyed the engine.
  if self.pointer then self.poll:start("r", self.on_readable) end
end

function Engine:dispatch(event)
  local kind, source = event.kind, self.sources[tonumber(event.source)]
  if kind == self.output_kind then
    local output = event.payload.output
    if source then self:call(source.output, source, cffi.string(output.data, output.len), tonumber(output.offset)) end
    return
  elseif kind == self.peer_output_kind then
    local output = event.payload.peer_output
    if source then
      self:call(source.output, source, cffi.string(output.data, output.len), tonumber(output.offset),
        tonumber(output.terminal))
    end
    return
  end
  local known = self.kinds[tonumber(kind)]
  if not known then return end
  local copy = known.convert and known.convert(event.payload[known.name]) or {}
  copy.name, copy.source = known.name, tonumber(event.source)
  if source then self:call(source.on_event, source, copy) end
  for _, listener in ipairs(self.listeners[known.name] or {}) do self:call(listener, copy) end
end

-- Calls `listener(event)` for each event of this name, such as "log"; returns a function that ends it.
function Engine:on(name, listener)
  self.listeners[name] = self.listeners[name] or {}
  table.insert(self.listeners[name], listener)
  return function()
    self.listeners[name] = vim.tbl_filter(function(other) return other ~= listener end, self.listeners[name])
  end
end

-- Starts a program; see orchflow.terminal.
function Engine:spawn(options) return require("orchflow.terminal").spawn(self, options) end

-- Watches files; see orchflow.watch.
function Engine:watch(options) return require("orchflow.watch").add(self, options) end

-- Connects to the server of another engine; see orchflow.peer.
function Engine:connect(options) return require("orchflow.peer").connect(self, options) end

local function numbers(struct, names)
  local result = {}
  for _, name in ipairs(names) do result[name] = tonumber(struct[name]) end
  return result
end

-- Turns and their times, as numbers.
function Engine:stats()
  local stats = ffi.new("orch_engine_stats")
  local ok, message, name = self:result(self.lib.orch_engine_get_stats(self.pointer, stats))
  if not ok then return nil, message, name end
  return numbers(stats, { "turns", "unfinished", "cpu_p50_ns", "cpu_p99_ns", "cpu_max_ns", "log_bytes",
    "screen_bytes", "invariants_broken" })
end

-- Bytes that the engine uses, by what they are for.
function Engine:memory()
  local memory = ffi.new("orch_memory")
  local ok, message, name = self:result(self.lib.orch_engine_get_memory(self.pointer, memory))
  if not ok then return nil, message, name end
  return numbers(memory, { "logs", "screens", "input", "state", "watches", "peers", "events", "total", "limit" })
end

-- A text for people: "dump", "flight_record" or "metrics".
function Engine:text(kind)
  local kinds = { dump = 1, flight_record = 2, metrics = 3 }
  local out = cffi.new("orch_bytes[1]")
  local ok, message, name = self:result(self.lib.orch_engine_get_text(self.pointer, assert(kinds[kind], kind), out))
  if not ok then return nil, message, name end
  return ffi.text(out[0])
end

-- Closes every terminal; `on_complete()` follows when all are gone. Then destroy the engine.
function Engine:shutdown(grace_ms, on_complete)
  if on_complete then self:on("shutdown_complete", on_complete) end
  return self:result(self.lib.orch_engine_shutdown(self.pointer, grace_ms or 2000))
end

-- Ends the engine: what runs in it gets SIGHUP and SIGKILL. Doing it twice is fine.
function Engine:destroy()
  if not self.pointer then return end
  self.poll:stop()
  self.poll:close()
  self.lib.orch_engine_destroy(self.pointer)
  self.pointer = nil
  self.sources, self.listeners = {}, {}
end

return M

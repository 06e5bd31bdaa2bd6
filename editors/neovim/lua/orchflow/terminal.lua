-- A terminal of this Neovim's engine: a program, its input, its size, and how it ends.
--
-- What the engine's queue does not take waits here, up to INPUT_WAITING_MAX; more is refused. `attached` terminals (of
-- another engine, see orchflow.peer) have the same methods, so that a view shows both.

local cffi = require("ffi")
local ffi = require("orchflow.ffi")
local events = require("orchflow.events")

local M = {}

-- Bytes of input that wait in Lua beyond the engine's queue of 1 MiB.
local INPUT_WAITING_MAX = 64 * 1024 * 1024

local Terminal = {}
Terminal.__index = Terminal

-- The environment as `orch_spawn_options` wants it: "NAME=VALUE" sets, "NAME" removes.
local function environment(changes)
  local list = {}
  for name, value in pairs(changes or {}) do
    table.insert(list, value == false and name or name .. "=" .. tostring(value))
  end
  table.sort(list)
  return list
end

local function window(cols, rows)
  local size = cffi.new("orch_size")
  size.cols, size.rows = cols, rows
  return size
end
M.window = window

-- Starts a program. `options`, all but the list of words optional:
--
--   [1], [2], ...        the program and its arguments; none: the user's shell
--   cwd, env, env_clear  the directory; changes to the environment (`false` removes a name); start from nothing
--   cols, rows           80 by 24
--   scrollback           rows of scrollback of the engine's screen, 1,000; false: no screen, and no reader has one
--   replies              false: the engine does not reply to queries of the program, because the host does
--   reader               a table for `orch_attach_options`; "none": no reader
--   foreground, background   colours for programs that ask (`orch_color`)
--   log_bytes            bytes of output to keep
--   on_output(bytes, offset)
--   on_exited{ code | signal }, on_closed(), on_title{ title }, on_EVENT...
function M.spawn(engine, options)
  options = options or {}
  local struct = ffi.new("orch_spawn_options")
  local keep = { environment(options.env), options.cwd and vim.fn.fnamemodify(vim.fn.expand(options.cwd), ":p") }
  local words = {}
  for _, word in ipairs(options) do table.insert(words, tostring(word)) end
  local argv, argv_len = ffi.array(words)
  local env, env_len = ffi.array(keep[1])
  struct.argv, struct.argv_len = argv, argv_len
  struct.env, struct.env_len = env, env_len
  struct.env_clear = options.env_clear and 1 or 0
  if keep[2] then ffi.set(struct.cwd, keep[2]) end
  struct.window = window(options.cols or 80, options.rows or 24)
  struct.log_bytes = options.log_bytes or 0
  local screen = ffi.new("orch_screen_options")
  screen.scrollback = options.scrollback or 0
  screen.foreground, screen.background = options.foreground or 0, options.background or 0
  screen.flags = options.replies == false and engine.lib.ORCH_SCREEN_NO_REPLIES or 0
  if options.clipboard then screen.flags = screen.flags + engine.lib.ORCH_SCREEN_CLIPBOARD end
  if options.scrollback ~= false then struct.screen = screen end
  if options.reader then struct.delivery = engine.lib.ORCH_DELIVERY_NONE end
  local id = cffi.new("uint64_t[1]")
  local ok, message, name = engine:result(engine.lib.orch_terminal_spawn(engine.pointer, struct, id))
  if not ok then return nil, message, name end
  local self = setmetatable({
    engine = engine,
    id = tonumber(id[0]),
    options = options,
    waiting = {},
    waiting_bytes = 0,
  }, Terminal)
  engine.sources[self.id] = self
  if type(options.reader) == "table" then
    local attached
    attached, message, name = self:attach(options.reader)
    if not attached then
      self:close(0)
      return nil, message, name
    end
  end
  return self
end

-- Adds a reader by fields of `orch_attach_options`; its id is `self.reader`.
function Terminal:attach(fields)
  local options = ffi.new("orch_attach_options")
  for field, value in pairs(fields) do options[field] = value end
  local reader = cffi.new("uint64_t[1]")
  local ok, message, name = self.engine:result(
    self.engine.lib.orch_terminal_attach(self.engine.pointer, self.id, options, reader))
  if not ok then return nil, message, name end
  self.reader = tonumber(reader[0])
  return self.reader
end

function Terminal:output(bytes, offset)
  if self.options.on_output then self.options.on_output(bytes, offset) end
end

function Terminal:on_event(event)
  if event.name == "input_ready" then self:flush() end
  if event.name == "exited" then self.exit = event end
  if event.name == "closed" then self.engine.sources[self.id] = nil end
  local handler = self.options["on_" .. event.name]
  if handler then handler(event) end
end

-- Types bytes. What does not fit into the queue is typed when there is room.
function Terminal:write(bytes)
  if self.waiting_bytes > 0 then
    if self.waiting_bytes + #bytes > INPUT_WAITING_MAX then
      return nil, "the program does not read its input", "ORCH_E_LIMIT"
    end
    table.insert(self.waiting, bytes)
    self.waiting_bytes = self.waiting_bytes + #bytes
    return true
  end
  local accepted = cffi.new("size_t[1]")
  local ok, message, name = self.engine:result(
    self.engine.lib.orch_terminal_write(self.engine.pointer, self.id, bytes, #bytes, accepted))
  if not ok then return nil, message, name end
  local rest = bytes:sub(tonumber(accepted[0]) + 1)
  if #rest > 0 then
    table.insert(self.waiting, rest)
    self.waiting_bytes = #rest
  end
  return true
end

-- Types what waits, as far as it goes.
function Terminal:flush()
  local waiting = table.concat(self.waiting)
  self.waiting, self.waiting_bytes = {}, 0
  if #waiting > 0 then self:write(waiting) end
end

-- Types text as a person pastes it.
function Terminal:paste(text)
  return self.engine:result(self.engine.lib.orch_terminal_paste(self.engine.pointer, self.id, text, #text))
end

function Terminal:resize(cols, rows)
  return self.engine:result(
    self.engine.lib.orch_terminal_resize(self.engine.pointer, self.id, window(cols, rows)))
end

-- Sends a signal, by number, to the foreground group; with `leader` to that of the program that was started.
function Terminal:signal(number, leader)
  return self.engine:result(
    self.engine.lib.orch_terminal_signal(self.engine.pointer, self.id, number, leader and 1 or 0))
end

-- Whether the terminal is read; a program that writes more than the kernel holds waits.
function Terminal:set_paused(paused)
  local lib = self.engine.lib
  return self.engine:result(lib.orch_terminal_set(self.engine.pointer, self.id, lib.ORCH_TERMINAL_OPTION_PAUSED,
    paused and 1 or 0))
end

-- Closes it: SIGHUP, and SIGKILL after `grace_ms` (2,000). `on_closed` is its last event.
function Terminal:close(grace_ms)
  return self.engine:result(self.engine.lib.orch_terminal_close(self.engine.pointer, self.id, grace_ms or 2000))
end

-- Everything that is known about it now.
function Terminal:state()
  local state = ffi.new("orch_terminal_state")
  local lib = self.engine.lib
  local ok, message, name = self.engine:result(lib.orch_terminal_get_state(self.engine.pointer, self.id, state))
  if not ok then return nil, message, name end
  return {
    pid = state.pid > 0 and state.pid or nil,
    running = require("bit").band(state.flags, lib.ORCH_TERMINAL_RUNNING) ~= 0,
    foreground = ffi.text(state.foreground_name),
    cwd = ffi.text(state.cwd),
    title = ffi.text(state.title),
    cols = state.window.cols,
    rows = state.window.rows,
    history = tonumber(state.history),
    log_end = tonumber(state.log_end),
    exit = events.exit_of(state),
  }
end

-- The screen as text, with at most `scrollback` rows above it.
function Terminal:text(scrollback)
  local out = cffi.new("orch_bytes[1]")
  local ok, message, name = self.engine:result(
    self.engine.lib.orch_terminal_get_text(self.engine.pointer, self.id, scrollback or 0, out))
  if not ok then return nil, message, name end
  return ffi.text(out[0])
end

-- Control sequences that make another terminal of the same size show the same; with their columns and rows, and the
-- `offset` of the output that follows.
function Terminal:snapshot(scrollback)
  local out = ffi.new("orch_snapshot")
  local ok, message, name = self.engine:result(
    self.engine.lib.orch_terminal_get_snapshot(self.engine.pointer, self.id, scrollback or 0, out))
  if not ok then return nil, message, name end
  return {
    data = cffi.string(out.data, out.len),
    cols = out.window.cols,
    rows = out.window.rows,
    offset = tonumber(out.offset),
  }
end

-- The place of the top row of the screen, which stays with its text; nil on the alternate screen.
function Terminal:place()
  local update = ffi.new("orch_screen_update")
  local lib = self.engine.lib
  local ok, message, name = self.engine:result(lib.orch_terminal_get_screen(self.engine.pointer, self.id, 0, update))
  if not ok then return nil, message, name end
  if tonumber(update.line.line) < 0 then return nil end
  return cffi.new("orch_line_position", update.line)
end

-- The row in which a place is now: 0 is the top of the screen, -1 the newest row of the scrollback.
function Terminal:row_of(place)
  local row, col = cffi.new("int32_t[1]"), cffi.new("uint32_t[1]")
  local ok, message, name = self.engine:result(
    self.engine.lib.orch_terminal_get_position(self.engine.pointer, self.id, place, row, col))
  if not ok then return nil, message, name end
  return row[0]
end

-- Takes the reader of `options.reader` away.
function Terminal:detach()
  if not self.reader then return end
  self.engine.lib.orch_reader_detach(self.engine.pointer, self.reader)
  self.reader = nil
end

return M

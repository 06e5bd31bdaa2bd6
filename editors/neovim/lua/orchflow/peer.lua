-- A connection to the server of another engine, and terminals there.
--
-- The engine connects, connects again after a break, and goes on where it was; this module keeps what is attached and
-- who waits for which reply, and mirrors the names and sizes of terminals. A terminal there (`Attached`) has the
-- methods of one of this engine.

local cffi = require("ffi")
local ffi = require("orchflow.ffi")
local window = require("orchflow.terminal").window

local M = {}

-- Bytes of one message of input; the protocol takes more, but smaller ones let others come between.
local INPUT_BYTES = 64 * 1024

-- Bytes of output in flight: what Neovim's terminal takes in a few hundredths of a second.
local WINDOW_BYTES = 64 * 1024

local Peer = {}
Peer.__index = Peer

local Attached = {}
Attached.__index = Attached

-- Connects. `options`: `address` and `token`, and optional
--
--   name                    of this client for the other engine
--   retry                   false: a connection that fails or is lost is not tried again
--   on_connected, on_disconnected{ reason, retry_in_ms }, on_state, on_problem{ terminal, message }, on_notice
function M.connect(engine, options)
  local lib = engine.lib
  local struct = ffi.new("orch_peer_options")
  local name = options.name or ("Neovim %d"):format(vim.fn.getpid())
  ffi.set(struct.address, options.address)
  ffi.set(struct.token, options.token)
  ffi.set(struct.name, name)
  struct.collections = lib.ORCH_COLLECTION_PANES + lib.ORCH_COLLECTION_TERMINALS
  if options.retry == false then struct.flags = lib.ORCH_CONNECT_NO_RETRY end
  struct.retry_max_ms = 5000
  struct.notices = options.on_notice and lib.ORCH_NOTICES_ALL - lib.ORCH_NOTICES_CLIPBOARD or 0
  local id = cffi.new("uint64_t[1]")
  local ok, message, status = engine:result(lib.orch_peer_connect(engine.pointer, struct, id))
  if not ok then return nil, message, status end
  local self = setmetatable({
    engine = engine,
    id = tonumber(id[0]),
    options = options,
    attached = {},
    waiting = {},
    terminals = {},
    panes = {},
    cursor = cffi.new("orch_state_cursor"),
  }, Peer)
  engine.sources[self.id] = self
  return self
end

local function notify(handler, ...)
  if handler then handler(...) end
end

function Peer:output(bytes, offset, terminal)
  local attached = self.attached[terminal]
  if attached and attached.detaching == 0 then notify(attached.options.on_output, bytes, offset) end
end

function Peer:on_event(event)
  local name = event.name:gsub("^peer_", "")
  if name == "reply" then
    local callback = self.waiting[event.request]
    self.waiting[event.request] = nil
    return notify(callback, event)
  end
  if name == "state" then self:read_state() end
  if name == "connected" then self.is_connected = true end
  if name == "disconnected" then self.is_connected = false end
  local attached = event.terminal and self.attached[event.terminal]
  if attached and attached.detaching > 0 then
    -- What belongs to an attachment that was ended here; another one may have begun since.
    if name == "detached" then attached:ended() end
    return
  end
  if attached then
    if name == "detached" then self.attached[event.terminal] = nil end
    notify(attached.options["on_" .. name], event)
  end
  notify(self.options["on_" .. name], event)
end

-- Reads what is new in the mirrored state.
function Peer:read_state()
  local lib, changes = self.engine.lib, ffi.new("orch_state_changes")
  local collections = lib.ORCH_COLLECTION_PANES + lib.ORCH_COLLECTION_TERMINALS
  repeat
    local status = lib.orch_state_get_changes(self.engine.pointer, self.id, self.cursor, collections, 0, changes)
    if status < 0 then return end
    if changes.full == 1 then self.terminals, self.panes = {}, {} end
    ffi.each("orch_state_key", changes.removed, changes.removed_stride, changes.removed_count, function(key)
      if key.collection == lib.ORCH_COLLECTION_TERMINALS then self.terminals[tonumber(key.id)] = nil end
      if key.collection == lib.ORCH_COLLECTION_PANES then self.panes[ffi.text(key.text)] = nil end
    end)
    ffi.each("orch_pane", changes.panes, changes.pane_stride, changes.pane_count, function(pane)
      self.panes[ffi.text(pane.id)] = { title = ffi.text(pane.title), terminal = tonumber(pane.terminal) }
    end)
    ffi.each("orch_state_terminal", changes.terminals, changes.terminal_stride, changes.terminal_count, function(entry)
      self.terminals[tonumber(entry.terminal)] = {
        id = tonumber(entry.terminal),
        title = ffi.text(entry.title),
        program = ffi.text(entry.program),
        cwd = ffi.text(entry.cwd),
        cols = entry.cols,
        rows = entry.rows,
        running = require("bit").band(entry.flags, lib.ORCH_TERMINAL_RUNNING) ~= 0,
      }
    end)
  until changes.more == 0
end

-- The terminals there, in the order of their ids: `id`, `name`, `title`, `program`, `cwd`, `cols`, `rows`, `running`.
-- The name is that of the pane which shows it, else that of the program.
function Peer:list()
  local names = {}
  for _, pane in pairs(self.panes) do
    if pane.title ~= "" then names[pane.terminal] = pane.title end
  end
  local list = {}
  for _, terminal in pairs(self.terminals) do
    local name = names[terminal.id] or terminal.program
    table.insert(list, vim.tbl_extend("force", terminal, { name = name ~= "" and name or "terminal" }))
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

-- The state of the connection: `status` (1 connecting, 2 connected, 3 waiting, 4 given up), `profiles`, `server`.
function Peer:state()
  local state = ffi.new("orch_peer_state")
  local ok, message, name = self.engine:result(
    self.engine.lib.orch_peer_get_state(self.engine.pointer, self.id, state))
  if not ok then return nil, message, name end
  local profiles = {}
  for index = 0, tonumber(state.profile_count) - 1 do table.insert(profiles, ffi.text(state.profiles[index])) end
  return {
    status = tonumber(state.status),
    server = ffi.text(state.server),
    last_error = ffi.text(state.last_error),
    can_type = require("bit").band(state.scopes, self.engine.lib.ORCH_SCOPE_TYPE) ~= 0,
    profiles = profiles,
  }
end

-- Sends a request; `on_reply(event)` gets `status` (0 for a success) and what its kind has.
function Peer:request(request, on_reply)
  local number = cffi.new("uint64_t[1]")
  local ok, message, name = self.engine:result(
    self.engine.lib.orch_peer_request(self.engine.pointer, self.id, request, number))
  if not ok then return nil, message, name end
  self.waiting[tonumber(number[0])] = on_reply
  return true
end

-- Starts a program there: `profile`, and optional `cwd`, `cols`, `rows`. `on_reply(terminal, message)`.
function Peer:spawn(options, on_reply)
  local request = ffi.new("orch_request")
  request.kind = self.engine.lib.ORCH_REQUEST_SPAWN
  ffi.set(request.profile, options.profile)
  if options.cwd then ffi.set(request.cwd, options.cwd) end
  if options.cols then request.window = window(options.cols, options.rows) end
  return self:request(request, function(reply)
    if reply.status == 0 then on_reply(reply.terminal) else on_reply(nil, reply.message) end
  end)
end

-- Attaches to a terminal there. `options`: `cols`, `rows`, `scrollback` (rows of it to begin with), and
-- on_output(bytes, offset), on_snapshot{ data, cols, rows, more }, on_gap, on_exited{ code | signal }, on_detached,
-- on_problem{ message }. Doing it again changes how it is attached.
function Peer:attach(id, options)
  local attached = setmetatable({ peer = self, id = id, options = options, detaching = 0 }, Attached)
  local ok, message, name = attached:start(options.cols, options.rows)
  if not ok then return nil, message, name end
  return attached
end

-- Ends the connection. Programs there go on.
function Peer:disconnect()
  if not self.engine.pointer then return end
  self.engine.lib.orch_peer_disconnect(self.engine.pointer, self.id)
  self.engine.sources[self.id] = nil
end

-- Begins, or begins anew, with a snapshot for a window of this size.
function Attached:start(cols, rows)
  local engine = self.peer.engine
  local struct = ffi.new("orch_peer_attach_options")
  struct.mode = engine.lib.ORCH_DELIVERY_LOSSLESS
  struct.start = engine.lib.ORCH_START_SNAPSHOT
  struct.scrollback = math.min(self.options.scrollback or 1000, 10000)
  struct.window = WINDOW_BYTES
  if cols then struct.grid = window(cols, rows) end
  local ok, message, name = engine:result(
    engine.lib.orch_peer_attach(engine.pointer, self.peer.id, self.id, struct))
  if not ok then return nil, message, name end
  self.is_attached = true
  self.peer.attached[self.id] = self
  return true
end

-- One operation, with a reply.
function Attached:operate(kind, fields, on_reply)
  local op, request = cffi.new("orch_op[1]"), ffi.new("orch_request")
  op[0].terminal, op[0].kind = self.id, kind
  for field, value in pairs(fields or {}) do op[0][field] = value end
  request.kind = self.peer.engine.lib.ORCH_REQUEST_BATCH
  request.ops, request.op_count, request.op_stride = op, 1, cffi.sizeof("orch_op")
  return self.peer:request(request, on_reply)
end

-- Types bytes. Ctrl-C alone also discards output that has not been sent yet.
function Attached:write(bytes)
  local engine = self.peer.engine
  if bytes == "\3" then return self:operate(engine.lib.ORCH_OP_INTERRUPT) end
  for first = 1, #bytes, INPUT_BYTES do
    local part = bytes:sub(first, first + INPUT_BYTES - 1)
    local ok, message, name = engine:result(
      engine.lib.orch_peer_write(engine.pointer, self.peer.id, self.id, part, #part))
    if not ok then return nil, message, name end
  end
  return true
end

function Attached:paste(text)
  local data = cffi.cast("const void *", text)
  return self:operate(self.peer.engine.lib.ORCH_OP_PASTE, { data = data, len = #text })
end

-- Reports the size of the window that shows it.
function Attached:resize(cols, rows)
  local engine = self.peer.engine
  return engine:result(
    engine.lib.orch_peer_set_grid(engine.pointer, self.peer.id, self.id, window(cols, rows)))
end

function Attached:signal(number)
  return self:operate(self.peer.engine.lib.ORCH_OP_SIGNAL, { signal = number })
end

-- Ends the program there.
function Attached:close(grace_ms)
  return self:operate(self.peer.engine.lib.ORCH_OP_CLOSE, { value = grace_ms or 2000 })
end

-- Leaves the program alone.
function Attached:detach()
  local engine = self.peer.engine
  if not engine.pointer then return end
  if engine.lib.orch_peer_detach(engine.pointer, self.peer.id, self.id) == 0 then
    self.detaching = self.detaching + 1
    self.is_attached = false
  end
end

-- One attachment has ended.
function Attached:ended()
  self.detaching = self.detaching - 1
  if not self.is_attached then self.peer.attached[self.id] = nil end
end

return M

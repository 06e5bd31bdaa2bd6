-- `:OrchAttach`: terminals of servers in buffers, and the buffers of session files.
--
-- One connection serves all buffers of an address; it ends with the last of them. Programs go on when a buffer or
-- Neovim ends: that is what a server is for. Tokens come from the address that was typed, from the options, from
-- $ORCHFLOW_TOKEN, or from the file of tokens (orchflow.tokens).

local api = vim.api
local addresses = require("orchflow.address")

local M = { connections = {} }

-- Output that the server left out is over when nothing was left out for so long.
local ANEW_MS = 200

-- The status of a peer that has a connection.
local CONNECTED = 2

local function notify(message, level) vim.notify("orchflow: " .. message, level or vim.log.levels.INFO) end

-- The connection to an address, made if there is none. Or nil and why not.
function M.connection(address, token)
  local known = M.connections[address]
  if known and known.peer.engine.pointer and not known.given_up then return known end
  local tokens = require("orchflow.tokens")
  token = token or tokens.find(address)
  if not token then return nil, ("no token is known for %s: attach to %s#token=TEXT once"):format(address, address) end
  local engine, message = require("orchflow").engine()
  if not engine then return nil, message end
  local connection = { address = address, users = 0, waiting = {}, views = {} }
  connection.peer, message = engine:connect({
    address = address,
    token = token,
    on_state = function()
      connection.has_state = true
      local waiting = connection.waiting
      connection.waiting = {}
      for _, callback in ipairs(waiting) do callback(connection) end
    end,
    on_connected = function()
      if connection.was_lost then notify("connected to " .. address .. " again") end
      connection.was_lost = false
      tokens.remember(address, token)
    end,
    on_disconnected = function(event) M.lost(connection, event) end,
  })
  if not connection.peer then return nil, message end
  M.connections[address] = connection
  return connection
end

-- Ends the connection to an address, if there is one, and shows why in its buffers.
function M.drop(address, reason)
  local connection = M.connections[address]
  if connection then M.lost(connection, { reason = reason }) end
end

-- The connection is lost, or could not be made.
function M.lost(connection, event)
  if event.retry_in_ms then
    if not connection.was_lost then
      notify(("%s: %s; trying again"):format(connection.address, event.reason), vim.log.levels.WARN)
    end
    connection.was_lost = true
    return
  end
  connection.given_up = true
  M.connections[connection.address] = nil
  for view in pairs(connection.views) do view:finish("Disconnected: " .. event.reason) end
  local waiting = connection.waiting
  connection.waiting = {}
  for _, callback in ipairs(waiting) do callback(nil, event.reason) end
  if not next(connection.views) then notify(connection.address .. ": " .. event.reason, vim.log.levels.ERROR) end
  connection.peer:disconnect()
end

-- Ends a connection that nobody uses.
function M.release(connection)
  if next(connection.views) or #connection.waiting > 0 then return end
  connection.peer:disconnect()
  if M.connections[connection.address] == connection then M.connections[connection.address] = nil end
end

-- Calls `callback(connection)` when the state of the server is known, or `callback(nil, message)`.
function M.with_state(address, token, callback)
  local connection, message = M.connection(address, token)
  if not connection then return callback(nil, message) end
  if connection.has_state then return callback(connection) end
  table.insert(connection.waiting, callback)
end

-- What a view shows of a terminal there: every byte, and the program waits for Neovim. Where other clients would have
-- to wait with it, the server leaves output out and sends a snapshot; once that is over, the view begins anew with all
-- rows. `begin_anew()` does so, and sets `start.whole`: the next snapshot has all rows.
local function handlers_of(view, start, begin_anew)
  local function later() view:later("anew", ANEW_MS, begin_anew) end
  return {
    cols = view.cols,
    rows = view.rows,
    scrollback = view:scrollback(),
    on_output = function(bytes) view:feed(bytes) end,
    on_snapshot = function(event)
      view:feed(event.data)
      if event.more then return end
      if not start.whole then later() end
      start.whole = false
    end,
    on_gap = later,
    on_exited = function(event) view:finish(require("orchflow.view").describe(event)) end,
    on_detached = function() view:finish("The terminal is gone") end,
    on_problem = function(event) notify(event.message, vim.log.levels.WARN) end,
  }
end

-- Types into a terminal there. Why that is not possible is said once, not for every key.
function M.type(connection, attached, data)
  local state = connection.peer:state()
  local ok, message = nil, "the token does not allow typing"
  if state and (state.status ~= CONNECTED or state.can_type) then ok, message = attached:write(data) end
  if not ok and connection.said ~= message then
    vim.schedule(function() notify(connection.address .. ": " .. message, vim.log.levels.WARN) end)
  end
  connection.said = not ok and message or nil
end

-- Shows a terminal of a connection in the current window, in `buf` if there is one.
function M.show(connection, id, name, buf)
  local attached, view
  local start = { whole = true }
  -- A snapshot of all rows follows what the buffer has, so that is removed first.
  local function begin_anew()
    if not attached or view.ended then return end
    attached:detach()
    view:after_writing(function()
      view:clear("\27c ", function()
        start.whole = true
        attached:start(view.cols, view.rows)
      end)
    end)
  end
  local message
  view, message = require("orchflow.view").open({
    buf = buf,
    name = addresses.buffer_name(connection.address, name, id),
    on_typed = function(data)
      if attached then M.type(connection, attached, data) end
    end,
    on_resize = function(cols, rows)
      if attached then attached:resize(cols, rows) end
    end,
    on_wrapped = begin_anew,
    on_closed = function()
      connection.views[view] = nil
      if attached then attached:detach() end
      M.release(connection)
    end,
  })
  if not view then
    notify(message, vim.log.levels.ERROR)
    return M.release(connection)
  end
  connection.views[view] = true
  attached, message = connection.peer:attach(id, handlers_of(view, start, begin_anew))
  if not attached then view:finish(message) end
  return view
end

-- The terminal that a person means: a number of the list, a name or an id; nothing: the only one that runs.
function M.choose(list, wanted)
  if not wanted then
    local running = vim.tbl_filter(function(terminal) return terminal.running end, list)
    return #running == 1 and running[1] or nil
  end
  for _, terminal in ipairs(list) do
    if tostring(terminal.id) == wanted or terminal.name == wanted then return terminal end
  end
  return list[tonumber(wanted) or 0]
end

local function describe(terminal)
  return ("%s  %s  %dx%d%s  %s"):format(terminal.name, terminal.program, terminal.cols, terminal.rows,
    terminal.running and "" or "  ended", terminal.title)
end

-- Starts a program of a profile there and shows it. `typed` is typed into it.
function M.start(connection, options, callback)
  local state = connection.peer:state()
  local profile = options.profile or (state and state.profiles[1])
  if not profile then return notify("the server has no program to start", vim.log.levels.ERROR) end
  -- The window's size is known once the buffer is there; attaching sets it.
  local ok, message = connection.peer:spawn({ profile = profile, cwd = options.cwd }, function(id, reason)
    if not id then return notify(reason, vim.log.levels.ERROR) end
    local view = M.show(connection, id, options.name or profile)
    if not view then return end
    if options.typed then connection.peer.attached[id]:write(options.typed) end
    if callback then callback(view) end
  end)
  if not ok then notify(message, vim.log.levels.ERROR) end
end

-- Attaches to what was typed: an address, and a terminal or `new` with a profile.
function M.attach(text, wanted, profile)
  local parsed, message = addresses.parse(text)
  if not parsed then return notify(message, vim.log.levels.ERROR) end
  M.with_state(parsed.address, parsed.token, function(connection, reason)
    if not connection then return notify(reason, vim.log.levels.ERROR) end
    if wanted == "new" then return M.start(connection, { profile = profile }) end
    local list = connection.peer:list()
    local terminal = M.choose(list, wanted)
    if terminal then return M.show(connection, terminal.id, terminal.name) end
    if wanted then
      M.release(connection)
      return notify(("no terminal %s at %s"):format(wanted, parsed.address), vim.log.levels.ERROR)
    end
    vim.ui.select(list, { prompt = "Terminal", format_item = describe }, function(choice)
      if choice then M.show(connection, choice.id, choice.name) else M.release(connection) end
    end)
  end)
end

-- A buffer of a session file, or one that was opened by its name.
function M.read(buf, name)
  local parsed = addresses.parse_buffer_name(name)
  if not parsed then return notify(name .. " names no terminal", vim.log.levels.ERROR) end
  local connection, message = M.connection(parsed.address)
  if not connection then return notify(message, vim.log.levels.ERROR) end
  M.show(connection, parsed.id, parsed.name, buf)
end

return M

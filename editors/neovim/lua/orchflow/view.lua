-- A terminal in a buffer.
--
-- The buffer is Neovim's own terminal (`nvim_open_term`): its keys, its terminal mode, mouse, highlights, scrollback
-- and mappings are what users know. What it shows comes through `feed`, from a program of this Neovim's engine
-- (orchflow.follow) or from one of another engine (orchflow.attach).
--
-- Neovim's terminal takes a few megabytes in a second, so bytes are written in slices, and keys and redraws come in
-- between. Queries of programs are answered by the engine; what Neovim's terminal would answer is dropped (`sending`).

local uv = vim.uv or vim.loop
local api = vim.api

local M = { views = {} }

-- What is written at once: some milliseconds.
local SLICE_BYTES = 16 * 1024
-- A width is final when it has stood for so long; then lines are wrapped anew.
local SETTLED_MS = 150
-- Over which the time for writing is added up.
local PERIOD_MS = 100
-- Neovim's terminal takes over a size of its scrollback up to 10 ms after something was written.
local REFRESHED_MS = 15

-- What a program may have left on: mouse, the alternate screen, pasting in brackets, a hidden cursor, colours.
local RESET = "\27[?9l\27[?1000l\27[?1002l\27[?1003l\27[?1006l\27[?47l\27[?2004l\27[?25h\27[0m"

local View = {}
View.__index = View

local namespace = api.nvim_create_namespace("orchflow")
local group = api.nvim_create_augroup("orchflow_view", { clear = true })

-- The size that a buffer's terminal has in Neovim: the largest of the windows that show it in this tab page.
local function size_of(buf)
  local cols, rows = 0, 0
  for _, window in ipairs(api.nvim_tabpage_list_wins(0)) do
    if api.nvim_win_get_buf(window) == buf then
      local info = vim.fn.getwininfo(window)[1]
      cols = math.max(cols, info.width - info.textoff)
      rows = math.max(rows, info.height - (info.winbar or 0))
    end
  end
  if cols < 1 or rows < 1 then return nil end
  return cols, rows
end

-- Every redraw of a window compares its size with the one before; Neovim 0.7 has no event for it.
local watching_sizes = false
local function watch_sizes()
  if watching_sizes then return end
  watching_sizes = true
  api.nvim_set_decoration_provider(namespace, {
    on_start = function() return next(M.views) ~= nil end,
    on_win = function(_, window, buf)
      local view = M.views[buf]
      if view then
        local seen = api.nvim_win_get_width(window) * 65536 + api.nvim_win_get_height(window)
        if view.seen[window] ~= seen then
          view.seen[window] = seen
          vim.schedule(function() view:fit() end)
        end
      end
      return false
    end,
  })
end

-- Shows a terminal in the current window, in a new buffer or in `buf`, which is empty. `options`:
--
--   name                the name of the buffer
--   on_typed(bytes)     keys, and what the mouse reports
--   on_resize(cols, rows)
--   on_wrapped()        the width has changed, and stands
--   on_closed()         the buffer is gone
--
-- Or nil and why the window cannot show it.
function M.open(options)
  local buf = options.buf or api.nvim_create_buf(true, false)
  if api.nvim_get_current_buf() ~= buf then
    local shown, message = pcall(api.nvim_win_set_buf, 0, buf)
    if not shown then
      api.nvim_buf_delete(buf, { force = true })
      return nil, (tostring(message):gsub("^.-(E%d+:)", "%1"))
    end
  end
  local self = setmetatable({
    buf = buf,
    options = options,
    seen = {},
    queue = {},
    queued_bytes = 0,
    cut = "",
    timers = {},
  }, View)
  M.views[buf] = self
  self.cols, self.rows = size_of(buf)
  if not self.cols then self.cols, self.rows = 80, 24 end
  self.channel = api.nvim_open_term(buf, {
    on_input = function(_, _, _, data)
      if not self.sending then self:typed(data) end
    end,
  })
  if options.name then pcall(api.nvim_buf_set_name, buf, options.name) end
  api.nvim_create_autocmd({ "BufUnload", "BufWipeout" }, {
    group = group, buffer = buf, callback = function() self:gone() end,
  })
  watch_sizes()
  return self
end

-- Rows of scrollback that the buffer keeps.
function View:scrollback()
  local rows = vim.bo[self.buf].scrollback
  return rows > 0 and rows or 10000
end

-- Calls `action` once, `ms` from now, instead of what an earlier call of this name has asked for.
function View:later(name, ms, action)
  if self.is_gone then return end
  local timer = self.timers[name] or uv.new_timer()
  self.timers[name] = timer
  timer:start(ms, 0, vim.schedule_wrap(function()
    if not self.is_gone then action() end
  end))
end

-- Writing -----------------------------------------------------------------------------------------------------------

-- How long Neovim has written to terminals in the present period.
local busy = { since_ns = 0, ns = 0 }

-- Whether writing to terminals, to all of them together, takes half of Neovim's time.
function M.is_saturated() return busy.ns > PERIOD_MS * 1e6 / 2 end

function View:send(bytes)
  local start = uv.hrtime()
  if start - busy.since_ns > PERIOD_MS * 1e6 then busy.since_ns, busy.ns = start, 0 end
  self.sending = true
  local ok, message = pcall(api.nvim_chan_send, self.channel, bytes)
  self.sending = false
  busy.ns = busy.ns + uv.hrtime() - start
  if not ok then error(message, 0) end
end

-- Several modes in one sequence, as ncurses turns the mouse on (CSI ? 1006 ; 1000 h), as several sequences: the
-- terminal of Neovim 0.7 heeds the first one only. The beginning of one at the end of `bytes` waits for the rest.
function View:singly(bytes)
  bytes, self.cut = self.cut .. bytes, ""
  if not bytes:find("\27", 1, true) then return bytes end
  local cut = bytes:find("\27%[?%??[%d;]*$")
  if cut and #bytes - cut < 64 then bytes, self.cut = bytes:sub(1, cut - 1), bytes:sub(cut) end
  return (bytes:gsub("\27%[%?(%d+;[%d;]+)([hl])", function(modes, set)
    local sequences = {}
    for mode in modes:gmatch("%d+") do table.insert(sequences, "\27[?" .. mode .. set) end
    return table.concat(sequences)
  end))
end

-- Writes bytes to the terminal of the buffer, in slices if they are many.
function View:feed(bytes)
  if self.is_gone then return end
  bytes = self:singly(bytes)
  if self.queued_bytes == 0 and #bytes <= SLICE_BYTES then return self:send(bytes) end
  table.insert(self.queue, bytes)
  self.queued_bytes = self.queued_bytes + #bytes
  if not self.draining then self:drain() end
end

-- Writes one slice of what waits, and the next one after a round of the loop. A timer, since events that were scheduled
-- would be handled without a redraw in between.
function View:drain()
  local slice, bytes = {}, 0
  while self.queue[1] and bytes < SLICE_BYTES do
    local first = self.queue[1]
    local room = SLICE_BYTES - bytes
    table.insert(slice, first:sub(1, room))
    bytes = bytes + math.min(#first, room)
    if #first > room then self.queue[1] = first:sub(room + 1) else table.remove(self.queue, 1) end
  end
  self.queued_bytes = self.queued_bytes - bytes
  self:send(table.concat(slice))
  self.draining = self.queued_bytes > 0
  if self.draining then return self:later("drain", 1, function() self:drain() end) end
  local callback = self.when_drained
  self.when_drained = nil
  if callback then callback() end
end

-- Calls `callback()` when everything that was fed has been written.
function View:after_writing(callback)
  if self.queued_bytes == 0 then return callback() end
  self.when_drained = callback
end

-- Removes the rows above the screen, then calls `callback()`. Neovim 0.7 changes its scrollback only when it brings
-- the buffer up to date, a moment after something was written: `frame`, what the screen shows meanwhile. It keeps one
-- row at least, which is made an empty one.
function View:clear(frame, callback)
  if api.nvim_buf_line_count(self.buf) <= self.rows then return callback() end
  local rows = self:scrollback()
  local tries = 20
  local function set(value)
    vim.bo[self.buf].scrollback = value
    self:send("\27c" .. ("\r\n"):rep(value == 1 and self.rows or 0) .. self:singly(frame))
  end
  local function wait()
    tries = tries - 1
    if tries > 0 and api.nvim_buf_line_count(self.buf) > self.rows + 1 then
      return self:later("clear", REFRESHED_MS, wait)
    end
    set(rows)
    self:later("clear", REFRESHED_MS, callback)
  end
  set(1)
  self:later("clear", REFRESHED_MS, wait)
end

-- Keys and sizes ------------------------------------------------------------------------------------------------------

-- Keys, or what the mouse reports. No function that changes a buffer may be called from here.
function View:typed(data)
  if self.ended then
    vim.schedule(function() self:close() end)
    return
  end
  self.options.on_typed(data)
end

-- Follows the windows that show the buffer.
function View:fit()
  if self.is_gone then return end
  local cols, rows = size_of(self.buf)
  if not cols or (cols == self.cols and rows == self.rows) then return end
  local wrapped = cols ~= self.cols
  self.cols, self.rows = cols, rows
  if self.ended then return end
  self.options.on_resize(cols, rows)
  if wrapped then self:later("wrapped", SETTLED_MS, self.options.on_wrapped) end
end

-- Ends ----------------------------------------------------------------------------------------------------------------

-- How a program ended, as a sentence.
function M.describe(exit)
  if exit.signal then return ("Process killed by signal %d"):format(exit.signal) end
  if exit.code then return ("Process exited %d"):format(exit.code) end
  return "Process ended"
end

-- Says how it ended, below what it has written. The next key in terminal mode closes the buffer, as that of
-- `:terminal`.
function View:finish(sentence)
  if self.ended or self.is_gone then return end
  self.ended = sentence
  self:feed(RESET .. "\r\n[" .. sentence .. "]")
  vim.b[self.buf].orchflow_ended = sentence
  api.nvim_exec_autocmds("User", { pattern = "OrchEnded", modeline = false })
end

-- Removes the buffer, and with it what it shows.
function View:close()
  if not self.is_gone and api.nvim_buf_is_valid(self.buf) then api.nvim_buf_delete(self.buf, { force = true }) end
end

function View:gone()
  if self.is_gone then return end
  self.is_gone = true
  M.views[self.buf] = nil
  for _, timer in pairs(self.timers) do
    timer:stop()
    timer:close()
  end
  self.queue, self.queued_bytes = {}, 0
  self.options.on_closed()
end

return M

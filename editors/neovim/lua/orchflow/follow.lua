-- What a buffer shows of a program: every byte, or the screen as it is.
--
-- Neovim's terminal is far slower than programs write. So a view has three modes:
--
--   bytes     All bytes are written to the buffer. More than FLOOD_SCREENS times the screen in FLOOD_MS are a flood:
--             more than anybody reads. So is less, when writing to all terminals takes half of Neovim's time.
--   screen    The engine's screen is written, 30 times a second at most, while the program runs at its own speed.
--   writing   The flood is over. The rows that went by are written in slices, those alone: the place of the top row
--             was kept when the mode became `screen`, and the engine knows how many rows above its screen that is
--             now. Then bytes again, from the offset of the engine's screen; or `screen`, if there were many meanwhile.
--
-- So no row is missing in the buffer and none is there twice, as far as 'scrollback' reaches. When the place is not
-- known, because the program has left the alternate screen, the buffer is cleared and written anew, also after a
-- change of its width, since the engine wraps lines anew and Neovim's terminal cuts them.

local views = require("orchflow.view")
local uv = vim.uv or vim.loop

local M = {}

local FLOOD_SCREENS = 4
local FLOOD_MS = 100
-- A flood is over when less than this came in CALM_MS; half a screen where Neovim has no time.
local CALM_SCREENS = 2
local CALM_MS = 100
local FRAME_US = 33000

-- ORCH_DELIVERY_LOSSLESS, ORCH_DELIVERY_SCREEN, ORCH_START_OFFSET.
local LOSSLESS, SCREEN, FROM_OFFSET = 0, 3, 3

-- How the reader of a new terminal begins.
M.reader = { delivery = LOSSLESS }

local Follower = {}
Follower.__index = Follower

function M.new(view)
  return setmetatable({ view = view, mode = "bytes", since = uv.now(), recent = 0, frames = 0 }, Follower)
end

-- The handlers, for the options of orchflow.terminal. `terminal` has to be set when it is there.
function Follower:handlers()
  local handlers = {}
  for _, name in ipairs({ "output", "screen", "exited" }) do
    local method = Follower["on_" .. name]
    handlers["on_" .. name] = function(...)
      if not self.view.is_gone then method(self, ...) end
    end
  end
  return handlers
end

-- Bytes that fill the screen, about.
function Follower:screen_bytes() return math.max(self.view.cols * self.view.rows, 2048) end

function Follower:on_output(bytes, offset)
  self.view:feed(bytes)
  -- The primary screen is back, whose rows could not be written anew while the alternate one was there.
  if self.is_cut and bytes:find("\27%[%?1?0?4[79]l") then
    self.view:later("wrapped", CALM_MS, function() self:on_wrapped() end)
  end
  local now = uv.now()
  if now - self.since > FLOOD_MS then self.since, self.recent = now, 0 end
  self.recent = self.recent + #bytes
  local is_flood = self.recent > FLOOD_SCREENS * self:screen_bytes()
    or self.recent > self:screen_bytes() / 2 and views.is_saturated()
  if self.leaving or is_flood then self:leave_bytes(offset + #bytes) end
end

-- Stops reading bytes once those that were read are all that there are: only then is it known which rows come next.
-- Until then the terminal is not read.
function Follower:leave_bytes(offset)
  local terminal = self.terminal
  local state = terminal:state()
  if not state then return end
  if state.log_end > offset then
    if not self.leaving then terminal:set_paused(true) end
    self.leaving = true
    return
  end
  -- On the alternate screen there is none.
  self:enter_screen({ row = terminal:place() })
end

-- Shows the engine's screen from now on. `place.row`: the row that comes next; nil on the alternate screen.
function Follower:enter_screen(place)
  self.place = place
  self.terminal:detach()
  -- Several floods share the frames.
  self.terminal:attach({ delivery = SCREEN, interval_us = FRAME_US * (self.terminal.engine.floods + 1) })
  self:stop_leaving()
  self:set_mode("screen")
  self.shown = self.terminal:state().log_end
  self:expect_calm()
end

-- Looks after CALM_MS whether the flood is over.
function Follower:expect_calm()
  self.view:later("calm", CALM_MS, function()
    local state = self.mode == "screen" and self.terminal:state()
    if not state then return end
    if not self:is_calm(state.log_end) then return self:expect_calm() end
    self:write_rows()
  end)
end

-- Whether little came since this was called last; `offset` is where the output ends.
function Follower:is_calm(offset)
  local came = offset - self.shown
  self.shown = offset
  return came < (views.is_saturated() and 0.5 or CALM_SCREENS) * self:screen_bytes()
end

-- The engine knows how many floods there are.
function Follower:set_mode(mode)
  local engine = self.terminal.engine
  engine.floods = engine.floods + (mode == "screen" and 1 or 0) - (self.mode == "screen" and 1 or 0)
  self.mode = mode
end

-- The buffer is gone.
function Follower:close()
  if self.terminal then self:set_mode("bytes") end
end

function Follower:stop_leaving()
  if self.leaving then self.terminal:set_paused(false) end
  self.leaving = false
end

-- The engine's screen has changed.
function Follower:on_screen()
  if self.mode ~= "screen" then return end
  -- What waits to be written is older, and comes first.
  if self.view.queued_bytes > 0 then return end
  local frame = self.terminal:snapshot(0)
  if frame then
    self.frames = self.frames + 1
    self.view:feed(frame.data)
  end
end

-- How many rows have left the screen since `enter_screen`; nil if that is not known.
function Follower:missed_rows()
  if self.is_cut or not self.place then return nil end
  local top = self.terminal:place()
  if not self.place.row then
    -- It was on the alternate screen, and still is, or the rows of the primary one come anew.
    if top == nil then return 0 end
    return nil
  end
  if not top then return nil end
  local row = self.terminal:row_of(self.place.row)
  -- A row that has left the engine's scrollback has left that of the buffer, once all others are written.
  return row and math.max(-row, 0) or self.view:scrollback()
end

-- Writes the rows that went by, and the screen.
function Follower:write_rows()
  if self.mode ~= "screen" then return end
  self.terminal:detach()
  self:set_mode("writing")
  local missed = self:missed_rows()
  if missed then return self:write(missed) end
  self:write_anew()
end

-- Writes all rows and the screen in the place of what the buffer has.
function Follower:write_anew()
  self.view:after_writing(function()
    local frame = self.terminal:snapshot(0)
    if not frame then return end
    self.is_cut = self.terminal:place() == nil and self.is_cut
    self.view:clear(frame.data, function() self:write(self.view:scrollback()) end)
  end)
end

-- Writes `rows` above the screen and the screen, then goes on with what has come meanwhile.
function Follower:write(rows)
  local frame = self.terminal:snapshot(math.min(rows, self.view:scrollback()))
  if not frame then return end
  local place = { row = self.terminal:place() }
  self.view:feed(frame.data)
  self.view:after_writing(function() self:written(frame.offset, place) end)
end

function Follower:written(offset, place)
  local state = self.terminal:state()
  if not state then return end
  if self.exit then
    if state.log_end == offset then return self.view:finish(self.exit) end
    self:set_mode("screen")
    self.place = place
    return self:write_rows()
  end
  if self.is_cut and self.terminal:place() then
    self:set_mode("screen")
    return self:write_rows()
  end
  if state.log_end - offset > FLOOD_SCREENS * self:screen_bytes() then return self:enter_screen(place) end
  self:set_mode("bytes")
  self.since, self.recent = uv.now(), 0
  self.terminal:attach(vim.tbl_extend("force", M.reader, { start = FROM_OFFSET, offset = offset }))
end

-- The width is another one, so all rows are to be written anew: now, or when what is going on has ended.
function Follower:on_wrapped()
  self.is_cut = true
  if self.mode ~= "bytes" or self.leaving or self.terminal:place() == nil then return end
  self:set_mode("screen")
  self:write_rows()
end

function Follower:on_exited(event)
  self.exit = views.describe(event)
  -- A paused terminal reports its exit once it has been read; nobody reads when rows are being written.
  if self.mode == "bytes" then return self.view:finish(self.exit) end
  if self.mode == "screen" then self:write_rows() end
end

return M

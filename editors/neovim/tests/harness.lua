-- What tests share: waiting for events, and a Neovim with a real screen.
--
-- A test file returns a table of functions by name. `run` calls each in order and quits with status 1 if one fails.
-- Waiting is for a condition, looked at after every event of the loop; only a test that hangs meets the time limit.

local M = {}

local WATCHDOG_MS = tonumber(vim.env.WATCHDOG_MS or "120000")

-- Waits until `condition` is true, and returns its value.
function M.await(what, condition)
  local value
  local done = vim.wait(WATCHDOG_MS, function()
    value = condition()
    return value
  end, 50)
  if not done then error("never came: " .. what, 2) end
  return value
end

function M.equal(actual, expected, what)
  if vim.deep_equal(actual, expected) then return end
  what = what or "not equal"
  error(("%s\n  expected: %s\n  got:      %s"):format(what, vim.inspect(expected), vim.inspect(actual)), 2)
end

function M.contains(text, part)
  if not text:find(part, 1, true) then error(("%s\nis not in\n%s"):format(part, text), 2) end
end

-- Waits until an engine has made no turn while another program has started and ended: what was about to happen has.
function M.quiet(engine)
  local before
  local tries = 0
  repeat
    tries = tries + 1
    if tries > 20 then error("it is never quiet", 2) end
    before = engine:stats().turns
    local ended
    vim.fn.jobstart({ "sleep", "1" }, { on_exit = function() ended = true end })
    M.await("another program's end", function() return ended end)
  until engine:stats().turns == before
end

-- An engine of the test's own, destroyed at its end.
local to_destroy = {}
function M.engine(limits)
  local engine = assert(require("orchflow").new(limits))
  table.insert(to_destroy, engine)
  return engine
end

function M.folder()
  local path = vim.fn.tempname()
  vim.fn.mkdir(path, "p")
  return (vim.uv or vim.loop).fs_realpath(path)
end

function M.write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local here = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h")

-- A Neovim with a screen, in a terminal of an engine of this one: keys are typed as bytes, and what it shows is read as
-- text. `lua(code, ...)` runs in it.
local Child = {}
Child.__index = Child

function M.child(options)
  options = options or {}
  local engine = M.engine()
  local socket = vim.fn.tempname()
  local self = setmetatable({ engine = engine, socket = socket }, Child)
  local words = {
    vim.v.progpath, "--clean", "--listen", socket, "-n", "-u", here .. "/init.lua",
    cols = options.cols or 80, rows = options.rows or 24, cwd = options.cwd,
    env = vim.tbl_extend("force", { ORCHFLOW_LIBRARY_DIR = vim.env.ORCHFLOW_LIBRARY_DIR }, options.env or {}),
    on_output = options.on_output,
    on_exited = function(exit) self.exit = exit end,
  }
  vim.list_extend(words, options)
  self.terminal = assert(engine:spawn(words))
  M.await("the other Neovim", function() return vim.loop.fs_stat(socket) ~= nil end)
  self.channel = M.await("its channel", function()
    local ok, channel = pcall(vim.fn.sockconnect, "pipe", socket, { rpc = true })
    return ok and channel > 0 and channel or nil
  end)
  -- It listens before it has loaded its plugins.
  self:holds("vim.v.vim_did_enter == 1")
  return self
end

function Child:lua(code, ...) return vim.rpcrequest(self.channel, "nvim_exec_lua", code, { ... }) end
function Child:command(line) return vim.rpcrequest(self.channel, "nvim_command", line) end
function Child:type(bytes) assert(self.terminal:write(bytes)) end
function Child:screen() return assert(self.terminal:text()) end

-- Waits until its screen contains a text.
function Child:shows(part)
  local screen
  local found = vim.wait(WATCHDOG_MS, function()
    screen = self:screen()
    return screen:find(part, 1, true) ~= nil
  end, 50)
  if not found then error(("%s never came; it shows\n%s"):format(part, screen), 2) end
end

-- Waits until an expression in it is true.
function Child:holds(expression)
  M.await(expression, function() return self:lua("return " .. expression) end)
end

function Child:quit()
  pcall(vim.rpcnotify, self.channel, "nvim_command", "qall!")
  M.await("its end", function() return self.exit end)
  return self.exit
end

-- Runs the tests of a file and quits.
function M.run(file)
  local failed, count = 0, 0
  local only = vim.env.ONLY
  for _, test in ipairs(dofile(file)) do
    local name, body = test[1], test[2]
    if not only or name:find(only, 1, true) then
      local ok, message = xpcall(body, debug.traceback)
      for _, engine in ipairs(to_destroy) do engine:destroy() end
      to_destroy = {}
      count = count + 1
      io.stdout:write(("%s - %s\n"):format(ok and "ok" or "not ok", name))
      if not ok then
        failed = failed + 1
        io.stdout:write(message .. "\n")
      end
    end
  end
  if count == 0 then
    io.stdout:write("no test in " .. file .. "\n")
    failed = 1
  end
  io.stdout:write(("%d passed, %d failed\n"):format(count - failed, failed))
  vim.cmd(failed > 0 and "cquit!" or "qall!")
end

return M

-- `:checkhealth orchflow`: whether the plugin can work here, and what to do if not.

local M = {}

-- Neovim 0.9 has renamed these functions.
local health = vim.health or require("health")
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local info = health.info or health.report_info
local warn = health.warn or health.report_warn
local fail = health.error or health.report_error

local function read_number(path)
  local file = io.open(path)
  if not file then return nil end
  local number = file:read("*n")
  file:close()
  return number
end

local function check_library()
  start("The library")
  local version = vim.version()
  local text = ("Neovim %d.%d.%d"):format(version.major, version.minor, version.patch)
  if vim.fn.has("nvim-0.7") == 1 then ok(text) else fail(text .. ": 0.7 or later is needed") end
  if not jit then return fail("This Neovim was built without LuaJIT", { "Use a build with LuaJIT" }) end
  local ffi = require("orchflow.ffi")
  local library, reason = ffi.load()
  if not library then
    fail(reason, {
      "Build and install OrchFlow: make build && sudo make install",
      "Or say where it is: require('orchflow').setup{ library = '/x/liborchflow.so', header = '/x/orchflow_ffi.h' }",
    })
    return false
  end
  ok(("liborchflow %s: %s"):format(ffi.version(), ffi.library))
  info("Header: " .. (ffi.header or "loaded before"))
  return true
end

local function check_engine()
  start("The engine")
  local orchflow = require("orchflow")
  local engine = orchflow.running_engine()
  if not engine then
    local message
    engine, message = orchflow.new()
    if not engine then return fail(message) end
    ok("An engine can be made")
    return engine:destroy()
  end
  local stats, memory = engine:stats(), engine:memory()
  ok(("%d turns, %d wakes, the longest turn took %.1f ms"):format(stats.turns, engine.wakes, stats.cpu_max_ns / 1e6))
  info(("%.1f MiB used of %d MiB"):format(memory.total / 1048576, memory.limit / 1048576))
  if stats.invariants_broken > 0 then
    fail(("%d invariants are broken: a bug in the library, please report it"):format(stats.invariants_broken))
  end
end

local function check_system()
  start("The system")
  local watches = read_number("/proc/sys/fs/inotify/max_user_watches")
  if not watches then
    warn("inotify's limits cannot be read")
  elseif watches < 65536 then
    warn(("fs.inotify.max_user_watches is %d; beyond it directories are polled"):format(watches),
      { "sudo sysctl fs.inotify.max_user_watches=524288" })
  else
    ok(("fs.inotify.max_user_watches is %d"):format(watches))
  end
  local demo = vim.fn.exepath(require("orchflow").config.demo)
  if demo == "" then
    warn("orchflow-demo is not in the PATH: :OrchServe cannot start a server", { "make build && sudo make install" })
  else
    ok("orchflow-demo: " .. demo)
  end
  for address, connection in pairs(require("orchflow.attach").connections) do
    if connection.peer.is_connected then ok("Connected to " .. address) else warn("No connection to " .. address) end
  end
  local path = require("orchflow.tokens").path()
  local stat = (vim.uv or vim.loop).fs_stat(path)
  if stat and require("bit").band(stat.mode, tonumber("077", 8)) ~= 0 then
    fail(path .. " can be read by others", { "chmod 600 " .. path })
  end
end

function M.check()
  if check_library() then
    check_engine()
    check_system()
  end
end

return M

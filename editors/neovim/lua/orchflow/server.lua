-- `:OrchServe`: a server of a directory that outlives Neovim, so that its terminals survive `:mksession` and `:qall`.
--
-- It is `orchflow-demo serve` on a Unix socket that only the user can open, one for each directory. It is started when
-- it is needed and goes on until `:OrchServe!` or the end of the machine. Its folder has the socket, its log and its
-- process number.

local uv = vim.uv or vim.loop

local M = {}

-- What the system allows for the path of a socket.
local SOCKET_PATH_MAX = 107

local function root_of(directory)
  return uv.fs_realpath(vim.fn.expand(directory or vim.fn.getcwd()))
end

-- The folder of the server of a directory.
function M.folder(root)
  local base = vim.env.XDG_RUNTIME_DIR or vim.fn.stdpath("cache")
  return ("%s/orchflow-nvim/%s"):format(base, vim.fn.sha256(root):sub(1, 12))
end

function M.token_file() return vim.fn.stdpath("data") .. "/orchflow/server-token" end

local function read(path)
  local file = io.open(path)
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return vim.trim(text)
end

-- Calls `callback(answers)`: whether somebody listens on a socket.
local function probe(path, callback)
  local pipe = uv.new_pipe(false)
  pipe:connect(path, vim.schedule_wrap(function(message)
    pipe:close()
    callback(message == nil)
  end))
end

local function start(root, folder, callback)
  local demo = require("orchflow").config.demo
  if vim.fn.executable(demo) == 0 then return callback(nil, demo .. " is not in the PATH") end
  vim.fn.mkdir(folder, "p", tonumber("700", 8))
  vim.fn.mkdir(vim.fn.fnamemodify(M.token_file(), ":h"), "p", tonumber("700", 8))
  local finished = false
  local function finish(...)
    if finished then return end
    finished = true
    callback(...)
  end
  -- The shell only redirects: Neovim's end must not take the log away.
  local job = vim.fn.jobstart({
    "/bin/sh", "-c", 'log=$1; shift; exec "$@" 2>>"$log"', "sh", folder .. "/log",
    demo, "serve", "--unix", folder .. "/socket", "--token-file", M.token_file(), "--root", root,
    "--log-level", "warn",
  }, {
    detach = true,
    env = { ORCHFLOW_TOKEN = "" },
    on_stdout = function(_, lines)
      if lines[1] ~= "" then finish(true) end
    end,
    on_exit = function(_, status)
      finish(nil, ("%s ended with status %d; see %s/log"):format(demo, status, folder))
    end,
  })
  if job <= 0 then return finish(nil, demo .. " cannot be started") end
  vim.fn.writefile({ tostring(vim.fn.jobpid(job)) }, folder .. "/pid")
end

-- Calls `callback(connection)` when there is a server of the directory, or `callback(nil, message)`.
function M.ensure(directory, callback)
  local root = root_of(directory)
  if not root then return callback(nil, directory .. " does not exist") end
  local folder = M.folder(root)
  local socket = folder .. "/socket"
  if #socket > SOCKET_PATH_MAX then return callback(nil, socket .. " is too long for a socket") end
  local function connect()
    local token = read(M.token_file())
    if not token then return callback(nil, M.token_file() .. " cannot be read") end
    require("orchflow.attach").with_state("unix:" .. socket, token, callback)
  end
  probe(socket, function(answers)
    if answers then return connect() end
    start(root, folder, function(ok, message)
      if ok then connect() else callback(nil, message) end
    end)
  end)
end

-- Ends the server of a directory and its programs. Returns true, or nil and why not.
function M.stop(directory)
  local root = root_of(directory)
  local folder = root and M.folder(root)
  local pid = folder and tonumber(read(folder .. "/pid"))
  local words = pid and read(("/proc/%d/cmdline"):format(pid))
  if not words or not words:find(folder .. "/socket", 1, true) then
    return nil, "no server of this directory is running"
  end
  uv.kill(pid, "sigint")
  require("orchflow.attach").drop("unix:" .. folder .. "/socket", "the server has ended")
  os.remove(folder .. "/pid")
  return true
end

return M

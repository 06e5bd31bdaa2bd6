-- `:OrchTerminal`: a program of this Neovim's engine in a buffer.

local api = vim.api

local M = {}

local function fail(message) vim.notify("orchflow: " .. message, vim.log.levels.ERROR) end

-- A colour of the highlight of ordinary text, as the engine takes it; 0 if there is none.
local function color(field)
  local found, rgb
  if api.nvim_get_hl then
    local short = field == "foreground" and "fg" or "bg"
    found, rgb = pcall(function() return api.nvim_get_hl(0, { name = "Normal" })[short] end)
  else
    found, rgb = pcall(function() return api.nvim_get_hl_by_name("Normal", true)[field] end)
  end
  return found and rgb and 0x02000000 + rgb or 0
end

-- A line with the name of the current file in the place of words like `%` and `%:p:h`. Everything else is the shell's.
function M.expand(line)
  return (line:gsub("%S+", function(word)
    if word ~= "%" and not word:match("^%%:[%a:]+$") then return nil end
    local name = vim.fn.expand(word)
    return name ~= "" and vim.fn.shellescape(name) or nil
  end))
end

-- Shows a program in the current window. `command` is a line for the shell, "" for the shell itself. `options`: `cwd`,
-- and `buf`, an empty buffer to use. Returns the view, or nil.
function M.terminal(command, options)
  options = options or {}
  local follow = require("orchflow.follow")
  local engine, message = require("orchflow").engine()
  if not engine then return fail(message) end
  local terminal, follower
  local view
  view, message = require("orchflow.view").open({
    buf = options.buf,
    on_typed = function(data)
      local ok, reason, name = terminal:write(data)
      -- Its end is about to be shown.
      local is_ending = name == "ORCH_E_ENDED" or name == "ORCH_E_CLOSING"
      if not ok and not is_ending then vim.schedule(function() fail(reason) end) end
    end,
    on_resize = function(cols, rows) terminal:resize(cols, rows) end,
    on_wrapped = function() follower:on_wrapped() end,
    on_closed = function()
      follower:close()
      if terminal and engine.pointer then terminal:close() end
    end,
  })
  if not view then return fail(message) end
  local cwd = options.cwd or vim.fn.getcwd()
  follower = follow.new(view)
  view.follower = follower
  local spawn = vim.tbl_extend("force", follower:handlers(), {
    cwd = cwd, cols = view.cols, rows = view.rows, scrollback = view:scrollback(), reader = follow.reader,
    foreground = color("foreground"), background = color("background"),
    env = { NVIM = vim.v.servername },
  })
  vim.list_extend(spawn, vim.split(vim.o.shell, " ", { trimempty = true }))
  if command ~= "" then
    vim.list_extend(spawn, vim.split(vim.o.shellcmdflag, " ", { trimempty = true }))
    table.insert(spawn, command)
  end
  terminal, message = engine:spawn(spawn)
  if not terminal then
    view:close()
    return fail(message)
  end
  follower.terminal = terminal
  local state = terminal:state()
  vim.b[view.buf].terminal_job_pid = state and state.pid
  if not options.buf then
    pcall(api.nvim_buf_set_name, view.buf, ("orchterm://%s//%d:%s"):format(
      vim.fn.fnamemodify(cwd, ":~"), state and state.pid or 0, command == "" and vim.o.shell or command))
  end
  return view
end

-- Shows a program of the server of the current directory, which is started if there is none: it goes on when Neovim
-- ends. `command` is typed into the server's shell, which it replaces.
function M.lasting(command)
  require("orchflow.server").ensure(nil, function(connection, message)
    if not connection then return fail(message) end
    require("orchflow.attach").start(connection, {
      name = command:match("^%S+"),
      typed = command ~= "" and "exec " .. command .. "\r" or nil,
      cwd = vim.fn.getcwd(),
    })
  end)
end

-- A buffer of a session file: its program ended with the Neovim that wrote it, so it is started again, as with
-- `:terminal`.
function M.read(buf, name)
  local cwd, command = name:match("^orchterm://(.-)//%d*:?(.*)$")
  if not cwd then return fail(name .. " names no program") end
  cwd = vim.fn.expand(cwd)
  if vim.fn.isdirectory(cwd) == 0 then cwd = nil end
  return M.terminal(command == vim.o.shell and "" or command, { buf = buf, cwd = cwd })
end

return M

-- The commands of OrchFlow. Nothing is loaded before one of them is used.

if vim.g.loaded_orchflow then return end
vim.g.loaded_orchflow = true

local function command(name, action, options) vim.api.nvim_create_user_command(name, action, options) end

-- Modifiers such as `vertical` open a window of their own.
local function window(call)
  if call.mods and call.mods ~= "" then vim.cmd(call.mods .. " new") end
end

local function optional(call) return call.args ~= "" and call.args or nil end

local function fail(message) vim.notify("orchflow: " .. message, vim.log.levels.ERROR) end

command("OrchTerminal", function(call)
  window(call)
  local line = require("orchflow.commands").expand(call.args)
  if call.bang then
    require("orchflow.commands").lasting(line)
  else
    require("orchflow.commands").terminal(line)
  end
end, { nargs = "*", bang = true, complete = "shellcmd", desc = "A terminal; with ! one that outlives Neovim" })

command("OrchAttach", function(call)
  window(call)
  require("orchflow.attach").attach(unpack(call.fargs))
end, { nargs = "+", desc = "A terminal of a server" })

command("OrchServe", function(call)
  local server = require("orchflow.server")
  if call.bang then
    local stopped, message = server.stop(optional(call))
    if not stopped then fail(message) end
    return
  end
  server.ensure(optional(call), function(connection, message)
    if not connection then return fail(message) end
    vim.notify("orchflow: serving at " .. connection.address)
    require("orchflow.attach").release(connection)
  end)
end, { nargs = "?", bang = true, complete = "dir", desc = "A server that outlives Neovim; ! ends it" })

command("OrchWatch", function(call)
  local changes = require("orchflow.changes")
  if call.bang then changes.unwatch(optional(call)) else changes.watch(optional(call)) end
end, { nargs = "?", bang = true, complete = "dir", desc = "Follows the files of a directory; ! ends it" })

command("OrchChanges", function(call) require("orchflow.changes").open(call.bang) end,
  { bang = true, desc = "The files that changed, as a quickfix list; ! empties it" })

local group = vim.api.nvim_create_augroup("orchflow", { clear = true })

-- Buffers of session files.
vim.api.nvim_create_autocmd("BufReadCmd", {
  group = group,
  pattern = "orchflow://*",
  nested = true,
  callback = function(event) require("orchflow.attach").read(event.buf, event.match) end,
})
vim.api.nvim_create_autocmd("BufReadCmd", {
  group = group,
  pattern = "orchterm://*",
  nested = true,
  callback = function(event) require("orchflow.commands").read(event.buf, event.match) end,
})

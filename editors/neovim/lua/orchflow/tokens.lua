-- Tokens of servers, by address.
--
-- A token lets its owner type into shells, so it stands in a file that only the user can read, and never in the name
-- of a buffer or in a session file. The newest ENTRIES are kept. `setup{ remember_tokens = false }` writes nothing.

local uv = vim.uv or vim.loop

local M = {}

local ENTRIES = 32

local function folder() return vim.fn.stdpath("data") .. "/orchflow" end
function M.path() return folder() .. "/tokens.json" end

local function read_file(path)
  local file = io.open(path)
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

local function load()
  local text = read_file(M.path())
  local ok, list = pcall(vim.json.decode, text or "[]")
  return ok and type(list) == "table" and list or {}
end

-- The token for an address, or nil.
function M.find(address)
  local server = require("orchflow").config.servers[address] or {}
  if server.token then return server.token end
  if server.token_file then
    local text = read_file(vim.fn.expand(server.token_file))
    return text and vim.trim(text) or nil
  end
  for _, entry in ipairs(load()) do
    if entry.address == address then return entry.token end
  end
  return vim.env.ORCHFLOW_TOKEN
end

-- Keeps a token that a server has accepted.
function M.remember(address, token)
  if not require("orchflow").config.remember_tokens or M.find(address) == token then return end
  local list = vim.tbl_filter(function(entry) return entry.address ~= address end, load())
  table.insert(list, 1, { address = address, token = token })
  list[ENTRIES + 1] = nil
  vim.fn.mkdir(folder(), "p", tonumber("700", 8))
  -- Written beside and renamed, so that no other Neovim reads half of it; the mode is set from the start.
  local beside = ("%s.%d"):format(M.path(), uv.os_getpid())
  local fd, message = uv.fs_open(beside, "w", tonumber("600", 8))
  if not fd then return vim.notify("orchflow: " .. message, vim.log.levels.WARN) end
  uv.fs_write(fd, vim.json.encode(list), 0)
  uv.fs_close(fd)
  uv.fs_rename(beside, M.path())
end

return M

-- `:OrchWatch` and `:OrchChanges`: what others do to the files of a directory.
--
-- Buffers of files that changed are read again (`:checktime`, so 'autoread' and unsaved changes count as always), and
-- the files go into a list, the newest first, which a quickfix window shows. What this Neovim writes itself is not
-- listed. At most PATHS_MAX files are listed; the oldest go first, and their number is said.

local api = vim.api
local uv = vim.uv or vim.loop

local M = {
  -- By root: `{ watch, ready }`.
  watches = {},
}

local PATHS_MAX = 2000
-- Where the list is in the stack of quickfix lists.
local list_id

local changes, serial, dropped, own = {}, 0, 0, {}
local group = api.nvim_create_augroup("orchflow_changes", { clear = true })

local VERBS = {
  create = "created", modify = "modified", metadata = "mode changed", touch = "touched", delete = "deleted",
  rename = "renamed",
}

local function notify(message, level) vim.notify("orchflow: " .. message, level or vim.log.levels.INFO) end

-- The buffers that are loaded, by the path that they show.
local function loaded_buffers()
  local buffers = {}
  for _, buf in ipairs(api.nvim_list_bufs()) do
    if api.nvim_buf_is_loaded(buf) and vim.bo[buf].buftype == "" then
      local name = api.nvim_buf_get_name(buf)
      if name ~= "" then buffers[uv.fs_realpath(name) or name] = buf end
    end
  end
  return buffers
end

local function version_of(path)
  local stat = uv.fs_stat(path)
  return stat and ("%d.%d.%d"):format(stat.ino, stat.mtime.sec, stat.mtime.nsec) or nil
end

-- Whether this Neovim wrote what is there now.
local function is_own(path) return own[path] ~= nil and own[path] == version_of(path) end

local function list(path, text, deleted)
  serial = serial + 1
  changes[path] = { path = path, text = text, deleted = deleted, serial = serial, time = os.date("%H:%M:%S") }
end

local function drop_oldest()
  local all = vim.tbl_values(changes)
  if #all <= PATHS_MAX then return end
  table.sort(all, function(a, b) return a.serial > b.serial end)
  for index = PATHS_MAX + 1, #all do
    changes[all[index].path] = nil
    dropped = dropped + 1
  end
end

local function check(buffers, path)
  local buf = buffers[path]
  -- That a file is no longer there is an error of the command, which shows it.
  if buf then pcall(vim.cmd, "checktime " .. buf) end
end

local function on_event(buffers, event)
  if event.type == "directory" and event.kind ~= "rename" and event.kind ~= "delete" then return end
  if event.from then check(buffers, event.from) end
  if is_own(event.path) then return end
  check(buffers, event.path)
  local text = VERBS[event.kind]
  if event.from then
    changes[event.from] = nil
    text = text .. " from " .. vim.fn.fnamemodify(event.from, ":.")
  end
  list(event.path, text, event.kind == "delete")
end

-- A batch of the engine. One line for each file, whatever happened to it.
function M.on_batch(batch)
  local buffers = loaded_buffers()
  for _, event in ipairs(batch.events) do on_event(buffers, event) end
  if not batch.complete then
    -- What was missed is not known, so all buffers are looked at.
    pcall(vim.cmd, "checktime")
  end
  drop_oldest()
  M.refresh()
  api.nvim_exec_autocmds("User", { pattern = "OrchChanges", modeline = false })
end

-- What changed, the newest first: `path`, `text`, `time`, `deleted`.
function M.list()
  local all = vim.tbl_values(changes)
  table.sort(all, function(a, b) return a.serial > b.serial end)
  return all
end

local function items()
  local lines = {}
  for _, change in ipairs(M.list()) do
    local item = { filename = change.path, text = change.time .. "  " .. change.text, lnum = 1 }
    if change.deleted then
      item = { text = change.time .. "  " .. change.text .. ": " .. vim.fn.fnamemodify(change.path, ":."), valid = 0 }
    end
    table.insert(lines, item)
  end
  if dropped > 0 then table.insert(lines, { text = ("%d older changes are not listed"):format(dropped), valid = 0 }) end
  return lines
end

-- Brings the quickfix list up to date, if there is one and nothing else has taken its place in the stack.
function M.refresh()
  if not list_id or vim.fn.getqflist({ id = list_id }).id ~= list_id then return end
  local index = vim.fn.getqflist({ id = list_id, idx = 0 }).idx
  vim.fn.setqflist({}, "r", { id = list_id, items = items(), idx = math.max(index, 1) })
end

-- Shows the list; `clear` empties it first.
function M.open(clear)
  if clear then changes, dropped = {}, 0 end
  if not next(M.watches) then M.watch() end
  if list_id and vim.fn.getqflist({ id = list_id }).id == list_id then
    M.refresh()
    vim.cmd(vim.fn.getqflist({ id = list_id, nr = 0 }).nr .. "chistory")
  else
    vim.fn.setqflist({}, " ", { title = "Changed files", items = items() })
    list_id = vim.fn.getqflist({ id = 0 }).id
  end
  if not clear then vim.cmd("botright copen") end
end

local function remember_own()
  api.nvim_create_autocmd("BufWritePost", {
    group = group,
    callback = function(event)
      local path = uv.fs_realpath(event.match)
      if path then own[path] = version_of(path) end
    end,
  })
end

-- Watches a directory, by default the current one. Returns whether it does.
function M.watch(directory)
  local root = uv.fs_realpath(vim.fn.expand(directory or vim.fn.getcwd()))
  if not root then return notify(directory .. " does not exist", vim.log.levels.ERROR) end
  if M.watches[root] then return true end
  local engine, message = require("orchflow").engine()
  if not engine then return notify(message, vim.log.levels.ERROR) end
  local entry = { root = root }
  entry.watch, message = engine:watch({
    root,
    summaries = false,
    git_wait_ms = 2000,
    on_batch = M.on_batch,
    on_ready = function()
      entry.ready = true
      api.nvim_exec_autocmds("User", { pattern = "OrchWatchReady", modeline = false })
    end,
    on_warning = function(event)
      notify(("%s: %s"):format(event.path ~= "" and event.path or root, event.problem:gsub("_", " ")),
        vim.log.levels.WARN)
    end,
  })
  if not entry.watch then return notify(message, vim.log.levels.ERROR) end
  if not next(M.watches) then remember_own() end
  M.watches[root] = entry
  return true
end

-- Ends the watch of a directory, or all.
function M.unwatch(directory)
  local root = directory and uv.fs_realpath(vim.fn.expand(directory))
  for path, entry in pairs(M.watches) do
    if not directory or path == root then
      entry.watch:remove()
      M.watches[path] = nil
    end
  end
  if not next(M.watches) then
    api.nvim_clear_autocmds({ group = group })
    own = {}
  end
end

return M

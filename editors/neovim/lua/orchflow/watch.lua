-- Watching files: a tree that follows the disk, and batches of what changed.

local cffi = require("ffi")
local ffi = require("orchflow.ffi")

local M = {}

local Watch = {}
Watch.__index = Watch

-- Watches files. `options`: `[1]`, `[2]`, ... the roots; optional
--
--   ignore                 globs in the syntax of .gitignore
--   gitignore              false: what git ignores is watched as well
--   git_dir                true: look into .git
--   summaries              a batch with more events than this is shortened by directory; false: never (100)
--   window_ms, max_wait_ms, git_wait_ms, max_depth, entry_limit
--   on_ready(), on_batch{ events, summaries, complete }, on_warning{ problem, path }
function M.add(engine, options)
  local lib, struct = engine.lib, ffi.new("orch_watch_options")
  local roots, root_count, keep_roots = ffi.array(options)
  local ignore, ignore_count, keep_ignore = ffi.array(options.ignore or {})
  struct.roots, struct.root_count = roots, root_count
  struct.ignore, struct.ignore_count = ignore, ignore_count
  struct.flags = (options.gitignore == false and lib.ORCH_WATCH_NO_GITIGNORE or 0)
    + (options.git_dir and lib.ORCH_WATCH_GIT_DIR or 0)
    + (options.summaries == false and lib.ORCH_WATCH_NO_SUMMARIES or 0)
  struct.summary_threshold = options.summaries or 0
  for _, field in ipairs({ "window_ms", "max_wait_ms", "git_wait_ms", "max_depth", "entry_limit" }) do
    struct[field] = options[field] or 0
  end
  local id = cffi.new("uint64_t[1]")
  local ok, message, name = engine:result(lib.orch_watch_add(engine.pointer, struct, id))
  -- Strings must live until here.
  keep_roots, keep_ignore = nil, nil
  if not ok then return nil, message, name end
  local self = setmetatable({ engine = engine, id = tonumber(id[0]), options = options, syncs = {} }, Watch)
  engine.sources[self.id] = self
  return self
end

function Watch:on_event(event)
  local name = event.name:gsub("^watch_", "")
  if name == "synced" then
    local callback = self.syncs[event.sync_tag]
    self.syncs[event.sync_tag] = nil
    if callback then callback() end
    return
  end
  if name == "ready" then self.is_ready = true end
  local handler = self.options["on_" .. name]
  if handler then handler(event) end
end

-- Calls `callback()` once everything that has happened to the files until now has been reported.
function Watch:sync(callback)
  self.next_sync = (self.next_sync or 0) + 1
  self.syncs[self.next_sync] = callback
  local ok, message, name = self.engine:result(
    self.engine.lib.orch_watch_sync(self.engine.pointer, self.id, self.next_sync))
  if not ok then self.syncs[self.next_sync] = nil end
  return ok, message, name
end

-- Visits each entry of the tree: `visit(path, type, bytes)`, the type as in events.
function Watch:each(visit)
  local cursor, changes = cffi.new("orch_file_cursor"), ffi.new("orch_file_changes")
  local types = { "file", "directory", "symlink", "other" }
  repeat
    local ok, message, name = self.engine:result(
      self.engine.lib.orch_watch_get_changes(self.engine.pointer, self.id, cursor, 0, changes))
    if not ok then return nil, message, name end
    ffi.each("orch_file_entry", changes.entries, changes.entry_stride, changes.entry_count, function(entry)
      visit(ffi.text(entry.path), types[tonumber(entry.file_type)] or "other", tonumber(entry.bytes))
    end)
  until changes.more == 0
  return true
end

-- How complete the watch is: `ready`, `complete`, `healthy`, `entries`, `polled_directories`.
function Watch:state()
  local state = ffi.new("orch_watch_state")
  local ok, message, name = self.engine:result(
    self.engine.lib.orch_watch_get_state(self.engine.pointer, self.id, state))
  if not ok then return nil, message, name end
  local function has(flag) return require("bit").band(state.flags, flag) ~= 0 end
  return {
    ready = has(self.engine.lib.ORCH_WATCH_IS_READY),
    complete = has(self.engine.lib.ORCH_WATCH_IS_COMPLETE),
    healthy = has(self.engine.lib.ORCH_WATCH_IS_HEALTHY),
    entries = tonumber(state.entries),
    directories = tonumber(state.directories),
    polled_directories = tonumber(state.polled_directories),
  }
end

-- Ends the watch.
function Watch:remove()
  if not self.engine.pointer then return end
  self.engine.sources[self.id] = nil
  return self.engine:result(self.engine.lib.orch_watch_remove(self.engine.pointer, self.id))
end

return M

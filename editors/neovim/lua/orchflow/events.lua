-- Events as Lua sees them: the name of each kind, and its payload as a table of strings and numbers.
--
-- What an event lends is valid until the next call, so everything is copied here. Bytes of output are the exception
-- that proves costly: they become one string and no table. Kinds that are not listed are skipped.

local ffi = require("orchflow.ffi")
local text, each = ffi.text, ffi.each

local M = {}

local FILE_TYPES = { "file", "directory", "symlink", "other" }
local FILE_KINDS = { "create", "modify", "metadata", "touch", "delete", "rename" }
local PROBLEMS = {
  "unreadable", "out_of_watches", "too_many_entries", "events_lost", "root_gone", "refused", "too_many_rules",
  "roots_overlap", "save_unusable",
}
local PROGRESS = { [0] = "none", "normal", "failed", "indeterminate", "paused" }
local LEVELS = { "error", "warn", "info" }
local NOTICES = {
  "bell", "notification", "clipboard", "progress", "command_started", "command_finished", "title", "cwd",
}

-- How a program ended: `{ code = 3 }`, `{ signal = 9 }`, or neither if that is not known.
local function exit(payload)
  local kind, value = tonumber(payload.exit_kind), tonumber(payload.exit_value)
  return { code = kind == 1 and value or nil, signal = kind == 2 and value or nil }
end

local function exited(payload)
  local event = exit(payload)
  event.core_dumped = payload.core_dumped == 1
  event["end"] = tonumber(payload["end"])
  return event
end

-- The states of terminals have the same fields.
function M.exit_of(state)
  if tonumber(state.exit_kind) == 0 then return nil end
  return exit(state)
end

local function snapshot(payload)
  return {
    data = require("ffi").string(payload.data, payload.len),
    offset = tonumber(payload.offset),
    cols = payload.window.cols,
    rows = payload.window.rows,
  }
end

local function batch(payload)
  local event = { events = {}, summaries = {}, complete = payload.complete == 1 }
  event.original_events = tonumber(payload.original_events)
  each("orch_file_event", payload.events, payload.event_stride, payload.event_count, function(item)
    table.insert(event.events, {
      kind = FILE_KINDS[tonumber(item.kind)] or "modify",
      type = FILE_TYPES[tonumber(item.file_type)] or "other",
      path = text(item.path),
      from = item.from.len > 0 and text(item.from) or nil,
    })
  end)
  each("orch_file_summary", payload.summaries, payload.summary_stride, payload.summary_count, function(item)
    table.insert(event.summaries, {
      dir = text(item.dir),
      created = tonumber(item.created),
      modified = tonumber(item.modified),
      deleted = tonumber(item.deleted),
      renamed = tonumber(item.renamed),
      recursive = item.recursive == 1,
    })
  end)
  return event
end

local function notice(payload)
  local exit_code = payload.has_exit_code == 1 and tonumber(payload.exit_code) or nil
  return {
    terminal = tonumber(payload.terminal),
    kind = NOTICES[tonumber(payload.kind)] or "other",
    count = tonumber(payload.count),
    title = text(payload.title),
    text = text(payload.text),
    is_primary = payload.is_primary == 1,
    progress = PROGRESS[tonumber(payload.progress)],
    percent = tonumber(payload.percent),
    exit_code = exit_code,
    seconds = tonumber(payload.duration_ns) / 1e9,
  }
end

local function reply(payload)
  local event = {
    request = tonumber(payload.request),
    kind = tonumber(payload.kind),
    status = tonumber(payload.status),
    message = text(payload.message),
    terminal = tonumber(payload.terminal),
    results = {},
  }
  each("orch_remote_result", payload.results, payload.result_stride, payload.result_count, function(result)
    table.insert(event.results, { status = tonumber(result.status), message = text(result.message) })
  end)
  return event
end

local function remote(payload) return { terminal = tonumber(payload.terminal) } end

local function remote_snapshot(payload)
  local event = snapshot(payload)
  event.terminal, event.more = tonumber(payload.terminal), payload.has_more == 1
  return event
end

local function remote_exited(payload)
  local event = exit(payload)
  event.terminal = tonumber(payload.terminal)
  return event
end

-- Kind: the name of the field of the payload, and what makes a table of it.
local KINDS = {
  GAP = { "gap", function(p) return { start = tonumber(p.start), ["end"] = tonumber(p["end"]) } end },
  INPUT_READY = { "input_ready" },
  INPUT_TRUNCATED = { "input_truncated" },
  EXITED = { "exited", exited },
  EOF = { "eof", function(p) return { ["end"] = tonumber(p["end"]) } end },
  CLOSED = { "closed" },
  LOG = { "log", function(p) return { level = LEVELS[tonumber(p.level)] or "info", text = text(p.text) } end },
  SHUTDOWN_COMPLETE = { "shutdown_complete" },
  SCREEN = { "screen", function(p) return { offset = tonumber(p.update.offset) } end },
  SNAPSHOT = { "snapshot", snapshot },
  CLEARED = { "cleared", function() return {} end },
  DELIVERY_CHANGED = { "delivery_changed", function(p) return { delivery = tonumber(p.delivery) } end },
  TITLE = { "title", function(p) return { title = text(p.title) } end },
  CWD = { "cwd", function(p) return { path = text(p.path) } end },
  BELL = { "bell", function(p) return { count = tonumber(p.count) } end },
  NOTIFICATION = { "notification", function(p) return { title = text(p.title), body = text(p.body) } end },
  CLIPBOARD = { "clipboard", function(p) return { text = text(p.text), is_primary = p.is_primary == 1 } end },
  COMMAND_STARTED = { "command_started", function(p) return { command = text(p.command) } end },
  COMMAND_FINISHED = { "command_finished", function(p)
    return { code = p.has_exit_code == 1 and tonumber(p.exit_code) or nil, seconds = tonumber(p.duration_ns) / 1e9 }
  end },
  PROGRESS = { "progress", function(p)
    return { state = PROGRESS[tonumber(p.state)], percent = tonumber(p.percent) }
  end },
  WATCH_READY = { "watch_ready", function() return {} end },
  WATCH_BATCH = { "watch_batch", batch },
  WATCH_SYNCED = { "watch_synced", function(p) return { sync_tag = tonumber(p.sync_tag) } end },
  WATCH_WARNING = { "watch_warning", function(p)
    return { problem = PROBLEMS[tonumber(p.problem)] or "other", path = text(p.path) }
  end },
  PEER_CONNECTED = { "peer_connected", function(p) return { resumed = p.resumed == 1 } end },
  PEER_DISCONNECTED = { "peer_disconnected", function(p)
    local wait = tonumber(p.retry_in_ms)
    return { reason = text(p.reason), retry_in_ms = wait >= 0 and wait or nil }
  end },
  PEER_STATE = { "peer_state", function(p) return { full = p.full == 1 } end },
  PEER_ATTACHED = { "peer_attached", remote },
  PEER_DETACHED = { "peer_detached", remote },
  PEER_GAP = { "peer_gap", remote },
  PEER_SNAPSHOT = { "peer_snapshot", remote_snapshot },
  PEER_EXITED = { "peer_exited", remote_exited },
  PEER_REPLY = { "peer_reply", reply },
  PEER_PROBLEM = { "peer_problem", function(p)
    return { terminal = tonumber(p.terminal), message = text(p.message) }
  end },
  PEER_NOTICE = { "peer_notice", notice },
}

-- From the number of a kind to its name and what makes a table of its payload.
function M.table_of(library)
  local kinds = {}
  for name, entry in pairs(KINDS) do
    kinds[tonumber(library["ORCH_EVENT_" .. name])] = { name = entry[1], convert = entry[2] }
  end
  return kinds
end

return M

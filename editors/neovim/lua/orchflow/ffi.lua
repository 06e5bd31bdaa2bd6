-- The library: finds the header for FFI parsers and the shared library, and loads both once.
--
-- Nothing else in this plugin knows where they are. `load` returns the library, or nil and a sentence that says what is
-- missing and where it was looked for; `:checkhealth orchflow` shows the same.

local ffi = require("ffi")

local M = {
  -- Set by `require("orchflow").setup`: paths that come before all others.
  library_path = nil,
  header_path = nil,
}

local loaded

-- The folder of this plugin: .../lua/orchflow/ffi.lua without its last three parts.
local function plugin_folder()
  local source = debug.getinfo(1, "S").source:sub(2)
  return vim.fn.fnamemodify(source, ":p:h:h:h")
end

local function is_file(path)
  local stat = (vim.uv or vim.loop).fs_stat(path)
  return stat ~= nil and stat.type == "file"
end

-- Where the header may be, the first one first.
function M.header_candidates()
  local candidates = {}
  if M.header_path then return { vim.fn.expand(M.header_path) } end
  local folder = vim.env.ORCHFLOW_LIBRARY_DIR
  if folder then table.insert(candidates, folder .. "/orchflow_ffi.h") end
  vim.list_extend(candidates, {
    vim.fn.simplify(plugin_folder() .. "/../../include/orchflow_ffi.h"),
    vim.fn.expand("~/.local/include/orchflow_ffi.h"),
    "/usr/local/include/orchflow_ffi.h",
    "/usr/include/orchflow_ffi.h",
  })
  return candidates
end

-- What `ffi.load` is given, the first one first. A name without a slash is looked up by the system's loader.
function M.library_candidates()
  if M.library_path then return { vim.fn.expand(M.library_path) } end
  local folder = vim.env.ORCHFLOW_LIBRARY_DIR
  if folder then return { folder .. "/liborchflow.so" } end
  return { vim.fn.expand("~/.local/lib/liborchflow.so.0"), "liborchflow.so.0", "/usr/local/lib/liborchflow.so.0" }
end

local function load_header()
  -- The types stay in the process, also when the plugin is loaded anew.
  if pcall(ffi.typeof, "orch_engine_stats") then return true end
  local candidates = M.header_candidates()
  for _, path in ipairs(candidates) do
    if is_file(path) then
      local file, reason = io.open(path)
      if not file then return nil, reason end
      local text = file:read("*a")
      file:close()
      local parsed, message = pcall(ffi.cdef, text)
      if not parsed then return nil, path .. " cannot be parsed: " .. tostring(message) end
      M.header = path
      return true
    end
  end
  return nil, "orchflow_ffi.h was not found: " .. table.concat(candidates, ", ")
end

local function load_library()
  local reasons = {}
  for _, name in ipairs(M.library_candidates()) do
    -- A path that is missing is no error of the loader's that helps anybody.
    if name:find("/", 1, true) and not is_file(name) then
      table.insert(reasons, name .. ": no such file")
    else
      local found, library = pcall(ffi.load, name)
      if found then
        M.library = name
        return library
      end
      table.insert(reasons, name .. ": " .. tostring(library))
    end
  end
  return nil, "liborchflow.so was not found: " .. table.concat(reasons, "; ")
end

-- The library, loaded at the first call; or nil and why it cannot be.
function M.load()
  if loaded then return loaded end
  if not jit then return nil, "this Neovim was built without LuaJIT, whose FFI the plugin needs" end
  local ok, reason = load_header()
  if not ok then return nil, reason end
  local library
  library, reason = load_library()
  if not library then return nil, reason end
  local complete, missing = pcall(function() return library.orch_engine_get_metrics end)
  if not complete then return nil, M.library .. " is older than its header: " .. tostring(missing) end
  loaded = library
  return library
end

-- The version of the loaded library.
function M.version()
  return ffi.string(assert(M.load()).orch_library_get_version())
end

-- Bytes that the library lends, as a string. Empty bytes have no address.
function M.text(bytes)
  if bytes.len == 0 then return "" end
  return ffi.string(ffi.cast("const char *", bytes.data), bytes.len)
end

-- A struct with every default.
function M.new(name)
  local struct = ffi.new(name)
  struct.size = ffi.sizeof(name)
  return struct
end

-- Points an `orch_bytes` at a string. The string has to live as long as the struct is used.
function M.set(bytes, text)
  bytes.data = ffi.cast("const char *", text)
  bytes.len = #text
end

-- An array of `orch_bytes`, its length, and what has to stay alive while it is used.
function M.array(texts)
  local array = ffi.new("orch_bytes[?]", math.max(#texts, 1))
  for index, text in ipairs(texts) do M.set(array[index - 1], text) end
  return array, #texts, texts
end

-- Calls `visit` with each element of an array that the library lends, as `const TYPE *`.
function M.each(type, elements, stride, count, visit)
  local pointer = ffi.typeof("const " .. type .. " *")
  local base = ffi.cast("const char *", elements)
  for index = 0, tonumber(count) - 1 do
    visit(ffi.cast(pointer, base + index * tonumber(stride)), index)
  end
end

return M

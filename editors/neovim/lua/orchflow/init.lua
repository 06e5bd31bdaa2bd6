-- OrchFlow in Neovim: terminals, file watching and connections to other engines, for people and for other plugins.
--
--     local orchflow = require("orchflow")
--     local engine = assert(orchflow.engine())
--     engine:spawn({ "make", "-j4", on_output = function(bytes) ... end, on_exited = function(exit) ... end })
--
-- `:help orchflow` is the manual.

local M = {}

M.config = {
  -- Paths of the library and of the header, if they are not where the system looks.
  library = nil,
  header = nil,
  -- Limits of the engine, by their names in `orch_config`.
  limits = {},
  -- Servers by address, such as ["127.0.0.1:7070"] = { token_file = "~/.orchflow/token" }.
  servers = {},
  -- The program of `:OrchServe`.
  demo = "orchflow-demo",
  -- Whether tokens that a server has accepted are kept, in a file that only you can read.
  remember_tokens = true,
}

-- Sets options; all have defaults, and calling it is not necessary.
function M.setup(options)
  M.config = vim.tbl_deep_extend("force", M.config, options or {})
  local ffi = require("orchflow.ffi")
  ffi.library_path, ffi.header_path = M.config.library, M.config.header
end

-- An engine of your own; destroy it when you are done. Or nil and why there is none.
function M.new(limits) return require("orchflow.engine").create(limits) end

local shared

-- The engine that all plugins of this Neovim share. It is made at the first call and ends with Neovim.
function M.engine()
  if shared and shared.pointer then return shared end
  local message
  shared, message = M.new(M.config.limits)
  if not shared then return nil, message end
  vim.api.nvim_create_autocmd("VimLeave", {
    group = vim.api.nvim_create_augroup("orchflow_engine", { clear = true }),
    callback = function() shared:destroy() end,
  })
  return shared
end

-- The shared engine if there is one already.
function M.running_engine() return shared and shared.pointer and shared or nil end

return M

-- What users see when they look for help.

local harness = require("harness")

return {
  { "the health check says what is there", function()
    vim.cmd("checkhealth orchflow")
    local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
    harness.contains(text, "liborchflow " .. require("orchflow.ffi").version())
    harness.contains(text, "An engine can be made")
    harness.contains(text, "max_user_watches")
    assert(not text:find("ERROR", 1, true), text)
  end },

  { "without a library it says where it looked", function()
    local words = {
      vim.v.progpath, "--clean", "--headless", "-n", "-u", "tests/init.lua",
      "-c", "let $ORCHFLOW_LIBRARY_DIR = '/no/such/folder'",
      "-c", "checkhealth orchflow", "-c", "%print", "-c", "qall!",
    }
    local text = vim.fn.system(words)
    harness.contains(text, "/no/such/folder/liborchflow.so")
    harness.contains(text, "make build")
  end },

  { "the help has tags for every command and function that it names", function()
    vim.cmd("helptags doc")
    for _, tag in ipairs({
      "orchflow", ":OrchTerminal", ":OrchAttach", ":OrchWatch", ":OrchChanges", ":OrchServe", "orchflow.setup()",
      "orchflow.engine()", "orchflow-engine:spawn()", "orchflow-engine:watch()", "orchflow-engine:connect()",
    }) do
      vim.cmd("help " .. vim.fn.escape(tag, "|"))
    end
    os.remove("doc/tags")
  end },

  { "every command that exists is in the help, and the other way round", function()
    local help = table.concat(vim.fn.readfile("doc/orchflow.txt"), "\n")
    local commands = vim.tbl_filter(function(name) return vim.startswith(name, "Orch") end,
      vim.tbl_keys(vim.api.nvim_get_commands({})))
    assert(#commands >= 5, vim.inspect(commands))
    for _, name in ipairs(commands) do harness.contains(help, "*:" .. name .. "*") end
    for name in help:gmatch("%*:(Orch%w+)%*") do assert(vim.tbl_contains(commands, name), name .. " does not exist") end
  end },
}

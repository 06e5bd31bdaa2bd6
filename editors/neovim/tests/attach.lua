-- Terminals of `orchflow-demo serve` in buffers: attaching, sessions, tokens, a server that goes.

local harness = require("harness")
local await, equal = harness.await, harness.equal

-- A server with a shell in an empty folder. `address` has the token, `plain` has not.
local function serve(options)
  local demo = vim.env.ORCHFLOW_DEMO
  assert(demo and vim.fn.executable(demo) == 1, "ORCHFLOW_DEMO must name orchflow-demo")
  local server = { folder = harness.folder() }
  local words = {
    demo, "serve", "--root", server.folder, "--shell", "/bin/sh", "--profile", "sh=/bin/sh", "--log-level", "warn",
  }
  vim.list_extend(words, options or { "--listen", "127.0.0.1:0" })
  local printed = ""
  server.job = vim.fn.jobstart(words, {
    env = { ENV = "", PS1 = "$ " },
    on_stdout = function(_, lines) printed = printed .. table.concat(lines, "\n") end,
    on_exit = function() server.ended = true end,
  })
  await("the address", function() return printed:find("\n", 1, true) end)
  server.address = vim.trim(printed)
  server.plain = server.address:match("//([^/]+)/#token=") or server.address:match("^(unix:[^#]+)")
  function server:stop()
    vim.fn.jobstop(self.job)
    await("the server's end", function() return self.ended end)
  end
  return server
end

return {
  { "addresses are taken apart, and names of buffers have no token", function()
    local addresses = require("orchflow.address")
    equal(addresses.parse("http://127.0.0.1:7070/#token=abc"), { address = "127.0.0.1:7070", token = "abc" })
    equal(addresses.parse("localhost:7070"), { address = "127.0.0.1:7070" })
    equal(addresses.parse("[::1]:7070#token=x"), { address = "[::1]:7070", token = "x" })
    equal(addresses.parse("unix:/run/o/socket#token=x"), { address = "unix:/run/o/socket", token = "x" })
    equal(addresses.parse("nonsense"), nil)
    equal(addresses.parse("https://127.0.0.1:7070/"), nil)
    local name = addresses.buffer_name("unix:/run/o/socket", "my shell", 16777216)
    equal(name, "orchflow://unix:/run/o/socket/my_shell/16777216")
    equal(addresses.parse_buffer_name(name), { address = "unix:/run/o/socket", name = "my_shell", id = 16777216 })
    equal(addresses.parse_buffer_name("orchflow://x"), nil)
  end },

  { "a terminal of a server is shown, typed into, and goes on when Neovim ends", function()
    local server = serve()
    local child = harness.child()
    child:command("OrchAttach " .. server.address)
    child:shows("$")
    child:type("i")
    child:type("stty size; echo first-$((20 + 1))\r")
    child:shows("first-21")
    child:shows("23 80")
    child:quit()
    local again = harness.child()
    -- The token is remembered, and what was on the screen is there.
    again:command("OrchAttach " .. server.plain .. " shell")
    again:shows("first-21")
    again:quit()
    server:stop()
  end },

  { "a session file brings terminals of a server back, and has no token in it", function()
    local server = serve()
    local session = vim.fn.tempname()
    local child = harness.child()
    child:command("OrchAttach " .. server.address .. " new sh")
    child:shows("$")
    child:type("i")
    child:type("X=kept; echo a-$X\r")
    child:shows("a-kept")
    child:command("set sessionoptions+=terminal | mksession " .. session)
    child:quit()
    local text = table.concat(vim.fn.readfile(session), "\n")
    harness.contains(text, "orchflow://" .. server.plain)
    assert(not text:find(server.address:match("token=(.*)"), 1, true), "the token is in the session file")
    local again = harness.child({ "-S", session })
    again:shows("a-kept")
    again:type("i")
    again:type("echo b-$X\r")
    again:shows("b-kept")
    again:quit()
    server:stop()
  end },

  { "a Unix socket, several buffers, one connection, which ends with the last buffer", function()
    local server = serve({ "--unix", vim.fn.tempname() .. "/socket" })
    local child = harness.child()
    child:command("OrchAttach " .. server.address .. " shell")
    child:shows("$")
    child:command("vertical OrchAttach " .. server.plain .. " new sh")
    child:holds("vim.tbl_count(require('orchflow.view').views) == 2")
    equal(child:lua("return vim.tbl_count(require('orchflow.attach').connections)"), 1)
    child:command("bwipeout!")
    child:command("bwipeout!")
    child:holds("vim.tbl_count(require('orchflow.attach').connections) == 0")
    equal(child:lua("return vim.tbl_count(require('orchflow').engine().sources)"), 0)
    child:quit()
    server:stop()
  end },

  { "a wrong token, an unknown terminal and a wrong address are reported", function()
    local server = serve()
    local child = harness.child()
    child:lua("said = ''; vim.notify = function(text) said = said .. text .. '; ' end")
    child:command("OrchAttach " .. server.plain .. "#token=wrong")
    child:holds("said ~= ''")
    harness.contains(child:lua("return said"), server.plain)
    child:lua("said = ''")
    child:command("OrchAttach " .. server.address .. " no-such-terminal")
    child:holds("said ~= ''")
    harness.contains(child:lua("return said"), "no terminal no-such-terminal")
    child:lua("said = ''")
    child:command("OrchAttach nonsense")
    harness.contains(child:lua("return said"), "nonsense is no address")
    child:quit()
    server:stop()
  end },

  { "an exit there is shown here", function()
    local server = serve()
    local child = harness.child()
    child:command("OrchAttach " .. server.address .. " new sh")
    child:shows("$")
    child:type("i")
    child:type("exit 5\r")
    child:shows("[Process exited 5]")
    child:quit()
    server:stop()
  end },

  { "a flood there arrives whole, and keys interrupt it", function()
    local server = serve()
    local child = harness.child()
    child:lua("vim.o.scrollback = 20000")
    child:command("OrchAttach " .. server.address .. " new sh")
    child:shows("$")
    child:type("i")
    child:type("clear; seq -f '%.0f -------------------------------' 8000; echo en''d\r")
    child:shows("end")
    child:holds("vim.api.nvim_buf_get_lines(0, -30, -1, false)[1] ~= ''")
    local lines = child:lua([[
      local all = vim.api.nvim_buf_get_lines(0, 0, -1, false)
      return vim.tbl_filter(function(line) return line:match('^%d+ %-%-') end, all)
    ]])
    equal(#lines, 8000)
    for index, line in ipairs(lines) do equal(line, index .. " -------------------------------") end
    child:type("while :; do echo flood; done\r")
    child:shows("flood")
    child:type("\3")
    child:type("echo interrupted-$((1 + 1))\r")
    child:shows("interrupted-2")
    child:quit()
    server:stop()
  end },

  { "its rows are wrapped anew when the width changes", function()
    local server = serve()
    local child = harness.child()
    child:command("OrchAttach " .. server.address .. " new sh")
    child:shows("$")
    child:type("i")
    child:type("clear; printf '%0100d|\\n' 7\r")
    child:shows("7|")
    local function has(line)
      child:holds(("vim.tbl_contains(vim.api.nvim_buf_get_lines(0, 0, -1, false), %q)"):format(line))
    end
    has(("0"):rep(19) .. "7|")
    assert(child.terminal:resize(120, 24))
    has(("0"):rep(99) .. "7|")
    child:quit()
    server:stop()
  end },

  { "a server that ends is said, and one that comes back is used again", function()
    local token = vim.fn.tempname()
    local port = serve({ "--listen", "127.0.0.1:0", "--token-file", token })
    local address = port.plain or port.address:match("//([^/]+)/")
    local child = harness.child()
    child:lua("said = ''; vim.notify = function(text) said = said .. text .. '; ' end")
    child:lua("require('orchflow').setup({ servers = { [...] = { token_file = select(2, ...) } } })", address, token)
    child:command("OrchAttach " .. address .. " shell")
    child:shows("$")
    port:stop()
    child:holds("said:find('trying again', 1, true) ~= nil")
    local again = serve({ "--listen", address, "--token-file", token })
    child:holds("said:find('connected to', 1, true) ~= nil")
    child:quit()
    again:stop()
  end },

  { ":OrchTerminal! outlives Neovim, and :OrchServe! ends it", function()
    local folder = harness.folder()
    local session = vim.fn.tempname()
    local path = vim.fn.fnamemodify(vim.env.ORCHFLOW_DEMO, ":h") .. ":" .. vim.env.PATH
    local options = { cwd = folder, env = { PATH = path } }
    local child = harness.child(vim.deepcopy(options))
    child:command("OrchTerminal! sh -c 'echo lasting; read x; echo \\<$x\\>; read x'")
    child:shows("lasting")
    child:command("mksession " .. session)
    child:quit()
    local again = harness.child(vim.list_extend(vim.deepcopy(options), { "-S", session }))
    again:shows("lasting")
    again:type("ityped\r")
    again:shows("<typed>")
    again:command("OrchServe!")
    again:shows("[Disconnected: the server has ended]")
    equal(again:lua("return vim.tbl_count(require('orchflow.attach').connections)"), 0)
    again:quit()
  end },

  { "a file of tokens can be read by its owner only", function()
    local server = serve()
    local child = harness.child()
    child:command("OrchAttach " .. server.address)
    child:shows("$")
    local path = child:lua("return require('orchflow.tokens').path()")
    equal(vim.fn.getfperm(path), "rw-------")
    child:quit()
    server:stop()
  end },
}

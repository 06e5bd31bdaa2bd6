-- Terminals in buffers, in a Neovim with a screen: keys, mouse, sizes, floods, ends.

local harness = require("harness")
local equal = harness.equal

local DUMP = [[
  local buf = ...
  return vim.tbl_filter(function(line) return line ~= "" end, vim.api.nvim_buf_get_lines(buf or 0, 0, -1, false))
]]

-- A Neovim that shows a command in a terminal, in terminal mode once the text is there.
local function open(command, text, options)
  local child = harness.child(options)
  child:command("OrchTerminal " .. command)
  child:shows(text)
  child:type("i")
  child:holds("vim.api.nvim_get_mode().mode == 't'")
  return child
end

-- The lines of the buffer are `first` to `last` in a row, each as `text` formats it.
local function check_row(lines, first, last, text)
  equal(#lines, last - first + 1, "how many lines")
  for index, line in ipairs(lines) do
    if line ~= text:format(first + index - 1) then
      error(("line %d of the buffer is %s, not %s"):format(index, line, text:format(first + index - 1)))
    end
  end
end

return {
  { "a shell is typed into, and its end is shown", function()
    local child = harness.child()
    child:command("OrchTerminal")
    child:type("i")
    child:type("echo $((40 + 2))-done; exit 3\r")
    child:shows("42-done")
    child:shows("[Process exited 3]")
    equal(child:lua("return vim.b.orchflow_ended"), "Process exited 3")
    -- The next key closes the buffer.
    child:type("x")
    child:holds("#vim.tbl_keys(require('orchflow.view').views) == 0")
    equal(child:lua("return vim.bo.buftype"), "")
    child:quit()
  end },

  { "a program that is not there is reported and leaves no buffer", function()
    local child = harness.child()
    local before = child:lua("return #vim.api.nvim_list_bufs()")
    child:lua("vim.o.shell = '/no/such/shell'; vim.notify = function(text) said = text end; vim.cmd('OrchTerminal')")
    harness.contains(child:lua("return said"), "/no/such/shell")
    equal(child:lua("return #vim.api.nvim_list_bufs()"), before)
    child:quit()
  end },

  { "the current file is named by %, and other percent signs are the shell's", function()
    local expand = require("orchflow.commands").expand
    equal(expand("cat %"), "cat %")
    vim.cmd("edit /tmp/a\\ b.txt")
    equal(expand("cat % %:t; printf '%d %s' 1"), "cat '/tmp/a b.txt' %:t; printf '%d %s' 1")
    equal(expand("cat %:t:r %"), "cat 'a b' '/tmp/a b.txt'")
    vim.cmd("bwipeout!")
  end },

  { "a window whose buffer has unsaved text is left alone", function()
    local child = harness.child()
    child:lua("vim.o.hidden = false; vim.fn.setline(1, 'unsaved'); vim.notify = function(text) said = text end")
    local before = child:lua("return #vim.api.nvim_list_bufs()")
    child:command("OrchTerminal echo x")
    harness.contains(child:lua("return said"), "E37")
    equal(child:lua("return { vim.fn.getline(1), #vim.api.nvim_list_bufs() }"), { "unsaved", before })
    child:quit()
  end },

  { "the program follows the size of the window", function()
    local child = open("trap 'stty size' WINCH; stty size; while :; do read x; done", "23 80")
    child:type("\28\14")
    child:command("vsplit")
    child:shows("23 40")
    child:command("only")
    child:shows("23 80")
    assert(child.terminal:resize(100, 40))
    child:shows("39 100")
    child:quit()
  end },

  { "a long line is wrapped anew when the width changes", function()
    local child = open("printf '%0100d|\\n' 7; read x", "7|")
    child:type("\28\14")
    assert(child.terminal:resize(60, 24))
    child:holds("vim.api.nvim_buf_get_lines(0, 1, 2, false)[1] == ('0'):rep(39) .. '7|'")
    assert(child.terminal:resize(120, 24))
    child:holds("vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] == ('0'):rep(99) .. '7|'")
    child:quit()
  end },

  { "the scrollback is wrapped anew, and no row of it is missing", function()
    local child = open("seq -f '%.0f aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' 500; read x", "1 a")
    local text = "%d " .. ("a"):rep(56)
    child:holds("vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] == '1 ' .. ('a'):rep(56)")
    assert(child.terminal:resize(40, 24))
    -- An empty row, and two rows for each line.
    child:holds("vim.api.nvim_buf_get_lines(0, 2, 3, false)[1] == ('a'):rep(18)")
    child:holds("vim.api.nvim_buf_line_count(0) >= 1001")
    assert(child.terminal:resize(80, 24))
    child:holds("vim.api.nvim_buf_get_lines(0, 1, 2, false)[1] == '1 ' .. ('a'):rep(56)")
    child:holds("vim.api.nvim_buf_line_count(0) >= 501")
    check_row(child:lua(DUMP), 1, 500, text)
    child:quit()
  end },

  { "rows are wrapped anew also when the width changed under a program on the alternate screen", function()
    local child = open(
      [[printf '%0100d|\n' 7; printf '\033[?1049hready'; read x; printf '\033[?1049l'; read x]], "ready")
    assert(child.terminal:resize(120, 24))
    child:holds("select(2, next(require('orchflow.view').views)).follower.is_cut")
    child:type("\r")
    child:holds("vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] == ('0'):rep(99) .. '7|'")
    child:quit()
  end },

  { "of a flood no row is missing and none comes twice", function()
    local child = harness.child()
    child:lua("vim.o.scrollback = 20000")
    local dashes = ("-"):rep(61)
    child:command(("OrchTerminal seq -f '%%.0f %s' 15000; read x"):format(dashes))
    child:type("i")
    child:shows("15000 ---")
    child:holds("select(2, next(require('orchflow.view').views)).follower.mode == 'bytes'")
    child:holds("#vim.api.nvim_buf_get_lines(0, 0, -1, false) >= 15000")
    check_row(child:lua(DUMP), 1, 15000, "%d " .. dashes)
    child:quit()
  end },

  { "a flood that is longer than the scrollback ends with its last rows, and was not shown byte by byte", function()
    local child = harness.child()
    child:lua("vim.o.scrollback = 3000")
    child:command("OrchTerminal seq 1 300000; read x")
    child:type("i")
    child:shows("300000")
    child:holds("select(2, next(require('orchflow.view').views)).follower.mode == 'bytes'")
    child:holds("vim.api.nvim_buf_get_lines(0, -25, -1, false)[1] ~= ''")
    local frames = child:lua("return select(2, next(require('orchflow.view').views)).follower.frames")
    assert(frames > 0, "the engine's screen was never shown")
    local lines = child:lua(DUMP)
    assert(#lines >= 3000, #lines .. " lines")
    equal(child:lua("return require('orchflow').engine().floods"), 0)
    check_row(lines, 300000 - #lines + 1, 300000, "%d")
    child:quit()
  end },

  { "a flood on the alternate screen leaves the primary one as it was", function()
    local child = harness.child()
    child:command("OrchTerminal echo before; printf '\\033[?1049h'; seq 1 100000; " ..
      "printf '\\033[?1049l'; echo after; read x")
    child:type("i")
    child:shows("after")
    child:holds("select(2, next(require('orchflow.view').views)).follower.mode == 'bytes'")
    -- Neovim brings the buffer up to date a moment after the screen.
    child:holds("vim.api.nvim_buf_get_lines(0, 1, 2, false)[1] == 'after'")
    equal(child:lua(DUMP), { "before", "after" })
    child:quit()
  end },

  { "several floods at once are all recognized, and keys in another terminal come through", function()
    local child = harness.child()
    for _ = 1, 4 do child:command("split | OrchTerminal seq 1 999999999") end
    child:holds("require('orchflow').engine().floods == 4")
    child:command("split | OrchTerminal")
    child:type("i")
    child:type("echo quick-$((1 + 1))\r")
    child:shows("quick-2")
    child:command("silent! bdelete! 2 3 4 5")
    child:holds("require('orchflow').engine().floods == 0")
    child:quit()
  end },

  { "ten thousand pasted lines arrive whole", function()
    local target = vim.fn.tempname()
    local child = open("stty -echo; echo ready; head -n 10000 >" .. target .. "; echo all-there; read x", "ready")
    local lines = {}
    for index = 1, 10000 do lines[index] = ("pasted line %d"):format(index) end
    local text = table.concat(lines, "\n") .. "\n"
    child:type("\27[200~" .. text:gsub("\n", "\r") .. "\27[201~")
    child:shows("all-there")
    equal(#vim.fn.readfile(target), 10000)
    equal(vim.fn.readfile(target), lines)
    child:quit()
  end },

  { "the mouse reaches a program that asked for it", function()
    local child = open([[stty raw -echo; printf '\033[?1000;1006hready'; head -c 9 | od -An -c; read x]], "ready")
    child:lua("vim.o.mouse = 'a'")
    child:type("\27[<0;5;3M")
    child:shows("<   0   ;   5   ;   3   M")
    child:quit()
  end },

  { "several modes in one sequence count, also when it comes in two parts", function()
    local view = require("orchflow.view").open({ on_closed = function() end })
    equal(view:singly("a\27[?1006;1000hb"), "a\27[?1006h\27[?1000hb")
    equal(view:singly("x\27[?1006;10"), "x")
    equal(view:singly("00l\27[31m"), "\27[?1006l\27[?1000l\27[31m")
    equal(view:singly("\27"), "")
    equal(view:singly("[?25h."), "\27[?25h.")
    view:close()
  end },

  { "a query is answered once, by the engine", function()
    local child = open([[stty raw -echo; printf 'ready\033[6n'; head -c 9 | od -An -c; read x]], "ready")
    child:type("END")
    child:shows("033   [   1   ;   6   R   E   N   D")
    child:quit()
  end },

  { "deleting the buffer ends the program", function()
    local child = harness.child()
    local target = vim.fn.tempname()
    child:command("OrchTerminal trap 'echo gone >" .. target .. "; exit' HUP; echo ready; while :; do read x; done")
    child:shows("ready")
    child:command("bdelete!")
    harness.await("the end", function() return vim.fn.filereadable(target) == 1 end)
    child:holds("#vim.tbl_keys(require('orchflow').engine().sources) == 0")
    child:quit()
  end },

  { "leaving Neovim ends programs, and nothing hangs", function()
    local child = harness.child()
    child:command("OrchTerminal trap '' HUP; echo ready; while :; do sleep 1; done")
    child:shows("ready")
    local pid = child:lua("return vim.b.terminal_job_pid")
    child:quit()
    harness.await("the end", function() return vim.loop.kill(pid, 0) ~= 0 end)
  end },

  { "a terminal that is idle does not wake Neovim", function()
    local child = open("echo ready; cat", "ready")
    local counts = "return { require('orchflow').engine():stats().turns, require('orchflow').engine().wakes }"
    harness.quiet({ stats = function() return { turns = child:lua(counts)[1] } end })
    local before = child:lua(counts)
    local ended
    vim.fn.jobstart({ "sleep", "1" }, { on_exit = function() ended = true end })
    harness.await("another program's end", function() return ended end)
    equal(child:lua(counts), before)
    child:quit()
  end },

  { "a session file starts local programs again", function()
    local session = vim.fn.tempname()
    local child = harness.child()
    child:command("OrchTerminal echo started; read x")
    child:shows("started")
    child:command("set sessionoptions+=terminal | mksession " .. session)
    child:quit()
    local again = harness.child()
    again:command("source " .. session)
    again:shows("started")
    again:quit()
  end },
}

-- `:OrchTerminal` beside `:terminal`, in the same Neovim, alternately: keys while a program floods, interrupting it,
-- how long it takes, opening, memory.
--
-- Run by bench.sh. Each figure is taken in a Neovim of its own with a screen of 120 by 40, which is driven through a
-- terminal as a person would: a key is a byte on its input, an echo is a byte on its output.

local harness = require("harness")
local uv = vim.loop

local ROUNDS = tonumber(vim.env.ROUNDS or "5")
local KEYS = tonumber(vim.env.KEYS or "150")
local COMMANDS = { "OrchTerminal", "terminal" }

local function now_ms() return uv.hrtime() / 1e6 end

local function percentile(values, part)
  table.sort(values)
  return values[math.max(1, math.ceil(#values * part))]
end

-- A Neovim whose output is looked through for `seen.text`: a key among the bytes, a word on the screen.
local function start()
  local seen = {}
  local child
  child = harness.child({
    cols = 120, rows = 40, env = { TERM = "xterm-256color" },
    on_output = function(bytes)
      if seen.text and (#seen.text == 1 and bytes or child:screen()):find(seen.text, 1, true) then
        seen.at, seen.text = now_ms(), nil
      end
    end,
  })
  child:lua("vim.o.laststatus = 0; vim.o.ruler = false; vim.o.showmode = false")
  return child, seen
end

local function wait_for(seen, text, action)
  seen.at, seen.text = nil, text
  local from = now_ms()
  action()
  harness.await(text, function() return seen.at end)
  return seen.at - from
end

-- Milliseconds from a key to its echo, KEYS times, with `flood` in the window beside it.
local function echo(command, flood)
  local child, seen = start()
  if flood then child:command(command .. " " .. flood) end
  if flood then child:command("vnew") end
  wait_for(seen, "ready", function() child:command(command .. " stty -icanon; echo ready; exec cat >/dev/null") end)
  child:type("i")
  child:holds("vim.api.nvim_get_mode().mode == 't'")
  local values = {}
  for index = 1, KEYS do
    local key = string.char(97 + index % 26)
    -- A pause of changing length, so that keys do not fall into step with anything.
    vim.wait(20 + (index * 37) % 50)
    table.insert(values, wait_for(seen, key, function() child:type(key) end))
  end
  child:quit()
  return values
end

-- Milliseconds from Ctrl-C in a flood to the next prompt.
local function interrupt(command)
  local child, seen = start()
  child:command(command .. [[ trap : INT; seq 1 999999999; echo interrupt""ed; exec cat]])
  child:type("i")
  vim.wait(1500)
  local ms = wait_for(seen, "interrupted", function() child:type("\3") end)
  child:quit()
  return ms
end

-- Milliseconds until a program has written a number of lines and they are shown.
local function flood(command)
  local child, seen = start()
  local ms = wait_for(seen, "finished", function()
    child:command(command .. [[ seq 1 300000; echo fini""shed; exec cat]])
    child:type("i")
  end)
  child:quit()
  return ms
end

-- Milliseconds from the command to the first text of the program, 20 times.
local function opening(command)
  local child, seen = start()
  local values = {}
  for index = 1, 20 do
    local text = "opened" .. index
    local line = ("%s echo ope''ned%d; exec cat"):format(command, index)
    table.insert(values, wait_for(seen, text, function() child:command(line) end))
  end
  child:quit()
  return values
end

local function resident_mib(pid)
  for line in io.lines(("/proc/%d/status"):format(pid)) do
    local kib = line:match("^VmRSS:%s+(%d+)")
    if kib then return tonumber(kib) / 1024 end
  end
end

-- MiB that 100 terminals add, each with `lines` lines of 60 characters.
local function memory(command, lines)
  local child = start()
  local pid = child:lua("return vim.fn.getpid()")
  local before = resident_mib(pid)
  for index = 1, 100 do
    child:command(("%s yes %s | head -n %d; echo end%d; exec cat"):format(command, ("="):rep(60), lines, index))
    child:type("i")
    child:shows("end" .. index .. "\n")
    child:type("\28\14")
    -- Neovim fills the buffer a moment after the screen.
    child:holds(("vim.api.nvim_buf_line_count(0) > %d"):format(lines))
  end
  local after = resident_mib(pid)
  child:quit()
  return after - before
end

local function say(...) io.stdout:write(string.format(...) .. "\n") end

local function medians(measure)
  local results = { {}, {} }
  for _ = 1, ROUNDS do
    for index, command in ipairs(COMMANDS) do table.insert(results[index], measure(command)) end
  end
  return percentile(results[1], 0.5), percentile(results[2], 0.5)
end


local function row(name, unit, left, right) say("| %s | %.1f %s | %.1f %s |", name, left, unit, right, unit) end

local M = {}

function M.run()
  say("| | :OrchTerminal | :terminal |")
  say("|---|---|---|")
  local samples = {}
  local function sampled(name, measure)
    local results = { {}, {} }
    for _ = 1, ROUNDS do
      for index, command in ipairs(COMMANDS) do table.insert(results[index], measure(command)) end
    end
    for _, part in ipairs({ 0.5, 0.99 }) do
      local medians_of = {}
      for index = 1, 2 do
        local list = {}
        for _, values in ipairs(results[index]) do table.insert(list, percentile(values, part)) end
        medians_of[index] = percentile(list, 0.5)
      end
      row(("%s, p%d"):format(name, part * 100), "ms", medians_of[1], medians_of[2])
    end
    samples[name] = results
  end
  sampled("key to echo, nothing else", function(command) return echo(command) end)
  sampled("key to echo beside a flood", function(command) return echo(command, "seq 1 999999999") end)
  row("Ctrl-C in a flood to what comes next", "ms", medians(interrupt))
  row("300,000 lines written and shown", "ms", medians(flood))
  sampled("open, to the first text", opening)
  ROUNDS = 1
  row("100 terminals, 1 line each", "MiB", medians(function(command) return memory(command, 1) end))
  row("100 terminals, 1,000 lines each", "MiB", medians(function(command) return memory(command, 1000) end))
  vim.cmd("qall!")
end

return M

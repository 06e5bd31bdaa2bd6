-- The engine as a library: programs, their input and their ends; errors; an idle engine.

local harness = require("harness")
local await, equal = harness.await, harness.equal

-- Starts a program and collects what it writes. `ended` is how it ended.
local function run(engine, words)
  local result = { output = "" }
  words.on_output = function(bytes) result.output = result.output .. bytes end
  words.on_exited = function(exit) result.exit = exit end
  words.on_closed = function() result.closed = true end
  result.terminal = assert(engine:spawn(words))
  return result
end

return {
  { "a program is started, typed into, and its exit code is reported", function()
    local engine = harness.engine()
    local program = run(engine, { "sh", "-c", "stty -echo; echo ready; read line; echo \"<$line>\"; exit 3" })
    await("ready", function() return program.output:find("ready", 1, true) end)
    assert(program.terminal:write("typed\n"))
    await("the exit", function() return program.exit end)
    equal(program.output, "ready\r\n<typed>\r\n")
    equal({ program.exit.code, program.exit.signal }, { 3, nil })
    assert(program.terminal:close())
    await("the close", function() return program.closed end)
    local ok, _, name = program.terminal:write("x")
    equal({ ok, name }, { nil, "ORCH_E_STALE_ID" })
  end },

  { "environment, directory and size reach the program", function()
    local engine = harness.engine()
    local folder = harness.folder()
    local program = run(engine, {
      "sh", "-c", "echo $A-${HOME-none}; pwd; stty size",
      env = { A = "b", HOME = false }, cwd = folder, cols = 91, rows = 17,
    })
    await("the exit", function() return program.exit end)
    equal(program.output, ("b-none\r\n%s\r\n17 91\r\n"):format(folder))
  end },

  { "a signal is reported as one", function()
    local engine = harness.engine()
    local program = run(engine, { "sh", "-c", "echo ready; exec cat" })
    await("ready", function() return program.output:find("ready", 1, true) end)
    assert(program.terminal:signal(9))
    await("the exit", function() return program.exit end)
    equal({ program.exit.code, program.exit.signal }, { nil, 9 })
  end },

  { "a resize reaches the program, and its screen is text", function()
    local engine = harness.engine()
    local program = run(engine, { "sh", "-c", "trap 'stty size; exit' WINCH; echo ready; while :; do read x; done" })
    await("ready", function() return program.output:find("ready", 1, true) end)
    assert(program.terminal:resize(100, 30))
    await("the exit", function() return program.exit end)
    equal(program.terminal:text(), "ready\n30 100\n" .. ("\n"):rep(28))
    equal(program.terminal:state().cols, 100)
  end },

  { "input that the queue does not take waits and arrives whole", function()
    local engine = harness.engine({ input_bytes = 4096 })
    local lines = {}
    for index = 1, 20000 do lines[index] = ("line %d"):format(index) end
    local text = table.concat(lines, "\n") .. "\n"
    local program = run(engine, { "sh", "-c", "stty -echo; echo ready; head -c " .. #text .. " | cksum" })
    await("ready", function() return program.output:find("ready", 1, true) end)
    assert(program.terminal:write(text))
    assert(program.terminal.waiting_bytes > 0, "the queue took all of it")
    await("the exit", function() return program.exit end)
    equal(program.output, "ready\r\n" .. vim.fn.system("cksum", text):gsub("\n", "\r\n"))
  end },

  { "a call that fails says why", function()
    local engine = harness.engine()
    local terminal, message, name = engine:spawn({ "/no/such/program" })
    equal({ terminal, name }, { nil, "ORCH_E_NO_PROGRAM" })
    harness.contains(message, "/no/such/program")
    local none, reason = require("orchflow").new({ no_such_limit = 1 })
    equal(none, nil)
    harness.contains(reason, "no_such_limit")
  end },

  { "an error in a handler is reported and ends nothing", function()
    local engine = harness.engine()
    local said = ""
    local notify = vim.notify
    vim.notify = function(message) said = said .. message end
    local exited
    assert(engine:spawn({
      "echo", "x",
      on_output = function() error("broken handler") end,
      on_exited = function() exited = true end,
    }))
    await("the exit", function() return exited end)
    await("the report", function() return said:find("broken handler", 1, true) end)
    vim.notify = notify
  end },

  { "titles, bells and commands are events", function()
    local engine = harness.engine()
    local seen = {}
    local exited
    assert(engine:spawn({
      "printf", "\\033]2;my title\\007\\a\\033]133;C\\007\\033]133;D;4\\007",
      on_title = function(event) seen.title = event.title end,
      on_bell = function(event) seen.bell = event.count end,
      on_command_finished = function(event) seen.code = event.code end,
      on_exited = function() exited = true end,
    }))
    await("the exit", function() return exited end)
    equal(seen, { title = "my title", bell = 1, code = 4 })
  end },

  { "an idle engine makes no turn and wakes nobody", function()
    local engine = harness.engine()
    local program = run(engine, { "sh", "-c", "echo ready; exec cat" })
    await("ready", function() return program.output:find("ready", 1, true) end)
    local other = run(engine, { "true" })
    await("the exit", function() return other.exit end)
    harness.quiet(engine)
    local turns, wakes = engine:stats().turns, engine.wakes
    -- Others' events pass through the loop meanwhile, and it is time for whatever polls.
    local ended
    vim.fn.jobstart({ "sleep", "1" }, { on_exit = function() ended = true end })
    await("another program's end", function() return ended end)
    equal({ engine:stats().turns, engine.wakes }, { turns, wakes })
    -- And it is awake when there is something.
    assert(program.terminal:write("x\n"))
    await("the echo", function() return program.output:find("x", 1, true) end)
    assert(engine.wakes > wakes)
  end },

  { "a watch makes no turn while nothing happens", function()
    local engine = harness.engine()
    local watch = assert(engine:watch({ harness.folder() }))
    await("ready", function() return watch.is_ready end)
    -- Folders above the watched one are looked at, too, and others use them: some second is quiet all the same.
    harness.quiet(engine)
  end },

  { "what is left after the end: no descriptor, no program", function()
    local function descriptors() return #vim.fn.readdir("/proc/self/fd") end
    local before = descriptors()
    for _ = 1, 3 do
      local engine = assert(require("orchflow").new())
      local program = run(engine, { "sh", "-c", "echo ready; exec cat" })
      await("ready", function() return program.output:find("ready", 1, true) end)
      assert(engine:watch({ harness.folder() }))
      local pid = program.terminal:state().pid
      engine:destroy()
      engine:destroy()
      await("the program's end", function()
        require("orchflow.ffi").load().orch_program_reap(nil)
        return vim.loop.kill(pid, 0) ~= 0
      end)
    end
    await("descriptors are closed", function() return descriptors() <= before end)
  end },

  { "a shutdown ends programs and says when", function()
    local engine = harness.engine()
    local program = run(engine, { "sh", "-c", "trap 'exit 7' HUP; echo ready; while :; do read x; done" })
    await("ready", function() return program.output:find("ready", 1, true) end)
    local complete
    assert(engine:shutdown(5000, function() complete = true end))
    await("the shutdown", function() return complete end)
    equal({ program.exit.code, program.closed }, { 7, true })
  end },
}

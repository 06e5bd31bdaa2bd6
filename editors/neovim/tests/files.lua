-- Watching: buffers that are read again, and the list of what changed.

local harness = require("harness")
local await, equal, write = harness.await, harness.equal, harness.write
local changes = require("orchflow.changes")

-- Watches a new folder. `sync` waits until everything is reported.
local function watched()
  local folder = harness.folder()
  write(folder .. "/a.txt", "one\n")
  assert(changes.watch(folder))
  local entry = changes.watches[folder]
  await("the tree", function() return entry.ready end)
  return folder, function()
    local synced
    assert(entry.watch:sync(function() synced = true end))
    await("everything is reported", function() return synced end)
  end
end

local function finish()
  changes.unwatch()
  changes.open(true)
  changes.unwatch()
  vim.fn.setqflist({}, "f")
  vim.cmd("silent! %bwipeout!")
end

-- What is listed, by the name of the file.
local function listed(folder)
  local names = {}
  for _, change in ipairs(changes.list()) do
    if vim.startswith(change.path, folder) then names[change.path:sub(#folder + 2)] = change.text end
  end
  return names
end

return {
  { "a buffer whose file changes is read again", function()
    local folder, sync = watched()
    vim.cmd("edit " .. folder .. "/a.txt")
    write(folder .. "/a.txt", "two\n")
    sync()
    await("the new text", function() return vim.fn.getline(1) == "two" end)
    equal(listed(folder), { ["a.txt"] = "modified" })
    finish()
  end },

  { "what others do is listed once for each file, and what Neovim writes is not", function()
    local folder, sync = watched()
    vim.cmd("edit " .. folder .. "/mine.txt")
    vim.fn.setline(1, "mine")
    vim.cmd("silent write")
    write(folder .. "/new.txt", "x")
    sync()
    write(folder .. "/new.txt", "xy")
    vim.fn.mkdir(folder .. "/sub")
    sync()
    os.rename(folder .. "/a.txt", folder .. "/sub/b.txt")
    sync()
    os.remove(folder .. "/new.txt")
    sync()
    local names = listed(folder)
    equal(vim.tbl_keys(names)[3], nil, "more than two entries")
    equal(names["new.txt"], "deleted")
    harness.contains(names["sub/b.txt"], "renamed from ")
    -- Somebody else writes it.
    write(folder .. "/mine.txt", "theirs, and longer\n")
    sync()
    equal(listed(folder)["mine.txt"], "modified")
    finish()
  end },

  { "the quickfix list follows, the newest first", function()
    local folder, sync = watched()
    write(folder .. "/b.txt", "x")
    sync()
    changes.open()
    local function texts()
      return vim.tbl_map(function(item)
        return vim.fn.fnamemodify(vim.fn.bufname(item.bufnr), ":t")
      end, vim.fn.getqflist())
    end
    equal(texts(), { "b.txt" })
    write(folder .. "/c.txt", "x")
    sync()
    equal(texts(), { "c.txt", "b.txt" })
    -- Another list is left alone, and the own one stays in the stack.
    vim.fn.setqflist({}, " ", { title = "other", items = { { text = "other" } } })
    write(folder .. "/d.txt", "x")
    sync()
    equal(vim.fn.getqflist({ title = 1 }).title, "other")
    equal(#vim.fn.getqflist(), 1)
    changes.open()
    equal(texts(), { "d.txt", "c.txt", "b.txt" })
    finish()
  end },

  { "that the file of a buffer is gone is said", function()
    local folder, sync = watched()
    vim.cmd("edit " .. folder .. "/a.txt")
    os.remove(folder .. "/a.txt")
    sync()
    harness.contains(vim.fn.execute("messages"), "E211")
    equal(vim.fn.getline(1), "one")
    finish()
  end },

  { "unsaved text is not overwritten", function()
    local folder, sync = watched()
    vim.cmd("edit " .. folder .. "/a.txt")
    vim.fn.setline(1, "unsaved")
    write(folder .. "/a.txt", "theirs\n")
    sync()
    equal(vim.fn.getline(1), "unsaved")
    finish()
  end },

  { "a checkout of many files is listed up to the limit, and the rest is counted", function()
    local folder, sync = watched()
    for index = 1, 2100 do write(("%s/f%d"):format(folder, index), "x") end
    sync()
    equal(#changes.list(), 2000)
    changes.open()
    harness.contains(vim.fn.getqflist()[2001].text, "100 older changes")
    finish()
  end },

  { "a directory that is not there is reported", function()
    local said
    local notify = vim.notify
    vim.notify = function(message) said = message end
    equal(changes.watch("/no/such/directory"), nil)
    vim.notify = notify
    harness.contains(said, "/no/such/directory")
  end },

  { "a watch has a tree", function()
    local engine = harness.engine()
    local folder = harness.folder()
    write(folder .. "/a", "12345")
    vim.fn.mkdir(folder .. "/b")
    local watch = assert(engine:watch({ folder }))
    await("the tree", function() return watch.is_ready end)
    local seen = {}
    assert(watch:each(function(path, type, bytes)
      seen[path:sub(#folder + 2)] = type == "file" and bytes or type
    end))
    seen[""] = nil
    equal(seen, { a = 5, b = "directory" })
    equal(watch:state().complete, true)
    assert(watch:remove())
  end },
}

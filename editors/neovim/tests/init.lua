-- The configuration of every Neovim of the tests: this plugin and nothing else.

local here = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h")
vim.opt.runtimepath:prepend(vim.fn.fnamemodify(here, ":h"))
package.path = here .. "/?.lua;" .. package.path
vim.opt.swapfile = false
vim.opt.shell = "/bin/sh"
-- The names of buffers contain commands, and tests look for what these write.
vim.opt.laststatus = 0
vim.opt.ruler = false

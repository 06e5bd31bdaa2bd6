-- Addresses of servers, and the names of buffers that show terminals of them.
--
-- What `orchflow-demo serve` prints is an address with a token: http://127.0.0.1:7070/#token=TEXT or
-- unix:PATH#token=TEXT. The name of a buffer has the address without the token, so that session files contain no
-- secret: orchflow://127.0.0.1:7070/NAME/ID.

local M = {}

-- The parts of what a person types: `address` as the engine takes it, and `token`, which may be nil. Or nil and why.
function M.parse(text)
  local rest, token = text:match("^(.-)#token=(.*)$")
  rest = rest or text
  if token == "" then token = nil end
  local path = rest:match("^unix:(.+)$") or rest:match("^(/.+)$")
  if path then return { address = "unix:" .. vim.fn.expand(path), token = token } end
  local host, port = rest:gsub("^[a-z]+://", ""):gsub("/.*$", ""):match("^(.*):(%d+)$")
  if not port then
    return nil, ("%s is no address: HOST:PORT, http://HOST:PORT/#token=TEXT or unix:PATH"):format(text)
  end
  if rest:find("^https:") or rest:find("^wss:") then
    return nil, "connections are not encrypted: forward the port by ssh and use http://"
  end
  if host == "" or host == "localhost" then host = "127.0.0.1" end
  return { address = host .. ":" .. port, token = token }
end

-- The name of the buffer that shows a terminal.
function M.buffer_name(address, name, id)
  return ("orchflow://%s/%s/%d"):format(address, name:gsub("[^%w%-_.]", "_"), id)
end

-- The parts of such a name, or nil.
function M.parse_buffer_name(name)
  local address, label, id = name:match("^orchflow://(.+)/([^/]*)/(%d+)$")
  if not address then return nil end
  return { address = address, name = label, id = tonumber(id) }
end

return M

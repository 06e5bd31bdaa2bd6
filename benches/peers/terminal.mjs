// The peer of benches/serve: terminals over WebSockets by the usual glue, `ws` and `node-pty`.
//
// node terminal.mjs COMMAND...   listens on a loopback port, which it prints as port=N
//
// A connection to /N gets a PTY of its own in which COMMAND N runs, by `sh -c`; a command that begins with
// "raw:" has its terminal in raw mode. What a client sends is typed. The PTY is paused while more than 1 MiB
// waits for the client. It ends when its standard input does.
import { createRequire } from "node:module";

const require = createRequire(process.env.MODULES + "/");
const { WebSocketServer } = require("ws");
const pty = require("node-pty");

const BUFFERED_MAX = 1 << 20;
const commands = process.argv.slice(2);

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false }, () =>
  console.log(`port=${server.address().port}`),
);
server.on("connection", (socket, request) => {
  const named = commands[Number(request.url.slice(1))];
  const command = named.startsWith("raw:") ? `stty raw -echo; ${named.slice(4)}` : named;
  const terminal = pty.spawn("/bin/sh", ["-c", command], { encoding: null, cols: 80, rows: 24 });
  let paused = false;
  terminal.onData((data) => {
    socket.send(data, () => {
      if (paused && socket.bufferedAmount < BUFFERED_MAX) {
        paused = false;
        terminal.resume();
      }
    });
    if (!paused && socket.bufferedAmount >= BUFFERED_MAX) {
      paused = true;
      terminal.pause();
    }
  });
  terminal.onExit(() => socket.close());
  socket.on("message", (data) => terminal.write(data));
  socket.on("close", () => terminal.kill("SIGKILL"));
});
process.stdin.on("end", () => process.exit(0)).resume();

// The peer: a page with xterm.js whose terminals are shells of node-pty over `ws`, the usual glue.

import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { WebSocketServer } from "ws";
import pty from "node-pty";

const BUFFERED_MAX = 1 << 20;
const require = createRequire(import.meta.url);
const module = (name) => readFileSync(require.resolve(name));

const script = `
  const terminals = [];
  for (const host of document.querySelectorAll(".host")) {
    const terminal = new Terminal({ scrollback: 1000 });
    const fit = new FitAddon.FitAddon();
    terminal.loadAddon(fit);
    terminal.open(host);
    fit.fit();
    const socket = new WebSocket("ws://" + location.host + "/?cols=" + terminal.cols + "&rows=" + terminal.rows);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => terminal.write(new Uint8Array(data), () => socket.send(new Uint8Array([data.byteLength >> 24, data.byteLength >> 16, data.byteLength >> 8, data.byteLength])));
    terminal.onData((text) => socket.readyState === 1 && socket.send(text));
    terminals.push(terminal);
  }
  window.terminals = terminals;
`;
const html = `<!doctype html><meta charset="utf-8"><title>xterm.js</title><link rel="stylesheet" href="/xterm.css">
<style>body{margin:0;display:flex;height:100vh;background:#000}.host{flex:1;min-width:0}</style>
<div class="host"></div><div class="host"></div>
<script src="/xterm.js"></script><script src="/fit.js"></script><script src="/page.js"></script>`;
const files = {
  "/": ["text/html", html],
  "/page.js": ["text/javascript", script],
  "/xterm.js": ["text/javascript", module("@xterm/xterm/lib/xterm.js")],
  "/xterm.css": ["text/css", module("@xterm/xterm/css/xterm.css")],
  "/fit.js": ["text/javascript", module("@xterm/addon-fit/lib/addon-fit.js")],
};

/** Serves; resolves with the address and a way to end. */
export function servePeer() {
  const server = createServer((request, response) => {
    const [type, body] = files[request.url.split("?")[0]] ?? ["text/plain", "not found"];
    response.writeHead(200, { "Content-Type": type, "Content-Encoding": "gzip" }).end(gzipSync(body));
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket, request) => {
    const query = new URL(request.url, "http://localhost").searchParams;
    const shell = pty.spawn("/bin/bash", ["--norc", "--noprofile"], {
      encoding: null, cols: Number(query.get("cols")), rows: Number(query.get("rows")), env: { ...process.env, PS1: "$ " },
    });
    // What the page has written to its terminal is acknowledged; the PTY waits while too much is on the way.
    let flying = 0;
    let paused = false;
    shell.onData((data) => {
      socket.send(data);
      flying += data.length;
      if (!paused && flying > BUFFERED_MAX) {
        paused = true;
        shell.pause();
      }
    });
    socket.on("message", (data, isBinary) => {
      if (!isBinary) return shell.write(data);
      flying -= data.readUInt32BE(0);
      if (paused && flying < BUFFERED_MAX / 2) {
        paused = false;
        shell.resume();
      }
    });
    shell.onExit(() => socket.close());
    socket.on("close", () => shell.kill("SIGKILL"));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({
    address: `http://127.0.0.1:${server.address().port}/`,
    close: () => (sockets.clients.forEach((socket) => socket.terminate()), server.close()),
  })));
}

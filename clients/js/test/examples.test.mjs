// The examples, as their readers run them. `tests/tools.sh` installs what they need.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { next, opened, soon, until } from "./support/events.mjs";
import { Server, firstTerminal } from "./support/server.mjs";

const EXAMPLES = fileURLToPath(new URL("../examples", import.meta.url));
const HERE = fileURLToPath(new URL("..", import.meta.url));
const CHROMIUM = "/usr/bin/chromium";

/** Skips a test without what it needs, but not where everything has to be there. */
function skipWithout(...paths) {
  const missing = paths.find((path) => !existsSync(path));
  if (missing && process.env.ORCHFLOW_TOOLS_STRICT === "1") throw new Error(`${missing}: tests/tools.sh installs it`);
  return missing ? `${missing} is missing` : false;
}

async function started(t, options) {
  const server = await Server.start(options);
  t.after(() => server.close());
  return server;
}

test("node-tail.mjs", async (t) => {
  const server = await started(t);
  const client = await server.connect();
  const tail = spawn("node", [join(EXAMPLES, "node-tail.mjs"), server.address]);
  let [output, errors] = ["", ""];
  tail.stderr.on("data", (data) => { errors += data; });
  const shown = new Promise((resolve) => {
    tail.stdout.on("data", (data) => {
      output += data;
      if (output.includes("done\r\n")) resolve();
    });
  });
  client.input(firstTerminal(client), "echo do''ne\r");
  await soon(shown, "nothing shown");
  const exited = once(tail, "exit");
  client.input(firstTerminal(client), "exit 4\r");
  assert.deepEqual(await soon(exited, `it goes on: ${errors}`), [0, null]);
  assert.match(errors, /ended: \{"code":4\}/);
});

const react = join(EXAMPLES, "react/node_modules/react-test-renderer/index.js");
test("React", { skip: skipWithout(react) }, async (t) => {
  globalThis.IS_REACT_ACT_ENVIRONMENT = true;
  const require = createRequire(react);
  const [{ createElement, act }, { create }] = [require("react"), require(react)];
  const { Terminals } = await import("../examples/react/terminals.js");
  const server = await started(t);
  const client = await server.connect();
  const id = firstTerminal(client);
  let page;
  await act(() => { page = create(createElement(Terminals, { client })); });
  const items = () => page.root.findAllByType("li").map((item) => item.children.join(""));
  assert.deepEqual(items(), [`${id}: 80 by 24`]);
  await act(async () => {
    await client.resize(id, 70, 20);
    await until(client, (state) => state.terminals.get(id).cols === 70);
  });
  assert.deepEqual(items(), [`${id}: 70 by 20`]);
  await act(() => page.unmount());
});

const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript" };

/** A server of the files of a folder. */
async function serveFiles(t, folder) {
  const server = createServer(({ url }, response) => {
    const name = normalize(decodeURIComponent(new URL(url, "http://x").pathname)).replace(/\/$/, "/index.html");
    const path = join(folder, name);
    if (!existsSync(path)) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
    return void response.end(readFileSync(path));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

const xterm = join(EXAMPLES, "xterm/node_modules/@xterm/xterm/lib/xterm.mjs");
const playwright = join(HERE, "node_modules/playwright-core/index.mjs");
test("xterm.js in a browser", { skip: skipWithout(xterm, playwright, CHROMIUM) }, async (t) => {
  const { chromium } = await import(playwright);
  const origin = await serveFiles(t, join(EXAMPLES, "xterm"));
  const server = await started(t, { origin });
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic"];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  await page.goto(`${origin}/#${server.address}`);
  await page.waitForSelector(".xterm-helper-textarea", { state: "attached" });
  const shows = (text) => page.waitForFunction(
    (wanted) => document.querySelector(".xterm-rows")?.innerText.includes(wanted), text);
  await page.keyboard.type("echo se''en\n");
  await shows("seen");
  // It goes on after a break, and with everything that happened meanwhile.
  const client = await server.connect();
  const waiting = next(client, "status", (status) => status === "waiting");
  server.breakConnections();
  await waiting;
  await opened(client);
  client.input(firstTerminal(client), "echo a''gain\r");
  await shows("again");
  await page.setViewportSize({ width: 500, height: 300 });
  await until(client, (state) => state.terminals.get(firstTerminal(client)).cols < 70);
  assert.deepEqual(errors, []);
});

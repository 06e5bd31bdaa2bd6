// Sessions, panes and connections: what one browser changes the others see.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect as dial, createServer as createRelay } from "node:net";
import { after, test } from "node:test";
import { join } from "node:path";
import { SHELL, Server, action, afterwards, closeBrowser, command, connect, demo, end, folder, inPane, open, paneCount, ready, see } from "./support.mjs";

after(closeBrowser);

test("panes are split, resized by dragging and by keys, and closed", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  await page.keyboard.press("Alt+Shift+R");
  await paneCount(page, 2);
  await see(page, /\$ *$/, 1);
  await inPane(page, 1);
  await page.keyboard.press("Alt+Shift+D");
  await paneCount(page, 3);
  const separator = page.getByRole("separator", { name: "Separator, left and right" });
  const before = Number(await separator.getAttribute("aria-valuenow"));
  const box = await separator.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 200);
  await page.mouse.down();
  await page.mouse.move(box.x - 200, box.y + 200, { steps: 8 });
  await page.mouse.up();
  await page.waitForFunction((value) => Number(document.querySelector(".separator.is-row").getAttribute("aria-valuenow")) < value - 10, before);
  const dragged = Number(await separator.getAttribute("aria-valuenow"));
  await separator.focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction((value) => Number(document.querySelector(".separator.is-row").getAttribute("aria-valuenow")) > value, dragged);
  await separator.dblclick({ position: { x: 2, y: 100 } });
  await page.waitForFunction(() => Number(document.querySelector(".separator.is-row").getAttribute("aria-valuenow")) === 50);
  await page.locator(".pane").nth(2).click();
  await page.keyboard.press("Alt+Shift+W");
  await paneCount(page, 2);
});

test("everything is found again after a reload", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  await command(page, "echo left-$((1 + 1))");
  await see(page, /^left-2$/);
  await page.keyboard.press("Alt+Shift+R");
  await paneCount(page, 2);
  await see(page, /\$ *$/, 1);
  await inPane(page, 1);
  await command(page, "echo right-$((1 + 2))");
  await see(page, /^right-3$/, 1);
  await page.reload();
  await paneCount(page, 2);
  await see(page, /^left-2$/, 0);
  await see(page, /^right-3$/, 1);
});

test("two browsers and an attached terminal show the same", async (t) => {
  const server = await Server.start(t);
  const first = await open(t, server.page);
  await ready(first);
  const second = await open(t, server.page, { viewport: { width: 1000, height: 700 } });
  await ready(second);
  await command(second, "echo from-$((4 * 5))");
  await see(first, /^from-20$/);
  await second.keyboard.press("Alt+Shift+D");
  await Promise.all([paneCount(first, 2), paneCount(second, 2)]);
  await inPane(second, 1);
  await action(second, "Rename the pane");
  await second.locator(".pane-head input").waitFor();
  await second.keyboard.press("Control+a");
  await second.keyboard.type("built here");
  await second.keyboard.press("Enter");
  await first.waitForFunction(() => [...document.querySelectorAll(".pane-name")].some((name) => name.textContent === "built here"));
  // `attach` without a terminal of its own copies the output and types what it reads.
  const client = await connect(t, server);
  // Terminals come in the order in which they changed; the pane of the first one is the host's.
  const { terminal } = client.state.panes.get("shell").content;
  const attached = spawn(demo, ["attach", server.page, String(terminal)], { stdio: ["pipe", "pipe", "inherit"], env: server.env });
  afterwards(t, "program", () => end(attached));
  attached.stdin.write("echo by-attach-$((2 + 3))\n");
  await see(first, /^by-attach-5$/, 0);
  let output = "";
  attached.stdout.on("data", (data) => (output += data));
  await first.locator(".pane").first().click();
  await command(first, "echo by-page-$((3 + 3))");
  while (!output.includes("by-page-6")) await once(attached.stdout, "data");
});

test("sessions are made, renamed and closed, and a pane moves to another one", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  await command(page, "echo moves-$((7 + 1))");
  await see(page, /^moves-8$/);
  await page.keyboard.press("Alt+Shift+N");
  await page.waitForFunction(() => document.querySelectorAll(".tab-item").length === 2);
  await see(page, /\$ *$/);
  await inPane(page, 0);
  await page.keyboard.press("Alt+Shift+S");
  await page.locator(".tab-item input").waitFor();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("second");
  await page.keyboard.press("Enter");
  await page.locator(".tab-item", { hasText: "second" }).waitFor();
  await page.keyboard.press("Alt+Shift+PageUp");
  await see(page, /^moves-8$/);
  await page.keyboard.press("Alt+Shift+M");
  await page.locator("dialog[open]").getByRole("option", { name: "second" }).first().waitFor();
  await page.keyboard.type("second");
  await page.keyboard.press("Enter");
  await paneCount(page, 2);
  await see(page, /^moves-8$/);
  await action(page, "Close the session");
  await page.waitForFunction(() => document.querySelectorAll(".tab-item").length === 1);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".tab-item").length === 2);
});

test("a server that is stopped and started again is found by the page", async (t) => {
  const root = await folder(t);
  const port = await freePort();
  const server = await Server.start(t, { root, args: ["--shell", SHELL, "--listen", String(port), "--token-file", join(root, "token")] });
  const page = await open(t, `${server.address.origin}/#token=${await tokenOf(root)}`, { isBroken: true });
  await ready(page);
  await command(page, "echo before");
  await see(page, /^before$/);
  await server.stop();
  await page.waitForSelector(".banner.is-shown");
  // The screen stays while there is no connection.
  await see(page, /^before$/);
  await server.run();
  await page.waitForSelector(".banner:not(.is-shown)", { state: "attached" });
  await see(page, /\$ *$/);
  await page.locator(".pane").first().click();
  await command(page, "echo after-$((5 + 5))");
  await see(page, /^after-10$/);
});

test("a break of the connection loses nothing", async (t) => {
  // The page reaches the server through a relay, which breaks its connections when it is asked to.
  const port = await freePort();
  const server = await Server.start(t, { args: ["--shell", SHELL, "--host", `127.0.0.1:${port}`] });
  const relay = await startRelay(t, port, Number(server.address.port));
  const page = await open(t, `http://127.0.0.1:${port}/${server.address.hash}`, { isBroken: true });
  await ready(page);
  await command(page, "echo kept; (sleep 1; echo; echo meanwhile) &");
  await see(page, /^kept$/);
  await relay.pause();
  await page.waitForFunction(() => document.querySelector(".indicator").dataset.status !== "open");
  await see(page, /^kept$/);
  const client = await connect(t, server);
  const [terminal] = [...client.state.terminals.keys()];
  while ((await client.search(terminal, "meanwhile")).matches.length < 2) await client.ping();
  await relay.resume();
  await see(page, /^meanwhile$/);
  await command(page, "echo again-$((6 + 6))");
  await see(page, /^again-12$/);
});

test("a token that is wrong is asked for again", async (t) => {
  const server = await Server.start(t);
  const page = await open(t, `${server.address.origin}/#token=${"A".repeat(43)}`, { isBroken: true });
  await page.getByRole("dialog", { name: "A token is needed" }).waitFor();
  assert.ok(!(await page.evaluate(() => location.href)).includes("token"), "the token is not in the address bar");
  await page.getByLabel("Token or address").fill(server.page);
  await page.keyboard.press("Enter");
  await ready(page);
});

test("a foreign page cannot connect, frame or read", async (t) => {
  const server = await Server.start(t);
  const html = "<!doctype html><title>foreign</title><iframe></iframe>";
  const foreign = createServer((_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end(html));
  foreign.listen(0, "127.0.0.1");
  await once(foreign, "listening");
  afterwards(t, "program", () => foreign.close());
  const page = await open(t, `http://127.0.0.1:${foreign.address().port}/`, { isBroken: true });
  const found = await page.evaluate(async ([origin, token]) => {
    const connects = await new Promise((done) => {
      const socket = new WebSocket(origin.replace("http", "ws"), ["orchflow.v1.json", `orchflow.token.${token}`]);
      socket.onopen = () => done(true);
      socket.onerror = () => done(false);
    });
    const reads = await fetch(`${origin}/`).then((answer) => answer.ok, () => false);
    return { connects, reads };
  }, [server.address.origin, server.token]);
  assert.deepEqual(found, { connects: false, reads: false });
  const frame = page.frames()[0].childFrames()[0];
  await frame.goto(server.page).catch(() => {});
  await frame.waitForLoadState();
  assert.equal(await frame.locator("#panes").count(), 0, "the page is not shown in a frame");
});

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** Carries connections to a port; `pause` breaks all of them and refuses more, `resume` carries again. */
async function startRelay(t, port, to) {
  const sockets = new Set();
  const relay = createRelay((socket) => {
    const onward = dial(to, "127.0.0.1");
    for (const [from, other] of [[socket, onward], [onward, socket]]) {
      sockets.add(from);
      from.on("error", () => {}).on("close", () => (sockets.delete(from), other.destroy()));
      from.pipe(other);
    }
  });
  const listen = async () => {
    relay.listen(port, "127.0.0.1");
    await once(relay, "listening");
  };
  const pause = async () => {
    relay.close();
    for (const socket of sockets) socket.destroy();
    await once(relay, "close");
  };
  afterwards(t, "program", pause);
  await listen();
  return { pause, resume: listen };
}

async function tokenOf(root) {
  const { readFile } = await import("node:fs/promises");
  return (await readFile(join(root, "token"), "utf8")).trim();
}

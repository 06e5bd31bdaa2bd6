// The page beside xterm.js on node-pty with ws: what is transferred, when the first prompt is there, frames
// while `yes` floods one terminal, and how long a key takes to be seen in the terminal beside it.
//
// node bench.mjs [DEMO]     prints a table; DEMO is a release build of orchflow-demo

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { servePeer } from "./peer.mjs";

const demo = process.argv[2] ?? fileURLToPath(new URL("../../target/release/orchflow-demo", import.meta.url));
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const ROUNDS = 5;
const KEYS = 60;

// How each shows its terminals: rows of the terminal with a number, its focus, and a second terminal.
const ours = {
  name: "the page",
  rows: `(n) => [...(document.querySelectorAll(".pane")[n]?.querySelectorAll(".term-row") ?? [])].map((row) => row.textContent)`,
  focus: (page, n) => page.locator(".pane").nth(n).click(),
  second: (page) => page.keyboard.press("Alt+Shift+R"),
};
const peer = {
  name: "xterm.js, node-pty, ws",
  rows: `(n) => { const t = window.terminals?.[n]; if (!t) return []; const b = t.buffer.active; return Array.from({ length: t.rows }, (_, y) => b.getLine(b.viewportY + y)?.translateToString(true) ?? ""); }`,
  focus: (page, n) => page.evaluate((n) => window.terminals[n].focus(), n),
  second: async () => {},
};

function shows(page, side, n, pattern) {
  return page.waitForFunction(([n, source]) => globalThis.rowsOf(n).some((row) => new RegExp(source).test(row)), [n, pattern.source], { polling: "raf", timeout: 60_000 });
}

/** Bytes on the wire and milliseconds until a prompt is seen. */
async function first(browser, side, url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(`globalThis.rowsOf = ${side.rows}`);
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  const from = performance.now();
  await page.goto(url, { waitUntil: "commit" });
  await shows(page, side, 0, /\$ *$/);
  const ms = performance.now() - from;
  await context.close();
  return { bytes, ms };
}

/** Frames a second, and milliseconds from a key's event to the frame that shows it. */
async function flood(browser, side, url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(`globalThis.rowsOf = ${side.rows}`);
  await page.goto(url);
  await shows(page, side, 0, /\$ *$/);
  await side.focus(page, 0);
  await side.second(page);
  await shows(page, side, 1, /\$ *$/);
  await side.focus(page, 0);
  await page.keyboard.type("yes a line of usual length that scrolls on and on\n");
  await shows(page, side, 0, /^a line/);
  const frames = page.evaluate(() => new Promise((done) => {
    const from = performance.now();
    let count = 0;
    const step = (now) => (now - from > 3000 ? done(count / 3) : (count++, requestAnimationFrame(step)));
    requestAnimationFrame(step);
  }));
  const perSecond = await frames;
  await side.focus(page, 1);
  await page.keyboard.type("#");
  await shows(page, side, 1, /#/);
  await page.evaluate(() => {
    window.seen = [];
    addEventListener("keydown", ({ timeStamp }) => {
      const { wanted } = window;
      const look = () => {
        if (globalThis.rowsOf(1).some((row) => row.includes(wanted))) window.seen.push(performance.now() - timeStamp);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }, { capture: true });
  });
  let text = "#";
  for (let n = 0; n < KEYS; n++) {
    const key = "abcdefghij"[n % 10];
    text += key;
    await page.evaluate((wanted) => (window.wanted = wanted), text);
    await page.keyboard.press(key);
    await page.waitForFunction((count) => window.seen.length === count, n + 1, { polling: "raf" });
  }
  const seen = await page.evaluate(() => window.seen);
  await context.close();
  return { perSecond, seen };
}

const quantile = (values, q) => values.slice().sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];

async function startDemo() {
  const root = mkdtempSync(join(tmpdir(), "orchflow-bench-"));
  const child = spawn(demo, ["serve", "--root", root, "--shell", "env PS1='$ ' bash --norc --noprofile"], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { url: line.replace(/^ws:/, "http:"), close: () => child.kill("SIGINT") };
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
console.log("| | KB transferred | ms to a prompt | frames/s under a flood | key to frame, p50 ms | p95 ms |\n|---|---|---|---|---|---|");
for (const side of [ours, peer]) {
  const starts = [];
  const floods = [];
  for (let round = 0; round < ROUNDS; round++) {
    // A server of its own each time: ours keeps the layout of the round before.
    const server = side === ours ? await startDemo() : await servePeer();
    const url = server.url ?? server.address;
    starts.push(await first(browser, side, url));
    if (round < 3) floods.push(await flood(browser, side, url));
    server.close();
  }
  const seen = floods.flatMap((each) => each.seen);
  const row = [
    starts[0].bytes / 1000, quantile(starts.map(({ ms }) => ms), 0.5), quantile(floods.map(({ perSecond }) => perSecond), 0.5),
    quantile(seen, 0.5), quantile(seen, 0.95),
  ];
  console.log(`| ${side.name} | ${row.map((figure) => figure.toFixed(figure < 100 ? 1 : 0)).join(" | ")} |`);
}
await browser.close();
process.exit(0);

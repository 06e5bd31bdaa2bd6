// What the tests of the page share: a server of their own, a browser, and what a person sees in a terminal.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const repository = fileURLToPath(new URL("../../../", import.meta.url));
export const demo = process.env.ORCHFLOW_DEMO ?? join(repository, "target/debug/orchflow-demo");

// With PAGE_FROM_DISK=1 the page is that of the working tree, whatever the demo was built with.
const onDisk = (path) => join(repository, path);
const fromDisk = process.env.PAGE_FROM_DISK
  ? ["--page-dir", onDisk("src/bin/orchflow-demo/page"), "--page-dir", `/client/=${onDisk("clients/js/src")}`] : [];

/** How long anything may take before a test fails; nothing waits for it otherwise. */
export const PATIENCE = Number(process.env.PATIENCE ?? 30_000);

const BROWSER_FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--js-flags=--expose-gc",
];

// What is put away after a test: pages before the servers that they talk to, and folders last.
const endings = new WeakMap();
const STAGES = ["page", "program", "folder"];

/** Calls `end` after the test, at this stage. */
export function afterwards(test, stage, end) {
  if (!endings.has(test)) {
    endings.set(test, []);
    test.after(async () => {
      const all = endings.get(test).map((each) => ({ ...each, order: STAGES.indexOf(each.stage) }));
      for (const { end } of all.sort((a, b) => a.order - b.order)) await end();
    });
  }
  endings.get(test).push({ stage, end });
}

/** A temporary folder that is removed after the test. */
export async function folder(test) {
  const path = await mkdtemp(join(tmpdir(), "orchflow-page-"));
  afterwards(test, "folder", () => rm(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

/** A program and its lines of standard output; it is killed after the test. */
function start(test, program, args, options) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let errors = "";
  child.stderr.on("data", (data) => (errors = (errors + data).slice(-10_000)));
  afterwards(test, "program", () => end(child));
  const lines = createInterface({ input: child.stdout });
  return { child, lines, errors: () => errors };
}

/** A shell whose prompt is the same everywhere. */
export const SHELL = "env PS1='$ ' bash --norc --noprofile";

/** Ends a program that a test has started, and waits for its end. */
export async function end(child, signal = "SIGKILL") {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

export class Server {
  /** `orchflow-demo serve`; resolves once it has printed its address. */
  static async start(test, { root, args = ["--shell", SHELL], env = {} } = {}) {
    const server = new Server();
    server.root = root ?? (await folder(test));
    server.test = test;
    server.args = ["serve", "--root", server.root, ...fromDisk, ...args];
    server.env = { ...process.env, HOME: server.root, LC_ALL: "C.UTF-8", ...env };
    delete server.env.ORCHFLOW;
    await server.run();
    return server;
  }

  async run() {
    const { child, lines, errors } = start(this.test, demo, this.args, { env: this.env });
    this.child = child;
    const line = await Promise.race([once(lines, "line"), once(child, "exit")]);
    assert.equal(typeof line[0], "string", `serve has ended: ${errors()}`);
    this.address = new URL(line[0].replace(/^ws:/, "http:"));
    this.errors = errors;
  }

  get token() {
    return new URLSearchParams(this.address.hash.slice(1)).get("token");
  }

  get page() {
    return this.address.href;
  }

  stop() {
    return end(this.child, "SIGINT");
  }
}

let browser = null;

/** A page of its own browser profile, with what goes wrong in it collected. */
export async function open(test, url, options = {}) {
  browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: BROWSER_FLAGS });
  const { isBroken = false, ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...rest });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error.stack ?? error)));
  page.on("console", (message) => {
    // A browser opens connections before it needs them, and the server ends those that ask for nothing. Whoever gets
    // one of these connects again, which the tests would notice if it did not work.
    const isEarly = message.text().includes("net::ERR_CONNECTION_RESET");
    if (message.type() === "error" && !isBroken && !isEarly) faults.push(message.text());
  });
  afterwards(test, "page", async () => {
    await context.close();
    assert.deepEqual(faults, [], "errors in the page");
  });
  await page.addInitScript(`globalThis.readRows = ${readRows}`);
  await page.goto(url);
  return page;
}

export async function closeBrowser() {
  await browser?.close();
  browser = null;
}

/** The rows that are seen in a pane, from the top: of the pane in use, or of the one with this number. */
export function rows(page, pane = null) {
  return page.evaluate((wanted) => globalThis.readRows(wanted), pane);
}

// Runs in the page.
function readRows(pane) {
  const panes = [...document.querySelectorAll(".pane")];
  const element = pane === null ? document.querySelector(".pane.is-focused") ?? panes[0] : panes[pane];
  const terminal = element?.querySelector(".term-row")?.parentElement;
  if (!terminal) return [];
  const scroller = element.querySelector(".pane-body").getBoundingClientRect();
  return [...terminal.querySelectorAll(":scope > .term-row")]
    .map((row) => ({ row, box: row.getBoundingClientRect() }))
    .filter(({ box }) => box.height > 0 && box.top >= scroller.top - box.height / 2 && box.bottom <= scroller.bottom + box.height / 2)
    .sort((a, b) => a.box.top - b.box.top)
    .map(({ row }) => row.textContent.trimEnd());
}

/** Waits until a row that is seen matches; resolves with the rows. */
export async function see(page, pattern, pane = null) {
  const [source, flags] = pattern instanceof RegExp ? [pattern.source, pattern.flags] : [escape(pattern), ""];
  const seen = (wanted) => {
    const found = globalThis.readRows(wanted.pane);
    return found.some((row) => new RegExp(wanted.source, wanted.flags).test(row)) ? found : null;
  };
  try {
    const handle = await page.waitForFunction(seen, { source, flags, pane }, { polling: "raf", timeout: PATIENCE });
    return await handle.jsonValue();
  } catch (error) {
    throw new Error(`not seen: ${pattern}\n${(await rows(page, pane)).join("\n")}`, { cause: error });
  }
}

export function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The page is connected and a terminal has the focus and a prompt. */
export async function ready(page) {
  await page.waitForSelector(".pane .term-row");
  await see(page, /\$ *$/);
  await page.locator(".pane").first().click();
}

/** Types a command and Enter. */
export async function command(page, text) {
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

/** Calls an action of the palette by its title. */
export async function action(page, title) {
  await page.keyboard.press("Control+Shift+P");
  const dialog = page.locator("dialog[open]");
  await dialog.waitFor();
  await page.keyboard.type(title);
  await dialog.getByRole("option", { name: title }).first().waitFor();
  await page.keyboard.press("Enter");
}

/** How many panes are shown. */
export function paneCount(page, count) {
  return page.waitForFunction((wanted) => document.querySelectorAll(".pane").length === wanted, count, { polling: "raf" });
}

/** Waits until what is typed goes into the pane with this number. */
export function inPane(page, pane) {
  return page.waitForFunction((wanted) => document.querySelectorAll(".pane")[wanted]?.contains(document.activeElement), pane, { polling: "raf" });
}

/** A client of the server in this process. */
export async function connect(test, server, options = {}) {
  const { Client } = await import("../../../clients/js/src/index.js");
  const WebSocket = globalThis.WebSocket ?? (await import("../../../clients/js/node_modules/ws/wrapper.mjs")).default;
  const url = `ws://${server.address.host}/`;
  const client = new Client({ url, token: server.token, collections: ["sessions", "panes", "terminals"], WebSocket, ...options });
  afterwards(test, "page", () => client.close());
  await client.connect();
  return client;
}

/**
 * Waits until a server shows so many files. As long as some come it takes as long as it takes: the watchdog is for a
 * server from which nothing comes.
 */
export async function shown(client, count) {
  const endings = [];
  try {
    await new Promise((resolve, reject) => {
      let watchdog;
      const look = () => {
        clearTimeout(watchdog);
        const { size } = client.state.files;
        if (size >= count) return resolve();
        watchdog = setTimeout(() => reject(new Error(`${size} of ${count} files`)), PATIENCE);
      };
      endings.push(client.on("message", look), client.state.onChanges(look), () => clearTimeout(watchdog));
      look();
    });
  } finally {
    for (const end of endings) end();
  }
}

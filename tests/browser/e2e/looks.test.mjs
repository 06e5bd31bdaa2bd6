// For everybody: a narrow screen, the keyboard alone, and what a checker of accessibility finds.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { Server, closeBrowser, command, inPane, open, paneCount, ready, see } from "./support.mjs";

after(closeBrowser);

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function violations(page) {
  const session = await page.context().newCDPSession(page);
  // The page's policy allows no foreign script, so the debugger brings it in.
  await session.send("Runtime.evaluate", { expression: axe });
  const { result } = await session.send("Runtime.evaluate", {
    expression: "axe.run().then(({ violations }) => JSON.stringify(violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => node.html.slice(0, 160))])))",
    awaitPromise: true,
  });
  return JSON.parse(result.value);
}

// The keys that open a view, what is seen of it once it is there, and the key that closes it.
const VIEWS = [
  ["Control+Shift+P", "dialog.palette[open] [role=option]", "Escape"],
  ["Alt+Shift+F", "#sidebar .files [role=tree] [role=treeitem]"],
  ["Alt+Shift+C", "#sidebar .files button[aria-pressed=true] >> text=Changes"],
  ["Alt+Shift+G", "#sidebar .figures"],
  ["Alt+Shift+B", "#sidebar[aria-label='Side bar: Notifications'] .sidebar-view > *"],
  ["Alt+Shift+I", "#sidebar[aria-label='Side bar: Terminals'] .list-row", "Alt+Shift+I"],
  ["Alt+Shift+H", "dialog[open]", "Escape"],
  ["Alt+Shift+O", "dialog[open]", "Escape"],
  ["Alt+Shift+T", "dialog[open]", "Escape"],
];

for (const [name, viewport] of [["wide", { width: 1280, height: 800 }], ["narrow", { width: 390, height: 844 }]]) {
  for (const colorScheme of ["light", "dark"]) {
    test(`nothing serious for people with disabilities: ${name}, ${colorScheme}`, async (t) => {
      const page = await open(t, (await Server.start(t)).page, { viewport, colorScheme, reducedMotion: "reduce" });
      await ready(page);
      await command(page, "ls --color=always /; printf '\\033[1;31mred\\033[m \\033[42mgreen\\033[m\\n'");
      await see(page, /^red green$/);
      assert.deepEqual(await violations(page), [], "terminal");
      for (const [open, view, close] of VIEWS) {
        await page.keyboard.press(open);
        await page.locator(view).first().waitFor();
        assert.deepEqual(await violations(page), [], open);
        if (!close) continue;
        await page.keyboard.press(close);
        await page.locator(view).first().waitFor({ state: "hidden" });
      }
    });
  }
}

test("at 390 pixels one pane is shown, with keys that a phone lacks", async (t) => {
  const page = await open(t, (await Server.start(t)).page, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await ready(page);
  await command(page, "cat");
  const keys = page.getByRole("toolbar", { name: "Keys" });
  await keys.getByRole("button", { name: "Ctrl" }).click();
  await page.keyboard.press("d");
  await see(page, /\$ *$/);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.equal(overflow, 0, "nothing is cut off at the side");
});

test("nothing but the keyboard is needed to split, name, find and open", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await page.waitForSelector(".pane .term-row");
  await see(page, /\$ *$/);
  await page.keyboard.press("F1");
  await page.locator("dialog[open]").waitFor();
  await page.keyboard.type("Split to the right");
  await page.keyboard.press("Enter");
  await paneCount(page, 2);
  // The new pane has the focus once it is there.
  await inPane(page, 1);
  await page.keyboard.press("Alt+Shift+ArrowLeft");
  await inPane(page, 0);
  await page.keyboard.type("echo typed-here");
  await see(page, /echo typed-here/, 0);
});

// Only what is built into the demo is compressed.
const skip = process.env.PAGE_FROM_DISK !== undefined;
test("until the first paint less than 100 KB are transferred", { skip }, async (t) => {
  const server = await Server.start(t);
  const page = await open(t, "about:blank");
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const finished = [];
  session.on("Network.loadingFinished", ({ timestamp, encodedDataLength }) => finished.push({ timestamp, encodedDataLength }));
  await session.send("Page.enable");
  await session.send("Page.setLifecycleEventsEnabled", { enabled: true });
  let paint = null;
  session.on("Page.lifecycleEvent", ({ name, timestamp }) => {
    if (name === "firstContentfulPaint") paint = timestamp;
  });
  await page.goto(server.page);
  await page.waitForSelector(".pane .term-row");
  await see(page, /\$ *$/);
  const sum = (each) => each.reduce((bytes, { encodedDataLength }) => bytes + encodedDataLength, 0);
  const before = sum(finished.filter(({ timestamp }) => timestamp <= paint));
  t.diagnostic(`${(before / 1000).toFixed(1)} KB until the first paint, ${(sum(finished) / 1000).toFixed(1)} KB until a prompt is seen`);
  assert.ok(paint !== null && before > 0 && before < 100_000, `${before} bytes`);
});

// A page that looks on while an engine has an outage (tests/outage.rs): opens the figures, then waits for each line on
// its input until the page lists these parts of the engine, and says so.

import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];
const [, , address] = process.argv;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
page.setDefaultTimeout(30_000);

try {
  await page.goto(address);
  await page.locator(".indicator").click();
  await page.locator(".health[data-status='ok']").waitFor();
  console.log("open");
  for await (const line of createInterface({ input: process.stdin })) {
    const { parts, picture } = JSON.parse(line);
    await page.waitForFunction(lists, parts);
    if (parts.length === 0) await page.locator(".health[data-status='ok']").waitFor();
    if (process.env.PICTURES) {
      await mkdir(process.env.PICTURES, { recursive: true });
      await page.screenshot({ path: `${process.env.PICTURES}/${picture}.png` });
    }
    console.log("shown");
  }
} finally {
  await browser.close();
}

// Runs in the page: whether it lists all of these parts, and nothing if there are none.
function lists(parts) {
  const shown = [...document.querySelectorAll(".health-parts li")].map((row) => `${row.dataset.part} ${row.dataset.status}`);
  return parts.length === 0 ? shown.length === 0 : parts.every((part) => shown.includes(part));
}

// What the page weighs: the bytes that a browser with an empty cache has received, headers included, when it paints for
// the first time and when the first screen of a terminal is there.
//
//   node tests/browser/weight.mjs 'http://127.0.0.1:PORT/#token=TOKEN' [--list]

import { chromium } from "playwright-core";

const SCREEN = "orchflow-test-screen";
const [address, list] = process.argv.slice(2);

// Notes when the first row with text is there; the browser itself notes its first paint.
function markScreen(name) {
  const observer = new MutationObserver(() => {
    if (document.querySelector(".term-row")?.textContent.trim()) {
      observer.disconnect();
      performance.mark(name);
    }
  });
  observer.observe(document, { childList: true, subtree: true });
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage();
const network = await page.context().newCDPSession(page);
await network.send("Network.enable");
const urls = new Map();
const finished = [];
network.on("Network.requestWillBeSent", ({ requestId, request }) => urls.set(requestId, new URL(request.url).pathname));
network.on("Network.loadingFinished", ({ requestId, timestamp, encodedDataLength }) =>
  finished.push({ path: urls.get(requestId), timestamp, bytes: encodedDataLength }));
let origin = null;
network.on("Network.requestWillBeSent", ({ timestamp }) => (origin ??= timestamp));
await page.addInitScript(markScreen, SCREEN);
await page.goto(address);
await page.waitForFunction((name) => performance.getEntriesByName(name).length > 0, SCREEN);
const times = await page.evaluate((name) => ({
  "first paint": performance.getEntriesByName("first-contentful-paint")[0].startTime,
  "first screen": performance.getEntriesByName(name)[0].startTime,
}), SCREEN);
for (const [name, time] of Object.entries(times)) {
  const before = finished.filter(({ timestamp }) => (timestamp - origin) * 1000 <= time);
  const bytes = before.reduce((sum, each) => sum + each.bytes, 0);
  console.log(`${name}: ${(bytes / 1000).toFixed(1)} KB in ${before.length} files, after ${Math.round(time)} ms`);
}
if (list) for (const { path, timestamp, bytes } of finished) console.log(Math.round((timestamp - origin) * 1000), bytes, path);
await browser.close();

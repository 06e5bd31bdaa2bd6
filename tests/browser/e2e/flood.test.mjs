// Output without an end: the page stays usable, and its memory does not grow.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Server, closeBrowser, command, inPane, open, paneCount, ready, see } from "./support.mjs";

after(closeBrowser);

async function heap(page) {
  await page.evaluate(() => globalThis.gc?.());
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const { nodes } = await session.send("Memory.getDOMCounters");
  await session.detach();
  return { bytes: usedSize, nodes };
}

test("while a program floods one pane, another is typed into, and memory stays flat", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  await page.keyboard.press("Alt+Shift+R");
  await paneCount(page, 2);
  await see(page, /\$ *$/, 1);
  await inPane(page, 1);
  await page.locator(".pane").first().click();
  await inPane(page, 0);
  await command(page, "yes a long line that scrolls on and on");
  await see(page, /^a long line/, 0);
  await page.locator(".pane").nth(1).click();
  await inPane(page, 1);
  await command(page, "echo settled");
  await see(page, /^settled$/, 1);
  const before = await heap(page);
  const latencies = [];
  const until = performance.now() + 10_000;
  for (let n = 0; performance.now() < until; n++) {
    const word = `w${n}w`;
    const from = performance.now();
    await page.keyboard.type(`echo ${word}`);
    await see(page, new RegExp(`echo ${word}$`), 1);
    latencies.push(performance.now() - from);
    await page.keyboard.press("Enter");
    await see(page, new RegExp(`^${word}$`), 1);
  }
  const during = await heap(page);
  await page.locator(".pane").first().click();
  await page.keyboard.press("Control+c");
  await see(page, /\$ *$/, 0);
  const ended = await heap(page);
  t.diagnostic(`words typed: ${latencies.length}, median ${median(latencies).toFixed(0)} ms a word; heap ${mib(before.bytes)}, ${mib(during.bytes)}, ${mib(ended.bytes)} MiB; nodes ${before.nodes}, ${during.nodes}, ${ended.nodes}`);
  assert.ok(latencies.length >= 5, "typing goes on");
  assert.ok(ended.bytes < before.bytes + (16 << 20), "the heap has not grown");
  assert.ok(ended.nodes < before.nodes + 4000, "the document has not grown");
});

function median(values) {
  return values.slice().sort((a, b) => a - b)[values.length >> 1];
}

function mib(bytes) {
  return (bytes / (1 << 20)).toFixed(1);
}

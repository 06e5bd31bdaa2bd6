// What the page shows after each recording of a program is what the engine has.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { Server, closeBrowser, connect, folder, open, repository } from "./support.mjs";

after(closeBrowser);

const corpus = join(repository, "tests/recordings");

/** The parts of a recording: bytes, and the size from there on. */
async function parts(name) {
  const output = await readFile(join(corpus, `${name}.rec`));
  const [first, ...resizes] = (await readFile(join(corpus, `${name}.txt`), "utf8")).trim().split("\n");
  let [at, size] = [0, first];
  const found = [];
  for (const line of [...resizes, null]) {
    const [, end, next] = line?.split(" ") ?? [null, output.length, null];
    found.push({ bytes: output.subarray(at, Number(end)), size: size.split("x").map(Number) });
    [at, size] = [Number(end), next];
  }
  return found;
}

/** Runs in the page: the rows of the screen as the document has them. */
function drawn(count) {
  const all = [...document.querySelectorAll(".pane .term-row")].sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index));
  return all.slice(-count).map((row) => row.textContent.trimEnd());
}

test("rows of the page equal those of the engine after each recording", async (t) => {
  const root = await folder(t);
  const player = join(root, "player.sh");
  // Plays what it is told to, and reads no replies to queries: they stay in the terminal's input.
  await writeFile(player, `stty raw -echo; while true; do read -r file < "${root}/play" && cat "$file"; done`);
  execFileSync("mkfifo", [join(root, "play")]);
  const server = await Server.start(t, { root, args: ["--shell", `/bin/sh ${player}`] });
  const page = await open(t, "about:blank");
  await page.addInitScript(`globalThis.drawnRows = ${drawn}`);
  await page.goto(server.page);
  await page.waitForSelector(".pane .term-row");
  const client = await connect(t, server);
  const terminal = () => [...client.state.terminals.values()].find(({ running }) => running);
  const names = (await readdir(corpus)).filter((name) => name.endsWith(".rec")).map((name) => name.slice(0, -4)).sort();
  assert.ok(names.length >= 50);
  let played = (await client.query(terminal().id)).log_end;
  for (const name of names) {
    await play(Buffer.from("\x1bc\x1b[?1049l\x1b[3J\x1b[!p\x1b[?69l"));
    for (const { bytes, size } of await parts(name)) {
      await resize(size);
      await play(bytes);
    }
    const engine = await client.rows(terminal().id, { max: 1000 });
    const wanted = engine.lines.map(({ runs }) => runs.map(({ text }) => text).join("").trimEnd());
    try {
      await page.waitForFunction(({ count, text }) => globalThis.drawnRows(count).join("\n") === text, { count: wanted.length, text: wanted.join("\n") }, { polling: "raf", timeout: 10_000 });
    } catch {
      assert.deepEqual(await page.evaluate((count) => globalThis.drawnRows(count), wanted.length), wanted, name);
    }
  }

  async function play(bytes) {
    const file = join(root, "part");
    await writeFile(file, bytes);
    await writeFile(join(root, "play"), `${file}\n`);
    // The engine has all of it once the bytes are in its log.
    played += bytes.length;
    while ((await client.query(terminal().id)).log_end < played) await client.ping();
  }

  async function resize([cols, rows]) {
    client.resize(terminal().id, cols, rows);
    while (terminal().cols !== cols || terminal().rows !== rows) await client.ping();
  }
});

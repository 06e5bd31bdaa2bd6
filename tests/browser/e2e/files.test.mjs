// The files of the root: a large tree, what changes in it, and the viewer.

import assert from "node:assert/strict";
import { appendFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { Server, closeBrowser, command, connect, folder, open, ready, see, shown } from "./support.mjs";

after(closeBrowser);

const DIRECTORIES = 100;
const FILES = 1000;

test("a tree of 100,000 files scrolls and follows the disk", async (t) => {
  const root = await folder(t);
  for (let d = 0; d < DIRECTORIES; d++) {
    const directory = join(root, `directory-${String(d).padStart(3, "0")}`);
    await mkdir(directory);
    const names = Array.from({ length: FILES }, (_, n) => join(directory, `file-${String(n).padStart(4, "0")}.txt`));
    await Promise.all(names.map((name) => writeFile(name, "")));
  }
  const server = await Server.start(t, { root });
  // The server reads the tree first: the keys below go to what is there when they come.
  await shown(await connect(t, server, { collections: ["files"] }), 1 + DIRECTORIES * (1 + FILES));
  const page = await open(t, server.page);
  await ready(page);
  await page.keyboard.press("Alt+Shift+F");
  const tree = page.getByRole("tree", { name: "Files" });
  await tree.getByRole("treeitem").filter({ hasText: "directory-000" }).waitFor();
  // All directories open: `*` opens the siblings.
  await tree.getByRole("treeitem").filter({ hasText: "directory-000" }).click();
  await tree.focus();
  await page.keyboard.press("*");
  await tree.getByRole("treeitem").filter({ hasText: "file-0000.txt" }).first().waitFor();
  await page.keyboard.press("End");
  await tree.getByRole("treeitem").filter({ hasText: "file-0999.txt" }).last().waitFor();
  assert.ok((await tree.getByRole("treeitem").count()) < 300, "only what is seen is in the document");
  const last = tree.getByRole("treeitem").filter({ hasText: "file-0999.txt" }).last();
  const size = Number(await last.getAttribute("aria-setsize"));
  assert.equal(size, FILES);
  // A change at the end of it.
  await writeFile(join(root, "directory-099", "zz-new.txt"), "x");
  await page.keyboard.press("End");
  await tree.getByRole("treeitem").filter({ hasText: "zz-new.txt" }).waitFor();
  await rename(join(root, "directory-099", "zz-new.txt"), join(root, "directory-099", "zz-renamed.txt"));
  await tree.getByRole("treeitem").filter({ hasText: "zz-renamed.txt" }).waitFor();
  await rm(join(root, "directory-099", "zz-renamed.txt"));
  await tree.getByRole("treeitem").filter({ hasText: "zz-renamed.txt" }).waitFor({ state: "detached" });
});

test("a path in a terminal opens the file at its line, and the viewer follows it", async (t) => {
  const root = await folder(t);
  await mkdir(join(root, "src"));
  const file = join(root, "src", "main.rs");
  await writeFile(file, Array.from({ length: 200 }, (_, n) => `// line ${n + 1}\n`).join(""));
  const page = await open(t, (await Server.start(t, { root })).page);
  await ready(page);
  await command(page, "clear; echo error at src/main.rs:120:5 here");
  await see(page, /^error at src\/main\.rs:120:5 here$/);
  const place = await page.evaluate(() => {
    const row = [...document.querySelectorAll(".term-row")].find((each) => each.textContent.startsWith("error at src"));
    const range = document.createRange();
    const node = document.createTreeWalker(row, NodeFilter.SHOW_TEXT).nextNode();
    range.setStart(node, 12);
    range.setEnd(node, 14);
    const box = range.getBoundingClientRect();
    return { x: box.left + 2, y: box.top + box.height / 2 };
  });
  await page.mouse.move(place.x, place.y);
  await page.keyboard.down("Control");
  await page.mouse.move(place.x + 1, place.y);
  await page.mouse.click(place.x + 1, place.y);
  await page.keyboard.up("Control");
  await page.getByText("// line 120", { exact: true }).waitFor();
  await appendFile(file, "// appended\n");
  await page.keyboard.press("Control+End");
  await page.getByText("// appended", { exact: true }).waitFor();
});

test("what changed is listed, the newest first", async (t) => {
  const root = await folder(t);
  await writeFile(join(root, "old.txt"), "");
  const page = await open(t, (await Server.start(t, { root })).page);
  await ready(page);
  await page.keyboard.press("Alt+Shift+C");
  await page.getByRole("button", { name: "Changes", pressed: true }).waitFor();
  await writeFile(join(root, "fresh.txt"), "1");
  await page.getByText("fresh.txt").first().waitFor();
  await writeFile(join(root, "old.txt"), "2");
  await page.getByText("old.txt").first().waitFor();
});

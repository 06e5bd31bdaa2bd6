// A person at one terminal: types, edits, reads, scrolls, copies.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { Server, closeBrowser, command, folder, open, ready, rows, see } from "./support.mjs";

after(closeBrowser);

test("what is typed is seen, and what a program prints", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  await command(page, "echo $((6 * 7)) héllo 你好");
  await see(page, /^42 héllo 你好$/);
});

test("vim edits a file", async (t) => {
  const server = await Server.start(t);
  const page = await open(t, server.page);
  await ready(page);
  await command(page, "vim -u NONE -i NONE new.txt");
  await see(page, /^~$/);
  await page.keyboard.type("ione two");
  await page.keyboard.press("Enter");
  await page.keyboard.type("three");
  await see(page, /^three$/);
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.type("dw:wq");
  await page.keyboard.press("Enter");
  await see(page, /\$ *$/);
  const text = await readFile(join(server.root, "new.txt"), "utf8");
  assert.equal(text, "one \nthree\n");
});

test("htop draws and ends", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  await command(page, "htop -d 100");
  await see(page, /F10\s*Quit/);
  await page.keyboard.press("F10");
  await see(page, /\$ *$/);
});

test("less scrolls by keys and by the wheel", async (t) => {
  const server = await Server.start(t);
  await writeFile(join(server.root, "long.txt"), Array.from({ length: 500 }, (_, n) => `line ${n + 1}\n`).join(""));
  const page = await open(t, server.page);
  await ready(page);
  await command(page, "less long.txt");
  await see(page, /^line 1$/);
  await page.keyboard.press("End");
  await see(page, /^line 500$/);
  await page.keyboard.press("Home");
  await see(page, /^line 1$/);
  await page.mouse.move(600, 400);
  await page.mouse.wheel(0, 300);
  await page.waitForFunction(() => !document.querySelector(".term-row")?.textContent.startsWith("line 1 "), null, { polling: "raf" });
  await page.keyboard.type("q");
  await see(page, /\$ *$/);
});

test("the history is read to its oldest line", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  await command(page, "clear; seq -f 'number %g' 900");
  await see(page, /^number 900$/);
  await page.keyboard.press("Shift+Home");
  await see(page, /^number 1$/);
  await page.keyboard.press("Shift+End");
  await see(page, /^number 900$/);
  // Every row on the way, in order.
  await page.keyboard.press("Shift+Home");
  await see(page, /^number 1$/);
  const found = new Set();
  for (let step = 0; step < 200 && !found.has(900); step++) {
    for (const row of await rows(page)) if (/^number \d+$/.test(row)) found.add(Number(row.slice(7)));
    await page.keyboard.press("Shift+PageDown");
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const last = Math.max(...found);
    if (last < 900) await page.waitForFunction((n) => [...document.querySelectorAll(".term-row")].some((row) => row.textContent.trimEnd() === `number ${n + 1}`), last, { polling: "raf" });
  }
  assert.equal(found.size, 900);
});

test("what is selected is copied, wrapped lines as one, and pasted", async (t) => {
  const page = await open(t, (await Server.start(t)).page, { permissions: ["clipboard-read", "clipboard-write"] });
  await ready(page);
  const word = "x".repeat(400);
  await command(page, `clear; printf '%s\\n' ${word} second`);
  await see(page, /^second$/);
  const boxes = await page.evaluate(() => {
    const wanted = [...document.querySelectorAll(".term-row")].filter((row) => /^x+$|^second *$/.test(row.textContent.trim()));
    const first = wanted[0].getBoundingClientRect();
    const last = wanted.at(-1).getBoundingClientRect();
    return { from: [first.left + 1, first.top + first.height / 2], to: [last.left + 300, last.top + last.height / 2] };
  });
  await page.mouse.move(...boxes.from);
  await page.mouse.down();
  await page.mouse.move(...boxes.to, { steps: 5 });
  await page.mouse.up();
  await page.keyboard.press("Control+Shift+C");
  await page.evaluate(async (text) => {
    while ((await navigator.clipboard.readText()).trimEnd() !== text) await new Promise(requestAnimationFrame);
  }, `${word}\nsecond`);
  await page.evaluate(() => navigator.clipboard.writeText("echo pasted-$((1 + 1))"));
  await page.keyboard.press("Control+Shift+V");
  await see(page, /echo pasted-\$\(\(1 \+ 1\)\)/);
  await page.keyboard.press("Enter");
  await see(page, /^pasted-2$/);
});

test("composed text is typed once, when it is done", async (t) => {
  const server = await Server.start(t);
  const page = await open(t, server.page);
  await ready(page);
  await command(page, "cat > composed.txt");
  const session = await page.context().newCDPSession(page);
  await session.send("Input.imeSetComposition", { text: "に", selectionStart: 1, selectionEnd: 1 });
  await session.send("Input.imeSetComposition", { text: "にほ", selectionStart: 2, selectionEnd: 2 });
  await session.send("Input.insertText", { text: "日本" });
  await page.keyboard.press("Enter");
  await see(page, /^日本$/);
  await page.keyboard.press("Control+d");
  await see(page, /\$ *$/);
  assert.equal(await readFile(join(server.root, "composed.txt"), "utf8"), "日本\n");
});

test("keys reach a program as xterm sends them", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  // Each key: what `cat -v` shows of it.
  const plain = [
    ["ArrowUp", "^[[A"], ["ArrowLeft", "^[[D"], ["Home", "^[[H"], ["End", "^[[F"], ["Insert", "^[[2~"], ["Delete", "^[[3~"],
    ["PageUp", "^[[5~"], ["PageDown", "^[[6~"], ["F2", "^[OQ"], ["F5", "^[[15~"], ["F12", "^[[24~"], ["Tab", "^I"],
    ["Escape", "^["], ["Backspace", "^?"], ["Control+ArrowRight", "^[[1;5C"], ["Shift+Tab", "^[[Z"], ["Alt+x", "^[x"],
    ["Control+a", "^A"], ["Control+]", "^]"], ["Control+Space", "^@"], ["Alt+Backspace", "^[^?"], ["Control+Delete", "^[[3;5~"],
  ];
  await command(page, "clear; stty raw -echo; cat -vt");
  await page.waitForFunction(() => ![...document.querySelectorAll(".term-row")].some((row) => row.textContent.includes("stty")), null, { polling: "raf" });
  let expected = "";
  for (const [key, shown] of plain) {
    await page.keyboard.press(key);
    expected += shown;
    const seen = page.waitForFunction((text) => globalThis.readRows(null).join("").endsWith(text), expected, { polling: "raf" });
    await seen.catch(async () => assert.equal((await rows(page)).join(""), expected, key));
  }
});

test("a program that asks for the mouse gets it", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  await command(page, "clear; printf '\\033[?1000h\\033[?1006h'; stty raw -echo; cat -vt");
  await page.waitForFunction(() => ![...document.querySelectorAll(".term-row")].some((row) => row.textContent.includes("stty")), null, { polling: "raf" });
  const box = await page.locator(".term-row").first().boundingBox();
  await page.mouse.click(box.x + 2, box.y + box.height / 2);
  await see(page, /\^\[\[<0;1;1M\^\[\[<0;1;1m/);
});

test("a title, a bell and a link are shown", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  await command(page, "PROMPT_COMMAND=; printf '\\033]2;my title\\007\\033]8;;https://example.org/x\\033\\\\a-link\\033]8;;\\033\\\\\\n'");
  await see(page, /^a-link$/);
  await page.waitForFunction(() => document.querySelector(".pane-head")?.textContent.includes("my title"));
  assert.equal(await page.locator(".linked", { hasText: "a-link" }).count(), 1);
});

test("a search marks its matches and goes from one to the next", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  await command(page, "clear; for n in $(seq 300); do echo row $n needle-$((n % 100)); done");
  await see(page, /^row 300 needle-0$/);
  await page.keyboard.press("Control+Shift+F");
  await page.waitForFunction(() => document.activeElement.closest(".term-find") !== null);
  await page.keyboard.type("needle-7 ");
  await page.keyboard.press("Backspace");
  await page.waitForFunction(() => /of 33$/.test(document.querySelector(".term-find output").textContent));
  await page.keyboard.press("Escape");
  await command(page, "echo back");
  await see(page, /^back$/);
});

test("a password is not shown, and the page says that one is asked", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  await command(page, "read -rsp 'Password: ' secret; echo; echo ${#secret} letters");
  await see(page, /^Password:/);
  await page.waitForSelector(".pane-marks .mark[aria-label='A password is asked']:visible");
  await command(page, "hunter2");
  const seen = await see(page, /^7 letters$/);
  assert.ok(!seen.some((row) => row.includes("hunter2")));
});

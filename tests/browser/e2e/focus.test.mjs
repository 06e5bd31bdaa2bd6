// Where what is typed goes: what others do, what arrives late and what ends by itself takes the focus from nobody.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { SHELL, Server, closeBrowser, command, connect, folder, inPane, open, paneCount, ready, see } from "./support.mjs";

after(closeBrowser);

async function twoPanes(t, options) {
  const server = await Server.start(t, options);
  const page = await open(t, server.page);
  await ready(page);
  await page.keyboard.press("Alt+Shift+R");
  await paneCount(page, 2);
  await see(page, /\$ *$/, 1);
  await inPane(page, 1);
  return { server, page };
}

test("a rename ends where the user has gone, and with a key where it began", async (t) => {
  const { page } = await twoPanes(t);
  await page.keyboard.press("Alt+Shift+E");
  await page.locator(".pane-head input").waitFor();
  await page.keyboard.type("first");
  await page.locator(".pane").nth(0).locator(".pane-body").click();
  await page.locator(".pane-name", { hasText: "first" }).waitFor();
  await inPane(page, 0);
  await command(page, "echo here-$((1 + 1))");
  await see(page, /^here-2$/, 0);
  await page.keyboard.press("Alt+Shift+E");
  await page.locator(".pane-head input").waitFor();
  await page.keyboard.press("Escape");
  await inPane(page, 0);
  await command(page, "echo again-$((1 + 2))");
  await see(page, /^again-3$/, 0);
});

test("a pane that goes by the hand of somebody else gives its focus to the one in use", async (t) => {
  const { server, page } = await twoPanes(t);
  const client = await connect(t, server);
  const second = await page.locator(".pane").nth(1).getAttribute("data-pane");
  await client.change([{ change: { remove_pane: { id: second } } }]);
  await paneCount(page, 1);
  await inPane(page, 0);
  await command(page, "echo left-$((2 + 2))");
  await see(page, /^left-4$/, 0);
  // One whose content is replaced keeps it.
  const [pane] = [...client.state.panes.values()];
  const terminal = await client.spawn({ profile: client.welcome.profiles[0] });
  await client.change([{ change: { put_pane: { ...pane, content: { terminal } } } }]);
  await see(page, /^\$ *$/, 0);
  await inPane(page, 0);
  await command(page, "echo other-$((3 + 2))");
  await see(page, /^other-5$/, 0);
  // Where nothing is left, what can be done then has it.
  await client.change((state) => [...state.panes.keys()].map((id) => ({ change: { remove_pane: { id } } })));
  await page.waitForFunction(() => document.activeElement?.closest(".empty") !== null && document.activeElement !== document.body);
});

test("a file that is opened from the filter gets the focus, and the filter keeps it else", async (t) => {
  const root = await folder(t);
  await writeFile(join(root, "notes.txt"), "a note\n");
  const server = await Server.start(t, { root });
  const page = await open(t, server.page);
  await ready(page);
  await page.keyboard.press("Alt+Shift+F");
  const filter = page.getByRole("searchbox", { name: "Find files" });
  await filter.fill("notes");
  await page.getByRole("option").filter({ hasText: "notes.txt" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("a note").waitFor();
  await page.waitForFunction(() => document.activeElement?.closest(".file") !== null && document.activeElement !== document.body);

  // The bar for finding closes when the file becomes one that has no text, and leaves the focus in the viewer.
  await page.keyboard.press("Control+f");
  const bar = page.getByRole("searchbox", { name: "Find in this file" });
  await bar.fill("note");
  await writeFile(join(root, "notes.txt"), Uint8Array.from({ length: 64 }, (_, at) => at % 4));
  await bar.waitFor({ state: "hidden" });
  await page.getByText("00000000").waitFor();
  await page.waitForFunction(() => document.activeElement?.closest(".file") !== null && document.activeElement !== document.body);

  await filter.focus();
  const client = await connect(t, server);
  await client.change([{ change: { put_session: { id: "other", name: "Other", panes: [], metadata: {} } } }]);
  await page.locator(".tab-item", { hasText: "Other" }).waitFor();
  assert.equal(await filter.evaluate((element) => element === document.activeElement), true);
});

test("elements that are brought into another order keep the focus and what is scrolled", async (t) => {
  const page = await open(t, (await Server.start(t)).page);
  await ready(page);
  const found = await page.evaluate(async () => {
    const { h, setChildren } = await import("/dom.js");
    const parent = h("div");
    const children = ["a", "b", "c", "d", "e"].map((name) =>
      h("div", { id: `order-${name}` }, h("input"), h("div", { class: "scrolled" }, h("div", { class: "tall" }))));
    document.body.append(parent);
    for (const each of children) {
      Object.assign(each.querySelector(".scrolled").style, { height: "20px", overflow: "auto" });
      each.querySelector(".tall").style.height = "200px";
    }
    const results = [];
    const [a, b, c, d, e] = children;
    for (const order of [[a, b, c, d, e], [e, d, c, b, a], [c, a, e], [b, c, d], [d, b, a, e, c]]) {
      setChildren(parent, order);
      const focused = order[1];
      for (const each of order) each.querySelector(".scrolled").scrollTop = 30;
      focused.querySelector("input").focus();
      let blurs = 0;
      focused.addEventListener("focusout", () => (blurs += 1));
      const turned = [...order].reverse();
      setChildren(parent, turned);
      results.push({
        isOrdered: turned.every((each, at) => parent.children[at] === each) && parent.children.length === turned.length,
        blurs, hasFocus: focused.contains(document.activeElement),
        isScrolled: turned.every((each) => each.querySelector(".scrolled").scrollTop === 30),
      });
    }
    parent.remove();
    return results;
  });
  for (const result of found) assert.deepEqual(result, { isOrdered: true, blurs: 0, hasFocus: true, isScrolled: true });
});

test("a drag whose end the page has not seen ends with the next movement", async (t) => {
  const { page } = await twoPanes(t);
  const box = await page.locator(".pane-head").nth(0).boundingBox();
  await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 3 + 60, box.y + 200, { steps: 5 });
  await page.waitForFunction(() => document.documentElement.classList.contains("is-dragging"));
  await page.evaluate(() => dispatchEvent(new PointerEvent("pointermove", { pointerId: 1, buttons: 0, clientX: 500, clientY: 300 })));
  await page.waitForFunction(() => !document.documentElement.classList.contains("is-dragging") && !document.querySelector(".dropzone"));
  await page.mouse.up();
});

test("a pane that is dragged may be closed meanwhile", async (t) => {
  const { server, page } = await twoPanes(t);
  const client = await connect(t, server);
  const id = await page.locator(".pane").nth(0).getAttribute("data-pane");
  const box = await page.locator(".pane-head").nth(0).boundingBox();
  await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width + 100, box.y + 200, { steps: 5 });
  await page.waitForFunction(() => document.documentElement.classList.contains("is-dragging"));
  await client.change([{ change: { remove_pane: { id } } }]);
  await page.waitForFunction(() => !document.documentElement.classList.contains("is-dragging"));
  await page.mouse.up();
  await paneCount(page, 1);
});

test("a terminal behind a maximised one does not follow, and does when it is seen again", async (t) => {
  const { server, page } = await twoPanes(t);
  const client = await connect(t, server);
  const [behind] = [...client.state.terminals.keys()].sort((a, b) => a - b);
  await page.keyboard.press("Alt+Shift+Z");
  await page.waitForSelector(".pane.is-behind", { state: "attached" });
  client.input(behind, "echo unseen-$((4 + 4))\r");
  while ((await client.search(behind, "unseen-8")).matches.length < 1) await client.ping();
  await command(page, "echo whole-$((4 + 5))");
  await see(page, /^whole-9$/, 1);
  assert.doesNotMatch(await page.locator(".pane.is-behind").evaluate((pane) => pane.textContent), /unseen/);
  await page.keyboard.press("Alt+Shift+Z");
  await page.waitForSelector(".pane.is-behind", { state: "detached" });
  await see(page, /^unseen-8$/, 0);
});

test("an address with a token that is entered while the page is open is taken", async (t) => {
  const server = await Server.start(t);
  const page = await open(t, `${server.address.origin}/#token=${"A".repeat(43)}`, { isBroken: true });
  await page.getByRole("dialog", { name: "A token is needed" }).waitFor();
  await page.keyboard.press("Escape");
  await page.evaluate((token) => { location.hash = `#token=${token}`; }, server.token);
  await ready(page);
  assert.ok(!(await page.evaluate(() => location.href)).includes("token"));
});

test("programs that write to the clipboard ask once, and not for the selection", async (t) => {
  const server = await Server.start(t, { args: ["--shell", SHELL, "--clipboard"] });
  const page = await open(t, server.page, { permissions: ["clipboard-read", "clipboard-write"] });
  await ready(page);
  // "selection", "first", "last", in this order.
  await command(page, "for each in 'p;c2VsZWN0aW9u' 'c;Zmlyc3Q=' 'c;bGFzdA=='; do printf '\\033]52;%s\\033\\\\' $each; sleep 0.2; done; echo do''ne");
  await see(page, /^done$/);
  await command(page, "printf '\\033]52;p;c2VsZWN0aW9u\\033\\\\\\007'; echo al''so");
  await see(page, /^also$/);
  const question = page.locator(".toast", { hasText: "wants to write to the clipboard" });
  await question.first().waitFor();
  assert.equal(await question.count(), 1);
  await question.getByRole("button", { name: "Allow" }).click();
  await page.locator(".toast", { hasText: "wrote to the clipboard" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "last");
});

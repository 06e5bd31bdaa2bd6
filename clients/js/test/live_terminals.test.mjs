// A real server: history, notices, figures, and what a terminal's entry says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { toText } from "../src/index.js";
import { next, textOf, until, untilScreen } from "./support/events.mjs";
import { Server, firstTerminal } from "./support/server.mjs";

const GRID = { cols: 60, rows: 10 };
const textOfLine = (line) => line.runs.map((run) => run.text).join("").trimEnd();

async function connected(t, options) {
  const server = await Server.start();
  t.after(() => server.close());
  const client = await server.connect(options);
  return { server, client, shell: firstTerminal(client) };
}

/** A screen with 200 numbered rows of history, and a mark below them. */
async function numbered(client, shell) {
  const screen = client.attachScreen(shell, GRID);
  client.input(shell, "seq -f 'row %g' 200; echo en''d\r");
  await untilScreen(screen, (rows) => rows.some((row) => row.includes("end")));
  return screen;
}

for (const codec of ["json", "bincode"]) {
  test(`history in ${codec}: rows by place, and a view that stays with its text`, async (t) => {
    const { server, client, shell } = await connected(t, { codec });
    const screen = await numbered(client, shell);
    const seen = [];
    let from = null;
    // From the screen up to the oldest row, 70 at a time.
    for (let oldest = false; !oldest;) {
      const rows = await client.rows(shell, { from, above: 70, max: 0 });
      assert(rows.lines.length <= 70);
      seen.unshift(...rows.lines.map(textOfLine));
      from = rows.lines[0]?.place;
      oldest = rows.lines.length < 70;
    }
    const numbers = seen.filter((row) => row.startsWith("row ")).map((row) => Number(row.slice(4)));
    assert.deepEqual(numbers, Array.from({ length: numbers.length }, (_, at) => at + 1));
    assert(numbers.length > 185, `${numbers.length}`);
    const { matches } = await client.search(shell, "row 42");
    const [{ line, col }] = matches;
    const { lines } = await client.rows(shell, { from: { line, col }, above: 1, max: 2 });
    assert.deepEqual(lines.map(textOfLine), ["row 41", "row 42", "row 43"]);

    screen.scroll(50);
    await next(screen, "update", () => screen.viewport > 0);
    const [top] = textOf(screen);
    assert.match(top, /^row 1\d\d$/);
    const { history } = screen;
    client.input(shell, "echo mo''re\r");
    await next(screen, "update", () => screen.history > history);
    assert.equal(textOf(screen)[0], top);
    // After a break it shows history again.
    const waiting = next(client, "status", (status) => status === "waiting");
    const shown = next(screen, "update", () => screen.viewport > 0);
    server.breakConnections();
    await waiting;
    client.retryNow();
    await shown;
    assert.match(textOf(screen)[0], /^row 1\d\d$/);
    screen.scroll(0);
    await untilScreen(screen, (rows) => rows.some((row) => row.includes("more")));
  });
}

test("a view of history needs an attachment in mode screen", async (t) => {
  const { client, shell } = await connected(t);
  const failure = next(client, "failure");
  client.send({ type: "scroll", terminal: shell, rows: 1 });
  const { code, terminal } = await failure;
  assert.deepEqual([typeof code, terminal], ["string", shell]);
  await assert.rejects(client.rows(shell + 1, { max: 1 }), { code: "not_found", terminal: shell + 1 });
});

for (const codec of ["json", "bincode"]) {
  test(`notices in ${codec}: those that are wanted, also after a break`, async (t) => {
    const { server, client, shell } = await connected(t, { codec, notices: ["bell"] });
    const notices = [];
    client.on("notice", (notice) => notices.push(notice));
    const noticed = (fits) => next(client, "notice", ({ notice }) => fits(notice));
    const bell = noticed((notice) => notice.bell);
    client.input(shell, "printf '\\033]0;unwanted\\007\\a'\r");
    assert.deepEqual([(await bell).notice, (await bell).terminal], [{ bell: { count: 1 } }, shell]);
    client.subscribeToNotices(["title", "notification", "cwd", "progress", "command"]);
    const cwd = noticed((notice) => notice.cwd);
    client.input(shell, "printf '\\033]0;hällo\\007\\033]9;note\\007\\033]9;4;1;30\\007\\033]7;file:///tmp\\007\\a'\r");
    assert.deepEqual((await cwd).notice, { cwd: { path: "/tmp" } });
    const kinds = notices.map(({ notice }) => notice);
    assert.deepEqual(kinds, [
      { bell: { count: 1 } },
      { title: { title: "hällo" } },
      { notification: { title: "", body: "note" } },
      { progress: { progress: { state: "normal", percent: 30 } } },
      { cwd: { path: "/tmp" } },
    ]);
    const numbers = notices.map(({ seq }) => seq);
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
    const waiting = next(client, "status", (status) => status === "waiting");
    server.breakConnections();
    await waiting;
    const opened = next(client, "status", (status) => status === "open");
    client.retryNow();
    await opened;
    const title = noticed((notice) => notice.title);
    client.input(shell, "printf '\\033]0;again\\007'\r");
    assert.deepEqual((await title).notice, { title: { title: "again" } });
    assert((await title).seq > numbers.at(-1));
  });
}

test("figures, and what the entry of a terminal says", async (t) => {
  const { client, shell } = await connected(t);
  const { clients, terminals, turns } = await client.stats();
  assert.deepEqual([clients, terminals, turns > 0], [1, 1, true]);
  const entry = (state) => state.terminals.get(shell);
  assert.equal(entry(client.state).size_policy, "latest");
  client.input(shell, "exec cat\r");
  await until(client, (state) => toText(entry(state).program) === "cat");
});

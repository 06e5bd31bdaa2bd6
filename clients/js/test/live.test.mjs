// A real server: everything in both codecs, breaks, two clients, a flood.

import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { toText } from "../src/index.js";
import { next, opened, soon, textOf, until, untilScreen } from "./support/events.mjs";
import { Server, firstTerminal } from "./support/server.mjs";

const CODECS = ["json", "bincode"];
const GRID = { cols: 60, rows: 10 };

async function started(t) {
  const server = await Server.start();
  t.after(() => server.close());
  return server;
}

const shows = (text) => (rows) => rows.some((row) => row.includes(text));

/** The whole text of a raw attachment, and a promise for when it contains something. */
function collect(raw) {
  const decoder = new TextDecoder();
  const all = { text: "", has: null };
  let look = () => {};
  raw.on("data", (bytes) => {
    all.text += decoder.decode(bytes, { stream: true });
    look();
  });
  all.until = (wanted) => soon(new Promise((resolve) => {
    look = () => all.text.includes(wanted) && resolve(all.text);
    look();
  }), `never: ${wanted}`);
  return all;
}

for (const codec of CODECS) {
  test(`a session in ${codec}`, async (t) => {
    const server = await started(t);
    const client = await server.connect({ codec, compress: true });
    const failures = [];
    client.on("failure", (failure) => failures.push(failure));
    const shell = firstTerminal(client);
    assert.deepEqual(client.welcome.scopes.slice(0, 3), ["observe", "type", "manage"]);
    assert(client.state.terminals.get(shell).running);
    assert((await client.ping()) >= 0);

    const screen = client.attachScreen(shell, GRID);
    client.input(shell, "echo sum $((40 + 2))\r");
    await untilScreen(screen, shows("sum 42"));
    assert.deepEqual([screen.cols, screen.rows], [60, 10]);
    await client.paste(shell, "echo pas''ted\n");
    await untilScreen(screen, shows("pasted"));
    screen.resize(50, 8);
    await until(client, (state) => state.terminals.get(shell).cols === 50);
    const found = await client.search(shell, "SUM \\d+", { regex: true, ignoreCase: true });
    assert.deepEqual([found.matches.length, found.complete], [1, true]);
    assert.equal((await client.query(shell)).terminal, shell);

    const [profile] = client.welcome.profiles;
    const other = await client.spawn({ profile, cwd: server.root, cols: 40, rows: 5 });
    await until(client, (state) => state.terminals.has(other));
    const raw = client.attachRaw(other, { start: "oldest" });
    const output = collect(raw);
    client.input(other, "printf 'h\\303\\251llo\\n'\r");
    await output.until("\nhéllo\r\n");
    // What is typed is seen twice once `cat` reads it.
    client.input(other, "exec cat\r");
    client.input(other, "here\r");
    await output.until("here\r\nhere\r\n");
    const ended = next(raw, "ended");
    await client.interrupt(other);
    assert.deepEqual(await ended, { exit: { signal: 2 } });
    const detached = next(raw, "detached");
    await client.closeTerminal(other);
    assert.deepEqual(await detached, { reason: "closed" });
    await until(client, (state) => !state.terminals.has(other));
    await assert.rejects(client.eof(other), { code: "not_found", terminal: other });
    const statuses = await client.batch([{ terminal: shell, op: "clear" }, { terminal: other, op: "eof" }]);
    assert.deepEqual(statuses.map((status) => status?.code), [undefined, "not_found"]);
    assert.deepEqual(failures, []);
  });

  test(`sessions, panes and files in ${codec}`, async (t) => {
    const server = await started(t);
    mkdirSync(join(server.root, "sub"));
    for (let n = 0; n < 300; n++) writeFileSync(join(server.root, "sub", `f${n}`), "x");
    const [client, other] = [await server.connect({ codec, compress: true }), await server.connect()];
    const shell = firstTerminal(client);
    const session = { id: "mine", name: "Mine", panes: ["left"], metadata: { layout: '"left"' } };
    const pane = { id: "left", session: "mine", content: { terminal: shell } };
    const { version } = await client.change([
      { change: { put_session: session }, base: 0 }, { change: { put_pane: pane }, base: 0 },
    ]);
    assert.equal(client.state.sessions.get("mine").version, version);
    await until(other, (state) => state.panes.get("left")?.content.terminal === shell);
    await client.change([{ change: { remove_session: { id: "mine" } } }]);
    await until(other, (state) => !state.panes.has("left"));

    const watch = await client.watch(server.root);
    assert.deepEqual(client.watches, [watch]);
    await until(client, (state) => [...state.files.values()].some(({ name }) => name === "f299"));
    const named = (name) => (state) => [...state.files.values()].find((file) => toText(file.name) === name);
    writeFileSync(join(server.root, "new"), "12345");
    await until(client, (state) => named("new")(state)?.size === 5);
    rmSync(join(server.root, "sub"), { recursive: true });
    await until(client, (state) => !named("f0")(state) && !named("sub")(state));
    await client.subscribeTo(["files"]);
    assert.deepEqual([client.state.terminals.size, client.state.files.size > 0], [0, true]);
    await watch.end();
    await watch.end();
    assert.deepEqual([watch.isEnded, client.watches.length], [true, 0]);
    await assert.rejects(client.watch("/"), { code: "forbidden" });
  });
}

test("a broken connection: the state, the screen, the bytes and the watches go on", async (t) => {
  const server = await started(t);
  const [client, other] = [await server.connect(), await server.connect()];
  const shell = firstTerminal(client);
  const [profile] = client.welcome.profiles;
  const second = await client.spawn({ profile });
  const screen = client.attachScreen(shell, GRID);
  const output = collect(client.attachRaw(second, { start: "oldest" }));
  client.input(shell, "echo be''fore\r");
  client.input(second, "echo be''fore\r");
  await untilScreen(screen, shows("before"));
  await output.until("before\r\n");
  const watch = await client.watch(server.root);

  server.leave();
  await next(client, "status", (status) => status === "waiting");
  assert(shows("before")(textOf(screen)));
  assert.equal(screen.status, "attaching");
  const rewatched = next(client, "watch");
  server.back();
  await Promise.all([opened(client), opened(other)]);
  assert.equal(client.welcome.resumed, true);
  assert.equal((await rewatched).watch, watch);
  assert.deepEqual(client.watches, [watch]);
  await watch.end();
  assert.equal(client.watches.length, 0);
  client.input(shell, "echo af''ter\r");
  client.input(second, "echo af''ter\r");
  await untilScreen(screen, shows("after"));
  const text = await output.until("after\r\n");
  assert.equal(text.split("before\r\n").length, 2, "nothing comes twice");
});

test("every byte comes once, however often the connection breaks", async (t) => {
  const server = await started(t);
  const client = await server.connect();
  const shell = firstTerminal(client);
  // An echo of the command would contain the mark.
  client.input(shell, "stty -echo\r");
  const raw = client.attachRaw(shell, { window: 16_384, start: "oldest" });
  let [received, breaks] = [0, 0];
  raw.on("data", (bytes) => {
    received += bytes.length;
    if (received > (breaks + 1) * 60_000 && breaks < 4) {
      breaks++;
      server.breakConnections();
    }
  });
  client.on("status", (status) => status === "waiting" && client.retryNow());
  for (const name of ["gap", "snapshot"]) raw.on(name, () => assert.fail(name));
  const output = collect(raw);
  client.input(shell, "seq 1 50000; echo en''d\r");
  const text = await output.until("end\r\n");
  const numbers = Array.from({ length: 50_000 }, (_, at) => `${at + 1}\r\n`);
  assert(text.includes(`${numbers.join("")}end\r\n`), text.slice(0, 1000));
  assert.equal(breaks, 4);
});

test("a flood waits for a listener that does not consume", async (t) => {
  const server = await started(t);
  const client = await server.connect();
  const window = 65_536;
  const raw = client.attachRaw(firstTerminal(client), { window, start: "now" });
  let [received, consume, full] = [0, null, null];
  const isConsumed = new Promise((resolve) => { consume = resolve; });
  const isFull = new Promise((resolve) => { full = resolve; });
  raw.on("data", (bytes) => {
    received += bytes.length;
    if (received === window) full();
    return isConsumed;
  });
  client.input(firstTerminal(client), "yes\r");
  await soon(isFull, "the window is not used");
  await client.ping();
  assert.equal(received, window);
  consume();
  await next(raw, "data", () => received > 3 * window);
  await client.interrupt(firstTerminal(client));
});

test("a server that is started anew", async (t) => {
  const server = await started(t);
  const client = await server.connect();
  const screen = client.attachScreen(firstTerminal(client), GRID);
  await next(screen, "update");
  const { epoch } = client.state.version;
  const detached = next(screen, "detached");
  await server.end();
  await server.run();
  await opened(client);
  assert.deepEqual(await detached, { reason: "closed" });
  assert.equal(client.welcome.resumed, false);
  await until(client, (state) => state.version.epoch !== epoch && state.terminals.size === 1);
  const again = client.attachScreen(firstTerminal(client), GRID);
  await untilScreen(again, (rows) => rows.length === GRID.rows);
});

test("a wrong token", async (t) => {
  const server = await started(t);
  const client = server.client({ token: "x".repeat(43) });
  await assert.rejects(client.connect(), { code: "unauthorized", closeCode: 4001 });
  client.setToken(server.token);
  await client.connect();
  assert.equal(client.state.terminals.size, 1);
});

test("two clients change the same session, and no change is lost", async (t) => {
  const server = await started(t);
  const clients = [await server.connect(), await server.connect({ codec: "bincode" })];
  const [id] = clients[0].state.sessions.keys();
  const count = (state) => Number(state.sessions.get(id).metadata.count ?? 0);
  const increment = (state) => {
    const session = state.sessions.get(id);
    const metadata = { ...session.metadata, count: String(count(state) + 1) };
    return [{ change: { put_session: { ...session, metadata } } }];
  };
  const changes = clients.map(async (client) => {
    for (let n = 0; n < 20; n++) await client.change(increment);
  });
  await Promise.all(changes);
  for (const client of clients) await until(client, (state) => count(state) === 40);

  // At once, and in a row without waiting.
  await Promise.all(Array.from({ length: 20 }, () => clients[0].change(increment)));
  await until(clients[1], (state) => count(state) === 60);

  const { version, ...session } = clients[0].state.sessions.get(id);
  const rename = (client, name) => client.change([{ change: { put_session: { ...session, name } }, base: version }]);
  const results = await Promise.allSettled([rename(clients[0], "one"), rename(clients[1], "two")]);
  const lost = results.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  assert.deepEqual(lost.map(({ code }) => code), ["conflict"]);
  const winner = results[0].status === "fulfilled" ? "one" : "two";
  assert.equal(lost[0].session.name, winner);
  for (const client of clients) await until(client, (state) => state.sessions.get(id).name === winner);
});

test("a flood in mode screen takes no memory", async (t) => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc");
  const server = await started(t);
  const client = await server.connect();
  const shell = firstTerminal(client);
  const screen = client.attachScreen(shell, { cols: 200, rows: 50 });
  client.input(shell, "while :; do date +%N; yes abcdefghijklmnopqrstuvwxyz | head -c 2000000; done\r");
  const updates = async (count) => {
    for (let n = 0; n < count; n++) await next(screen, "update");
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = await updates(100);
  const after = await updates(300);
  assert(after - before < 1 << 20, `${after - before} bytes more`);
  await client.interrupt(shell);
});

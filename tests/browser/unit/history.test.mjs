import assert from "node:assert/strict";
import { test } from "node:test";
import { load, row } from "./page.mjs";

const { CACHED_ROWS_MAX, FETCH_ROWS_MAX, History } = await load("terminal/history.js");
const { Scrollback } = await load("terminal/scrollback.js");

/** A server with lines of one row, of which every third takes two. It keeps `limit` rows. */
class Server {
  lines = [];
  dropped = 0;
  requests = 0;

  constructor(limit = Infinity) {
    this.limit = limit;
  }

  print(count) {
    for (let n = 0; n < count; n++) {
      const line = this.next ?? 0;
      this.next = line + 1;
      this.lines.push({ place: { line, col: 0 }, text: `line ${line}`, wrapped: line % 3 === 0 });
      if (line % 3 === 0) this.lines.push({ place: { line, col: 80 }, text: `rest of ${line}`, wrapped: false });
    }
    while (this.lines.length > this.limit) {
      this.lines.shift();
      this.dropped += 1;
    }
  }

  get history() {
    return this.lines.length;
  }

  /** The place of the top row of a screen that is empty. */
  get line() {
    return { line: this.next ?? 0, col: 0 };
  }

  async rows(_terminal, { from = null, above = 0, max }) {
    this.requests += 1;
    let at = this.history;
    if (from !== null) at = this.lines.findLastIndex(({ place }) => place.line < from.line || (place.line === from.line && place.col <= from.col));
    if (at < 0) at = 0;
    const lines = [];
    for (let index = Math.max(at - above, 0); index < Math.min(at + max, this.history); index++) {
      const { place, text, wrapped } = this.lines[index];
      lines.push({ row: index - this.history, place, ...row(text), wrapped });
    }
    return { lines, kept_from: this.lines[0]?.place ?? null, kept_to: this.line, history: this.history, cols: 80 };
  }
}

function follow(server) {
  const history = new History();
  const arrivals = [];
  const scrollback = new Scrollback({ client: server, terminal: 1, history, arrived: () => arrivals.push(1) });
  history.reset(server.history);
  return { history, scrollback };
}

/** All rows of [from, to) are those of the server. */
function check(history, server, from, to) {
  for (let index = from; index < to; index++) {
    const line = server.lines[index - history.first];
    assert.equal(history.get(index)?.runs[0].text, line.text, `row ${index}`);
    assert.ok(!history.get(index).provisional);
  }
}

test("rows keep their index while the scrollback grows", async () => {
  const server = new Server();
  server.print(100);
  const { history, scrollback } = follow(server);
  await scrollback.load(history.top - 30, history.top);
  check(history, server, history.top - 30, history.top);
  const before = history.get(history.top - 1);
  const index = history.top - 1;
  const kept = server.history;
  server.print(50);
  const by = history.advance(server.history, true, server.history - kept);
  assert.equal(by, server.history - kept);
  assert.equal(history.get(index), before);
  assert.equal(history.first, 0);
  assert.ok(!history.adrift);
});

test("rows that come with a newer scrollback than the screen's find their index", async () => {
  const server = new Server();
  server.print(300);
  const { history, scrollback } = follow(server);
  server.print(30);
  await scrollback.load(history.top - 20, history.top);
  check(history, server, history.top - 20, history.top);
});

test("any part of a long scrollback is reached with few requests", async () => {
  const server = new Server();
  server.print(60_000);
  const { history, scrollback } = follow(server);
  for (const share of [0, 0.5, 0.9, 0.123, 0.999]) {
    const from = Math.floor((history.size - 60) * share);
    server.requests = 0;
    await scrollback.load(from, from + 60);
    check(history, server, from, from + 60);
    assert.ok(server.requests <= 6, `${server.requests} requests for ${share}`);
  }
});

test("at the limit, rows are found again by their place", async () => {
  const server = new Server(1_000);
  server.print(2_000);
  const { history, scrollback } = follow(server);
  await scrollback.load(500, 560);
  const read = history.get(530);
  const { place } = read;
  const { dropped } = server;
  server.print(100);
  history.advance(server.history, true, 24);
  assert.ok(history.adrift);
  assert.ok(history.get(530).provisional);
  await scrollback.load(520, 560);
  assert.ok(!history.adrift);
  check(history, server, 520, 560);
  assert.deepEqual(history.get(530).place, place);
  assert.equal(history.first, server.dropped - dropped);
});

test("a scrollback that reached its limit on the way is corrected", async () => {
  const server = new Server(1_000);
  server.print(700);
  const { history, scrollback } = follow(server);
  await scrollback.load(400, 440);
  const { place } = history.get(420);
  server.print(200);
  history.advance(server.history, true, 200);
  assert.ok(history.adrift);
  await scrollback.load(400, 440);
  assert.deepEqual(history.get(420).place, place);
  assert.equal(history.first, server.dropped);
  check(history, server, 400, 440);
});

test("rows that are gone stay while they are read, and what is kept is found without them", async () => {
  const server = new Server(1_000);
  server.print(2_000);
  const { history, scrollback } = follow(server);
  await scrollback.load(0, 40);
  const read = history.get(20);
  server.print(5_000);
  history.advance(server.history, true, 5_000);
  assert.equal(history.get(20), read);
  assert.equal(history.missing(0, 40), null);
  await scrollback.load(history.top - 40, history.top);
  check(history, server, history.top - 40, history.top);
  assert.equal(history.get(20), read);
});

test("a smaller scrollback starts anew", async () => {
  const server = new Server();
  server.print(100);
  const { history, scrollback } = follow(server);
  await scrollback.load(0, 50);
  const { generation } = history;
  history.reset(10);
  assert.equal(history.cachedRows, 0);
  assert.notEqual(history.generation, generation);
  assert.equal(history.top, 10);
});

test("the cache is bounded and keeps what is near", () => {
  const history = new History();
  history.reset(50_000);
  for (let index = 0; index < 50_000; index++) history.keep(index, row("x"));
  history.trim(20_000);
  assert.equal(history.cachedRows, CACHED_ROWS_MAX * 0.75);
  assert.ok(history.get(20_000));
  assert.ok(history.get(20_000 - CACHED_ROWS_MAX / 4));
  assert.equal(history.get(0), null);
});

test("a request never asks for more than the protocol gives", () => {
  const history = new History();
  history.reset(50_000);
  const request = history.request({ from: 10, to: 49_000 });
  assert.ok(request.above + request.max <= 1_000);
  assert.ok(FETCH_ROWS_MAX * 2 <= 1_000);
});

test("a server that gives nothing is not asked for ever", async () => {
  const server = new Server();
  server.print(100);
  const { history, scrollback } = follow(server);
  let asked = 0;
  server.rows = async () => {
    asked += 1;
    return { lines: [], kept_from: null, kept_to: null, history: server.history, cols: 80 };
  };
  await assert.rejects(scrollback.load(history.top - 10, history.top));
  assert.ok(asked < 20);
});

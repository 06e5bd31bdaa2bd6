import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decimalTop, linePoints, pathOf, showAge, showSpan, sizeTop, valueAt,
} from "../../../src/bin/orchflow-demo/page/figures/axis.js";
import { intervalOf } from "../../../src/bin/orchflow-demo/page/figures/interval.js";
import { SERIES_LENGTH } from "../../../src/bin/orchflow-demo/page/figures/series.js";
import { partTitle, summary, worsened } from "../../../src/bin/orchflow-demo/page/health.js";

test("the end of a scale is a round number that is not below the values", () => {
  const decimals = [[0, 1, 1], [0.3, 0, 0.5], [1, 0, 1], [1.01, 0, 2], [7, 1, 10], [420, 1, 500], [1000, 1, 1000]];
  for (const [max, floor, top] of decimals) assert.equal(decimalTop(max, floor), top, `${max}`);
  const sizes = [[0, 1024, 1024], [3000, 0, 5 * 1024], [600 * 1024, 0, 2 ** 20], [2 ** 20, 0, 2 ** 20], [2 ** 20 + 1, 0, 2 ** 21]];
  for (const [max, floor, top] of sizes) assert.equal(sizeTop(max, floor), top, `${max}`);
  for (const max of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(decimalTop(max, 0), 1, `${max}`);
});

test("a line ends at the right and has holes", () => {
  const width = SERIES_LENGTH - 1;
  const linePath = (...args) => pathOf(linePoints(...args));
  assert.deepEqual(linePoints([0, null, 5], width, 20, 10), [`${width - 2},20`, null, `${width},10`]);
  // What is above the top is drawn at it.
  assert.deepEqual(linePoints([7], width, 20, 5), [`${width},0`]);
  assert.equal(linePath([0, 5, 10], width, 20, 10), `M${width - 2},20L${width - 1},10L${width},0`);
  assert.equal(linePath([1, null, 2, null], width, 20, 2), `M${width - 3},10h0M${width - 1},0h0`);
  assert.equal(linePath([null, 4], width, 20, 2), `M${width},0h0`);
  assert.equal(linePath([], width, 20, 1), "");
});

test("the value at a place of the chart", () => {
  assert.equal(valueAt(SERIES_LENGTH, 0), 0);
  assert.equal(valueAt(SERIES_LENGTH, 1), SERIES_LENGTH - 1);
  assert.equal(valueAt(2, 1), 1);
  assert.equal(valueAt(2, 0.5), null);
  assert.equal(valueAt(0, 1), null);
});

test("when a value was, by the times of the reports", () => {
  const times = [1000, 2000, 7000, 8100];
  assert.deepEqual([0, 1, 2, 3].map((at) => showAge(times, at)), ["7 s ago", "6 s ago", "1 s ago", "0 s ago"]);
  assert.equal(showAge([0, 125_000], 0), "2 min 5 s ago");
  const every = (ms, count = SERIES_LENGTH) => Array.from({ length: count }, (_, at) => at * ms);
  assert.equal(showSpan([]), "last minute");
  assert.equal(showSpan(every(2000, 3)), "last minute");
  assert.equal(showSpan(every(1000)), "last minute");
  assert.equal(showSpan(every(2000)), "last 1 min 58 s");
  assert.equal(showSpan(every(500)), "last 29 s");
});

test("what happened between two reports", () => {
  const none = { count: 0, sum_us: 0 };
  const report = (uptime_ms, bytes, turn) => ({
    uptime_ms, pty_read_bytes: bytes, pty_written_bytes: 0, sent_bytes: 0, received_bytes: 0, file_events: 0, rescans: 0,
    errors: 0, turn, lag: none, response: none, file_latency: none, diff_age: none, round_trip: none,
    memory: [{ name: "logs", bytes: 7 }],
  });
  const first = report(1000, 100, { count: 2, sum_us: 50 });
  const next = report(3000, 1100, { count: 12, sum_us: 20_050 });
  assert.equal(intervalOf(null, first), null);
  const { output, turn, lag, logs } = intervalOf(first, next);
  assert.deepEqual({ output, turn, lag, logs }, { output: 500, turn: 2, lag: null, logs: 7 });
  assert.equal(intervalOf(next, first), null);
});

test("only parts that get worse are noted", () => {
  const part = (id, status) => ({ part: "terminal", id, status });
  const known = new Map([["Terminal 1", "degraded"], ["Terminal 2", "failed"]]);
  const parts = [part(1, "failed"), part(2, "degraded"), part(3, "degraded")];
  assert.deepEqual(worsened(known, parts).map(partTitle), ["Terminal 1", "Terminal 3"]);
  assert.equal(partTitle({ part: "memory", id: 0 }), "Memory");
  assert.equal(partTitle({ part: "later kind", id: 4 }), "later kind 4");
});

test("the health in a sentence", () => {
  assert.equal(summary(null), "");
  assert.equal(summary({ status: "ok", parts: [], more: 0 }), "");
  assert.equal(summary({ status: "failed", parts: [{}], more: 0 }), "The engine is failed: 1 part");
  assert.equal(summary({ status: "degraded", parts: [{}], more: 2 }), "The engine is degraded: 3 parts");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Rate, SERIES_LENGTH, Series, showDuration, showMilliseconds } from "../../../src/bin/orchflow-demo/page/figures/series.js";

test("a series keeps the last values", () => {
  const series = new Series();
  for (let value = 0; value < SERIES_LENGTH + 5; value += 1) series.push(value);
  assert.equal(series.values.length, SERIES_LENGTH);
  assert.equal(series.values[0], 5);
});

test("rates from counters that may begin anew", () => {
  const rate = new Rate();
  assert.equal(rate.next(100, 0), null);
  assert.equal(rate.next(150, 500), 100);
  assert.equal(rate.next(10, 1500), null);
  assert.equal(rate.next(20, 2500), 10);
  assert.equal(rate.next(20, 2500), null);
});

test("times for people", () => {
  assert.deepEqual([0.123, 9.99, 12.4, 1234].map(showMilliseconds), ["0.12 ms", "9.99 ms", "12 ms", "1.2 s"]);
  assert.deepEqual([0, 12_000, 312_000, 3_600_000, 273_600_000].map(showDuration),
    ["0 s", "12 s", "5 min 12 s", "1 h 0 min", "3 d 4 h"]);
});

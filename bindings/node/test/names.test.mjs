// The names that stand for numbers are those of orchflow.h, all of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

const names = createRequire(import.meta.url)("../lib/names.js");
const header = readFileSync(join(process.env.ORCHFLOW_INCLUDE_DIR, "orchflow.h"), "utf8");

/** The constants with a prefix: their names as JavaScript writes them, by number. */
function constants(prefix) {
  const found = [];
  for (const [, name, number] of header.matchAll(new RegExp(`^ {4}${prefix}([A-Z_]+) = (\\d+),`, "gm"))) {
    found[Number(number)] = name.toLowerCase().replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  }
  return found;
}

for (const [list, prefix] of Object.entries({
  DELIVERY: "ORCH_DELIVERY_", START: "ORCH_START_", MODE: "ORCH_MODE_", MARK: "ORCH_MARK_", PROGRESS: "ORCH_PROGRESS_",
  BREAKER: "ORCH_BREAKER_", RESTART_STEP: "ORCH_RESTART_STEP_", HEALTH: "ORCH_HEALTH_", PART: "ORCH_PART_",
  LOG_LEVEL: "ORCH_LOG_", FILE_TYPE: "ORCH_FILE_TYPE_", FILE_EVENT: "ORCH_FILE_EVENT_", WATCH_PROBLEM: "ORCH_WATCH_PROBLEM_",
})) {
  test(`${prefix}*`, () => {
    const expected = constants(prefix);
    assert(expected.length > 1);
    // A problem that there is not is null.
    assert.deepEqual(Array.from(names[list], (name) => name ?? null), Array.from(expected, (name, at) => (
      name === undefined || (list === "WATCH_PROBLEM" && at === 0) ? null : name
    )));
  });
}

test("kinds of events", () => {
  const expected = constants("ORCH_EVENT_");
  for (const [name, number] of Object.entries(names.EVENT)) {
    const camel = name.toLowerCase().replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
    if (number !== 0) assert.equal(expected[number], camel);
  }
});

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { expected, indexFile } from "../preload.mjs";

test("index.html asks for the modules of the first paint at once", async () => {
  const hint = "run: node tests/browser/preload.mjs --write";
  assert.equal(await readFile(indexFile, "utf8"), await expected(), hint);
});

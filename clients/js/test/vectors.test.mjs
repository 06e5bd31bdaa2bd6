// Every vector, in both codecs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromBytes, toBytes, toText } from "../src/index.js";
import * as bincode from "../src/bincode.js";
import { DigestSum, digest } from "../src/digest.js";
import { inflate, inputFrame, outputOf } from "../src/frames.js";
import * as json from "../src/json.js";
import { SCHEMA } from "../src/messages.js";

const VECTORS = new URL("../../../tests/vectors/messages.json", import.meta.url);
const vectors = JSON.parse(readFileSync(VECTORS, "utf8"));
const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (of) => Buffer.from(of).toString("hex");

/** A double does not hold every number of these. */
const isTooLarge = ({ name }) => name.endsWith("_max");
const isSafe = (value) =>
  typeof value === "number" ? Number.isSafeInteger(value)
    : value === null || typeof value !== "object" || Object.values(value).every(isSafe);

test("the schema is that of the server", () => assert.equal(SCHEMA, parseInt(vectors.schema, 16)));

for (const vector of vectors.messages.filter((one) => !isTooLarge(one))) {
  test(`bincode: ${vector.from} ${vector.name}`, () => {
    const side = `${vector.from}_message`;
    if (vector.from === "server") {
      assert.deepEqual(bincode.open(bytes(vector.bincode)).message, vector.json);
    } else {
      assert.equal(hex(bincode.plainFrame(bincode.encode(vector.json))), vector.bincode);
    }
    assert.deepEqual(bincode.decodeAs(side, bincode.encodeAs(side, vector.json)), vector.json);
  });
}

test("numbers that no double holds are refused", () => {
  for (const vector of vectors.messages.filter(isTooLarge)) {
    if (isSafe(vector.json)) continue;
    const payload = bytes(vector.bincode).subarray(12);
    assert.throws(() => bincode.decodeAs(`${vector.from}_message`, payload), RangeError, vector.name);
  }
});

test("what is malformed is refused", () => {
  const good = bytes(vectors.messages.find(({ name }) => name === "diff").bincode);
  for (let end = 0; end < good.length; end++) assert.throws(() => bincode.open(good.subarray(0, end)));
  assert.throws(() => bincode.open(new Uint8Array([...good, 0])));
  const other = good.slice();
  other[4] ^= 1;
  assert.throws(() => bincode.open(other), /another schema/);
  assert.throws(() => bincode.encode({ type: "attach" }), /terminal is missing/);
  assert.throws(() => bincode.encode({ type: "attach", terminal: -1 }), /no u64/);
  assert.throws(() => bincode.encode({ type: "attach", terminal: 1, cols: 65536 }), /no u16/);
  assert.throws(() => bincode.encode({ type: "attach", terminal: 1, mode: "loud" }), /not known/);
});

for (const vector of vectors.deflated) {
  test(`deflated: ${vector.from} ${vector.name}`, async () => {
    for (const [codec, frame] of [[json, vector.json_deflated], [bincode, vector.bincode_deflated]]) {
      const { deflated, length } = codec.open(bytes(frame));
      const payload = await inflate(deflated, length);
      const side = `${vector.from}_message`;
      const message = codec === json ? json.decode(payload) : bincode.decodeAs(side, payload);
      assert.deepEqual(message, vector.json);
      await assert.rejects(inflate(deflated, length - 1), RangeError);
      await assert.rejects(inflate(deflated, length + 1), RangeError);
    }
  });
}

test("frames", () => {
  for (const { name, from, terminal, offset, bytes: inside, frame } of vectors.frames) {
    if (from === "server" && name.endsWith("_max")) assert.throws(() => outputOf(bytes(frame)), RangeError);
    if (name.endsWith("_max")) continue;
    if (from === "server") assert.deepEqual(outputOf(bytes(frame)), { terminal, offset, bytes: bytes(inside) });
    else assert.equal(hex(inputFrame(terminal, bytes(inside))), frame);
  }
});

test("digests, and the hash", () => {
  const sum = new DigestSum();
  for (const { collection, entry, digest: wanted } of vectors.digests) {
    const parts = [wanted.slice(0, 8), wanted.slice(8)].map((half) => parseInt(half, 16));
    if (isSafe(entry)) assert.deepEqual(digest(collection, entry), parts, JSON.stringify(entry));
    sum.add(parts);
  }
  assert.equal(String(sum), vectors.hash);
  for (const { digest: one } of vectors.digests) {
    sum.subtract([one.slice(0, 8), one.slice(8)].map((half) => parseInt(half, 16)));
  }
  assert.equal(String(sum), "0000000000000000");
});

test("bytes", () => {
  const odd = new Uint8Array([0x2f, 0xff, 0]);
  assert.deepEqual(fromBytes(odd), { bytes: "L/8A" });
  assert.deepEqual(toBytes(fromBytes(odd)), odd);
  assert.equal(toText(fromBytes(odd)), "/\ufffd\0");
  assert.equal(fromBytes(toBytes("\ufeffé€😀")), "\ufeffé€😀");
  const large = new Uint8Array(200_000).fill(0xfe);
  assert.deepEqual(toBytes(fromBytes(large)), large);
});

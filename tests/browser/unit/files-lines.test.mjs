// Rows of a text: the index, the pages and the model, beside splitting the whole text.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FileDocument, FileReplaced } from "../../../src/bin/orchflow-demo/page/files/file_document.js";
import { LineIndex, ROW_BYTES_MAX } from "../../../src/bin/orchflow-demo/page/files/line_index.js";
import { TextModel } from "../../../src/bin/orchflow-demo/page/files/text_model.js";

const encoder = new TextEncoder();
const path = "/file";

/** A file in memory, and `client.read` on it. */
class File {
  inode = "1";
  changed = 1;
  reads = 0;

  constructor(text) {
    this.bytes = encoder.encode(text);
  }

  write(text, inode = this.inode) {
    this.bytes = encoder.encode(text);
    this.inode = inode;
    this.changed += 1;
  }

  read = async (wanted, { offset, max, base }) => {
    assert.equal(wanted, path);
    this.reads += 1;
    const version = { device: "1", inode: this.inode, size: this.bytes.length, changed_ns: String(this.changed) };
    const data = this.bytes.slice(offset, offset + max);
    const changed = Boolean(base) && (base.inode !== version.inode || base.changed_ns !== version.changed_ns);
    return { data, offset, version, changed, end: offset + data.length >= this.bytes.length };
  };
}

async function modelOf(file, index = new LineIndex()) {
  const document = await new FileDocument(file.read, path).open();
  const model = new TextModel(document, "utf-8", {
    changed: () => {}, failed: (error) => assert.fail(error), pause: async () => {},
  });
  model.index = index;
  await model.readOn();
  return model;
}

async function allRows(model) {
  const rows = [];
  while (rows.length < model.rows) rows.push(...await model.readPage(model.index.pageOf(rows.length)));
  return rows;
}

function randomText(pick) {
  let text = "";
  for (let lines = pick(60); lines > 0; lines -= 1) {
    const length = pick(8) === 0 ? pick(3 * ROW_BYTES_MAX) : pick(40);
    const unit = ["a", "ä", "漢", "😀"][pick(4)];
    text += unit.repeat(length) + ["\n", "\r\n"][pick(2)];
  }
  return pick(2) ? text : text.replace(/\r?\n$/, "");
}

function random(seed) {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}

test("rows put together are the lines of the text, in whatever slices it came and however few checkpoints there are", async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const pick = random(seed);
    const text = randomText(pick);
    const file = new File(text);
    const model = await modelOf(file, new LineIndex({ pageRows: 1 + pick(9), pageBytes: 1 + pick(30_000), checkpointsMax: 8 }));
    // The same in many small slices.
    const sliced = new LineIndex({ pageRows: 3 });
    for (let at = 0; at < file.bytes.length;) {
      const to = at + 1 + pick(5000);
      sliced.feed(file.bytes.subarray(at, to));
      at = to;
    }
    assert.equal(sliced.rows, model.index.rows, `seed ${seed}`);
    assert.equal(sliced.lines, model.index.lines);
    assert.ok(model.index.checkpoints <= 8);
    const lines = [];
    for (const { text: part, line, first } of await allRows(model)) {
      assert.equal(first, lines.length === line, `seed ${seed} line ${line}`);
      assert.ok(encoder.encode(part).length <= ROW_BYTES_MAX + 3);
      assert.doesNotMatch(part, /\ufffd/);
      lines[line] = (lines[line] ?? "") + part;
    }
    const expected = text.split(/\r?\n/);
    if (expected.at(-1) === "") expected.pop();
    assert.deepEqual(lines, expected, `seed ${seed}`);
    for (let times = 0; times < 5 && lines.length > 0; times += 1) {
      const line = pick(lines.length);
      const row = await model.rowOfLine(line);
      const rows = await allRows(model);
      assert.equal(rows[row].line, line);
      assert.ok(rows[row].first);
    }
  }
});

test("a log that grows is read on, not anew", async () => {
  const text = "a line of the log\n".repeat(20_000);
  const file = new File(text);
  const model = await modelOf(file);
  assert.equal(model.rows, 20_000);
  file.write(`${text}part`);
  assert.equal(await model.document.refresh(), "grown");
  file.reads = 0;
  await model.readOn();
  assert.equal(file.reads, 1);
  assert.equal(model.rows, 20_001);
  assert.equal(await model.document.refresh(), "same");
});

test("a log that grows while it is read is read once", async () => {
  const text = "a line of the log\n".repeat(30_000);
  const file = new File(text);
  const document = await new FileDocument(file.read, path).open();
  const model = new TextModel(document, "utf-8", {
    changed: () => {}, failed: (error) => assert.fail(error), pause: async () => {},
  });
  const first = model.readOn();
  file.write(`${text}more\n`);
  await Promise.all([first, document.refresh().then(() => model.readOn())]);
  assert.equal(model.rows, 30_001);
  assert.ok(model.complete);
});

test("another file, another beginning, a shorter file and another end are new content", async () => {
  const text = "a line of the log\n".repeat(20_000);
  const changes = [[text, "2"], [`b${text}`], [text.slice(20)], [`${text.slice(0, -9)}something else`]];
  for (const [other, inode] of changes) {
    const file = new File(text);
    const model = await modelOf(file);
    file.write(other, inode);
    assert.equal(await model.document.refresh(), "replaced");
  }
});

test("bytes of another file are never taken for those of this one", async () => {
  const file = new File("x".repeat(300_000));
  const model = await modelOf(file);
  file.write("y".repeat(300_000), "2");
  await assert.rejects(model.readPage(model.index.pageOf(20)), FileReplaced);
});

test("the last row goes on when the file grows", async () => {
  const text = "line\n".repeat(60_000);
  const file = new File(`${text}begin`);
  const model = await modelOf(file);
  const arrived = () => new Promise((resolve) => {
    model.changed = resolve;
  });
  const last = model.rows - 1;
  let next = arrived();
  assert.equal(model.peek(last), undefined);
  await next;
  assert.equal(model.peek(last).text, "begin");
  file.write(`${text}begin and end\n`);
  await model.document.refresh();
  await model.readOn();
  next = arrived();
  model.peek(last);
  await next;
  assert.equal(model.peek(last).text, "begin and end");
});

test("a text is found in all rows, with or without case", async () => {
  const file = new File("Needle\nhay\n".repeat(400));
  const model = await modelOf(file);
  const find = async (text, options) => {
    const rows = [];
    for await (const list of model.find(text, options)) rows.push(...list);
    return rows;
  };
  assert.equal((await find("needle")).length, 400);
  assert.deepEqual((await find("needle")).slice(0, 3), [0, 2, 4]);
  assert.equal((await find("needle", { matchCase: true })).length, 0);
  const stopped = new AbortController();
  stopped.abort();
  assert.equal((await find("needle", { signal: stopped.signal })).length, 0);
});

test("an empty file has no rows", async () => {
  const model = await modelOf(new File(""));
  assert.equal(model.rows, 0);
  assert.equal(model.index.lines, 0);
  assert.ok(model.complete);
});

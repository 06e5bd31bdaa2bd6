// A real server: files, in slices and whole.

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Server } from "./support/server.mjs";

for (const codec of ["json", "bincode"]) {
  test(`reading in ${codec}`, async (t) => {
    const server = await Server.start();
    t.after(() => server.close());
    const client = await server.connect({ codec, compress: true });
    const path = join(server.root, "data");
    const content = Uint8Array.from({ length: 600_000 }, (_, at) => (at * 31) % 251);
    writeFileSync(path, content);
    const whole = await client.readFile(path);
    assert.deepEqual([whole.bytes, whole.truncated, whole.changed], [content, false, false]);
    assert.equal(whole.version.size, content.length);
    const part = await client.readFile(path, { limit: 1000 });
    assert.deepEqual([part.bytes, part.truncated], [content.subarray(0, 1000), true]);

    const slice = await client.read(path, { offset: 599_990, max: 100, base: whole.version });
    assert.deepEqual([slice.data, slice.end, slice.changed], [content.subarray(599_990), true, false]);
    appendFileSync(path, "more");
    const later = await client.read(path, { offset: 600_000, base: whole.version });
    assert.deepEqual([new TextDecoder().decode(later.data), later.changed], ["more", true]);
    writeFileSync(`${path}.new`, "other");
    renameSync(`${path}.new`, path);
    const other = await client.read(path, { base: later.version });
    assert.deepEqual([new TextDecoder().decode(other.data), other.changed], ["other", true]);
    assert.notEqual(other.version.inode, later.version.inode);

    writeFileSync(join(server.root, "empty"), "");
    assert.equal((await client.readFile(join(server.root, "empty"))).bytes.length, 0);
    mkdirSync(join(server.root, "folder"));
    await assert.rejects(client.read(join(server.root, "folder")));
    await assert.rejects(client.read("/etc/hosts"), { code: "forbidden" });
    await assert.rejects(client.read(join(server.root, "none")), { code: "not_found" });
  });
}

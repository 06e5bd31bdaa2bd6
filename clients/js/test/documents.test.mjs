// The examples of docs/CLIENTS.md and of the README do what they say.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Server } from "./support/server.mjs";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const DOCUMENT = fileURLToPath(new URL("../../../docs/CLIENTS.md", import.meta.url));
const WATCHDOG_MS = 60_000;
/** Each example is about ten lines. */
const LINES_MAX = 15;

/** What an example prints, beside what the first one does. */
const PRINTS = {
  "Connect": /^connecting \nopen \norchflow\/\S+ \[ 'observe', 'type', 'manage'/,
  "Mirror the state": /1 terminals, now 2/,
  "Follow a terminal as rows": /\n0 /,
  "Follow a terminal as bytes": /\x1bc/,
  "Type": /\[ null, null \]/,
  "Run a command and get its output and status": /\btmp\b[^]* 3\n/,
  "Change the layout": /\nMine!\n/,
  "Search and history": /\n0\n[^]*line: 0/,
  "Files": /\n5\nnotes false\n/,
  "Notices": /\{ bell: \{ count: 1 \} \} 1\n/,
  "A store for a framework": /\nDemo\n/,
};

/** The code below each heading of the part for JavaScript. */
function examples() {
  const part = readFileSync(DOCUMENT, "utf8").split(/^## /m).find((text) => text.startsWith("JavaScript\n"));
  const found = new Map();
  for (const section of part.split(/^### /m).slice(1)) {
    const [, code] = section.match(/^```js\n([^]*?)^```$/m);
    found.set(section.slice(0, section.indexOf("\n")), code);
  }
  return found;
}

/** A folder in which the modules of the examples are found. */
function folderOf(t, server) {
  const folder = mkdtempSync(join(tmpdir(), "orchflow-documents-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules"));
  const link = (to, name) => symlinkSync(to, join(folder, "node_modules", name));
  link(HERE, "orchflow-client");
  link(join(HERE, "node_modules/ws"), "ws");
  for (const name of ["react", "react-test-renderer"]) link(join(HERE, "examples/react/node_modules", name), name);
  writeFileSync(join(server.root, "notes.txt"), "notes");
  return folder;
}

async function run(folder, server, code) {
  writeFileSync(join(folder, "example.mjs"), code);
  const child = spawn("node", [join(folder, "example.mjs")], {
    cwd: server.root,
    env: { ...process.env, ORCHFLOW_ADDRESS: server.address },
    timeout: WATCHDOG_MS,
  });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].on("data", (data) => { printed[name] += data; });
  const [status] = await once(child, "close");
  assert.equal(status, 0, printed.stdout + printed.stderr);
  return printed.stdout;
}

const [connect] = examples().values();
const HAS_REACT = existsSync(join(HERE, "examples/react/node_modules/react"));
const RENDERED = `
import { createElement } from "react";
import { act, create } from "react-test-renderer";
globalThis.IS_REACT_ACT_ENVIRONMENT = true;
let page;
await act(() => { page = create(createElement(Sessions)); });
console.log(page.toJSON());
`;

for (const [heading, code] of examples()) {
  const skip = heading.includes("framework") && !HAS_REACT && process.env.ORCHFLOW_TOOLS_STRICT !== "1";
  test(`CLIENTS.md: ${heading}`, { skip }, async (t) => {
    assert(code.trimEnd().split("\n").length <= LINES_MAX, "too long");
    const server = await Server.start();
    t.after(() => server.close());
    const folder = folderOf(t, server);
    const rest = heading.includes("framework") ? code + RENDERED : code;
    const whole = `${heading === "Connect" ? "" : connect}\n${rest}\nawait client.close();\n`;
    assert.match(await run(folder, server, whole), PRINTS[heading]);
  });
}

test("every example is known", () => assert.deepEqual([...examples().keys()], Object.keys(PRINTS)));

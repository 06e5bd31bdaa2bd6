// What a stranger gets: the packed module in an empty folder, its types, and that these are what is there.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import ts from "typescript";
import * as module from "../src/index.js";
import { Watch } from "../src/watches.js";

const HERE = fileURLToPath(new URL("..", import.meta.url));
/** What the page loads for the first screen, as the server sends it. */
const WEIGHT_MAX = 26 << 10;

function run(program, args, cwd) {
  try {
    return execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`${program} ${args.join(" ")}\n${error.stdout}${error.stderr}`);
  }
}

test("packed, installed in an empty folder, imported, and its types checked", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "orchflow-stranger-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [{ filename, files }] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], HERE));
  const names = files.map(({ path }) => path);
  assert(names.every((name) => /^(src\/[\w-]+\.(js|d\.ts)|README\.md|LICENSE-\w+|package\.json)$/.test(name)), `${names}`);
  for (const name of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "src/bincode.js"]) assert(names.includes(name), name);

  writeFileSync(join(folder, "package.json"), '{"private": true, "type": "module"}');
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", `./${filename}`], folder);
  const source = 'import { Client } from "orchflow-client"; console.log(typeof Client, new Client({url: "ws://x/"}).status);';
  writeFileSync(join(folder, "stranger.mjs"), source);
  assert.equal(run("node", ["stranger.mjs"], folder), "function idle\n");

  copyFileSync(join(HERE, "test/types.ts"), join(folder, "types.ts"));
  const options = ["--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom"];
  const tsc = join(HERE, "node_modules/typescript/bin/tsc");
  run("node", [tsc, ...options, "--module", "nodenext", "types.ts"], folder);
  run("node", [tsc, ...options, "--module", "esnext", "--moduleResolution", "bundler", "types.ts"], folder);
});

/** The public members that the types declare, by class. */
function declared() {
  const path = join(HERE, "src/index.d.ts");
  const file = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  const classes = {};
  const functions = [];
  for (const node of file.statements) {
    if (ts.isFunctionDeclaration(node)) functions.push(node.name.text);
    if (!ts.isClassDeclaration(node)) continue;
    const members = node.members.filter((member) => member.name).map((member) => member.name.text);
    classes[node.name.text] = { members, base: node.heritageClauses?.[0].types[0].expression.text };
  }
  return { classes, functions };
}

/** The members of an instance and of its classes, but not those of `Error` and `Object`. */
function present(instance) {
  const names = new Set(Object.keys(instance));
  let of = Object.getPrototypeOf(instance);
  for (; of !== Object.prototype && of !== Error.prototype; of = Object.getPrototypeOf(of)) {
    for (const name of Object.getOwnPropertyNames(of)) if (name !== "constructor") names.add(name);
  }
  return names;
}

/** What the modules of the client use of each other; the types do not have it. */
const INTERNAL = {
  Client: ["detach", "forget", "afterReplies"],
  Watch: [],
  State: ["setOverlay", "dropPartial", "take", "notify"],
  ScreenAttachment: ["client", "request", "begin", "handle", "attach", "awaited", "broken", "finish", "take", "failed", "emit"],
  RawAttachment: [
    "client", "request", "begin", "handle", "output", "attach", "awaited", "broken", "finish", "take", "failed", "emit",
  ],
  OrchflowError: ["name"],
};

test("the types declare what is there", () => {
  const { classes, functions } = declared();
  const client = new module.Client({ url: "ws://127.0.0.1/" });
  const instances = {
    Client: client,
    State: client.state,
    Watch: new Watch("/d", 1, () => {}),
    ScreenAttachment: client.attachScreen(1),
    RawAttachment: client.attachRaw(2),
    OrchflowError: new module.OrchflowError("closed", "", { terminal: 1, closeCode: 1, op: 0, session: null, pane: null }),
  };
  for (const [name, instance] of Object.entries(instances)) {
    const { members, base } = classes[name];
    const inherited = classes[base]?.members ?? [];
    const names = [...present(instance)].filter((member) => !INTERNAL[name].includes(member));
    assert.deepEqual(new Set(names.sort()), new Set([...members, ...inherited].sort()), name);
  }
  const exported = Object.keys(module).sort();
  assert.deepEqual(exported, [...functions, "Client", "OrchflowError"].sort());
});

test("what a page loads is light", () => {
  const seen = new Set();
  const load = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    const source = readFileSync(join(HERE, "src", name), "utf8");
    for (const [, other] of source.matchAll(/^(?:import|export)[^;]*from "\.\/([\w-]+\.js)"/gm)) load(other);
  };
  load("index.js");
  assert(!seen.has("bincode.js") && seen.has("client.js"));
  const sources = [...seen].map((name) => readFileSync(join(HERE, "src", name)));
  const weight = sources.reduce((sum, source) => sum + gzipSync(source).length, 0);
  assert(weight < WEIGHT_MAX, `${weight} bytes`);
  for (const name of seen) assert(statSync(join(HERE, "src", name)).size < 40_000, name);
});

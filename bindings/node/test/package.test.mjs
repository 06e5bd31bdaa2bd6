// What a user gets: the declarations are true and complete, and the packed module builds and runs in another folder.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as module from "orchflow";
import ts from "typescript";
import { folderFor } from "./support/wait.mjs";

const HERE = fileURLToPath(new URL("..", import.meta.url));

function run(program, args, cwd, env = {}) {
  try {
    const options = { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } };
    return execFileSync(program, args, options);
  } catch (error) {
    throw new Error(`${program} ${args.join(" ")}\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

test("the declarations compile, and fit where node-pty's are expected", () => {
  const options = ["--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,esnext.disposable", "--module", "nodenext"];
  run("node", ["node_modules/typescript/bin/tsc", ...options, "--types", "node", "test/types.ts"], HERE);
});

/** The public members that the declarations have, by class, and functions and constants. */
function declared() {
  const path = join(HERE, "lib/index.d.ts");
  const file = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  const classes = {}, values = [];
  for (const node of file.statements) {
    if (ts.isFunctionDeclaration(node)) values.push(node.name.text);
    if (ts.isVariableStatement(node)) values.push(...node.declarationList.declarations.map(({ name }) => name.text));
    if (!ts.isClassDeclaration(node)) continue;
    values.push(node.name.text);
    classes[node.name.text] = node.members.map(({ name }) => name?.text).filter(Boolean).sort();
  }
  return { classes, values };
}

test("the module has what the declarations say, and nothing else", () => {
  const { classes, values } = declared();
  assert.deepEqual(Object.keys(module).filter((name) => name !== "default" && name !== "module.exports").sort(), values.sort());
  const engine = new module.Engine();
  const terminal = engine.spawn("/bin/cat");
  const examples = {
    Engine: engine, Terminal: terminal, Reader: terminal.attach(), Watch: engine.watch(HERE + "lib"),
    Pty: module.spawn("/bin/cat", [], { engine }), OrchflowError: new module.OrchflowError("ORCH_E_GONE", "gone"),
  };
  const inherited = new Set(Object.getOwnPropertyNames(new (Object.getPrototypeOf(module.Engine))()));
  for (const [name, example] of Object.entries(examples)) {
    const own = [...Object.getOwnPropertyNames(example), ...Object.getOwnPropertyNames(module[name].prototype)];
    const isPublic = (member) => !member.startsWith("_") && !inherited.has(member);
    const there = own.filter((member) => isPublic(member) && !["constructor", "stack", "message", "name"].includes(member));
    assert.deepEqual([...new Set(there)].sort(), classes[name], name);
  }
  engine.destroy();
});

test("packed, built with the archive and used in another folder, by require and by import", (t) => {
  const folder = folderFor(t);
  const [{ filename, files }] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], HERE));
  const names = files.map(({ path }) => path);
  const expected = /^(lib\/[\w-]+\.(js|d\.ts)|src\/\w+\.[ch]|scripts\/library\.js|binding\.gyp|package\.json|README\.md|LICENSE-\w+)$/;
  assert.deepEqual(names.filter((name) => !expected.test(name)), []);
  writeFileSync(join(folder, "package.json"), '{"private": true}');
  run("npm", ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", `./${filename}`], folder);
  // npm brings its own node-gyp, of whatever version; the tests' one is pinned.
  const own = join(folder, "node_modules/orchflow");
  const gyp = join(HERE, "node_modules/.bin/node-gyp");
  run(gyp, ["rebuild", "--silent"], own, { ORCHFLOW_STATIC: "1" });
  assert.doesNotMatch(run("ldd", [join(own, "build/Release/orchflow.node")], folder), /liborchflow/);
  const body = 'spawn("/bin/echo", ["hello"]).onData((data) => process.stdout.write(data));';
  writeFileSync(join(folder, "a.cjs"), `const { spawn } = require("orchflow"); ${body}`);
  writeFileSync(join(folder, "b.mjs"), `import { spawn } from "orchflow"; ${body}`);
  for (const file of ["a.cjs", "b.mjs"]) assert.equal(run("node", [file], folder), "hello\r\n");
});

test("without a library the build says what to do", () => {
  const env = { ...process.env, PKG_CONFIG_PATH: "/no/such", PKG_CONFIG_LIBDIR: "/no/such" };
  delete env.ORCHFLOW_LIBRARY_DIR;
  assert.throws(
    () => execFileSync("node", ["scripts/library.js", "link"], { cwd: HERE, env, stdio: "pipe" }),
    ({ stderr }) => /liborchflow was not found. Install it/.test(stderr),
  );
  env.ORCHFLOW_LIBRARY_DIR = "/no/such";
  assert.throws(
    () => execFileSync("node", ["scripts/library.js", "link"], { cwd: HERE, env, stdio: "pipe" }),
    ({ stderr }) => /there is no \/no\/such\/liborchflow.so/.test(stderr),
  );
});

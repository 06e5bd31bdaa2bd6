// Runs node-pty's own tests against this package: those that its npm package contains, in the version that
// package-lock.json pins. Nothing of them is part of this project.
//
// They are copied beside modules of the names that they load, which lead to this package. A test of DIFFERS has to fail,
// so that the list stays true; every other one has to pass. Some of them wait for a fixed time in which a program has to
// be ready, and fail on a busy machine, with node-pty as well; so the copy waits ten times as long.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const HERE = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = join(HERE, "node-pty-tests");
const THEIRS = join(HERE, "node_modules/node-pty");
const FILES = ["unixTerminal.test.js", "terminal.test.js"];
const ATTEMPTS = 3;
const PATIENCE = 10;

const OURS = JSON.stringify(HERE);
const MODULES = {
  "index.js": `module.exports = require(${OURS});`,
  "unixTerminal.js": `exports.UnixTerminal = require(${OURS}).Pty;`,
  // Loaded on every system, used on Windows.
  "windowsTerminal.js": `exports.WindowsTerminal = require(${OURS}).Pty;`,
  // A base class that only node-pty's own terminals have.
  "terminal.js": "exports.Terminal = class Terminal {};",
};

/** What differs on purpose, and why. */
const DIFFERS = {
  "UnixTerminal Constructor should set a valid pts name": "there is no `fd`: the engine alone reads the terminal",
  "UnixTerminal open should open a pty with access to a master and slave socket":
    "`open`, which node-pty's declarations do not have, is left out",
  "Terminal checkType should throw for the wrong type": "a protected method of node-pty's base class",
  "Terminal checkType should throw for wrong types within arrays": "a protected method of node-pty's base class",
};

/** Not run: it counts all programs of the machine whose line contains "node", in a moment when this one may have ended. */
const COUNTS_OTHERS = "should not leak child process";

/** Milliseconds are the only numbers of three digits at the end of a call. */
function copyTests(file) {
  const text = readFileSync(join(THEIRS, "lib", file), "utf8");
  const patient = text.replace(/, (\d{3})\)/g, (_, ms) => `, ${Number(ms) * PATIENCE})`);
  writeFileSync(join(FOLDER, "lib", file), patient);
}

function prepare() {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(join(FOLDER, "lib"), { recursive: true });
  mkdirSync(join(FOLDER, "fixtures"));
  for (const file of [...FILES, "testUtils.test.js"]) copyTests(file);
  for (const [file, text] of Object.entries(MODULES)) writeFileSync(join(FOLDER, "lib", file), `${text}\n`);
  // The npm package does not have it; the tests say what is in it.
  writeFileSync(join(FOLDER, "fixtures/utf8-character.txt"), "\u00e6");
}

function run() {
  const mocha = join(HERE, "node_modules/mocha/bin/mocha.js");
  const report = join(FOLDER, "report.json");
  const options = ["--exit", "--timeout", "60000", "--grep", COUNTS_OTHERS, "--invert", "--retries", String(ATTEMPTS - 1), "--reporter", "json"];
  const tests = FILES.map((file) => `lib/${file}`);
  const done = spawnSync(process.execPath, [mocha, ...options, "--reporter-option", `output=${report}`, ...tests], {
    cwd: FOLDER, encoding: "utf8", env: { ...process.env, NODE_ENV: "test" },
  });
  if (done.error) throw done.error;
  try {
    return JSON.parse(readFileSync(report, "utf8"));
  } catch (error) {
    throw new Error(`mocha wrote no report: ${done.stdout}${done.stderr}`, { cause: error });
  }
}

prepare();
const { passes, failures } = run();
const failed = new Map(failures.map(({ fullTitle, err }) => [fullTitle, err.message ?? String(err)]));
let wrong = 0;
for (const { fullTitle } of passes) {
  const listed = Object.hasOwn(DIFFERS, fullTitle);
  console.log(`${listed ? "PASSES, BUT IS LISTED" : "pass"}: ${fullTitle}`);
  if (listed) wrong++;
}
for (const [title, message] of failed) {
  const reason = DIFFERS[title];
  console.log(reason ? `differs: ${title}: ${reason}` : `FAIL: ${title}: ${message}`);
  if (!reason) wrong++;
}
const { version } = require("node-pty/package.json");
const seen = passes.length + failed.size;
console.log(`node-pty ${version}: ${passes.length} of ${seen} tests pass, ${failed.size} differ`);
for (const title of Object.keys(DIFFERS)) {
  if (!failed.has(title)) {
    console.log(`MISSING: ${title}`);
    wrong++;
  }
}
process.exitCode = wrong === 0 && passes.length > 0 ? 0 : 1;

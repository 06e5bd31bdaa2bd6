// Finds liborchflow for binding.gyp and prints what the compiler (`include`) or the linker (`link`) needs.
//
// ORCHFLOW_LIBRARY_DIR names the directory of the library, as packaging/libraries.sh prints it, and
// ORCHFLOW_INCLUDE_DIR that of orchflow.h; without them pkg-config is asked for what `make install` has installed.
// ORCHFLOW_STATIC=1 links liborchflow.a into the addon, which then needs no library at run time.

"use strict";

const { execFileSync } = require("node:child_process");
const { existsSync } = require("node:fs");
const { join, resolve } = require("node:path");

// What the archive of a Rust library needs of the system.
const SYSTEM_LIBRARIES = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];

function fail(message) {
  process.stderr.write(`orchflow: ${message}\n`);
  process.exit(1);
}

function installed(variable) {
  try {
    return execFileSync("pkg-config", [`--variable=${variable}`, "orchflow"], { encoding: "utf8" }).trim();
  } catch {
    fail("liborchflow was not found. Install it (`make build && sudo make install` in its repository), or set " +
      "ORCHFLOW_LIBRARY_DIR and ORCHFLOW_INCLUDE_DIR to the directories of liborchflow.so and orchflow.h.");
  }
}

function include() {
  const folder = process.env.ORCHFLOW_INCLUDE_DIR ?? installed("includedir");
  if (!existsSync(join(folder, "orchflow.h"))) fail(`there is no orchflow.h in ${folder}`);
  return [resolve(folder)];
}

function link() {
  const folder = resolve(process.env.ORCHFLOW_LIBRARY_DIR ?? installed("libdir"));
  const isStatic = process.env.ORCHFLOW_STATIC === "1";
  const library = join(folder, isStatic ? "liborchflow.a" : "liborchflow.so");
  if (!existsSync(library)) fail(`there is no ${library}`);
  // A thread that ends may run destructors of the library after Node has unloaded the addon.
  if (isStatic) return [library, "-Wl,--exclude-libs,ALL", "-Wl,-z,nodelete", ...SYSTEM_LIBRARIES];
  return [`-L${folder}`, "-lorchflow", `-Wl,-rpath,${folder}`];
}

const wanted = { include, link }[process.argv[2]];
if (!wanted) fail("usage: library.js include|link");
process.stdout.write(`${wanted().join(" ")}\n`);

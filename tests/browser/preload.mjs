// The modules that index.html asks for at once: all that app.js imports, directly or not, except what it loads later;
// and, in a template that app.js puts into the document once it has painted, those of the first terminal. Without the
// lists a browser finds them level by level, with a round trip for each.
//
//   node tests/browser/preload.mjs --write    writes the lists anew

import { readFile, writeFile } from "node:fs/promises";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
export const indexFile = `${root}src/bin/orchflow-demo/page/index.html`;

const imports = /^\s*(?:import|export)\b[^;()]*?\bfrom\s+"([^"]+)"/gm;
const lists = /( *<link rel="modulepreload" [^\n]*\n)+/g;

function fileOf(path) {
  return path.startsWith("/client/") ? `${root}clients/js/src/${path.slice("/client/".length)}` : `${root}src/bin/orchflow-demo/page${path}`;
}

// The paths of all modules that a module needs before it can run, without itself.
async function needed(path, found = new Set()) {
  const text = await readFile(fileOf(path), "utf8");
  for (const [, specifier] of text.matchAll(imports)) {
    const next = posix.resolve(posix.dirname(path), specifier);
    if (found.has(next)) continue;
    found.add(next);
    await needed(next, found);
  }
  return found;
}

// index.html as it should be.
export async function expected() {
  const text = await readFile(indexFile, "utf8");
  const first = await needed("/app.js");
  const view = "/terminal/view.js";
  const later = [view, ...(await needed(view))].filter((path) => !first.has(path));
  const links = (paths, indent) => paths.sort().map((path) => `${indent}<link rel="modulepreload" href="${path}">\n`).join("");
  const written = [links([...first], "  "), links(later, "    ")];
  if (text.match(lists)?.length !== written.length) throw new Error("index.html does not have the two lists of modules");
  return text.replace(lists, () => written.shift());
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === "--write") {
  await writeFile(indexFile, await expected());
}

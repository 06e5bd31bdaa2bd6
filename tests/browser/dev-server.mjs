// A static server for work on the page: it serves page/ at `/` and clients/js/src at `/client/`, as the
// demo does, with the demo's headers. Files are read on each request.
//
//   orchflow-demo serve --listen 7071 --origin http://127.0.0.1:7070
//   node tests/browser/dev-server.mjs 7070
//   http://127.0.0.1:7070/#token=TOKEN&server=ws://127.0.0.1:7071/
//
// The policy differs from the demo's in one place: it lets the page connect to other loopback ports.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = join(root, "src/bin/orchflow-demo/page");
const client = join(process.env.CLIENT_JS ?? join(root, "clients/js/src"));

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self' ws://127.0.0.1:* ws://localhost:*",
  "worker-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const headers = {
  "Cache-Control": "no-cache",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
};

// Scripts and style sheets do without these.
const documentHeaders = {
  "Content-Security-Policy": policy,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Frame-Options": "DENY",
};
const parts = new Set([".js", ".css"]);

// The file of a request's path, or null if the path leads out of what is served.
function fileOf(path) {
  const inClient = path.startsWith("/client/");
  const directory = inClient ? client : page;
  const rest = inClient ? path.slice("/client/".length) : path === "/" ? "index.html" : path.slice(1);
  const file = normalize(join(directory, rest));
  return file.startsWith(directory + sep) ? file : null;
}

async function answer(request, response) {
  const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  const file = fileOf(path);
  const type = types[extname(file ?? "")];
  let body;
  try {
    if (!type) throw new Error("not served");
    body = await readFile(file);
  } catch {
    response.writeHead(404, { ...headers, ...documentHeaders, "Content-Type": "text/plain" }).end("not found\n");
    return;
  }
  const fields = { ...headers, ...(parts.has(extname(file)) ? {} : documentHeaders), "Content-Type": type };
  if (/\bgzip\b/.test(request.headers["accept-encoding"] ?? "")) {
    body = gzipSync(body);
    fields["Content-Encoding"] = "gzip";
  }
  response.writeHead(200, { ...fields, "Content-Length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}

// Serves on a port of the loopback interface, 0 for a free one; resolves with the server.
export function serve(port = 0) {
  const server = createServer((request, response) => void answer(request, response));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(Number(process.argv[2] ?? 7070));
  console.log(`http://127.0.0.1:${server.address().port}/`);
}

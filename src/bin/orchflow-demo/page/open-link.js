// Links in terminals. Programs choose their addresses: only kinds that a browser shows are opened, and what is opened
// does not learn of the page.

// Of an address in a sentence.
const SHOWN_MAX = 200;
const WEB = ["http:", "https:", "mailto:"];

// What an address leads to: `{ href }` for the browser, `{ path, host }` for a file (`host` if it names a machine that
// may be another one), or `{ problem }`, a sentence. `page` is the name of the machine that serves the page.
export function targetOf(uri, page) {
  const shown = uri.length > SHOWN_MAX ? `${uri.slice(0, SHOWN_MAX)}…` : uri;
  let url;
  try {
    url = new URL(uri);
  } catch {
    return { problem: `This is not an address: ${shown}` };
  }
  if (WEB.includes(url.protocol)) return { href: url.href };
  if (url.protocol !== "file:") return { problem: `Addresses of the kind ${url.protocol.slice(0, SHOWN_MAX)} are not opened.` };
  const path = decodePath(url.pathname);
  const isHere = ["", "localhost", page].includes(url.hostname);
  return path === null ? { problem: `This is not the address of a file: ${shown}` } : { path, host: isHere ? null : url.hostname };
}

// A path is bytes: a text where they are UTF-8. Null if the escapes are malformed.
function decodePath(text) {
  if (/%(?![0-9a-f]{2})/i.test(text)) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    // An address has no other characters than those of ASCII.
    const units = text.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Uint8Array.from(units, (unit) => unit.charCodeAt(0));
  }
}

export function openLink({ toasts, commands }, uri) {
  const { href, path, host, problem } = targetOf(uri, location.hostname);
  if (problem) {
    toasts.error(problem);
  } else if (href) {
    open(href, "_blank", "noopener,noreferrer");
  } else {
    // Programs write the name of their machine, which the page does not know.
    if (host) toasts.show(`The address names the machine ${host}. The file is looked for where the engine runs.`);
    void commands.openFile(path);
  }
}

// Where the engine is, and the token for it. The token comes in the fragment of the address, which a browser
// never sends; it is kept for this tab alone and taken out of the address bar, so that it does not stay in
// the history.

const TOKEN_KEY = "orchflow.token";
const SERVER_KEY = "orchflow.server";

// The parameters of a fragment such as `#token=T&server=ws://127.0.0.1:7071/`.
export function parseFragment(fragment) {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ""));
  return { token: parameters.get("token") || null, server: parameters.get("server") || null };
}

// The token in what a person has pasted: a token, or an address that carries one. Null if there is none.
export function tokenIn(text) {
  const trimmed = text.trim();
  const hash = trimmed.indexOf("#");
  const token = hash < 0 ? trimmed : parseFragment(trimmed.slice(hash)).token;
  return token && /^[A-Za-z0-9_-]{16,}$/.test(token) ? token : null;
}

// Another server than the page's own is for development, and has to be on this machine.
export function serverUrl(page, server) {
  if (server) {
    try {
      const url = new URL(server);
      const isLoopback = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
      if (isLoopback && url.protocol === "ws:") return url.href;
    } catch {
      // Not an address: as if there were none.
    }
  }
  const scheme = page.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${page.host}/`;
}

// Reads the address once, at the start of the page.
export function takeAddress() {
  const given = parseFragment(location.hash);
  if (given.token) sessionStorage.setItem(TOKEN_KEY, given.token);
  if (given.server) sessionStorage.setItem(SERVER_KEY, given.server);
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return {
    token: sessionStorage.getItem(TOKEN_KEY),
    url: serverUrl(location, sessionStorage.getItem(SERVER_KEY)),
  };
}

export function keepToken(token) {
  sessionStorage.setItem(TOKEN_KEY, token);
}

// The address that opens this page on another device, and that `orchflow-demo attach` takes.
export function shareAddress() {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const server = sessionStorage.getItem(SERVER_KEY);
  const parameters = [token && `token=${token}`, server && `server=${server}`].filter(Boolean);
  return `${location.origin}/${parameters.length > 0 ? `#${parameters.join("&")}` : ""}`;
}

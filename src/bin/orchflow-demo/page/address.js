// Where the engine is, and the token for it. The token comes in the fragment of the address, which a browser
// never sends; it is kept for this tab alone and taken out of the address bar, so that it does not stay in
// the history.

import { ofTab } from "./storage.js";

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

// Reads the address, at the start of the page and when another one is entered. `isGiven`: it has a token.
export function takeAddress() {
  const given = parseFragment(location.hash);
  if (given.token) ofTab.set(TOKEN_KEY, given.token);
  if (given.server) ofTab.set(SERVER_KEY, given.server);
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return {
    isGiven: given.token !== null,
    token: ofTab.get(TOKEN_KEY),
    url: serverUrl(location, ofTab.get(SERVER_KEY)),
  };
}

export function keepToken(token) {
  ofTab.set(TOKEN_KEY, token);
}

// The address that opens this page on another device, and that `orchflow-demo attach` takes.
export function shareAddress() {
  const token = ofTab.get(TOKEN_KEY);
  const server = ofTab.get(SERVER_KEY);
  const parameters = [token && `token=${token}`, server && `server=${server}`].filter(Boolean);
  return `${location.origin}/${parameters.length > 0 ? `#${parameters.join("&")}` : ""}`;
}

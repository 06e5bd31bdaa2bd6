import { FitAddon } from "./node_modules/@xterm/addon-fit/lib/addon-fit.mjs";
import { Terminal } from "./node_modules/@xterm/xterm/lib/xterm.mjs";
import { Client } from "./node_modules/orchflow-client/src/index.js";

const client = new Client({ url: location.hash.slice(1), name: "xterm.js", collections: ["terminals"] });
await client.connect();
const [id] = client.state.terminals.keys();

const terminal = new Terminal();
const fit = new FitAddon();
terminal.loadAddon(fit);
terminal.open(document.querySelector("#terminal"));

// The window has room for so much; the terminal has one size for all who look at it.
const raw = client.attachRaw(id, fit.proposeDimensions());
addEventListener("resize", () => {
  const { cols, rows } = fit.proposeDimensions();
  raw.resize(cols, rows);
});
client.state.subscribe((state) => state.terminals.get(id), (entry) => entry && terminal.resize(entry.cols, entry.rows));

// Credit is given once xterm.js has drawn, so a flood waits in the program and not in the page.
const write = (data) => new Promise((resolve) => terminal.write(data, resolve));
raw.on("data", write);
raw.on("snapshot", ({ cols, rows, data, first }) => {
  if (first) terminal.reset();
  terminal.resize(cols, rows);
  return write(data);
});
raw.on("gap", () => terminal.reset());
terminal.onData((data) => client.input(id, data));
terminal.onBinary((data) => client.input(id, Uint8Array.from(data, (char) => char.charCodeAt(0))));
terminal.focus();

// Shows what a terminal shows, until it ends.
//
//     node node-tail.mjs 'ws://127.0.0.1:7070/#token=TOKEN' [TERMINAL]

import { Client, toText } from "orchflow-client";
// Node before 22 needs the package `ws`.
const WebSocket = globalThis.WebSocket ?? (await import("ws")).default;

const [url, wanted] = process.argv.slice(2);
const client = new Client({ url, name: "tail", collections: ["terminals"], WebSocket, reconnect: false });
await client.connect();

const terminals = [...client.state.terminals.values()];
for (const { id, title, cwd } of terminals) console.error(`${id} ${title} ${toText(cwd ?? "")}`);
const terminal = wanted === undefined ? terminals[0].id : Number(wanted);

const raw = client.attachRaw(terminal);
// The program waits while stdout is full.
const write = (bytes) => new Promise((resolve) => process.stdout.write(bytes, resolve));
raw.on("data", write);
raw.on("snapshot", ({ data, first }) => write(first ? Buffer.concat([Buffer.from("\x1bc"), data]) : data));
raw.on("failure", (error) => console.error(error.message));
const reason = await new Promise((resolve) => {
  raw.on("ended", ({ exit }) => resolve(`ended: ${JSON.stringify(exit)}`));
  raw.on("detached", ({ reason: why }) => resolve(why));
  client.on("status", () => resolve(client.lastError?.message));
});
console.error(reason);
await client.close();

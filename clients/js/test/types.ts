// Checked, not run: every part of the interface as a stranger uses it, and what the types refuse.

import { Client, OrchflowError, parseAddress, toBytes, toText, fromBytes } from "orchflow-client";
import type { ChangeOp, Diff, Notice, Pane, Place, RawAttachment, ScreenAttachment, Session, State, Terminal, Welcome }
  from "orchflow-client";

class Socket {
  constructor(public url: string, public protocols: string[]) {}
}

const client = new Client({
  url: "http://127.0.0.1:7070/#token=x", token: "x", codec: "bincode", name: "types 1.0", collections: ["sessions"],
  notices: ["bell", "command"], compress: true, reconnect: false, WebSocket: Socket,
});
new Client({ url: "ws://x/", WebSocket: globalThis.WebSocket });
// @ts-expect-error: without an address
new Client({});
// @ts-expect-error: an unknown codec
new Client({ url: "", codec: "xml" });
// @ts-expect-error: an unknown kind
new Client({ url: "", notices: ["ring"] });
// @ts-expect-error: nobody else makes a state
new State();

async function all(): Promise<void> {
  const welcome: Welcome = await client.connect();
  const max: number = welcome.limits.window_bytes;
  const off: () => void = client.on("status", (status) => {
    // @ts-expect-error: no such status
    if (status === "opened") client.retryNow();
    if (status === "waiting") client.retryNow();
  });
  off();
  client.on("notice", (notice: Notice) => {
    if ("command_finished" in notice.notice) {
      const code: number | null = notice.notice.command_finished.exit_code;
      console.log(code);
    }
  });
  client.on("rejected", ({ ops, code }) => console.log(ops[0].change, code));
  client.on("failure", (error) => console.log(error.code, error.terminal));
  client.on("watch", ({ watch, previous }) => console.log(watch.path, watch.number - previous));
  client.on("message", (message) => console.log(message.type));
  // @ts-expect-error: no such event
  client.on("open", () => {});

  const terminal: Terminal | undefined = client.state.terminals.get(1);
  if (terminal?.exit && terminal.exit !== "unknown" && "code" in terminal.exit) console.log(terminal.exit.code + max);
  // @ts-expect-error: entries are not changed
  if (terminal) terminal.title = "";
  // @ts-expect-error: nor are maps
  client.state.sessions.set("x", {});
  client.state.subscribe((state) => state.sessions.size, (size: number, old: number) => console.log(size - old));
  client.state.subscribe(() => {});
  client.state.subscribe((state) => [...state.panes.keys()], () => {}, { equals: (a, b) => a.length === b.length });
  const names: string[] = client.state.get((state) => [...state.sessions.values()].map((session: Session) => session.name));
  client.state.onChanges((diff: Diff) => console.log(diff.full, diff.files[0]?.kind === "directory", names));
  console.log(client.state.revision + client.state.filesRevision, client.state.version?.n, client.state.hash);
  console.log(client.state.confirmed.sessions.size, client.retryAt, client.lastError?.closeCode, client.watches.length);

  const pane: Pane | undefined = client.state.panes.get("p");
  const ops: ChangeOp[] = [
    { change: { put_session: { id: "s", name: "S", panes: ["p"], metadata: {} } }, base: 0 },
    { change: { put_pane: { id: "p", session: "s", content: { terminal: 1 } } }, base: pane?.version ?? 0 },
  ];
  const { version } = await client.change(ops);
  await client.change((state) => [{ change: { remove_pane: { id: [...state.panes.keys()][0] } }, base: version }]);
  // @ts-expect-error: a session has panes
  await client.change([{ change: { put_session: { id: "s", name: "S", metadata: {} } } }]);
  await client.subscribeTo(["files"]);
  client.subscribeToNotices([]);
  client.setToken("other");
  client.send({ type: "ping", id: 1 });

  const id: number = await client.spawn({ profile: "shell", cwd: "/tmp", cols: 80, rows: 24 });
  const sent: boolean = client.input(id, new Uint8Array([3])) && client.input(id, "x") && client.input(id, { bytes: "" });
  const failures = await client.batch([{ terminal: id, op: "eof" }, { terminal: id, op: { signal: 15 } }]);
  console.log(sent, failures[0]?.code === "ended");
  await client.paste(id, "text");
  await client.resize(id, 80, 24);
  await Promise.all([client.interrupt(id), client.eof(id), client.signal(id, 1), client.clear(id)]);
  await client.closeTerminal(id);
  await client.closeTerminal(id, 0);
  const { matches, complete } = await client.search(id, "x", {
    regex: true, ignoreCase: true, max: 1, signal: AbortSignal.timeout(1),
  });
  console.log(matches[0].start_row, complete);
  const from: Place = { line: 1, col: 0 };
  const rows = await client.rows(id, { from, above: 10, max: 10 });
  console.log(rows.lines[0].runs[0].text, rows.kept_from?.line, rows.history);
  // @ts-expect-error: how many?
  await client.rows(id, { from });
  const detail = await client.query(id);
  const stats = await client.stats();
  console.log(toText(detail.foreground_name), stats.longest_turn_us, await client.ping());
  const slice = await client.read("/f", { offset: 0, max: 10 });
  const whole = await client.readFile("/f", { limit: 10, signal: AbortSignal.timeout(1) });
  console.log(slice.data.length, slice.end, whole.bytes.length, whole.truncated, whole.changed, whole.version.inode);
  await client.read("/f", { base: slice.version });
  const watch = await client.watch("/d");
  console.log(watch.number + client.watches[0].number, watch.isEnded);
  await watch.end();

  const screen: ScreenAttachment = client.attachScreen(id, { cols: 80, rows: 24 });
  screen.on("update", ({ full, scrolls, changed }) => console.log(full, scrolls[0]?.rows, changed[0], screen.lines[0].runs));
  screen.on("ended", ({ exit }) => console.log(exit));
  screen.on("detached", ({ reason }) => console.log(reason === "replaced"));
  screen.resize(80, 24);
  screen.scroll(10);
  screen.detach();
  console.log(screen.cursor.row + screen.viewport, screen.title, screen.line?.col, screen.status === "ended");
  // @ts-expect-error: raw attachments have data
  screen.on("data", () => {});

  const raw: RawAttachment = client.attachRaw(id, { start: { snapshot: 10 }, mode: "lossy", window: 65536, cols: 80, rows: 24 });
  raw.on("data", (bytes: Uint8Array, offset: number) => new Promise<void>((resolve) => (console.log(bytes, offset), resolve())));
  raw.on("snapshot", ({ cols, rows: height, data, first, last, line }) => console.log(cols, height, data, first, last, line));
  raw.on("gap", (gap) => console.log(gap.to - gap.from));
  raw.on("mode", ({ mode }) => console.log(mode === "screen"));
  raw.on("lag", ({ remainingMs }) => console.log(remainingMs, raw.offset));
  // @ts-expect-error: that is another function
  client.attachRaw(id, { mode: "screen" });
  await client.close();
}

all().catch((error: unknown) => {
  if (error instanceof OrchflowError && error.code === "conflict") console.log(error.session?.name, error.pane, error.op);
  // @ts-expect-error: no such code
  if (error instanceof OrchflowError && error.code === "lost") throw error;
});
console.log(parseAddress("ws://x/").token, toText(fromBytes(toBytes("x"))));

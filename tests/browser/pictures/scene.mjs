// What the pictures show: a server for a copy of this repository, with sessions whose terminals run real programs.

import { execFileSync, spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../../../", import.meta.url));

const files = {
  ".bashrc": "PS1='\\[\\e[36m\\]\\w\\[\\e[0m\\] $ '\nunset HISTFILE\nalias ls='ls --color=auto'\n",
  ".vimrc": `
    set t_Co=16 background=dark number nowrap noswapfile viminfo= title titlestring=%t laststatus=2 mouse=a
    syntax on
    highlight Comment ctermfg=8
    highlight SpecialComment ctermfg=8
    highlight LineNr ctermfg=8
    highlight StatusLine cterm=NONE ctermfg=7 ctermbg=0
  `,
  ".gitconfig": `
    [core]
      pager = cat
    [alias]
      recent = log --graph --color --date=short --format='%C(3)%h%C(reset) %<(46,trunc)%s %C(8)%ad' -16
  `,
};

// Always the same place, so that the pictures show the same path.
const HOME = join(tmpdir(), "orchflow-pictures");

export class Scene {
  root = join(HOME, "work/orchflow");
  #server;
  #control;
  #context;

  static async start(browser) {
    const scene = new Scene();
    await scene.#makeHome();
    await scene.#serve();
    // A document of the server's origin that is not the page: from here terminals are started and typed into.
    scene.#context = await browser.newContext();
    scene.#control = await scene.#context.newPage();
    await scene.#control.goto(new URL("/theme.js", scene.address).href);
    await scene.#control.evaluate(connect, new URL(scene.address).hash);
    return scene;
  }

  async #makeHome() {
    await rm(HOME, { recursive: true, force: true });
    await mkdir(join(HOME, "work"), { recursive: true });
    execFileSync("git", ["clone", "--quiet", "--shared", repository, this.root]);
    for (const [name, text] of Object.entries(files)) await writeFile(join(HOME, name), text);
  }

  async #serve() {
    const { PATH } = process.env;
    const env = { PATH, HOME, SHELL: "/bin/bash", LANG: "C.UTF-8", USER: "me" };
    const page = fileURLToPath(new URL("../../../src/bin/orchflow-demo/page", import.meta.url));
    const client = fileURLToPath(new URL("../../../clients/js/src", import.meta.url));
    const options = ["--root", this.root, "--page-dir", page, "--page-dir", `/client/=${client}`];
    this.#server = spawn(process.env.ORCHFLOW_DEMO, ["serve", ...options], { env, stdio: ["ignore", "pipe", "ignore"] });
    for await (const line of createInterface({ input: this.#server.stdout })) {
      this.address = /http:\/\/\S+/.exec(line)?.[0];
      if (this.address) break;
    }
    if (!this.address) throw new Error("the server has not printed its address");
  }

  path(name) {
    return join(this.root, name);
  }

  // Makes a session: `panes` are { id, title, file } or, with a terminal, { id, title, run }.
  addSession(session) {
    return this.#control.evaluate((given) => globalThis.scene.addSession(given), session);
  }

  // Types into the terminal of a pane, as soon as its shell waits.
  type(pane, text) {
    return this.#control.evaluate(([id, typed]) => globalThis.scene.type(id, typed), [pane, text]);
  }

  // Waits for the end of what the terminal of a pane shows, a regular expression.
  shows(pane, ending) {
    return this.#control.evaluate(([id, text]) => globalThis.scene.shows(id, text), [pane, ending]);
  }

  // Waits until the state says that a program is in the foreground of a pane's terminal.
  runs(pane, program) {
    return this.#control.evaluate(([id, name]) => globalThis.scene.runs(id, name), [pane, program]);
  }

  async write(name, content) {
    await writeFile(this.path(name), content);
  }

  // Opens the page with a session shown.
  async open(page, { session = "main", hasToken = true }) {
    await page.addInitScript((id) => sessionStorage.setItem("orchflow.session", id), session);
    const address = new URL(this.address);
    if (!hasToken) address.hash = "";
    await page.goto(address.href);
  }

  async kill(signal = "SIGTERM") {
    if (this.#server.exitCode !== null || this.#server.signalCode !== null) return;
    const ended = once(this.#server, "exit");
    this.#server.kill(signal);
    await ended;
  }

  async stop() {
    await this.#context?.close();
    await this.kill();
    await rm(HOME, { recursive: true, force: true });
  }
}

// Runs in the browser.
async function connect(hash) {
  const { Client } = await import("/client/index.js");
  const token = new URLSearchParams(hash.slice(1)).get("token");
  const client = new Client({ url: `ws://${location.host}/`, token, name: "pictures" });
  await client.connect();

  // Resolves once the text of a terminal's screen ends as `ending` says.
  const shows = async (pane, ending) => {
    const { terminal } = paneOf.get(pane).content;
    const started = performance.now();
    for (;;) {
      const { lines } = await client.rows(terminal, { max: 100 });
      const text = lines.map(({ runs }) => runs.map((run) => run.text).join("").trimEnd()).join("\n").trimEnd();
      if (new RegExp(`${ending}$`).test(text)) return;
      if (performance.now() - started > 20_000) throw new Error(`a terminal does not show ${ending}, but:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const until = (is) => new Promise((resolve) => {
    if (client.state.get(is)) resolve();
    else client.state.subscribe(is, resolve);
  });
  // The pane of a terminal is the one that the server makes for it.
  const made = async ({ file, ...pane }) => {
    if (file) return { ...pane, content: { file } };
    const terminal = await client.spawn({ profile: "shell", cols: 80, rows: 24 });
    const id = `terminal-${terminal}`;
    await until((state) => state.panes.has(id));
    return { ...pane, id, content: { terminal } };
  };
  const paneOf = new Map();
  globalThis.scene = {
    async addSession({ id, name, order, layout, panes }) {
      for (const pane of panes) paneOf.set(pane.id, await made(pane));
      const ids = (node) => (typeof node === "string" ? paneOf.get(node).id : { ...node, children: node.children.map(ids) });
      const metadata = { order: String(order), ...(layout && { layout: JSON.stringify(ids(layout)) }) };
      const shown = panes.map((pane) => paneOf.get(pane.id));
      const puts = shown.map(({ line, title = "", content, id: pane }) => (
        { change: { put_pane: { id: pane, session: id, title, content, metadata: line ? { line: String(line) } : {} } } }));
      await client.change(() => [{ change: { put_session: { id, name, panes: shown.map((pane) => pane.id), metadata } } }, ...puts]);
    },
    shows,
    runs(pane, program) {
      const { terminal } = paneOf.get(pane).content;
      return until((state) => state.terminals.get(terminal)?.program === program);
    },
    async type(pane, text) {
      await shows(pane, "\\$");
      client.input(paneOf.get(pane).content.terminal, text);
    },
  };
}

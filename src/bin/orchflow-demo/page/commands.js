// The actions, for whoever starts them: which can be done now, and doing them. What they do is loaded with the first.

import { asksFromHere } from "./dom.js";
import { action } from "./keys/actions.js";

export class Commands {
  #app;
  #all = null;

  constructor(app) {
    this.#app = app;
  }

  isAvailable(id) {
    const { workspace, client } = this.#app;
    const needs = action(id)?.when;
    if (needs === "terminal") return workspace.focusedTerminal !== null;
    if (needs === "pane") return workspace.focusedPane !== null;
    if (needs === "session") return workspace.current !== null;
    return needs !== "manage" || (client.welcome?.scopes.includes("manage") ?? false);
  }

  async run(id) {
    asksFromHere();
    const all = await this.load();
    if (this.isAvailable(id)) all.run(id);
  }

  async startTerminal(options) {
    asksFromHere();
    return (await this.load()).startTerminal(options);
  }

  async closeSession(id) {
    return (await this.load()).closeSession(id);
  }

  async closeTerminal(id) {
    return (await this.load()).closeTerminal(id);
  }

  async openFile(path, line) {
    asksFromHere();
    return (await this.load()).openFile(path, line);
  }

  load() {
    this.#all ??= import("./commands/all.js").then(({ AllCommands }) => new AllCommands(this.#app));
    return this.#all;
  }
}

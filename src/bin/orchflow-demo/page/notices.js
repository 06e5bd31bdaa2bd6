// What the page does about the notices of terminals. Loaded with the first.

import { paneName, text } from "./names.js";

// A command that took this long and ended out of sight is worth a line.
const LONG_COMMAND_MS = 10_000;
// What a program may put into one notification.
const TEXT_MAX = 400;

export class Notices {
  #app;
  // What terminals want to write to the clipboard, while the user is asked.
  #asked = new Map();

  constructor(app) {
    this.#app = app;
  }

  handle({ terminal, notice }) {
    const [kind, value] = typeof notice === "string" ? [notice, {}] : Object.entries(notice)[0];
    const handlers = {
      bell: () => this.#bell(terminal),
      notification: () => this.#notification(terminal, value),
      clipboard: () => this.#clipboard(terminal, value),
      command_finished: () => this.#finished(terminal, value),
    };
    handlers[kind]?.();
  }

  // Whether the user looks at this terminal now.
  #isSeen(terminal) {
    const { workspace } = this.#app;
    return document.visibilityState === "visible" && document.hasFocus() && workspace.focusedTerminal === terminal;
  }

  #name(terminal) {
    const { workspace } = this.#app;
    return paneName(workspace.paneOf(terminal), workspace.terminal(terminal) ?? { id: terminal, title: "" });
  }

  #bell(terminal) {
    // A terminal that is shown rings by itself.
    const isShown = this.#app.area.terminalView(this.#app.workspace.paneOf(terminal)?.id) !== null;
    if (this.#app.settings.sound && !isShown) void import("./sound.js").then(({ beep }) => beep());
    if (!this.#isSeen(terminal)) this.#app.marks.set(terminal, { bell: true });
  }

  #notification(terminal, { title, body }) {
    const name = this.#name(terminal);
    const heading = (title || name).slice(0, TEXT_MAX);
    const more = (body ?? "").slice(0, TEXT_MAX);
    this.#app.log.add({ kind: "program", title: heading, body: more, terminal });
    if (this.#isSeen(terminal)) return;
    this.#app.marks.set(terminal, { activity: true });
    this.#system(heading, more, terminal);
  }

  #finished(terminal, { exit_code: code, duration_ms: duration }) {
    if (this.#isSeen(terminal)) return;
    this.#app.marks.set(terminal, { activity: true });
    if (duration < LONG_COMMAND_MS) return;
    const outcome = code ? `failed with ${code}` : "finished";
    const title = `A command ${outcome} after ${Math.round(duration / 1000)} s`;
    this.#app.log.add({ kind: "program", title, body: this.#name(terminal), terminal });
    this.#system(title, this.#name(terminal), terminal);
  }

  // A notification of the system, if the user has asked for those.
  #system(title, body, terminal) {
    if (!this.#app.settings.notifications || globalThis.Notification?.permission !== "granted") return;
    if (document.visibilityState === "visible" && document.hasFocus()) return;
    const shown = new Notification(title, { body, icon: "/favicon.svg", tag: `orchflow-${terminal}` });
    shown.onclick = () => {
      focus();
      const pane = this.#app.workspace.paneOf(terminal);
      if (pane) this.#app.workspace.reveal(pane.id);
    };
  }

  // A program wants to write to the clipboard: only if the user has allowed it, and never unseen.
  #clipboard(terminal, { selection, text: written }) {
    const { settings, toasts } = this.#app;
    // A page cannot write to the selection, and the clipboard is another place.
    if (selection || settings.clipboard === "deny") return;
    if (settings.clipboard === "allow") {
      void this.#copy(terminal, written);
      return;
    }
    // One question for a terminal, about what it wrote last.
    const isAsked = this.#asked.has(terminal);
    this.#asked.set(terminal, written);
    if (isAsked) return;
    const answer = (choice) => {
      settings.set("clipboard", choice);
      const last = this.#asked.get(terminal);
      this.#asked.delete(terminal);
      if (choice === "allow") void this.#copy(terminal, last);
    };
    const actions = [
      { label: "Allow", run: () => answer("allow") },
      { label: "Never", run: () => answer("deny") },
    ];
    const onGone = () => this.#asked.delete(terminal);
    toasts.show(`${this.#name(terminal)} wants to write to the clipboard.`, { actions, ms: 20_000, onGone });
  }

  async #copy(terminal, written) {
    try {
      await navigator.clipboard.writeText(text(written));
      this.#app.toasts.show(`${this.#name(terminal)} wrote to the clipboard.`);
    } catch {
      const copy = () => void this.#copy(terminal, written);
      const actions = [{ label: "Copy", run: copy }];
      this.#app.toasts.show("The browser did not let the page write to the clipboard.", { actions });
    }
  }
}

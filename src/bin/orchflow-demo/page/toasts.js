// Short messages at the edge of the page. They leave by themselves, unless the pointer or the focus is on them. All of
// them can be read later in the list of notifications.

import { h } from "./dom.js";
import { iconButton } from "./icons.js";

const SHOWN_MS = 6000;
const SHOWN_MAX = 4;

export class Toasts {
  #element;
  #log;

  constructor(element, log) {
    this.#element = element;
    this.#log = log;
    // What waits for a toast to leave does not wait for a page that is gone.
    addEventListener("pagehide", () => this.#dismissAll());
  }

  #dismissAll() {
    for (const button of this.#element.querySelectorAll(".toast > .icon-button")) button.click();
  }

  // The oldest leave, those without an action first: a program that says much does not take away what can be undone.
  #keepFew() {
    const toasts = [...this.#element.children].reverse();
    const over = Math.max(0, toasts.length - SHOWN_MAX);
    const plain = toasts.slice(0, -1).filter((toast) => !toast.querySelector(".toast-action"));
    for (const toast of [...new Set([...plain, ...toasts])].slice(0, over)) toast.querySelector(".icon-button").click();
  }

  // `actions`: [{ label, run }]. `onGone` is called once, when the toast leaves without an action having run.
  show(text, { actions = [], kind = "note", ms = SHOWN_MS, onGone = null } = {}) {
    this.#log.add({ kind, title: text });
    let timer = null;
    const leave = (hasRun) => {
      clearTimeout(timer);
      if (!toast.isConnected) return;
      toast.remove();
      if (!hasRun) onGone?.();
    };
    const buttons = actions.map(({ label, run }) => {
      const act = () => {
        leave(true);
        run();
      };
      return h("button", { type: "button", class: "toast-action", on: { click: act } }, label);
    });
    const close = iconButton("close", "Dismiss", () => leave(false));
    const start = () => {
      clearTimeout(timer);
      timer = setTimeout(() => leave(false), ms);
    };
    const stop = () => clearTimeout(timer);
    const on = { pointerenter: stop, pointerleave: start, focusin: stop, focusout: start };
    const toast = h("div", { class: `toast is-${kind}`, on },
      h("p", {}, text), buttons, close);
    // Above the others, which keep their place: a press is for what was there before.
    this.#element.prepend(toast);
    this.#keepFew();
    start();
    return { leave: () => leave(true) };
  }

  error(text) {
    return this.show(text, { kind: "error", ms: 2 * SHOWN_MS });
  }
}

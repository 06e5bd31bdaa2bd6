// The connection, as the user sees it: a quiet indicator while all is well, a banner with a countdown after a break, and
// a dialog when the engine does not accept the token.

import { keepToken } from "../address.js";
import { announce, button, h, setAttribute, setText } from "../dom.js";
import { summary } from "../health.js";

// A break that is shorter than this is not worth a banner.
const QUIET_MS = 400;
const SHUTDOWN_CODE = 1001;
const NEEDED = "This page needs the token of the engine.";

const labels = {
  idle: "Not connected",
  connecting: "Connecting",
  open: "Connected",
  waiting: "Not connected",
  closed: "Not connected",
};

export class ConnectionView {
  #app;
  #banner;
  #dot = h("span", { class: "dot", "aria-hidden": "true" });
  #label = h("span", { class: "visually-hidden" });
  #epoch = null;
  #wasOpen = false;
  #timer = null;
  #isAsking = false;
  #isShutDown = false;

  constructor(app, banner) {
    this.#app = app;
    this.#banner = banner;
    const click = () => void app.commands.run("sidebar.figures");
    const props = { type: "button", class: "icon-button indicator", on: { click } };
    this.element = h("button", props, this.#dot, this.#label);
    app.client.on("status", () => this.#changed());
    app.health.addEventListener("change", () => this.#showIndicator());
  }

  // Makes the first connection.
  async start(token) {
    this.#changed();
    if (!token) {
      await this.askToken(NEEDED);
      return;
    }
    // A failure shows in the status.
    await this.#app.client.connect().catch(() => {});
  }

  // Asks until there is a token, and connects with it.
  async askToken(reason) {
    if (this.#isAsking) return;
    this.#isAsking = true;
    let token = null;
    try {
      const { askToken } = await import("../dialogs/token.js");
      token = await askToken(reason);
    } catch {
      // Without the dialog, which could not be loaded, the banner offers to ask again.
    } finally {
      this.#isAsking = false;
    }
    if (token) await this.useToken(token);
    else this.#showBanner();
  }

  // Connects with another token.
  async useToken(token) {
    const { client } = this.#app;
    keepToken(token);
    if (client.status !== "closed" && client.status !== "idle") await client.close();
    client.setToken(token);
    await this.reconnect();
  }

  // Makes an attempt now, also after the last one.
  async reconnect() {
    const { client } = this.#app;
    client.retryNow();
    await client.connect().catch(() => {});
  }

  #changed() {
    const { status, lastError } = this.#app.client;
    // What comes after that only says that nobody answers.
    this.#isShutDown = status !== "open" && (this.#isShutDown || lastError?.closeCode === SHUTDOWN_CODE);
    this.#showIndicator();
    clearTimeout(this.#timer);
    if (status === "open") this.#opened();
    else if (status !== "idle") this.#timer = setTimeout(() => this.#showBanner(), QUIET_MS);
    document.documentElement.classList.toggle("is-offline", status !== "open" && this.#wasOpen);
    const isRefused = lastError?.code === "unauthorized";
    if (status === "closed" && isRefused) void this.askToken(this.#refusal());
  }

  #showIndicator() {
    const { client: { status }, health: { latest } } = this.#app;
    const label = [labels[status], summary(latest)].filter(Boolean).join(". ");
    setAttribute(this.element, "data-status", status);
    setAttribute(this.element, "data-health", latest?.status ?? null);
    setText(this.#label, label);
    setAttribute(this.element, "title", `${label}. Show figures`);
  }

  #refusal() {
    return this.#wasOpen
      ? "The engine no longer accepts the token of this page: it has expired, or it was revoked. What you see is the last state."
      : "The engine does not accept this token. It may be from an earlier start of the engine.";
  }

  #opened() {
    const { epoch } = this.#app.client.welcome.version;
    this.#hideBanner();
    if (this.#epoch !== null && this.#epoch !== epoch) {
      this.#app.toasts.show("The engine was restarted. The terminals of before are gone.", { ms: 12_000 });
    } else if (this.#wasOpen) {
      announce("Connected again");
    }
    this.#epoch = epoch;
    this.#wasOpen = true;
  }

  #hideBanner() {
    this.#banner.replaceChildren();
    this.#banner.classList.remove("is-shown");
  }

  #showBanner() {
    const { client } = this.#app;
    const { status, lastError } = client;
    if (status === "open") return;
    const text = h("span", {}, this.#sentence(status, lastError));
    const count = h("span", { class: "banner-count", "aria-hidden": "true" });
    this.#banner.replaceChildren(text, count, ...this.#buttons(status, lastError));
    this.#banner.classList.add("is-shown");
    this.#count(count);
  }

  #sentence(status, error) {
    if (status === "idle") return "This page has no token for the engine.";
    if (error?.code === "unauthorized") return "The engine does not accept the token.";
    if (this.#isShutDown) return "The engine has shut down.";
    if (status === "closed") return `The connection was closed: ${error?.message ?? "no reason was given"}.`;
    return this.#wasOpen ? "The connection is broken. What you see is the last state." : "The engine does not answer.";
  }

  #buttons(status, error) {
    const { client } = this.#app;
    const small = (label, run) => button(label, run, "is-small");
    if (status === "idle") return [small("Enter a token", () => void this.askToken(NEEDED))];
    if (error?.code === "unauthorized") return [small("Enter a token", () => void this.askToken(this.#refusal()))];
    if (status === "closed") return [small("Connect again", () => void this.reconnect())];
    return status === "waiting" ? [small("Now", () => void this.reconnect())] : [];
  }

  // The countdown to the next attempt; it runs only while the banner is there.
  #count(element) {
    const { client } = this.#app;
    if (!element.isConnected || client.status === "open") return;
    const left = client.retryAt === null ? null : Math.max(0, Math.ceil((client.retryAt - Date.now()) / 1000));
    setText(element, left === null ? (client.status === "connecting" ? "Connecting…" : "") : `Next attempt in ${left} s`);
    if (left !== null) this.#timer = setTimeout(() => this.#count(element), 250);
  }
}

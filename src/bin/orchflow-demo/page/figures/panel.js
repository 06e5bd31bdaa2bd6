// The figures of the connection, of this page, of the server and of the state. Nothing is asked while nobody sees them.

import { h, setText } from "../dom.js";
import { showNumber, showSize } from "../files/sizes.js";
import { watchVisibility } from "../files/visibility.js";
import { EngineCharts } from "./engine-charts.js";
import { HealthList } from "./health-list.js";
import { Rate, Series, showDuration, showMilliseconds } from "./series.js";
import { drawSparkline, sparkline } from "./sparkline.js";
import { traffic } from "./traffic.js";

const SAMPLE_MS = 1000;
/** Every second sample asks for the round trip. */
const ASK_EVERY = 2;

/** Sections with their rows: name, label, and the least top of its line; rows without one have no line. */
const SECTIONS = [
  ["Connection", [
    ["status", "State"], ["ping", "Round trip", 1], ["received", "Received", 1024], ["sent", "Sent", 1024],
  ]],
  ["This page", [["frames", "Frames drawn", 10]]],
  ["Server", [
    ["turns", "Turns", 10], ["longest", "Longest turn"], ["queued", "Queued", 1024], ["terminals", "Terminals"],
    ["watches", "Watches"], ["clients", "Clients"], ["uptime", "Running for"],
  ]],
  ["State", [["version", "Version"], ["sessions", "Sessions"], ["panes", "Panes"], ["files", "Files"]]],
];
const STATUS = {
  idle: "Not connected", connecting: "Connecting", open: "Connected", waiting: "Waiting to reconnect", closed: "Closed",
};
const NO_VALUE = "–";

export class FiguresPanel {
  #rows = new Map();
  #rates = { received: new Rate(), sent: new Rate(), turns: new Rate(), frames: new Rate() };
  #drawn = 0;
  #frame = 0;
  #samples = 0;
  #timer = 0;
  #isPinging = false;
  #ends;
  #endMessages = () => {};

  constructor({ client, health, host }) {
    this.client = client;
    this.health = health;
    this.list = new HealthList(health);
    this.charts = new EngineCharts();
    this.element = h("section", { class: "figures", "aria-label": "Figures", tabindex: "0" },
      this.list.element, this.charts.element, ...SECTIONS.map(([title, rows]) => this.#section(title, rows)));
    host.append(this.element);
    this.#ends = [
      watchVisibility(this.element, (visible) => (visible ? this.#start() : this.#stop())),
      client.on("status", () => this.#showConnection()),
      client.on("figures", (figures) => this.#showServer(figures)),
    ];
    const render = () => this.list.render();
    health.addEventListener("change", render);
    this.#ends.push(() => health.removeEventListener("change", render));
    this.#showConnection();
  }

  dispose() {
    this.#stop();
    for (const end of this.#ends) end();
    this.element.remove();
  }

  #section(title, rows) {
    return h("table", {}, h("caption", {}, title), h("tbody", {}, ...rows.map(([name, label, floor]) => {
      const row = {
        series: new Series(), floor, line: floor ? sparkline() : null, value: h("span", {}, NO_VALUE),
        element: h("tr", {}, h("th", { scope: "row" }, label)),
      };
      row.element.append(
        h("td", { class: "figures-line" }, ...(row.line ? [row.line] : [])),
        h("td", { class: "figures-value" }, row.value));
      this.#rows.set(name, row);
      return row.element;
    })));
  }

  #start() {
    this.#endMessages = this.client.on("message", (message) => this.#message(message));
    for (const rate of Object.values(this.#rates)) rate.clear();
    for (const { series } of this.#rows.values()) series.clear();
    this.charts.clear();
    this.health.showFigures(true);
    this.#samples = 0;
    this.#sample();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.health.showFigures(false);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#endMessages();
    this.#endMessages = () => {};
  }

  /** Several updates that are drawn together are one frame. */
  #message({ type }) {
    if (type !== "screen" || this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawn += 1;
    });
  }

  #sample() {
    const now = performance.now();
    const perSecond = (name, count, show) => {
      const rate = this.#rates[name].next(count, now);
      if (rate !== null) this.#set(name, rate, show(rate));
    };
    perSecond("frames", this.#drawn, (rate) => `${Math.round(rate)} / s`);
    for (const name of ["received", "sent"]) {
      this.#rows.get(name).element.hidden = !traffic.counted;
      perSecond(name, traffic[name], (rate) => `${showSize(rate)}/s`);
    }
    this.#showState();
    this.list.render();
    if (this.#samples % ASK_EVERY === 0) void this.#ping();
    this.#samples += 1;
    this.#timer = setTimeout(() => this.#sample(), SAMPLE_MS);
  }

  /** Asks for the round trip, unless the last reply is still to come. */
  async #ping() {
    if (this.client.status !== "open" || this.#isPinging) return;
    this.#isPinging = true;
    try {
      const ms = await this.client.ping();
      this.#set("ping", ms, showMilliseconds(ms));
    } catch {
      // The connection broke, which the first row says.
    } finally {
      this.#isPinging = false;
    }
  }

  #showServer(figures) {
    const turns = this.#rates.turns.next(figures.turns, figures.uptime_ms);
    if (turns !== null) this.#set("turns", turns, `${showNumber(Math.round(turns))} / s`);
    this.#set("queued", figures.queued_bytes, showSize(figures.queued_bytes));
    this.#show("longest", showMilliseconds(figures.turn.max_us / 1000));
    this.#show("uptime", showDuration(figures.uptime_ms));
    for (const name of ["terminals", "watches", "clients"]) this.#show(name, showNumber(figures[name]));
    this.charts.push(figures);
  }

  #showState() {
    const { state } = this.client;
    this.#show("version", state.version ? showNumber(state.version.n) : NO_VALUE);
    for (const name of ["sessions", "panes", "files"]) this.#show(name, showNumber(state[name].size));
  }

  #showConnection() {
    const { status } = this.client;
    this.#show("status", STATUS[status] ?? status);
    this.element.dataset.status = status;
    if (status === "open") return;
    this.charts.forget();
    this.#rates.turns.clear();
    for (const name of ["ping", "turns", "longest", "queued", "terminals", "watches", "clients", "uptime"]) {
      this.#show(name, NO_VALUE);
    }
  }

  #set(name, value, text) {
    const { series, line, floor } = this.#rows.get(name);
    series.push(value);
    if (line) drawSparkline(line, series.values, floor);
    this.#show(name, text);
  }

  #show(name, text) {
    setText(this.#rows.get(name).value, text);
  }
}

// The charts of the engine: throughput, times, memory, events.

import { h } from "../dom.js";
import { showNumber, showSize } from "../files/sizes.js";
import { decimalTop, sizeTop } from "./axis.js";
import { Chart } from "./chart.js";
import { intervalOf } from "./interval.js";
import { showMilliseconds } from "./series.js";

const showRate = (bytes) => `${showSize(bytes)}/s`;
const showCount = (count) => `${count < 10 ? Math.round(count * 10) / 10 : showNumber(Math.round(count))}/s`;

const rates = { show: showRate, top: sizeTop, floor: 1024 };
const times = { show: showMilliseconds, top: decimalTop, floor: 1 };

const CHARTS = [
  { title: "Programs", ...rates, series: [["output", "output"], ["input", "input"]] },
  { title: "Clients", ...rates, series: [["sent", "sent"], ["received", "received"]] },
  { title: "Event loop, mean", ...times, series: [["turn", "turn"], ["lag", "lag"]] },
  { title: "Latency, mean", ...times, series: [
    ["response", "response"], ["fileLatency", "file event"], ["diffAge", "diff"], ["roundTrip", "round trip"],
  ] },
  { title: "Memory", show: showSize, top: sizeTop, floor: 1 << 20, series: [
    ["logs", "logs"], ["screens", "screens"], ["state", "state"], ["watches", "watches"], ["clients", "clients"],
  ] },
  { title: "Events", show: showCount, top: decimalTop, floor: 1, series: [
    ["fileEvents", "file events"], ["rescans", "rescans"], ["errors", "errors"],
  ] },
];

export class EngineCharts {
  #charts = CHARTS.map((options) => new Chart(options));
  #last = null;

  constructor() {
    this.element = h("div", { class: "charts" }, ...this.#charts.map(({ element }) => element));
  }

  push(figures) {
    const values = intervalOf(this.#last, figures);
    this.#last = figures;
    const now = performance.now();
    if (values !== null) for (const chart of this.#charts) chart.push(values, now);
  }

  /** The next report is not compared with the last one: the connection broke, and it may be another engine. */
  forget() {
    this.#last = null;
  }

  clear() {
    this.forget();
    for (const chart of this.#charts) chart.clear();
  }
}

// A chart of a few lines over the last reports: a scale, a legend with the newest values, and the values where the pointer
// is. Screen readers get the newest values as a sentence.

import { h, setAttribute, setText } from "../dom.js";
import { linePoints, pathOf, showAge, showSpan, valueAt } from "./axis.js";
import { SERIES_LENGTH, Series } from "./series.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 236;
const HEIGHT = 64;
const NO_VALUE = "–";

export class Chart {
  #lines;
  /** When each report came, in milliseconds. */
  #times = new Series();
  #pointed = null;

  /**
   * `series`: name and label of each line. `show`: a value for people; `top`: the end of the scale, of the largest value
   * and `floor`.
   */
  constructor({ title, series, show, top, floor }) {
    Object.assign(this, { title, show, top, floor });
    this.svg = svg("svg", { viewBox: `0 -1 ${WIDTH} ${HEIGHT + 2}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    for (const part of [0, 0.5, 1]) {
      this.svg.append(svg("line", { class: "chart-grid", x1: 0, x2: WIDTH, y1: part * HEIGHT, y2: part * HEIGHT }));
    }
    this.cursor = svg("line", { class: "chart-cursor", y1: 0, y2: HEIGHT, visibility: "hidden" });
    this.#lines = series.map(([name, label], at) => {
      const line = svg("path", { class: `chart-line is-${at}` });
      const value = h("span", { class: "chart-value" }, NO_VALUE);
      const key = h("li", { class: `is-${at}` }, h("span", { class: "chart-key" }), `${label} `, value);
      return { name, label, line, value, key, series: new Series() };
    });
    this.svg.append(...this.#lines.map(({ line }) => line), this.cursor);
    this.scale = h("span", { class: "chart-top" });
    this.when = h("span", { class: "chart-when" });
    this.plot = h("div", { class: "chart-plot", role: "img", on: {
      pointermove: (event) => this.#point(event), pointerleave: () => this.#point(null),
    } }, this.svg, this.scale);
    this.element = h("figure", { class: "chart" },
      h("figcaption", {}, title, this.when), this.plot,
      h("ul", { class: "chart-legend" }, ...this.#lines.map(({ key }) => key)));
    this.#draw();
  }

  /** The next value of each line by its name, null where there is none, and when it came in milliseconds. */
  push(values, time) {
    this.#times.push(time);
    for (const { name, series } of this.#lines) series.push(values[name] ?? null);
    this.#draw();
  }

  clear() {
    this.#times.clear();
    for (const { series } of this.#lines) series.clear();
    this.#pointed = null;
    this.#draw();
  }

  #draw() {
    const max = this.#lines.reduce((max, { series }) => Math.max(max, series.max), 0);
    const top = this.top(max, this.floor);
    setText(this.scale, this.show(top));
    for (const { line, series } of this.#lines) {
      setAttribute(line, "d", pathOf(linePoints(series.values, WIDTH, HEIGHT, top)) || null);
    }
    this.#label();
  }

  /** The legend: the values where the pointer is, or the newest ones. */
  #label() {
    const times = this.#times.values;
    const count = times.length;
    const at = this.#pointed === null ? null : valueAt(count, this.#pointed);
    for (const { value, series } of this.#lines) {
      const shown = series.values.at(at ?? -1) ?? null;
      setText(value, shown === null ? NO_VALUE : this.show(shown));
    }
    setText(this.when, at === null || at === count - 1 ? showSpan(times) : showAge(times, at));
    setAttribute(this.cursor, "visibility", at === null ? "hidden" : "visible");
    if (at !== null) {
      const x = ((SERIES_LENGTH - count + at) / (SERIES_LENGTH - 1)) * WIDTH;
      setAttribute(this.cursor, "x1", x);
      setAttribute(this.cursor, "x2", x);
      return;
    }
    const spoken = this.#lines.map(({ label, value }) => `${label} ${value.textContent}`).join(", ");
    setAttribute(this.plot, "aria-label", `${this.title}: ${spoken}`);
  }

  #point(event) {
    if (event === null) {
      this.#pointed = null;
    } else {
      const { left, width } = this.plot.getBoundingClientRect();
      this.#pointed = Math.min(Math.max((event.clientX - left) / width, 0), 1);
    }
    this.#label();
  }
}

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

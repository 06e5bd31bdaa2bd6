// The parts of the engine that are not well, with the reason and since when.

import { h, setChildren, setText } from "../dom.js";
import { partTitle } from "../health.js";
import { showDuration } from "./series.js";

export class HealthList {
  #rows = new Map();
  #health;
  #summary = h("p", { class: "health-summary" });
  #list = h("ul", { class: "health-parts" });

  constructor(health) {
    this.#health = health;
    this.element = h("section", { class: "health", "aria-label": "Health of the engine" }, this.#summary, this.#list);
    this.render();
  }

  /** Also called while nothing changes, since it says how long something has been so. */
  render() {
    const { latest } = this.#health;
    const status = latest?.status ?? "unknown";
    this.element.dataset.status = status;
    setText(this.#summary, { ok: "All parts are well", unknown: "Health is not known" }[status] ?? `The engine is ${status}`);
    const rows = (latest?.parts ?? []).map((part) => this.#row(part, latest.at));
    const kept = new Set(rows);
    for (const [key, row] of this.#rows) if (!kept.has(row.element)) this.#rows.delete(key);
    if (latest?.more > 0) rows.push(h("li", {}, `and ${latest.more} more`));
    setChildren(this.#list, rows);
  }

  #row(part, at) {
    const key = partTitle(part);
    let row = this.#rows.get(key);
    if (!row) {
      row = { text: h("span"), since: h("span", { class: "health-since" }), element: h("li") };
      row.element.append(h("strong", {}, key), " ", row.text, " ", row.since);
      this.#rows.set(key, row);
    }
    Object.assign(row.element.dataset, { part: `${part.part} ${part.id}`, status: part.status });
    setText(row.text, `${part.status}: ${part.message}`);
    setText(row.since, `for ${showDuration(part.since_ms + performance.now() - at)}`);
    return row.element;
  }
}

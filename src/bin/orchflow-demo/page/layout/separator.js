// A separator between two parts of a split: moved by the pointer and by arrow keys; a double click or Enter makes all
// parts of the split the same size.

import { followPointer } from "../drag.js";
import { h, setAttribute } from "../dom.js";
import * as trees from "./tree.js";

const STEP = 0.02;

export class Separator {
  #app;
  #area;
  #session = null;
  #place = null;

  constructor(app, area) {
    this.#app = app;
    this.#area = area;
    this.element = h("div", {
      role: "separator",
      tabindex: "0",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      on: {
        pointerdown: (event) => this.#drag(event),
        keydown: (event) => this.#key(event),
        dblclick: () => this.#even(),
      },
    });
  }

  update(session, tree, place) {
    this.#session = session;
    this.#place = place;
    const { element } = this;
    const { rect, at } = place;
    const isRow = place.split === "row";
    element.className = `separator is-${place.split}`;
    const percent = (share) => `${(share * 100).toFixed(4)}%`;
    element.style.left = percent(isRow ? rect.x + at * rect.width : rect.x);
    element.style.top = percent(isRow ? rect.y : rect.y + at * rect.height);
    element.style.width = isRow ? "" : percent(rect.width);
    element.style.height = isRow ? percent(rect.height) : "";
    setAttribute(element, "aria-orientation", isRow ? "vertical" : "horizontal");
    setAttribute(element, "aria-valuenow", Math.round(at * 100));
    setAttribute(element, "aria-label", isRow ? "Separator, left and right" : "Separator, above and below");
    const parts = trees.at(tree, place.path).children;
    const ids = [parts[place.index], parts[place.index + 1]].flatMap(trees.leaves).map((id) => `pane-${id}`);
    setAttribute(element, "aria-controls", ids.join(" "));
  }

  #adjust(change) {
    this.#app.workspace.adjust(this.#session, change);
  }

  #even() {
    const { path } = this.#place;
    this.#adjust((tree) => trees.even(tree, path));
  }

  #key(event) {
    const { path, index, split } = this.#place;
    const back = split === "row" ? "ArrowLeft" : "ArrowUp";
    const forth = split === "row" ? "ArrowRight" : "ArrowDown";
    const moves = { [back]: -STEP, [forth]: STEP, Home: -1, End: 1 };
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter") this.#even();
    else if (event.key in moves) this.#adjust((tree) => trees.resize(tree, path, index, moves[event.key]));
    else return;
    event.preventDefault();
  }

  #drag(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const { element } = this;
    const { path, index, split, rect, at } = this.#place;
    const area = this.#area.getBoundingClientRect();
    const isRow = split === "row";
    const length = isRow ? rect.width * area.width : rect.height * area.height;
    const start = isRow ? event.clientX : event.clientY;
    element.focus();
    element.setPointerCapture(event.pointerId);
    element.classList.add("is-dragged");
    const move = (now) => {
      const to = at + ((isRow ? now.clientX : now.clientY) - start) / length;
      this.#adjust((tree) => trees.resizeTo(tree, path, index, to));
    };
    followPointer(event, { move, end: () => element.classList.remove("is-dragged") });
  }
}

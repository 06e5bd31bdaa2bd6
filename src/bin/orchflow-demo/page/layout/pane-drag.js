// Dragging a pane by its header: onto an edge of another pane it moves there, onto the middle of one the two swap, and
// onto the tab of another session it moves to that session. Escape ends it without a change.

import { followPointer } from "../drag.js";
import { h } from "../dom.js";
import * as trees from "./tree.js";

const THRESHOLD_PX = 6;
// The middle part of a pane, as a share of its width and height, in which panes swap.
const MIDDLE = 0.4;

export function startPaneDrag(app, id, event) {
  new PaneDrag(app, id, event).listen(event);
}

class PaneDrag {
  #app;
  #id;
  #start;
  #zone = null;
  #drop = null;
  #cancel = () => {};
  #controller = new AbortController();

  constructor(app, id, event) {
    this.#app = app;
    this.#id = id;
    this.#start = { x: event.clientX, y: event.clientY };
  }

  listen(event) {
    const { signal } = this.#controller;
    const { workspace } = this.#app;
    this.#cancel = followPointer(event, { move: (now) => this.#move(now), end: (isDropped) => this.#end(isDropped) });
    addEventListener("keydown", (now) => this.#key(now), { signal, capture: true });
    // Another browser may close the pane meanwhile.
    workspace.addEventListener("change", () => workspace.pane(this.#id) || this.#cancel(), { signal });
  }

  #key(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.#cancel();
  }

  #move(event) {
    const far = Math.hypot(event.clientX - this.#start.x, event.clientY - this.#start.y);
    if (!this.#zone && far < THRESHOLD_PX) return;
    if (!this.#zone) {
      this.#zone = h("div", { class: "dropzone", hidden: true });
      document.body.append(this.#zone);
      document.documentElement.classList.add("is-dragging");
    }
    this.#drop = this.#dropAt(event.clientX, event.clientY);
    this.#zone.hidden = this.#drop === null;
    if (this.#drop) Object.assign(this.#zone.style, inPixels(this.#drop.rect));
  }

  #dropAt(x, y) {
    const under = document.elementFromPoint(x, y);
    const tab = under?.closest("[data-session]");
    if (tab) {
      const { session } = tab.dataset;
      const isOther = session !== this.#app.workspace.pane(this.#id)?.session;
      return isOther ? { session, rect: tab.getBoundingClientRect() } : null;
    }
    const pane = under?.closest("[data-pane]");
    if (!pane || pane.dataset.pane === this.#id) return null;
    const rect = pane.getBoundingClientRect();
    const edge = edgeAt(rect, x, y);
    return { pane: pane.dataset.pane, edge, rect: edge ? half(rect, edge) : rect };
  }

  #end(isDropped) {
    this.#controller.abort();
    this.#zone?.remove();
    document.documentElement.classList.remove("is-dragging");
    const { workspace } = this.#app;
    const { session, pane, edge } = (isDropped && this.#drop) || {};
    const isThere = session ? workspace.session(session) : workspace.pane(pane);
    if (!isThere || !workspace.pane(this.#id)) return;
    if (session) {
      void workspace.movePane(this.#id, { session });
    } else if (edge) {
      void workspace.movePane(this.#id, { session: workspace.pane(pane).session, target: pane, edge });
    } else {
      void workspace.changeTree(workspace.pane(this.#id).session, (tree) => trees.swap(tree, this.#id, pane));
    }
  }
}

// The edge of a rectangle that a point is close to, or null in the middle.
function edgeAt(rect, x, y) {
  const across = (x - rect.left) / rect.width - 0.5;
  const along = (y - rect.top) / rect.height - 0.5;
  if (Math.abs(across) < MIDDLE / 2 && Math.abs(along) < MIDDLE / 2) return null;
  if (Math.abs(across) > Math.abs(along)) return across < 0 ? "left" : "right";
  return along < 0 ? "up" : "down";
}

function half({ left, top, width, height }, edge) {
  const isRow = edge === "left" || edge === "right";
  return {
    left: edge === "right" ? left + width / 2 : left,
    top: edge === "down" ? top + height / 2 : top,
    width: isRow ? width / 2 : width,
    height: isRow ? height : height / 2,
  };
}

function inPixels({ left, top, width, height }) {
  return { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
}

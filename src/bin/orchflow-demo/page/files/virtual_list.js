// A list that has only its visible rows in the DOM, in their order, and uses the elements again.

import { ScrollMap } from "./scroll_map.js";

/** Rows drawn beyond each end of the viewport, so that scrolling shows no gap before the next frame. */
const OVERSCAN = 10;
const SETTLE_MS = 160;

export class VirtualList {
  #map = new ScrollMap();
  #shown = new Map();
  #free = [];
  #frame = 0;
  #stale = true;
  #settling = 0;
  #observer;
  #onScroll = () => this.#scrolled();

  /**
   * `scroller` scrolls, and `content` within it holds the rows. `count()` is the number of rows, `create()` gives an
   * element, `draw(element, row)` fills it. `drawn(first, end)` is called after each change of what is in the DOM.
   */
  constructor({ scroller, content, count, create, draw, drawn = () => {} }) {
    Object.assign(this, { scroller, content, count, create, draw, drawn });
    this.spacer = document.createElement("div");
    this.spacer.className = "virtual-spacer";
    this.spacer.setAttribute("aria-hidden", "true");
    this.spacer.role = "presentation";
    scroller.classList.add("virtual");
    content.classList.add("virtual-content");
    scroller.append(this.spacer);
    scroller.addEventListener("scroll", this.#onScroll, { passive: true });
    this.#observer = new ResizeObserver(() => this.refresh());
    this.#observer.observe(scroller);
  }

  dispose() {
    this.#observer.disconnect();
    this.scroller.removeEventListener("scroll", this.#onScroll);
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#settling);
  }

  /** Draws all rows again in the next frame. */
  refresh() {
    this.#stale = true;
    this.#schedule();
  }

  /** Draws all rows again now. */
  refreshNow() {
    this.#stale = true;
    this.#render();
  }

  get wrapped() {
    return this.content.classList.contains("wrapped");
  }

  set wrapped(on) {
    this.content.classList.toggle("wrapped", on);
    this.#map.heights = on ? new Map() : null;
    this.refreshNow();
    this.#moveTo(this.#map.settle());
  }

  /** The row at the top, with the hidden share of it as fraction. */
  get position() {
    return this.#map.position;
  }

  set position(position) {
    this.#map.position = position;
    this.#measure();
    this.#moveTo(this.#map.settle());
  }

  get atEnd() {
    return this.#map.position >= this.#map.positionMax - 0.5;
  }

  /** The number of whole rows that fit. */
  get pageRows() {
    return Math.max(1, Math.floor(this.#map.viewport / this.#map.rowHeight));
  }

  show(row, place) {
    this.#measure();
    this.#moveTo(this.#map.show(row, place));
    // Wrapped rows are measured once they are drawn, so what is at the end is known only now.
    if (this.wrapped && place === "end") this.#moveTo(this.#map.settle());
  }

  element(row) {
    return this.#shown.get(row);
  }

  rowOf(element) {
    for (const [row, shown] of this.#shown) if (shown === element) return row;
    return -1;
  }

  #moveTo(scrollTop) {
    this.spacer.style.height = `${this.#map.height}px`;
    this.scroller.scrollTop = scrollTop;
    this.#map.rounded(this.scroller.scrollTop);
    this.#stale = true;
    this.#render();
  }

  #scrolled() {
    const { scrollTop } = this.scroller;
    if (Math.abs(scrollTop - this.#map.scrollTop) < 0.5) return;
    if (this.#map.scrolled(scrollTop)) this.#moveTo(this.#map.settle());
    this.#schedule();
    if (this.#map.exact) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#moveTo(this.#map.settle()), SETTLE_MS);
  }

  #schedule() {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#render());
  }

  #measure() {
    const map = this.#map;
    map.rows = this.count();
    map.viewport = this.scroller.clientHeight;
    if (this.#shown.size > 0 && !this.wrapped) {
      map.rowHeight = this.#shown.values().next().value.getBoundingClientRect().height || map.rowHeight;
    } else if (this.#shown.size === 0 && map.rows > 0) {
      map.rowHeight = this.#probe();
    }
    this.spacer.style.height = `${map.height}px`;
  }

  #probe() {
    const element = this.create();
    element.style.visibility = "hidden";
    element.append("x");
    this.content.append(element);
    const { height } = element.getBoundingClientRect();
    element.remove();
    return height || this.#map.rowHeight;
  }

  #render() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.#stale) this.#measure();
    const map = this.#map;
    if (map.viewport === 0) return;
    map.position = Math.min(map.position, Math.max(map.positionMax, 0));
    const top = Math.floor(map.position);
    const first = Math.max(0, top - OVERSCAN);
    const end = Math.min(map.rows, top + Math.ceil(map.viewport / map.rowHeight) + 1 + OVERSCAN);
    this.#fill(first, end);
    this.#stale = false;
    this.#place(first, top, end);
    this.drawn(first, end);
  }

  #fill(first, end) {
    for (const [row, element] of this.#shown) {
      if (row >= first && row < end) continue;
      this.#shown.delete(row);
      // The focus would be lost with the element; the list keeps it.
      if (element.contains(document.activeElement)) this.scroller.focus({ preventScroll: true });
      element.remove();
      this.#free.push(element);
    }
    let next = this.content.firstChild;
    for (let row = first; row < end; row += 1) {
      let element = this.#shown.get(row);
      if (element === undefined) {
        element = this.#free.pop() ?? this.create();
        this.#shown.set(row, element);
        this.content.insertBefore(element, next);
        this.draw(element, row);
      } else {
        next = element.nextSibling;
        if (this.#stale) this.draw(element, row);
      }
    }
  }

  #place(first, top, end) {
    const map = this.#map;
    if (map.exact) {
      this.content.style.transform = `translateY(${first * map.rowHeight}px)`;
      return;
    }
    if (this.wrapped) {
      const heights = new Map();
      for (let row = first; row < end; row += 1) heights.set(row, this.#shown.get(row).getBoundingClientRect().height);
      map.heights = heights;
    }
    let above = (map.position - top) * map.heightOf(top);
    for (let row = first; row < top; row += 1) above += map.heightOf(row);
    this.content.style.transform = `translateY(${map.scrollTop - above}px)`;
  }
}

// Which rows a scroll position shows: a model without a DOM.
//
// Rows of one height whose sum a browser can lay out are simple: the position is `scrollTop / rowHeight`. Browsers
// limit the height of an element, and wrapped rows have heights that are only known once they are drawn. In these cases
// the scroll bar shows the share of the rows that is above. Small movements then move by pixels from row to row, large
// ones jump to the share, and `settle` brings the bar to where it belongs once the movement has stopped.

/** Pixels that every browser can lay out. */
const HEIGHT_MAX = 8_000_000;

export class ScrollMap {
  rows = 0;
  rowHeight = 20;
  viewport = 0;
  /** Rows above the top of the viewport, with the hidden share of the top row as fraction. */
  position = 0;
  #scrollTop = 0;
  /** Heights of rows that were measured, if rows differ. */
  #heights = null;

  /** The height of the whole, for the scroll bar. */
  get height() {
    return Math.min(this.rows * this.rowHeight, HEIGHT_MAX);
  }

  get exact() {
    return this.#heights === null && this.rows * this.rowHeight <= HEIGHT_MAX;
  }

  get scrollTop() {
    return this.#scrollTop;
  }

  /** Rows of differing heights: those that are drawn, measured. Null: all have the same height. */
  set heights(heights) {
    this.#heights = heights;
  }

  heightOf(row) {
    return this.#heights?.get(row) ?? this.rowHeight;
  }

  /** The last position: the last row ends at the bottom of the viewport. */
  get positionMax() {
    let left = this.viewport;
    for (let row = this.rows - 1; row >= 0; row -= 1) {
      const height = this.heightOf(row);
      if (height >= left) return row + (height - left) / height;
      left -= height;
      if (this.#heights === null) return Math.max(0, row - left / height);
    }
    return 0;
  }

  /** The element was scrolled. True if `settle` should follow at once, because the bar has hit an end too early. */
  scrolled(scrollTop) {
    const moved = scrollTop - this.#scrollTop;
    this.#scrollTop = scrollTop;
    const range = this.height - this.viewport;
    if (this.exact) {
      this.position = scrollTop / this.rowHeight;
      return false;
    }
    const max = this.positionMax;
    if (Math.abs(moved) >= this.viewport) {
      this.position = range > 0 ? (scrollTop / range) * max : 0;
    } else {
      this.#moveBy(moved);
    }
    this.position = Math.min(Math.max(this.position, 0), max);
    return (scrollTop <= 0 && this.position > 0) || (scrollTop >= range && this.position < max);
  }

  #moveBy(pixels) {
    let row = Math.floor(this.position);
    let inside = (this.position - row) * this.heightOf(row) + pixels;
    while (inside < 0 && row > 0) {
      row -= 1;
      inside += this.heightOf(row);
    }
    while (inside >= this.heightOf(row) && row < this.rows) {
      inside -= this.heightOf(row);
      row += 1;
    }
    this.position = row + inside / this.heightOf(row);
  }

  /** The `scrollTop` that belongs to the position. The element is to be set to it. */
  settle() {
    const max = this.positionMax;
    this.position = Math.min(Math.max(this.position, 0), max);
    const range = Math.max(this.height - this.viewport, 0);
    const share = max > 0 ? this.position / max : 0;
    this.#scrollTop = this.exact ? Math.min(this.position * this.rowHeight, range) : share * range;
    return this.#scrollTop;
  }

  /** What the element has made of the `scrollTop` that it was set to. */
  rounded(scrollTop) {
    this.#scrollTop = scrollTop;
  }

  /** Moves so that a row is visible; `place` is "nearest", "center", "start" or "end". */
  show(row, place = "nearest") {
    const fit = this.viewport / this.rowHeight;
    const last = row + 1 - fit;
    if (place === "center") this.position = row - Math.max(0, (fit - 1) / 2);
    else if (place === "start") this.position = row;
    else if (place === "end" || this.position < last) this.position = Math.max(last, 0);
    else if (this.position > row) this.position = row;
    return this.settle();
  }
}

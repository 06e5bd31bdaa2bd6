// Boxes over cells: matches of a search, and the link under the pointer. They lie above the rows and
// change none of them.

export class Marks {
  #view;
  #matches = { list: [], current: -1 };
  #link = null;

  constructor(view) {
    this.#view = view;
  }

  /** list: [{ start: { index, col }, end: { index, col } }] in order; `current` is an index into it. */
  setMatches(list, current) {
    this.#matches = { list, current };
    this.draw();
  }

  /** The same for a link, or null. */
  setLink(range) {
    if (range === this.#link) return;
    this.#link = range;
    this.draw();
  }

  /** Only what is visible has boxes. */
  draw() {
    const { marksElement } = this.#view;
    const { list, current } = this.#matches;
    if (list.length === 0 && this.#link === null) {
      if (marksElement.firstChild) marksElement.replaceChildren();
      return;
    }
    const visible = this.#view.visible();
    const boxes = [];
    for (const [number, match] of list.entries()) {
      if (match.end.index < visible.first || match.start.index > visible.last) continue;
      boxes.push(...this.#boxes(match, number === current ? "term-match current" : "term-match", visible));
    }
    if (this.#link) boxes.push(...this.#boxes(this.#link, "term-link", visible));
    marksElement.replaceChildren(...boxes);
  }

  #boxes({ start, end }, name, visible) {
    const { metrics, rows, screen } = this.#view;
    const boxes = [];
    for (let index = Math.max(start.index, visible.first); index <= Math.min(end.index, visible.last); index++) {
      const from = index === start.index ? start.col : 0;
      const to = index === end.index ? end.col : screen.cols;
      if (to <= from) continue;
      const box = document.createElement("div");
      box.className = name;
      box.style.left = `${from * metrics.cellWidth}px`;
      box.style.top = `${rows.y(index)}px`;
      box.style.width = `${(to - from) * metrics.cellWidth}px`;
      boxes.push(box);
    }
    return boxes;
  }
}

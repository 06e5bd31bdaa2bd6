// The size of a cell, and the width of characters in the fonts that the browser really uses.
//
// A cell is a whole number of device pixels wide, and of CSS pixels high since browsers put lines of
// text there: neighbouring cells meet without a seam. The spacing of letters makes up the difference to the
// font, and for characters of fallback fonts the difference to their own widths.

const PROBE = "0".repeat(64);

/** Browsers lay out in such fractions of a pixel; other widths would add up to other places. */
const LAYOUT_UNITS = 64;

/** Widths of this many characters are remembered; the text of one screen has far fewer. */
const WIDTHS_MAX = 8_192;

/** Characters that are wider than their cells by more than this are made smaller. */
const WIDE = 1.06;

const PLAIN = Object.freeze({ kind: "plain" });

export class Metrics {
  cellWidth = 8;
  cellHeight = 16;
  spacing = 0;
  #widths = new Map();
  #context = document.createElement("canvas").getContext("2d");
  #font = "";

  /** Measures in `element`, which has the font of the terminal. Returns whether anything changed. */
  measure(element, lineHeight) {
    const probe = document.createElement("span");
    probe.className = "term-probe";
    probe.textContent = PROBE;
    element.append(probe);
    const box = probe.getBoundingClientRect();
    const { fontSize, fontFamily } = getComputedStyle(element);
    const font = `${fontSize} ${fontFamily}`;
    probe.remove();
    if (box.width === 0) return false;
    const ratio = devicePixelRatio;
    const advance = box.width / PROBE.length;
    const cellWidth = Math.floor((Math.max(Math.round(advance * ratio), 1) / ratio) * LAYOUT_UNITS) / LAYOUT_UNITS;
    const cellHeight = Math.max(Math.round(parseFloat(fontSize) * lineHeight), 1);
    const key = `${font} ${ratio}`;
    const changed = key !== this.#font || cellWidth !== this.cellWidth || cellHeight !== this.cellHeight;
    if (key !== this.#font) this.#widths.clear();
    this.#font = key;
    this.font = font;
    this.cellWidth = cellWidth;
    this.cellHeight = cellHeight;
    this.spacing = cellWidth - advance;
    this.#measureLines(parseFloat(fontSize), ratio);
    return changed;
  }

  /** Lines of drawn characters: how thick they are and where the middle ones begin, in device pixels. */
  #measureLines(fontSize, ratio) {
    const light = Math.max(Math.round(fontSize * 0.07 * ratio), 1);
    const heavy = Math.max(Math.round(fontSize * 0.15 * ratio), light + 1);
    const begin = (size, stroke) => Math.floor((size * ratio - stroke) / 2) / ratio;
    this.lines = {
      "--stroke": light / ratio,
      "--light-x": begin(this.cellWidth, light),
      "--light-y": begin(this.cellHeight, light),
      "--heavy-stroke": heavy / ratio,
      "--heavy-x": begin(this.cellWidth, heavy),
      "--heavy-y": begin(this.cellHeight, heavy),
    };
  }

  /** How much of a row is above and below the box of its text; `element` is an empty row. */
  measureEdges(element) {
    const span = document.createElement("span");
    span.textContent = "0";
    element.append(span);
    const row = element.getBoundingClientRect();
    const text = span.getBoundingClientRect();
    element.replaceChildren();
    return { above: Math.max(text.top - row.top, 0), below: Math.max(row.bottom - text.bottom, 0) };
  }

  /**
   * How `text` takes exactly `cols` cells: { kind: "plain" }, with letter spacing of `value` pixels
   * ("spacing"), or in type of `value` times the size ("scale") since it would cover its neighbours.
   */
  fit(text, cols, bold, italic) {
    const key = `${bold ? "b" : ""}${italic ? "i" : ""}${text}`;
    let width = this.#widths.get(key);
    if (width === undefined) {
      if (this.#widths.size >= WIDTHS_MAX) this.#widths.clear();
      this.#context.font = `${italic ? "italic " : ""}${bold ? "bold " : ""}${this.font}`;
      width = this.#context.measureText(text).width;
      this.#widths.set(key, width);
    }
    const target = cols * this.cellWidth;
    if (width > target * WIDE) return { kind: "scale", value: target / width };
    const spacing = target - width;
    return Math.abs(spacing - this.spacing) < 0.01 ? PLAIN : { kind: "spacing", value: spacing };
  }
}

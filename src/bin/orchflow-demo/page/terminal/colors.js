// Colours of the protocol as CSS. The first 16 and the defaults are the custom properties of the
// theme, so most rows follow a change of the theme by themselves.

import { readable } from "./contrast.js";

const CUBE = [0, 95, 135, 175, 215, 255];

/** Pairs of colours whose readable form is remembered. */
const PAIRS_MAX = 4_096;

/** A colour of the protocol in CSS, or null for the default. */
export function cssColor(color) {
  if (!isColored(color)) return null;
  if (color.indexed < 16) return `var(--term-${color.indexed})`;
  return rgbCss(color.rgb ?? indexedRgb(color.indexed));
}

function isColored(color) {
  return color !== undefined && color !== null && color !== "default";
}

function rgbCss(rgb) {
  return `rgb(${rgb.join(",")})`;
}

/** The colours from 16 on, as xterm defines them: a cube of 6³ and 24 greys. */
export function indexedRgb(index) {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return [grey, grey, grey];
  }
  const cube = index - 16;
  return [CUBE[Math.floor(cube / 36)], CUBE[Math.floor(cube / 6) % 6], CUBE[cube % 6]];
}

/** The colours of the theme as numbers, which contrast needs. */
export class Palette {
  #theme = new Map();
  #pairs = new Map();
  #key = "";

  /** read(name): the value of a custom property as [red, green, blue]. Returns whether it is another theme. */
  update(read) {
    const names = ["term-fg", "term-bg", ...Array.from({ length: 16 }, (_, index) => `term-${index}`)];
    this.#theme = new Map(names.map((name) => [name, read(`--${name}`)]));
    const key = JSON.stringify([...this.#theme.values()]);
    const isOther = key !== this.#key;
    this.#key = key;
    this.#pairs.clear();
    return isOther;
  }

  /** The colour of text in CSS so that it can be read on its background; null for the default. */
  textColor(fg, bg, inverse = false) {
    const plain = inverse ? cssColor(bg) ?? "var(--screen-bg)" : cssColor(fg);
    // The theme takes care of its own colours on its background.
    if (!inverse && !isColored(bg) && (!isColored(fg) || fg.indexed < 16)) return plain;
    const key = `${inverse}|${keyOf(fg)}|${keyOf(bg)}`;
    let color = this.#pairs.get(key);
    if (color === undefined) {
      color = this.#readable(fg, bg, inverse) ?? plain;
      if (this.#pairs.size >= PAIRS_MAX) this.#pairs.clear();
      this.#pairs.set(key, color);
    }
    return color;
  }

  #readable(fg, bg, inverse) {
    let text = this.#rgb(fg, "term-fg");
    let back = this.#rgb(bg, "term-bg");
    if (inverse) [text, back] = [back, text];
    if (!text || !back) return null;
    const color = readable(text, back);
    return color === text ? null : rgbCss(color);
  }

  #rgb(color, name) {
    if (!isColored(color)) return this.#theme.get(name) ?? null;
    if (color.rgb) return color.rgb;
    return color.indexed < 16 ? this.#theme.get(`term-${color.indexed}`) ?? null : indexedRgb(color.indexed);
  }
}

function keyOf(color) {
  if (!isColored(color)) return "";
  return color.rgb ? color.rgb.join(",") : String(color.indexed);
}

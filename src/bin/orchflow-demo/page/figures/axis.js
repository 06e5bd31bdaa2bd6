// The scale of a chart and the way of a line through it: models without a DOM.

import { SERIES_LENGTH } from "./series.js";

const STEPS = [1, 2, 5];

/** The least of 1, 2, 5, 10, 20, 50 … that is not below `max`, and not below `floor`. */
export function decimalTop(max, floor) {
  return topOf(Math.max(max, floor), 10, STEPS);
}

/** The same for bytes: 1, 2, 5, 10 … 500 of B, KB, MB …; a unit has 1,024 of the one before. */
export function sizeTop(max, floor) {
  return topOf(Math.max(max, floor), 1024, [1, 2, 5, 10, 20, 50, 100, 200, 500]);
}

function topOf(max, base, steps) {
  if (!(max > 0) || !Number.isFinite(max)) return 1;
  let unit = base ** Math.floor(Math.log(max) / Math.log(base));
  // A logarithm may be off by a little at a power of the base.
  if (unit > max) unit /= base;
  const step = steps.find((count) => count * unit >= max);
  return step === undefined ? base * unit : step * unit;
}

/**
 * The path of a line through values, for a box of this size: the newest value at the right end, `top` at the top. Where
 * a value is null the line has a hole; a value between two holes is a dot.
 */
export function linePath(values, width, height, top) {
  const step = width / (SERIES_LENGTH - 1);
  const start = width - (values.length - 1) * step;
  let path = "";
  let isDown = false;
  for (const [at, value] of values.entries()) {
    if (value === null) {
      isDown = false;
      continue;
    }
    const x = round(start + at * step);
    const y = round(height - (Math.min(value, top) / top) * height);
    const isDot = !isDown && (values[at + 1] ?? null) === null;
    path += isDown ? `L${x},${y}` : `M${x},${y}`;
    if (isDot) path += "h0";
    isDown = true;
  }
  return path;
}

/** The number of the value nearest to a place from 0 (left) to 1 (right), or null where there is none yet. */
export function valueAt(count, place) {
  const at = Math.round(place * (SERIES_LENGTH - 1)) - (SERIES_LENGTH - count);
  return at >= 0 && at < count ? at : null;
}

const round = (value) => Math.round(value * 10) / 10;

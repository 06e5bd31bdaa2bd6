// The scale of a chart, the way of a line through it, and its times: models without a DOM.

import { SERIES_LENGTH, showDuration } from "./series.js";

const MINUTE = 60_000;

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
 * The points of a line through values, for a box of this size: the newest value at the right end, `top` at the top; null
 * where a value is null.
 */
export function linePoints(values, width, height, top) {
  const step = width / (SERIES_LENGTH - 1);
  const start = width - (values.length - 1) * step;
  return values.map((value, at) => (value === null ? null
    : `${round(start + at * step)},${round(height - (Math.min(value, top) / top) * height)}`));
}

/** The path through points. Where one is null the line has a hole; a point between two holes is a dot. */
export function pathOf(points) {
  let path = "";
  for (const [at, point] of points.entries()) {
    if (point === null) continue;
    const isFirst = (points[at - 1] ?? null) === null;
    const isLast = (points[at + 1] ?? null) === null;
    path += `${isFirst ? "M" : "L"}${point}${isFirst && isLast ? "h0" : ""}`;
  }
  return path;
}

/** The number of the value nearest to a place from 0 (left) to 1 (right), or null where there is none yet. */
export function valueAt(count, place) {
  const at = Math.round(place * (SERIES_LENGTH - 1)) - (SERIES_LENGTH - count);
  return at >= 0 && at < count ? at : null;
}

/** How long before the newest of these times one of them was; `times` in milliseconds. */
export function showAge(times, at) {
  return `${showDuration(times.at(-1) - times[at])} ago`;
}

/** What lies between the oldest and the newest of these times: a minute, or what it is where there are more or fewer reports. */
export function showSpan(times) {
  const span = times.length < SERIES_LENGTH ? MINUTE : times.at(-1) - times[0];
  return Math.abs(span - MINUTE) <= MINUTE / 10 ? "last minute" : `last ${showDuration(span)}`;
}

const round = (value) => Math.round(value * 10) / 10;

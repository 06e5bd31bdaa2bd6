// The last values of a figure, and rates from counters: models without a DOM.

export const SERIES_LENGTH = 60;

export class Series {
  values = [];

  push(value) {
    this.values.push(value);
    if (this.values.length > SERIES_LENGTH) this.values.shift();
  }

  get max() {
    return this.values.reduce((max, value) => (value > max ? value : max), 0);
  }

  clear() {
    this.values = [];
  }
}

/** How fast a counter grows, a second. A counter that goes back has begun anew. */
export class Rate {
  #last = null;

  /** The rate since the last call; null for the first one. `now` in milliseconds. */
  next(count, now) {
    const last = this.#last;
    this.#last = { count, now };
    if (last === null || now <= last.now || count < last.count) return null;
    return ((count - last.count) * 1000) / (now - last.now);
  }

  clear() {
    this.#last = null;
  }
}

/** `0.42 ms`, `18 ms`, `1.2 s` */
export function showMilliseconds(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(2)} ms`;
}

/** `3 d 4 h`, `5 min 12 s` */
export function showDuration(ms) {
  const seconds = Math.floor(ms / 1000);
  const parts = [[Math.floor(seconds / 86_400), "d"], [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"], [seconds % 60, "s"]];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return "0 s";
  return parts.slice(first, first + 2).map(([value, unit]) => `${value} ${unit}`).join(" ");
}

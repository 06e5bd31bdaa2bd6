// The rows of the scrollback that the page has. Rows have absolute indices: the top row of the
// screen has the index `top`, the newest row of the scrollback `top - 1`. A row keeps its index when
// new rows scroll in, so what is drawn stays where it is.
//
// At the limit of the scrollback old rows leave as new ones come, and the size does not tell how
// many. Unless both agree, the cache is `adrift`: indices of rows stay as they are, `top` is an estimate, and the
// next rows that are fetched by their place correct it. Rows that were copied from the screen, and
// all rows while adrift, are `provisional`: shown, but fetched again before they count. Rows that the
// server no longer has stay as long as they are near what is read.

export const CACHED_ROWS_MAX = 5_000;

/** The same while the newest rows are shown: those above are a margin. */
export const CACHED_ROWS_FOLLOWING = 1_000;

/** The most rows of one request; the protocol allows 1,000. */
export const FETCH_ROWS_MAX = 400;

export class History {
  /** The index of the oldest row, and the number of rows. */
  first = 0;
  size = 0;
  adrift = false;
  #rows = new Map();
  #placed = [];
  #generation = 0;

  get top() {
    return this.first + this.size;
  }

  get generation() {
    return this.#generation;
  }

  get cachedRows() {
    return this.#rows.size;
  }

  /** Nothing that was known holds: another size, a cleared scrollback, another screen. */
  reset(size) {
    this.#rows.clear();
    this.#placed = [];
    this.#generation += 1;
    this.first = 0;
    this.size = size;
    this.adrift = false;
  }

  /**
   * The scrollback has `size` rows now, at least as many as before, and the line at the top of the
   * screen is another one if `moved`. `estimate` is how far the screen seems to have moved. Returns
   * by how many rows the top went on.
   */
  advance(size, moved, estimate) {
    const grown = size - this.size;
    const by = moved ? Math.max(grown, estimate) : grown;
    // Only what grew by as much as it moved has certainly not reached the limit on the way.
    if (moved && grown !== estimate) this.#drift();
    this.first += by - grown;
    this.size = size;
    return by;
  }

  #drift() {
    this.adrift = true;
    this.#placed = [];
    for (const row of this.#rows.values()) row.provisional = true;
  }

  /** A row that left the screen into the scrollback. */
  keep(index, row) {
    this.#rows.set(index, { wrapped: row.wrapped, runs: row.runs, place: null, provisional: true });
  }

  get(index) {
    return this.#rows.get(index) ?? null;
  }

  /**
   * The lines of an outcome `rows`. A row is counted from the oldest one, so rows that came since the
   * last update of the screen do not matter. If `anchor` is a row whose place is among the lines, all
   * indices are corrected by it. Returns the indices that came.
   */
  store(reply, anchor = null) {
    this.#correct(reply, anchor);
    const indices = [];
    for (const line of reply.lines) {
      if (line.row >= 0) continue;
      const index = this.first + reply.history + line.row;
      this.#rows.set(index, { wrapped: line.wrapped, runs: line.runs, place: line.place, provisional: false });
      indices.push(index);
    }
    if (reply.kept_from) this.#know(this.first, reply.kept_from);
    if (reply.kept_to) this.#know(this.first + reply.history, reply.kept_to);
    return indices;
  }

  #correct(reply, anchor) {
    const place = anchor === null ? null : this.#rows.get(anchor)?.place;
    const line = place && reply.lines.find((candidate) => samePlace(candidate.place, place));
    if (line) this.first = anchor - line.row - reply.history;
    else if (this.adrift) this.#forget();
    this.adrift = false;
  }

  /** Without a row to go by, only rows that the server has no longer are what they were. */
  #forget() {
    for (const index of this.#rows.keys()) if (index >= this.first) this.#rows.delete(index);
  }

  #know(index, place) {
    this.#placed = this.#placed.filter((known) => known.index !== index).slice(-7);
    this.#placed.push({ index, place });
  }

  /** Keeps the memory bounded: drops the rows that are farthest from `center`, a quarter at a time. */
  trim(center, max = CACHED_ROWS_MAX) {
    if (this.#rows.size <= max) return;
    const far = [...this.#rows.keys()].sort((a, b) => Math.abs(b - center) - Math.abs(a - center));
    for (const index of far.slice(0, this.#rows.size - max * 0.75)) this.#rows.delete(index);
  }

  /** The part of [from, to) that has to be fetched, or null. */
  missing(from, to) {
    const lacks = (index) => this.#rows.get(index)?.provisional ?? true;
    let start = Math.max(from, this.first);
    let end = Math.min(to, this.top);
    while (start < end && !lacks(start)) start += 1;
    while (end > start && !lacks(end - 1)) end -= 1;
    return start < end ? { from: start, to: end } : null;
  }

  /**
   * The request that brings rows of [from, to) nearer: { from: place, above, max, anchor }. A row
   * whose place is known names the rows beside it; far from any, the number of the line is guessed
   * from the two nearest, and the reply says which rows it was.
   */
  request({ from, to }) {
    const anchor = this.#anchorNear(from, to);
    if (anchor === null && to > this.top - FETCH_ROWS_MAX) {
      return { from: null, above: Math.min(this.top - from, FETCH_ROWS_MAX), max: 1, anchor: null };
    }
    if (anchor !== null) {
      const above = clamp(anchor - from, 0, FETCH_ROWS_MAX);
      const max = clamp(to - anchor, 1, FETCH_ROWS_MAX);
      return { from: this.#rows.get(anchor).place, above, max, anchor };
    }
    return { from: this.#guess(from), above: FETCH_ROWS_MAX / 4, max: FETCH_ROWS_MAX, anchor: null };
  }

  /** A fetched row within reach of the range, the nearest one. */
  #anchorNear(from, to) {
    for (let away = 0; away < FETCH_ROWS_MAX; away++) {
      for (const index of [from - away, to - 1 + away]) if (this.#rows.get(index)?.place) return index;
      if (away < to - from && this.#rows.get(from + away)?.place) return from + away;
    }
    return null;
  }

  #guess(index) {
    const known = this.#placed.concat([...this.#rows].filter(([, row]) => row.place)
      .map(([at, row]) => ({ index: at, place: row.place })));
    const below = nearest(known.filter((entry) => entry.index <= index), index);
    const above = nearest(known.filter((entry) => entry.index > index), index);
    if (!below || !above) return below?.place ?? { line: 0, col: 0 };
    const share = (index - below.index) / (above.index - below.index);
    return { line: Math.round(below.place.line + share * (above.place.line - below.place.line)), col: 0 };
  }
}

function nearest(entries, index) {
  return entries.reduce((best, entry) =>
    !best || Math.abs(entry.index - index) < Math.abs(best.index - index) ? entry : best, null);
}

function samePlace(a, b) {
  return Boolean(a && b) && a.line === b.line && a.col === b.col;
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

// What happened to the rows of a screen since they were drawn. The order of updates is kept, drawing
// waits for the next frame: however many updates arrive, this holds one slot for each row.

/** Follows scrolls and changes of `count` rows until they are drawn. */
export class RowChanges {
  constructor(count) {
    this.reset(count);
  }

  /** All rows are new. */
  reset(count) {
    this.full = true;
    this.sources = new Array(count).fill(-1);
    this.dirty = new Set(this.sources.keys());
  }

  /** Everything was drawn. */
  drawn(count) {
    this.full = false;
    this.sources = Array.from({ length: count }, (_, row) => row);
    this.dirty = new Set();
  }

  get isEmpty() {
    return !this.full && this.dirty.size === 0 && this.sources.every((source, row) => source === row);
  }

  /** `rows` up if positive, down if negative, within [top, bottom); `bottom` may exceed the screen. */
  scroll({ top, bottom, rows }) {
    const end = Math.min(bottom, this.sources.length);
    const before = this.sources.slice();
    const wasDirty = this.dirty;
    const dirty = new Set([...wasDirty].filter((row) => row < top || row >= end));
    for (let row = top; row < end; row++) {
      const from = row + rows;
      const inside = from >= top && from < end;
      this.sources[row] = inside ? before[from] : -1;
      if (!inside || wasDirty.has(from)) dirty.add(row);
    }
    this.dirty = dirty;
  }

  change(rows) {
    for (const row of rows) if (row < this.sources.length) this.dirty.add(row);
  }

  /** By how many rows most of the rows that are still there have moved up; 0 if none is left. */
  shift() {
    const counts = new Map();
    let best = 0;
    for (const [row, source] of this.sources.entries()) {
      if (source < 0) continue;
      const by = source - row;
      counts.set(by, (counts.get(by) ?? 0) + 1);
      if (counts.get(by) > (counts.get(best) ?? 0)) best = by;
    }
    return Math.max(best, 0);
  }
}

// A screen and its scrollback in a natively scrolling box. Updates are noted as they come and drawn
// once a frame; nothing is drawn while the page or the pane is hidden.
//
// Every row stands at its index (see history.js). The canvas is as high as all rows that were not
// given up; `RowsView.origin` is the index of its topmost place.

import { Cursor } from "./cursor.js";
import { CACHED_ROWS_FOLLOWING, CACHED_ROWS_MAX, History } from "./history.js";
import { MODE } from "./modes.js";
import { RowChanges } from "./rows.js";
import { RowsView } from "./rows-view.js";
import { Scrollback } from "./scrollback.js";

/** Rows of the scrollback that left the server and still take space above; then the canvas is cut. */
const DEAD_ROWS_MAX = 1_000;
const DEAD_ROWS_NEVER = 100_000;

/** The box is at rest when it was not scrolled for this long; moving it does not break a fling then. */
const REST_MS = 300;

/** While the reader looks at the scrollback and output comes, indices are corrected this often. */
const CORRECT_MS = 250;

export class ScreenView {
  #frame = 0;
  #changes = new RowChanges(0);
  /** The screen as it was drawn last: its size and where its top was. */
  #drawn = null;
  #laid = { height: 0, width: 0 };
  #scrolledAt = 0;
  #correctTimer = 0;
  #following = true;
  #listeners = {};
  #resumeAt = null;
  #suspendedAt = 0;

  /** on: { drawn(), followed(boolean), output(), changed(before, after), sized() } */
  constructor({ client, terminal, metrics, palette, on }) {
    this.metrics = metrics;
    this.#listeners = on;
    this.history = new History();
    this.scrollback = new Scrollback({ client, terminal, history: this.history, arrived: () => this.schedule() });
    this.scroller = element("term-scroll");
    this.scroller.tabIndex = -1;
    this.canvas = element("term-canvas");
    this.rowsElement = element("term-rows");
    this.marksElement = element("term-marks");
    this.marksElement.setAttribute("aria-hidden", "true");
    this.cursor = new Cursor();
    this.rows = new RowsView(this.rowsElement, metrics, palette);
    this.canvas.append(this.rowsElement, this.marksElement, this.cursor.element);
    this.scroller.append(this.canvas);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.state = { focused: false, secret: false, composing: false, ended: false, pinned: () => false };
  }

  get following() {
    return this.#following;
  }

  get top() {
    return this.history.top;
  }

  get modes() {
    return this.screen?.modes ?? 0;
  }

  /** Shows this attachment from now on; what another one showed stays until the first update. */
  attach(screen) {
    this.screen ??= screen;
    screen.on("update", (update) => {
      this.screen = screen;
      this.#updated(update);
    });
  }

  /** The view leaves the document, which loses where it was scrolled to. */
  suspend() {
    this.#suspendedAt = this.scroller.scrollTop;
  }

  /** The view is in the document again. */
  resume() {
    this.scroller.scrollTop = this.#following ? this.#endOfScroll() : this.#suspendedAt;
  }

  dispose() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#correctTimer);
    this.scrollback.dispose();
  }

  /** Draws in the next frame. A hidden page has no frames. */
  schedule() {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #updated({ full, scrolls, changed }) {
    const { rows } = this.screen;
    if (this.#changes.sources.length !== rows) this.#changes.reset(rows);
    if (full) {
      // Also after a reconnect: rows that look the same are not touched.
      this.#changes.change(this.#changes.sources.keys());
    } else {
      for (const scroll of scrolls) this.#changes.scroll(scroll);
      this.#changes.change(changed);
    }
    this.#listeners.output?.();
    this.schedule();
  }

  #scrolled() {
    this.#scrolledAt = performance.now();
    const { scroller } = this;
    this.#follow(scroller.scrollTop >= this.#endOfScroll() - 2);
    this.schedule();
  }

  /** Where the view stands that follows the output: at the end, or at the cursor of a higher screen. */
  #endOfScroll() {
    const { scrollHeight, clientHeight } = this.scroller;
    const end = scrollHeight - clientHeight;
    const { cellHeight } = this.metrics;
    const { rows = 0, cursor } = this.screen ?? {};
    if (rows * cellHeight <= clientHeight || !cursor) return end;
    return Math.min(this.rows.y(this.top) + Math.max((cursor.row + 1) * cellHeight - clientHeight, 0), end);
  }

  /** The same across, for a screen that is wider than the box. */
  #showColumn() {
    const { scroller, metrics } = this;
    const { cols, cursor } = this.screen;
    if (cols * metrics.cellWidth <= scroller.clientWidth) return;
    const x = cursor.col * metrics.cellWidth;
    const { scrollLeft, clientWidth } = scroller;
    if (x < scrollLeft) scroller.scrollLeft = Math.max(x - clientWidth / 4, 0);
    else if (x + metrics.cellWidth > scrollLeft + clientWidth) scroller.scrollLeft = x - clientWidth * 0.75;
  }

  #follow(following) {
    if (following === this.#following) return;
    this.#following = following;
    this.#listeners.followed?.(following);
  }

  /** The reader turned the wheel up: output does not pull the view down again. */
  leaveEnd() {
    if (this.scroller.scrollTop > 0) this.#follow(false);
  }

  scrollToEnd() {
    this.#follow(true);
    this.schedule();
  }

  scrollToStart() {
    this.#follow(false);
    this.scroller.scrollTop = this.rows.y(this.history.first);
  }

  /** By rows; positive is down. */
  scrollBy(rows) {
    if (rows < 0) this.leaveEnd();
    this.scroller.scrollTop += rows * this.metrics.cellHeight;
  }

  /** Brings a row into view, about a third from the top, unless it is visible. */
  reveal(index) {
    const y = this.rows.y(index);
    const { scrollTop, clientHeight } = this.scroller;
    if (y >= scrollTop && y + this.metrics.cellHeight <= scrollTop + clientHeight) return;
    const target = Math.max(y - clientHeight / 3, 0);
    this.#follow(target >= this.#endOfScroll() - 2);
    this.scroller.scrollTop = target;
    this.schedule();
  }

  /** The row of text at an index, if it is known. */
  rowAt(index) {
    const row = index - this.top;
    if (row >= 0) return this.screen?.lines[row] ?? null;
    return this.history.get(index) ?? this.rows.get(index)?.row ?? null;
  }

  /** The first and the last index that is visible. */
  visible() {
    const { scrollTop, clientHeight } = this.scroller;
    const first = Math.floor(scrollTop / this.metrics.cellHeight) + this.rows.origin;
    return { first, last: first + Math.ceil(clientHeight / this.metrics.cellHeight) };
  }

  /** The cell under a pointer, on the screen: { col, row, x, y }, and the index of the row. */
  cellOf({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    const { cellWidth, cellHeight } = this.metrics;
    const index = Math.floor((clientY - box.top) / cellHeight) + this.rows.origin;
    const { cols = 1, rows = 1 } = this.screen ?? {};
    const x = Math.min(Math.max(clientX - box.left, 0), cols * cellWidth - 1);
    const top = this.rows.y(this.top);
    const y = Math.min(Math.max(clientY - box.top - top, 0), rows * cellHeight - 1);
    return { col: Math.floor(x / cellWidth), row: Math.floor(y / cellHeight), x, y, index };
  }

  /** Fonts, the zoom or the colours have changed. */
  remeasured() {
    this.rows.refill();
    this.schedule();
  }

  #draw() {
    this.#frame = 0;
    const { screen, scroller } = this;
    if (!screen || screen.rows === 0 || scroller.clientHeight === 0) return;
    this.#drawScreen();
    this.#layout();
    if (this.#following) {
      this.#cut(this.history.first, DEAD_ROWS_MAX);
      const end = this.#endOfScroll();
      if (Math.abs(scroller.scrollTop - end) >= 1) scroller.scrollTop = end;
      this.#showColumn();
    } else {
      this.#hold();
    }
    this.#drawHistory();
    this.rows.order();
    this.#drawCursor();
    this.#listeners.drawn?.();
  }

  /** The place of the topmost visible row, to find it again after a change of size. */
  #anchor() {
    const { first } = this.visible();
    const place = this.history.get(first)?.place;
    return place ? { place, offset: this.scroller.scrollTop - this.rows.y(first) } : null;
  }

  #drawScreen() {
    const { screen, history } = this;
    const changes = this.#changes;
    if (changes.sources.length !== screen.rows) changes.reset(screen.rows);
    const oldTop = history.top;
    const isAlternate = (screen.modes & MODE.alternateScreen) !== 0;
    const kept = isAlternate ? 0 : screen.history;
    const before = this.#drawn;
    const isOther = before === null || before.cols !== screen.cols || before.isAlternate !== isAlternate
      || kept < history.size;
    const moved = !isAlternate && before !== null && !samePlace(before.line, screen.line);
    let pushed = 0;
    if (isOther) {
      this.#resumeAt = before !== null && before.cols !== screen.cols && !this.#following ? this.#anchor() : null;
      history.reset(kept);
      this.rows.retain((index) => index >= oldTop);
    } else {
      const lines = moved ? lineDistance(before.line, screen.line) : 0;
      pushed = history.advance(kept, moved, Math.max(changes.shift(), lines));
    }
    const oldCount = before?.rows ?? 0;
    const sources = isOther ? changes.sources.map((_, row) => row) : changes.sources;
    const isMoved = oldTop !== history.top || oldCount !== screen.rows || sources.some((source, row) => source !== row);
    if (oldCount > 0 && isMoved) {
      const end = isOther ? -Infinity : oldTop + pushed;
      this.rows.move(oldTop, oldCount, history.top, sources, (index, row) => this.#left(index, row, end));
    }
    this.#drawRows(isOther);
    this.#drawn = { cols: screen.cols, rows: screen.rows, isAlternate, line: screen.line };
    changes.drawn(screen.rows);
    if (this.#resumeAt) this.#resume();
  }

  /** A row that left the top of the screen is the newest row of the scrollback. */
  #left(index, row, end) {
    if (index >= end) return false;
    this.history.keep(index, row);
    return true;
  }

  #drawRows(isOther) {
    const { screen, rows, history } = this;
    const changed = this.#changes.dirty;
    for (let row = 0; row < screen.rows; row++) {
      const index = history.top + row;
      if (!isOther && !changed.has(row) && rows.get(index)) continue;
      const line = screen.lines[row];
      if (!line) continue;
      const before = rows.show(index, line);
      if (before !== line) this.#listeners.changed?.(before, line);
    }
  }

  #layout() {
    const { screen, canvas, metrics } = this;
    const height = (this.top + screen.rows - this.rows.origin) * metrics.cellHeight;
    const width = screen.cols * metrics.cellWidth;
    canvas.classList.toggle("reversed", (screen.modes & MODE.reversed) !== 0);
    if (this.#laid.height === height && this.#laid.width === width) return;
    this.#laid = { height, width };
    canvas.style.height = `${height}px`;
    canvas.style.width = `${width}px`;
    this.#listeners.sized?.();
  }

  /** Gives up the space above `index` if it is more than `deadMax` rows. */
  #cut(index, deadMax) {
    const dead = index - this.rows.origin;
    if (dead >= 0 && dead <= deadMax) return;
    const { scroller, metrics } = this;
    const scrollTop = scroller.scrollTop - dead * metrics.cellHeight;
    this.rows.setOrigin(index);
    this.#layout();
    scroller.scrollTop = scrollTop;
  }

  /** Keeps what is read where it is, also when the server no longer has it. */
  #hold() {
    const isAtRest = performance.now() - this.#scrolledAt > REST_MS;
    const { first } = this.visible();
    const { history, scroller } = this;
    this.#cut(Math.min(history.first, first), isAtRest ? DEAD_ROWS_MAX : DEAD_ROWS_NEVER);
    const isLost = first < history.first && history.get(first) === null;
    if (isAtRest && isLost) scroller.scrollTop = this.rows.y(history.first);
  }

  async #resume() {
    const { place, offset } = this.#resumeAt;
    this.#resumeAt = null;
    const { generation } = this.history;
    const index = await this.scrollback.locate(place);
    if (index === null || generation !== this.history.generation) return;
    this.#follow(false);
    this.scroller.scrollTop = this.rows.y(index) + offset;
    this.schedule();
  }

  /** Output goes on while the reader is elsewhere: indices are corrected now and then. */
  #correctSoon() {
    if (this.#correctTimer !== 0) return;
    this.#correctTimer = setTimeout(() => {
      this.#correctTimer = 0;
      if (!this.#following) this.scrollback.want(...this.#historyRange());
    }, CORRECT_MS);
  }

  /** Rows of the scrollback that are visible or about to be: [from, to). */
  #historyRange() {
    const { first, last } = this.visible();
    const margin = last - first;
    return [Math.max(first - margin, this.rows.origin), Math.min(last + margin, this.top)];
  }

  #drawHistory() {
    const [from, to] = this.#historyRange();
    const end = this.top + this.screen.rows;
    const isShown = (index) => (index >= from && index < to) || (index >= this.top && index < end);
    this.rows.retain((index) => isShown(index) || this.state.pinned(index));
    for (let index = from; index < to; index++) {
      const row = this.history.get(index);
      if (row) this.rows.show(index, row);
    }
    this.history.trim(from, this.#following ? CACHED_ROWS_FOLLOWING : CACHED_ROWS_MAX);
    // Following the end, rows above it are only margin: nothing is fetched for them.
    if (this.#following || from >= to) return;
    if (this.history.adrift) this.#correctSoon();
    else this.scrollback.want(from, to);
  }

  #drawCursor() {
    const { screen, state, metrics } = this;
    const { cursor } = screen;
    const y = this.rows.y(this.top + cursor.row);
    this.cursor.draw({
      cursor, row: screen.lines[cursor.row], y, metrics, focused: state.focused, secret: state.secret,
      hidden: state.ended || state.composing,
    });
    this.cursorAt = { x: cursor.col * metrics.cellWidth, y };
  }
}

function samePlace(a, b) {
  if (a === null || b === null || a === undefined || b === undefined) return a === b;
  return a.line === b.line && a.col === b.col;
}

/** At least so many rows are between two places: a line has one or more. */
function lineDistance(from, to) {
  return from && to ? Math.max(to.line - from.line, 0) : 0;
}

function element(name) {
  const div = document.createElement("div");
  div.className = name;
  return div;
}

// The search bar: finds in the screen and the whole scrollback, on the server.

const TYPING_MS = 120;
const OUTPUT_MS = 500;
const MATCHES_MAX = 2_000;

export class Find {
  #view;
  #client;
  #terminal;
  #marks;
  #closed;
  #matches = [];
  #current = -1;
  #complete = true;
  #timer = 0;
  #abort = null;
  /** Output came while the server searches. */
  #isStale = false;
  #options = { regex: false, ignoreCase: true };

  /** closed(): the focus goes back to the terminal. */
  constructor({ client, terminal, view, marks, closed }) {
    this.#view = view;
    this.#client = client;
    this.#terminal = terminal;
    this.#marks = marks;
    this.#closed = closed;
    this.rail = document.createElement("div");
    this.rail.className = "term-rail";
    this.rail.setAttribute("aria-hidden", "true");
    this.#build();
  }

  get isOpen() {
    return !this.element.hidden;
  }

  #build() {
    this.element = document.createElement("form");
    this.element.className = "term-find";
    this.element.setAttribute("role", "search");
    this.element.hidden = true;
    this.input = document.createElement("input");
    Object.assign(this.input, { type: "text", spellcheck: false, placeholder: "Find", autocomplete: "off" });
    this.input.setAttribute("aria-label", "Find in the terminal");
    this.count = document.createElement("output");
    this.case = toggle("Aa", "Match case", () => this.#toggle("ignoreCase", this.case, false));
    this.regex = toggle(".*", "Regular expression", () => this.#toggle("regex", this.regex, true));
    const previous = button("↑", "Previous match", () => this.step(-1));
    const next = button("↓", "Next match", () => this.step(1));
    const close = button("×", "Close", () => this.close());
    this.element.append(this.input, this.count, this.case, this.regex, previous, next, close);
    this.element.addEventListener("submit", (event) => event.preventDefault());
    this.input.addEventListener("input", () => this.#searchIn(TYPING_MS, true));
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && event.target === this.input) this.step(event.shiftKey ? 1 : -1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #toggle(option, element, on) {
    this.#options[option] = !this.#options[option];
    element.setAttribute("aria-pressed", String(this.#options[option] === on));
    this.#searchIn(0, true);
  }

  open(text = "") {
    this.element.hidden = false;
    if (text !== "") this.input.value = text;
    this.input.focus();
    this.input.select();
    this.#searchIn(0, true);
  }

  close() {
    if (!this.isOpen) return;
    this.element.hidden = true;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#stop();
    this.#show([], -1, true);
    this.#closed();
  }

  dispose() {
    clearTimeout(this.#timer);
    this.#stop();
  }

  /** Output came: the matches are looked for again once it pauses. */
  output() {
    if (!this.isOpen || this.input.value === "" || this.#timer !== 0) return;
    // A search that takes longer than output pauses is not ended by it, or there would never be a result.
    if (this.#abort) this.#isStale = true;
    else this.#searchIn(OUTPUT_MS, false);
  }

  #searchIn(milliseconds, jumps) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#search(jumps);
    }, milliseconds);
  }

  async #search(jumps) {
    this.#stop();
    const pattern = this.input.value;
    if (pattern === "") {
      this.#show([], -1, true);
      return;
    }
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const { matches, complete } = await this.#client.search(this.#terminal, pattern, {
        ...this.#options, max: MATCHES_MAX, signal: abort.signal,
      });
      if (this.#abort === abort) this.#found(matches, complete, jumps);
    } catch (error) {
      if (this.#abort !== abort) return;
      this.#show([], -1, true);
      this.count.textContent = error.code === "invalid" ? "not a valid pattern" : error.message;
    }
    if (this.#abort !== abort) return;
    this.#abort = null;
    if (this.#isStale) this.#searchIn(OUTPUT_MS, false);
    this.#isStale = false;
  }

  /** Ends the search that runs; its outcome is of no interest. */
  #stop() {
    const abort = this.#abort;
    this.#abort = null;
    this.#isStale = false;
    abort?.abort();
  }

  #found(matches, complete, jumps) {
    const { top } = this.#view;
    const list = matches.map((match) => ({
      start: { index: top + match.start_row, col: match.start_col },
      end: { index: top + match.end_row, col: match.end_col },
    })).sort((a, b) => a.start.index - b.start.index || a.start.col - b.start.col);
    const before = jumps ? null : this.#matches[this.#current];
    const current = before ? nearest(list, before.start) : this.#lastVisible(list);
    this.#show(list, current, complete);
    if (jumps && current >= 0) this.#view.reveal(list[current].start.index);
  }

  /** The newest match that is visible, else the newest one above. */
  #lastVisible(list) {
    const { last } = this.#view.visible();
    const above = list.findLastIndex((match) => match.start.index <= last);
    return above >= 0 ? above : list.length - 1;
  }

  step(by) {
    const { length } = this.#matches;
    if (length === 0) return;
    this.#show(this.#matches, (this.#current + by + length) % length, this.#complete);
    this.#view.reveal(this.#matches[this.#current].start.index);
  }

  #show(matches, current, complete) {
    this.#matches = matches;
    this.#current = current;
    this.#complete = complete;
    const total = `${matches.length}${complete ? "" : "+"}`;
    const text = matches.length === 0 ? "none" : `${current + 1} of ${total}`;
    this.count.textContent = this.input.value === "" ? "" : text;
    this.#marks.setMatches(matches, current);
    this.drawRail();
  }

  /** The matches beside the scroll bar: at most one tick for each two pixels. */
  drawRail() {
    const { scroller, rows, canvas } = this.#view;
    const height = scroller.clientHeight;
    const scale = height / Math.max(canvas.offsetHeight, 1);
    const ticks = new Map();
    for (const [number, match] of this.#matches.entries()) {
      const y = Math.round((rows.y(match.start.index) * scale) / 2) * 2;
      if (y >= 0 && (number === this.#current || !ticks.has(y))) ticks.set(y, number);
    }
    this.rail.replaceChildren(...[...ticks].map(([y, number]) => {
      const tick = document.createElement("div");
      if (number === this.#current) tick.className = "current";
      tick.style.top = `${y}px`;
      return tick;
    }));
  }
}

function nearest(list, { index, col }) {
  const isPast = ({ start }) => start.index > index || (start.index === index && start.col >= col);
  const at = list.findIndex(isPast);
  return at >= 0 ? at : list.length - 1;
}

function button(text, label, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.title = label;
  element.setAttribute("aria-label", label);
  element.addEventListener("click", action);
  return element;
}

function toggle(text, label, action) {
  const element = button(text, label, action);
  element.setAttribute("aria-pressed", "false");
  return element;
}

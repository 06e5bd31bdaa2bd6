// A terminal in the page. `TerminalView` connects the parts: the screen (screen-view.js), keys and
// the clipboard (input.js), the pointer (pointer.js), search (find.js), and what is said beside them.

import { isMac } from "../keys/chords.js";
import { Announcer, pasteSummary, runsWhenPasted } from "./text.js";
import { rowText } from "./cells.js";
import { Palette } from "./colors.js";
import { Input, namedKey } from "./input.js";
import { loadKitty } from "./keys.js";
import { Marks } from "./marks.js";
import { Metrics } from "./metrics.js";
import { MODE } from "./modes.js";
import { Notes } from "./notes.js";
import { Pointer } from "./pointer.js";
import { ScreenView } from "./screen-view.js";
import { Selection } from "./selection.js";
import { terminalShortcut } from "./shortcuts.js";

const LINE_HEIGHT = 1.25;
const ANNOUNCE_MS = 400;
/** After the first screen, what it did not need is loaded. */
const MORE_MS = 200;
const BELL_MS = 150;

export class TerminalView {
  #client;
  #terminal;
  #settings;
  #actions;
  #screen = null;
  #metrics = new Metrics();
  #palette = new Palette();
  #announcer = new Announcer();
  #announceTimer = 0;
  #listeners = new Map();
  #ends = [];
  #grid = { cols: 0, rows: 0 };
  #fitFrame = 0;
  #title = null;
  #find = null;
  #links = null;
  #more = null;
  #moreTimer = 0;
  #suspended = false;

  constructor({ client, terminal, host, settings = new EventTarget(), actions = {} }) {
    this.#client = client;
    this.#terminal = terminal;
    this.#settings = settings;
    this.#actions = actions;
    this.#build(host);
    this.#listen(host);
    this.#entryChanged(client.state.terminals.get(terminal));
    this.fit();
  }

  // What is in the page

  #build(host) {
    const client = this.#client;
    const terminal = this.#terminal;
    this.view = new ScreenView({ client, terminal, metrics: this.#metrics, palette: this.#palette, on: {
      drawn: () => this.#drawn(),
      followed: (following) => this.notes.followed(following),
      output: () => this.#output(),
      changed: (before, after) => this.#rowChanged(before, after),
      sized: () => this.#sized(),
    } });
    this.marks = new Marks(this.view);
    const actions = this.#actions;
    this.selection = new Selection(this.view);
    this.view.state.pinned = (index) => this.selection.pins(index);
    this.find = this.#later();
    this.notes = new Notes({ toEnd: () => this.scrollToEnd(), restart: actions.restart, close: actions.close });
    this.input = new Input({
      typed: (bytes, text) => this.#type(bytes, text),
      modes: () => this.view.modes,
      shortcut: (event) => this.#shortcut(event),
      composed: (text) => this.#composed(text),
      pasted: (text) => this.#pasteText(text),
      options: () => ({ mac: isMac, optionIsMeta: this.#settings.optionIsMeta ?? false }),
    });
    this.composition = node("span", "term-composition");
    this.composition.hidden = true;
    this.live = node("div", "term-live");
    this.live.setAttribute("role", "log");
    this.live.setAttribute("aria-live", "polite");
    this.view.canvas.append(this.composition, this.input.element);
    this.element = node("div", "term");
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Terminal");
    this.element.append(this.view.scroller, ...this.notes.elements, this.live);
    host.append(this.element);
    this.#pointer();
  }

  /** The search bar: what `find.open()` needs is loaded by then, or as soon as it is opened. */
  #later() {
    return {
      open: async (text) => {
        try {
          await this.#loadMore();
          this.#find.open(text);
        } catch (error) {
          // Asked for again the next time.
          this.#more = null;
          this.#say(`The search bar cannot be loaded: ${error.message}`);
        }
      },
      close: () => this.#find?.close(),
    };
  }

  /** What the first screen does not need: the search bar, links, keys of the kitty protocol. */
  #loadMore() {
    const parts = () => [import("./find.js"), import("./link-hover.js"), loadKitty()];
    this.#more ??= Promise.all(parts()).then(([{ Find }, { Links }]) => {
      const { view, marks } = this;
      const shared = { view, marks, settings: this.#settings, actions: this.#actions, isMac };
      this.#links = new Links(shared);
      this.#find = new Find({ ...shared, client: this.#client, terminal: this.#terminal, closed: () => this.focus() });
      this.element.append(this.#find.rail, this.#find.element);
    });
    return this.#more;
  }

  #pointer() {
    const { view } = this;
    const pane = this;
    new Pointer({
      scroller: view.scroller,
      modes: () => view.modes,
      get rows() { return view.screen?.rows ?? 1; },
      get cellHeight() { return view.metrics.cellHeight; },
      cellOf: (event) => view.cellOf(event),
      isAlien: (event) => !view.following || this.#links?.wouldOpen(event) || isOnScrollBar(view.scroller, event),
      type: (bytes) => this.#type(bytes),
      key: (name) => this.keys(name),
      hover: (event) => this.#links?.hover(event),
      open: (event) => this.#links?.open(event) ?? false,
      focus: () => pane.focus(),
      leaveEnd: () => view.leaveEnd(),
    });
  }

  #listen(host) {
    const resized = new ResizeObserver(() => this.#fitSoon());
    resized.observe(host);
    const settingsChanged = () => this.fit();
    this.#settings.addEventListener?.("change", settingsChanged);
    const queries = [matchMedia(`(resolution: ${devicePixelRatio}dppx)`), matchMedia("(prefers-color-scheme: dark)")];
    for (const query of queries) query.addEventListener("change", settingsChanged);
    const themed = new MutationObserver(settingsChanged);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    document.fonts?.addEventListener?.("loadingdone", settingsChanged);
    // Selecting takes the focus to the rows; the terminal keeps it.
    const { scroller } = this.view;
    const isTerminal = (target) => target === this.input.element || target === scroller;
    this.element.addEventListener("focusin", ({ target }) => isTerminal(target) && this.#focused(true));
    this.element.addEventListener("focusout", ({ target, relatedTarget }) => {
      if (isTerminal(target)) this.#focused(isTerminal(relatedTarget));
    });
    scroller.addEventListener("pointerdown", (event) => this.#offerPaste(event));
    for (const name of ["keydown", "keyup"]) scroller.addEventListener(name, (event) => this.#rowsKey(event));
    const copy = (event) => this.#copyEvent(event);
    document.addEventListener("copy", copy);
    this.#ends.push(
      () => resized.disconnect(),
      () => this.#settings.removeEventListener?.("change", settingsChanged),
      () => themed.disconnect(),
      ...queries.map((query) => () => query.removeEventListener("change", settingsChanged)),
      () => document.fonts?.removeEventListener?.("loadingdone", settingsChanged),
      () => document.removeEventListener("copy", copy),
      this.#client.on("notice", (notice) => this.#notice(notice)),
      this.#client.state.subscribe(
        (state) => state.terminals.get(this.#terminal), (entry) => this.#entryChanged(entry)),
    );
  }

  dispose() {
    for (const end of this.#ends) end?.();
    cancelAnimationFrame(this.#fitFrame);
    clearTimeout(this.#announceTimer);
    clearTimeout(this.#moreTimer);
    this.#find?.dispose();
    this.selection.dispose();
    this.view.dispose();
    this.#screen?.detach();
    this.element.remove();
    this.#listeners.clear();
  }

  /** The view leaves the document and keeps what it shows; once it is back, it follows the terminal again. */
  suspend() {
    if (this.#screen === null) return;
    this.view.suspend();
    this.#screen.detach();
    this.#screen = null;
    this.#suspended = true;
  }

  resume() {
    this.#fitSoon();
  }

  /** "title", "bell", "progress", "focus": fn(value). Returns a function that ends it. */
  on(name, listener) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name).add(listener);
    return () => this.#listeners.get(name)?.delete(listener);
  }

  #emit(name, value) {
    for (const listener of this.#listeners.get(name) ?? []) listener(value);
  }

  // Size

  #fitSoon() {
    if (this.#fitFrame === 0) this.#fitFrame = requestAnimationFrame(() => this.fit());
  }

  /** Measures the cell and reports the grid that fits. */
  fit() {
    cancelAnimationFrame(this.#fitFrame);
    this.#fitFrame = 0;
    this.#applySettings();
    const { element, view } = this;
    if (element.clientHeight === 0 || element.clientWidth === 0) return;
    const metrics = this.#metrics;
    if (metrics.measure(view.canvas, this.#settings.lineHeight ?? LINE_HEIGHT)) {
      this.#setPixels({ "--cell-width": metrics.cellWidth, "--cell-height": metrics.cellHeight,
        "--cell-spacing": metrics.spacing, ...metrics.lines });
      this.#fitEdges();
      view.remeasured();
    }
    if (this.#palette.update((name) => this.#colorOf(name))) view.remeasured();
    const style = getComputedStyle(element);
    const height = element.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    const rows = Math.max(Math.floor(height / metrics.cellHeight), 1);
    // The box shows whole rows, so that none of the scrollback peeks in above the screen.
    const noteHeight = this.notes.end.offsetHeight;
    this.#setPixels({ "--note-height": noteHeight });
    const shown = Math.max(Math.floor((height - noteHeight) / metrics.cellHeight), 1);
    view.scroller.style.height = `${shown * metrics.cellHeight}px`;
    const cols = Math.max(Math.floor(view.scroller.clientWidth / metrics.cellWidth), 2);
    this.#report(cols, rows);
    view.schedule();
  }

  /** A custom property as numbers, whatever notation it is in. */
  #colorOf(name) {
    this.composition.style.color = `var(${name})`;
    const parts = /^rgba?\(([\d.]+),? ([\d.]+),? ([\d.]+)/.exec(getComputedStyle(this.composition).color);
    this.composition.style.color = "";
    return parts ? parts.slice(1, 4).map((part) => Math.round(Number(part))) : null;
  }

  #fitEdges() {
    this.#setPixels({ "--cell-above": 0, "--cell-below": 0 });
    const probe = node("div", "term-row");
    this.view.canvas.append(probe);
    const { above, below } = this.#metrics.measureEdges(probe);
    probe.remove();
    this.#setPixels({ "--cell-above": above, "--cell-below": below });
  }

  #setPixels(values) {
    for (const [name, value] of Object.entries(values)) this.element.style.setProperty(name, `${value}px`);
  }

  #applySettings() {
    const { fontSize, fontFamily, cursorBlink } = this.#settings;
    const { style } = this.element;
    if (fontSize) style.setProperty("--term-font-size", `${fontSize}px`);
    if (fontFamily) style.setProperty("--term-font", fontFamily);
    else style.removeProperty("--term-font");
    this.element.classList.toggle("no-blink", cursorBlink === false);
  }

  #report(cols, rows) {
    if (this.#screen === null) this.#attach(cols, rows);
    else if (cols !== this.#grid.cols || rows !== this.#grid.rows) this.#screen.resize(cols, rows);
    this.#grid = { cols, rows };
    this.#sized();
  }

  #attach(cols, rows) {
    const screen = this.#client.attachScreen(this.#terminal, { cols, rows });
    this.#screen = screen;
    this.view.attach(screen);
    if (this.#suspended) this.view.resume();
    this.#suspended = false;
    screen.on("ended", () => this.#ended());
    screen.on("detached", ({ reason }) => this.#detached(reason));
  }

  /** Another viewer may have chosen another size. Without a connection, only the last one is known. */
  #sized() {
    const { cols = 0, rows = 0 } = this.view.screen ?? {};
    const differs = cols > 0 && this.#client.status === "open" && (cols !== this.#grid.cols || rows !== this.#grid.rows);
    this.notes.size(differs ? { cols, rows } : null);
    this.element.classList.toggle("other-size", differs);
  }

  // What the terminal does

  #output() {
    this.#find?.output();
    this.notes.output(this.view.following);
    const { title } = this.#screen;
    if (title !== this.#title) {
      this.#title = title;
      this.element.setAttribute("aria-label", title ? `Terminal: ${title}` : "Terminal");
      this.#emit("title", title);
    }
    if (this.#screen.exit !== null) this.#ended();
  }

  #drawn() {
    this.marks.draw();
    if (this.#find?.isOpen) this.#find.drawRail();
    if (this.#moreTimer === 0) this.#moreTimer = setTimeout(() => this.#loadMore().catch(() => (this.#more = null)), MORE_MS);
    const { cursorAt } = this.view;
    if (!cursorAt) return;
    for (const element of [this.input.element, this.composition]) {
      element.style.transform = `translate(${cursorAt.x}px,${cursorAt.y}px)`;
    }
  }

  #rowChanged(before, after) {
    if (!this.view.state.focused) return;
    this.#announcer.changed(before && rowText(before), rowText(after));
    if (this.#announceTimer !== 0) return;
    this.#announceTimer = setTimeout(() => {
      this.#announceTimer = 0;
      const text = this.#announcer.take();
      if (text !== "") this.live.textContent = text;
    }, ANNOUNCE_MS);
  }

  #notice({ terminal, notice }) {
    if (terminal !== this.#terminal) return;
    if (notice.bell && !this.#suspended) this.#bell(notice.bell);
    if (notice.progress) {
      this.notes.progress(notice.progress.progress);
      this.#emit("progress", notice.progress.progress);
    }
  }

  #bell({ count }) {
    this.element.classList.add("bell");
    setTimeout(() => this.element.classList.remove("bell"), BELL_MS);
    if (this.#settings.sound) void import("../sound.js").then(({ beep }) => beep());
    this.#emit("bell", count);
  }

  #entryChanged(entry) {
    if (!entry) return;
    const { state } = this.view;
    const secret = Boolean(entry.hidden_input) && entry.running;
    if (secret !== state.secret) {
      state.secret = secret;
      this.input.element.setAttribute("aria-label", secret ? "Terminal input, a password is asked" : "Terminal input");
      this.view.schedule();
    }
    if (!entry.running && entry.exit) this.#ended(entry.exit);
  }

  #ended(exit = this.#screen?.exit) {
    this.view.state.ended = true;
    this.notes.ended(exit ?? "unknown");
    this.#fitSoon();
  }

  #detached(reason) {
    if (reason === "asked") return;
    this.notes.detached(reason);
    this.#fitSoon();
  }

  // Typing

  #type(bytes, text = bytes) {
    if (this.view.state.ended) {
      if (bytes === "\r") this.#actions.restart?.(this.#terminal);
      return;
    }
    this.#client.input(this.#terminal, bytes);
    if (typeof text !== "string") return;
    if (!this.view.state.secret) this.#announcer.typed(text);
    this.view.cursor.wake();
    if (text !== "") this.scrollToEnd();
  }

  #shortcut(event) {
    const name = terminalShortcut(event, {
      isMac,
      hasSelection: this.selection.range !== null,
      isAlternate: (this.view.modes & MODE.alternateScreen) !== 0,
      scrollKeys: this.#settings.scrollKeys ?? true,
    });
    if (name === null) return false;
    const page = Math.max((this.view.screen?.rows ?? 2) - 1, 1);
    const run = {
      copy: () => this.copy(), paste: () => this.paste(), find: () => this.find.open(this.#oneSelectedLine()),
      selectAll: () => getSelection().selectAllChildren(this.view.rowsElement),
      lineUp: () => this.view.scrollBy(-1), lineDown: () => this.view.scrollBy(1),
      pageUp: () => this.view.scrollBy(-page), pageDown: () => this.view.scrollBy(page),
      start: () => this.view.scrollToStart(), end: () => this.scrollToEnd(),
    };
    run[name]();
    return true;
  }

  #oneSelectedLine() {
    const text = this.selection.text() ?? "";
    return text.includes("\n") ? "" : text;
  }

  #composed(text) {
    this.view.state.composing = text !== "";
    this.composition.hidden = text === "";
    this.composition.textContent = text;
    this.view.schedule();
  }

  #rowsKey(event) {
    if (event.target !== this.view.scroller) return;
    const composes = event.key === "Dead" || event.key === "Process" || event.keyCode === 229;
    if (composes && event.type === "keydown") this.focus();
    else this.input.key(event);
  }

  #focused(focused) {
    if (focused === this.view.state.focused) return;
    this.view.state.focused = focused;
    this.element.classList.toggle("focused", focused);
    const reports = (this.view.modes & MODE.focusReports) !== 0 && !this.view.state.ended;
    if (reports) this.#client.input(this.#terminal, focused ? "\x1b[I" : "\x1b[O");
    this.view.schedule();
    this.#emit("focus", focused);
  }

  /** A key of the page: "Escape", "Tab", "Control+c", "ArrowUp". */
  keys(name) {
    this.input.commit();
    this.input.press(namedKey(name));
  }

  // For the page

  focus() {
    this.input.element.focus({ preventScroll: true });
  }

  scrollToEnd() {
    this.view.scrollToEnd();
  }

  clear() {
    return this.#client.clear(this.#terminal).catch((error) => this.#say(error.message));
  }

  async copy() {
    try {
      const text = await this.selection.fetchText();
      if (text === "") return false;
      await navigator.clipboard.writeText(text);
      return true;
    } catch (error) {
      this.#say(`Nothing was copied: ${error.message}`);
      return false;
    }
  }

  #copyEvent(event) {
    if (this.selection.range === null || event.defaultPrevented) return;
    event.preventDefault();
    const text = this.selection.text();
    if (text === null) this.copy();
    else event.clipboardData.setData("text/plain", text);
  }

  async paste() {
    try {
      await this.#pasteText(await navigator.clipboard.readText());
    } catch {
      this.#say("The browser does not let this page read the clipboard. Use its own Paste.");
    }
  }

  async #pasteText(text) {
    if (text === "" || this.view.state.ended) return;
    const asks = (this.#settings.confirmPaste ?? true) && this.#actions.confirm
      && !(this.view.modes & MODE.bracketedPaste) && runsWhenPasted(text);
    if (asks) {
      const { lines, first } = pasteSummary(text);
      const confirmed = await this.#actions.confirm({
        title: lines === 1 ? "Paste a line that runs at once?" : `Paste ${lines} lines?`,
        text: first, action: "Paste",
      });
      this.focus();
      if (!confirmed) return;
    }
    this.scrollToEnd();
    await this.#client.paste(this.#terminal, text).catch((error) => this.#say(error.message));
  }

  /** The browser's own menu has Paste only over a text field. */
  #offerPaste(event) {
    const { element } = this.input;
    if (event.button !== 2 || event.defaultPrevented || this.selection.range !== null) return;
    const box = this.view.canvas.getBoundingClientRect();
    element.style.transform = `translate(${event.clientX - box.left - 12}px,${event.clientY - box.top - 12}px)`;
    element.classList.add("menu");
    this.focus();
    addEventListener("pointermove", () => {
      element.classList.remove("menu");
      this.view.schedule();
    }, { once: true });
  }

  #say(text) {
    if (this.#actions.announce) this.#actions.announce(text);
    else this.live.textContent = text;
  }
}

function isOnScrollBar(scroller, event) {
  const box = scroller.getBoundingClientRect();
  return event.clientX - box.left >= scroller.clientWidth || event.clientY - box.top >= scroller.clientHeight;
}

function node(tag, name) {
  const element = document.createElement(tag);
  element.className = name;
  return element;
}

// A viewer for one file that follows what happens to it.

import { announce, h, setAttribute, setText } from "../dom.js";
import { encodingOf, imageType } from "./content.js";
import { FileDocument, FileReplaced } from "./file_document.js";
import { FindBar } from "./find_bar.js";
import { HexView } from "./hex_view.js";
import { languageOf } from "./languages.js";
import { ImageView } from "./image_view.js";
import { baseName, sameName, showName, toName } from "./names.js";
import { showNumber, showSize } from "./sizes.js";
import { TextModel } from "./text_model.js";
import { TextView } from "./text_view.js";
import { treeOf } from "./tree.js";

/** The file is looked at again at most this often. */
const REFRESH_MS = 100;
const IMAGE_BYTES_MAX = 32 << 20;
const TAB_WIDTHS = [2, 4, 8];
const REMOVED = "This file was removed. What was read of it is still shown.";
const ENCODINGS = { "utf-8": "UTF-8", latin1: "Latin-1 (not UTF-8)", binary: "binary" };

export class FileViewer {
  #document = null;
  #view = null;
  #mode = null;
  #chosen = null;
  #model = null;
  #node = null;
  #refreshing = false;
  #again = false;
  #timer = 0;
  #ends = [];
  #disposed = false;
  #dimensions = "";
  #event = "";
  /** Of a file that the published directories do not contain. */
  #watch = null;
  #isAskingToWatch = false;
  #goal;

  /** `path` is a name (see names.js), `line` counts from 1. */
  constructor({ client, path, line, host }) {
    this.client = client;
    this.path = toName(path);
    this.#goal = line;
    this.tree = treeOf(client);
    this.#build();
    host.append(this.element);
    this.#showStatus();
    this.#locate(true);
    this.#ends.push(
      this.tree.onChange((event) => this.#treeChanged(event)),
      client.on("status", (status) => status === "open" && this.#refreshSoon()));
    void this.#load();
  }

  dispose() {
    this.#disposed = true;
    clearTimeout(this.#timer);
    for (const end of this.#ends) end();
    void this.#watch?.end().catch(() => {});
    this.#find.close();
    this.#closeView();
    this.element.remove();
  }

  focus() {
    (this.#view?.scroller ?? this.#view?.element ?? this.element).focus({ preventScroll: true });
  }

  /** Shows a line, from 1. */
  goTo(line) {
    if (this.#mode === "text") this.#view.goTo(line);
    else this.#goal = line;
    this.#showFollow();
  }

  #find = new FindBar({ view: () => (this.#mode === "text" ? this.#view : null), leave: () => this.focus() });

  #build() {
    this.notice = h("p", { class: "file-notice", role: "status", hidden: true });
    this.body = h("div", { class: "file-body" });
    this.status = h("span", { class: "file-status" });
    const toggle = (label, keys, click) => h("button", {
      type: "button", "aria-pressed": "false", title: `${label} (${keys})`, on: { click },
    }, label);
    this.controls = {
      find: h("button", { type: "button", title: "Find (Ctrl+F)", on: { click: () => this.#find.open() } }, "Find"),
      line: h("input", {
        type: "text", inputmode: "numeric", class: "file-line", placeholder: "Line", "aria-label": "Go to line",
        title: "Go to line (Ctrl+G)", autocomplete: "off", on: { keydown: (event) => this.#lineKey(event) },
      }),
      follow: toggle("Follow", "F", () => this.#toggleFollow()),
      wrap: toggle("Wrap", "Alt+Z", () => this.#toggleWrap()),
      tabs: h("select", { "aria-label": "Tab width", title: "Tab width", on: { change: () => this.#setTabs() } },
        ...TAB_WIDTHS.map((width) => h("option", { value: width, selected: width === 4 }, `Tab ${width}`))),
      mode: h("select", {
        "aria-label": "Show as", title: "Show as", on: { change: () => this.#choose(this.controls.mode.value) },
      }),
    };
    this.element = h("section", {
      class: "file", "aria-label": `File ${showName(this.path)}`, tabindex: "-1",
      on: { keydown: (event) => this.#keydown(event) },
    }, this.notice, this.#find.element, this.body,
    h("div", { class: "file-bar" }, this.status,
      h("div", { class: "file-controls" }, ...Object.values(this.controls))));
  }

  async #load() {
    const document = new FileDocument((path, options) => this.client.read(path, options), this.path);
    try {
      await document.open();
      if (this.#disposed) return;
      this.#document = document;
      await this.#open();
    } catch (error) {
      this.#failed(error);
    }
  }

  get #encoding() {
    return encodingOf(this.#document.head, this.#document.whole);
  }

  /** The ways to show the file, the best one first. */
  #modes() {
    const image = imageType(this.#document.head);
    const encoding = this.#encoding;
    return [
      ...(image && this.#document.size <= IMAGE_BYTES_MAX ? ["image"] : []),
      ...(encoding === "binary" ? ["hex", "text"] : ["text", "hex"]),
    ];
  }

  /** Shows the document, in the chosen way if it still can be, else in the best one. */
  async #open() {
    const modes = this.#modes();
    const mode = modes.includes(this.#chosen) ? this.#chosen : modes[0];
    const names = { text: "Text", hex: "Hex", image: "Image" };
    this.controls.mode.replaceChildren(
      ...modes.map((one) => h("option", { value: one, selected: one === mode }, names[one])));
    this.#say("");
    if (mode === this.#mode && mode !== "text") {
      await this.#updateView();
    } else if (mode === "text") {
      await this.#openText();
    } else {
      this.#find.close();
      this.#closeView();
      this.#mode = mode;
      const label = `Content of ${showName(baseName(this.path))}`;
      if (mode === "hex") {
        this.#view = new HexView({
          host: this.body, label, document: this.#document, failed: (error) => this.#failed(error),
        });
      } else {
        await this.#openImage();
      }
      this.#takeFocus();
    }
    this.#showStatus();
  }

  /** Reads again what could not be read. */
  async #retry() {
    if (this.#mode === "image" && !this.#view.isShown) await this.#loadImage(this.#view);
    else if (this.#mode !== "image") this.#view?.list.refresh();
    this.#find.retry();
  }

  async #updateView() {
    if (this.#mode === "hex") this.#view.changed();
    else await this.#loadImage(this.#view);
  }

  /** A new version of a text takes the place of the old one when its rows are known, so that nothing flashes. */
  async #openText() {
    const encoding = this.#encoding === "binary" ? "latin1" : this.#encoding;
    this.#model?.stop();
    const old = this.#mode === "text" ? this.#view : null;
    const wanted = old ? Math.ceil(old.list.position) + old.list.pageRows : 0;
    const model = new TextModel(this.#document, encoding, {
      changed: () => {
        if (this.#model !== model) return;
        if (this.#view === null || this.#mode !== "text") this.#createText(model);
        else if (this.#view.model === model) this.#view.changed();
        else if (model.complete || model.rows >= wanted) this.#view.replace(model);
        this.#showStatus();
      },
      failed: (error) => this.#failed(error),
    });
    this.#model = model;
    if (!old) this.#closeView(model);
    await this.#readOn();
    this.#find.restart();
  }

  async #readOn() {
    try {
      await this.#model.readOn();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The focus that waited for the content goes to it. */
  #takeFocus() {
    if (document.activeElement === this.element) this.focus();
  }

  #createText(model) {
    this.#mode = "text";
    this.#view = new TextView({
      host: this.body, model, label: `Content of ${showName(baseName(this.path))}`,
      language: languageOf(baseName(this.path)), onFollow: () => this.#showFollow(),
    });
    this.#view.list.wrapped = this.controls.wrap.getAttribute("aria-pressed") === "true";
    if (this.#goal) this.#view.goTo(this.#goal);
    this.#goal = undefined;
    this.#takeFocus();
  }

  async #openImage() {
    const view = new ImageView({
      host: this.body, label: `Image ${showName(baseName(this.path))}`,
      onSize: (width, height) => {
        this.#dimensions = width > 0 ? `${showNumber(width)} × ${showNumber(height)}` : "";
        this.#say("");
        this.#showStatus();
      },
      onFailure: () => this.#say("The browser cannot show this image."),
    });
    this.#view = view;
    await this.#loadImage(view);
  }

  async #loadImage(view) {
    const document = this.#document;
    const bytes = await document.bytes(0, document.size);
    if (this.#view === view && this.#document === document) view.show(bytes, imageType(document.head));
  }

  #closeView(keep = null) {
    // The focus waits for what comes next.
    if (!this.#disposed && this.body.contains(document.activeElement)) this.element.focus({ preventScroll: true });
    if (this.#model !== keep) {
      this.#model?.stop();
      this.#model = null;
    }
    this.#view?.dispose();
    this.#view = null;
    this.#mode = null;
    this.#dimensions = "";
  }

  #choose(mode) {
    this.#chosen = mode;
    void this.#open().catch((error) => this.#failed(error));
  }

  /** Finds the entry of the file. `watches`: one that the published directories do not contain is watched by itself. */
  #locate(watches) {
    this.#node = this.tree.find(this.path) ?? null;
    const { state, status } = this.client;
    if (watches && this.#node === null && state.version !== null && status === "open") void this.#watchAlone();
  }

  /** What cannot be watched now is tried again when the file is looked at again, as after a reconnect. */
  async #watchAlone() {
    if (this.#isAskingToWatch || this.#watch?.isEnded === false) return;
    this.#isAskingToWatch = true;
    try {
      const watch = await this.client.watch(this.path);
      if (this.#disposed) await watch.end();
      else this.#watch = watch;
    } catch {
      // The file is shown as it is.
    } finally {
      this.#isAskingToWatch = false;
    }
  }

  #treeChanged({ touched, full }) {
    const node = this.#node;
    if (node === null || node.entry === null || full) {
      this.#locate(full);
      // It may be gone, or only its watch: reading it says which.
      if (node !== null || this.#node !== null) this.#refreshSoon();
    } else if (!sameName(this.tree.path(node), this.path)) {
      this.#moved(node);
    } else if (touched.includes(node)) {
      this.#refreshSoon();
    }
  }

  /** The file has another name now. If another file took the old one, as when a program saves, that one is shown. */
  #moved(node) {
    const heir = this.tree.find(this.path);
    if (heir) {
      this.#node = heir;
    } else {
      this.path = this.tree.path(node);
      if (this.#document) this.#document.path = this.path;
      setAttribute(this.element, "aria-label", `File ${showName(this.path)}`);
      this.#happened(`now ${showName(this.path)}`);
    }
    this.#refreshSoon();
  }

  /** What happened to the file as a whole stays in the bar. */
  #happened(event) {
    this.#event = event;
    announce(`${showName(baseName(this.path))}: ${event}`);
    this.#showStatus();
  }

  #refreshSoon() {
    if (this.#refreshing) {
      this.#again = true;
      return;
    }
    if (this.#timer === 0) {
      this.#timer = setTimeout(() => {
        this.#timer = 0;
        void this.#refresh();
      }, REFRESH_MS);
    }
  }

  async #refresh() {
    if (this.#disposed) return;
    this.#refreshing = true;
    this.#again = false;
    try {
      if (this.#document === null) {
        await this.#load();
      } else {
        const { inode } = this.#document.version;
        const what = await this.#document.refresh();
        if (this.#disposed) return;
        if (what === "replaced" || (what === "grown" && this.#mode !== "text")) await this.#open();
        // Also the same file, if the connection broke while it was read.
        else if (what === "grown" || this.#model?.complete === false) await this.#readOn();
        await this.#retry();
        if (this.#disposed) return;
        this.#locate(true);
        if (this.#document.version.inode !== inode) this.#happened("replaced by another file");
        if (this.notice.textContent === REMOVED) this.#say("");
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#refreshing = false;
      if (this.#again) this.#refreshSoon();
    }
  }

  #failed(error) {
    if (this.#disposed) return;
    if (error instanceof FileReplaced) {
      this.#refreshSoon();
      return;
    }
    const shown = this.#view !== null;
    const texts = {
      not_found: shown ? REMOVED : "There is no such file.",
      forbidden: "This file is outside of the directories that are served.",
      invalid: "This is not a regular file.",
    };
    // A connection that broke comes back, and the file is read then.
    if (this.client.status !== "open") this.#say(shown ? "" : "The file is read once the page is connected.");
    else this.#say(texts[error.code] ?? `The file cannot be read: ${error.message}`);
  }

  #say(text) {
    this.notice.hidden = text === "";
    setText(this.notice, text);
    if (this.#document === null) this.#showStatus();
  }

  #showStatus() {
    const text = this.#mode === "text";
    const ofText = ["find", "line", "follow", "wrap", "tabs"];
    // What has the focus is about to be hidden.
    if (!text && ofText.some((name) => this.controls[name] === document.activeElement)) this.focus();
    for (const name of ofText) this.controls[name].hidden = !text;
    this.controls.mode.hidden = this.#document === null;
    this.#showFollow();
    if (this.#document === null) {
      setText(this.status, this.notice.hidden ? "Reading …" : "");
      return;
    }
    const { size } = this.#document;
    const model = this.#model;
    const parts = [];
    if (text && model) {
      const { lines } = model.index;
      parts.push(`${showNumber(lines)}${model.complete ? "" : "+"} ${lines === 1 ? "line" : "lines"}`);
      if (!model.complete) parts.push(`${Math.floor((model.index.bytes / Math.max(size, 1)) * 100)} % read`);
    }
    if (this.#dimensions) parts.push(this.#dimensions);
    parts.push(size === 0 ? "empty" : showSize(size));
    if (text) parts.push(ENCODINGS[this.#encoding]);
    if (this.#event) parts.push(this.#event);
    setText(this.status, parts.join(" · "));
  }

  #showFollow() {
    setAttribute(this.controls.follow, "aria-pressed", String(this.#mode === "text" && this.#view.follow));
  }

  #toggleFollow() {
    if (this.#mode !== "text") return;
    this.#view.follow = !this.#view.follow;
    this.#showFollow();
  }

  #toggleWrap() {
    if (this.#mode !== "text") return;
    const on = !this.#view.list.wrapped;
    this.#view.list.wrapped = on;
    setAttribute(this.controls.wrap, "aria-pressed", String(on));
  }

  #setTabs() {
    this.body.style.setProperty("tab-size", this.controls.tabs.value);
  }

  #lineKey(event) {
    if (event.key === "Escape") {
      this.focus();
    } else if (event.key === "Enter") {
      const line = Number.parseInt(this.controls.line.value, 10);
      if (line > 0) {
        this.goTo(line);
        this.focus();
      }
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #keydown(event) {
    const action = this.#keyAction(event);
    if (!action) return;
    action();
    event.preventDefault();
    event.stopPropagation();
  }

  #keyAction({ key, ctrlKey, metaKey, altKey, shiftKey, target }) {
    const command = ctrlKey || metaKey;
    const inField = target.matches("input, select");
    if (this.#mode !== "text") return undefined;
    if (command && key === "f") return () => this.#find.open();
    if (command && key === "g") return () => this.controls.line.select();
    if (altKey && key === "z") return () => this.#toggleWrap();
    if (key === "F3") return () => this.#find.next(shiftKey ? -1 : 1);
    if (inField || command || altKey) return undefined;
    return {
      "/": () => this.#find.open(), n: () => this.#find.next(1), N: () => this.#find.next(-1),
      f: () => this.#toggleFollow(), F: () => this.#toggleFollow(),
      Escape: this.#find.isOpen ? () => this.#find.close() : undefined,
    }[key];
  }
}

// Keys, input methods and the clipboard: a textarea that stands at the cursor, so that an input
// method shows its candidates there. It is empty except while something is composed.

import { encodeKey, encodeText } from "./keys.js";

/** What a touch keyboard deletes when it sends no key for Backspace. */
const FILLER = "\u200b";

export class Input {
  #layout = new Map();
  #typed;
  #options;
  #composing = false;
  #held = new Set();

  /**
   * typed(text): bytes for the program. modes(): the present modes. shortcut(event): whether the page
   * took the key. composed(text): what is being composed. options(): { mac, optionIsMeta }.
   */
  constructor({ typed, modes, shortcut, composed, pasted, options }) {
    this.#typed = typed;
    this.#options = options;
    this.modes = modes;
    this.shortcut = shortcut;
    this.composed = composed;
    this.pasted = pasted;
    this.element = newTextarea();
    this.#listen();
  }

  get composing() {
    return this.#composing;
  }

  #listen() {
    const { element } = this;
    element.addEventListener("keydown", (event) => this.key(event));
    element.addEventListener("keyup", (event) => this.key(event));
    element.addEventListener("blur", () => this.#held.clear());
    element.addEventListener("compositionstart", () => this.#compose(true, ""));
    element.addEventListener("compositionupdate", (event) => this.#compose(true, event.data ?? ""));
    element.addEventListener("compositionend", (event) => this.#composed(event.data ?? ""));
    element.addEventListener("beforeinput", (event) => this.#beforeInput(event));
    element.addEventListener("input", (event) => this.#input(event));
    element.addEventListener("paste", (event) => {
      event.preventDefault();
      this.pasted(event.clipboardData?.getData("text/plain") ?? "");
    });
  }

  /** A key of the textarea, or of the rows while text in them is selected. */
  key(event) {
    if (event.defaultPrevented || event.isComposing || this.#composing || event.keyCode === 229) return;
    if (event.type === "keydown" && this.shortcut(event)) {
      event.preventDefault();
      return;
    }
    const key = keyOf(event);
    this.#learn(key);
    const options = { ...this.#options(), layout: this.#layout };
    // What the browser or the system does with Meta stays theirs.
    if (key.meta && !(key.key === "Meta")) return;
    const text = encodeKey(key, this.modes(), options);
    // A key whose press was a shortcut of the page is not released for the program either.
    if (key.type === "release" && !this.#held.delete(key.code)) return;
    if (text === null) return;
    if (key.type === "press") this.#held.add(key.code);
    event.preventDefault();
    this.#typed(text);
    if (event.type === "keydown") this.element.focus({ preventScroll: true });
  }

  /** The layout: which character a key types without modifiers. */
  #learn(key) {
    if (key.type !== "press" || key.shift || key.ctrl || key.alt || key.altGraph || key.capsLock || !key.code) return;
    if ([...key.key].length === 1) this.#layout.set(key.code, key.key);
  }

  #compose(active, text) {
    this.#composing = active;
    this.composed(text);
  }

  #composed(text) {
    this.#compose(false, "");
    this.#clear();
    if (text !== "") this.#typed(encodeText(text, this.modes()), text);
  }

  #beforeInput(event) {
    if (this.#composing) return;
    const control = { deleteContentBackward: "Backspace", insertLineBreak: "Enter", insertParagraph: "Enter",
      deleteContentForward: "Delete", deleteWordBackward: "Backspace" }[event.inputType];
    if (!control) return;
    event.preventDefault();
    this.press({ key: control, ctrl: false });
  }

  #input(event) {
    if (this.#composing || event.isComposing) return;
    const text = this.element.value.replaceAll(FILLER, "");
    this.#clear();
    if (text !== "") this.#typed(encodeText(text, this.modes()), text);
  }

  #clear() {
    this.element.value = FILLER;
    this.element.setSelectionRange(1, 1);
  }

  /** Ends a composition with what it has so far. */
  commit() {
    if (!this.#composing) return;
    const text = this.element.value.replaceAll(FILLER, "");
    this.element.blur();
    this.element.focus({ preventScroll: true });
    if (this.#composing) this.#composed(text);
  }

  /** A key of the page's own, such as those on the screen of a phone. */
  press(key) {
    const whole = { code: "", location: 0, shift: false, alt: false, ctrl: false, meta: false, type: "press", ...key };
    const text = encodeKey(whole, this.modes(), this.#options());
    if (text !== null) this.#typed(text);
  }
}

/** "Control+c", "Shift+Tab", "ArrowUp" as a key. */
export function namedKey(name) {
  const parts = name.split("+");
  const key = name.endsWith("++") ? "+" : parts.at(-1);
  const has = (modifier) => parts.slice(0, -1).includes(modifier);
  return { key: key === "Space" ? " " : key, shift: has("Shift"), alt: has("Alt"), ctrl: has("Control"), meta: false };
}

function keyOf(event) {
  const state = (name) => event.getModifierState?.(name) ?? false;
  return {
    key: event.key, code: event.code, location: event.location, shift: event.shiftKey, alt: event.altKey,
    ctrl: event.ctrlKey, meta: event.metaKey, altGraph: state("AltGraph"), capsLock: state("CapsLock"),
    numLock: state("NumLock"), type: event.type === "keyup" ? "release" : event.repeat ? "repeat" : "press",
  };
}

function newTextarea() {
  const element = document.createElement("textarea");
  element.className = "term-input";
  element.rows = 1;
  element.value = FILLER;
  element.spellcheck = false;
  for (const [name, value] of Object.entries({
    "aria-label": "Terminal input", "aria-multiline": "false", autocapitalize: "off", autocomplete: "off",
    autocorrect: "off", inputmode: "text", enterkeyhint: "enter", "data-gramm": "false",
  })) element.setAttribute(name, value);
  return element;
}

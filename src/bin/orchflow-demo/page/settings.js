// What the user has chosen for this browser. Stored in localStorage, applied at once; a change in one tab
// reaches the others. Fires `change` with the name of what changed in `detail.name`.

import { ofBrowser } from "./storage.js";

const KEY = "orchflow.settings";

const defaults = {
  theme: "auto",
  fontSize: 14,
  fontFamily: "",
  cursorBlink: true,
  sound: false,
  scrollKeys: true,
  confirmPaste: true,
  linkClick: "modifier",
  optionIsMeta: false,
  notifications: false,
  clipboard: "ask",
};

// Which values are accepted; anything else in the store is replaced by the default.
const accepts = {
  theme: (value) => ["auto", "light", "dark"].includes(value),
  fontSize: (value) => Number.isInteger(value) && value >= 8 && value <= 32,
  fontFamily: (value) => typeof value === "string" && value.length <= 200,
  linkClick: (value) => ["modifier", "plain"].includes(value),
  clipboard: (value) => ["ask", "allow", "deny"].includes(value),
};

export class Settings extends EventTarget {
  #values = { ...defaults };

  constructor() {
    super();
    this.#load();
    for (const name of Object.keys(defaults)) {
      Object.defineProperty(this, name, { get: () => this.#values[name], enumerable: true });
    }
    addEventListener("storage", (event) => {
      // Without a key, everything was removed.
      if (event.key === KEY || event.key === null) this.#reload();
    });
  }

  set(name, value) {
    if (!isValid(name, value) || this.#values[name] === value) return;
    this.#values[name] = value;
    ofBrowser.set(KEY, JSON.stringify(this.#values));
    this.#changed(name);
  }

  reset() {
    for (const [name, value] of Object.entries(defaults)) this.set(name, value);
  }

  #load() {
    const stored = Object(ofBrowser.json(KEY));
    for (const name of Object.keys(defaults)) {
      this.#values[name] = isValid(name, stored[name]) ? stored[name] : defaults[name];
    }
  }

  #reload() {
    const before = { ...this.#values };
    this.#load();
    for (const name of Object.keys(defaults)) {
      if (before[name] !== this.#values[name]) this.#changed(name);
    }
  }

  #changed(name) {
    this.dispatchEvent(new CustomEvent("change", { detail: { name } }));
  }
}

function isValid(name, value) {
  if (!Object.hasOwn(defaults, name) || typeof value !== typeof defaults[name]) return false;
  return accepts[name]?.(value) ?? true;
}

// Keeps the theme of the document as the settings say.
export function applySettings(settings) {
  const root = document.documentElement;
  const apply = () => {
    if (settings.theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = settings.theme;
  };
  settings.addEventListener("change", apply);
  apply();
}

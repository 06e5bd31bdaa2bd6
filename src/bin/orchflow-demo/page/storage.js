// What the browser keeps for the page. Where it keeps nothing (it may forbid that, or be full), a value holds until the
// page is closed.

class Kept {
  #area;
  #values = new Map();

  constructor(area) {
    this.#area = area;
  }

  // A text, or null.
  get(key) {
    if (this.#values.has(key)) return this.#values.get(key);
    try {
      return globalThis[this.#area].getItem(key);
    } catch {
      return null;
    }
  }

  set(key, text) {
    this.#values.delete(key);
    try {
      globalThis[this.#area].setItem(key, text);
    } catch {
      this.#values.set(key, text);
    }
  }

  remove(key) {
    this.#values.delete(key);
    try {
      globalThis[this.#area].removeItem(key);
    } catch {
      // Nothing was kept.
    }
  }

  // The value of a text of JSON, or null.
  json(key) {
    try {
      return JSON.parse(this.get(key));
    } catch {
      return null;
    }
  }
}

// For this tab, and for all tabs of this browser.
export const ofTab = new Kept("sessionStorage");
export const ofBrowser = new Kept("localStorage");

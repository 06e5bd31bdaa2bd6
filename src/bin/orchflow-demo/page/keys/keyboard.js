// The keys of the page. They are looked at before anything else on the page sees them, so that they work in terminals,
// too. In a dialog only the dialog's own keys count.

import { actions } from "./actions.js";
import { matches, parseChord } from "./chords.js";

const table = actions
  .filter((action) => action.keys && !action.native)
  .flatMap((action) => action.keys.map((key) => ({ id: action.id, chord: parseChord(key) })));

const modifierKeys = new Set(["Alt", "AltGraph", "Control", "Meta", "Shift"]);

export class Keyboard {
  #commands;
  // The next key belongs to the terminal.
  #passes = false;

  constructor(commands) {
    this.#commands = commands;
    addEventListener("keydown", (event) => this.#key(event), { capture: true });
  }

  passNext() {
    this.#passes = true;
  }

  #key(event) {
    if (event.isComposing || modifierKeys.has(event.key) || document.querySelector("dialog[open]")) return;
    if (this.#passes) {
      this.#passes = false;
      return;
    }
    const found = table.find(({ chord }) => matches(event, chord));
    if (!found || !this.#commands.isAvailable(found.id)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#commands.run(found.id);
  }
}

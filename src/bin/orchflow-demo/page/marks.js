// What has happened in terminals that the user was not looking at: bells and activity. Fires `change`.

const none = Object.freeze({ bell: false, activity: false });

export class Marks extends EventTarget {
  #marks = new Map();

  of(terminal) {
    return this.#marks.get(terminal) ?? none;
  }

  set(terminal, changes) {
    const before = this.of(terminal);
    const after = { ...before, ...changes };
    if (Object.keys(after).every((name) => after[name] === before[name])) return;
    this.#marks.set(terminal, after);
    this.dispatchEvent(new Event("change"));
  }

  // The user has seen the terminal.
  seen(terminal) {
    this.set(terminal, { bell: false, activity: false });
  }

  // Forgets the terminals that no longer exist.
  keep(terminals) {
    for (const id of this.#marks.keys()) {
      if (!terminals.has(id)) this.#marks.delete(id);
    }
  }
}

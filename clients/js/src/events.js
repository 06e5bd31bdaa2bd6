// Listeners by name.

/** Reports an error of a listener as uncaught, without disturbing its caller. */
export function reportUncaught(error) {
  queueMicrotask(() => {
    throw error;
  });
}

/** Calls a listener. An error in it is reported and does not disturb the caller. */
export function callListener(listener, ...values) {
  try {
    return listener(...values);
  } catch (error) {
    reportUncaught(error);
    return undefined;
  }
}

export class Emitter {
  #listeners = new Map();

  /** Adds a listener; the function that it returns removes it again. A function that was added twice is called twice. */
  on(name, listener) {
    const one = { listener, isOn: true };
    // The list is replaced, never changed, so that emit() may walk it while listeners come and go.
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), one]);
    return () => {
      if (!one.isOn) return;
      one.isOn = false;
      const left = this.#listeners.get(name).filter((other) => other !== one);
      if (left.length > 0) this.#listeners.set(name, left);
      else this.#listeners.delete(name);
    };
  }

  /** Calls the listeners in order and returns what they returned. One that another removes meanwhile is not called. */
  emit(name, ...values) {
    const results = [];
    for (const one of this.#listeners.get(name) ?? []) {
      if (one.isOn) results.push(callListener(one.listener, ...values));
    }
    return results;
  }
}

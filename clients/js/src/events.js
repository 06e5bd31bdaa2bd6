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

  /** Adds a listener; the function that it returns removes it again. */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? [];
    // The list is replaced, never changed, so that emit() may walk it while listeners come and go.
    this.#listeners.set(name, [...listeners, listener]);
    return () => {
      this.#listeners.set(name, this.#listeners.get(name).filter((other) => other !== listener));
    };
  }

  /** Calls the listeners in order and returns what they returned. */
  emit(name, ...values) {
    return (this.#listeners.get(name) ?? []).map((listener) => callListener(listener, ...values));
  }
}

// The watches of a client.
//
// The server counts a path that a client watches twice once, gives it one number, and ends it at the first `unwatch`.
// After a reconnect numbers are others, and one that was another watch's may be among them. So each call of `watch` has
// a handle of its own, and the server hears of the end with the last handle that has a number. Requests wait for each
// other: only between them is it known who has which number.

export class Watch {
  /** The number under which the files appear in the state. It is another one after a reconnect. */
  number;
  /** Whether there is nothing to be ended any more: `end` was called, or the path could not be watched again. */
  isEnded = false;
  #end;

  constructor(path, number, end) {
    this.path = path;
    this.number = number;
    this.#end = end;
  }

  /** Ends the watch. Resolves once the server has ended it, too, unless others have the same path. */
  end() {
    return this.#end(this);
  }
}

export class Watches {
  #request;
  #handlers;
  /** Those that were not ended. */
  #all = new Set();
  /** The numbers that the server has given on this connection. */
  #numbers = new Map();
  #turn = Promise.resolve();

  /**
   * @param request sends a request and resolves with its outcome
   * @param handlers `{renewed(watch, previous), failure(error)}`
   */
  constructor(request, handlers) {
    this.#request = request;
    this.#handlers = handlers;
  }

  get list() {
    return [...this.#all];
  }

  add(path) {
    return this.#inTurn(async () => {
      const watch = new Watch(path, await this.#ask(path), (one) => this.#end(one));
      this.#all.add(watch);
      this.#numbers.set(watch, watch.number);
      return watch;
    });
  }

  /** There is a connection again, which knows of no watch. */
  opened() {
    for (const watch of this.#all) void this.#inTurn(() => this.#renew(watch));
  }

  broken() {
    this.#numbers.clear();
  }

  #inTurn(task) {
    const done = this.#turn.then(task);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #ask(path) {
    return (await this.#request({ type: "watch", path })).watching.watch;
  }

  async #renew(watch) {
    if (watch.isEnded || this.#numbers.has(watch)) return;
    const previous = watch.number;
    try {
      watch.number = await this.#ask(watch.path);
    } catch (error) {
      // After a further break it is tried again.
      if (error.code === "disconnected" || error.code === "closed") return;
      this.#all.delete(watch);
      watch.isEnded = true;
      this.#handlers.failure(error);
      return;
    }
    this.#numbers.set(watch, watch.number);
    if (!watch.isEnded) this.#handlers.renewed(watch, previous);
  }

  #end(watch) {
    if (watch.isEnded) return this.#turn;
    watch.isEnded = true;
    this.#all.delete(watch);
    return this.#inTurn(() => this.#unwatch(watch));
  }

  async #unwatch(watch) {
    const number = this.#numbers.get(watch);
    this.#numbers.delete(watch);
    // Another handle has it, or the connection that it was made on is gone.
    if (number === undefined || [...this.#numbers.values()].includes(number)) return;
    try {
      await this.#request({ type: "unwatch", watch: number });
    } catch (error) {
      // The host has ended it, or the connection has.
      if (!["not_found", "disconnected", "closed"].includes(error.code)) throw error;
    }
  }
}

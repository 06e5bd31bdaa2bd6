// Fetches rows of the scrollback that are to be shown: one request at a time, the newest wish wins.

/** A wish that the server answers with other rows than expected is asked this often. */
const ATTEMPTS_MAX = 8;

export class Scrollback {
  #client;
  #terminal;
  #history;
  #arrived;
  #wanted = null;
  #busy = false;
  #disposed = false;

  /** `arrived()` is called when rows came. */
  constructor({ client, terminal, history, arrived }) {
    this.#client = client;
    this.#terminal = terminal;
    this.#history = history;
    this.#arrived = arrived;
  }

  dispose() {
    this.#disposed = true;
  }

  /** Rows [from, to) are shown, or will be soon. */
  want(from, to) {
    this.#wanted = { from, to };
    if (!this.#busy) this.#run();
  }

  async #run() {
    this.#busy = true;
    let attempts = 0;
    let last = null;
    while (this.#wanted && !this.#disposed) {
      const wish = this.#wanted;
      const missing = this.#history.missing(wish.from, wish.to);
      if (missing === null) {
        if (this.#wanted === wish) this.#wanted = null;
        continue;
      }
      attempts = wish === last ? attempts + 1 : 0;
      last = wish;
      if (attempts >= ATTEMPTS_MAX || !(await this.#fetch(missing))) {
        if (this.#wanted === wish) this.#wanted = null;
      }
    }
    this.#busy = false;
  }

  /** Whether rows came. */
  async #fetch(missing) {
    const { anchor, ...request } = this.#history.request(missing);
    const { generation } = this.#history;
    let reply;
    try {
      reply = await this.#client.rows(this.#terminal, request);
    } catch {
      // No connection, or the terminal was closed: the next scroll or update asks again.
      return false;
    }
    if (this.#disposed) return false;
    if (generation !== this.#history.generation) return true;
    const indices = this.#history.store(reply, anchor);
    if (indices.length > 0) this.#arrived();
    return indices.length > 0;
  }

  /** Fetches [from, to) completely, for copying. Rejects if the rows are gone. */
  async load(from, to) {
    const { generation } = this.#history;
    for (let attempt = 0; attempt < ATTEMPTS_MAX + (to - from) / 100; attempt++) {
      const missing = this.#history.missing(from, to);
      if (missing === null) return;
      if (generation !== this.#history.generation || !(await this.#fetch(missing))) break;
    }
    if (this.#history.missing(from, to) !== null) throw new Error("These rows are no longer kept.");
  }

  /** Where the row that shows `place` is now: its index, or null. */
  async locate(place) {
    const { generation } = this.#history;
    try {
      const reply = await this.#client.rows(this.#terminal, { from: place, above: 0, max: 1 });
      if (generation !== this.#history.generation || reply.lines.length === 0) return null;
      this.#history.store(reply);
      return this.#history.first + reply.history + reply.lines[0].row;
    } catch {
      return null;
    }
  }
}

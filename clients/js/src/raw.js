// An attachment that gets the bytes of a terminal, for an emulator.
//
// Credit follows what the listeners have consumed: a listener that returns a promise holds the credit back until
// it is fulfilled, so a slow emulator slows the program down instead of filling the memory.

import { Attachment } from "./attachment.js";
import { toBytes } from "./bytes.js";
import { reportUncaught } from "./events.js";

const WINDOW = 262_144;

export class RawAttachment extends Attachment {
  /** The mode that was asked for; the server may continue in mode "screen" if the listeners are too slow. */
  mode;
  /** Everything before this offset has been given to the listeners. */
  offset = 0;
  #start;
  #window;
  #credit = 0;
  /** The consumption of everything so far. */
  #consumed = Promise.resolve();
  #unconsumed = 0;
  #isStarted = false;
  #isInSnapshot = false;
  #isPaused = false;

  constructor(client, terminal, { start = "default", mode = "lossless", window = WINDOW, ...grid } = {}) {
    super(client, terminal, grid);
    this.mode = mode;
    this.#start = start;
    this.#window = window;
  }

  request() {
    // With a larger window than the server gives, half of it might never be reached.
    this.#window = Math.min(this.#window || WINDOW, this.client.welcome.limits.window_bytes);
    const start = this.#isStarted ? { offset: this.offset } : this.#start;
    return { mode: this.mode, start: this.#isInSnapshot ? "default" : start, window: this.#window };
  }

  begin({ mode, offset }) {
    const wasPaused = this.#isPaused;
    this.#isPaused = mode === "screen";
    if (this.#isPaused) {
      this.emit("mode", { mode });
      this.#resumeOnceConsumed();
      return;
    }
    if (wasPaused) this.emit("mode", { mode });
    this.#isStarted = true;
    this.#isInSnapshot = false;
    this.offset = offset;
    this.#credit = offset;
  }

  /** Output at an offset. For the client. */
  output({ offset, bytes }) {
    if (this.status === "attaching" || this.#isPaused) return;
    this.offset = offset + bytes.length;
    this.#consume(this.emit("data", bytes, offset), this.offset);
  }

  handle(message) {
    if (this.#isPaused) return;
    if (message.type === "terminal_snapshot") this.#snapshot(message);
    if (message.type === "lag_warning") this.emit("lag", { remainingMs: message.remaining_ms });
    if (message.type === "gap") {
      this.offset = message.to;
      this.#credit = Math.max(this.#credit, message.to);
      this.emit("gap", { from: message.from, to: message.to });
    }
  }

  #snapshot({ offset, cols, rows, line, data, more }) {
    const first = !this.#isInSnapshot;
    this.#isInSnapshot = more;
    this.offset = offset;
    this.#credit = Math.max(this.#credit, offset);
    this.#consume(this.emit("snapshot", { cols, rows, line, data: toBytes(data), first, last: !more }), offset);
  }

  /** Gives credit up to an offset once the listeners have consumed what came before it. */
  #consume(results, offset) {
    const pending = results.filter((result) => typeof result?.then === "function");
    if (pending.length === 0 && this.#unconsumed === 0) {
      this.#give(offset);
      return;
    }
    this.#unconsumed++;
    // A listener that fails has consumed; its error is reported as uncaught.
    const settled = pending.map((result) => result.then(undefined, reportUncaught));
    this.#consumed = Promise.all([this.#consumed, ...settled]).then(() => {
      this.#unconsumed--;
      this.#give(offset);
    });
  }

  #give(offset) {
    const isCurrent = this.status === "attached" || this.status === "ended";
    if (!isCurrent || this.#isPaused || offset - this.#credit < this.#window / 2) return;
    this.#credit = offset;
    this.client.send({ type: "credit", terminal: this.terminal, offset });
  }

  /** The server sends bytes again when the listeners have caught up. */
  async #resumeOnceConsumed() {
    await this.#consumed;
    if (this.#isPaused && this.status !== "detached" && this.client.status === "open") this.attach();
  }
}

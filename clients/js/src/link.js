// One WebSocket connection: frames to messages and back, in order.
//
// Inflating and deflating take turns of the event loop. A frame that arrives (or leaves) meanwhile waits for its
// turn, so messages and terminal bytes keep their order. Without compression nothing ever waits.

import { OrchflowError } from "./errors.js";
import { deflate, inflate, outputOf } from "./frames.js";

/** Smaller messages gain nothing by compression. */
const COMPRESS_FROM = 1024;
const NORMAL = 1000;
const NO_CLOSE_FRAME = 1006;

/** Tasks that run in order; a task that returns a promise lets the others wait. */
class Turns {
  #waiting = [];
  #isBusy = false;
  #fail;

  constructor(fail) {
    this.#fail = fail;
  }

  run(task) {
    this.#waiting.push(task);
    if (!this.#isBusy) this.#work();
  }

  #work() {
    this.#isBusy = true;
    try {
      while (this.#waiting.length > 0) {
        const pending = this.#waiting.shift()();
        if (pending) {
          pending.then(() => this.#work(), this.#fail);
          return;
        }
      }
    } catch (error) {
      // It stays busy: nothing of this connection is processed after a failure.
      this.#fail(error);
      return;
    }
    this.#isBusy = false;
  }
}

export class Link {
  #socket;
  #codec;
  #handlers;
  #isCompressing;
  #incoming = new Turns((error) => this.#fail("a message of the server", error));
  #outgoing = new Turns((error) => this.#fail("a message to the server", error));
  #failure = null;
  #isOver = false;

  /**
   * @param {{onOpen(), onMessage(object), onOutput(object), onClose(number, string, Error?)}} handlers
   *   `onClose` is the last call, exactly one. 1006 stands for an end without a close frame.
   */
  constructor({ url, protocols, codec, WebSocket, compress }, handlers) {
    this.#codec = codec;
    this.#handlers = handlers;
    this.#isCompressing = compress;
    const socket = new WebSocket(url, protocols);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => handlers.onOpen());
    socket.addEventListener("message", ({ data }) => this.#incoming.run(() => this.#receive(data)));
    // Only Node's sockets say what happened; in browsers the message is empty.
    socket.addEventListener("error", ({ message }) => {
      this.#failure ??= message ? new OrchflowError("unreachable", message) : null;
    });
    // The end takes its turn: a message that is being inflated comes first.
    socket.addEventListener("close", ({ code, reason }) => this.#incoming.run(() => this.#end(code, reason)));
  }

  send(message) {
    // What cannot be encoded is the caller's mistake and fails here.
    const payload = this.#codec.encode(message);
    const isLarge = this.#isCompressing && payload.length >= COMPRESS_FROM;
    this.#outgoing.run(() => (isLarge ? this.#sendCompressed(payload) : this.#write(this.#codec.plainFrame(payload))));
  }

  sendFrame(frame) {
    this.#outgoing.run(() => this.#write(frame));
  }

  close(code = NORMAL, reason = "") {
    try {
      this.#socket.close(code, reason);
    } catch {
      this.#socket.close();
    }
  }

  /** Gives up without waiting for the other side. */
  abandon(error) {
    this.#failure ??= error;
    this.close();
    this.#end(NO_CLOSE_FRAME, "");
  }

  async #sendCompressed(payload) {
    const bytes = this.#codec.bytesOf(payload);
    const deflated = await deflate(bytes);
    const isShorter = deflated.length < bytes.length;
    this.#write(isShorter ? this.#codec.compressedFrame(deflated, bytes.length) : this.#codec.plainFrame(payload));
  }

  #write(frame) {
    if (!this.#isOver) this.#socket.send(frame);
  }

  #receive(data) {
    if (this.#isOver) return undefined;
    const frame = typeof data === "string" ? data : new Uint8Array(data);
    const output = typeof frame === "string" ? null : outputOf(frame);
    if (output) {
      this.#handlers.onOutput(output);
      return undefined;
    }
    const { message, deflated, length } = this.#codec.open(frame);
    if (!deflated) {
      this.#handlers.onMessage(message);
      return undefined;
    }
    return inflate(deflated, length).then((bytes) => {
      if (!this.#isOver) this.#handlers.onMessage(this.#codec.decode(bytes));
    });
  }

  #fail(what, error) {
    this.abandon(new OrchflowError("protocol", `${what}: ${error.message}`, { cause: error }));
  }

  #end(code, reason) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handlers.onClose(code, reason, this.#failure);
  }
}

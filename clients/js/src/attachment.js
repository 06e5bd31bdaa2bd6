// What both kinds of attachments have in common: their life, their grid, and what survives a reconnect.

import { Emitter } from "./events.js";

export class Attachment extends Emitter {
  /** "attaching", "attached", "ended" (the program; its screen is still there) or "detached" (for good). */
  status = "attaching";
  /** How the program ended: `{code}`, `{signal}` or "unknown". */
  exit = null;
  /** Requests to attach that are not answered yet; only the last reply is that of this attachment. */
  #awaited = 0;
  /** Requests to attach since the connection was made. */
  #asked = 0;
  /** Whether a reply to one of those was taken for that to an earlier one. */
  #isPassedOver = false;
  #grid;

  constructor(client, terminal, { cols = 0, rows = 0 } = {}) {
    super();
    this.client = client;
    this.terminal = terminal;
    this.#grid = { cols, rows };
  }

  /** Reports the grid of the window. */
  resize(cols, rows) {
    this.#grid = { cols, rows };
    if (this.status === "detached" || this.client.status !== "open") return;
    this.client.resize(this.terminal, cols, rows).catch((error) => this.emit("failure", error));
  }

  /** Ends the attachment. */
  detach() {
    if (this.status === "detached") return;
    this.client.detach(this);
    this.finish("asked");
  }

  /** Asks the server for the output. For the client. */
  attach(awaited = this.#awaited) {
    this.client.send({ type: "attach", terminal: this.terminal, ...this.request(), ...this.#grid });
    this.status = "attaching";
    this.#awaited = awaited + 1;
    this.#asked++;
    this.#isPassedOver = false;
  }

  /** The number of replies that still come. For the client. */
  get awaited() {
    return this.#awaited;
  }

  /** The connection broke. For the client. */
  broken() {
    this.#awaited = this.#asked = 0;
    if (this.status !== "detached") this.status = "attaching";
  }

  /** The attachment is over: "asked", "closed" (the terminal), "replaced" (by another one) or "failed". */
  finish(reason) {
    if (this.status === "detached") return;
    this.status = "detached";
    this.emit("detached", { reason });
  }

  /** A message about this terminal. For the client. */
  take(message) {
    switch (message.type) {
      case "attached":
        this.#awaited = Math.max(0, this.#awaited - 1);
        this.#isPassedOver = this.#awaited > 0;
        if (this.#isPassedOver) return;
        this.status = this.exit === null ? "attached" : "ended";
        this.begin(message);
        break;
      case "detached":
        if (message.reason === "asked") return;
        this.client.forget(this);
        this.finish("closed");
        break;
      default:
        if (this.status === "attaching") return;
        if (message.type === "ended") this.#end(message);
        else this.handle(message);
    }
  }

  #end({ exit }) {
    const isNew = this.exit === null;
    this.exit = exit;
    this.status = "ended";
    if (isNew) this.emit("ended", { exit });
  }

  /**
   * An error about the terminal. It does not say what failed: the attachment, or what was typed or scrolled before.
   * Whatever was answered by the next reply that is asked for was answered; what is not attached then is not. For the
   * client.
   */
  failed(error) {
    this.emit("failure", error);
    if (this.status !== "attaching") return;
    const asked = this.#asked;
    this.client.afterReplies(() => this.#answered(asked));
  }

  /** The first `asked` requests to attach are answered. */
  #answered(asked) {
    if (this.status !== "attaching") return;
    if (this.#asked > asked) {
      this.#awaited = this.#asked - asked;
    } else if (this.#isPassedOver) {
      this.attach(0);
    } else {
      this.client.forget(this);
      this.finish("failed");
    }
  }
}

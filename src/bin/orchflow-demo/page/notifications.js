// What programs and the page have reported to the user, newest first. The list is of bounded length. Fires `change`.

const KEPT_MAX = 200;

export class NotificationLog extends EventTarget {
  entries = [];
  unread = 0;
  #last = 0;

  add(entry) {
    this.#last += 1;
    this.entries.unshift({ id: this.#last, time: new Date(), ...entry });
    this.entries.length = Math.min(this.entries.length, KEPT_MAX);
    if (entry.kind === "program" || entry.kind === "error") this.unread += 1;
    this.dispatchEvent(new Event("change"));
  }

  read() {
    if (this.unread === 0) return;
    this.unread = 0;
    this.dispatchEvent(new Event("change"));
  }

  clear() {
    this.entries = [];
    this.read();
    this.dispatchEvent(new Event("change"));
  }
}

// The hash of the state (docs/PROTOCOL.md, "The hash of the state"): a sum of FNV-1a digests of 64 bits.
//
// 64-bit numbers are pairs of 32-bit halves: BigInt would take seconds for a large tree of files.

import { toBytes } from "./bytes.js";

const PRIME_LOW = 0x1b3; // The prime is 2^40 + 0x1b3.
const HALF = 2 ** 32;

// The digest of the fields so far.
let low = 0;
let high = 0;

/** One field: its length in bytes, then its bytes. */
function eatField(text) {
  const bytes = typeof text === "string" && isAscii(text) ? null : toBytes(text);
  const length = bytes?.length ?? text.length;
  // Local variables: this loop takes most of the time that a large diff takes.
  let [l, h] = [low, high];
  for (let at = -4; at < length; at++) {
    const byte = at < 0 ? (length >>> (8 * (at + 4))) & 0xff : bytes === null ? text.charCodeAt(at) : bytes[at];
    const mixed = (l ^ byte) >>> 0;
    const product = mixed * PRIME_LOW; // Below 2^41: a double holds it.
    h = (Math.imul(h, PRIME_LOW) + ((product / HALF) | 0) + (mixed << 8)) >>> 0;
    l = product >>> 0;
  }
  [low, high] = [l, h];
}

function isAscii(text) {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

/** Keys in the order of their bytes: that of their code points, which is not that of JavaScript's strings. */
export function byCodePoints(left, right) {
  const [a, b] = [left, right].map((text) => Array.from(text, (point) => point.codePointAt(0)));
  for (let at = 0; at < Math.min(a.length, b.length); at++) if (a[at] !== b[at]) return a[at] - b[at];
  return a.length - b.length;
}

const flag = (value) => (value ? "1" : "0");
const metadata = (map) => {
  const keys = Object.keys(map).sort(byCodePoints);
  return [String(keys.length), ...keys.flatMap((key) => [key, map[key]])];
};

/** The name of a choice, and what it carries as text. */
function content(value) {
  const [name, carried] = typeof value === "string" ? [value, ""] : Object.entries(value)[0];
  return [name, typeof carried === "number" ? String(carried) : carried];
}

function exit(value) {
  if (value === null) return "";
  return typeof value === "string" ? value : content(value).join(":");
}

const FIELDS = {
  sessions: (of) => ["session", of.id, of.version, of.name, of.panes.length, ...of.panes, ...metadata(of.metadata)],
  panes: (of) => ["pane", of.id, of.version, of.session, of.title, ...content(of.content), ...metadata(of.metadata)],
  terminals: (of) => [
    "terminal", of.id, of.version, of.title, of.cwd, of.cols, of.rows, of.pid, flag(of.running),
    exit(of.exit), flag(of.closing), flag(of.screen), of.program, of.last_exit, flag(of.hidden_input),
    of.size_policy,
  ],
  files: (of) => [
    "file", of.watch, of.id, of.version, of.parent, of.name, of.kind, of.size, of.modified_us, of.mode,
    flag(of.ignored),
  ],
};

/** The digest of an entry as [high, low]. */
export function digest(collection, entry) {
  [high, low] = [0xcbf29ce4, 0x84222325];
  for (const field of FIELDS[collection](entry)) eatField(typeof field === "number" ? String(field) : field ?? "");
  return [high, low];
}

/** A sum of digests modulo 2^64. */
export class DigestSum {
  #high = 0;
  #low = 0;

  add([high, low]) {
    const sum = this.#low + low;
    this.#low = sum >>> 0;
    this.#high = (this.#high + high + (sum >= HALF ? 1 : 0)) >>> 0;
  }

  subtract([high, low]) {
    const difference = this.#low - low;
    this.#low = difference >>> 0;
    this.#high = (this.#high - high - (difference < 0 ? 1 : 0)) >>> 0;
  }

  toString() {
    return [this.#high, this.#low].map((half) => half.toString(16).padStart(8, "0")).join("");
  }
}

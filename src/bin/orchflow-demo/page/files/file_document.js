// The bytes of a file, read in slices, and how it changed since they were read.
//
// A file that only grows keeps what was read. This is decided from its inode, its size, its first bytes and the last
// ones before the old end. Files of one slice are read as a whole instead.

import { HEAD_BYTES } from "./content.js";

export const SLICE_BYTES = 262_144;
const SAMPLE_BYTES = 4096;

/** The file is another one, or another content, than that of the slices before. */
export class FileReplaced extends Error {}

const sameBytes = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

export class FileDocument {
  #read;
  #known = 0;
  #tail = new Uint8Array();
  /** Of the last slice: `{device, inode, size, changed_ns}`. */
  version = null;
  head = new Uint8Array();

  /** `read(path, {offset, max, base})` as `client.read`. */
  constructor(read, path) {
    this.#read = read;
    this.path = path;
  }

  get size() {
    return this.version.size;
  }

  /** Whether `head` is everything. */
  get whole() {
    return this.head.length >= this.size;
  }

  /** Reads the start. */
  async open() {
    const slice = await this.#slice(0, HEAD_BYTES, null);
    this.version = slice.version;
    this.head = slice.data;
    return this;
  }

  #slice(offset, max, base) {
    return this.#read(this.path, { offset, max, base });
  }

  /** Up to `length` bytes from `offset` on; fewer only at the end. Throws `FileReplaced`. */
  async bytes(offset, length) {
    const parts = [];
    let got = 0;
    while (got < length) {
      const slice = await this.#slice(offset + got, Math.min(SLICE_BYTES, length - got), this.version);
      if (slice.changed && !this.#mayHaveGrown(slice.version)) throw new FileReplaced();
      parts.push(slice.data);
      got += slice.data.length;
      if (slice.end || slice.data.length === 0) break;
    }
    if (parts.length === 1) return parts[0];
    const all = new Uint8Array(got);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  #mayHaveGrown({ device, inode, size }) {
    return device === this.version.device && inode === this.version.inode && size >= this.version.size;
  }

  /** Remembers the end of what was taken from the file, to recognise that it has only grown since. */
  taken(end, bytes) {
    this.#known = end;
    this.#tail = bytes.slice(-SAMPLE_BYTES);
  }

  /** Looks at the file again: "same", "grown" or "replaced". */
  async refresh() {
    const slice = await this.#slice(0, HEAD_BYTES, this.version);
    if (!slice.changed) return "same";
    const grown = this.#mayHaveGrown(slice.version) && this.#known > SLICE_BYTES
      && sameBytes(slice.data.subarray(0, this.head.length), this.head) && await this.#endsAsBefore();
    this.version = slice.version;
    this.head = slice.data;
    return grown ? "grown" : "replaced";
  }

  async #endsAsBefore() {
    const before = await this.#slice(this.#known - this.#tail.length, this.#tail.length, null);
    return sameBytes(before.data, this.#tail);
  }
}

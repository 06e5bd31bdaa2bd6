// A file as hexadecimal numbers and characters.

import { h, setText } from "../dom.js";
import { VirtualList } from "./virtual_list.js";

const BLOCK_BYTES = 65_536;
const BLOCKS_MAX = 16;
/** Pixels below which a row has 8 bytes. */
const NARROW = 620;

/** The texts of a row: `1f 8b …` with a gap in the middle, and its characters. */
export function hexRow(bytes, perRow) {
  const numbers = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const half = perRow / 2;
  const hex = numbers.length > half
    ? `${numbers.slice(0, half).join(" ")}  ${numbers.slice(half).join(" ")}`
    : numbers.join(" ");
  const text = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
  return { hex: hex.padEnd(perRow * 3), text };
}

export class HexView {
  #blocks = new Map();
  #loading = new Set();
  #perRow = 16;
  #observer;

  /** `failed(error)` is called when reading fails. */
  constructor({ host, label, document, failed }) {
    Object.assign(this, { document, failed });
    this.content = h("div", { class: "file-rows file-hex" });
    this.scroller = h("div", {
      class: "file-scroller", tabindex: "0", role: "region", "aria-label": label,
    }, this.content);
    host.append(this.scroller);
    this.list = new VirtualList({
      scroller: this.scroller, content: this.content, count: () => Math.ceil(this.document.size / this.#perRow),
      create: createRow, draw: (element, row) => this.#draw(element, row),
    });
    this.#observer = new ResizeObserver(() => this.#resized());
    this.#observer.observe(this.scroller);
  }

  dispose() {
    this.#observer.disconnect();
    this.list.dispose();
    this.scroller.remove();
  }

  /** The file has changed. */
  changed() {
    // What is being read for the old ones does not come into the new ones.
    this.#blocks = new Map();
    this.#loading = new Set();
    this.list.refresh();
  }

  #resized() {
    const perRow = this.scroller.clientWidth < NARROW ? 8 : 16;
    if (perRow === this.#perRow) return;
    const offset = this.list.position * this.#perRow;
    this.#perRow = perRow;
    this.list.position = offset / perRow;
  }

  #draw(element, row) {
    const offset = row * this.#perRow;
    const start = offset - (offset % BLOCK_BYTES);
    setText(element.number, offset.toString(16).padStart(8, "0"));
    const block = this.#blocks.get(start);
    element.classList.toggle("loading", block === undefined);
    if (block === undefined) {
      void this.#load(start);
      return;
    }
    const { hex, text } = hexRow(block.subarray(offset - start, offset - start + this.#perRow), this.#perRow);
    setText(element.hex, hex);
    setText(element.text, text);
  }

  async #load(start) {
    const [blocks, loading] = [this.#blocks, this.#loading];
    if (loading.has(start)) return;
    loading.add(start);
    try {
      blocks.set(start, await this.document.bytes(start, BLOCK_BYTES));
      if (blocks.size > BLOCKS_MAX) blocks.delete(blocks.keys().next().value);
      if (blocks === this.#blocks) this.list.refresh();
    } catch (error) {
      this.failed(error);
    } finally {
      loading.delete(start);
    }
  }
}

function createRow() {
  const row = h("div", { class: "file-row" });
  row.number = h("span", { class: "file-number" });
  row.hex = h("span", { class: "file-bytes" });
  row.text = h("span", { class: "file-text" });
  row.append(row.number, row.hex, row.text);
  return row;
}

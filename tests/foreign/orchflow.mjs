// The messages of docs/PROTOCOL.md in both codecs, written from that page alone.
//
// Messages are what JSON makes of them; bincode is read into the same and written from the same. Numbers
// are doubles, so those above 2^53 - 1 are refused; `decimal` and `hex` are texts.

import { Buffer } from "node:buffer";
import { deflateRawSync, inflateRawSync } from "node:zlib";

export const SCHEMA = 0x54f6fc71;
const INFLATED_MAX = 64 << 20;

// Types: a text for the small ones; functions make the others.
const struct = (fields) => ({ kind: "struct", fields: Object.entries(fields) });
const list = (of) => ({ kind: "list", of });
const optional = (of) => ({ kind: "optional", of });
/** A type, and what JSON may leave out. */
const or = (of, value) => ({ ...(typeof of === "string" ? { kind: of } : of), value });
/** Alternatives in the order of their numbers: names alone, or names with what they carry. */
const choice = (...cases) => ({
  kind: "choice",
  cases: cases.flatMap((one) =>
    typeof one === "string" ? one.split(" ").map((name) => [name, null]) : Object.entries(one)),
});
const tuple = (...parts) => ({ kind: "tuple", parts });

const version = struct({ epoch: "u64", n: "u64" });
const collection = choice("sessions panes terminals files");
const mode = choice("lossless lossy screen");
const start = choice("oldest now", { offset: "u64", snapshot: "u32" }, "default");
const attach = struct({
  terminal: "u64", mode: or(mode, "lossless"), start: or(start, "default"), window: or("u64", 0),
  cols: or("u16", 0), rows: or("u16", 0),
});
const op = choice(
  { input: "bytes", paste: "bytes", resize: struct({ cols: "u16", rows: "u16" }) },
  "interrupt eof", { signal: "i32" }, "clear", { close: struct({ grace_ms: "u32" }) });
const content = choice("empty", { terminal: "u64", file: "bytes", custom: "string" });
const change = choice({
  put_session: struct({ id: "string", name: "string", panes: list("string"), metadata: "map" }),
  remove_session: struct({ id: "string" }),
  put_pane: struct({
    id: "string", session: "string", title: or("string", ""), content: or(content, "empty"),
    metadata: or("map", {}),
  }),
  remove_pane: struct({ id: "string" }),
});

export const CLIENT = choice({
  hello: struct({
    token: or(optional("string"), null), client: or("string", ""), resume: or(optional(version), null),
    collections: or(list(collection), []), attach: or(list(attach), []), compress: or("bool", false),
  }),
  ack: struct({ version: "u64" }),
  attach,
  detach: struct({ terminal: "u64" }),
  credit: struct({ terminal: "u64", offset: "u64" }),
  input: struct({ terminal: "u64", data: "bytes" }),
  batch: struct({ id: "u64", ops: list(struct({ terminal: "u64", op })) }),
  spawn: struct({
    id: "u64", profile: "string", cwd: or(optional("bytes"), null), cols: or("u16", 0),
    rows: or("u16", 0),
  }),
  change: struct({
    mutation: "u64", ops: list(struct({ change, base: or(optional("u64"), null) })),
  }),
  subscribe: struct({ collections: list(collection) }),
  watch: struct({ id: "u64", path: "bytes" }),
  unwatch: struct({ id: "u64", watch: "u64" }),
  search: struct({
    id: "u64", terminal: "u64", pattern: "string", regex: or("bool", false),
    ignore_case: or("bool", false), max: or("u32", 0),
  }),
  query: struct({ id: "u64", terminal: "u64" }),
  snapshot: struct({}),
  ping: struct({ id: "u64" }),
  cancel: struct({ id: "u64" }),
});

const exit = choice({ code: "i32", signal: "i32" }, "unknown");
const session = struct({
  id: "string", version: "u64", name: "string", panes: list("string"), metadata: "map",
});
const pane = struct({
  id: "string", version: "u64", session: "string", title: "string", content, metadata: "map",
});
const terminal = struct({
  id: "u64", version: "u64", title: "string", cwd: optional("bytes"), cols: "u16", rows: "u16",
  pid: optional("i32"), running: "bool", exit: optional(exit), closing: "bool", screen: "bool",
});
const file = struct({
  watch: "u64", id: "decimal", version: "u64", parent: "decimal", name: "bytes",
  kind: choice("file directory symlink other"), size: "u64", modified_us: "i64", mode: "u16",
  ignored: "bool",
});
const key = choice({
  session: "string", pane: "string", terminal: "u64", file: struct({ watch: "u64", id: "decimal" }),
});
const code = choice(
  "invalid forbidden not_found limit conflict refused ended skipped no_screen system cancelled");
const color = choice("default", { indexed: "u8", rgb: tuple("u8", "u8", "u8") });
const run = struct({
  text: "string", cols: "u16", wide: "bool", fg: color, bg: color, attributes: "u16", underline: "u8",
  underline_color: color, link: optional("string"),
});
const failure = struct({ code, message: "string" });
const detail = struct({
  terminal: "u64", foreground_pid: optional("i32"), foreground_name: "bytes", cwd: optional("bytes"),
  log_start: "u64", log_end: "u64", input_bytes: "u64", input_waiting: "u64",
  since_input_ms: optional("u64"), since_output_ms: optional("u64"), paused: "bool", history: "u32",
});
const match = struct({
  start_row: "i32", start_col: "u16", end_row: "i32", end_col: "u16", line: optional("u64"), col: "u64",
  cols: "u64",
});
const place = struct({ line: "u64", col: "u64" });

export const SERVER = choice({
  welcome: struct({
    protocol: "u32", server: "string", client: "u64", scopes: list(choice("observe type manage")),
    version, resumed: "bool", profiles: list("string"),
    limits: struct({
      message_bytes: "u64", inflated_bytes: "u64", messages_per_second: "u64",
      bytes_per_second: "u64", attachments: "u64", window_bytes: "u64",
    }),
  }),
  diff: struct({
    epoch: "u64", from: "u64", to: "u64", full: "bool", more: "bool", removed: list(key),
    sessions: list(session), panes: list(pane), terminals: list(terminal), files: list(file),
    applied: list(struct({ mutation: "u64", version: "u64" })), hash: optional("hex"),
  }),
  rejected: struct({
    mutation: "u64", code, message: "string", op: "u32", session: optional(session),
    pane: optional(pane),
  }),
  attached: struct({ terminal: "u64", mode, offset: "u64" }),
  detached: struct({ terminal: "u64", reason: choice("asked closed") }),
  gap: struct({ terminal: "u64", from: "u64", to: "u64" }),
  terminal_snapshot: struct({
    terminal: "u64", offset: "u64", cols: "u16", rows: "u16", line: place, data: "bytes",
    more: "bool",
  }),
  screen: struct({
    terminal: "u64", offset: "u64", full: "bool", cols: "u16", rows: "u16", history: "u32",
    line: optional(place),
    cursor: struct({ row: "u16", col: "u16", shape: "u8", blinking: "bool", visible: "bool" }),
    modes: "u32", title: optional("string"),
    scrolls: list(struct({ top: "u16", bottom: "u16", rows: "i16" })),
    lines: list(struct({ row: "i32", wrapped: "bool", runs: list(run) })),
  }),
  ended: struct({ terminal: "u64", final_offset: "u64", exit }),
  result: struct({
    id: "u64",
    outcome: choice("done", {
      failed: failure, statuses: list(optional(failure)), spawned: struct({ terminal: "u64" }),
      watching: struct({ watch: "u64" }),
      found: struct({ matches: list(match), complete: "bool" }), terminal: detail,
    }),
  }),
  error: struct({ code, message: "string" }),
  pong: struct({ id: "u64" }),
  lag_warning: struct({ terminal: "u64", remaining_ms: "u32" }),
});

/** The bytes of a value of the type `bytes`. */
export function toBytes(value) {
  return typeof value === "string" ? Buffer.from(value) : Buffer.from(value.bytes, "base64");
}

function fromBytes(data) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return { bytes: data.toString("base64") };
  }
}

function assert(condition, message) {
  if (!condition) throw new Error(message);
}

/** Keys in the order of their bytes, which is not that of JavaScript. */
const sorted = (map) => Object.keys(map).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

// bincode

class Writer {
  parts = [];

  bytes(...values) {
    this.parts.push(Buffer.from(values));
  }

  unsigned(number) {
    const big = BigInt(number);
    if (big < 251n) return this.bytes(Number(big));
    const [tag, width] = big < 1n << 16n ? [0xfb, 2] : big < 1n << 32n ? [0xfc, 4] : [0xfd, 8];
    const wide = Buffer.alloc(8);
    wide.writeBigUInt64LE(big);
    this.bytes(tag, ...wide.subarray(0, width));
  }

  data(data) {
    this.unsigned(data.length);
    this.parts.push(data);
  }

  write(of, value) {
    const kind = of.kind ?? of;
    switch (kind) {
      case "struct":
        for (const [name, inner] of of.fields) this.write(inner, name in value ? value[name] : inner.value);
        return;
      case "choice": {
        const [name, carried] = typeof value === "string" ? [value] : Object.entries(value)[0];
        const number = of.cases.findIndex(([known]) => known === name);
        assert(number >= 0, name);
        this.unsigned(number);
        if (of.cases[number][1] !== null) this.write(of.cases[number][1], carried);
        return;
      }
      case "tuple": return of.parts.forEach((part, index) => this.write(part, value[index]));
      case "list":
        this.unsigned(value.length);
        return value.forEach((one) => this.write(of.of, one));
      case "optional":
        this.bytes(value === null ? 0 : 1);
        if (value !== null) this.write(of.of, value);
        return;
      case "map":
        this.unsigned(Object.keys(value).length);
        for (const key of sorted(value)) [key, value[key]].forEach((text) => this.data(Buffer.from(text)));
        return;
      case "string": case "bytes": return this.data(toBytes(value));
      case "bool": return this.bytes(value ? 1 : 0);
      case "u8": return this.bytes(value);
      case "decimal": return this.unsigned(BigInt(value));
      case "hex": return this.unsigned(BigInt(`0x${value}`));
      case "u16": case "u32": case "u64": return this.unsigned(value);
      default: return this.unsigned(value >= 0 ? 2n * BigInt(value) : -2n * BigInt(value) - 1n);
    }
  }
}

class Reader {
  at = 0;

  constructor(data) {
    this.data = data;
  }

  take(count) {
    assert(count <= this.data.length - this.at, "cut off");
    this.at += Number(count);
    return this.data.subarray(this.at - Number(count), this.at);
  }

  big(bits) {
    const first = this.take(1)[0];
    if (first < 251) return BigInt(first);
    const width = { 0xfb: 2, 0xfc: 4, 0xfd: 8 }[first];
    assert(width * 8 <= bits, "too wide an integer");
    return this.take(width).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }

  flag() {
    const byte = this.take(1)[0];
    assert(byte <= 1, "neither 0 nor 1");
    return byte === 1;
  }

  many(read) {
    const count = this.big(64);
    assert(count <= this.data.length, "more elements than bytes");
    return Array.from({ length: Number(count) }, read);
  }

  read(of) {
    const kind = of.kind ?? of;
    switch (kind) {
      case "struct": return Object.fromEntries(of.fields.map(([name, inner]) => [name, this.read(inner)]));
      case "choice": {
        const [name, inner] = of.cases[Number(this.big(32))];
        return inner === null ? name : { [name]: this.read(inner) };
      }
      case "tuple": return of.parts.map((part) => this.read(part));
      case "list": return this.many(() => this.read(of.of));
      case "optional": return this.flag() ? this.read(of.of) : null;
      case "map": return Object.fromEntries(this.many(() => [this.read("string"), this.read("string")]));
      case "string":
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(this.big(64)));
      case "bytes": return fromBytes(this.take(this.big(64)));
      case "bool": return this.flag();
      case "u8": return this.take(1)[0];
      case "decimal": return this.big(64).toString();
      case "hex": return this.big(64).toString(16).padStart(16, "0");
      default: {
        const number = this.big(Number(kind.slice(1)));
        const value = kind[0] === "u" ? number : number % 2n === 0n ? number / 2n : -(number + 1n) / 2n;
        assert(Number.isSafeInteger(Number(value)), "a number that no double holds");
        return Number(value);
      }
    }
  }
}

function inflate(stream, length) {
  assert(length <= INFLATED_MAX, "too large");
  const { buffer, engine } = inflateRawSync(stream, { maxOutputLength: length + 1, info: true });
  assert(buffer.length === length && engine.bytesWritten === stream.length, "not as long as it says");
  return buffer;
}

// Frames

function header(first, length) {
  const bytes = Buffer.alloc(first.length + 4);
  bytes.set(first);
  bytes.writeUInt32LE(length, first.length);
  return bytes;
}

/** A frame: a string for text, a buffer for binary. */
export function encode(codec, messages, message, compress = false) {
  if (codec === "json") {
    const text = JSON.stringify(message);
    if (!compress) return text;
    const data = Buffer.from(text);
    return Buffer.concat([header([2, 1, 0, 0], data.length), deflateRawSync(data)]);
  }
  const { type, ...fields } = message;
  const writer = new Writer();
  writer.write(messages, { [type]: fields });
  const data = Buffer.concat(writer.parts);
  const schema = [0, 8, 16, 24].map((bit) => (SCHEMA >>> bit) & 255);
  const first = [1, compress ? 1 : 0, 0x4f, 0x46, ...schema];
  return Buffer.concat([header(first, data.length), compress ? deflateRawSync(data) : data]);
}

/** A message, or `{ terminal, offset, bytes }` of output. */
export function decode(codec, messages, frame) {
  if (typeof frame === "string") {
    assert(codec === "json", "text in bincode");
    return JSON.parse(frame);
  }
  const [kind, flags] = frame;
  if (kind === 0x10) {
    assert(flags === 0, "flags");
    const [terminal, offset] = [2, 10].map((at) => Number(frame.readBigUInt64LE(at)));
    return { terminal, offset, bytes: frame.subarray(18) };
  }
  if (kind === 2) {
    assert(codec === "json" && flags === 1 && frame[2] === 0 && frame[3] === 0, "header");
    return JSON.parse(inflate(frame.subarray(8), frame.readUInt32LE(4)).toString());
  }
  assert(kind === 1 && codec === "bincode" && flags <= 1, `kind ${kind}`);
  assert(frame.toString("latin1", 2, 4) === "OF" && frame.readUInt32LE(4) === SCHEMA, "schema");
  const length = frame.readUInt32LE(8);
  const reader = new Reader(flags ? inflate(frame.subarray(12), length) : frame.subarray(12));
  assert(reader.data.length === length, "length");
  const [[type, fields]] = Object.entries(reader.read(messages));
  assert(reader.at === length, "bytes left over");
  return { type, ...fields };
}

export function inputFrame(terminal, data) {
  const first = Buffer.alloc(10);
  first[0] = 0x11;
  first.writeBigUInt64LE(BigInt(terminal), 2);
  return Buffer.concat([first, Buffer.from(data)]);
}

// The hash of a copy

const ENTRIES = { sessions: session, panes: pane, terminals: terminal, files: file };

export function digest(name, entry) {
  const fields = [name.slice(0, -1)];
  for (const [field] of ENTRIES[name].fields) {
    const value = entry[field];
    if (field === "metadata") {
      fields.push(Object.keys(value).length, ...sorted(value).flatMap((key) => [key, value[key]]));
    } else if (field === "panes") {
      fields.push(value.length, ...value);
    } else if (field === "content") {
      fields.push(...(typeof value === "string" ? [value, ""] : Object.entries(value)[0]));
    } else if (field === "exit" && value !== null && typeof value === "object") {
      fields.push(Object.entries(value)[0].join(":"));
    } else {
      fields.push(value ?? "");
    }
  }
  let hash = 0xcbf29ce484222325n;
  for (const field of fields) {
    const data = toBytes(typeof field === "boolean" ? `${Number(field)}` : typeof field === "number" ? `${field}` : field);
    for (const byte of Buffer.concat([header([], data.length), data])) {
      hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
    }
  }
  return hash;
}

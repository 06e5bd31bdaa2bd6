// The bincode codec (docs/PROTOCOL.md, "bincode"). Only clients that ask for it load this module.

import { decodeText, encodeText, fromBytes, toBytes } from "./bytes.js";
import { byCodePoints } from "./digest.js";
import { readU64, writeU64 } from "./frames.js";
import { CHOICES, DEFAULTS, SCHEMA, STRUCTURES } from "./messages.js";

const HEADER = 12;
const MARK = [0x01, 0x00, 0x4f, 0x46];
const COMPRESSED = 1;
/** What makes a variable integer wide: the width in bytes by its first byte. */
const WIDTHS = { 0xfb: 2, 0xfc: 4, 0xfd: 8 };
const NARROW_MAX = 0xfa;
/** Longer texts are decoded by the platform, which costs more to call. */
const SHORT_TEXT = 24;

function fail(message) {
  throw new RangeError(message);
}

class Reader {
  at = 0;

  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  take(count) {
    if (count > this.bytes.length - this.at) fail("a message that is cut off");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  byte() {
    return this.take(1)[0];
  }

  /** The width of the number that follows, 0 if it is the byte `first` itself. */
  width(first, bits) {
    if (first <= NARROW_MAX) return 0;
    const width = WIDTHS[first];
    if (width === undefined || width * 8 > bits || width > this.bytes.length - this.at) fail("a malformed number");
    this.at += width;
    return width;
  }

  unsigned(bits) {
    const first = this.byte();
    switch (this.width(first, bits)) {
      case 0: return first;
      case 2: return this.view.getUint16(this.at - 2, true);
      case 4: return this.view.getUint32(this.at - 4, true);
      default: return readU64(this.view, this.at - 8);
    }
  }

  /** A number of 64 bits that may be larger than a double holds. */
  big() {
    const first = this.bytes[this.at];
    if (first !== 0xfd) return BigInt(this.unsigned(64));
    this.at += 1;
    this.width(first, 64);
    return this.view.getBigUint64(this.at - 8, true);
  }

  signed(bits) {
    const number = bits === 64 ? this.big() : BigInt(this.unsigned(bits));
    const value = Number(number % 2n === 0n ? number / 2n : -(number + 1n) / 2n);
    return Number.isSafeInteger(value) ? value : fail("a number above 2^53 - 1");
  }

  bool() {
    const byte = this.byte();
    return byte <= 1 ? byte === 1 : fail("a bool that is neither 0 nor 1");
  }

  /** A count of elements; each takes a byte at least. */
  count() {
    const count = this.unsigned(64);
    return count <= this.bytes.length - this.at ? count : fail("more elements than bytes");
  }

  data() {
    return this.take(this.unsigned(64));
  }

  string() {
    const bytes = this.data();
    if (bytes.length > SHORT_TEXT) return decodeText(bytes);
    let text = "";
    for (const byte of bytes) {
      if (byte > 0x7f) return decodeText(bytes);
      text += String.fromCharCode(byte);
    }
    return text;
  }
}

class Writer {
  length = 0;
  bytes = new Uint8Array(256);
  view = new DataView(this.bytes.buffer);

  /** Makes room, and returns where it begins. */
  grow(count) {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(this.length)));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }

  byte(byte) {
    const at = this.grow(1);
    this.bytes[at] = byte;
  }

  unsigned(number, bits) {
    const isFit = Number.isSafeInteger(number) && number >= 0 && (bits === 64 || number < 2 ** bits);
    if (!isFit) fail(`${number} is no u${bits}`);
    if (number <= NARROW_MAX) {
      this.byte(number);
    } else if (number < 2 ** 16) {
      this.byte(0xfb);
      const at = this.grow(2);
      this.view.setUint16(at, number, true);
    } else if (number < 2 ** 32) {
      this.byte(0xfc);
      const at = this.grow(4);
      this.view.setUint32(at, number, true);
    } else {
      this.byte(0xfd);
      const at = this.grow(8);
      writeU64(this.view, at, number);
    }
  }

  big(number) {
    if (number <= Number.MAX_SAFE_INTEGER) {
      this.unsigned(Number(number), 64);
      return;
    }
    this.byte(0xfd);
    const at = this.grow(8);
    this.view.setBigUint64(at, number, true);
  }

  signed(number, bits) {
    if (!Number.isSafeInteger(number)) fail(`${number} is no i${bits}`);
    const big = BigInt(number);
    const zigzag = big >= 0n ? 2n * big : -2n * big - 1n;
    if (zigzag >> BigInt(bits) !== 0n) fail(`${number} is no i${bits}`);
    this.big(zigzag);
  }

  data(bytes) {
    this.unsigned(bytes.length, 64);
    const at = this.grow(bytes.length);
    this.bytes.set(bytes, at);
  }
}

// Types: {read(reader), write(writer, value), absent}. `absent` makes the value of an omitted field.

const simple = (read, write, absent) => ({ read, write, absent: () => absent });
const unsigned = (bits) => simple((from) => from.unsigned(bits), (to, value) => to.unsigned(value, bits), 0);
const signed = (bits) => simple((from) => from.signed(bits), (to, value) => to.signed(value, bits), 0);
const known = new Map(Object.entries({
  u8: simple((from) => from.byte(), (to, value) => to.byte(value), 0),
  u16: unsigned(16),
  u32: unsigned(32),
  u64: unsigned(64),
  i16: signed(16),
  i32: signed(32),
  i64: signed(64),
  bool: simple((from) => from.bool(), (to, value) => to.byte(value ? 1 : 0), false),
  string: simple((from) => from.string(), (to, value) => to.data(encodeText(value)), ""),
  bytes: simple((from) => fromBytes(from.data()), (to, value) => to.data(toBytes(value)), ""),
  decimal: simple((from) => from.big().toString(), (to, value) => to.big(BigInt(value)), "0"),
  hex: simple((from) => from.big().toString(16).padStart(16, "0"), (to, value) => to.big(BigInt(`0x${value}`))),
  rgb: simple((from) => [...from.take(3)], (to, value) => value.forEach((part) => to.byte(part))),
  map: simple(readMap, writeMap, {}),
}));

function readMap(from) {
  const entries = Array.from({ length: from.count() }, () => [from.string(), from.string()]);
  return Object.fromEntries(entries);
}

function writeMap(to, map) {
  const keys = Object.keys(map).sort(byCodePoints);
  to.unsigned(keys.length, 64);
  for (const key of keys) for (const text of [key, map[key]]) to.data(encodeText(text));
}

const optional = (of) => ({
  read: (from) => (from.bool() ? of.read(from) : null),
  write(to, value) {
    to.byte(value === null ? 0 : 1);
    if (value !== null) of.write(to, value);
  },
  absent: () => null,
});

const list = (of) => ({
  read: (from) => Array.from({ length: from.count() }, () => of.read(from)),
  write(to, values) {
    to.unsigned(values.length, 64);
    for (const value of values) of.write(to, value);
  },
  absent: () => [],
});

const words = (text) => text.split(" ").filter((word) => word !== "");

function structure(declaration) {
  const fields = words(declaration).map((word) => {
    const [name, type] = word.replace(/=$/, "").split(":");
    return { name, type: typeOf(type), mayBeAbsent: word.endsWith("=") };
  });
  return {
    read(from) {
      const value = {};
      for (const { name, type } of fields) value[name] = type.read(from);
      return value;
    },
    write(to, value) {
      for (const { name, type, mayBeAbsent } of fields) {
        if (value[name] === undefined && !mayBeAbsent) fail(`${name} is missing`);
        type.write(to, value[name] ?? type.absent());
      }
    },
  };
}

function choice(declaration, absent) {
  const variants = words(declaration).map((word) => {
    const [name, type] = word.split(":");
    return { name, type: type && typeOf(type) };
  });
  const numbers = new Map(variants.map(({ name }, number) => [name, number]));
  return {
    variants,
    numbers,
    read(from) {
      const { name, type } = variants[from.unsigned(32)] ?? fail("an unknown name");
      return type ? { [name]: type.read(from) } : name;
    },
    write(to, value) {
      const [name, carried] = typeof value === "string" ? [value] : Object.entries(value)[0];
      const number = numbers.get(name) ?? fail(`${name} is not known`);
      to.unsigned(number, 32);
      variants[number].type?.write(to, carried);
    },
    absent: () => absent ?? variants[0].name,
  };
}

function typeOf(name) {
  let type = known.get(name);
  if (type) return type;
  if (name.endsWith("?")) type = optional(typeOf(name.slice(0, -1)));
  else if (name.startsWith("[")) type = list(typeOf(name.slice(1, -1)));
  else type = name in CHOICES ? choice(CHOICES[name], DEFAULTS[name]) : structure(STRUCTURES[name]);
  known.set(name, type);
  return type;
}

/** A payload as a message of one side. The field `type` is the name of the choice. */
export function decodeAs(side, bytes) {
  const from = new Reader(bytes);
  const { name, type } = typeOf(side).variants[from.unsigned(32)] ?? fail("an unknown message");
  const message = { type: name, ...type.read(from) };
  return from.at === bytes.length ? message : fail("bytes after a message");
}

export function encodeAs(side, message) {
  const to = new Writer();
  const { numbers, variants } = typeOf(side);
  const number = numbers.get(message.type) ?? fail(`${message.type} is not known`);
  to.unsigned(number, 32);
  variants[number].type.write(to, message);
  return to.bytes.subarray(0, to.length);
}

function frame(payload, flags, length) {
  const whole = new Uint8Array(HEADER + payload.length);
  whole.set(MARK);
  whole[1] = flags;
  const view = new DataView(whole.buffer);
  view.setUint32(4, SCHEMA, true);
  view.setUint32(8, length, true);
  whole.set(payload, HEADER);
  return whole;
}

export const subprotocol = "orchflow.v1.bincode";
export const encode = (message) => encodeAs("client_message", message);
export const decode = (bytes) => decodeAs("server_message", bytes);
export const bytesOf = (payload) => payload;
export const plainFrame = (payload) => frame(payload, 0, payload.length);
export const compressedFrame = (deflated, length) => frame(deflated, COMPRESSED, length);

export function open(whole) {
  const isMessage = whole.length >= HEADER && whole[0] === MARK[0] && whole[1] <= COMPRESSED &&
    whole[2] === MARK[2] && whole[3] === MARK[3];
  if (!isMessage) fail("an unknown frame");
  const view = new DataView(whole.buffer, whole.byteOffset);
  if (view.getUint32(4, true) !== SCHEMA) fail("messages of another schema");
  const [length, payload] = [view.getUint32(8, true), whole.subarray(HEADER)];
  if (whole[1] === COMPRESSED) return { deflated: payload, length };
  return payload.length === length ? { message: decode(payload) } : fail("another length than the header says");
}

// Names and paths of files. The protocol gives them as bytes: a name here is a string where they are UTF-8,
// else a Uint8Array. Paths are the same, so a file with any name can be opened.

import { toBytes as bytesOf } from "../names.js";

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name in its one form, from any form in which a client may hold bytes. */
export function toName(value) {
  if (typeof value === "string") return value;
  const bytes = bytesOf(value);
  try {
    return strict.decode(bytes);
  } catch {
    return bytes;
  }
}

export const toBytes = (name) => (typeof name === "string" ? encoder.encode(name) : name);

export function sameName(a, b) {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Characters that would hide, reorder or break what is shown. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const NAMED = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

function escapeUnit(unit) {
  const code = unit.charCodeAt(0);
  if (NAMED[unit]) return NAMED[unit];
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** The number of bytes of the UTF-8 character at `at`; 0 if there is none. */
function characterLength(bytes, at) {
  const lead = bytes[at];
  const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length === 0) return 0;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

/** What is shown for a name or a path. Bytes that are not UTF-8 appear as `\xff`. */
export function showName(name) {
  if (typeof name === "string") return name.replace(HIDDEN, escapeUnit);
  let shown = "";
  for (let at = 0; at < name.length;) {
    const length = characterLength(name, at);
    if (length === 0) {
      shown += `\\x${name[at].toString(16).padStart(2, "0")}`;
      at += 1;
    } else {
      shown += strict.decode(name.subarray(at, at + length)).replace(HIDDEN, escapeUnit);
      at += length;
    }
  }
  return shown;
}

/** `directory/name`. */
export function joinPath(directory, name) {
  if (typeof directory === "string" && typeof name === "string") {
    return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
  }
  const [above, below] = [toBytes(directory), toBytes(name)];
  const slash = above[above.length - 1] === 0x2f ? 0 : 1;
  const joined = new Uint8Array(above.length + slash + below.length);
  joined.set(above);
  if (slash) joined[above.length] = 0x2f;
  joined.set(below, above.length + slash);
  return joined;
}

/** The names between the slashes of a path. */
export function components(path) {
  if (typeof path === "string") return path.split("/").filter((part) => part !== "");
  const parts = [];
  for (let start = 0; start <= path.length;) {
    const slash = path.indexOf(0x2f, start);
    const end = slash < 0 ? path.length : slash;
    if (end > start) parts.push(toName(path.slice(start, end)));
    start = end + 1;
  }
  return parts;
}

/** The last name of a path; `/` for the root of the file system. */
export const baseName = (path) => components(path).at(-1) ?? "/";

/** The path without its last name. */
export function parentPath(path) {
  return components(path).slice(0, -1).reduce((above, part) => joinPath(above, part), "/");
}

/**
 * A word for a POSIX shell that stands for exactly this path. Control characters never appear in it as such, so
 * that typing it into a terminal runs nothing.
 */
export function shellWord(path) {
  if (typeof path === "string" && /^[\w@%+=:,./~^-]+$/.test(path) && !/^[~=-]/.test(path)) return path;
  const unsafe = typeof path !== "string" || /[\u0000-\u001f\u007f-\u009f]/.test(path);
  if (!unsafe) return `'${path.replaceAll("'", "'\\''")}'`;
  const octal = Array.from(toBytes(path), (byte) => {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c;
    return plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
  });
  return `$'${octal.join("")}'`;
}

/**
 * A text by which names sort as people expect with the plain order of strings: without case and accents, and numbers
 * by value (`file9` before `file10`). A number is written with its length in front.
 */
export function sortKey(name) {
  let text = showName(name).toLowerCase();
  if (/[^\u0000-\u007f]/.test(text)) text = text.normalize("NFD").replace(/\p{M}/gu, "");
  return text.replace(/\d+/g, (digits) => {
    const value = digits.replace(/^0+(?=\d)/, "");
    return value.length < 9 ? value.length + value : `9${String.fromCharCode(value.length)}${value}`;
  });
}

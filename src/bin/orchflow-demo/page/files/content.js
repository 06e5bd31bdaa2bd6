// What kind of content bytes are.

/** Bytes from the start of a file that are enough to recognise it. */
export const HEAD_BYTES = 65_536;
/** Control characters that texts do not have; tab, line ends, form feed, backspace and escape they do. */
const isOdd = (byte) => byte < 8 || byte === 11 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32) || byte === 127;

const IMAGES = [
  ["image/png", [0x89, 0x50, 0x4e, 0x47]], ["image/jpeg", [0xff, 0xd8, 0xff]], ["image/gif", [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", [0x52, 0x49, 0x46, 0x46, -1, -1, -1, -1, 0x57, 0x45, 0x42, 0x50]],
];

/** The media type of an image that browsers show, or null. */
export function imageType(head) {
  for (const [type, magic] of IMAGES) {
    if (magic.every((byte, at) => byte === -1 || head[at] === byte)) return type;
  }
  const start = new TextDecoder("latin1").decode(head.subarray(0, 1024)).replace(/^\u00ef\u00bb\u00bf/, "");
  const svg = /^\s*(<\?xml[^>]*>\s*)?(<!--[^]*?-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/;
  return svg.test(start) ? "image/svg+xml" : null;
}

/** "binary", "utf-8" or "latin1", from the start of a file. `whole`: nothing follows. */
export function encodingOf(head, whole) {
  if (head.includes(0)) return "binary";
  let odd = 0;
  for (const byte of head) if (isOdd(byte)) odd += 1;
  if (odd * 20 > head.length) return "binary";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: !whole });
    return "utf-8";
  } catch {
    return "latin1";
  }
}

/** A function that turns bytes into text. Latin-1 is each byte as the character with its number. */
export function decoder(encoding) {
  if (encoding === "utf-8") {
    const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
    return (bytes) => utf8.decode(bytes);
  }
  return (bytes) => {
    let text = "";
    for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
    return text;
  };
}

/** Characters that a view of text must not hide, and those that would reorder it. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

/** Text with its control characters as symbols. */
export function showControls(text) {
  return text.replace(HIDDEN, (unit) => {
    const code = unit.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : `\u27e8${code.toString(16)}\u27e9`;
  });
}

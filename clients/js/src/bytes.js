// Bytes as the protocol writes them in JSON: a string if they are UTF-8, else {bytes: base64}.

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
/** Arguments of one call; engines limit their number. */
const CHUNK = 0x8000;

export const encodeText = (text) => encoder.encode(text);
export const decodeText = (bytes) => strict.decode(bytes);

function toBase64(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

function fromBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** The bytes of a value of the type `bytes`. A Uint8Array is returned as it is. */
export function toBytes(value) {
  if (value instanceof Uint8Array) return value;
  return typeof value === "string" ? encodeText(value) : fromBase64(value.bytes);
}

/** A value of the type `bytes` as text for people: what is not UTF-8 becomes U+FFFD. */
export const toText = (value) => (typeof value === "string" ? value : lossy.decode(toBytes(value)));

/** The value of the type `bytes` for a string or a Uint8Array. */
export function fromBytes(value) {
  if (!(value instanceof Uint8Array)) return value;
  try {
    return decodeText(value);
  } catch {
    return { bytes: toBase64(value) };
  }
}

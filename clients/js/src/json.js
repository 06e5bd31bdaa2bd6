// The JSON codec. A codec turns messages into payloads and back, and wraps payloads into frames.

import { decodeText, encodeText } from "./bytes.js";

const KIND = 0x02;
const HEADER = 8;

export const subprotocol = "orchflow.v1.json";

/** The payload of a message. */
export const encode = (message) => JSON.stringify(message);
export const decode = (bytes) => JSON.parse(decodeText(bytes));
/** A payload as bytes, to be compressed. */
export const bytesOf = (payload) => encodeText(payload);
/** The frame of a payload as it is: a text frame. */
export const plainFrame = (payload) => payload;

/** The frame of a payload of `length` bytes that was compressed to `deflated`. */
export function compressedFrame(deflated, length) {
  const frame = new Uint8Array(HEADER + deflated.length);
  frame.set([KIND, 1]);
  new DataView(frame.buffer).setUint32(4, length, true);
  frame.set(deflated, HEADER);
  return frame;
}

/** What is in a frame: a message, or the stream and the length of one that is compressed. */
export function open(frame) {
  if (typeof frame === "string") return { message: JSON.parse(frame) };
  if (frame.length < HEADER || frame[0] !== KIND || frame[1] !== 1) throw new RangeError("an unknown frame");
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(4, true);
  return { deflated: frame.subarray(HEADER), length };
}

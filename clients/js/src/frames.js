// Binary frames (docs/PROTOCOL.md, "Frames"): terminal bytes, and compressed messages.

/** No message of the server is larger, inflated. */
export const INFLATED_MAX = 64 << 20;
const OUTPUT = 0x10;
const INPUT = 0x11;
const INPUT_HEADER = 10;
const OUTPUT_HEADER = 18;

/** Reads a u64 that a double holds. */
export function readU64(view, at) {
  const number = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  if (!Number.isSafeInteger(number)) throw new RangeError("a number above 2^53 - 1");
  return number;
}

export function writeU64(view, at, number) {
  view.setUint32(at, number % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(number / 2 ** 32), true);
}

/** A frame that types bytes into a terminal. */
export function inputFrame(terminal, bytes) {
  const frame = new Uint8Array(INPUT_HEADER + bytes.length);
  frame[0] = INPUT;
  writeU64(new DataView(frame.buffer), 2, terminal);
  frame.set(bytes, INPUT_HEADER);
  return frame;
}

/** The output in a binary frame, or `null` if the frame is a message. */
export function outputOf(frame) {
  if (frame[0] !== OUTPUT) return null;
  if (frame.length < OUTPUT_HEADER || frame[1] !== 0) throw new RangeError("a malformed output frame");
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  return { terminal: readU64(view, 2), offset: readU64(view, 10), bytes: frame.subarray(OUTPUT_HEADER) };
}

async function collect(readable, most) {
  const chunks = [];
  let length = 0;
  for (let reader = readable.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new RangeError("a stream that inflates to more than it says");
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function pass(bytes, stream, most) {
  const writer = stream.writable.getWriter();
  // What is wrong with the stream is seen by its reader.
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  return collect(stream.readable, most);
}

/** Inflates a raw deflate stream to exactly `length` bytes. */
export async function inflate(bytes, length) {
  if (length > INFLATED_MAX) throw new RangeError("a message above 64 MiB");
  const whole = await pass(bytes, new DecompressionStream("deflate-raw"), length);
  if (whole.length !== length) throw new RangeError("a stream that inflates to less than it says");
  return whole;
}

export const deflate = (bytes) => pass(bytes, new CompressionStream("deflate-raw"), Infinity);

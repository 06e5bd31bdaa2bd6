// PNG files: reading and writing them, and reducing their colours to a palette.

import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");
const COLOURS_MAX = 256;
/** Bits of each channel by which colours are counted. */
const BITS = 6;

const table = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = table[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc(body), body.length + 4);
  return whole;
}

/** A PNG of pixels with 1 channel (indices into `palette`), 3 or 4. */
export function encode({ width, height, channels, pixels, palette = null }) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, { 1: 3, 3: 2, 4: 6 }[channels]], 8);
  const stride = width * channels;
  const rows = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  return Buffer.concat([
    SIGNATURE, chunk("IHDR", header), ...(palette ? [chunk("PLTE", Buffer.from(palette.flat()))] : []),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })), chunk("IEND", Buffer.alloc(0)),
  ]);
}

function paeth(a, b, c) {
  const [toA, toB, toC] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  if (toA <= toB && toA <= toC) return a;
  return toB <= toC ? b : c;
}

/** The pixels of a PNG with 8 bits per channel that is not interlaced, as browsers write them. */
export function decode(file) {
  const data = [];
  let header = null;
  for (let at = SIGNATURE.length; at < file.length;) {
    const length = file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    const body = file.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") header = body;
    if (type === "IDAT") data.push(body);
    at += length + 12;
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = { 2: 3, 6: 4 }[header[9]];
  const rows = inflateSync(Buffer.concat(data));
  const stride = width * channels;
  const pixels = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= channels ? pixels[at - channels] : 0;
      const above = y > 0 ? pixels[at - stride] : 0;
      const corner = x >= channels && y > 0 ? pixels[at - stride - channels] : 0;
      const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter];
      pixels[at] = rows[y * (stride + 1) + 1 + x] + guess;
    }
  }
  return { width, height, channels, pixels };
}

const keyOf = (r, g, b) => ((r >> (8 - BITS)) << (2 * BITS)) | ((g >> (8 - BITS)) << BITS) | (b >> (8 - BITS));

/** Colours and how often they occur, those that look the same counted together. */
function histogram({ channels, pixels }) {
  const sums = new Map();
  for (let at = 0; at < pixels.length; at += channels) {
    const [r, g, b] = [pixels[at], pixels[at + 1], pixels[at + 2]];
    const key = keyOf(r, g, b);
    const sum = sums.get(key);
    if (sum) for (const [index, value] of [r, g, b, 1].entries()) sum[index] += value;
    else sums.set(key, [r, g, b, 1]);
  }
  return [...sums].map(([key, [r, g, b, count]]) => ({ key, count, colour: [r / count, g / count, b / count] }));
}

const spread = (box, channel) => {
  const values = box.map(({ colour }) => colour[channel]);
  return Math.max(...values) - Math.min(...values);
};

/** Splits the box with the most to lose until there are as many as a palette has colours (median cut). */
function cut(colours) {
  const boxes = [colours];
  while (boxes.length < COLOURS_MAX) {
    const weights = boxes.map((box) => (box.length < 2 ? 0
      : Math.max(...[0, 1, 2].map((channel) => spread(box, channel))) * Math.log2(1 + box.reduce((sum, each) => sum + each.count, 0))));
    const index = weights.indexOf(Math.max(...weights));
    if (weights[index] === 0) break;
    const box = boxes[index];
    const widest = [0, 1, 2].reduce((best, channel) => (spread(box, channel) > spread(box, best) ? channel : best));
    box.sort((a, b) => a.colour[widest] - b.colour[widest]);
    const middle = (box[0].colour[widest] + box.at(-1).colour[widest]) / 2;
    const half = Math.min(Math.max(box.findIndex(({ colour }) => colour[widest] > middle), 1), box.length - 1);
    boxes.splice(index, 1, box.slice(0, half), box.slice(half));
  }
  return boxes;
}

/** The same picture with at most 256 colours. Colours that fill areas stay as they are. */
export function reduce(file) {
  const image = decode(file);
  const boxes = cut(histogram(image));
  const indices = new Map();
  const palette = boxes.map((box, index) => {
    for (const { key } of box) indices.set(key, index);
    const common = box.reduce((best, each) => (each.count > best.count ? each : best));
    return common.colour.map(Math.round);
  });
  const { width, height, channels, pixels } = image;
  const indexed = new Uint8Array(width * height);
  for (let at = 0; at < indexed.length; at++) {
    indexed[at] = indices.get(keyOf(pixels[at * channels], pixels[at * channels + 1], pixels[at * channels + 2]));
  }
  return encode({ width, height, channels: 1, pixels: indexed, palette });
}

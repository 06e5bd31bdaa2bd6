// Whole files, slice by slice.

const LIMIT = 16 << 20;
const SLICE = 262_144;
/** How often a file that changes while it is read is read anew. */
const ATTEMPTS = 3;

/** Reads until the end, the limit, or a change of the file that is not accepted (`null`). */
async function readOnce(client, path, { limit, signal, acceptsChange }) {
  const slices = [];
  let [length, version, changed] = [0, null, false];
  for (;;) {
    signal?.throwIfAborted();
    const max = Math.min(SLICE, limit - length);
    const slice = await client.read(path, { offset: length, max, base: version });
    version ??= slice.version;
    changed ||= slice.changed;
    if (changed && !acceptsChange) return null;
    slices.push(slice.data);
    length += slice.data.length;
    if (slice.end || length >= limit || slice.data.length === 0) {
      return { slices, length, version, changed, truncated: !slice.end };
    }
  }
}

/**
 * Reads a file up to a limit. A file that changes meanwhile is read anew; one that never rests is returned as it
 * came, with `changed`.
 */
export async function readFile(client, path, { limit = LIMIT, signal } = {}) {
  let read = null;
  for (let attempt = 1; read === null; attempt++) {
    read = await readOnce(client, path, { limit, signal, acceptsChange: attempt === ATTEMPTS });
  }
  const bytes = new Uint8Array(read.length);
  let at = 0;
  for (const slice of read.slices) {
    bytes.set(slice, at);
    at += slice.length;
  }
  const { version, changed, truncated } = read;
  return { bytes, version, changed, truncated };
}

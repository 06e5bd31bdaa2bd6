// What happened between two reports of figures, which count since the engine was made: a model without a DOM.

const RATES = {
  output: "pty_read_bytes", input: "pty_written_bytes", sent: "sent_bytes", received: "received_bytes",
  fileEvents: "file_events", rescans: "rescans", errors: "errors",
};
const TIMES = {
  turn: "turn", lag: "lag", response: "response", fileLatency: "file_latency", diffAge: "diff_age",
  roundTrip: "round_trip",
};

/**
 * Rates a second, means in milliseconds (`null` where nothing happened), and memory by its parts, by the names of the
 * charts. `null` without an earlier report.
 */
export function intervalOf(last, next) {
  const seconds = last === null ? 0 : (next.uptime_ms - last.uptime_ms) / 1000;
  if (seconds <= 0) return null;
  const values = {};
  for (const [name, field] of Object.entries(RATES)) values[name] = (next[field] - last[field]) / seconds;
  for (const [name, field] of Object.entries(TIMES)) {
    const count = next[field].count - last[field].count;
    values[name] = count > 0 ? (next[field].sum_us - last[field].sum_us) / count / 1000 : null;
  }
  for (const { name, bytes } of next.memory) values[name] = bytes;
  return values;
}

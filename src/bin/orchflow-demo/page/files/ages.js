// How long ago something was, in words that change rarely.

const MINUTE = 60_000;
const STEP = 10_000;

/** The words for an age in milliseconds, and after how many milliseconds they change. */
export function age(ms) {
  if (ms < STEP) return { text: "now", next: STEP - Math.max(ms, 0) };
  if (ms < MINUTE) return { text: `${Math.floor(ms / STEP) * 10} s`, next: STEP - (ms % STEP) };
  return { text: `${Math.floor(ms / MINUTE)} min`, next: MINUTE - (ms % MINUTE) };
}

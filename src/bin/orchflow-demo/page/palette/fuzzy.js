// Which entries a query finds, and how well. The letters of the query have to appear in order; beginnings of words and
// neighbouring letters count more.

const AT_START = 8;
const AFTER_LAST = 5;
const GAP = -0.2;

// A score, or null if the text does not contain the query. `at` are the positions that matched.
export function score(query, text) {
  const wanted = [...query.toLowerCase().replace(/\s+/g, "")];
  const lower = text.toLowerCase();
  if (wanted.length === 0) return { score: 0, at: [] };
  const whole = lower.indexOf(query.toLowerCase().trim());
  if (whole >= 0) {
    const at = Array.from({ length: query.trim().length }, (_, index) => whole + index);
    return { score: 100 + (isStart(text, whole) ? AT_START : 0) - whole * 0.01, at };
  }
  return byLetters(wanted, lower, text);
}

function byLetters(wanted, lower, text) {
  const at = [];
  let total = 0;
  let from = 0;
  for (const letter of wanted) {
    const next = lower.indexOf(letter, from);
    if (next < 0) return null;
    const start = startOfWord(lower, text, letter, from);
    const isNeighbour = at.length > 0 && next === at.at(-1) + 1;
    const chosen = isNeighbour || start < 0 ? next : start;
    total += isStart(text, chosen) ? AT_START : chosen === at.at(-1) + 1 ? AFTER_LAST : 1;
    total += (chosen - from) * GAP;
    at.push(chosen);
    from = chosen + 1;
  }
  return { score: total, at };
}

function isStart(text, index) {
  return index === 0 || /[\s:/_.-]/.test(text[index - 1]);
}

function startOfWord(lower, text, letter, from) {
  for (let index = lower.indexOf(letter, from); index >= 0; index = lower.indexOf(letter, index + 1)) {
    if (isStart(text, index)) return index;
  }
  return -1;
}

// The entries that match, best first; among equals, those used recently, then in the given order.
export function search(query, entries, recent) {
  const rank = new Map(recent.map((id, index) => [id, index]));
  const found = entries.flatMap((entry, order) => {
    const match = score(query, entry.title) ?? lesser(score(query, `${entry.group} ${entry.title}`));
    return match ? [{ entry, order, ...match }] : [];
  });
  const recency = ({ entry }) => rank.get(entry.id) ?? recent.length;
  const compare = (a, b) => b.score - a.score || recency(a) - recency(b) || a.order - b.order;
  return found.sort(compare);
}

// A match that needs the group: below those of the title, without marks in it.
function lesser(match) {
  return match && { score: match.score / 2 - 10, at: [] };
}

// Finding files by a part of their path, among 100,000 without blocking: a scan runs in slices, and changes of a few
// files are looked at alone.

import { showName } from "./names.js";

/** Milliseconds of work before the browser gets its turn. */
const SLICE_MS = 8;
/** Files looked at between two looks at the clock. */
const STRIDE = 200;
export const RESULTS_MAX = 1000;

/** Scores are below 9 and are counted in steps of a hundredth. */
const BUCKETS = 900;
const bucketOf = (value) => Math.min(BUCKETS - 1, Math.floor(value * 100));

/** The characters of `token` in order somewhere in `name`: a score below 1 for few gaps, 0 if they are not there. */
function subsequence(name, token) {
  let at = name.indexOf(token[0]);
  const start = at;
  for (let next = 1; next < token.length && at >= 0; next += 1) at = name.indexOf(token[next], at + 1);
  return at < 0 ? 0 : token.length / (at - start + 1);
}

/**
 * How well a path matches words; 0 if it does not. All words must be found: best at the start of the name, then in the
 * name, then in the path, and last as characters in order within the name.
 */
export function score(path, words) {
  const name = path.slice(path.lastIndexOf("/") + 1);
  let sum = 0;
  for (const word of words) {
    const at = name.indexOf(word);
    if (at === 0) sum += name.length === word.length ? 8 : 6;
    else if (at > 0) sum += /[a-z0-9]/.test(name[at - 1]) ? 3 : 5;
    else if (path.includes(word)) sum += 2;
    else {
      const spread = subsequence(name, word);
      if (spread < 0.25) return 0;
      sum += spread;
    }
  }
  return sum / words.length + 1 / (2 + path.length);
}

export class Filter {
  #words = [];
  #found = new Map();
  /** What a scan has found so far; null while none runs. */
  #scanned = null;
  /** Whether all files are to be looked at once more when the scan has ended. */
  #isStale = false;
  #run = 0;
  #paths = new Map();

  /** `changed()` is called when a scan has ended and when the files have changed. */
  constructor(tree, changed, { now = () => performance.now(), pause = yieldToBrowser } = {}) {
    Object.assign(this, { tree, changed, now, pause });
  }

  /** Whether all files were looked at. */
  get complete() {
    return this.#scanned === null;
  }

  get active() {
    return this.#words.length > 0;
  }

  get words() {
    return this.#words;
  }

  /** The number of all matches; `results` has the best ones. */
  get count() {
    return this.#found.size;
  }

  /** Looks for `text` from now on. Resolves once all files were looked at, or another text was given. */
  async set(text) {
    this.#words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const run = (this.#run += 1);
    this.#scanned = null;
    if (!this.active) {
      this.#found = new Map();
      this.changed();
      return;
    }
    do {
      this.#isStale = false;
      this.#paths.clear();
      const found = (this.#scanned = new Map());
      if (!(await this.#scan(run, found))) return;
      this.#found = found;
      this.#scanned = null;
      this.changed();
    } while (this.#isStale);
  }

  /** Looks at all files. False if another text was given meanwhile. */
  async #scan(run, found) {
    let start = this.now();
    let looked = 0;
    for (const node of this.tree.nodes()) {
      this.#look(node, found);
      looked += 1;
      if (looked % STRIDE !== 0 || this.now() - start < SLICE_MS - 1) continue;
      await this.pause();
      if (run !== this.#run) return false;
      start = this.now();
    }
    return true;
  }

  /**
   * Follows a change of the tree (see FileTree.apply). A scan that runs goes on, however often files change: what it
   * has looked at already is looked at again here, and after larger changes a further scan follows it.
   */
  follow(event) {
    if (!this.active) return;
    const isLarge = event.full || event.renamed.some(({ node }) => node.directory);
    this.#paths.clear();
    for (const found of [this.#found, this.#scanned].filter(Boolean)) {
      this.#drop(event, found);
      for (const node of event.touched) {
        found.delete(node);
        this.#look(node, found);
      }
    }
    this.changed();
    if (!isLarge) return;
    if (this.complete) void this.set(this.#words.join(" "));
    else this.#isStale = true;
  }

  /** With a directory goes what was in it: its nodes have no entry any more. */
  #drop({ full, removed }, found) {
    for (const { node } of removed) found.delete(node);
    if (!full && !removed.some(({ node }) => node.directory)) return;
    for (const node of found.keys()) if (!node.entry) found.delete(node);
  }

  #look(node, found) {
    const value = score(this.#path(node), this.#words);
    if (value > 0) found.set(node, value);
  }

  /** The path in its root in lower case; that of each directory is made once. */
  #path(node) {
    const above = this.tree.parentRow(node);
    if (above === null) return "";
    let prefix = this.#paths.get(above);
    if (prefix === undefined) {
      prefix = this.#path(above);
      this.#paths.set(above, prefix);
    }
    const name = showName(node.name).toLowerCase();
    return prefix === "" ? name : `${prefix}/${name}`;
  }

  /** The best matches, best first. Only these are sorted: there may be 100,000 matches. */
  results() {
    const counts = new Uint32Array(BUCKETS);
    for (const value of this.#found.values()) counts[bucketOf(value)] += 1;
    let lowest = BUCKETS - 1;
    let above = 0;
    for (; lowest > 0 && above + counts[lowest] < RESULTS_MAX; lowest -= 1) above += counts[lowest];
    let room = RESULTS_MAX - above;
    const best = [];
    for (const [node, value] of this.#found) {
      const bucket = bucketOf(value);
      if (bucket > lowest || (bucket === lowest && room > 0)) best.push([node, value]);
      if (bucket === lowest) room -= 1;
    }
    return best.sort(([a, x], [b, y]) => y - x || (a.key < b.key ? -1 : 1)).map(([node]) => node);
  }
}

/** Lets the browser handle input and draw. A message channel is not slowed down as timers are. */
export function yieldToBrowser() {
  if (globalThis.scheduler?.yield) return globalThis.scheduler.yield();
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

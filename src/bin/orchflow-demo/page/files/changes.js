// What changed in the last minutes, from the changes of the tree: a model without a DOM.
//
// A path has one record. What happens to it again moves the record to the front, so that a log that is written all the
// time is one row, and a file that came and went again is none. Ignored files are left out: a build would push
// everything else out.

import { baseName, components, parentPath, sameName, showName } from "./names.js";

export const RECORDS_MAX = 1000;
export const WINDOW_MS = 15 * 60_000;
/** Directories with more records than this are one row. */
const GROUP_MIN = 5;
/** A root that was just published is read in several diffs. What is older than the root's arrival did not change. */
const SCAN_MS = 10_000;

export class Changes {
  /** By the shown path; the oldest first. */
  #records = new Map();
  #arrivals = new Map();

  constructor(now = Date.now) {
    this.now = now;
  }

  get size() {
    return this.#records.size;
  }

  /** Takes a change of the tree (see FileTree.apply). True if a record has changed. */
  take(event, tree) {
    const time = this.now();
    const roots = tree.roots.map(({ key }) => key);
    this.#arrivals = new Map(roots.map((key) => [key, this.#arrivals.get(key) ?? time]));
    if (event.full) return false;
    const news = [
      ...event.removed.filter(({ entry }) => entry.parent !== "0" && !entry.ignored)
        .map(({ path, entry }) => ({ kind: "removed", path, node: null, directory: entry.kind === "directory" })),
      ...event.renamed.map(({ node, from }) => ({ kind: "renamed", path: tree.path(node), node, from })),
      ...event.added.filter((node) => !this.#wasThere(node, tree, time))
        .map((node) => ({ kind: "added", path: tree.path(node), node })),
      ...event.written.map((node) => ({ kind: "written", path: tree.path(node), node })),
    ].filter(({ node }) => !node?.entry?.ignored);
    for (const one of news.slice(-RECORDS_MAX)) this.#put({ directory: one.node?.directory ?? false, ...one, time });
    for (const key of this.#records.keys()) {
      if (this.#records.size <= RECORDS_MAX) break;
      this.#records.delete(key);
    }
    return news.length > 0;
  }

  /** Whether an entry only appeared because its root is being read for the first time. */
  #wasThere(node, tree, time) {
    let root = node;
    while (tree.parentRow(root) !== null) root = tree.parentRow(root);
    const arrival = this.#arrivals.get(root.key) ?? time;
    const scanning = time - arrival < SCAN_MS;
    return root === node || (scanning && node.entry.modified_us / 1000 < arrival);
  }

  #put(record) {
    const key = showName(record.path);
    const old = this.#take(key);
    const source = record.kind === "renamed" ? this.#take(showName(record.from)) : undefined;
    if (old?.kind === "added" && record.kind === "removed") return;
    const kind = mergedKind(old, source, record);
    const from = kind === "renamed" ? source?.from ?? record.from : undefined;
    // Back under its first name.
    if (from !== undefined && showName(from) === key) return;
    this.#records.set(key, { ...record, key, kind, from, above: showName(parentPath(record.path)) });
  }

  #take(key) {
    const record = this.#records.get(key);
    this.#records.delete(key);
    return record;
  }

  /** The records of the last minutes, newest first. Older ones are forgotten. */
  records() {
    const oldest = this.now() - WINDOW_MS;
    for (const [key, record] of this.#records) {
      if (record.time >= oldest) break;
      this.#records.delete(key);
    }
    return [...this.#records.values()].reverse();
  }

  clear() {
    this.#records.clear();
  }
}

function mergedKind(old, source, record) {
  if (old?.kind === "removed" && record.kind !== "removed") return "written";
  if (record.kind === "written" && (old?.kind === "added" || old?.kind === "renamed")) return old.kind;
  // A program that saves writes another file and gives it the name.
  if (record.kind === "renamed" && source?.kind === "added") return "added";
  return record.kind;
}

/**
 * The rows for records (newest first): `{record}` alone, and `{directory, records, key}` for a directory with
 * many. The records of a group follow it if its key is in `expanded`.
 */
export function rowsOf(records, expanded) {
  const byDirectory = new Map();
  for (const record of records) {
    if (!byDirectory.has(record.above)) byDirectory.set(record.above, []);
    byDirectory.get(record.above).push(record);
  }
  const rows = [];
  for (const record of records) {
    const together = byDirectory.get(record.above);
    const key = `${record.above}/`;
    if (together.length <= GROUP_MIN) {
      rows.push({ record, key: record.key, level: 1 });
    } else if (together[0] === record) {
      rows.push({ directory: parentPath(record.path), records: together, key, level: 1, time: record.time });
      if (expanded.has(key)) {
        rows.push(...together.map((one) => ({ record: one, key: one.key, level: 2 })));
      }
    }
  }
  return rows;
}

/** `3 added, 12 written` */
export function summary(records) {
  const counts = new Map();
  for (const { kind } of records) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return ["added", "written", "renamed", "removed"].filter((kind) => counts.has(kind))
    .map((kind) => `${counts.get(kind)} ${kind}`).join(", ");
}

/** The directory of a record as it is shown: from its root, which is left out if there is only one. */
export function placeOf(path, tree) {
  const directory = components(parentPath(path));
  for (const root of tree.roots) {
    const above = components(root.name);
    if (!above.every((part, at) => at < directory.length && sameName(part, directory[at]))) continue;
    const inside = directory.slice(above.length);
    return (tree.roots.length > 1 ? [baseName(root.name), ...inside] : inside).map(showName).join("/");
  }
  return showName(parentPath(path));
}

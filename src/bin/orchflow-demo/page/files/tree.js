// The tree of the published directories, and which of its rows are visible: a model without a DOM.
//
// Each directory that was expanded once keeps its children in an `Ordered`, weighted by the rows that each takes. A
// change of k files therefore costs about k log n, however many rows are visible, and so does the row at a position.
// A directory that was never expanded keeps its children unsorted.
//
// Entries may arrive in any order within a diff: an unknown parent is a node without an entry until it arrives.
// Nodes live as long as their file, so renaming keeps what is expanded and selected.

import { components, joinPath, sameName, showName, sortKey, toName } from "./names.js";
import { Linked, Ordered } from "./ordered.js";

export const keyOf = ({ watch, id }) => `${watch}:${id}`;

/** Directories first, then by name; the key makes the order total. */
function isBefore(a, b) {
  if (a.directory !== b.directory) return a.directory;
  a.sort ??= sortKey(a.name);
  b.sort ??= sortKey(b.name);
  if (a.sort !== b.sort) return a.sort < b.sort;
  const [x, y] = [showName(a.name), showName(b.name)];
  return x !== y ? x < y : a.key < b.key;
}

/** Of all nodes that never had a child: 100,000 empty sets take time and memory. */
const NO_CHILDREN = new Set();

class TreeNode extends Linked {
  /** The entry of the state; null while only entries below it are known. */
  entry = null;
  name = "";
  /** See `sortKey`; made when the node is compared for the first time. */
  sort = null;
  directory = false;
  parent = null;
  children = NO_CHILDREN;
  /** The children in order, once the directory was expanded. */
  ordered = null;
  expanded = false;

  constructor(key) {
    super();
    this.key = key;
  }
}

export class FileTree {
  #nodes = new Map();
  /** Above the roots; not a row itself. */
  #top = new TreeNode("");
  #listeners = new Set();

  constructor() {
    this.#top.ordered = new Ordered(isBefore);
    this.#top.expanded = true;
  }

  /** The number of visible rows. */
  get length() {
    return this.#top.ordered.sum;
  }

  /** The number of entries. */
  get size() {
    return this.#nodes.size;
  }

  /** The published directories. */
  get roots() {
    return [...this.#top.children].filter((node) => node.directory);
  }

  get(key) {
    const node = this.#nodes.get(key);
    return node?.entry ? node : undefined;
  }

  /** All nodes with an entry, in no particular order. It tolerates changes while it runs. */
  *nodes() {
    for (const node of this.#nodes.values()) if (node.entry) yield node;
  }

  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Applies the files of a diff. Listeners get `{full, added, removed, renamed, written, touched}`: of what was added
   * or removed together with its directory, only the directory; `removed` as `{node, entry, path}`, `renamed` as
   * `{node, from}`.
   */
  apply({ full = false, removed = [], files = [] }) {
    const plan = this.#plan(full, removed, files);
    const expanded = full ? [...plan.gone].filter((node) => node.expanded).map((node) => this.path(node)) : [];
    const event = {
      full, added: [],
      removed: this.#outermost(plan.gone).map((node) => ({ node, entry: node.entry, path: this.path(node) })),
      renamed: [...plan.moved].map((node) => ({ node, from: this.path(node) })),
      written: [], touched: [],
    };
    for (const node of plan.moved) this.#detach(node);
    for (const node of plan.gone) this.#forget(node);
    const fresh = new Set();
    for (const { node, entry, name } of plan.puts) this.#put(node, entry, name, fresh, event);
    for (const node of plan.moved) this.#attach(node);
    for (const node of fresh) this.#attach(node);
    event.added = this.#outermost(fresh);
    for (const path of expanded) this.#expandAgain(path);
    for (const listener of this.#listeners) listener(event);
  }

  /** What a diff does: nodes that go, nodes that change their place, and entries with their nodes. */
  #plan(full, removed, files) {
    const gone = new Set(full ? this.nodes() : []);
    for (const { file } of removed) {
      const node = file && this.get(keyOf(file));
      if (node) gone.add(node);
    }
    const moved = new Set();
    const puts = [];
    for (const entry of files) {
      const key = keyOf(entry);
      const name = toName(entry.name);
      let node = this.#nodes.get(key);
      if (node === undefined) {
        node = new TreeNode(key);
        this.#nodes.set(key, node);
      }
      gone.delete(node);
      if (node.entry && !this.#staysAt(node, entry, name)) moved.add(node);
      puts.push({ node, entry, name });
    }
    return { gone, moved, puts };
  }

  #staysAt(node, entry, name) {
    return node.entry.parent === entry.parent && sameName(node.name, name)
      && node.directory === (entry.kind === "directory");
  }

  #put(node, entry, name, fresh, event) {
    const old = node.entry;
    if (!old) fresh.add(node);
    else if (old.size !== entry.size || old.modified_us !== entry.modified_us) event.written.push(node);
    if (!sameName(node.name, name)) node.sort = null;
    node.entry = entry;
    node.name = name;
    node.directory = entry.kind === "directory";
    if (!old && entry.parent === "0" && node.directory) this.#order(node).expanded = true;
    event.touched.push(node);
  }

  /** Of nodes, those whose parent is not among them. */
  #outermost(nodes) {
    return [...nodes].filter((node) => !nodes.has(node.parent));
  }

  #parentOf(entry) {
    if (entry.parent === "0") return this.#top;
    const key = keyOf({ watch: entry.watch, id: entry.parent });
    let parent = this.#nodes.get(key);
    if (parent === undefined) {
      parent = new TreeNode(key);
      this.#nodes.set(key, parent);
    }
    return parent;
  }

  #attach(node) {
    const parent = this.#parentOf(node.entry);
    // A directory within itself is a mistake of the server. It must not become an endless loop here.
    for (let above = parent; above !== null; above = above.parent) if (above === node) return;
    node.parent = parent;
    if (parent.children === NO_CHILDREN) parent.children = new Set();
    parent.children.add(node);
    node.weight = this.#weight(node);
    if (!parent.ordered || this.#isLoneFile(node, parent)) return;
    parent.ordered.insert(node);
    this.#reweigh(parent);
  }

  #detach(node) {
    const parent = node.parent;
    if (parent === null) return;
    parent.children.delete(node);
    if (parent.ordered && !this.#isLoneFile(node, parent)) {
      parent.ordered.remove(node);
      this.#reweigh(parent);
    }
    node.parent = null;
    if (!parent.entry && parent !== this.#top && parent.children.size === 0) this.#nodes.delete(parent.key);
  }

  /** Takes the entry from a node. The node stays while it has children that are still to be moved. */
  #forget(node) {
    this.#detach(node);
    node.entry = null;
    if (node.children.size === 0) this.#nodes.delete(node.key);
  }

  /** A file that is watched by itself, for a viewer, is found by its path but is no row. */
  #isLoneFile(node, parent) {
    return parent === this.#top && !node.directory;
  }

  #weight(node) {
    return node.expanded ? 1 + node.ordered.sum : 1;
  }

  /** Carries a change of the rows of a directory upwards, as far as it is seen. */
  #reweigh(node) {
    while (node !== this.#top) {
      const weight = this.#weight(node);
      if (weight === node.weight) return;
      node.weight = weight;
      if (!node.parent?.ordered) return;
      node.parent.ordered.refresh(node);
      node = node.parent;
    }
  }

  #order(node) {
    if (node.ordered) return node;
    node.ordered = new Ordered(isBefore);
    node.ordered.build([...node.children].sort((a, b) => (isBefore(a, b) ? -1 : 1)));
    return node;
  }

  /** Expands what was expanded before the engine gave new numbers to the files. */
  #expandAgain(path) {
    const node = this.find(path);
    if (node) this.expand(node);
  }

  expand(node) {
    if (!node.directory || node.expanded) return;
    this.#order(node).expanded = true;
    this.#reweigh(node);
  }

  collapse(node) {
    if (!node.expanded) return;
    node.expanded = false;
    this.#reweigh(node);
  }

  expandSiblings(node) {
    for (const sibling of [...node.parent.children]) this.expand(sibling);
  }

  /** Expands everything above a node, so that it is visible. */
  reveal(node) {
    for (let above = node.parent; above !== null && above !== this.#top; above = above.parent) this.expand(above);
  }

  /** The node at a visible row. */
  at(row) {
    let directory = this.#top;
    for (;;) {
      const found = directory.ordered.at(row);
      if (found === null) return undefined;
      if (found.row === 0) return found.node;
      directory = found.node;
      row = found.row - 1;
    }
  }

  /** The nodes from a visible row on, in order. */
  *from(row) {
    for (let node = this.at(row); node; node = this.#following(node)) yield node;
  }

  /** Up to `count` nodes from a visible row on. */
  slice(row, count) {
    const nodes = [];
    for (const node of this.from(row)) {
      if (nodes.length === count) break;
      nodes.push(node);
    }
    return nodes;
  }

  #following(node) {
    if (node.expanded && node.ordered.count > 0) return node.ordered.first();
    for (; node !== this.#top; node = node.parent) {
      const next = node.parent.ordered.next(node);
      if (next !== null) return next;
    }
    return null;
  }

  /** The visible row of a node; -1 if a directory above it is collapsed. */
  rowOf(node) {
    let row = -1;
    for (; node !== this.#top; node = node.parent) {
      const parent = node?.parent;
      if (!parent?.ordered || !parent.expanded || this.#isLoneFile(node, parent)) return -1;
      row += 1 + node.parent.ordered.rank(node).rows;
    }
    return row;
  }

  /** 1 for a root. */
  level(node) {
    let level = 0;
    for (; node !== null && node !== this.#top; node = node.parent) level += 1;
    return level;
  }

  /** The place among the siblings, from 1, and their number. Only of nodes whose directory was expanded. */
  position(node) {
    const { ordered } = node.parent;
    return { place: ordered.rank(node).nodes + 1, of: ordered.count };
  }

  /** The parent of a node if it is a row. */
  parentRow(node) {
    return node.parent === this.#top ? null : node.parent;
  }

  /** The absolute path, as a name (see names.js). */
  path(node) {
    const above = node.parent;
    return above === null || above === this.#top || !above.entry ? node.name : joinPath(this.path(above), node.name);
  }

  /** The path from the root of the watch; empty for a root. */
  pathInRoot(node) {
    const above = node.parent;
    if (above === null || above === this.#top) return "";
    return above.parent === this.#top ? node.name : joinPath(this.pathInRoot(above), node.name);
  }

  /** The node of an absolute path. Among roots within each other, the innermost one counts. */
  find(path) {
    const wanted = components(path);
    let best;
    let depth = -1;
    for (const root of this.#top.children) {
      const above = components(root.name);
      if (above.length <= depth || above.length > wanted.length) continue;
      if (!above.every((part, at) => sameName(part, wanted[at]))) continue;
      const found = wanted.slice(above.length).reduce(childNamed, root);
      if (found) [best, depth] = [found, above.length];
    }
    return best;
  }
}

function childNamed(directory, name) {
  if (!directory) return undefined;
  for (const child of directory.children) if (sameName(child.name, name)) return child;
  return undefined;
}

const trees = new WeakMap();

/** The tree of a client's files. All views of a client share it. */
export function treeOf(client) {
  let tree = trees.get(client);
  if (tree === undefined) {
    tree = new FileTree();
    trees.set(client, tree);
    tree.apply({ full: true, files: [...client.state.files.values()] });
    client.state.onChanges((diff) => {
      if (diff.full || diff.files.length > 0 || diff.removed.some((key) => key.file)) tree.apply(diff);
    });
  }
  return tree;
}

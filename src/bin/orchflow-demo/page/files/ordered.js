// The children of a directory in order: a treap. Each node holds how many nodes (`count`) and how many rows (`sum` of
// `weight`) are below it in the treap, so that the row at a position, the position of a node, an insertion and a
// removal all take about log n steps.
//
// The links are fields of the nodes themselves: a node is in at most one treap.

const countOf = (node) => (node === null ? 0 : node.count);
const sumOf = (node) => (node === null ? 0 : node.sum);

function update(node) {
  node.count = 1 + countOf(node.left) + countOf(node.right);
  node.sum = node.weight + sumOf(node.left) + sumOf(node.right);
}

/** A node that can be in a treap. `weight` is the number of rows it takes. */
export class Linked {
  left = null;
  right = null;
  up = null;
  priority = 0;
  weight = 1;
  count = 1;
  sum = 1;
}

let seed = 0x9e3779b9;
/** Xorshift: priorities need to be spread, not secret. */
function nextPriority() {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return seed >>> 0;
}

export class Ordered {
  /** `isBefore(a, b)`: whether a stands before b. It is a total order. */
  constructor(isBefore) {
    this.isBefore = isBefore;
    this.root = null;
  }

  get count() {
    return countOf(this.root);
  }

  get sum() {
    return sumOf(this.root);
  }

  /** Fills the empty treap with nodes that are sorted already, in linear time. */
  build(sorted) {
    let last = null;
    for (const node of sorted) {
      node.priority = nextPriority();
      let above = last;
      let below = null;
      while (above !== null && above.priority < node.priority) {
        update(above);
        below = above;
        above = above.up;
      }
      node.left = below;
      node.right = null;
      node.up = above;
      if (below !== null) below.up = node;
      if (above === null) this.root = node;
      else above.right = node;
      last = node;
    }
    for (; last !== null; last = last.up) update(last);
  }

  insert(node) {
    node.priority = nextPriority();
    node.left = node.right = null;
    let above = null;
    for (let at = this.root; at !== null;) {
      above = at;
      at = this.isBefore(node, at) ? at.left : at.right;
    }
    node.up = above;
    if (above === null) this.root = node;
    else if (this.isBefore(node, above)) above.left = node;
    else above.right = node;
    this.refresh(node);
    while (node.up !== null && node.up.priority < node.priority) this.#raise(node);
  }

  remove(node) {
    while (node.left !== null && node.right !== null) {
      this.#raise(node.left.priority > node.right.priority ? node.left : node.right);
    }
    const below = node.left ?? node.right;
    const above = node.up;
    if (below !== null) below.up = above;
    this.#replace(above, node, below);
    if (above !== null) this.refresh(above);
    node.left = node.right = node.up = null;
    update(node);
  }

  /** Counts again from `node` upwards, after its weight has changed. */
  refresh(node) {
    for (; node !== null; node = node.up) update(node);
  }

  /** The node that takes the row `row`, and the row within that node. */
  at(row) {
    let node = this.root;
    while (node !== null) {
      const left = sumOf(node.left);
      if (row < left) {
        node = node.left;
      } else if (row < left + node.weight) {
        return { node, row: row - left };
      } else {
        row -= left + node.weight;
        node = node.right;
      }
    }
    return null;
  }

  /** How many nodes and how many rows stand before a node. */
  rank(node) {
    let nodes = countOf(node.left);
    let rows = sumOf(node.left);
    for (; node.up !== null; node = node.up) {
      if (node.up.right !== node) continue;
      nodes += 1 + countOf(node.up.left);
      rows += node.up.weight + sumOf(node.up.left);
    }
    return { nodes, rows };
  }

  first() {
    let node = this.root;
    while (node !== null && node.left !== null) node = node.left;
    return node;
  }

  /** The node after this one, or null. */
  next(node) {
    if (node.right !== null) {
      for (node = node.right; node.left !== null;) node = node.left;
      return node;
    }
    while (node.up !== null && node.up.right === node) node = node.up;
    return node.up;
  }

  #replace(above, node, by) {
    if (above === null) this.root = by;
    else if (above.left === node) above.left = by;
    else above.right = by;
  }

  /** Rotates a node into the place of the node above it. */
  #raise(node) {
    const above = node.up;
    const top = above.up;
    if (above.left === node) {
      above.left = node.right;
      if (node.right !== null) node.right.up = above;
      node.right = above;
    } else {
      above.right = node.left;
      if (node.left !== null) node.left.up = above;
      node.left = above;
    }
    above.up = node;
    node.up = top;
    this.#replace(top, above, node);
    update(above);
    update(node);
  }
}

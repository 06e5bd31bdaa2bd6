// The tree of splits of a session: which part of the area each pane has. Pure functions over plain values; none
// changes its argument. docs/PROTOCOL.md, "The tree of splits", describes the text form.
//
// A node is the id of a pane, or { split: "row" | "column", sizes: [shares], children: [nodes] } with at least
// two children. The shares of a split add up to 1, and no child splits in the direction of its parent. A place in
// the tree is a path: the indices of the children from the root.

export const TEXT_MAX = 4096;

// The smallest share that a child keeps when a separator moves.
const SHARE_MIN = 0.03;

const isSplit = (node) => typeof node === "object" && node !== null;

// Reads a layout. `panes` are the ids of the session's panes: others are dropped from the tree, and those that the
// tree omits come last in the root. Text that is missing or malformed puts all panes side by side.
export function parse(text, panes) {
  let raw = null;
  if (typeof text === "string" && text.length <= TEXT_MAX) {
    try {
      raw = JSON.parse(text);
    } catch {
      // Malformed text is taken as none.
    }
  }
  const open = new Set(panes);
  let tree = isWellFormed(raw) ? pick(raw, open) : null;
  for (const id of open) tree = append(tree, id);
  return tree;
}

function isWellFormed(raw) {
  if (typeof raw === "string") return true;
  if (!isSplit(raw) || (raw.split !== "row" && raw.split !== "column")) return false;
  const { sizes, children } = raw;
  if (!Array.isArray(children) || !Array.isArray(sizes) || sizes.length !== children.length) return false;
  return sizes.every((size) => Number.isFinite(size) && size > 0) && children.every(isWellFormed);
}

// The part of a tree whose panes are in `open`; takes them out of it, so that each pane is shown once.
function pick(raw, open) {
  if (typeof raw === "string") return open.delete(raw) ? raw : null;
  const children = raw.children.map((child) => pick(child, open));
  return node(raw.split, raw.sizes, children);
}

// A pane that the tree does not have gets as much of the root as the others have on average.
export function append(tree, id) {
  if (tree === null) return id;
  if (isSplit(tree) && tree.split === "row") {
    const share = 1 / tree.children.length;
    return node("row", [...tree.sizes, share], [...tree.children, id]);
  }
  return node("row", [1, 1], [tree, id]);
}

// A split with these children: those that are null are left out, a child of the same direction is merged into it,
// and a single child stands for itself.
function node(split, sizes, children) {
  const parts = [];
  const total = sizes.reduce((sum, size, at) => (children[at] === null ? sum : sum + size), 0);
  children.forEach((child, at) => {
    if (child === null) return;
    const share = sizes[at] / total;
    if (isSplit(child) && child.split === split) {
      child.children.forEach((inner, index) => parts.push([inner, share * child.sizes[index]]));
    } else {
      parts.push([child, share]);
    }
  });
  if (parts.length === 0) return null;
  if (parts.length === 1) return parts[0][0];
  return { split, sizes: parts.map(([, share]) => share), children: parts.map(([child]) => child) };
}

// The text for the session's metadata, or null if there is no tree or it does not fit.
export function serialise(tree) {
  if (tree === null) return null;
  for (const digits of [4, 2]) {
    const text = JSON.stringify(rounded(tree, digits));
    if (new TextEncoder().encode(text).length <= TEXT_MAX) return text;
  }
  return null;
}

function rounded(tree, digits) {
  if (!isSplit(tree)) return tree;
  const factor = 10 ** digits;
  const sizes = tree.sizes.map((size) => Math.max(1, Math.round(size * factor)) / factor);
  return { split: tree.split, sizes, children: tree.children.map((child) => rounded(child, digits)) };
}

// The ids of the panes, in reading order.
export function leaves(tree) {
  if (tree === null) return [];
  return isSplit(tree) ? tree.children.flatMap(leaves) : [tree];
}

// Replaces each leaf by what `replace` gives for it: a node, or null to take it away.
function mapLeaves(tree, replace) {
  if (tree === null) return null;
  if (!isSplit(tree)) return replace(tree);
  return node(tree.split, tree.sizes, tree.children.map((child) => mapLeaves(child, replace)));
}

const edges = {
  left: ["row", true],
  right: ["row", false],
  up: ["column", true],
  down: ["column", false],
};

// Puts a pane beside another one, at this edge ("left", "right", "up", "down"); both share its place evenly.
export function insert(tree, target, edge, id) {
  const [split, isFirst] = edges[edge];
  if (!leaves(tree).includes(target)) return append(tree, id);
  return mapLeaves(tree, (leaf) => {
    if (leaf !== target) return leaf;
    return { split, sizes: [0.5, 0.5], children: isFirst ? [id, leaf] : [leaf, id] };
  });
}

export function remove(tree, id) {
  return mapLeaves(tree, (leaf) => (leaf === id ? null : leaf));
}

export function replace(tree, id, by) {
  return mapLeaves(tree, (leaf) => (leaf === id ? by : leaf));
}

// Moves a pane to the edge of another one.
export function move(tree, id, target, edge) {
  if (id === target || !leaves(tree).includes(target)) return tree;
  return insert(remove(tree, id), target, edge, id);
}

// Moves a pane to an edge of the whole area, where it gets half.
export function moveToEdge(tree, id, edge) {
  const rest = remove(tree, id);
  if (rest === null || !leaves(tree).includes(id)) return tree;
  const [split, isFirst] = edges[edge];
  return node(split, [1, 1], isFirst ? [id, rest] : [rest, id]);
}

export function swap(tree, first, second) {
  return mapLeaves(tree, (leaf) => (leaf === first ? second : leaf === second ? first : leaf));
}

// The node at a path, or undefined.
export function at(tree, path) {
  return path.reduce((found, index) => (isSplit(found) ? found.children[index] : undefined), tree);
}

function withSizes(tree, path, sizes) {
  if (path.length === 0) return { ...tree, sizes };
  const [index, ...rest] = path;
  const children = tree.children.map((child, each) => (each === index ? withSizes(child, rest, sizes) : child));
  return { ...tree, children };
}

// Moves the separator after child `index` of the split at `path` by a share of that split.
export function resize(tree, path, index, by) {
  const split = at(tree, path);
  if (!isSplit(split) || index < 0 || index + 1 >= split.children.length) return tree;
  const both = split.sizes[index] + split.sizes[index + 1];
  const least = Math.min(SHARE_MIN, both / 2);
  const size = Math.min(both - least, Math.max(least, split.sizes[index] + by));
  const sizes = [...split.sizes];
  sizes[index] = size;
  sizes[index + 1] = both - size;
  return withSizes(tree, path, sizes);
}

// Moves a separator to a place in its split: `to` is the share of the split before it.
export function resizeTo(tree, path, index, to) {
  const split = at(tree, path);
  if (!isSplit(split) || index < 0 || index + 1 >= split.children.length) return tree;
  const before = split.sizes.slice(0, index + 1).reduce((sum, size) => sum + size, 0);
  return resize(tree, path, index, to - before);
}

// Gives all children of the split at `path` the same share.
export function even(tree, path) {
  const split = at(tree, path);
  if (!isSplit(split)) return tree;
  return withSizes(tree, path, split.children.map(() => 1 / split.children.length));
}

// Evens out every split.
export function evenAll(tree) {
  if (!isSplit(tree)) return tree;
  return { ...tree, sizes: tree.children.map(() => 1 / tree.children.length), children: tree.children.map(evenAll) };
}

// Moves the separator that bounds a pane in the direction of an arrow: the one after it if there is one, else the one
// before it. As in other programs, the arrow says where the separator goes.
export function resizePane(tree, id, edge, by) {
  const [direction, isBack] = edges[edge];
  const path = pathOf(tree, id);
  for (let depth = (path?.length ?? 0) - 1; depth >= 0; depth -= 1) {
    const above = path.slice(0, depth);
    const split = at(tree, above);
    if (split.split !== direction) continue;
    const index = path[depth];
    const separator = index + 1 < split.children.length ? index : index - 1;
    return resize(tree, above, separator, isBack ? -by : by);
  }
  return tree;
}

function pathOf(tree, id) {
  if (tree === id) return [];
  if (!isSplit(tree)) return null;
  for (const [index, child] of tree.children.entries()) {
    const rest = pathOf(child, id);
    if (rest) return [index, ...rest];
  }
  return null;
}

// Where everything is, in shares of the whole area: the rectangle of each pane, and the separators between them. A
// separator has the rectangle of its split, and `at`: how far into the split it is.
export function measure(tree) {
  const panes = new Map();
  const separators = [];
  const visit = (part, rect, path) => {
    if (part === null) return;
    if (!isSplit(part)) {
      panes.set(part, rect);
      return;
    }
    let before = 0;
    part.children.forEach((child, index) => {
      const size = part.sizes[index];
      visit(child, slice(rect, part.split, before, size), [...path, index]);
      before += size;
      if (index + 1 < part.children.length) separators.push({ path, index, split: part.split, rect, at: before });
    });
  };
  visit(tree, { x: 0, y: 0, width: 1, height: 1 }, []);
  return { panes, separators };
}

function slice(rect, split, from, size) {
  return split === "row"
    ? { ...rect, x: rect.x + from * rect.width, width: size * rect.width }
    : { ...rect, y: rect.y + from * rect.height, height: size * rect.height };
}

// The pane next to another one in a direction: of those that touch its edge, the one that shares most of it. Null at
// the border of the area.
export function neighbour(tree, id, edge) {
  const { panes } = measure(tree);
  const from = panes.get(id);
  if (!from) return null;
  let best = null;
  for (const [other, rect] of panes) {
    const shared = other === id ? 0 : sharedEdge(from, rect, edge);
    if (shared > 0 && (best === null || shared > best.shared + 1e-9)) best = { other, shared };
  }
  return best?.other ?? null;
}

function sharedEdge(from, to, edge) {
  const touches = {
    left: Math.abs(to.x + to.width - from.x),
    right: Math.abs(from.x + from.width - to.x),
    up: Math.abs(to.y + to.height - from.y),
    down: Math.abs(from.y + from.height - to.y),
  };
  if (touches[edge] > 1e-6) return 0;
  const overlap = (a, aSize, b, bSize) => Math.min(a + aSize, b + bSize) - Math.max(a, b);
  return edge === "left" || edge === "right"
    ? overlap(from.y, from.height, to.y, to.height)
    : overlap(from.x, from.width, to.x, to.width);
}

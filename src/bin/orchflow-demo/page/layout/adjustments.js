// Changes of a layout that follow each other quickly: a separator that is dragged, or moved by keys that repeat. They
// are shown at once. They are shared ten times a second at most, and always in the end.

const PAUSE_MS = 100;

export class Adjustments {
  #workspace;
  #session = null;
  #changes = [];
  #timer = null;
  #lastMs = -PAUSE_MS;

  constructor(workspace) {
    this.#workspace = workspace;
  }

  // The tree as it is shown: with the changes that are not shared yet.
  apply(session, tree) {
    return session === this.#session ? applyAll(tree, this.#changes) : tree;
  }

  add(session, change) {
    if (session !== this.#session) this.#share();
    this.#session = session;
    this.#changes.push(change);
    this.#workspace.changed();
    const wait = Math.max(0, this.#lastMs + PAUSE_MS - performance.now());
    this.#timer ??= setTimeout(() => this.#share(), wait);
  }

  #share() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#changes.length === 0) return;
    this.#lastMs = performance.now();
    let taken = null;
    // The changes stay here until their turn has come, so that the layout is never seen without them.
    void this.#workspace.changeTree(this.#session, (tree) => {
      taken ??= this.#changes.splice(0);
      return applyAll(tree, taken);
    });
  }
}

function applyAll(tree, changes) {
  return changes.reduce((changed, change) => change(changed), tree);
}

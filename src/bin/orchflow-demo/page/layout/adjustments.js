// Changes of a layout that follow each other quickly: a separator that is dragged, or moved by keys that repeat. They
// are shown at once. They are shared ten times a second at most, one after the other, and always in the end. When they
// are refused, what follows without a rest is left out, so that a drag makes one complaint.

const PAUSE_MS = 100;
const REST_MS = 500;

export class Adjustments {
  #workspace;
  #session = null;
  #changes = [];
  #timer = null;
  #sharing = null;
  #isRefused = false;
  #addedMs = -Infinity;

  constructor(workspace) {
    this.#workspace = workspace;
  }

  // The tree as it is shown: with the changes that are not shared yet.
  apply(session, tree) {
    return session === this.#session ? applyAll(tree, this.#changes) : tree;
  }

  add(session, change) {
    const nowMs = performance.now();
    if (nowMs - this.#addedMs > REST_MS) this.#isRefused = false;
    this.#addedMs = nowMs;
    if (this.#isRefused) return;
    if (session !== this.#session) this.#share();
    this.#session = session;
    this.#changes.push(change);
    this.#workspace.changed();
    if (!this.#sharing) this.#timer ??= setTimeout(() => this.#share(), PAUSE_MS);
  }

  // The client shows the changes from here on.
  #share() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#changes.length === 0) return;
    const taken = this.#changes;
    this.#changes = [];
    const shared = this.#workspace.changeTree(this.#session, (tree) => applyAll(tree, taken));
    const sharing = (this.#sharing = shared.then((isDone) => this.#shared(sharing, isDone)));
  }

  #shared(sharing, isDone) {
    if (this.#sharing !== sharing) return;
    this.#sharing = null;
    if (!isDone) {
      this.#isRefused = true;
      this.#changes = [];
      this.#workspace.changed();
    } else if (this.#changes.length > 0) {
      this.#timer ??= setTimeout(() => this.#share(), PAUSE_MS);
    }
  }
}

function applyAll(tree, changes) {
  return changes.reduce((changed, change) => change(changed), tree);
}

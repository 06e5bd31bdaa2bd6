// Own changes that the server has not answered yet.
//
// Each is shown on top of the mirror. A change that touches what an earlier one touches waits for its reply, since
// only then is it known which version it is based on. A change that was given as a function is computed anew when
// the state below it changes, also after a conflict.

import { apply, hasEffect, target, touched } from "./changes.js";
import { OrchflowError } from "./errors.js";

/** How often a change that is a function meets a conflict before it is given up. */
const ATTEMPTS = 32;

/** A view with the entry that a change has conflicted with, which comes to the mirror later. */
function withMet(view, met) {
  if (!met) return view;
  const entries = new Map(view[met.collection]);
  if (met.entry?.version <= entries.get(met.id)?.version) return view;
  if (met.entry) entries.set(met.id, met.entry);
  else entries.delete(met.id);
  return { sessions: view.sessions, panes: view.panes, [met.collection]: entries };
}

const isDisjoint = (left, right) => ![...left].some((key) => right.has(key));

export class PendingChanges {
  #state;
  #send;
  #list = [];
  #isOpen = false;

  /** @param send sends operations and returns the number of their change */
  constructor(state, send) {
    this.#state = state;
    this.#send = send;
  }

  /** Shows a change and sends it as soon as it may; the promise is that of the reply. */
  add(change) {
    return new Promise((resolve, reject) => {
      const compute = typeof change === "function" ? change : null;
      const one = { compute, mutation: null, met: null, attempts: 0, isSentAgain: false, resolve, reject };
      this.#compute(one, compute ? null : change, this.#state);
      this.#list.push(one);
      this.#sendReady();
      this.show();
    });
  }

  /** Puts what is pending on top of the mirror. */
  show() {
    let view = this.#state.confirmed;
    for (const one of [...this.#list]) {
      try {
        if (one.compute && one.mutation === null && !one.isSentAgain) this.#compute(one, null, withMet(view, one.met));
        view = apply(one.ops, view);
      } catch (error) {
        this.#drop(one);
        one.reject(error);
      }
    }
    this.#state.setOverlay(this.#list.length > 0 ? view : null);
  }

  /** The mirror has taken a diff, and the server has applied these changes. */
  advanced(applied) {
    for (const { mutation, version } of applied) {
      const one = this.#list.find((other) => other.mutation === mutation);
      if (!one) continue;
      this.#drop(one);
      // What waited for this change was made on top of it.
      for (const later of this.#list) if (later.mutation === null) this.#rebase(later, one.keys, version);
      one.resolve({ version });
    }
    this.show();
    this.#sendReady();
  }

  /** The server has rejected a change. Returns its operations if the caller hears of it, else `null`. */
  rejected(message) {
    const one = this.#list.find((other) => other.mutation === message.mutation);
    if (!one) return null;
    const { code, message: text, op, session, pane } = message;
    const entry = session ?? pane;
    let reported = null;
    if (code === "conflict" && one.isSentAgain && hasEffect(one.ops[op], entry)) {
      this.#drop(one);
      one.resolve({ version: entry?.version ?? this.#state.version?.n });
    } else if (code === "conflict" && one.compute && ++one.attempts < ATTEMPTS) {
      const { collection, id } = target(one.ops[op], this.#state.confirmed);
      one.met = { collection, id, entry };
      one.mutation = null;
      one.isSentAgain = false;
    } else {
      this.#drop(one);
      one.reject(new OrchflowError(code, text, { op, session, pane }));
      reported = one.ops;
    }
    this.show();
    this.#sendReady();
    return reported;
  }

  /** The server could not read a change. Returns whether it is one of these. */
  failed(mutation, error) {
    const one = this.#list.find((other) => other.mutation === mutation);
    if (!one) return false;
    this.#drop(one);
    one.reject(error);
    this.show();
    this.#sendReady();
    return true;
  }

  /** There is a connection again: what is pending may be sent. */
  opened() {
    this.#isOpen = true;
    this.#sendReady();
  }

  /**
   * The connection broke. A change that was sent and names its bases is sent again later: if it was applied, it
   * conflicts. Others fail, and all of them if nothing of the state remains.
   */
  broken(error, isFinal) {
    this.#isOpen = false;
    const isLost = (one) => isFinal || (one.mutation !== null && one.ops.some(({ base }) => base === null));
    const lost = this.#list.filter(isLost);
    this.#list = this.#list.filter((one) => !isLost(one));
    for (const one of this.#list) {
      one.isSentAgain ||= one.mutation !== null;
      one.mutation = null;
    }
    for (const one of lost) one.reject(error);
    this.show();
  }

  #drop(one) {
    this.#list = this.#list.filter((other) => other !== one);
  }

  /** The operations of a change for the state that it is made in. A function need not name the bases. */
  #compute(one, ops, view) {
    const base = (op) => {
      if (op.base !== undefined) return op.base;
      return one.compute ? target(op, view).version : null;
    };
    one.ops = (ops ?? one.compute(view)).map((op) => ({ ...op, base: base(op) }));
    one.keys = touched(one.ops, view);
    // What cannot be carried out fails here.
    apply(one.ops, view);
  }

  /** The bases of a change after one that it was made on top of: the version by that change, not a later one. */
  #rebase(later, keys, version) {
    for (const op of later.ops) {
      const { collection, id, version: present } = target(op, this.#state.confirmed);
      if (op.base !== null && keys.has(`${collection} ${id}`)) op.base = Math.min(present, version);
    }
  }

  #sendReady() {
    if (!this.#isOpen) return;
    const earlier = new Set();
    let dropped = false;
    for (const one of this.#list) {
      const isFree = one.mutation === null && isDisjoint(one.keys, earlier);
      for (const key of one.keys) earlier.add(key);
      if (!isFree) continue;
      one.met = null;
      try {
        one.mutation = this.#send(one.ops);
      } catch (error) {
        // It cannot be written, also not later.
        this.#drop(one);
        one.reject(error);
        dropped = true;
      }
    }
    if (!dropped) return;
    this.show();
    this.#sendReady();
  }
}

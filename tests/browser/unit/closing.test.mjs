// Closing of panes and sessions while the state changes under the question, and after a restart of the engine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../../clients/js/src/changes.js";
import { Closing } from "../../../src/bin/orchflow-demo/page/commands/closing.js";
import { Workspace } from "../../../src/bin/orchflow-demo/page/workspace.js";

const PROGRAM = { title: "", program: "vim", running: true, exit: null };

/** Sessions "s" with the pane "p" (terminal 7, which runs a program) and "t" without one. */
function start(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const closed = [];
  const shown = [];
  const version = { epoch: 1, n: 1 };
  const session = (id, panes) => [id, { id, version: 1, name: id, panes, metadata: {} }];
  const pane = (id, terminal) => [id, { id, version: 1, session: "s", title: "", content: { terminal }, metadata: {} }];
  const state = {
    version, subscribe() {},
    sessions: new Map([session("s", ["p"]), session("t", [])]),
    panes: new Map([pane("p", 7)]),
    terminals: new Map([[7, { id: 7, ...PROGRAM }], [8, { id: 8, ...PROGRAM }]]),
  };
  const change = async (build) => Object.assign(state, apply(build(state), state));
  const client = {
    status: "open", welcome: { version, scopes: ["manage"] }, state, change,
    closeTerminal: async (id) => void closed.push(id),
  };
  const toasts = { show: (text, options) => shown.push({ text, ...options }), error: (text) => shown.push({ text }) };
  const workspace = new Workspace(client, toasts.error);
  const closing = new Closing({ client, workspace, toasts, area: { focusEmpty() {} } });
  const questions = [];
  /** What happens while a question is open. */
  const meanwhile = [];
  closing.confirm = async (terminals) => {
    questions.push(terminals.map(({ id }) => id));
    await meanwhile.shift()?.();
    return true;
  };
  const restart = () => {
    client.welcome = { ...client.welcome, version: { epoch: 2, n: 1 } };
  };
  return { state, change, closing, closed, shown, questions, meanwhile, restart, pane };
}

test("a terminal is closed once its pane cannot come back, unless the engine was restarted", async (t) => {
  const { closing, closed, shown } = start(t);
  await closing.pane("p");
  assert.deepEqual(closed, []);
  shown[0].onGone();
  assert.deepEqual(closed, [7]);
  t.mock.timers.reset();
  const other = start(t);
  await other.closing.pane("p");
  other.restart();
  other.shown[0].onGone();
  assert.deepEqual(other.closed, [], "the number names another terminal now");
  other.shown[0].actions[0].run();
  assert.match(other.shown[1].text, /cannot be taken back/);
  assert.equal(other.state.panes.size, 0);
});

test("what goes or changes while a question is open is left alone", async (t) => {
  const { closing, closed, shown, meanwhile, change, state, restart, pane } = start(t);
  const [, other] = pane("p", 8);
  meanwhile.push(() => change(() => [{ change: { put_pane: other } }]));
  await closing.pane("p");
  assert.deepEqual([state.panes.size, shown], [1, []], "another terminal is in the pane");
  meanwhile.push(() => change(() => [{ change: { remove_session: { id: "s" } } }]));
  await closing.session("s");
  await closing.session("gone");
  meanwhile.push(() => void state.terminals.delete(8));
  await closing.terminal(8);
  meanwhile.push(restart);
  await closing.terminal(7);
  assert.deepEqual([closed, shown], [[], []]);
});

test("a program that comes into a session while its closing is asked about is asked about, too", async (t) => {
  const { closing, meanwhile, change, state, questions, shown, pane } = start(t);
  meanwhile.push(() => change(() => [{ change: { put_pane: pane("q", 8)[1] } }]));
  await closing.session("s");
  assert.deepEqual([questions, state.sessions.has("s")], [[[7], [8]], false]);
  shown[0].actions[0].run();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([...state.panes.keys()], ["p", "q"]);
});

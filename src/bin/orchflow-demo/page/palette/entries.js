// What the palette lists: the actions of the table that can be done now, and what exists just now: sessions, terminals,
// programs to start.

import { actions } from "../keys/actions.js";
import { paneName, terminalName } from "../names.js";

export function entriesOf(app, scope) {
  if (scope === "move") return sessionsToMoveTo(app);
  const fixed = actions
    .filter(({ id, group }) => app.commands.isAvailable(id) && id !== "palette" && (scope !== "pane" || isOfPane(group)))
    .map((action) => ({ ...action, run: () => app.commands.run(action.id) }));
  if (scope === "pane") return fixed;
  return [...fixed, ...profiles(app), ...sessions(app), ...panes(app), ...detached(app)];
}

function isOfPane(group) {
  return group === "Pane" || group === "Terminal";
}

function profiles({ client, commands, workspace }) {
  const place = () => ({ session: workspace.current?.id, target: workspace.focusedPane?.id, edge: "right" });
  return (client.welcome?.profiles ?? []).map((profile) => ({
    id: `profile:${profile}`,
    group: "Terminal",
    title: `New terminal: ${profile}`,
    run: () => void commands.startTerminal({ profile, place: place() }),
  }));
}

function sessions({ workspace }) {
  return workspace.sessions().filter(({ id }) => id !== workspace.current?.id).map(({ id, name }) => ({
    id: `session:${id}`,
    group: "Session",
    title: `Go to ${name || id}`,
    run: () => workspace.show(id),
  }));
}

function panes({ client, workspace }) {
  const nameOf = (pane) => paneName(pane, workspace.terminal(pane.content?.terminal));
  return [...client.state.panes.values()].filter(({ id }) => id !== workspace.focusedPane?.id).map((pane) => ({
    id: `pane:${pane.id}`,
    group: "Pane",
    title: `Go to ${nameOf(pane)} in ${workspace.session(pane.session)?.name ?? pane.session}`,
    run: () => workspace.reveal(pane.id),
  }));
}

function detached({ workspace }) {
  return workspace.detached().map((terminal) => ({
    id: `terminal:${terminal.id}`,
    group: "Terminal",
    title: `Show detached terminal ${terminalName(terminal)}`,
    run: () => void workspace.showTerminal(terminal.id),
  }));
}

function sessionsToMoveTo({ workspace }) {
  const pane = workspace.focusedPane;
  const others = workspace.sessions().filter(({ id }) => id !== pane?.session);
  const rows = others.map(({ id, name }) => ({
    id: `move:${id}`,
    group: "Session",
    title: name || id,
    run: () => void workspace.movePane(pane.id, { session: id }),
  }));
  const create = async () => {
    const session = await workspace.newSession();
    if (session) await workspace.movePane(pane.id, { session });
  };
  return [...rows, { id: "move:new", group: "Session", title: "A new session", run: () => void create() }];
}

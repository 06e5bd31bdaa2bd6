// What is shown where there is nothing yet: before the state has arrived, and in sessions and panes without content.

import { button, h } from "../dom.js";
import { icon } from "../icons.js";
import { terminalName } from "../names.js";

export function waiting() {
  return h("div", { class: "empty", "aria-hidden": "true" });
}

export function emptySession(app) {
  const { workspace, commands } = app;
  const detached = workspace.detached();
  const hasSession = workspace.current !== null;
  const start = () => void commands.startTerminal({ place: {} });
  const rows = detached.map((terminal) => {
    const show = () => void workspace.showTerminal(terminal.id);
    return h("li", {}, h("button", { type: "button", class: "link", on: { click: show } }, terminalName(terminal)));
  });
  return h("div", { class: "empty" },
    h("p", { class: "empty-title" }, hasSession ? "This session has no panes" : "There is no session yet"),
    h("div", { class: "empty-actions" },
      startButton(start),
      button("Choose program and directory…", () => commands.run("terminal.new"))),
    detached.length > 0 && h("p", { class: "empty-note" }, "Terminals that no pane shows:"),
    h("ul", {}, rows));
}

function startButton(start) {
  const content = button("Start a terminal", start, "is-primary");
  content.prepend(icon("terminal"));
  return content;
}

export function emptyPane(app, id) {
  const { workspace, commands } = app;
  const start = () => void commands.startTerminal({ place: { session: workspace.pane(id)?.session, replace: id } });
  return h("div", { class: "empty" },
    h("div", { class: "empty-actions" },
      startButton(start),
      button("Close the pane", () => void workspace.removePane(id))));
}

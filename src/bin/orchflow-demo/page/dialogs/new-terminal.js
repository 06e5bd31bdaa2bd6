// The dialog that starts a terminal: which program, in which directory, at which place.

import { h } from "../dom.js";
import { text } from "../names.js";
import { buttons, openDialog } from "./dialog.js";

const SUGGESTED_MAX = 200;

export async function newTerminal(app) {
  const { client, workspace } = app;
  const profiles = client.welcome?.profiles ?? [];
  const cwd = text(workspace.terminal(workspace.focusedTerminal)?.cwd);
  const profile = h("select", { class: "field", name: "profile" }, profiles.map((each) => h("option", { value: each }, each)));
  const list = h("datalist", { id: "directories" }, directories(client.state).map((each) => h("option", { value: each })));
  const directory = h("input", {
    class: "field", name: "directory", list: "directories", value: cwd, placeholder: "That of the program",
    autocomplete: "off", spellcheck: "false", autofocus: true,
  });
  const places = workspace.focusedPane
    ? [["right", "To the right"], ["down", "Below"], ["session", "In a new session"]]
    : [["right", "In this session"], ["session", "In a new session"]];
  const where = h("fieldset", { class: "choices" }, h("legend", {}, "Place"), places.map(([value, label], index) =>
    h("label", {}, h("input", { type: "radio", name: "place", value, checked: index === 0 }), label)));
  const form = h("form", { method: "dialog", class: "stack" },
    profiles.length > 1 && h("label", { class: "stack" }, "Program", profile),
    h("label", { class: "stack" }, "Directory", directory), list, where,
    // The first button is the one that Enter presses.
    buttons(
      h("button", { type: "button", class: "button", on: { click: () => dialog.close("") } }, "Cancel"),
      h("button", { class: "button is-primary", value: "start" }, "Start")));
  const { dialog, closed } = openDialog({ title: "New terminal", content: form });
  directory.select();
  if ((await closed) !== "start") return;
  const values = new FormData(form);
  const place = await placeOf(app, values.get("place"));
  const chosen = { profile: values.get("profile") ?? undefined, cwd: values.get("directory").trim() || null };
  await app.commands.startTerminal({ ...chosen, place });
}

async function placeOf({ workspace }, value) {
  if (value === "session") return { session: await workspace.newSession() };
  const pane = workspace.focusedPane;
  return { session: pane?.session, target: pane?.id, edge: value };
}

// Directories that the user may mean: those of running terminals, then the published ones, the upper ones first.
export function directories(state) {
  const found = new Set();
  for (const terminal of state.terminals.values()) {
    if (terminal.cwd) found.add(text(terminal.cwd));
  }
  const paths = new Map();
  const published = [...state.files.values()].filter((file) => file.kind === "directory" && !file.ignored);
  const byKey = new Map(published.map((file) => [`${file.watch}:${file.id}`, file]));
  const pathOf = (file) => {
    const key = `${file.watch}:${file.id}`;
    if (!paths.has(key)) {
      const parent = byKey.get(`${file.watch}:${file.parent}`);
      paths.set(key, parent ? `${pathOf(parent).replace(/\/$/, "")}/${text(file.name)}` : text(file.name));
    }
    return paths.get(key);
  };
  const isHidden = (path) => /\/\./.test(path);
  const listed = published.map(pathOf).filter((path) => path.startsWith("/") && !isHidden(path));
  listed.sort((a, b) => a.split("/").length - b.split("/").length || (a < b ? -1 : 1));
  for (const path of listed.slice(0, SUGGESTED_MAX)) found.add(path);
  return [...found];
}

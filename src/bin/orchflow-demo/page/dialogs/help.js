// All keys, by group.

import { h } from "../dom.js";
import { actions } from "../keys/actions.js";
import { chordKeys } from "../keys/chords.js";
import { openDialog } from "./dialog.js";

export function keyList(chords) {
  return h("span", { class: "keys" }, chords.map((chord, index) => [
    index > 0 && " or ",
    h("span", { class: "chord" }, chordKeys(chord).map((key) => h("kbd", {}, key))),
  ]).flat());
}

export function showHelp() {
  const listed = actions.filter((action) => action.keys);
  const groups = [...new Set(listed.map((action) => action.group))];
  const tables = groups.map((group) =>
    h("section", { class: "help-group" },
      h("h3", {}, group),
      h("dl", {}, listed.filter((action) => action.group === group).map(({ title, keys }) =>
        h("div", { class: "help-row" }, h("dt", {}, title), h("dd", {}, keyList(keys)))))));
  const note = h("p", { class: "note" },
    "All other keys go to the terminal that has the focus. Separators between panes take arrow keys, and Enter makes " +
    "the parts even. On a session's tab, F2 renames and Delete closes.");
  const content = h("div", { class: "help", tabindex: "0", autofocus: true }, note, h("div", { class: "help-groups" }, tables));
  openDialog({ title: "Keys", content, className: "is-wide" });
}

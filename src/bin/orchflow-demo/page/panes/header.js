// The header of a pane: its name, directory and title or program on the left, what is to be known and the buttons on the right.
// The progress of a program is the line below, which the terminal draws.

import { ariaChord, chordKeys } from "../keys/chords.js";
import { action } from "../keys/actions.js";
import { h, setAttribute, setText } from "../dom.js";
import { icon, iconButton } from "../icons.js";
import { exitText, paneName, paneNote, shortPath, text } from "../names.js";

const LOCKED = "A password is asked: what is typed is not shown";

export class PaneHeader {
  #app;
  #id;
  #name;
  #directory = h("span", { class: "pane-cwd" });
  #note = h("span", { class: "pane-note" });
  #bell = h("span", { class: "mark", role: "img", "aria-label": "Bell", title: "Bell" }, icon("bell"));
  #lock = h("span", { class: "mark", role: "img", "aria-label": "A password is asked", title: LOCKED }, icon("lock"));
  #exit = h("span", { class: "pane-exit" });
  #zoom;

  constructor(app, id) {
    this.#app = app;
    this.#id = id;
    this.#name = h("h2", { class: "pane-name", id: `pane-name-${id}`, on: { dblclick: () => this.rename() } });
    this.#zoom = this.#button("pane.zoom", "zoom", "Maximise", "is-wide-only");
    const buttons = [
      // With one pane at a time, these are in the menu only.
      this.#button("pane.splitRight", "splitRight", "Split to the right", "is-wide-only"),
      this.#button("pane.splitDown", "splitDown", "Split downwards", "is-wide-only"),
      this.#zoom,
      this.#button("pane.menu", "menu", "Actions for this pane"),
      this.#button("pane.close", "close", "Close"),
    ];
    this.element = h("header", {
      class: "pane-head",
      on: {
        pointerdown: (event) => void this.#press(event),
      },
    },
      h("div", { class: "pane-labels" }, this.#name, this.#directory, this.#note),
      h("div", { class: "pane-marks" }, this.#lock, this.#bell, this.#exit),
      h("div", { class: "pane-buttons" }, buttons));
  }

  update(pane, terminal, { isZoomed, isAlone }) {
    const name = paneName(pane, terminal);
    const directory = terminal ? shortPath(terminal.cwd) : shortPath(fileDirectory(pane));
    const note = paneNote(pane, terminal);
    setText(this.#name, name);
    setAttribute(this.#name, "title", name);
    setText(this.#directory, directory);
    setAttribute(this.#directory, "title", terminal ? text(terminal.cwd) : null);
    setText(this.#note, note);
    setAttribute(this.#note, "title", note || null);
    this.#updateMarks(terminal);
    this.#zoom.hidden = isAlone && !isZoomed;
    setAttribute(this.#zoom, "aria-pressed", String(isZoomed));
    this.#zoom.classList.toggle("is-on", isZoomed);
  }

  #updateMarks(terminal) {
    const { bell } = this.#app.marks.of(terminal?.id);
    this.#bell.hidden = !bell;
    this.#lock.hidden = !terminal?.hidden_input;
    const exit = exitText(terminal);
    const last = terminal?.running && terminal.last_exit ? `${terminal.last_exit}` : "";
    setText(this.#exit, exit ?? last);
    setAttribute(this.#exit, "title", last ? `The last command exited with ${last}` : null);
    const isBad = exit ? terminal.exit?.code !== 0 : last !== "";
    this.#exit.classList.toggle("is-bad", isBad);
    this.#exit.hidden = !exit && !last;
  }

  async #press(event) {
    this.#app.workspace.focus(this.#id);
    if (event.button !== 0 || event.target.closest("button, input")) return;
    const { startPaneDrag } = await import("../layout/pane-drag.js");
    startPaneDrag(this.#app, this.#id, event);
  }

  async rename() {
    const { workspace } = this.#app;
    const pane = workspace.pane(this.#id);
    const { editInPlace } = await import("../inline-edit.js");
    const title = await editInPlace(this.#name, pane.title || this.#name.textContent, {
      name: "Name of the pane", back: () => this.#app.focusPane(this.#id),
    });
    // Without a name, the pane shows what the program says.
    const isSame = title === this.#name.textContent && !pane.title;
    if (title !== null && !isSame && title !== pane.title) await workspace.changePane(this.#id, { title });
  }

  focus() {
    const buttons = [...this.element.querySelectorAll(".pane-buttons button")];
    buttons.find((button) => button.checkVisibility()).focus();
  }

  #button(name, picture, label, look = "") {
    const [chord] = action(name)?.keys ?? [];
    const run = () => {
      this.#app.workspace.focus(this.#id);
      this.#app.commands.run(name);
    };
    return iconButton(picture, label, run, {
      class: `icon-button ${look}`,
      "aria-keyshortcuts": chord && ariaChord(chord),
      title: chord ? `${label} (${chordKeys(chord).join("+")})` : label,
    });
  }
}

function fileDirectory(pane) {
  const path = text(pane?.content?.file ?? "");
  return path.slice(0, path.lastIndexOf("/"));
}

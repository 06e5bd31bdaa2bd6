// The tools at the right of the top: side bar, notifications, palette, connection.

import { setAttribute } from "./dom.js";
import { iconButton } from "./icons.js";
import { action } from "./keys/actions.js";
import { ariaChord, chordKeys } from "./keys/chords.js";

export class Tools {
  #app;
  #sidebar;
  #bell;

  constructor(app, element) {
    this.#app = app;
    this.#sidebar = this.#button("sidebar.toggle", "panes", "Side bar");
    this.#bell = this.#button("sidebar.notifications", "bell", "Notifications");
    element.append(
      this.#sidebar,
      this.#bell,
      this.#button("palette", "command", "Actions"),
      this.#button("settings", "settings", "Settings"),
      app.connection.element);
    app.log.addEventListener("change", () => this.render());
    this.render();
  }

  render() {
    const { unread } = this.#app.log;
    setAttribute(this.#sidebar, "aria-pressed", String(Boolean(this.#app.sidebar?.shown)));
    setAttribute(this.#bell, "aria-label", unread > 0 ? `Notifications, ${unread} unread` : "Notifications");
    this.#bell.classList.toggle("has-unread", unread > 0);
  }

  #button(name, picture, label) {
    const [chord] = action(name).keys;
    return iconButton(picture, label, () => this.#app.commands.run(name), {
      "aria-keyshortcuts": ariaChord(chord),
      title: `${label} (${chordKeys(chord).join("+")})`,
    });
  }
}

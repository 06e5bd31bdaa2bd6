// Dialogs. The element <dialog> keeps the focus inside, closes with Escape and gives the focus back.

import { h } from "../dom.js";
import { iconButton } from "../icons.js";
import { loadStyle } from "../styles.js";

await loadStyle("/style/overlays.css");

let count = 0;

// Opens a dialog. `content` and `buttons` are elements; a form inside with method=dialog closes it with the value of
// its button. Resolves with that value, "" if the user gave up.
export function openDialog({ title, content, className = "" }) {
  count += 1;
  const id = `dialog-${count}`;
  const heading = h("h2", { id }, title);
  const close = iconButton("close", "Close", () => dialog.close(""));
  const dialog = h("dialog", { class: `dialog ${className}`, "aria-labelledby": id },
    h("header", { class: "dialog-head" }, heading, close), content);
  document.body.append(dialog);
  // A press beside the dialog closes it.
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog && isOutside(dialog, event)) dialog.close("");
  });
  const closed = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
  // What has the focus may be longer than the dialog; the dialog begins at its beginning.
  dialog.scrollTop = 0;
  return { dialog, closed };
}

function isOutside(dialog, { clientX: x, clientY: y }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return x < left || x > right || y < top || y > bottom;
}

export function buttons(...children) {
  return h("footer", { class: "dialog-buttons" }, children);
}

// Asks yes or no. The focus starts on the button that changes nothing.
export async function ask(title, text, { confirm, isDangerous = false }) {
  const content = h("form", { method: "dialog" },
    h("p", {}, text),
    buttons(
      h("button", { class: "button", value: "", autofocus: true }, "Cancel"),
      h("button", { class: `button ${isDangerous ? "is-danger" : "is-primary"}`, value: "yes" }, confirm)));
  const { closed } = openDialog({ title, content });
  return (await closed) === "yes";
}

// Shows a text that can be selected.
export async function tell(title, text) {
  const field = h("input", { class: "field", value: text, readonly: true, "aria-label": title, autofocus: true });
  const content = h("form", { method: "dialog" }, field, buttons(h("button", { class: "button is-primary", value: "" }, "Done")));
  const { closed } = openDialog({ title, content });
  field.select();
  await closed;
}

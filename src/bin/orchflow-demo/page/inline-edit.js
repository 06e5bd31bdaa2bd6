// Renaming in place: an input takes the place of a label until Enter, Escape or the loss of the focus.

import { h } from "./dom.js";

const NAME_MAX = 200;

// Resolves with the new text, or null if the user gave up. The label is shown again in either case.
export function editInPlace(label, value, { name }) {
  return new Promise((resolve) => {
    const input = h("input", {
      class: "inline-edit", value, maxlength: NAME_MAX, "aria-label": name, autocomplete: "off", spellcheck: "false",
    });
    let isDone = false;
    const finish = (result) => {
      if (isDone) return;
      isDone = true;
      input.remove();
      label.hidden = false;
      resolve(result);
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && !event.isComposing) finish(input.value.trim());
      if (event.key === "Escape") finish(null);
    });
    input.addEventListener("blur", () => finish(input.value.trim()));
    label.hidden = true;
    label.after(input);
    input.focus();
    input.select();
  });
}

// Renaming in place: an input takes the place of a label until Enter, Escape or the loss of the focus.

import { h } from "./dom.js";

const NAME_MAX = 200;

// Resolves with the new text, or null if the user gave up. The label is shown again in either case. `back` gives the
// focus on after Enter and Escape; whoever goes elsewhere meanwhile stays there.
export function editInPlace(label, value, { name, back }) {
  return new Promise((resolve) => {
    const input = h("input", {
      class: "inline-edit", value, maxlength: NAME_MAX, "aria-label": name, autocomplete: "off", spellcheck: "false",
    });
    let isDone = false;
    const finish = (result, goesBack) => {
      if (isDone) return;
      isDone = true;
      input.remove();
      label.hidden = false;
      if (goesBack) back();
      resolve(result);
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && !event.isComposing) finish(input.value.trim(), true);
      if (event.key === "Escape") finish(null, true);
    });
    // Whoever goes to another window comes back to where the input was.
    input.addEventListener("blur", () => finish(input.value.trim(), document.activeElement === input));
    label.hidden = true;
    label.after(input);
    input.focus();
    input.select();
  });
}

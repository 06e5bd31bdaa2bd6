// Asks for a token: when there is none, and when the engine does not accept the one that there is.

import { tokenIn } from "../address.js";
import { h } from "../dom.js";
import { buttons, openDialog } from "./dialog.js";

// Resolves with a token, or null if the user gave up.
export async function askToken(reason) {
  const input = h("input", {
    class: "field", type: "password", name: "token", autocomplete: "off", spellcheck: "false", autofocus: true,
    required: true, "aria-describedby": "token-help",
  });
  const problem = h("p", { class: "problem", role: "alert" });
  const form = h("form", { method: "dialog", class: "stack" },
    h("p", {}, reason),
    h("label", { class: "stack" }, "Token or address", input),
    h("p", { class: "note", id: "token-help" },
      "The engine printed an address when it started. Paste that address, or only what follows ", h("code", {}, "#token="), "."),
    problem,
    buttons(h("button", { class: "button is-primary", value: "use" }, "Connect")));
  let token = null;
  form.addEventListener("submit", (event) => {
    token = tokenIn(input.value);
    if (token) return;
    event.preventDefault();
    problem.textContent = "This is neither a token nor an address with one.";
    input.select();
  });
  const { closed } = openDialog({ title: "A token is needed", content: form });
  return (await closed) === "use" ? token : null;
}

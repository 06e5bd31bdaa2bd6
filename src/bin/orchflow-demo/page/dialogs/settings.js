// The settings. Each choice applies at once, so there is nothing to confirm.

import { h } from "../dom.js";
import { isMac } from "../keys/chords.js";
import { buttons, openDialog } from "./dialog.js";

export async function showSettings(settings) {
  const form = h("form", { method: "dialog", class: "settings" });
  const fill = () => form.replaceChildren(...sections(settings), footer());
  const footer = () => buttons(
    h("button", { type: "button", class: "button", on: { click: () => { settings.reset(); fill(); } } }, "Reset to defaults"),
    h("button", { class: "button is-primary", value: "" }, "Done"));
  fill();
  const { closed } = openDialog({ title: "Settings", content: form });
  form.querySelector("select").focus();
  await closed;
}

const links = [["modifier", isMac ? "Command and click" : "Ctrl and click"], ["plain", "Click"]];
const clipboard = [["ask", "Ask"], ["allow", "Allow"], ["deny", "Ignore"]];

function sections(settings) {
  return [
    group("Looks",
      choice(settings, "theme", "Theme", [["auto", "As the system"], ["light", "Light"], ["dark", "Dark"]]),
      number(settings, "fontSize", "Size of the type in terminals", 8, 32),
      textField(settings, "fontFamily", "Font of terminals", "The browser's monospaced font"),
      toggle(settings, "cursorBlink", "The cursor may blink")),
    group("Terminals",
      toggle(settings, "scrollKeys", "Shift+Page Up and Shift+Page Down scroll"),
      toggle(settings, "confirmPaste", "Ask before pasting several lines"),
      choice(settings, "linkClick", "Links and paths open with", links),
      isMac && toggle(settings, "optionIsMeta", "The Option key is Meta"),
      toggle(settings, "sound", "The bell sounds"),
      choice(settings, "clipboard", "Programs that write to the clipboard", clipboard)),
    group("Notifications", notifications(settings)),
  ];
}

function group(title, ...fields) {
  return h("fieldset", {}, h("legend", {}, title), fields);
}

function field(label, control) {
  return h("label", { class: "setting" }, h("span", {}, label), control);
}

function choice(settings, name, label, options) {
  const control = h("select", { class: "field", name, on: { change: () => settings.set(name, control.value) } },
    options.map(([value, text]) => h("option", { value, selected: settings[name] === value }, text)));
  return field(label, control);
}

function number(settings, name, label, min, max) {
  const set = () => {
    const value = Math.round(control.valueAsNumber);
    if (value >= min && value <= max) settings.set(name, value);
  };
  const control = h("input", { class: "field", type: "number", name, min, max, value: settings[name], on: { input: set } });
  return field(label, control);
}

function textField(settings, name, label, placeholder) {
  const change = () => settings.set(name, control.value.trim());
  const value = settings[name];
  const control = h("input", { class: "field", name, value, placeholder, maxlength: 200, spellcheck: "false", on: { change } });
  return field(label, control);
}

function toggle(settings, name, label, set = (value) => settings.set(name, value)) {
  const change = () => set(control.checked, control);
  const control = h("input", { type: "checkbox", role: "switch", name, checked: settings[name], on: { change } });
  return field(label, control);
}

// The browser is asked only when the user turns this on.
function notifications(settings) {
  const set = async (value, control) => {
    if (value && (await globalThis.Notification?.requestPermission()) !== "granted") {
      control.checked = false;
      control.after(h("span", { class: "note", role: "status" }, "The browser does not allow it."));
      return;
    }
    settings.set("notifications", value);
  };
  return toggle(settings, "notifications", "Show notifications of the system while this page is out of sight", set);
}

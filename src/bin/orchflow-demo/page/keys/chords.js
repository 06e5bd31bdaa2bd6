// Chords such as "Ctrl+Shift+P": how they are written, shown and recognised.

// iPads and iPhones have the same keyboards.
export const isMac = /mac|iphone|ipad/i.test(globalThis.navigator?.userAgentData?.platform ?? globalThis.navigator?.platform ?? "");

export function parseChord(chord) {
  const parts = chord.split("+");
  const key = parts.pop();
  return {
    key,
    ctrlKey: parts.includes("Ctrl"),
    altKey: parts.includes("Alt"),
    shiftKey: parts.includes("Shift"),
    metaKey: parts.includes("Meta"),
  };
}

// Whether a key event is this chord. A letter is recognised by what it types; if it types something else (a layout
// without Latin letters, or Option on a Mac), by the place of the key.
export function matches(event, chord) {
  const wanted = typeof chord === "string" ? parseChord(chord) : chord;
  if (["ctrlKey", "altKey", "shiftKey", "metaKey"].some((name) => event[name] !== wanted[name])) return false;
  if (event.getModifierState?.("AltGraph")) return false;
  if (!/^[A-Z]$/.test(wanted.key)) return event.key === wanted.key;
  const typed = event.key.toUpperCase();
  return /^[A-Z]$/.test(typed) ? typed === wanted.key : event.code === `Key${wanted.key}`;
}

const labels = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageUp: "Page Up",
  PageDown: "Page Down",
};

const macLabels = { Ctrl: "⌃", Alt: "⌥", Shift: "⇧", Meta: "⌘" };

// The keys of a chord as they are written on the keyboard.
export function chordKeys(chord) {
  return chord.split("+").map((key) => (isMac && macLabels[key]) || labels[key] || key);
}

// The form for aria-keyshortcuts.
export function ariaChord(chord) {
  return chord.split("+").map((key) => (key === "Ctrl" ? "Control" : key)).join("+");
}

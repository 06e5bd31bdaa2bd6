// The kitty keyboard protocol (https://sw.kovidgoyal.net/kitty/keyboard-protocol/). Flags that only
// add something to legacy keys leave everything else to xterm's encoding.

import { controlCharacter, encodeXterm } from "./keys-xterm.js";

const FLAG = { disambiguate: 1, eventTypes: 2, alternateKeys: 4, allKeys: 8, text: 16 };

/** Keys of the main block: the number and the final byte. */
const FUNCTIONAL = {
  Escape: [27, "u"], Enter: [13, "u"], Tab: [9, "u"], Backspace: [127, "u"],
  Insert: [2, "~"], Delete: [3, "~"], PageUp: [5, "~"], PageDown: [6, "~"],
  ArrowLeft: [1, "D"], ArrowRight: [1, "C"], ArrowUp: [1, "A"], ArrowDown: [1, "B"],
  Home: [1, "H"], End: [1, "F"], Clear: [1, "E"],
  F1: [1, "P"], F2: [1, "Q"], F3: [13, "~"], F4: [1, "S"], F5: [15, "~"], F6: [17, "~"],
  F7: [18, "~"], F8: [19, "~"], F9: [20, "~"], F10: [21, "~"], F11: [23, "~"], F12: [24, "~"],
  CapsLock: [57358, "u"], ScrollLock: [57359, "u"], NumLock: [57360, "u"],
  PrintScreen: [57361, "u"], Pause: [57362, "u"], ContextMenu: [57363, "u"],
  MediaPlay: [57428, "u"], MediaPause: [57429, "u"], MediaPlayPause: [57430, "u"],
  MediaStop: [57432, "u"], MediaFastForward: [57433, "u"], MediaRewind: [57434, "u"],
  MediaTrackNext: [57435, "u"], MediaTrackPrevious: [57436, "u"], MediaRecord: [57437, "u"],
  AudioVolumeDown: [57438, "u"], AudioVolumeUp: [57439, "u"], AudioVolumeMute: [57440, "u"],
  AltGraph: [57453, "u"],
};
for (let n = 13; n <= 35; n++) FUNCTIONAL[`F${n}`] = [57376 + n - 13, "u"];

/** Keys of the keypad, by what they type or do. */
const KEYPAD = {
  ".": 57409, "/": 57410, "*": 57411, "-": 57412, "+": 57413, Enter: 57414, "=": 57415, ",": 57416,
  ArrowLeft: 57417, ArrowRight: 57418, ArrowUp: 57419, ArrowDown: 57420, PageUp: 57421,
  PageDown: 57422, Home: 57423, End: 57424, Insert: 57425, Delete: 57426, Clear: 57427,
};
for (let n = 0; n <= 9; n++) KEYPAD[n] = 57399 + n;

/** Left modifiers; the right ones are six further. */
const MODIFIERS = { Shift: 57441, Control: 57442, Alt: 57443, Meta: 57444, Super: 57444, Hyper: 57445 };

/** The character of a key on a US keyboard without Shift, for keys that are no letter or digit. */
const US_PUNCTUATION = {
  Minus: "-", Equal: "=", BracketLeft: "[", BracketRight: "]", Backslash: "\\", Semicolon: ";",
  Quote: "'", Backquote: "`", Comma: ",", Period: ".", Slash: "/", Space: " ",
};
const US_SHIFTED = { "!": "1", "@": "2", "#": "3", $: "4", "%": "5", "^": "6", "&": "7", "*": "8", "(": "9", ")": "0",
  _: "-", "+": "=", "{": "[", "}": "]", "|": "\\", ":": ";", '"': "'", "~": "`", "<": ",", ">": ".", "?": "/" };

const RIGHT = 2;
const KEYPAD_LOCATION = 3;

/** The bytes of a key event, or null. */
export function encodeKitty(key, flags, modes, options = {}) {
  const release = key.type === "release";
  if (release && !(flags & FLAG.eventTypes)) return null;
  const modifier = MODIFIERS[key.key];
  if (modifier !== undefined || key.key === "AltGraph") {
    if (!(flags & FLAG.allKeys)) return null;
    const number = modifier === undefined ? 57453 : modifier + (key.location === RIGHT ? 6 : 0);
    return sequence(key, flags, [number, "u"], "");
  }
  const isText = [...key.key].length === 1;
  if (key.location === KEYPAD_LOCATION && KEYPAD[key.key] !== undefined) return keypadKey(key, flags, modes, isText);
  return isText ? textKey(key, flags, modes, options) : functionalKey(key, flags, modes);
}

function functionalKey(key, flags, modes) {
  const functional = FUNCTIONAL[key.key];
  if (functional === undefined) return null;
  // A shell stays usable after a program that left the protocol on: these keep their bytes.
  const isShellKey = key.key === "Enter" || key.key === "Tab" || key.key === "Backspace";
  if (isShellKey && !(flags & FLAG.allKeys)) {
    if (key.type === "release") return null;
    if (!(flags & FLAG.disambiguate) || modifierBits(key, false) === 0) return encodeXterm(key, modes);
  }
  if (key.key === "Escape" && !(flags & (FLAG.disambiguate | FLAG.allKeys)) && key.type !== "release") {
    return encodeXterm(key, modes);
  }
  if (!(flags & (FLAG.disambiguate | FLAG.eventTypes | FLAG.allKeys))) return encodeXterm(key, modes);
  return sequence(key, flags, functional, "");
}

function keypadKey(key, flags, modes, isText) {
  if (!(flags & (FLAG.disambiguate | FLAG.allKeys))) {
    const legacy = key.type === "release" ? null : encodeXterm({ ...key, location: 0 }, modes);
    return isText || key.key === "Enter" ? legacy : functionalKey({ ...key, location: 0 }, flags, modes);
  }
  if (isText && !(flags & FLAG.allKeys) && !hasBeyondShift(key)) return key.type === "release" ? null : key.key;
  return sequence(key, flags, [KEYPAD[key.key], "u"], isText && !hasBeyondShift(key) ? key.key : "");
}

function textKey(key, flags, modes, options) {
  const typesText = !hasBeyondShift(key);
  if (!(flags & FLAG.allKeys)) {
    if (typesText) return key.type === "release" ? null : key.key;
    if (!(flags & FLAG.disambiguate)) return key.type === "release" ? null : legacyText(key, modes);
  }
  const plain = unshifted(key, options.layout);
  let number = String(plain.codePointAt(0));
  if (flags & FLAG.alternateKeys) {
    const shifted = key.shift && key.key !== plain ? String(key.key.codePointAt(0)) : "";
    const us = usCharacter(key.code);
    const base = us !== null && us !== plain ? String(us.codePointAt(0)) : "";
    if (base) number += `:${shifted}:${base}`;
    else if (shifted) number += `:${shifted}`;
  }
  return sequence(key, flags, [number, "u"], typesText ? key.key : "");
}

function legacyText(key, modes) {
  if (key.meta) return null;
  if (key.ctrl && !key.alt && controlCharacter(key.key) !== key.key) return controlCharacter(key.key);
  return encodeXterm(key, modes);
}

function hasBeyondShift(key) {
  return Boolean(key.ctrl || key.alt || key.meta);
}

/** CSI number ; modifiers : event ; text final, with what is empty left out. */
function sequence(key, flags, [number, final], text) {
  const event = flags & FLAG.eventTypes ? { press: "", repeat: ":2", release: ":3" }[key.type] : "";
  const isText = [...key.key].length === 1;
  const bits = modifierBits(key, !isText || Boolean(flags & FLAG.allKeys));
  const modifiers = bits > 0 || event ? `${bits + 1}${event}` : "";
  const associated = flags & FLAG.text && flags & FLAG.allKeys && key.type !== "release"
    ? [...text].map((character) => character.codePointAt(0)).join(":") : "";
  if (associated) return `\x1b[${number};${modifiers};${associated}${final}`;
  if (modifiers) return `\x1b[${number};${modifiers}${final}`;
  return `\x1b[${number === 1 ? "" : number}${final}`;
}

/** Locks count for keys that type no text, or if all keys are reported. */
function modifierBits(key, withLocks) {
  let bits = (key.shift ? 1 : 0) | (key.alt ? 2 : 0) | (key.ctrl ? 4 : 0) | (key.meta ? 8 : 0);
  if (withLocks) bits |= (key.capsLock ? 64 : 0) | (key.numLock ? 128 : 0);
  return bits;
}

/** The character of the key without Shift: the protocol's key code never is a shifted one. */
function unshifted(key, layout) {
  const known = layout?.get(key.code);
  if (known && [...known].length === 1) return known;
  const lower = key.key.toLowerCase();
  if (lower !== key.key && [...lower].length === 1) return lower;
  if (!key.shift) return key.key;
  const us = US_SHIFTED[key.key];
  return us !== undefined && us === usCharacter(key.code) ? us : key.key;
}

function usCharacter(code) {
  const match = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(code ?? "");
  if (match) return (match[1] ?? match[2]).toLowerCase();
  return US_PUNCTUATION[code] ?? null;
}

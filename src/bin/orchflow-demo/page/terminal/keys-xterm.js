// Keys as xterm sends them by default ("XTerm Control Sequences", sections "PC-Style Function Keys"
// and "VT220-Style Function Keys"), except that Alt sends ESC and Backspace sends DEL, which is what
// the terminfo entry `xterm-256color` of Linux systems names.

import { MODE, otherKeysLevel } from "./modes.js";

const CURSOR = {
  ArrowUp: "A", ArrowDown: "B", ArrowRight: "C", ArrowLeft: "D", Clear: "E", End: "F", Home: "H",
};

/** F1 to F4 are the keys PF1 to PF4 of a VT100. */
const PF = { F1: "P", F2: "Q", F3: "R", F4: "S" };

const TILDE = {
  Insert: 2, Delete: 3, PageUp: 5, PageDown: 6,
  F5: 15, F6: 17, F7: 18, F8: 19, F9: 20, F10: 21, F11: 23, F12: 24, F13: 25, F14: 26, F15: 28,
  F16: 29, ContextMenu: 29, F17: 31, F18: 32, F19: 33, F20: 34,
};

/** Final bytes of the keypad in application mode. */
const KEYPAD = {
  "*": "j", "+": "k", ",": "l", "-": "m", ".": "n", "/": "o", "=": "X", Enter: "M",
  0: "p", 1: "q", 2: "r", 3: "s", 4: "t", 5: "u", 6: "v", 7: "w", 8: "x", 9: "y",
};

const CONTROL = { Backspace: 127, Tab: 9, Enter: 13, Escape: 27 };

const KEYPAD_LOCATION = 3;

/** The parameter for modifiers in a control sequence; 1 is none. */
export function modifierParameter(key) {
  return 1 + (key.shift ? 1 : 0) + (key.alt ? 2 : 0) + (key.ctrl ? 4 : 0);
}

/** The bytes of one key press, or null. */
export function encodeXterm(key, modes) {
  if (key.meta) return null;
  return functionKey(key, modes) ?? keypadKey(key, modes) ?? controlKey(key, modes) ?? character(key, modes);
}

function functionKey(key, modes) {
  const modifiers = modifierParameter(key);
  const cursor = CURSOR[key.key];
  if (cursor !== undefined) {
    if (modifiers > 1) return `\x1b[1;${modifiers}${cursor}`;
    return (modes & MODE.cursorKeys ? "\x1bO" : "\x1b[") + cursor;
  }
  const pf = PF[key.key];
  if (pf !== undefined) return modifiers > 1 ? `\x1b[1;${modifiers}${pf}` : `\x1bO${pf}`;
  const number = TILDE[key.key];
  if (number === undefined) return null;
  return modifiers > 1 ? `\x1b[${number};${modifiers}~` : `\x1b[${number}~`;
}

/** The keypad: modifiers change nothing that it types; in application mode they are a parameter. */
function keypadKey(key, modes) {
  if (key.location !== KEYPAD_LOCATION) return null;
  const final = KEYPAD[key.key];
  if (final === undefined) return null;
  if (!(modes & MODE.keypad) || key.numLock) return key.key === "Enter" ? "\r" : key.key;
  const modifiers = modifierParameter(key);
  return `\x1bO${modifiers > 1 ? modifiers : ""}${final}`;
}

/** Backspace, Tab, Enter and Escape. */
function controlKey(key, modes) {
  const code = CONTROL[key.key];
  if (code === undefined) return null;
  const level = otherKeysLevel(modes);
  if (key.key === "Backspace") {
    // Ctrl selects the other one of DEL and BS.
    const typed = key.ctrl ? 8 : 127;
    if (level === 2 && (key.shift || key.alt)) return otherKey(key, typed);
    return escaped(key, String.fromCharCode(typed));
  }
  if (key.key === "Tab" && key.shift) {
    if (level === 2 && (key.alt || key.ctrl)) return otherKey(key, 9);
    return "\x1b[Z";
  }
  // Level 1 leaves Escape and Alt alone: Alt types an ESC before the key.
  const isReported = level === 2 ? key.shift || key.ctrl || key.alt : level === 1 && (key.shift || key.ctrl);
  if (isReported && (level === 2 || key.key !== "Escape")) return otherKey(key, code);
  return escaped(key, String.fromCharCode(code));
}

function character(key, modes) {
  if ([...key.key].length !== 1) return null;
  const level = otherKeysLevel(modes);
  if (level > 0 && reportsOther(key, level)) return otherKey(key, key.key.codePointAt(0));
  return escaped(key, key.ctrl ? controlCharacter(key.key) : key.key);
}

/** Whether modifyOtherKeys reports this character instead of typing it. */
function reportsOther(key, level) {
  if (level === 2) {
    const code = key.key.codePointAt(0);
    const isReportedWithShift = key.key === " " || (code >= 0x40 && code < 0x7f);
    return key.ctrl || key.alt || (key.shift && isReportedWithShift);
  }
  // Level 1 leaves alone what has a control character.
  return key.ctrl && (key.key === "?" || controlCharacter(key.key) === key.key);
}

function otherKey(key, code) {
  return `\x1b[27;${modifierParameter(key)};${code}~`;
}

function escaped(key, text) {
  return key.alt ? `\x1b${text}` : text;
}

/** The control character that Xlib makes of a character, or the character if there is none. */
export function controlCharacter(text) {
  const code = text.codePointAt(0);
  if (code === 0x20 || (code >= 0x40 && code < 0x7f)) return String.fromCharCode(code & 0x1f);
  if (text === "2") return "\0";
  if (text >= "3" && text <= "7") return String.fromCharCode(code - 0x33 + 0x1b);
  if (text === "8" || text === "?") return "\x7f";
  if (text === "/") return "\x1f";
  return text;
}

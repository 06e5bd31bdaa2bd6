// What a key types: bytes as xterm sends them, or those of the kitty keyboard protocol if the
// program asked for it. Pure: a key is a plain object, the modes are the bits of `modes.js`.
//
// A key: { key, code, location, shift, alt, ctrl, meta, altGraph, capsLock, numLock,
//          type: "press" | "repeat" | "release" }, with `key`, `code` and `location` as in a
// KeyboardEvent. Options: { mac, optionIsMeta, layout }, where `layout` maps a `code` to the
// character that its key types without modifiers.

import { encodeXterm } from "./keys-xterm.js";
import { kittyFlags } from "./modes.js";

let encodeKitty = null;

/**
 * Loads the kitty protocol, which few programs ask for. Until it is there, keys are as xterm sends them, which those
 * programs read, too.
 */
export async function loadKitty() {
  ({ encodeKitty } = await import("./keys-kitty.js"));
}

/**
 * The text to send, or null if the key types nothing by itself: a dead key, a key that an input
 * method took, a modifier. What such keys compose arrives as text, see `encodeText`.
 */
export function encodeKey(key, modes, options = {}) {
  if (key.key === "Dead" || key.key === "Process" || key.key === "Unidentified" || key.key === "Compose") return null;
  const typed = withoutComposingModifiers(key, options);
  const flags = kittyFlags(modes);
  if (flags !== 0 && encodeKitty) return encodeKitty(typed, flags, modes, options);
  if (key.type === "release") return null;
  return encodeXterm(typed, modes);
}

/** Text that no single key typed: from an input method, a compose sequence or a touch keyboard. */
export function encodeText(text, modes) {
  const flags = kittyFlags(modes);
  if ((flags & 24) !== 24) return text;
  const codes = [...text].map((character) => character.codePointAt(0));
  return `\x1b[0;;${codes.join(":")}u`;
}

/**
 * AltGr and macOS Option select another character of the key: `key.key` is that character already,
 * so the modifiers that selected it do not modify it again. Windows reports AltGr as Ctrl and Alt.
 */
function withoutComposingModifiers(key, options) {
  if (!isCharacter(key.key)) return key;
  if (key.altGraph) return { ...key, alt: false, ctrl: false };
  if (!options.mac || !key.alt) return key;
  if (!options.optionIsMeta) return key.ctrl ? key : { ...key, alt: false };
  const plain = options.layout?.get(key.code) ?? usCharacter(key.code, key.shift);
  return plain === null ? key : { ...key, key: key.shift ? plain.toUpperCase() : plain };
}

function isCharacter(name) {
  return [...name].length === 1;
}

function usCharacter(code, shift) {
  const match = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(code ?? "");
  if (!match) return null;
  if (match[2]) return shift ? null : match[2];
  return match[1].toLowerCase();
}

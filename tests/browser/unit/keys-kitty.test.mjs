// The kitty keyboard protocol, from its specification.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { encodeKey, encodeText, loadKitty } = await load("terminal/keys.js");
await loadKitty();
const { MODE } = await load("terminal/modes.js");

const kitty = (flags) => flags << 24;

/** "ctrl shift A KeyA release" and so on: the last word in capitals that begins a code is the code. */
function keyOf(description) {
  const key = { key: "", code: "", location: 0, shift: false, alt: false, ctrl: false, meta: false, type: "press" };
  for (const word of description.split(" ")) {
    if (["shift", "alt", "ctrl", "meta", "capsLock", "numLock", "altGraph"].includes(word)) key[word] = true;
    else if (["release", "repeat"].includes(word)) key.type = word;
    else if (word === "keypad") key.location = 3;
    else if (word === "right") key.location = 2;
    else if (/^(Key|Digit)./.test(word) || ["Semicolon", "Slash", "Minus"].includes(word)) key.code = word;
    else key.key = word === "SPACE" ? " " : word;
  }
  return key;
}

// Flags, key, bytes after ESC as "CSI" or plain text; null: nothing.
const rows = [
  // 1: disambiguate
  [1, "a", "a"], [1, "shift A", "A"], [1, "capsLock A", "A"], [1, "a release", null], [1, "a repeat", "a"],
  [1, "Escape", "CSI 27u"], [1, "shift Escape", "CSI 27;2u"], [1, "ctrl Escape", "CSI 27;5u"],
  [1, "Enter", "\r"], [1, "Tab", "\t"], [1, "Backspace", "\x7f"], [1, "SPACE", " "],
  [1, "shift Enter", "CSI 13;2u"], [1, "ctrl Enter", "CSI 13;5u"], [1, "shift Tab", "CSI 9;2u"], [1, "ctrl Tab", "CSI 9;5u"],
  [1, "ctrl Backspace", "CSI 127;5u"], [1, "alt Backspace", "CSI 127;3u"], [1, "ctrl SPACE", "CSI 32;5u"],
  [1, "ctrl a", "CSI 97;5u"], [1, "alt a", "CSI 97;3u"], [1, "alt ctrl a", "CSI 97;7u"], [1, "ctrl c", "CSI 99;5u"],
  [1, "shift ctrl A", "CSI 97;6u"], [1, "shift alt A", "CSI 97;4u"], [1, "meta a", "CSI 97;9u"],
  [1, "ctrl i", "CSI 105;5u"], [1, "ctrl [", "CSI 91;5u"], [1, "ctrl 1", "CSI 49;5u"], [1, "alt 1", "CSI 49;3u"],
  [1, "shift alt ! Digit1", "CSI 49;4u"], [1, "shift ctrl ? Slash", "CSI 47;6u"], [1, "ctrl я", "CSI 1103;5u"],
  [1, "shift ctrl Я", "CSI 1103;6u"],
  [1, "ArrowUp", "CSI A"], [1, "ArrowDown", "CSI B"], [1, "ArrowRight", "CSI C"], [1, "ArrowLeft", "CSI D"],
  [1, "Home", "CSI H"], [1, "End", "CSI F"], [1, "ctrl ArrowUp", "CSI 1;5A"], [1, "shift alt ctrl Home", "CSI 1;8H"],
  [1, "Insert", "CSI 2~"], [1, "Delete", "CSI 3~"], [1, "PageUp", "CSI 5~"], [1, "PageDown", "CSI 6~"], [1, "shift Delete", "CSI 3;2~"],
  [1, "F1", "CSI P"], [1, "F2", "CSI Q"], [1, "F3", "CSI 13~"], [1, "F4", "CSI S"], [1, "F5", "CSI 15~"], [1, "F12", "CSI 24~"],
  [1, "shift F1", "CSI 1;2P"], [1, "ctrl F3", "CSI 13;5~"], [1, "F13", "CSI 57376u"], [1, "F24", "CSI 57387u"], [1, "F35", "CSI 57398u"],
  [1, "ContextMenu", "CSI 57363u"], [1, "PrintScreen", "CSI 57361u"], [1, "Pause", "CSI 57362u"], [1, "CapsLock", "CSI 57358u"],
  [1, "NumLock", "CSI 57360u"], [1, "ScrollLock", "CSI 57359u"], [1, "AudioVolumeMute", "CSI 57440u"], [1, "MediaPlayPause", "CSI 57430u"],
  [1, "Shift", null], [1, "Control", null], [1, "Dead", null], [1, "Process", null],
  [1, "keypad 5 numLock", "5"], [1, "keypad ctrl 5 numLock", "CSI 57404;5u"], [1, "keypad Enter", "CSI 57414u"],
  [1, "keypad ArrowUp", "CSI 57419u"], [1, "keypad Clear", "CSI 57427u"], [1, "keypad Home", "CSI 57423u"], [1, "keypad Delete", "CSI 57426u"],
  [1, "keypad alt +", "CSI 57413;3u"], [1, "keypad alt .", "CSI 57409;3u"],
  // Locks count for keys that type no text.
  [1, "numLock ArrowUp", "CSI 1;129A"], [1, "capsLock F5", "CSI 15;65~"], [1, "capsLock ctrl a", "CSI 97;5u"],
  [1, "altGraph ctrl alt @", "@"],
  // 2: event types
  [2, "a", "a"], [2, "a release", null], [2, "a repeat", "a"], [2, "ctrl a", "\x01"], [2, "ctrl a release", null],
  [2, "Escape", "\x1b"], [2, "ArrowUp", "CSI A"], [2, "ArrowUp repeat", "CSI 1;1:2A"], [2, "ArrowUp release", "CSI 1;1:3A"],
  [2, "ctrl ArrowUp release", "CSI 1;5:3A"], [2, "F5 release", "CSI 15;1:3~"], [2, "Enter release", null], [2, "Tab release", null],
  [3, "ctrl a", "CSI 97;5u"], [3, "ctrl a repeat", "CSI 97;5:2u"], [3, "ctrl a release", "CSI 97;5:3u"],
  [3, "Escape release", "CSI 27;1:3u"], [3, "Backspace release", null], [3, "Enter", "\r"],
  // 4: alternate keys
  [5, "shift ctrl A KeyA", "CSI 97:65;6u"], [5, "ctrl a KeyA", "CSI 97;5u"], [5, "ctrl ч KeyX", "CSI 1095::120;5u"],
  [5, "shift ctrl Ч KeyX", "CSI 1095:1063:120;6u"], [5, "shift alt ! Digit1", "CSI 49:33;4u"], [5, "ArrowUp", "CSI A"],
  // 8: all keys
  [8, "a", "CSI 97u"], [8, "shift A", "CSI 97;2u"], [8, "capsLock A", "CSI 97;65u"], [8, "numLock a", "CSI 97;129u"],
  [8, "Enter", "CSI 13u"], [8, "Tab", "CSI 9u"], [8, "Backspace", "CSI 127u"], [8, "Escape", "CSI 27u"], [8, "SPACE", "CSI 32u"],
  [8, "shift Shift", "CSI 57441;2u"], [8, "shift right Shift", "CSI 57447;2u"], [8, "ctrl Control", "CSI 57442;5u"],
  [8, "alt Alt", "CSI 57443;3u"], [8, "meta Meta", "CSI 57444;9u"], [8, "right ctrl Control", "CSI 57448;5u"], [8, "right AltGraph", "CSI 57453u"],
  [8, "keypad 5 numLock", "CSI 57404;129u"], [8, "a release", null], [8, "ArrowUp", "CSI A"],
  [10, "a release", "CSI 97;1:3u"], [10, "a", "CSI 97u"], [10, "a repeat", "CSI 97;1:2u"], [10, "Enter release", "CSI 13;1:3u"],
  [10, "Shift release", "CSI 57441;1:3u"], [10, "shift Shift", "CSI 57441;2u"],
  [12, "shift A KeyA", "CSI 97:65;2u"],
  // 16: text
  [24, "a", "CSI 97;;97u"], [24, "shift A", "CSI 97;2;65u"], [24, "ctrl a", "CSI 97;5u"], [24, "alt a", "CSI 97;3u"],
  [24, "Enter", "CSI 13u"], [24, "SPACE", "CSI 32;;32u"], [24, "ArrowUp", "CSI A"], [24, "keypad 5 numLock", "CSI 57404;129;53u"],
  [26, "a release", "CSI 97;1:3u"], [26, "a", "CSI 97;;97u"], [26, "a repeat", "CSI 97;1:2;97u"], [28, "shift A KeyA", "CSI 97:65;2;65u"],
  [31, "shift ß", "CSI 223;2;223u"], [16, "a", "a"], [16, "ctrl a", "\x01"],
  // Flags that change nothing for a key leave it to xterm.
  [4, "ArrowUp", "CSI A"], [4, "Escape", "\x1b"], [4, "alt a", "\x1ba"], [2, "keypad 5 numLock", "5"], [2, "keypad ArrowUp", "CSI A"],
];

for (const [flags, description, expected] of rows) {
  test(`kitty ${flags}: ${description}`, () => {
    const key = keyOf(description);
    assert.equal(encodeKey(key, kitty(flags)), expected?.replace("CSI ", "\x1b[") ?? null);
  });
}

test("application cursor keys do not count while the protocol is on", () => {
  assert.equal(encodeKey(keyOf("ArrowUp"), kitty(1) | MODE.cursorKeys), "\x1b[A");
  assert.equal(encodeKey(keyOf("ArrowUp"), kitty(4) | MODE.cursorKeys), "\x1bOA");
});

test("the layout names the key without Shift", () => {
  const layout = new Map([["Digit7", "7"], ["Slash", "-"]]);
  assert.equal(encodeKey(keyOf("shift ctrl / Digit7"), kitty(1), { layout }), "\x1b[55;6u");
  assert.equal(encodeKey(keyOf("shift ctrl _ Slash"), kitty(5), { layout }), "\x1b[45:95:47;6u");
});

test("composed text has no key", () => {
  assert.equal(encodeText("漢字", 0), "漢字");
  assert.equal(encodeText("漢字", kitty(8)), "漢字");
  assert.equal(encodeText("漢字", kitty(24)), "\x1b[0;;28450:23383u");
});

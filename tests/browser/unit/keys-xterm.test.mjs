import assert from "node:assert/strict";
import { test } from "node:test";
import { APPLICATION, APPLICATION_NUM_LOCK, MODIFIERS, OTHER_KEYS_1, OTHER_KEYS_2, PLAIN } from "./keys-xterm.table.mjs";
import { load } from "./page.mjs";

const { encodeKey } = await load("terminal/keys.js");
const { MODE } = await load("terminal/modes.js");

/** Control characters from their pictures. */
const bytes = (text) => text.replace(/[\u2400-\u2421]/g, (picture) => picture === "\u2421" ? "\x7f" : String.fromCodePoint(picture.codePointAt(0) - 0x2400));

function keyOf(label, modifiers, more = {}) {
  const isKeypad = label.startsWith("keypad ");
  const names = label === " " ? [" "] : label.replace("keypad ", "").split(" ");
  const has = (name) => modifiers.split(" ").includes(name);
  return {
    key: has("shift") ? names[1] ?? names[0] : names[0], code: "", location: isKeypad ? 3 : 0,
    shift: has("shift"), alt: has("alt"), ctrl: has("ctrl"), meta: false, type: "press", ...more,
  };
}

let cases = 0;

function check(name, rows, columns, modes, more) {
  test(name, () => {
    for (const [label, ...expected] of rows) {
      for (const [column, text] of expected.entries()) {
        if (text === null) continue;
        const typed = encodeKey(keyOf(label, columns[column], more), modes);
        assert.equal(typed, bytes(text), `${columns[column]} ${label}`);
        cases += 1;
      }
    }
  });
}

check("keys without modes", PLAIN, MODIFIERS, 0);
check("modifyOtherKeys 1", OTHER_KEYS_1, MODIFIERS, 1 << 29);
check("modifyOtherKeys 2", OTHER_KEYS_2, MODIFIERS, 2 << 29);
check("application cursor keys and keypad", APPLICATION, ["", "shift", "ctrl"], MODE.cursorKeys | MODE.keypad);
check("application keypad with NumLock", APPLICATION_NUM_LOCK, ["", "shift", "ctrl"], MODE.cursorKeys | MODE.keypad, { numLock: true });

test("the tables are whole", () => assert.ok(cases > 700, `${cases} cases`));

test("keys that compose type nothing themselves", () => {
  for (const key of ["Dead", "Process", "Unidentified", "Compose", "Shift", "Control", "CapsLock", "AudioVolumeUp"]) {
    assert.equal(encodeKey(keyOf(key, ""), 0), null, key);
  }
  assert.equal(encodeKey(keyOf("a A", "", { type: "release" }), 0), null);
  assert.equal(encodeKey(keyOf("a A", "", { meta: true }), 0), null);
});

test("AltGr selects a character and modifies nothing", () => {
  assert.equal(encodeKey(keyOf("@", "alt ctrl", { altGraph: true, code: "KeyQ" }), 0), "@");
  assert.equal(encodeKey(keyOf("€", "alt", { altGraph: true }), 0), "€");
  assert.equal(encodeKey(keyOf("{", "alt ctrl", { altGraph: true }), 2 << 29), "{");
});

test("Option composes on macOS unless it is meta", () => {
  const key = keyOf("å", "alt", { code: "KeyA" });
  assert.equal(encodeKey(key, 0, { mac: true }), "å");
  assert.equal(encodeKey(key, 0, { mac: true, optionIsMeta: true }), "\x1ba");
  assert.equal(encodeKey({ ...key, key: "Å", shift: true }, 0, { mac: true, optionIsMeta: true }), "\x1bA");
  assert.equal(encodeKey(keyOf("∫", "alt", { code: "KeyB" }), 0, { mac: true, optionIsMeta: true, layout: new Map([["KeyB", "x"]]) }), "\x1bx");
  assert.equal(encodeKey(key, 0), "\x1bå");
});

test("text of other scripts is typed as it is", () => {
  assert.equal(encodeKey(keyOf("я", ""), 0), "я");
  assert.equal(encodeKey(keyOf("я", "alt"), 0), "\x1bя");
  assert.equal(encodeKey(keyOf("😀", ""), 0), "😀");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { glyphBackground } = await load("terminal/glyphs.js");

test("box drawing and blocks are drawn, except diagonals", () => {
  for (let code = 0x2500; code <= 0x259f; code++) {
    const glyph = glyphBackground(String.fromCharCode(code));
    const isDiagonal = code >= 0x2571 && code <= 0x2573;
    assert.equal(glyph === null, isDiagonal, code.toString(16));
    if (glyph !== null) assert.doesNotMatch(glyph.css, /undefined|NaN/, code.toString(16));
  }
  for (const text of ["a", "\u24ff", "\u25a0", "\u2500\u2500", ""]) assert.equal(glyphBackground(text), null);
});

test("brackets in the backgrounds match", () => {
  for (let code = 0x2500; code <= 0x259f; code++) {
    const css = glyphBackground(String.fromCharCode(code))?.css ?? "";
    assert.equal(css.split("(").length, css.split(")").length, code.toString(16));
  }
});

test("only what looks the same across fills many cells", () => {
  for (const text of "─━═▀▄█░▔") assert.ok(glyphBackground(text).repeats, text);
  for (const text of "│┼┌╭▌▐┄╬▖") assert.ok(!glyphBackground(text).repeats, text);
});

test("lines that differ are drawn differently", () => {
  const seen = new Map();
  for (let code = 0x2500; code <= 0x257f; code++) {
    const css = glyphBackground(String.fromCharCode(code))?.css;
    if (css === undefined) continue;
    assert.equal(seen.get(css), undefined, `${code.toString(16)} looks like ${seen.get(css)?.toString(16)}`);
    seen.set(css, code);
  }
});

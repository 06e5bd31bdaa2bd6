import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { Palette, cssColor, indexedRgb } = await load("terminal/colors.js");
const { CONTRAST_MIN, contrast, readable } = await load("terminal/contrast.js");

const theme = { "--term-fg": [27, 30, 33], "--term-bg": [255, 255, 255], "--term-4": [31, 95, 174], "--term-7": [89, 95, 102] };

function palette() {
  const made = new Palette();
  made.update((name) => theme[name] ?? [128, 128, 128]);
  return made;
}

const rgbOf = (css) => css.match(/\d+/g).map(Number);

test("colours in CSS", () => {
  assert.equal(cssColor("default"), null);
  assert.equal(cssColor(undefined), null);
  assert.equal(cssColor({ indexed: 3 }), "var(--term-3)");
  assert.equal(cssColor({ indexed: 16 }), "rgb(0,0,0)");
  assert.equal(cssColor({ indexed: 208 }), "rgb(255,135,0)");
  assert.equal(cssColor({ rgb: [1, 2, 3] }), "rgb(1,2,3)");
  assert.deepEqual(indexedRgb(231), [255, 255, 255]);
  assert.deepEqual(indexedRgb(232), [8, 8, 8]);
  assert.deepEqual(indexedRgb(255), [238, 238, 238]);
});

test("contrast is that of WCAG", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.equal(contrast([9, 9, 9], [9, 9, 9]), 1);
  assert.ok(Math.abs(contrast([118, 118, 118], [255, 255, 255]) - 4.54) < 0.01);
});

test("every pair of the 256 colours can be read", () => {
  for (let fg = 16; fg < 256; fg += 3) {
    for (let bg = 16; bg < 256; bg += 5) {
      const back = indexedRgb(bg);
      assert.ok(contrast(readable(indexedRgb(fg), back), back) >= CONTRAST_MIN, `${fg} on ${bg}`);
    }
  }
});

test("what can be read stays as it is", () => {
  const color = [200, 0, 0];
  assert.equal(readable(color, [255, 255, 255]), color);
  assert.equal(palette().textColor({ rgb: [200, 0, 0] }, "default"), "rgb(200,0,0)");
  assert.equal(palette().textColor({ indexed: 4 }, "default"), "var(--term-4)");
  assert.equal(palette().textColor("default", "default"), null);
});

test("text on a coloured background is compared with it", () => {
  const color = palette().textColor({ indexed: 7 }, { indexed: 4 });
  assert.ok(contrast(rgbOf(color), theme["--term-4"]) >= CONTRAST_MIN, color);
  const inverse = palette().textColor({ indexed: 4 }, { indexed: 7 }, true);
  assert.ok(contrast(rgbOf(inverse), theme["--term-4"]) >= CONTRAST_MIN, inverse);
});

test("another theme is noticed", () => {
  const made = palette();
  assert.ok(!made.update((name) => theme[name] ?? [128, 128, 128]));
  assert.ok(made.update(() => [1, 1, 1]));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./page.mjs";

const { WheelSteps, encodeMouse } = await load("terminal/mouse.js");
const { MODE } = await load("terminal/modes.js");

const { mouseClicks: CLICKS, mouseDrags: DRAGS, mouseMotion: MOTION, mousePresses: PRESSES, mouseSgr: SGR,
  mouseUtf8: UTF8, mouseUrxvt: URXVT, mousePixels: PIXELS } = MODE;

const at = (col, row, more = {}) => ({ kind: "press", button: "left", col, row, x: col * 8 + 3.5, y: row * 16 + 2, shift: false, alt: false, ctrl: false, ...more });
const release = { kind: "release" };
const move = { kind: "move" };

// Modes, event, bytes ("latin1" of what xterm sends) or null.
const cases = [
  [0, at(0, 0), null],
  [PRESSES, at(0, 0), "\x1b[M !!"],
  [PRESSES, at(4, 2, { button: "right", shift: true, ctrl: true }), "\x1b[M\"%#"],
  [PRESSES, at(0, 0, release), null],
  [PRESSES, at(0, 0, { button: "wheelUp" }), null],
  [CLICKS, at(0, 0), "\x1b[M !!"],
  [CLICKS, at(1, 2, { button: "middle" }), "\x1b[M!\"#"],
  [CLICKS, at(0, 0, release), "\x1b[M#!!"],
  [CLICKS, at(0, 0, { ...release, ctrl: true }), "\x1b[M3!!"],
  [CLICKS, at(0, 0, { shift: true }), "\x1b[M$!!"],
  [CLICKS, at(0, 0, { alt: true }), "\x1b[M(!!"],
  [CLICKS, at(0, 0, { ctrl: true }), "\x1b[M0!!"],
  [CLICKS, at(0, 0, { button: "wheelUp" }), "\x1b[M`!!"],
  [CLICKS, at(0, 0, { button: "wheelDown" }), "\x1b[Ma!!"],
  [CLICKS, at(0, 0, { button: "wheelLeft" }), "\x1b[Mb!!"],
  [CLICKS, at(0, 0, { button: "wheelRight" }), "\x1b[Mc!!"],
  [CLICKS, at(0, 0, { button: "wheelUp", ...release }), null],
  [CLICKS, at(0, 0, { button: "back" }), "\x1b[M\xa0!!"],
  [CLICKS, at(222, 222), "\x1b[M \xff\xff"],
  [CLICKS, at(223, 0), null],
  [CLICKS, at(0, 223), null],
  [CLICKS, at(0, 0, move), null],
  [DRAGS, at(3, 0, move), "\x1b[M@$!"],
  [DRAGS, at(3, 0, { ...move, button: "none" }), null],
  [DRAGS, at(0, 0), "\x1b[M !!"],
  [MOTION, at(3, 0, { ...move, button: "none" }), "\x1b[MC$!"],
  [MOTION, at(3, 0, { ...move, button: "right" }), "\x1b[MB$!"],
  [CLICKS | SGR, at(0, 0), "\x1b[<0;1;1M"],
  [CLICKS | SGR, at(299, 99, { ...release, button: "right" }), "\x1b[<2;300;100m"],
  [CLICKS | SGR, at(9, 9, { button: "wheelDown", ctrl: true }), "\x1b[<81;10;10M"],
  [CLICKS | SGR, at(0, 0, { button: "forward" }), "\x1b[<129;1;1M"],
  [MOTION | SGR, at(1, 1, { ...move, button: "none", shift: true }), "\x1b[<39;2;2M"],
  [DRAGS | SGR, at(1, 1, { ...move, button: "middle" }), "\x1b[<33;2;2M"],
  [CLICKS | URXVT, at(299, 99), "\x1b[32;300;100M"],
  [CLICKS | URXVT, at(0, 0, release), "\x1b[35;1;1M"],
  [CLICKS | SGR | PIXELS, at(2, 1), "\x1b[<0;20;19M"],
  [CLICKS | UTF8, at(0, 0), "\x1b[M !!"],
  [CLICKS | UTF8, at(299, 94), "\x1b[M \xc5\x8c\x7f"],
  [CLICKS | UTF8, at(2014, 2014), "\x1b[M \xdf\xbf\xdf\xbf"],
  [CLICKS | UTF8, at(2015, 0), null],
];

for (const [number, [modes, event, expected]] of cases.entries()) {
  test(`mouse ${number}: ${event.kind} ${event.button} at ${event.col},${event.row}`, () => {
    const bytes = encodeMouse(event, modes);
    assert.equal(bytes && Buffer.from(bytes).toString("latin1"), expected);
  });
}

test("a wheel turns by whole steps", () => {
  const wheel = new WheelSteps();
  assert.equal(wheel.add(10, 0, 16, 24), 0);
  assert.equal(wheel.add(10, 0, 16, 24), 1);
  assert.equal(wheel.add(-20, 0, 16, 24), -1, "the rest of the other direction is dropped");
  assert.equal(wheel.add(3, 1, 16, 24), 3);
  assert.equal(wheel.add(-1, 2, 16, 24), -24);
});

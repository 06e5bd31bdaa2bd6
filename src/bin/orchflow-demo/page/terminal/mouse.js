// What the mouse types when a program asks for it ("XTerm Control Sequences", "Mouse Tracking").

import { MODE, MOUSE_MODES } from "./modes.js";

const BUTTONS = {
  left: 0, middle: 1, right: 2, none: 3,
  wheelUp: 64, wheelDown: 65, wheelLeft: 66, wheelRight: 67,
  back: 128, forward: 129,
};

/** The largest coordinate of the default encoding and of the UTF-8 encoding. */
const DEFAULT_MAX = 223;
const UTF8_MAX = 2015;

export function wantsMouse(modes) {
  return (modes & MOUSE_MODES) !== 0;
}

/**
 * The bytes for an event, or null if the modes do not report it.
 * event: { kind: "press" | "release" | "move", button, col, row, x, y, shift, alt, ctrl }, where
 * `button` is a name of the table above (of a move: the button that is held), `col` and `row` count
 * cells from 0, and `x` and `y` are pixels from 0.
 */
export function encodeMouse(event, modes) {
  if (!isReported(event, modes)) return null;
  const number = BUTTONS[event.button];
  const isWheel = number >= 64 && number < 128;
  if (isWheel && event.kind !== "press") return null;
  let code = number;
  if (!onlyPresses(modes)) code += (event.shift ? 4 : 0) + (event.alt ? 8 : 0) + (event.ctrl ? 16 : 0);
  if (event.kind === "move") code += 32;
  const release = event.kind === "release";
  if (modes & MODE.mousePixels) return sgr(code, Math.floor(event.x) + 1, Math.floor(event.y) + 1, release);
  const col = event.col + 1;
  const row = event.row + 1;
  if (modes & MODE.mouseSgr) return sgr(code, col, row, release);
  // Without SGR a release does not say which button it is.
  if (release) code = (code & ~(3 | 64 | 128)) | 3;
  if (modes & MODE.mouseUrxvt) return text(`\x1b[${code + 32};${col};${row}M`);
  if (modes & MODE.mouseUtf8) return utf8(code, col, row);
  if (col > DEFAULT_MAX || row > DEFAULT_MAX) return null;
  return Uint8Array.of(0x1b, 0x5b, 0x4d, code + 32, col + 32, row + 32);
}

/** X10 compatibility: presses of the first three buttons and nothing else. */
function onlyPresses(modes) {
  return (modes & (MODE.mouseClicks | MODE.mouseDrags | MODE.mouseMotion)) === 0;
}

function isReported(event, modes) {
  if (!wantsMouse(modes)) return false;
  if (onlyPresses(modes)) return event.kind === "press" && BUTTONS[event.button] < 3;
  if (event.kind !== "move") return event.button !== "none";
  if (modes & MODE.mouseMotion) return true;
  return (modes & MODE.mouseDrags) !== 0 && event.button !== "none";
}

function sgr(code, col, row, release) {
  return text(`\x1b[<${code};${col};${row}${release ? "m" : "M"}`);
}

function utf8(code, col, row) {
  if (col > UTF8_MAX || row > UTF8_MAX) return null;
  return text(`\x1b[M${String.fromCodePoint(code + 32, col + 32, row + 32)}`);
}

function text(characters) {
  return new TextEncoder().encode(characters);
}

/** Turns distances of a wheel into whole steps; what is left of a step waits for the next event. */
export class WheelSteps {
  #rest = 0;

  /** deltaMode as in WheelEvent: 0 pixels, 1 lines, 2 pages. */
  add(delta, deltaMode, cellHeight, rows) {
    const lines = deltaMode === 0 ? delta / cellHeight : deltaMode === 1 ? delta : delta * rows;
    if (Math.sign(lines) !== Math.sign(this.#rest)) this.#rest = 0;
    const sum = this.#rest + lines;
    const steps = Math.trunc(sum);
    this.#rest = sum - steps;
    return steps;
  }
}

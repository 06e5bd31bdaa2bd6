// The mouse and touch: reports to programs that ask for the mouse, links, and selecting, which is the
// browser's own.

import { encodeMouse, wantsMouse, WheelSteps } from "./mouse.js";
import { MODE } from "./modes.js";

const NAMES = ["left", "middle", "right", "back", "forward"];

/** Programs scroll by about three lines for each turn of the wheel that is sent to them. */
const LINES_OF_TURN = 3;

/** One event of a wheel, however fast it turns. */
const STEPS_MAX = 32;

export class Pointer {
  #view;
  #pressed = new Set();
  #lastCell = "";
  #wheelY = new WheelSteps();
  #wheelX = new WheelSteps();
  #touchY = null;

  /**
   * view: { scroller, modes(), cellOf(event) -> { col, row, x, y }, type(bytes), key(name), rows, cellHeight,
   * hover(event | null), open(event) -> whether a link was opened, focus() }
   */
  constructor(view) {
    this.#view = view;
    const { scroller } = view;
    scroller.addEventListener("pointerdown", (event) => this.#down(event));
    scroller.addEventListener("pointermove", (event) => this.#move(event));
    scroller.addEventListener("pointerup", (event) => this.#up(event));
    scroller.addEventListener("pointercancel", () => this.#pressed.clear());
    scroller.addEventListener("pointerleave", () => view.hover(null));
    scroller.addEventListener("click", (event) => this.#click(event));
    scroller.addEventListener("contextmenu", (event) => {
      if (this.#reports(event)) event.preventDefault();
    });
    scroller.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    scroller.addEventListener("touchstart", (event) => {
      this.#touchY = event.touches.length === 1 ? event.touches[0].clientY : null;
    }, { passive: true });
    scroller.addEventListener("touchmove", (event) => this.#touch(event), { passive: false });
  }

  /** Shift, or a link under Ctrl, belongs to the page and not to the program. */
  #reports(event) {
    return wantsMouse(this.#view.modes()) && !event.shiftKey && !this.#view.isAlien(event);
  }

  #send(kind, button, event) {
    const cell = this.#view.cellOf(event);
    const bytes = encodeMouse({ kind, button, ...cell, shift: event.shiftKey, alt: event.altKey, ctrl: event.ctrlKey },
      this.#view.modes());
    if (bytes) this.#view.type(bytes);
  }

  #down(event) {
    if (event.pointerType === "touch" || this.#view.isAlien(event)) return;
    if (!this.#reports(event)) return;
    event.preventDefault();
    this.#view.focus();
    const button = NAMES[event.button] ?? "left";
    this.#pressed.add(button);
    this.#view.scroller.setPointerCapture(event.pointerId);
    this.#lastCell = this.#cellKey(event);
    this.#send("press", button, event);
  }

  #move(event) {
    if (event.pointerType === "touch") return;
    this.#view.hover(event);
    if (this.#pressed.size === 0 && (!this.#reports(event) || event.buttons !== 0)) return;
    const key = this.#cellKey(event);
    if (key === this.#lastCell) return;
    this.#lastCell = key;
    this.#send("move", [...this.#pressed].at(-1) ?? "none", event);
  }

  #cellKey(event) {
    const cell = this.#view.cellOf(event);
    if (this.#view.modes() & MODE.mousePixels) return `${Math.floor(cell.x)},${Math.floor(cell.y)}`;
    return `${cell.col},${cell.row}`;
  }

  #up(event) {
    const button = NAMES[event.button] ?? "left";
    if (!this.#pressed.delete(button)) return;
    event.preventDefault();
    this.#send("release", button, event);
  }

  /** A click opens a link, gives a tap to the program, and focuses unless it selected something. */
  #click(event) {
    if (this.#view.open(event)) return;
    if (event.pointerType === "touch" && this.#reports(event)) {
      this.#send("press", "left", event);
      this.#send("release", "left", event);
    }
    if (getSelection()?.isCollapsed ?? true) this.#view.focus();
  }

  #wheel(event) {
    if (event.ctrlKey && !wantsMouse(this.#view.modes())) return;
    const { cellHeight, rows } = this.#view;
    if (this.#reports(event)) {
      event.preventDefault();
      const turn = cellHeight * LINES_OF_TURN;
      this.#steps(this.#wheelY.add(event.deltaY, event.deltaMode, turn, rows), "wheelUp", "wheelDown", event);
      this.#steps(this.#wheelX.add(event.deltaX, event.deltaMode, turn, rows), "wheelLeft", "wheelRight", event);
      return;
    }
    if (event.deltaY < 0) this.#view.leaveEnd();
    if (!this.#scrollsProgram(event)) return;
    event.preventDefault();
    this.#arrows(this.#wheelY.add(event.deltaY, event.deltaMode, cellHeight, rows));
  }

  #steps(count, negative, positive, event) {
    const button = count < 0 ? negative : positive;
    for (let step = 0; step < Math.min(Math.abs(count), STEPS_MAX); step++) this.#send("press", button, event);
  }

  #arrows(count) {
    const key = count < 0 ? "ArrowUp" : "ArrowDown";
    for (let step = 0; step < Math.min(Math.abs(count), STEPS_MAX); step++) this.#view.key(key);
  }

  /** Alternate scroll: a pager without mouse support is scrolled with arrow keys. */
  #scrollsProgram(event) {
    const modes = this.#view.modes();
    return (modes & MODE.alternateScreen) !== 0 && (modes & MODE.alternateScroll) !== 0 && !event.shiftKey;
  }

  /** A finger on the alternate screen has nothing to scroll in the page: it turns the wheel. */
  #touch(event) {
    const modes = this.#view.modes();
    if (this.#touchY === null || event.touches.length !== 1 || !(modes & MODE.alternateScreen)) return;
    if (!wantsMouse(modes) && !(modes & MODE.alternateScroll)) return;
    if (event.cancelable) event.preventDefault();
    const touch = event.touches[0];
    const lines = wantsMouse(modes) ? LINES_OF_TURN : 1;
    const steps = this.#wheelY.add(this.#touchY - touch.clientY, 0, this.#view.cellHeight * lines, this.#view.rows);
    this.#touchY = touch.clientY;
    const at = { clientX: touch.clientX, clientY: touch.clientY, shiftKey: false, altKey: false, ctrlKey: false };
    if (wantsMouse(modes)) this.#steps(steps, "wheelUp", "wheelDown", at);
    else this.#arrows(steps);
  }
}

// The bits of `modes` in a message `screen` (docs/PROTOCOL.md, "screen").

export const MODE = Object.freeze({
  alternateScreen: 1 << 0,
  cursorKeys: 1 << 1,
  keypad: 1 << 2,
  bracketedPaste: 1 << 3,
  mouseClicks: 1 << 4,
  mouseDrags: 1 << 5,
  mouseMotion: 1 << 6,
  mouseSgr: 1 << 7,
  mouseUtf8: 1 << 8,
  focusReports: 1 << 9,
  alternateScroll: 1 << 10,
  mouseUrxvt: 1 << 15,
  mousePixels: 1 << 16,
  mousePresses: 1 << 17,
  reversed: 1 << 19,
});

/** Any mode in which the program receives the mouse. */
export const MOUSE_MODES = MODE.mouseClicks | MODE.mouseDrags | MODE.mouseMotion | MODE.mousePresses;

/** The flags of the kitty keyboard protocol. */
export const kittyFlags = (modes) => (modes >>> 24) & 31;

/** The level of modifyOtherKeys: 0, 1 or 2. */
export const otherKeysLevel = (modes) => (modes >>> 29) & 3;

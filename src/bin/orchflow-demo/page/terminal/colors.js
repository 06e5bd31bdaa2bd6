// Colours of the protocol as CSS. The first 16 and the defaults are the custom properties of the
// theme, so a change of the theme redraws nothing.

const CUBE = [0, 95, 135, 175, 215, 255];

/** A colour of the protocol in CSS, or null for the default. */
export function cssColor(color) {
  if (color === undefined || color === null || color === "default") return null;
  if (color.rgb) return `rgb(${color.rgb.join(",")})`;
  return indexedColor(color.indexed);
}

/** One of the 256 colours as xterm defines them: 16 of the theme, a cube of 6³, 24 greys. */
export function indexedColor(index) {
  if (index < 16) return `var(--term-${index})`;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey},${grey},${grey})`;
  }
  const cube = index - 16;
  return `rgb(${CUBE[Math.floor(cube / 36)]},${CUBE[Math.floor(cube / 6) % 6]},${CUBE[cube % 6]})`;
}

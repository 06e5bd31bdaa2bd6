// Text that a program's colours would make unreadable is moved toward black or white: light themes
// have a dark "white", and programs choose pairs of colours for other themes. Pure.

/** The contrast that text keeps, as WCAG counts it for small text (level AA). */
export const CONTRAST_MIN = 4.5;

/** The luminance of [red, green, blue], 0 to 1. */
export function luminance([red, green, blue]) {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function linear(value) {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

export function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** `color` if it can be read on `background`, else the nearest mix with black or white that can. */
export function readable(color, background, least = CONTRAST_MIN) {
  if (contrast(color, background) >= least) return color;
  const toward = contrast([255, 255, 255], background) >= contrast([0, 0, 0], background) ? 255 : 0;
  for (let share = 0.1; share < 1; share += 0.1) {
    const mixed = color.map((part) => Math.round(part + (toward - part) * share));
    if (contrast(mixed, background) >= least) return mixed;
  }
  return [toward, toward, toward];
}

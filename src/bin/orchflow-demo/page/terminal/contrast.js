// Text that a program's colours would make unreadable is moved toward black or white: light themes
// have a dark "white", and programs choose pairs of colours for other themes. Pure.

/** The contrast that text keeps, as WCAG counts it for small text (level AA). */
export const CONTRAST_MIN = 4.5;

/** The share of light of each value of a channel. */
const LINEAR = Float64Array.from({ length: 256 }, (_, value) => {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
});

/** The luminance of [red, green, blue], whole numbers up to 255: 0 to 1. */
export function luminance([red, green, blue]) {
  return 0.2126 * LINEAR[red] + 0.7152 * LINEAR[green] + 0.0722 * LINEAR[blue];
}

export function contrast(a, b) {
  return ratio(luminance(a), luminance(b));
}

function ratio(a, b) {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** `color` if it can be read on `background`, else the nearest mix with black or white that can. */
export function readable(color, background, least = CONTRAST_MIN) {
  const back = luminance(background);
  if (ratio(luminance(color), back) >= least) return color;
  const toward = ratio(1, back) >= ratio(0, back) ? 255 : 0;
  for (let share = 0.1; share < 1; share += 0.1) {
    const mixed = color.map((part) => Math.round(part + (toward - part) * share));
    if (ratio(luminance(mixed), back) >= least) return mixed;
  }
  return [toward, toward, toward];
}

// Numbers for people.

const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** `1.4 MB`; powers of 1,024, three digits. */
export function showSize(bytes) {
  let unit = 0;
  let value = bytes;
  for (; value >= 1000 && unit < UNITS.length - 1; unit += 1) value /= 1024;
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** `12,345` */
export const showNumber = (value) => value.toLocaleString("en-US");

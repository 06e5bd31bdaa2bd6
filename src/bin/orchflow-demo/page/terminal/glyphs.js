// Box drawing and block elements, drawn with CSS backgrounds in the colour of the text: fonts draw
// them for another line height, and lines of neighbouring cells would not meet.

const COLOR = "currentColor";

/** Light and heavy lines; a line is never thinner than a pixel of CSS. */
const THIN = "max(1px, 0.07em)";
const THICK = "max(2px, 0.16em)";
/** The distance of a double line from the middle. */
const GAP = "max(1px, 0.09em)";

/** U+2500 to U+257F: the weights of the arms right, down, left, up. 0 none, 1 light, 2 heavy, 3 double. */
const ARMS = [
  "1010", "2020", "0101", "0202", "1010", "2020", "0101", "0202", "1010", "2020", "0101", "0202",
  "1100", "2100", "1200", "2200", "0110", "0120", "0210", "0220", "1001", "2001", "1002", "2002",
  "0011", "0021", "0012", "0022", "1101", "2101", "1102", "1201", "1202", "2102", "2201", "2202",
  "0111", "0121", "0112", "0211", "0212", "0122", "0221", "0222", "1110", "1120", "2110", "2120",
  "1210", "1220", "2210", "2220", "1011", "1021", "2011", "2021", "1012", "1022", "2012", "2022",
  "1111", "1121", "2111", "2121", "1112", "1211", "1212", "1122", "2112", "1221", "2211", "2122",
  "2221", "1222", "2212", "2222", "1010", "2020", "0101", "0202",
  "3030", "0303", "3100", "1300", "3300", "0130", "0310", "0330", "3001", "1003", "3003", "0031",
  "0013", "0033", "3101", "1303", "3303", "0131", "0313", "0333", "3130", "1310", "3330", "3031",
  "1013", "3033", "3131", "1313", "3333", "1100", "0110", "0011", "1001", "0000", "0000", "0000",
  "0010", "0001", "1000", "0100", "0020", "0002", "2000", "0200", "2010", "0201", "1020", "0102",
];

/** The number of dashes of a dashed line. */
const DASHES = new Map([[0x2504, 3], [0x2505, 3], [0x2506, 3], [0x2507, 3], [0x2508, 4], [0x2509, 4],
  [0x250a, 4], [0x250b, 4], [0x254c, 2], [0x254d, 2], [0x254e, 2], [0x254f, 2]]);

/** U+2596 to U+259F: quadrants, as bits: 1 upper left, 2 upper right, 4 lower left, 8 lower right. */
const QUADRANTS = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14];

const cache = new Map();

/** { css, repeats } for a character that is drawn, or null. A glyph that repeats fills many cells. */
export function glyphBackground(text) {
  if (text < "\u2500" || text > "\u259f" || text.length !== 1) return null;
  const code = text.charCodeAt(0);
  let glyph = cache.get(code);
  if (glyph === undefined) {
    glyph = code < 0x2580 ? boxGlyph(code) : blockGlyph(code);
    cache.set(code, glyph);
  }
  return glyph;
}

function layer(x, y, width, height, color = COLOR) {
  return `linear-gradient(${color},${color}) ${x} ${y} / ${width} ${height} no-repeat`;
}

function boxGlyph(code) {
  if (code >= 0x2571 && code <= 0x2573) return null;
  if (code >= 0x256d && code <= 0x2570) return roundCorner(code - 0x256d);
  const arms = [...ARMS[code - 0x2500]].map(Number);
  const dashes = DASHES.get(code);
  if (dashes) return dashedLine(arms, dashes);
  const layers = arms.flatMap((weight, side) => armLayers(weight, side, arms));
  return { css: layers.join(","), repeats: arms[0] > 0 && arms[0] === arms[2] && arms[1] + arms[3] === 0 };
}

/** One arm from its edge to the middle of the cell. Sides: 0 right, 1 down, 2 left, 3 up. */
function armLayers(weight, side, arms) {
  if (weight === 0) return [];
  const horizontal = side % 2 === 0;
  const crossing = Math.max(arms[(side + 1) % 4], arms[(side + 3) % 4]);
  const offsets = weight === 3 ? [-1, 1] : [0];
  return offsets.map((offset) => {
    const thickness = weight === 2 ? THICK : THIN;
    const across = offset === 0 ? "50%" : `calc(50% ${offset < 0 ? "-" : "+"} ${GAP})`;
    const length = `calc(50% + ${reach(weight, offset, side, arms, crossing)})`;
    const along = side === 0 || side === 1 ? "100%" : "0%";
    return horizontal ? layer(along, across, length, thickness) : layer(across, along, thickness, length);
  });
}

/** How far an arm goes past the middle, so that corners are filled and double lines stay hollow. */
function reach(weight, offset, side, arms, crossing) {
  if (crossing === 0) return "0px";
  const half = `${crossing === 2 ? THICK : THIN} / 2`;
  if (crossing !== 3) return weight === 3 || arms[(side + 2) % 4] === 0 || weight > 1 ? half : "0px";
  if (weight !== 3) return arms[(side + 2) % 4] === 0 && isOneSided(side, arms) ? `${GAP} + ${half}` : `${half} - ${GAP}`;
  // The side of this line on which the crossing has an arm: there the lines bend, else they pass.
  const toward = side % 2 === 0 ? (offset < 0 ? 3 : 1) : (offset < 0 ? 2 : 0);
  return arms[toward] === 3 ? `${half} - ${GAP}` : `${GAP} + ${half}`;
}

function isOneSided(side, arms) {
  return arms[(side + 1) % 4] === 0 || arms[(side + 3) % 4] === 0;
}

function dashedLine(arms, dashes) {
  const horizontal = arms[0] > 0;
  const thickness = Math.max(...arms) === 2 ? THICK : THIN;
  const step = 100 / dashes;
  const direction = horizontal ? "to right" : "to bottom";
  const size = horizontal ? `100% ${thickness}` : `${thickness} 100%`;
  const on = `${step * 0.2}%`;
  const off = `${step * 0.8}%`;
  return {
    css: `repeating-linear-gradient(${direction},transparent 0 ${on},${COLOR} ${on} ${off},transparent ${off} ${step}%) 50% 50% / ${size} no-repeat`,
    repeats: false,
  };
}

/** Arcs ╭ ╮ ╯ ╰: a quarter of a ring from the middle of a side, and a straight piece to the edge. */
function roundCorner(index) {
  const x = index === 0 || index === 3 ? "100%" : "0%";
  const isDown = index < 2;
  const y = isDown ? "100%" : "0%";
  const radius = "var(--cell-width) / 2";
  const half = `${THIN} / 2`;
  const size = `calc(${radius} + ${half})`;
  const top = `calc((var(--cell-height) - ${isDown ? THIN : "var(--cell-width)"}) / 2)`;
  const stops = `transparent calc(${radius} - ${half} - 0.3px),${COLOR} calc(${radius} - ${half}) calc(${radius} + ${half}),transparent calc(${radius} + ${half} + 0.3px)`;
  const ring = `radial-gradient(circle at ${x} ${y},${stops}) ${x} ${top} / ${size} ${size} no-repeat`;
  return { css: `${ring},${layer("50%", y, THIN, `calc(50% - ${radius})`)}`, repeats: false };
}

function blockGlyph(code) {
  const full = (x, y, width, height, repeats) => ({ css: layer(x, y, width, height), repeats });
  if (code === 0x2580) return full("0", "0", "100%", "50%", true);
  if (code <= 0x2588) return full("0", "100%", "100%", `${(code - 0x2580) * 12.5}%`, true);
  if (code <= 0x258f) return full("0", "0", `${(0x2590 - code) * 12.5}%`, "100%", false);
  if (code === 0x2590) return full("100%", "0", "50%", "100%", false);
  if (code <= 0x2593) {
    const shade = `color-mix(in srgb, ${COLOR} ${(code - 0x2590) * 25}%, transparent)`;
    return { css: layer("0", "0", "100%", "100%", shade), repeats: true };
  }
  if (code === 0x2594) return full("0", "0", "100%", "12.5%", true);
  if (code === 0x2595) return full("100%", "0", "12.5%", "100%", false);
  const bits = QUADRANTS[code - 0x2596];
  const corners = [["0", "0"], ["100%", "0"], ["0", "100%"], ["100%", "100%"]];
  const layers = corners.filter((_, bit) => bits & (1 << bit)).map(([x, y]) => layer(x, y, "50%", "50%"));
  return { css: layers.join(","), repeats: false };
}

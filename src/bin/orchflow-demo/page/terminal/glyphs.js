// Box drawing and block elements, drawn with CSS backgrounds in the colour of the text: fonts draw
// them for another line height, and lines of neighbouring cells would not meet.

const COLOR = "currentColor";

/** Thicknesses, and the distance of the lines of a double one from the middle; see metrics.js. */
const THIN = "var(--stroke)";
const THICK = "var(--heavy-stroke)";
const GAP = "2 * var(--stroke)";

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
  const layers = [];
  for (const side of [0, 1]) {
    const crossing = Math.max(arms[1 - side], arms[3 - side]);
    // A line through the whole cell is one piece, unless it leaves the inside of a crossing empty.
    const isWhole = arms[side] === arms[side + 2] && (arms[side] !== 3 || crossing === 0);
    if (isWhole) layers.push(...through(arms[side], side));
    else layers.push(...armLayers(arms[side], side, arms), ...armLayers(arms[side + 2], side + 2, arms));
  }
  return { css: layers.join(","), repeats: arms[0] > 0 && arms[0] === arms[2] && arms[1] + arms[3] === 0 };
}

/** The distances of the lines of a weight from the middle. */
function offsets(weight) {
  return { 0: [], 1: [0], 2: [0], 3: [-1, 1] }[weight];
}

function thickness(weight) {
  return weight === 2 ? THICK : THIN;
}

/** Where a line begins, from the left ("x") or the top ("y") of the cell: a whole device pixel. */
function start(axis, weight, offset) {
  const middle = `var(--${weight === 2 ? "heavy" : "light"}-${axis})`;
  return offset === 0 ? middle : `${middle} ${offset < 0 ? "-" : "+"} ${GAP}`;
}

function through(weight, side) {
  return offsets(weight).map((offset) => side === 0
    ? layer("0", `calc(${start("y", weight, offset)})`, "100%", thickness(weight))
    : layer(`calc(${start("x", weight, offset)})`, "0", thickness(weight), "100%"));
}

/** One arm from its edge to the crossing lines. Sides: 0 right, 1 down, 2 left, 3 up. */
function armLayers(weight, side, arms) {
  const isHorizontal = side % 2 === 0;
  return offsets(weight).map((offset) => {
    const bound = boundingLine(weight, offset, side, arms);
    const at = start(isHorizontal ? "x" : "y", bound.weight, bound.offset);
    // The arm is as long as the cell and moved to its line; what reaches over the edge is cut off.
    const size = isHorizontal ? "var(--cell-width)" : "var(--cell-height)";
    const along = side < 2 ? `calc(${at})` : `calc(${at} + ${thickness(bound.weight)} - ${size})`;
    const across = `calc(${start(isHorizontal ? "y" : "x", weight, offset)})`;
    return isHorizontal
      ? layer(along, across, "100%", thickness(weight)) : layer(across, along, thickness(weight), "100%");
  });
}

/** The line of the crossing at whose far edge an arm ends. */
function boundingLine(weight, offset, side, arms) {
  const crossing = Math.max(arms[(side + 1) % 4], arms[(side + 3) % 4]);
  if (crossing !== 3) return { weight: crossing === 0 ? 1 : crossing, offset: 0 };
  const near = side < 2 ? 1 : -1;
  // A double arm ends at a line that bends toward it and goes round on the other side; a single one
  // ends at the first line, or at the second one of a corner.
  const toward = side % 2 === 0 ? (offset < 0 ? 3 : 1) : (offset < 0 ? 2 : 0);
  const isCorner = arms[(side + 1) % 4] === 0 || arms[(side + 3) % 4] === 0;
  const stopsEarly = weight === 3 ? arms[toward] === 3 : !isCorner;
  return { weight: 3, offset: stopsEarly ? near : -near };
}

function dashedLine(arms, dashes) {
  const weight = Math.max(...arms);
  const step = 100 / dashes;
  const from = `${step * 0.2}%`;
  const to = `${step * 0.8}%`;
  const stops = `transparent 0 ${from},${COLOR} ${from} ${to},transparent ${to} ${step}%`;
  const thick = thickness(weight);
  const css = arms[0] > 0
    ? `repeating-linear-gradient(to right,${stops}) 0 ${start("y", weight, 0)} / 100% ${thick} no-repeat`
    : `repeating-linear-gradient(to bottom,${stops}) ${start("x", weight, 0)} 0 / ${thick} 100% no-repeat`;
  return { css, repeats: false };
}

/** Arcs ╭ ╮ ╯ ╰: a quarter of a ring from the middle of a side, and a straight piece to the edge. */
function roundCorner(index) {
  const isRight = index === 0 || index === 3;
  const isDown = index < 2;
  const x = isRight ? "100%" : "0%";
  const y = isDown ? "100%" : "0%";
  // The ring is as large as the arm to the side is long; it begins at the lines that it joins.
  const size = isRight ? "calc(100% - var(--light-x))" : `calc(var(--light-x) + ${THIN})`;
  const radius = isRight ? "var(--cell-width) - var(--light-x)" : `var(--light-x) + ${THIN}`;
  const top = isDown ? "var(--light-y)" : `calc(var(--light-y) + ${THIN} - (${radius}))`;
  // The ring is between two radii; its edges are soft over less than half a pixel.
  const line = `${COLOR} calc(${radius} - ${THIN}) calc(${radius})`;
  const stops = `transparent calc(${radius} - ${THIN} - 0.4px),${line},transparent calc(${radius} + 0.4px)`;
  const ring = `radial-gradient(circle at ${x} ${y},${stops}) ${x} ${top} / ${size} calc(${radius}) no-repeat`;
  const side = isDown ? "100% - var(--light-y)" : `var(--light-y) + ${THIN}`;
  const straight = `calc(${side} - (${radius}))`;
  return { css: `${ring},${layer("var(--light-x)", y, THIN, straight)}`, repeats: false };
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

// A small line without axes. The value beside it says how much it is.

import { linePoints } from "./axis.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 96;
const HEIGHT = 20;

export function sparkline() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "sparkline");
  svg.setAttribute("viewBox", `0 -1 ${WIDTH} ${HEIGHT + 2}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const area = document.createElementNS(SVG, "polygon");
  const line = document.createElementNS(SVG, "polyline");
  svg.append(area, line);
  return svg;
}

/** Draws values; the top of the box is at least `floor`. */
export function drawSparkline(svg, values, floor) {
  const points = values.length > 1 ? linePoints(values, WIDTH, HEIGHT, Math.max(floor, ...values)) : [];
  const [area, line] = svg.children;
  line.setAttribute("points", points.join(" "));
  const corners = points.length > 0 ? [`${points[0].split(",")[0]},${HEIGHT}`, ...points, `${WIDTH},${HEIGHT}`] : [];
  area.setAttribute("points", corners.join(" "));
}

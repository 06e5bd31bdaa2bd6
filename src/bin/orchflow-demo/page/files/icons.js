// Icons as small SVG, drawn in the colour of the text around them.

const SVG = "http://www.w3.org/2000/svg";

/** Outlines on a square of 16. */
export const SHAPES = {
  directory: "M1.5 4.5v8h13v-7h-7l-1.5-2h-4.5z",
  open: "M1.5 12.5v-9h4.5l1.5 2h5.5v2M1.5 12.5l2.2-5h11.3l-2 5z",
  file: "M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3",
  image: "M2.5 3.5h11v9h-11zM2.5 11l3-3.2 2.3 2.4 2-1.9 3.7 3.7M10.6 6.2h.01",
  symlink: "M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3M5.8 11c0-2 1.2-3 3.4-3M7.7 6.3l1.8 1.7-1.8 1.8",
  other: "M8 2.5l5.5 5.5-5.5 5.5-5.5-5.5z",
  twisty: "M6 4.5l4 3.5-4 3.5",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  added: "M8 3.5v9M3.5 8h9",
  removed: "M3.5 8h9",
  written: "M3.5 12.5l.6-2.6 6.6-6.6 2 2-6.6 6.6z",
  renamed: "M2.5 8h10M9.5 4.8l3.2 3.2-3.2 3.2",
  close: "M4 4l8 8M12 4l-8 8",
  up: "M4.5 10l3.5-4 3.5 4",
  down: "M4.5 6l3.5 4 3.5-4",
};

/** An icon. `setShape` changes it later. */
export function icon(shape, className = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${className}`);
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "path"));
  setShape(svg, shape);
  return svg;
}

export function setShape(svg, shape) {
  if (svg.shape === shape) return;
  svg.shape = shape;
  svg.firstChild.setAttribute("d", SHAPES[shape] ?? SHAPES.other);
}

const IMAGES = /\.(png|jpe?g|gif|webp|svg|ico|bmp|avif)$/i;

/** The shape for a node of the tree. */
export function shapeOf({ entry, name, expanded }) {
  if (entry.kind === "directory") return expanded ? "open" : "directory";
  if (entry.kind === "file") return typeof name === "string" && IMAGES.test(name) ? "image" : "file";
  return entry.kind === "symlink" ? "symlink" : "other";
}

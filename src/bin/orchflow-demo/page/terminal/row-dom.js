// The DOM of one row: a span for each run, and inside it spans for what would leave the cell grid.

import { runCells } from "./cells.js";
import { cssColor } from "./colors.js";
import { glyphBackground } from "./glyphs.js";

const ATTRIBUTE = { bold: 1, dim: 2, italic: 4, inverse: 8, hidden: 16, strike: 32, blink: 64 };
const UNDERLINES = ["", "solid", "double", "wavy", "dotted", "dashed"];
const ASCII = /^[\x20-\x7e]*$/;

/** Pictures made of characters keep their colours: blocks, lines, symbols of special fonts. */
const PICTURE = /^[\s\u2500-\u259f\u2800-\u28ff\ue000-\uf8ff\u{1fb00}-\u{1fbff}]*$/u;

/** Fills `element` with the runs of a row. */
export function fillRow(element, row, metrics, palette) {
  const nodes = [];
  for (const run of row.runs) nodes.push(runNode(run, metrics, palette));
  element.replaceChildren(...nodes);
}

function runNode(run, metrics, palette) {
  const attributes = run.attributes ?? 0;
  const style = runStyle(run, attributes, palette);
  if (style === "" && !run.link && attributes === 0 && ASCII.test(run.text)) return document.createTextNode(run.text);
  const span = document.createElement("span");
  const classes = runClasses(run, attributes);
  if (classes !== "") span.className = classes;
  if (style !== "") span.style.cssText = style;
  if (ASCII.test(run.text)) span.textContent = run.text;
  else appendCells(span, run, attributes, metrics);
  return span;
}

function runClasses(run, attributes) {
  const classes = [];
  if (attributes & ATTRIBUTE.bold) classes.push("b");
  if (attributes & ATTRIBUTE.italic) classes.push("i");
  if (attributes & ATTRIBUTE.blink) classes.push("blink");
  if (attributes & ATTRIBUTE.inverse) classes.push("inverse");
  if (run.link) classes.push("linked");
  return classes.join(" ");
}

/** Colours and lines in CSS. */
function runStyle(run, attributes, palette) {
  const inverse = (attributes & ATTRIBUTE.inverse) !== 0;
  const bg = inverse ? cssColor(run.fg) ?? "var(--screen-fg)" : cssColor(run.bg);
  let fg = inverse ? cssColor(run.bg) ?? "var(--screen-bg)" : cssColor(run.fg);
  if (!PICTURE.test(run.text)) fg = palette.textColor(run.fg, run.bg, inverse);
  if (attributes & ATTRIBUTE.dim) fg = dimmed(fg ?? "var(--screen-fg)", bg ?? "var(--screen-bg)");
  if (attributes & ATTRIBUTE.hidden) fg = "transparent";
  let style = "";
  if (fg) style += `color:${fg};`;
  if (bg) style += `background-color:${bg};`;
  const lines = [];
  if (run.underline) lines.push("underline");
  if (attributes & ATTRIBUTE.strike) lines.push("line-through");
  if (lines.length > 0) style += `text-decoration-line:${lines.join(" ")};`;
  if (run.underline > 1) style += `text-decoration-style:${UNDERLINES[run.underline] ?? "solid"};`;
  const underline = run.underline ? cssColor(run.underline_color) : null;
  if (underline) style += `text-decoration-color:${underline};`;
  return style;
}

function dimmed(fg, bg) {
  return `color-mix(in srgb, ${fg} 62%, ${bg})`;
}

/** Characters beside ASCII: neighbours that fit into their cells in the same way share a span. */
function appendCells(span, run, attributes, metrics) {
  const bold = (attributes & ATTRIBUTE.bold) !== 0;
  const italic = (attributes & ATTRIBUTE.italic) !== 0;
  let group = null;
  for (const cell of runCells(run)) {
    const way = wayOf(cell, metrics, bold, italic);
    if (group !== null && joins(group, cell, way)) {
      group.text += cell.text;
      group.cols += cell.cols;
      if (JOINED.test(cell.text)) group.way = { kind: "box" };
      continue;
    }
    if (group !== null) span.append(groupNode(group, metrics));
    group = { text: cell.text, cols: cell.cols, way };
  }
  if (group !== null) span.append(groupNode(group, metrics));
}

/** Skin tones and the letters of flags: the browser draws them as one with the character before. */
const JOINED = /^[\u{1f3fb}-\u{1f3ff}\u{1f1e6}-\u{1f1ff}]/u;
const FLAG_LETTER = /^[\u{1f1e6}-\u{1f1ff}]$/u;

/** Letters that join, and characters that show nothing: browsers apply no letter spacing to them. */
const UNSPACED =
  /^\p{Default_Ignorable_Code_Point}$|\p{Script=Arabic}|\p{Script=Syriac}|\p{Script=Mongolian}|\p{Script=Nko}/u;

/**
 * How a character fits: as it is ("plain"), with letter spacing, in smaller type, drawn, or in a box
 * of its own because a font may or may not join its parts.
 */
function wayOf(cell, metrics, bold, italic) {
  const glyph = glyphBackground(cell.text);
  if (glyph !== null) return { kind: "glyph", glyph };
  if (cell.text.length > 2 || UNSPACED.test(cell.text)) return { kind: "box" };
  return metrics.fit(cell.text, cell.cols, bold, italic);
}

function joins(group, cell, way) {
  if (FLAG_LETTER.test(cell.text)) return FLAG_LETTER.test(group.text);
  if (JOINED.test(cell.text)) return group.way.kind !== "glyph";
  if (group.way.kind !== way.kind || way.kind === "box") return false;
  if (way.kind === "glyph") return way.glyph === group.way.glyph && way.glyph.repeats;
  return way.value === group.way.value;
}

function groupNode({ text, cols, way }, metrics) {
  if (way.kind === "plain") return document.createTextNode(text);
  const span = document.createElement("span");
  span.textContent = text;
  if (way.kind === "spacing") span.style.letterSpacing = `${way.value}px`;
  if (way.kind === "scale") span.style.cssText = `font-size:${way.value}em;letter-spacing:0`;
  if (way.kind === "box" || way.kind === "glyph") {
    span.className = way.kind === "box" ? "cell" : "cell glyph";
    span.style.width = `${cols * metrics.cellWidth}px`;
  }
  if (way.kind === "glyph") span.style.background = way.glyph.css;
  return span;
}
